"""The ledger as others read it, also while a platform writes it or after one was killed: effects, and what is held of whom."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from simulator.province.ledger_tables import open_for_reading

__all__ = ["Effect", "Holding", "LedgerView", "Page", "Seen", "open_view"]

_EFFECT = "number, at, key, person, revision, operation, digest"
_HOLDING = "person, revision, is_present, digest, fields, receipt"


class Effect(NamedTuple):
    """Something that happened to a person, once; numbers rise in the order it happened."""

    number: int
    at: float
    key: str
    person: str
    revision: int
    operation: str
    digest: str


@dataclass(frozen=True, slots=True)
class Holding:
    """What the platform holds of a person."""

    person: str
    revision: int
    is_present: bool
    digest: str
    fields: Mapping[str, str] = field(repr=False)
    receipt: str = ""


class Seen(NamedTuple):
    """A request as the ledger keeps it: its digest, how many items it had, and how they fared.

    ``known`` items came before, under the same key; they are counted under their status too.
    """

    at: float
    endpoint: str
    batch: str
    digest: str
    items: int = 0
    known: int = 0
    accepted: int = 0
    rejected: int = 0
    processing: int = 0
    status: int = 0
    fault: str = ""


class Page(NamedTuple):
    """A part of everyone held, and how many there are in all."""

    total: int
    holdings: list[Holding]


@contextmanager
def open_view(path: Path) -> Iterator["LedgerView"]:
    """A ledger to read, in this thread."""
    with closing(open_for_reading(path)) as connection:
        yield LedgerView(connection)


class LedgerView:
    """Reads a ledger over a connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def effects(self) -> list[Effect]:
        """Everything that happened, in order."""
        return [Effect(*row) for row in self._connection.execute(f"SELECT {_EFFECT} FROM effect ORDER BY number")]  # noqa: S608

    def history(self, person: str) -> list[Effect]:
        """What happened to one person, in order."""
        query = f"SELECT {_EFFECT} FROM effect WHERE person = ? ORDER BY number"  # noqa: S608
        return [Effect(*row) for row in self._connection.execute(query, (person,))]

    def state(self) -> dict[str, Holding]:
        """What is held, by person, also of those who were withdrawn."""
        return {holding.person: holding for holding in self._holdings("ORDER BY number")}

    def requests(self) -> list[Seen]:
        """Every request seen, in order."""
        query = f"SELECT {','.join(Seen._fields)} FROM request ORDER BY number"  # noqa: S608
        return [Seen(*row) for row in self._connection.execute(query)]

    def found(self, *, persons: list[str], id_numbers: list[str]) -> list[Holding]:
        """Those with one of these person numbers or ID numbers."""
        return self._holdings(
            "WHERE person IN (SELECT value FROM json_each(?)) OR id_number IN (SELECT value FROM json_each(?)) "
            "ORDER BY number",
            json.dumps(persons),
            json.dumps([number for number in id_numbers if number]),
        )

    def page(self, number: int, size: int, *, is_present: bool) -> Page:
        """A page of everyone who is present, or of everyone withdrawn, in an order that new people do not disturb."""
        counted = self._connection.execute("SELECT count(*) FROM holding WHERE is_present = ?", (is_present,))
        (total,) = counted.fetchone()
        where = "WHERE is_present = ? ORDER BY number LIMIT ? OFFSET ?"
        return Page(int(total), self._holdings(where, is_present, size, (number - 1) * size))

    def is_sound(self) -> bool:
        """Whether SQLite finds nothing broken in the file."""
        return bool(self._connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)])

    def _holdings(self, rest: str, *values: object) -> list[Holding]:
        query = f"SELECT {_HOLDING} FROM holding {rest}"  # noqa: S608
        return [_holding(row) for row in self._connection.execute(query, values)]


def _holding(row: sqlite3.Row) -> Holding:
    person, revision, is_present, digest, fields, receipt = row
    return Holding(person, revision, bool(is_present), digest, json.loads(fields), receipt)
