"""Bugs that a sender can be given, each one that senders of this kind have really had; to see that they would be found."""

import http.client
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType, ModuleType
from typing import Any
from urllib.parse import urlsplit

import pandas as pd
import sqlalchemy as sa
from push_town import Town

from connectors.http_calls.call import Answer, HttpCaller, HttpRequest, NoAnswer
from connectors.platform_api import client
from connectors.platform_api.outcomes import BatchOutcome
from registry import elders, outbox_delivery, outbox_plan, platform_state
from registry.engine import transaction
from registry.tables import platform
from schemas.push import ItemOutcome, PushState

__all__ = ["BUGS", "plant"]


def plant(bug: str) -> None:
    """Gives this process a bug; the empty name is none."""
    if bug:
        BUGS[bug]()


def _marks_before_it_sends() -> None:
    claim = outbox_delivery.claim

    def claim_and_mark(connection: sa.Connection, profile: str, **how: Any) -> pd.DataFrame:
        items = claim(connection, profile, **how)
        connection.execute(
            sa.text("UPDATE outbox SET state = 'accepted', next_at = NULL WHERE state = 'inflight' AND fence = :fence"),
            {"fence": how["fence"]},
        )
        return items

    outbox_delivery.claim = claim_and_mark


def _makes_a_new_key_for_each_attempt() -> None:
    send = client.PlatformApi.send

    def send_under_new_keys(api: client.PlatformApi, items: pd.DataFrame, **how: Any) -> BatchOutcome:
        fresh = items.assign(key=[secrets.token_hex(32) for _ in range(len(items))])
        outcome = send(api, fresh, **how)
        before = dict(zip(fresh["key"], items["key"], strict=True))
        return replace(outcome, items=[replace(item, key=before[item.key]) for item in outcome.items])

    client.PlatformApi.send = send_under_new_keys  # type: ignore[method-assign]


def _stores_the_person_and_the_entry_in_two_transactions() -> None:
    store, commit, postponed = elders._store_outbox, Town.commit, []

    def commit_twice(town: Town, changes: Any) -> int:
        run_id = commit(town, changes)
        with transaction(town.engine) as connection:
            while postponed:
                store(connection, *postponed.pop())
        return run_id

    elders._store_outbox = lambda _, *what: postponed.append(what)
    Town.commit = commit_twice  # type: ignore[method-assign]


def _makes_the_key_of_the_person_alone() -> None:
    keys = outbox_plan._keys

    def keys_without_revision(connection: sa.Connection, profile: str, columns: dict[str, Any]) -> Any:
        same = pd.Series(0, index=range(len(columns["person_id"])))
        told = pd.Series(columns["digest"].to_pylist(), dtype="str").where(lambda digests: digests.isna(), "0")
        of_person = {"revision": outbox_plan.pa.array(same), "digest": outbox_plan.pa.array(told, outbox_plan._TEXT)}
        return keys(connection, profile, {**columns, **of_person})

    outbox_plan._keys = keys_without_revision


def _forgets_what_was_under_way() -> None:
    def take_over_nothing(connection: sa.Connection, profile: str, now: datetime) -> int:
        platform_state.read(connection, profile)
        newest = platform.update().where(platform.c.profile == profile).values(fence=platform.c.fence + 1)
        return int(connection.execute(newest.returning(platform.c.fence)).scalar_one())

    outbox_delivery.take_over = take_over_nothing


def _takes_200_for_all_accepted() -> None:
    def all_accepted(*_: Any, keys: Any, **__: Any) -> BatchOutcome:
        return BatchOutcome([ItemOutcome(key, PushState.ACCEPTED) for key in keys])

    client.judge_items = all_accepted


def _tries_the_old_again_after_the_new() -> None:
    """Nothing waits for what is under way, neither the plan nor the next sending, and nobody asks what is held."""
    _say_instead(outbox_plan, "HAVING bool_and(state = 'pending')", "")
    _say_instead(outbox_plan, outbox_plan._NOTHING_BUSY, "true")
    _say_instead(
        outbox_delivery,
        "(b.state <> 'pending' OR b.revision < o.revision)",
        "(b.state = 'pending' AND b.revision < o.revision)",
    )
    _say_instead(outbox_delivery, "AND t.revision > o.revision", "AND false")
    _sends_again_however_old_the_key_is()


def _say_instead(module: ModuleType, part: str, instead: str) -> None:
    """Changes the statements of a module."""
    changed = 0
    for name, statement in list(vars(module).items()):
        if isinstance(statement, str | sa.TextClause) and part in str(statement):
            said = str(statement).replace(part, instead)
            setattr(module, name, said if isinstance(statement, str) else sa.text(said))
            changed += 1
    assert changed, part


def _sends_again_however_old_the_key_is() -> None:
    def send_again(_: client.PlatformApi, items: pd.DataFrame, **__: Any) -> BatchOutcome:
        return BatchOutcome([ItemOutcome(key, PushState.PENDING) for key in items["key"]])

    client.PlatformApi.look_up = send_again  # type: ignore[method-assign]


def _follows_redirects() -> None:
    call = HttpCaller.call

    def call_and_follow(caller: HttpCaller, request: HttpRequest, limits: Any) -> Answer | NoAnswer:
        answer = call(caller, request, limits)
        if not isinstance(answer, Answer) or "location" not in answer.headers:
            return answer
        to = urlsplit(answer.headers["location"])
        line = http.client.HTTPConnection(to.hostname or "", to.port, timeout=5)
        line.request(request.method, to.path, request.body, dict(request.headers))
        said = line.getresponse()
        return Answer(said.status, {name.lower(): value for name, value in said.getheaders()}, said.read())

    HttpCaller.call = call_and_follow  # type: ignore[method-assign]


BUGS: Mapping[str, Callable[[], None]] = MappingProxyType(
    {
        "marks-before-it-sends": _marks_before_it_sends,
        "new-key-for-each-attempt": _makes_a_new_key_for_each_attempt,
        "person-and-entry-in-two-transactions": _stores_the_person_and_the_entry_in_two_transactions,
        "key-of-the-person-alone": _makes_the_key_of_the_person_alone,
        "forgets-what-was-under-way": _forgets_what_was_under_way,
        "takes-200-for-all-accepted": _takes_200_for_all_accepted,
        "tries-the-old-again-after-the-new": _tries_the_old_again_after_the_new,
        "sends-again-however-old-the-key-is": _sends_again_however_old_the_key_is,
        "follows-redirects": _follows_redirects,
    }
)
