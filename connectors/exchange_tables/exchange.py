"""Changes laid in the platform's exchange table, and what the platform made of them.

Statements: ``layout``. Connections and time: ``sessions``. Whether the table is fit for it: ``fitness``; a table that is: ``ddl``.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from connectors.database.text import DigitsLost, KindRefused, text_column
from connectors.exchange_tables.fitness import faults_of
from connectors.exchange_tables.layout import layout_of
from connectors.exchange_tables.rows import Batch, Written, rows_for, rows_of
from connectors.exchange_tables.sessions import Sessions
from schemas.errors import PushFailed
from schemas.platform_profile import PlatformProfile
from schemas.push import ItemOutcome, PushState

__all__ = ["ExchangeTables", "Taken"]

_PEOPLE_AT_A_TIME = 5000
_LONGEST_WORDS = 500


class Taken(NamedTuple):
    """Newest rows that the platform took, one a person; both tables have the same rows.

    ``rows`` has ``key person_id revision sent_as receipt``; ``fields`` has a column of texts per key of a payload, empty where
    there is no value.
    """

    rows: pd.DataFrame
    fields: pd.DataFrame


class ExchangeTables:
    """The exchange table of a profile.

    Args:
        profile: with a section ``[exchange]``.
        url: where the database is, for SQLAlchemy, with the password in it.

    Raises:
        ConfigurationInvalid: the section or the URL does not say what it must.
    """

    def __init__(self, profile: PlatformProfile, url: str) -> None:
        self._name, self._profile, self._layout = profile.name, profile, layout_of(profile)
        self._sessions = Sessions(url, profile.name, seconds=self._layout.exchange.deadline_seconds)

    def write(self, items: pd.DataFrame, batch: str, now: datetime) -> Written:
        """Lays changes in the table, in one transaction; a change whose key is there already is left as it is.

        A row the database cannot hold is refused by itself, and the others are written. Where it refuses many and takes not
        one, the table is at fault and nothing is written.

        Args:
            items: ``key person_id revision sent_as fields``; ``fields`` is the JSON text of a payload.
            batch: what the rows are called together.
            now: when they are written.

        Raises:
            ContractBroken: a payload is not what the profile says.
            DatabaseUnavailable: nothing was written, or everything: ``present`` tells.
            PushFailed: the database refuses us, or one row after the other; nothing was written.
        """
        if not len(items):
            return Written(0, [])
        rows = rows_of(items, self._layout, batch, now)
        return self._sessions.writing(lambda connection: Batch(connection, self._layout, self._name).write(rows))

    def poll(self, keys: Sequence[str], *, are_written: bool = False) -> list[ItemOutcome]:
        """What became of each change: the platform's answer, that it still waits, or that it was never written.

        Args:
            keys: of the changes; an outcome each, in this order.
            are_written: they are known to have been in the table. One that is gone may have been taken and put away by the
                platform, so it is held for a person instead of being told again.
        """
        answers = {
            _text(key): answer
            for key, *answer in self._sessions.reading(
                lambda connection: rows_for(connection, self._layout.answers_to, keys)
            )
        }
        gone = (PushState.HELD, "row-gone") if are_written else (PushState.PENDING, "")
        return [self._outcome(key, answers[key]) if key in answers else ItemOutcome(key, *gone) for key in keys]

    def present(self, keys: Sequence[str]) -> set[str]:
        """The keys that are in the table, whatever became of them."""
        found = self._sessions.reading(lambda connection: rows_for(connection, self._layout.keys_among, keys))
        return {_text(key) for (key,) in found}

    def records(self) -> Iterator[Taken]:
        """What the platform has taken last of every person, in the order of the table's person column.

        Each page is a call of its own; rows taken meanwhile may or may not be among them.

        Raises:
            PushFailed: rows were taken that are none of ours: a person or revision is no number, an operation is unknown.
        """
        after: object = None
        while rows := self._page(after):
            after = rows[-1][1]
            yield self._taken(rows)

    def check(self) -> list[str]:
        """What is wrong with the table or our account, in words; nothing where all is well. Nothing is written.

        Raises:
            DatabaseUnavailable: the database does not answer.
            PushFailed: it does not let us in.
        """
        # MariaDB does not even explain an INSERT in a transaction that cannot write.
        return self._sessions.writing(lambda connection: faults_of(connection, self._layout, self._profile))

    def _outcome(self, key: str, answer: Sequence[Any]) -> ItemOutcome:
        status, words, code, receipt = map(_text, answer)
        known = self._layout.exchange.statuses
        if status in known.taken:
            return ItemOutcome(key, PushState.ACCEPTED, receipt=receipt or None)
        if status in known.failed:
            return ItemOutcome(key, PushState.REJECTED, code, words[:_LONGEST_WORDS], receipt or None)
        if status == known.waiting or status in known.working:
            return ItemOutcome(key, PushState.PROCESSING, receipt=receipt or None)
        return ItemOutcome(key, PushState.HELD, "status-unknown", words[:_LONGEST_WORDS], receipt or None)

    def _page(self, after: object) -> Sequence[sa.Row[Any]]:
        page = self._layout.newest_taken(after, _PEOPLE_AT_A_TIME)
        return self._sessions.reading(lambda connection: connection.execute(page).all())

    def _columns(self, rows: Sequence[sa.Row[Any]]) -> list[pa.Array]:
        try:
            return [_texts(column) for column in zip(*rows, strict=True)]
        except (KindRefused, DigitsLost):
            pass
        raise PushFailed(
            f"{self._name}: a column of the exchange table is of a type that no text can be read back from"
        )

    def _taken(self, rows: Sequence[sa.Row[Any]]) -> Taken:
        columns = self._columns(rows)
        # CHAR columns are filled up with blanks.
        key, person, revision, operation, receipt = (pc.utf8_trim_whitespace(control) for control in columns[:5])
        words = self._layout.exchange.operations.model_dump()
        places = pc.index_in(operation, value_set=pa.array(words.values(), pa.large_string()))
        sent_as = pa.array(words, pa.large_string()).take(places)
        try:
            numbers = {"person_id": person.cast(pa.int64()), "revision": revision.cast(pa.int64())}
        except pa.ArrowInvalid:
            numbers = {}
        if not numbers or any(column.null_count for column in (sent_as, *numbers.values())):
            raise PushFailed(
                f"{self._name}: rows of the exchange table were taken that are none of ours: "
                "a person or revision is no number, or an operation is none of the words"
            )
        told = pa.table({"key": key, **numbers, "sent_as": sent_as, "receipt": receipt}).to_pandas()
        fields = pa.table(
            dict(zip(self._layout.people, (pc.fill_null(texts, "") for texts in columns[5:]), strict=True))
        )
        # The same revision is there twice where a restored registry counted on from an older one: the later row stands.
        is_newest = ~told["person_id"].duplicated(keep="last")
        return Taken(*(frame[is_newest].reset_index(drop=True) for frame in (told, fields.to_pandas())))


def _text(value: Any) -> str:
    """A control column's value, however the table keeps it."""
    return "" if value is None else str(value).strip()


def _texts(values: Sequence[Any]) -> pa.Array:
    """A column as texts, and those that are texts exactly as they are."""
    if all(value is None or type(value) is str for value in values):
        return pa.array(values, pa.large_string())
    return text_column(values)
