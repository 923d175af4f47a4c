"""Changes behind everyone's back: what is held is altered, forgotten or doubled without an effect, for read-back to discover.

Only while no platform writes the ledger.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from simulator.province.ledger_tables import lock_ledger, open_for_writing

__all__ = ["alter", "double", "forget"]


def forget(ledger: Path, person: str) -> None:
    """The platform holds the person no more."""
    with _opened(ledger) as connection:
        connection.execute("DELETE FROM holding WHERE person = ?", (person,))


def double(ledger: Path, person: str) -> None:
    """The platform holds the person twice."""
    with _opened(ledger) as connection:
        connection.execute(
            "INSERT INTO holding (person, revision, is_present, id_number, digest, fields, receipt, at) "
            "SELECT person, revision, is_present, id_number, digest, fields, receipt, at FROM holding WHERE person = ?",
            (person,),
        )


def alter(ledger: Path, person: str, header: str, value: str) -> None:
    """The platform holds another value of one field."""
    with _opened(ledger) as connection:
        (fields,) = connection.execute("SELECT fields FROM holding WHERE person = ?", (person,)).fetchone()
        altered = json.dumps({**json.loads(fields), header: value}, ensure_ascii=False)
        connection.execute("UPDATE holding SET fields = ? WHERE person = ?", (altered, person))


@contextmanager
def _opened(ledger: Path) -> Iterator[sqlite3.Connection]:
    with lock_ledger(ledger), closing(open_for_writing(ledger)) as connection:
        yield connection
