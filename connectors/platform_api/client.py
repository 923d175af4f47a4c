"""The platform as it is called: send a batch, read back, ask for receipts, list everybody. Each gives an outcome, none waits."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import pandas as pd

from connectors.http_calls.line import Resolve, look_up
from connectors.http_calls.signing import SKEW_SAID, new_nonce
from connectors.platform_api.asking import Asking, Heard, Now
from connectors.platform_api.batch import make_batch, question
from connectors.platform_api.decisions import Decided, Told
from connectors.platform_api.item_answers import judge_items
from connectors.platform_api.listing import Listed, Page, list_pages
from connectors.platform_api.outcomes import BatchOutcome, Verdict
from connectors.platform_api.read_back import asked_of, settle_by_records, settle_without
from connectors.platform_api.receipts import settle_receipts, stays_processing
from connectors.platform_api.records import Record, read_records
from connectors.platform_api.telling_again import tell_again
from schemas.errors import ConfigurationInvalid, SourceRefusesUs
from schemas.platform_profile import PlatformProfile
from schemas.push import ItemOutcome, PushState

__all__ = ["Found", "PlatformApi"]

log = logging.getLogger("eldersync")

_NOBODY = "0"


class Found(NamedTuple):
    """Records of the people asked for, None where they were not told; and what the call came to."""

    records: list[Record] | None
    outcome: BatchOutcome


class PlatformApi:
    """One connection to the platform of a profile. Use as a context, in one thread at a time.

    ``now`` is our clock: requests are signed by it, and the platform's is compared with it.
    """

    def __init__(
        self,
        profile: PlatformProfile,
        token: str = "",
        *,
        resolve: Resolve = look_up,
        nonce: Callable[[], str] = new_nonce,
    ) -> None:
        """Nothing is opened yet.

        Args:
            profile: with an interface.
            token: the secret that requests are signed with.
            resolve: finds the addresses of a host.
            nonce: gives another text each time.

        Raises:
            ConfigurationInvalid: the profile has no interface, or names of items and columns clash.
            SecretMissing: the token is.
        """
        if profile.api is None:
            raise ConfigurationInvalid(f"platform {profile.name}: there is no [api]")
        keys = [column.key for column in profile.columns]
        if clash := profile.api.clashing(keys):
            raise ConfigurationInvalid(f"platform {profile.name}: api.request: {clash} is the name of a column, too")
        if profile.api.lookup.by not in {"", *keys}:
            raise ConfigurationInvalid(f"platform {profile.name}: api.lookup.by: there is no such column")
        self._api, self._columns = profile.api, profile.columns
        self._asking = Asking(profile.api, token, resolve=resolve, nonce=nonce)

    def __enter__(self) -> "PlatformApi":
        self._asking.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._asking.__exit__(*exc)

    def check(self, *, now: Now) -> BatchOutcome:
        """Whether the platform is there, lets us in, and has the time we have: a question about nobody, without effects."""
        if self._api.paths.query:
            heard = self._ask_about([_NOBODY], now)
        else:
            nothing = question(self._api, {self._api.request.items: []})
            heard = self._asking.ask(self._api.paths.upsert, nothing, now=now)
        if heard.skew > SKEW_SAID:
            log.warning("the platform's clock and ours are %d s apart", heard.skew.total_seconds())
        decision = heard.decision
        if isinstance(decision, Told) or decision.rule.verdict in {Verdict.OK, Verdict.SPLIT}:
            return self._at_skew(BatchOutcome([]), heard)
        return self._at_skew(decision.of_question([], PushState.UNKNOWN), heard)

    def send(self, items: pd.DataFrame, *, batch: str, now: Now) -> BatchOutcome:
        """Sends a batch.

        Args:
            items: ``key person_id revision sent_as fields``, of one interface (withdrawn, or new and changed).
            batch: its name; another for every batch.
            now: our clock.

        Raises:
            ContractBroken: the items are not such.
        """
        made = make_batch(items, self._api, name=batch)
        heard = self._asking.ask(made.path, made.body, now=now)
        if isinstance(heard.decision, Decided):
            outcome = heard.decision.of_batch(made.keys)
        else:
            outcome = judge_items(heard.decision.document, self._api, batch=batch, keys=made.keys)
        return self._at_skew(outcome, heard)

    def look_up(self, items: pd.DataFrame, *, now: Now) -> BatchOutcome:
        """Reads back what became of items; ``pending`` is what had no effect.

        Where there is no look-up, what was told under a key that is still kept is told again, and the rest is held.

        Args:
            items: ``key person_id revision sent_as payload fields first_sent_at``.
            now: our clock.
        """
        if not self._api.paths.query:
            return self._find_out_by_keys(items, now)
        asked = asked_of(items, self._api)
        numbers = list(dict.fromkeys(item.number for item in asked if item.number))
        found = self.query(numbers, now=now) if numbers else Found([], BatchOutcome([]))
        if found.records is None:
            kept = [ItemOutcome(item.key, PushState.UNKNOWN, found.outcome.code) for item in asked]
            return replace(found.outcome, items=kept)
        return replace(found.outcome, items=settle_by_records(asked, found.records, self._api, self._columns))

    def _find_out_by_keys(self, items: pd.DataFrame, now: Now) -> BatchOutcome:
        without = settle_without(items, self._api, at=now())
        is_kept = [item.state == PushState.PENDING for item in without]
        if not any(is_kept):
            return BatchOutcome(without)
        outcome = tell_again(items[is_kept], lambda part: self.send(part, batch=f"again-{new_nonce()}", now=now))
        found = {item.key: item for item in outcome.items}
        return replace(outcome, items=[found.get(item.key, item) for item in without])

    def query(self, numbers: Sequence[str], *, now: Now) -> Found:
        """What the platform holds of people, by person number, or by the column that the profile names for it."""
        heard = self._ask_about(numbers, now)
        if isinstance(heard.decision, Decided):
            return Found(None, self._at_skew(heard.decision.of_question([], PushState.UNKNOWN), heard))
        lookup, names = self._api.lookup, self._api.record
        names = names.model_copy(update={"person": lookup.number or names.person})
        records = read_records(heard.decision.document, lookup.records, names)
        if isinstance(records, str):
            return Found(None, BatchOutcome([], Verdict.LATER, "no-records", records, call_failed=True))
        if {record.person for record in records} - set(numbers):
            words = "the platform answers about somebody who was not asked for"
            return Found(None, BatchOutcome([], Verdict.STOP, "foreign-record", words))
        return Found(records, self._at_skew(BatchOutcome([]), heard))

    def poll(self, items: pd.DataFrame, *, now: Now) -> BatchOutcome:
        """Asks what became of items that were being processed: ``key receipt first_sent_at``."""
        is_lost = items["receipt"].isna() | (not self._api.paths.receipts)
        lost = [ItemOutcome(key, PushState.UNKNOWN, "no-receipt") for key in items.loc[is_lost, "key"]]
        if is_lost.all():
            return BatchOutcome(lost)
        outcome = self._poll(items[~is_lost], now)
        found = {item.key: item for item in [*outcome.items, *lost]}
        return replace(outcome, items=[found[key] for key in items["key"]])

    def list_pages(self, state: Listed = "present", *, now: Now) -> Iterator[Page]:
        """Everybody the platform holds, page by page; see :func:`connectors.platform_api.listing.list_pages`.

        Raises:
            SourceUnavailable: a page is not answered.
            SourceRefusesUs: the platform has no such list, or does not let us in.
            SourceNotBelieved: the pages contradict each other.
        """
        path = self._api.paths.list
        if not path:
            raise SourceRefusesUs("the platform offers no list of those it holds (api.paths.list)")
        return list_pages(lambda body: self._asking.ask(path, body, now=now), self._api, state)

    def _poll(self, items: pd.DataFrame, now: Now) -> BatchOutcome:
        body = question(self._api, {self._api.receipts.asks: items["receipt"].tolist()})
        heard = self._asking.ask(self._api.paths.receipts, body, now=now)
        if isinstance(heard.decision, Told):
            outcome = settle_receipts(heard.decision.document, self._api, items, at=now())
        else:
            waiting = stays_processing(items, self._api, at=now())
            outcome = replace(heard.decision.of_question([], PushState.PROCESSING), items=waiting)
        return self._at_skew(outcome, heard)

    def _ask_about(self, numbers: Sequence[str], now: Now) -> Heard:
        body = question(self._api, {self._api.lookup.asks: list(numbers)})
        return self._asking.ask(self._api.paths.query, body, now=now)

    def _at_skew(self, outcome: BatchOutcome, heard: Heard) -> BatchOutcome:
        return outcome.at_skew(heard.skew, signs=self._asking.signs)
