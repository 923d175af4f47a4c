"""The tables of the platform's ledger, and how its file is opened: SQLite, durable at every commit, its owner's alone."""

import os
import sqlite3
from pathlib import Path
from typing import IO

from schemas.errors import ConfigurationInvalid
from schemas.file_locks import try_lock

__all__ = ["lock_ledger", "open_for_reading", "open_for_writing"]

_TABLES = """
CREATE TABLE IF NOT EXISTS request (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, endpoint TEXT NOT NULL, batch TEXT NOT NULL,
    digest TEXT NOT NULL, items INTEGER NOT NULL, known INTEGER NOT NULL, accepted INTEGER NOT NULL, rejected INTEGER NOT NULL,
    processing INTEGER NOT NULL, status INTEGER NOT NULL, fault TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS effect (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, request INTEGER NOT NULL, key TEXT NOT NULL,
    person TEXT NOT NULL, revision INTEGER NOT NULL, operation TEXT NOT NULL, digest TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS effect_of_person ON effect (person);
CREATE TRIGGER IF NOT EXISTS effects_stay BEFORE UPDATE ON effect BEGIN SELECT RAISE(ABORT, 'effects stay'); END;
CREATE TRIGGER IF NOT EXISTS effects_remain BEFORE DELETE ON effect BEGIN SELECT RAISE(ABORT, 'effects stay'); END;
CREATE TABLE IF NOT EXISTS holding (
    number INTEGER PRIMARY KEY, person TEXT NOT NULL, revision INTEGER NOT NULL, is_present INTEGER NOT NULL,
    id_number TEXT NOT NULL, digest TEXT NOT NULL, fields TEXT NOT NULL, receipt TEXT NOT NULL, at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS holding_of_person ON holding (person);
CREATE INDEX IF NOT EXISTS holding_of_id_number ON holding (id_number);
CREATE TABLE IF NOT EXISTS receipt (
    receipt TEXT PRIMARY KEY, request INTEGER NOT NULL, at REAL NOT NULL, key TEXT NOT NULL, payload TEXT NOT NULL,
    status TEXT NOT NULL, code TEXT NOT NULL, reason TEXT NOT NULL, due REAL, waiting TEXT
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS receipt_of_key ON receipt (key);
CREATE INDEX IF NOT EXISTS receipt_due ON receipt (due) WHERE due IS NOT NULL;
"""
# An effect says what happened and can only be added. A holding is what stands now; nothing keeps a person from being held
# twice, because a platform that has gone wrong must be possible too.


def lock_ledger(path: Path) -> IO[bytes]:
    """A lock that says this process alone writes the ledger; it ends when closed, or with the process.

    Raises:
        ConfigurationInvalid: another platform writes there, or the file cannot be made.
    """
    problem = "another stand-in platform is using it"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))  # SQLite's own files beside it take its mode
        lock = os.fdopen(os.open(path.with_name(f"{path.name}.lock"), os.O_CREAT | os.O_WRONLY, 0o600), "wb")
    except OSError as error:
        problem = error.strerror or type(error).__name__
    else:
        if try_lock(lock):
            return lock
        lock.close()
    raise ConfigurationInvalid(f"{path} cannot be the ledger: {problem}")


def open_for_writing(path: Path) -> sqlite3.Connection:
    """The ledger, with its tables; every commit reaches the disk before it returns.

    Raises:
        ConfigurationInvalid: the file is not a ledger.
    """
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.executescript(_TABLES)
    except sqlite3.DatabaseError:
        connection.close()
    else:
        return connection
    raise ConfigurationInvalid(f"{path} cannot be the ledger: it is another kind of file")


def open_for_reading(path: Path) -> sqlite3.Connection:
    """The ledger as it stands, also while a platform writes it."""
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
