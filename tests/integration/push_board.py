"""A board that outlives whoever writes on it: the time of day everybody goes by, and what a process was at when it was killed."""

import mmap
import struct
import time
from datetime import UTC, datetime
from pathlib import Path

__all__ = ["PHASES", "Board"]

PHASES = (
    "starting", "committing", "planning", "claiming", "claimed", "in the call", "answered", "settling",
)  # fmt: skip
"""What a sender can be at, in the order it comes to it."""

_LAYOUT = struct.Struct("=dBI")  # seconds ahead of the machine's clock, phase, points passed


class Board:
    """A file in shared memory. Every process that opens it sees what the others write, at once."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(_LAYOUT.size))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), _LAYOUT.size)

    def unix(self) -> float:
        """The time of day, as Unix seconds."""
        return time.time() + float(_LAYOUT.unpack_from(self._memory)[0])

    def now(self) -> datetime:
        """The time of day."""
        return datetime.fromtimestamp(self.unix(), UTC)

    def pass_time(self, seconds: float) -> None:
        """Lets time pass without waiting for it."""
        struct.pack_into("=d", self._memory, 0, _LAYOUT.unpack_from(self._memory)[0] + seconds)

    @property
    def phase(self) -> str:
        return PHASES[self._memory[8]]

    @phase.setter
    def phase(self, phase: str) -> None:
        self._memory[8] = PHASES.index(phase)

    @property
    def points(self) -> int:
        """How many points at which a process may be killed the latest one has passed."""
        return int(_LAYOUT.unpack_from(self._memory)[2])

    @points.setter
    def points(self, points: int) -> None:
        struct.pack_into("=I", self._memory, 9, points)
