"""Faults planted into a registry's own database: a stage that fails, loses the run lock, or hangs, whatever performs it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

__all__ = ["failing", "hanging", "wait_until_it_hangs"]

_LOSES_THE_LOCK = """
    PERFORM pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
    WHERE datname = pg_catalog.current_database() AND application_name ~ '^eldersync run';
"""
_HANGS = "PERFORM pg_catalog.pg_sleep(600); -- planted"
_FAILS = "RAISE EXCEPTION 'planted';"


@contextmanager
def failing(engine: sa.Engine, stage: str) -> Iterator[None]:
    """While the block lasts a run stops in a stage, whose work is rolled back.

    A source's stage fails alone and the night goes on; so there the run lock is lost besides.
    """
    with _planted(engine, stage, (_LOSES_THE_LOCK if stage in {"receive", "take"} else "") + _FAILS):
        yield


@contextmanager
def hanging(engine: sa.Engine, stage: str) -> Iterator[None]:
    """While the block lasts a run hangs in a stage, its work done and not committed."""
    with _planted(engine, stage, _HANGS):
        yield


@contextmanager
def _planted(engine: sa.Engine, stage: str, does: str) -> Iterator[None]:
    with engine.begin() as connection:
        connection.exec_driver_sql(
            f"CREATE FUNCTION planted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {does}\nRETURN NEW; END $$"
        )
        connection.exec_driver_sql(
            "CREATE TRIGGER planted BEFORE INSERT ON stage FOR EACH ROW "
            f"WHEN (NEW.name = '{stage}' AND NEW.status = 'done') EXECUTE FUNCTION planted()"
        )
    try:
        yield
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP FUNCTION planted CASCADE")


def wait_until_it_hangs(engine: sa.Engine, seconds: float = 90) -> None:
    """Returns when a run has come to the stage that hangs."""
    query = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
    )
    deadline = time.monotonic() + seconds
    while True:
        with engine.connect() as connection:
            if connection.scalar(query):
                return
        assert time.monotonic() < deadline, "no run has come to the planted stage"
        time.sleep(0.1)
