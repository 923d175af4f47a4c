"""What the watchdog remembers between two looks, in ``<home>/watch/told.json``: what was told to whom-it-concerns, and what it saw last.

Ids, codes, days and counts only. Nothing here decides anything; who does is ``flows.watching.notify`` and ``flows.watching.watch``.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from flows.watching.situation import Situation
from schemas.durable import replace_file

__all__ = ["Clocks", "Failing", "Jump", "Progress", "Skew", "Told", "read_told", "remembering"]

_RUNS_KEPT = 200
_DAYS_KEPT = 30


class _Kept(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Failing(_Kept):
    """Messages do not leave: since when, and why."""

    since: datetime
    why: str


class Progress(_Kept):
    """How many stages of the active run were done, and since when no more are."""

    run: int
    done: int
    since: datetime


class Clocks(_Kept):
    """The wall clock and the clock that nobody can set (seconds since this boot), read at one moment."""

    boot: str
    wall: datetime
    elapsed: float


class Jump(_Kept):
    """The wall clock was set while the machine ran: by how many seconds, seen when."""

    at: datetime
    seconds: float


class Skew(_Kept):
    """How far the platform's clock and ours were apart when it was asked last."""

    asked_at: datetime
    seconds: float


class Told(_Kept):
    """The whole memory. ``runs``: with which status each was told. ``problems``: the day each was told on."""

    runs: dict[int, str] = {}
    problems: dict[str, date] = {}
    failing: Failing | None = None
    progress: Progress | None = None
    clocks: Clocks | None = None
    jump: Jump | None = None
    skew: Skew | None = None

    def stuck_since(self, found: Situation, *, minutes: int) -> datetime | None:
        """Since when the active run has not come to the end of a stage, where that is ``minutes`` ago or more."""
        seen, run = self.progress, found.latest
        if seen is None or run is None or run["status"] != "running" or found.active is None:
            return None
        is_same = (seen.run, seen.done) == (run["run_id"], len(found.stages))
        return seen.since if is_same and found.now - seen.since >= timedelta(minutes=minutes) else None

    def note_progress(self, found: Situation) -> None:
        """Remembers how far the active run has come."""
        run = found.latest
        if run is None or run["status"] != "running" or found.active is None:
            self.progress = None
        elif self.progress is None or (self.progress.run, self.progress.done) != (run["run_id"], len(found.stages)):
            self.progress = Progress(run=run["run_id"], done=len(found.stages), since=found.now)

    def forget_old(self, today: date) -> None:
        """Keeps no more than is of use."""
        self.runs = dict(sorted(self.runs.items())[-_RUNS_KEPT:])
        newest = today - timedelta(days=_DAYS_KEPT)
        self.problems = {code: day for code, day in self.problems.items() if day >= newest}


def read_told(home: Path) -> Told:
    """What is remembered; nothing where there is nothing, or where it is damaged."""
    try:
        return Told.model_validate_json(_file(home).read_bytes())
    except (OSError, ValidationError):
        return Told()


@contextmanager
def remembering(home: Path) -> Iterator[Told]:
    """The memory to be changed, by one process at a time; written whole when the block ends well.

    Raises:
        OSError: it cannot be written.
    """
    _file(home).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(_file(home).with_name(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        told = read_told(home)
        before = told.model_dump_json()
        yield told
        if told.model_dump_json() != before:
            for half_written in _file(home).parent.glob(f".{_file(home).name}.*.part"):
                half_written.unlink()  # of a process that was killed: the lock is ours
            with replace_file(_file(home)) as temporary:
                temporary.write_text(told.model_dump_json(indent=1) + "\n", encoding="utf-8")
    finally:
        os.close(lock)


def _file(home: Path) -> Path:
    return home / "watch" / "told.json"
