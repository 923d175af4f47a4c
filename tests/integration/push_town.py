"""A small town's registry and its platform: a night's changes, the plan, the push, as the night does them; no Prefect.

Everything here may run in a process that is going to be killed.
"""

import json
import random
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from province_client import TOKEN
from province_fixtures import PROFILE
from push_account import NOTE_WHAT_IS_TOLD
from push_board import Board
from push_changes import Change, commit_changes, known_people, random_changes

from connectors.platform_api.client import PlatformApi
from flows.telling.plan import make_plan
from flows.telling.push_online import Delivered, Pace, Sender, deliver
from registry import outbox, platform_state
from registry.engine import connect_registry, transaction
from registry.lock import RunLock, assert_lock_held, run_lock
from registry.migrations import upgrade
from registry.runs import latest_run
from schemas.configuration import load_configuration
from schemas.errors import AnotherRunIsActive
from schemas.platform_api import ApiFormat
from schemas.push_brake import PushBrake

__all__ = ["Town", "TownSettings", "make_tables", "open_town"]

_LOOSE = PushBrake(**dict.fromkeys(("people", "source_people", "village_people", "week_people"), 1_000_000))
_SHIPPED = load_configuration(Path(__file__).resolve().parents[2] / "config")
CONFIGURATION = _SHIPPED.model_copy(update={"rules": _SHIPPED.rules.model_copy(update={"push_brake": _LOOSE})})
"""In which no brake holds a plan: a town of forty people turns over in a week."""

_HASTY = {
    "batch_items": 4, "connections": 2, "call_seconds": 0.4, "connect_seconds": 0.4, "keys_hours": 1_000_000, "poll_seconds": 30,
}  # fmt: skip
"""So that a night takes a blink: small batches, short calls; the platform keeps keys for ever."""


@dataclass(frozen=True)
class TownSettings:
    """Where everything is, in a form that can be told to another process. ``api``: what differs of the interface."""

    home: Path
    database_url: str
    platform_url: str
    board: Path
    people: int = 40
    most_changes: int = 8
    api: dict[str, Any] = field(default_factory=dict)

    def as_text(self) -> str:
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_text(cls, text: str) -> "TownSettings":
        told = json.loads(text)
        return cls(**{**told, "home": Path(told["home"]), "board": Path(told["board"])})


class Town:
    """Does in this process what a night does."""

    def __init__(self, settings: TownSettings, engine: sa.Engine) -> None:
        self.settings, self.engine, self.board = settings, engine, Board(settings.board)
        api = ApiFormat(**{"url": settings.platform_url, **_HASTY, **settings.api})
        self.profile = PROFILE.model_copy(update={"api": api})
        self.pace = Pace(api.batch_items, api.connections, api.call_seconds, api.poll_seconds)
        self._lock: RunLock | None = None

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Holds the run lock; of a predecessor just killed PostgreSQL may have to hear first."""
        deadline = time.monotonic() + 30
        while True:
            try:
                with run_lock(self.engine) as self._lock:
                    yield
                    return
            except AnotherRunIsActive:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.002)

    def work(self, since: str, draw: random.Random) -> Delivered:
        """A night, from one of its stages on: changes of some people, their plan, the push."""
        run_id = self.commit(self.changes(draw)) if since == "night" else self.newest_run()
        if since != "push":
            self.plan(run_id)
        return self.push(run_id)

    def changes(self, draw: random.Random) -> list[Change]:
        """What may happen to some people tonight."""
        with transaction(self.engine) as connection:
            known = known_people(connection)
        return random_changes(draw, known, most=self.settings.most_changes, people=self.settings.people)

    def commit(self, changes: Iterable[Change]) -> int:
        """Stores changes with their outbox entries; the run that did."""
        self.board.phase = "committing"
        with transaction(self.engine) as connection:
            self._guard(connection)
            known = known_people(connection)
            return commit_changes(connection, self.profile.name, changes, at=self.board.now(), known=known)

    def plan(self, run_id: int) -> None:
        """Plans everything pending and releases it."""
        self.board.phase = "planning"
        with transaction(self.engine) as connection:
            self._guard(connection)
            made = make_plan(connection, self.profile, CONFIGURATION, run_id=run_id, now=self.board.now())
            assert (made["incomplete"], made["brakes"]) == ([], [])

    def push(self, run_id: int) -> Delivered:
        """Tells the platform what is due."""
        self.board.phase = "claiming"
        return deliver(
            Sender(
                engine=self.engine, profile=self.profile.name, pace=self.pace, open_client=self.open_client,
                now=self.board.now, run_id=run_id, guard=self._guard,
            )
        )  # fmt: skip

    def open_client(self) -> PlatformApi:
        return PlatformApi(self.profile, token=TOKEN)

    def tell(self, changes: Iterable[Change]) -> Delivered:
        """Stores changes, plans and pushes them."""
        run_id = self.commit(changes)
        self.plan(run_id)
        return self.push(run_id)

    def push_until_told(self, *, most: int = 60, pause: float = 600) -> int:
        """Plans and pushes every ten minutes until nothing waits, or as often as ``most``; how often."""
        for times in range(1, most + 1):
            self.board.pass_time(pause)
            run_id = self.newest_run()
            self.plan(run_id)
            self.push(run_id)
            if not sum(self.waiting().values()):
                return times
        return most

    def newest_run(self) -> int:
        """The run of the newest night."""
        with transaction(self.engine) as connection:
            newest = latest_run(connection)
        assert newest is not None
        return int(newest["run_id"])

    def waiting(self) -> dict[str, int]:
        """People with something open, by its state."""
        with transaction(self.engine) as connection:
            return outbox.waiting(connection, self.profile.name)

    def _guard(self, connection: sa.Connection) -> None:
        if self._lock is not None:
            assert_lock_held(connection, self._lock)


@contextmanager
def open_town(settings: TownSettings) -> Iterator[Town]:
    """A town whose tables are there."""
    with connect_registry(settings.home, settings.database_url) as engine:
        yield Town(settings, engine)


def make_tables(home: Path, database_url: str) -> None:
    """The registry's tables, and the trigger that notes what was committed to be told."""
    with connect_registry(home, database_url) as engine, transaction(engine) as connection:
        upgrade(connection)
        connection.exec_driver_sql(NOTE_WHAT_IS_TOLD)
        platform_state.note_first_push(connection, PROFILE.name, 0)
