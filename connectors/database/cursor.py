"""Where an incremental pull goes on, so that a row is neither lost nor delivered twice.

A row is stamped before it is committed. A pull therefore begins a while before the newest stamp seen, and leaves out the rows
it met there before, known by their fingerprints. Where these are too many to remember, the rows are delivered again:
the registry recognises what did not change.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from connectors.database.text import BEIJING

__all__ = ["Cursor", "CursorUnusable", "Window"]

_Hashes = npt.NDArray[np.int64]

_MOST_REMEMBERED = 5000


class CursorUnusable(Exception):
    """A cursor column by whose values no pull can go on; the message says why, without a value."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a source has been pulled.

    Attributes:
        of: digest of what was pulled: another database, view, column or order of columns begins anew.
        last: the newest stamp seen, never later than the pull itself; None before the first row.
        seen: fingerprints of the rows that the next pull meets again.
    """

    of: str
    last: Any = None
    seen: _Hashes = field(default_factory=lambda: np.zeros(0, np.int64))

    @classmethod
    def begun(cls, *what: object) -> Self:
        """Before the first pull."""
        return cls(hashlib.sha256(json.dumps(what).encode()).hexdigest()[:16])

    def following(self, position: Mapping[str, object]) -> Self:
        """Where the last pull of the same columns ended; the beginning, where there was none."""
        if position.get("of") != self.of:
            return self
        stamp = position["cursor"]
        last = None if stamp is None else _KINDS[str(position["kind"])](str(stamp))
        return replace(self, last=last, seen=np.frombuffer(base64.b64decode(str(position["seen"])), "<i8"))

    def position(self) -> dict[str, object]:
        """As JSON; fingerprints are hashes of rows and name nobody."""
        last = self.last.isoformat() if isinstance(self.last, date) else self.last
        return {
            "of": self.of,
            "cursor": None if last is None else str(last),
            "kind": None if last is None else _kind(self.last),
            "seen": base64.b64encode(self.seen.astype("<i8").tobytes()).decode(),
        }

    def floor(self, lag: timedelta) -> Any:
        """The stamp to begin at; None for the very first."""
        return _before(self.last, lag)


@dataclass(slots=True)
class Window:
    """The rows at the end of a pull, which the next one meets again; only their fingerprints are kept."""

    cursor: Cursor
    lag: timedelta
    now: datetime
    _parts: list[tuple[pa.Array, _Hashes]] = field(default_factory=list)

    def new_rows(self, stamps: Sequence[Any], hashes: _Hashes) -> npt.NDArray[np.bool_]:
        """Which rows of a chunk were not delivered before; chunks come in the order of their stamps.

        Raises:
            CursorUnusable: stamps are of several kinds, or of one no pull can go on by.
        """
        is_new: npt.NDArray[np.bool_] = ~np.isin(hashes, self.cursor.seen)
        self._move_to(stamps)
        self._parts.append((pa.array(stamps), hashes))
        self._parts = [part for part in map(self._end_of, self._parts) if len(part[0])]
        return is_new

    def end(self) -> Cursor:
        """The cursor for the next pull."""
        seen = np.unique(np.concatenate([hashes for _, hashes in self._parts] or [self.cursor.seen]))
        return replace(self.cursor, seen=seen if len(seen) <= _MOST_REMEMBERED else seen[:0])

    def _move_to(self, stamps: Sequence[Any]) -> None:
        kinds = {_kind(stamp) for stamp in stamps if stamp is not None}
        if not kinds:
            return
        if self.cursor.last is not None:
            kinds.add(_kind(self.cursor.last))
        if len(kinds) > 1:
            raise CursorUnusable("holds stamps of several kinds")
        newest = next(stamp for stamp in reversed(stamps) if stamp is not None)
        if not isinstance(newest, date) and self.lag:
            raise CursorUnusable("is no time, so lag_minutes must be 0")
        if isinstance(newest, date):  # a clock that is wrong there must not hide what happens before it is right
            newest = min(newest, _as(self.now, newest))
            newest = newest if self.cursor.last is None else max(newest, self.cursor.last)
        self.cursor = replace(self.cursor, last=newest)

    def _end_of(self, part: tuple[pa.Array, _Hashes]) -> tuple[pa.Array, _Hashes]:
        stamps, hashes = part
        floor = _before(self.cursor.last, self.lag)
        if floor is None or isinstance(stamps, pa.NullArray):
            return part
        # Texts are in the database's order, which is not ours.
        compare = pc.equal if isinstance(floor, str) else pc.greater_equal
        meets = pc.fill_null(compare(stamps, pa.scalar(floor, stamps.type)), True)  # noqa: FBT003 - an Arrow value
        return stamps.filter(meets), hashes[np.asarray(meets)]


def _kind(stamp: Any) -> str:
    """What sort of stamp it is, by which it is read back."""
    if isinstance(stamp, datetime):
        return "instant" if stamp.tzinfo else "datetime"
    kind = type(stamp).__name__
    if kind not in _KINDS:
        raise CursorUnusable(f"holds values no pull can go on by ({kind})")
    return kind


_KINDS: Mapping[str, Callable[[str], Any]] = {
    "instant": datetime.fromisoformat, "datetime": datetime.fromisoformat, "date": date.fromisoformat, "int": int,
    "Decimal": Decimal, "str": str,
}  # fmt: skip


def _before(stamp: Any, lag: timedelta) -> Any:
    if isinstance(stamp, datetime):
        return stamp - lag
    if isinstance(stamp, date):
        return (datetime.combine(stamp, datetime.min.time()) - lag).date()
    return stamp


def _as(now: datetime, like: date) -> date:
    """The present in the form of a stamp; stamps without a zone are in Beijing's time."""
    if not isinstance(like, datetime):
        return now.astimezone(BEIJING).date()
    return now if like.tzinfo else now.astimezone(BEIJING).replace(tzinfo=None)
