"""The registry's tables as files and back: all of them out of one snapshot, into a database that has none.

A file holds a table's rows as PostgreSQL's COPY writes them, in the order of their key, gzipped. The same rows are the same
bytes on any server, so a digest of them says whether two registries are equal. Rows are text on purpose: they outlive
versions of PostgreSQL, which its own formats do not.
"""

import gzip
import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.exc import OperationalError

from registry import migrations
from registry.engine import transaction
from registry.tables import delivery, metadata, run
from schemas.durable import replace_file
from schemas.errors import BackupFailed, ConfigurationInvalid

__all__ = ["Dumped", "TablePart", "digest_of", "dump", "has_tables", "load", "packed_name"]

_AT_A_TIME = 1 << 20
_SECONDS_BETWEEN_TRIES = 0.5
# Less than PostgreSQL waits before it looks for a deadlock: whoever is at work is never ended for the sake of a backup.
_LOCK_TIMEOUT = "400ms"


@dataclass(frozen=True, slots=True)
class TablePart:
    """A table as it was written; ``sha256`` is of its rows, whatever packs them, and ``size`` their bytes."""

    name: str
    columns: tuple[str, ...]
    rows: int
    size: int
    sha256: str


class _BeingRebuilt(Exception):
    """Somebody migrates the tables, or fills them for the first time."""


class Dumped(NamedTuple):
    """One snapshot: ``originals`` has SHA-256, size and whether it was pruned, of every kept file its ledger knows."""

    schema: str
    tables: list[TablePart]
    originals: list[tuple[str, int, bool]]
    newest_run: dict[str, Any] | None


def packed_name(table: str) -> str:
    """The file of a table."""
    return f"{table}.copy.gz"


def dump(engine: sa.Engine, folder: Path, *, patience_seconds: float = 1800) -> Dumped:
    """Writes every table into files of a folder, from one snapshot; a run may be at work meanwhile.

    A stage that rebuilds or migrates tables is waited for, and waits for us: for the time of reading, nothing else does.

    Raises:
        ConfigurationInvalid: there is no registry yet.
        BackupFailed: tables were being rebuilt all the time.
        DatabaseUnavailable, StageFailed: as of ``registry.engine.transaction``.
        OSError: the disk is full or away.
    """
    deadline = time.monotonic() + patience_seconds
    while time.monotonic() < deadline:
        with transaction(engine) as connection:
            names = _own_tables(connection)
        try:
            with transaction(engine.execution_options(isolation_level="REPEATABLE READ")) as connection:
                _lock(connection, names)
                return _dump(connection, names, folder)
        except _BeingRebuilt:
            time.sleep(_SECONDS_BETWEEN_TRIES)
    raise BackupFailed("the registry's tables were being rebuilt all the time; try again later")


def has_tables(connection: sa.Connection) -> bool:
    """Whether a database has a table of the registry, be it empty."""
    return bool({"alembic_version", *metadata.tables} & set(sa.inspect(connection).get_table_names()))


def load(connection: sa.Connection, folder: Path, schema: str, tables: list[TablePart]) -> None:
    """Makes the tables of a schema version and fills them from files, then reads them again to prove that they are equal.

    Raises:
        ConfigurationInvalid: the database has tables, or a newer program has written the files.
        BackupFailed: what is stored is not what was written.
    """
    if has_tables(connection):
        raise ConfigurationInvalid("the database has tables of a registry already; restore into an empty one")
    if migrations.is_newer(schema):
        raise ConfigurationInvalid(
            f"the backup's tables are of version {schema}, this program knows {migrations.HEAD}: install the newer program"
        )
    migrations.upgrade(connection, schema)
    made = sa.MetaData()
    made.reflect(connection)
    parts = {part.name: part for part in tables}
    for table in made.sorted_tables:  # what others refer to comes first
        if table.name in parts:
            _load(connection, folder, parts[table.name])
    connection.exec_driver_sql("ANALYZE")


def digest_of(connection: sa.Connection, name: str) -> TablePart:
    """A table's rows, counted and digested without being written anywhere."""
    return _copied(connection, name, hashlib.sha256())


def _own_tables(connection: sa.Connection) -> list[str]:
    """Tables of the registry that are there: an older program has made fewer."""
    there = set(sa.inspect(connection).get_table_names())
    if "alembic_version" not in there:
        raise ConfigurationInvalid("there is no registry yet; it is made by the first night: eldersync run")
    return sorted(there & set(metadata.tables))


def _lock(connection: sa.Connection, names: list[str]) -> None:
    """Keeps tables from being rebuilt or emptied, which snapshots do not survive; the snapshot is taken after it."""
    listed = sql.SQL(", ").join(map(sql.Identifier, [*names, "alembic_version"]))
    is_taken = False
    try:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'")
        connection.exec_driver_sql(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(listed).as_string())
    except OperationalError as error:
        if not isinstance(error.orig, psycopg.errors.LockNotAvailable):
            raise
        is_taken = True
    if is_taken:
        raise _BeingRebuilt


def _dump(connection: sa.Connection, names: list[str], folder: Path) -> Dumped:
    schema = migrations.version_of(connection)
    if schema is None or names != _own_tables(connection):
        raise BackupFailed("the registry was migrated at the same moment; try again")
    originals = connection.execute(
        sa.select(
            delivery.c.sha256, sa.func.max(delivery.c.size), sa.func.bool_and(delivery.c.detail.has_key("pruned_at"))
        )
        .group_by(delivery.c.sha256)
        .order_by(delivery.c.sha256)
    )
    newest = connection.execute(
        sa.select(run.c.run_id, run.c.business_date, run.c.status).order_by(run.c.run_id.desc()).limit(1)
    ).first()
    return Dumped(
        schema=schema,
        tables=[_packed(connection, name, folder) for name in names],
        originals=[(sha256, size, is_pruned) for sha256, size, is_pruned in originals],
        newest_run={"run_id": newest[0], "business_date": newest[1].isoformat(), "status": newest[2]}
        if newest
        else None,
    )


def _packed(connection: sa.Connection, name: str, folder: Path) -> TablePart:
    with (
        replace_file(folder / packed_name(name)) as path,
        path.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", compresslevel=1, fileobj=raw, mtime=0) as packed,
    ):
        return _copied(connection, name, hashlib.sha256(), packed)


def _copied(connection: sa.Connection, name: str, digest: Any, packed: gzip.GzipFile | None = None) -> TablePart:
    """Reads a table in the order of its key."""
    looked = sa.inspect(connection)
    columns = looked.get_columns(name)
    texts = {column["name"] for column in columns if isinstance(column["type"], sa.Text)}
    order = [
        sql.SQL('{} COLLATE "C"' if key in texts else "{}").format(sql.Identifier(key))
        for key in looked.get_pk_constraint(name)["constrained_columns"]
    ]
    names = tuple(str(column["name"]) for column in columns)
    statement = sql.SQL("COPY (SELECT {} FROM {} ORDER BY {}) TO STDOUT").format(
        sql.SQL(", ").join(map(sql.Identifier, names)), sql.Identifier(name), sql.SQL(", ").join(order)
    )
    size = 0
    with _cursor(connection) as cursor:
        with cursor.copy(statement) as copy:
            for block in _blocks(copy):
                size += len(block)
                digest.update(block)
                if packed is not None:
                    packed.write(block)
        return TablePart(name, names, cursor.rowcount, size, digest.hexdigest())


def _blocks(copy: psycopg.Copy) -> Iterator[bytes]:
    """What COPY sends row by row, in blocks worth hashing and packing."""
    block = bytearray()
    for row in copy:
        block += row
        if len(block) >= _AT_A_TIME:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)


def _load(connection: sa.Connection, folder: Path, part: TablePart) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(part.name), sql.SQL(", ").join(map(sql.Identifier, part.columns))
    )
    with (
        gzip.open(folder / packed_name(part.name), "rb") as packed,
        _cursor(connection) as cursor,
        cursor.copy(statement) as copy,
    ):
        while block := packed.read(_AT_A_TIME):
            copy.write(block)
    if digest_of(connection, part.name) != part:
        raise BackupFailed(f"table {part.name}: what is stored now is not what the backup holds; nothing was restored")


@contextmanager
def _cursor(connection: sa.Connection) -> Iterator[psycopg.Cursor[Any]]:
    """A cursor of the driver, in the same transaction."""
    driver: object = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)  # noqa: S101  registry.engine makes no other
    with driver.cursor() as cursor:
        yield cursor
