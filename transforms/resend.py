"""Which rows of a re-sent list are the ones we hold already, so that a night costs what changed and not what came."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Positions = NDArray[np.int64]

__all__ = ["Resent", "match_rows"]

# Odd, so that multiplying by it is a bijection of the 64-bit integers: equal rows get different keys by their turn.
_TURN = np.uint64(0x9E3779B97F4A7C15)


class Resent(NamedTuple):
    """Places in the old and the new table: ``kept_old[i]`` is the same row as ``kept_new[i]``.

    ``len(kept_old) + len(ended) == len(old)`` and ``len(kept_new) + len(added) == len(new)``.
    """

    kept_old: "Positions"
    kept_new: "Positions"
    ended: "Positions"
    added: "Positions"


def match_rows(old: "NDArray[np.int64]", new: "NDArray[np.int64]") -> Resent:
    """Matches two lists of row hashes as multisets: a row sent twice matches twice.

    >>> match_rows(np.array([7, 8, 8]), np.array([8, 9, 7])).added.tolist()
    [1]
    """
    old_keys, new_keys = _with_turns(old), _with_turns(new)
    order = np.argsort(old_keys, kind="stable")
    places = np.searchsorted(old_keys[order], new_keys)
    places[places == len(order)] = 0
    same = np.zeros(len(new), dtype=bool) if not len(order) else old_keys[order][places] == new_keys
    kept_new = np.flatnonzero(same)
    kept_old = order[places[kept_new]] if len(order) else kept_new
    ended = np.ones(len(old), dtype=bool)
    ended[kept_old] = False
    return Resent(kept_old, kept_new, np.flatnonzero(ended), np.flatnonzero(~same))


def _with_turns(hashes: "NDArray[np.int64]") -> "NDArray[np.uint64]":
    """Each hash combined with how many equal ones stand before it."""
    order = np.argsort(hashes, kind="stable")
    ranked = hashes[order]
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]]) if len(ranked) else np.zeros(0, dtype=np.int64)
    turn = np.arange(len(ranked)) - np.repeat(starts, np.diff(np.r_[starts, len(ranked)]))
    keys = np.empty(len(ranked), dtype=np.uint64)
    keys[order] = ranked.view(np.uint64) + turn.astype(np.uint64) * _TURN
    return keys
