"""Databases for a test or for a part of one: copies of one that has the registry's tables, which is made once for each server."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import sqlalchemy as sa

from registry import migrations

__all__ = ["EMPTY", "WITH_TABLES", "database", "make_tables"]

EMPTY, WITH_TABLES = "template1", "with_tables"
_numbers = count(1)


def make_tables(server: sa.Engine) -> None:
    """Makes the database that others are copied from."""
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {WITH_TABLES}")
    # Nobody stays connected, so that the database can be copied.
    engine = sa.create_engine(server.url.set(database=WITH_TABLES), poolclass=sa.NullPool)
    with engine.begin() as connection:
        migrations.upgrade(connection)


@contextmanager
def database(server: sa.Engine, name: str | None = None, *, like: str | None = None) -> Iterator[str]:
    """The URL of a database for the time of the block: with the registry's tables and nobody in them, or a copy of another."""
    name = name or f"copy_{next(_numbers)}"
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {like or WITH_TABLES}")
    try:
        yield server.url.set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
