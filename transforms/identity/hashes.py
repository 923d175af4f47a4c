"""64-bit keys of integers, the same over processes and machines; 0 stands for nothing."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Keys = NDArray[np.uint64]

__all__ = ["hashed", "hashed_runs"]

_ODD = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31 = np.uint64(30), np.uint64(27), np.uint64(31)
_BASE = 0x100000001B3 | 1


def hashed(*parts: "NDArray[np.generic]") -> "Keys":
    """One key for each row of some columns of integers (splitmix64); never 0.

    Two of n different rows share a key with a chance of about n² / 2⁶⁵.
    """
    key = np.full(parts[0].shape, len(parts), dtype=np.uint64)
    for part in parts:
        key = _mix(key ^ _bits(part))
    return np.maximum(key, np.uint64(1))


def hashed_runs(values: "NDArray[np.uint32]", offsets: "NDArray[np.int64]") -> "Keys":
    """One key for each run of values, in their order; 0 for an empty run."""
    length = np.diff(offsets)
    place = np.arange(len(values)) - np.repeat(offsets[:-1], length)
    powers = np.cumprod(np.full(max(int(length.max(initial=0)), 1), _BASE, dtype=np.uint64))
    spread = np.zeros(len(values) + 1, dtype=np.uint64)
    np.cumsum(_mix(values.astype(np.uint64)) * powers[place], out=spread[1:])
    keys = hashed(spread[offsets[1:]] - spread[offsets[:-1]], length)
    keys[length == 0] = 0
    return keys


def _bits(part: "NDArray[np.generic]") -> "Keys":
    return np.asarray(part if part.dtype == np.uint64 else part.astype(np.int64).view(np.uint64), dtype=np.uint64)


def _mix(key: "Keys") -> "Keys":
    key = key + _ODD
    key = (key ^ (key >> _S30)) * _FIRST
    key = (key ^ (key >> _S27)) * _SECOND
    mixed: Keys = key ^ (key >> _S31)
    return mixed
