"""The ledger as the platform writes it: requests, effects, what is held, keys and receipts. There is one writer."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from simulator.province.items import Item, ItemAnswer, item
from simulator.province.ledger_tables import lock_ledger, open_for_writing
from simulator.province.ledger_view import LedgerView, Seen

__all__ = ["Held", "KnownKey", "Ledger"]

_PRESENT = ("new", "changed")
_HOLD_FIRST = "INSERT INTO holding (revision, is_present, id_number, digest, fields, receipt, at, person) VALUES (?,?,?,?,?,?,?,?)"
_HOLD_NEXT = (
    "UPDATE holding SET revision=?, is_present=?, id_number=?, digest=?, fields=?, receipt=?, at=? WHERE person=?"
)


class Held(NamedTuple):
    """What the platform holds of a person: the newest revision it took."""

    person: str
    revision: int
    is_present: bool


class KnownKey(NamedTuple):
    """An idempotency key that was used, with what came of it."""

    payload: str
    answer: ItemAnswer


class Ledger:
    """The platform's memory. Use as a context.

    Every change belongs into :meth:`whole`, and is on the disk after the next :meth:`commit`; requests that come together
    thus share one flush. Nobody may be answered before.
    """

    def __init__(self, path: Path) -> None:
        """Opens or makes the ledger.

        Raises:
            ConfigurationInvalid: it cannot be one, or another platform writes it.
        """
        self._has_written = False
        self._lock = lock_ledger(path)
        try:
            self._connection = open_for_writing(path)
        except BaseException:
            self._lock.close()
            raise

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock, closing(self._connection):
            self.commit()

    @property
    def view(self) -> LedgerView:
        """What the writer sees of its own ledger."""
        return LedgerView(self._connection)

    @contextmanager
    def whole(self) -> Iterator[None]:
        """All of it or nothing."""
        if not self._has_written:
            self._connection.execute("BEGIN IMMEDIATE")
            self._has_written = True
        self._connection.execute("SAVEPOINT whole")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK TO whole")
            raise
        finally:
            self._connection.execute("RELEASE whole")

    def commit(self) -> None:
        """Everything up to here is on the disk when this returns.

        Raises:
            sqlite3.Error: nothing since the last commit is, and nobody who waited for it may be answered.
        """
        if not self._has_written:
            return
        self._has_written = False
        try:
            self._connection.execute("COMMIT")  # an error where SQLite has given the transaction up: the disk is full
        except sqlite3.Error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def begin_request(self, seen: Seen) -> int:
        """Notes a request; its number."""
        marks = ",".join("?" * len(Seen._fields))
        cursor = self._connection.execute(
            f"INSERT INTO request ({','.join(Seen._fields)}) VALUES ({marks})",  # noqa: S608 - our own names
            seen,
        )
        return int(cursor.lastrowid or 0)

    def finish_request(self, number: int, seen: Seen) -> None:
        """Notes what came of a request."""
        self._connection.execute(
            "UPDATE request SET known=?, accepted=?, rejected=?, processing=? WHERE number=?",
            (seen.known, seen.accepted, seen.rejected, seen.processing, number),
        )

    def known_key(self, key: str, *, since: float) -> KnownKey | None:
        """The key, if it was used since then and what it was used for was not rejected."""
        row = self._connection.execute(
            "SELECT payload, status, receipt, code, reason FROM receipt "
            "WHERE key = ? AND at >= ? AND status <> 'rejected' ORDER BY at DESC LIMIT 1",
            (key, since),
        ).fetchone()
        return row and KnownKey(row[0], ItemAnswer(key, *row[1:]))

    def held(self, person: str) -> Held | None:
        """What is held of a person."""
        row = self._connection.execute(
            "SELECT person, revision, is_present FROM holding WHERE person = ?", (person,)
        ).fetchone()
        return row and Held(row[0], row[1], bool(row[2]))

    def is_of_another(self, id_number: str, person: str) -> bool:
        """Whether an ID number is that of somebody else who is present."""
        found = self._connection.execute(
            "SELECT 1 FROM holding WHERE id_number = ? AND person <> ? AND is_present LIMIT 1", (id_number, person)
        )
        return found.fetchone() is not None

    def take_effect(self, item: Item, id_number: str, receipt: str, request: int, at: float, held: Held | None) -> None:
        """Makes an item true of its person, of whom ``held`` stood before, and says so in the effects."""
        self._connection.execute(
            "INSERT INTO effect (at, request, key, person, revision, operation, digest) VALUES (?,?,?,?,?,?,?)",
            (at, request, item.key, item.person, item.revision, item.operation, item.digest),
        )
        values = (
            item.revision, item.operation in _PRESENT, id_number, item.digest, item.text, receipt, at, item.person,
        )  # fmt: skip
        self._connection.execute(_HOLD_FIRST if held is None else _HOLD_NEXT, values)

    def give_receipt(
        self, item: Item, answer: ItemAnswer, request: int, at: float, *, due: float | None = None
    ) -> None:
        """Keeps an item's receipt, and its key; where the outcome is only ``due``, the item waits with it."""
        waiting = None if due is None else json.dumps(_plain(item), ensure_ascii=False)
        self._connection.execute(
            "INSERT INTO receipt (receipt, request, at, key, payload, status, code, reason, due, waiting) "
            "VALUES (?,?,?,?,?,?,?,?,?,?)",
            (
                answer.receipt,
                request,
                at,
                item.key,
                item.payload,
                answer.status,
                answer.code,
                answer.reason,
                due,
                waiting,
            ),
        )

    def due_receipts(self, at: float) -> list[tuple[str, int, Item]]:
        """Receipts whose outcome is due, in the order they were given, with request and item."""
        found = self._connection.execute(
            "SELECT receipt, request, waiting FROM receipt WHERE due <= ? ORDER BY request, receipt", (at,)
        )
        return [(receipt, request, item(**json.loads(waiting))) for receipt, request, waiting in found]

    def settle_receipt(self, answer: ItemAnswer) -> None:
        """Writes down the outcome of a receipt."""
        self._connection.execute(
            "UPDATE receipt SET status=?, code=?, reason=?, due=NULL, waiting=NULL WHERE receipt=?",
            (answer.status, answer.code, answer.reason, answer.receipt),
        )

    def receipts(self, wanted: list[str]) -> list[ItemAnswer]:
        """The receipts of those names that were given."""
        found = self._connection.execute(
            "SELECT receipt.key, receipt.status, receipt, code, reason FROM receipt "
            "JOIN json_each(?) ON json_each.value = receipt.receipt ORDER BY json_each.key",
            (json.dumps(wanted),),
        )
        return [ItemAnswer(*row) for row in found]


def _plain(item: Item) -> dict[str, Any]:
    return {
        "key": item.key, "person": item.person, "revision": item.revision, "operation": item.operation,
        "fields": dict(item.fields),
    }  # fmt: skip
