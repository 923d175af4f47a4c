"""Pushes that are killed, and what came of them: a registry, a platform with a ledger, and senders that do not live long."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from copied_databases import database
from province_fixtures import province
from push_account import Account, account_of
from push_board import PHASES, Board
from push_town import Town, TownSettings, make_tables, open_town

from simulator.province.fault_script import Chance, ScriptedFault
from simulator.province.running import RunningProvince

__all__ = [
    "BAD_DAY",
    "ONE_CALL_A_NIGHT",
    "STEP",
    "Killing",
    "Place",
    "Senders",
    "killing_in",
    "say",
    "senders",
    "town_in",
]

BAD_DAY = 0.2
STEP = 700.0  # seconds that pass from one sender to the next: claims and waits are over
ONE_CALL_A_NIGHT: dict[str, Any] = {"api": {"connections": 1, "batch_items": 200}}
"""For senders killed at one point after the other, which must come to the same points each time."""

_REGISTERED = range(1_001, 1_201)
_TO_READ_BACK_AND_TO_POLL = (
    ScriptedFault(kind="reset", moment="after", endpoint="upsert"),
    ScriptedFault(kind="processing", endpoint="withdraw"),
)

_databases = count(1)


def say(capsys: pytest.CaptureFixture[str], *lines: str) -> None:
    """Prints figures past pytest, for whoever quotes them."""
    with capsys.disabled():
        print("", *lines, sep="\n")  # noqa: T201


class Senders:
    """The process that senders are born from, and killed in."""

    def __init__(self, log: Path) -> None:
        self._log = log
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, Path(__file__).with_name("push_nursery.py")],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True,
            )  # fmt: skip

    def order(self, do: str, **what: Any) -> dict[str, Any]:
        """Has something done, and says what came of it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, **what}) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, self.said()
        return dict(json.loads(answer))

    def said(self) -> str:
        """The last of what senders said of errors."""
        return self._log.read_text(encoding="utf-8")[-3000:]

    def close(self) -> None:
        """Ends it; what it gave birth to has ended before."""
        self._process.communicate()


@contextmanager
def senders(folder: Path) -> Iterator[Senders]:
    """Senders for the time of the block."""
    nursery = Senders(folder / "senders.log")
    try:
        yield nursery
    finally:
        nursery.close()


@dataclass(frozen=True)
class Place:
    """Where towns are made: a server, and a database that has the tables already."""

    home: Path
    server: sa.Engine
    template: str

    @classmethod
    def at(cls, home: Path, server: sa.Engine) -> "Place":
        template = f"town_{next(_databases)}"
        with server.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {template}")
        place = cls(home, server, template)
        make_tables(home, place.url(template))
        return place

    def url(self, database: str) -> str:
        return self.server.url.set(database=database).render_as_string(hide_password=False)

    @contextmanager
    def database(self) -> Iterator[str]:
        """A registry in which nobody is yet."""
        with database(self.server, like=self.template) as url:
            yield url


@dataclass
class Killing:
    """One town whose senders are killed, with what was seen of it."""

    nursery: Senders
    platform: RunningProvince
    engine: sa.Engine
    board: Board
    seed: int
    kills: int = 0
    ended: int = 0
    status: int = 0
    seconds: float = 0.0
    phases: Counter[str] = field(default_factory=Counter)

    def kill(self, times: int, *, step: float = STEP) -> None:
        """Lets so many senders live, each until it is killed."""
        began = time.monotonic()
        told = self.nursery.order("kill", times=times, seed=self.seed + self.kills, step=step)
        self.kills, self.ended = self.kills + times, self.ended + told["ended"]
        self.phases.update(told["phases"])
        self.seconds += time.monotonic() - began

    def kill_at_each_point(self) -> Iterator[dict[str, Any]]:
        """Kills one sender at its first point, the next at its second, until one passes all; what is told of each killed.

        The points are each commit and each step of a call, of a night and the push after it.
        """
        assert self.nursery.order("register", people=list(_REGISTERED)) == {"status": 0}
        for point, changes, leaves in zip(count(1), _REGISTERED[:100], _REGISTERED[100:], strict=False):
            self.platform.script.clear()
            self.platform.script.add(*_TO_READ_BACK_AND_TO_POLL)
            told = self.nursery.order("scenario", people=[changes, leaves, leaves + 1_000], die_at=point)
            if not told["died"]:
                return
            self.kills += 1
            self.phases[told["phase"]] += 1
            self.board.pass_time(STEP)
            yield told

    def settled(self) -> Account:
        """Lets a sender push until nothing waits, at a platform that behaves; and reckons."""
        chance = self.platform.script._chance
        self.platform.script.set_chance(None)
        self.status = self.nursery.order("drain")["status"]
        self.platform.script.set_chance(chance)
        return account_of(self.engine, self.platform)

    def histogram(self) -> str:
        """How many senders were killed at what."""
        return "  ".join(f"{phase} {self.phases[phase]}" for phase in PHASES)


class _Founded(NamedTuple):
    settings: TownSettings
    platform: RunningProvince
    board: Board


@contextmanager
def _founded(place: Place, folder: Path, town: dict[str, Any] | None, behaviour: dict[str, Any]) -> Iterator[_Founded]:
    """A registry and its platform, which takes whatever it is told unless ``behaviour`` says otherwise."""
    folder.mkdir(exist_ok=True)
    habits = {"checks_existence": False, "accepts_stale": True} | behaviour
    board = Board(folder / "board")
    with place.database() as url, province(folder, clock=board.unix, **habits) as platform:
        yield _Founded(TownSettings(place.home, url, platform.url, folder / "board", **(town or {})), platform, board)


@contextmanager
def town_in(
    place: Place, folder: Path, *, town: dict[str, Any] | None = None, **behaviour: Any
) -> Iterator[tuple[Town, RunningProvince]]:
    """A town that lives in this process, with its platform; nobody is at work yet."""
    with _founded(place, folder, town, behaviour) as (settings, platform, _), open_town(settings) as here:
        yield here, platform


@contextmanager
def killing_in(
    place: Place, nursery: Senders, folder: Path, *, seed: int, bug: str = "", faults: float = BAD_DAY,
    town: dict[str, Any] | None = None, **behaviour: Any,
) -> Iterator[Killing]:  # fmt: skip
    """A town whose senders are born in a nursery, to be killed."""
    with _founded(place, folder, town, behaviour) as (settings, platform, board), ExitStack() as stack:
        engine = sa.create_engine(settings.database_url)
        stack.callback(engine.dispose)
        assert nursery.order("move", town=settings.as_text(), bug=bug) == {"prefect": False}
        platform.script.set_chance(Chance(probability=faults, seed=seed) if faults else None)
        yield Killing(nursery, platform, engine, board, seed)
