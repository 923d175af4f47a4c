"""Deciding while the registry is at rest: who decides and why, and a transaction that no active run misses."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from flows.context import Home, open_registry
from registry.engine import transaction
from registry.lock import assert_lock_held, run_lock
from registry.runs import latest_run
from schemas.configuration import Configuration
from schemas.errors import ConfigurationInvalid

__all__ = ["AtRest", "Decider", "registry_at_rest"]


@dataclass(frozen=True, slots=True)
class Decider:
    """Who decides, as the person names himself, and why."""

    by: str
    reason: str


class AtRest(NamedTuple):
    """A transaction, the instant in the bureau's time zone, and the newest run."""

    connection: sa.Connection
    now: datetime
    latest: sa.RowMapping | None


@contextmanager
def registry_at_rest(home: Path, configuration: Configuration, decider: Decider, purpose: str) -> Iterator[AtRest]:
    """A transaction while no run is active: one that is would not see what is decided meanwhile.

    Raises:
        ConfigurationInvalid: nobody or no reason is named.
        AnotherRunIsActive: a run is going on.
    """
    for said, what in (
        (decider.by, "--by: who decides has to be named"),
        (decider.reason, "--reason: why is recorded"),
    ):
        if not any(letter.isalnum() for letter in said):
            raise ConfigurationInvalid(what)
    now = datetime.now(ZoneInfo(configuration.bureau.timezone))
    with (
        open_registry(Home(home.expanduser().resolve()), configuration) as engine,
        run_lock(engine, purpose) as lock,
        transaction(engine) as connection,
    ):
        assert_lock_held(connection, lock)
        yield AtRest(connection, now, latest_run(connection))
