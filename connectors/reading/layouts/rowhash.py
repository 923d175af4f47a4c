"""A 64-bit fingerprint of a record's cells, without a Python loop over rows.

Each cell is hashed eight bytes at a time (the finaliser of MurmurHash3, by A. Appleby, between words), then mixed with
a number made from its field's name; a row is the sum of its cells. So neither the order of columns, nor fields that
are empty, nor the format a list came in make a difference. It recognises a record that did not change; it is no
protection against somebody who wants two records to look alike. Two different records agree by chance once in
2**64: among a million different records a coincidence anywhere has odds of 1 in 37 million.
"""

import hashlib
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

__all__ = ["row_hashes"]

_Words = npt.NDArray[np.uint64]

_WORD = 8
_M1, _M2 = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)
_SHIFT = np.uint64(33)
_KEPT_BYTES = np.array([(1 << (8 * kept)) - 1 for kept in range(_WORD)] + [2**64 - 1], dtype=np.uint64)


def row_hashes(
    fields: Mapping[str, pa.Array],
    stored_as_number: Mapping[str, pa.Array],
    rows: int,
    *,
    dates_from_1904: bool = False,
) -> pa.Array:
    """One int64 per row, from the text of its cells and whether each was stored as a number.

    Args:
        fields: ``large_string`` columns by field; null cells count for nothing.
        stored_as_number: boolean columns for the fields that have any such cell.
        rows: how many rows there are.
        dates_from_1904: whether numbers may be days since 1904: the same number is another date then.
    """
    as_number = _salt("stored as number, 1904" if dates_from_1904 else "stored as number")
    total = np.zeros(rows, dtype=np.uint64)
    for field, cells in fields.items():
        if cells.null_count == rows:
            continue
        hashes = _mixed(_cell_hashes(cells) ^ _salt(field))
        if field in stored_as_number:
            numeric = stored_as_number[field].to_numpy(zero_copy_only=False).astype(bool)
            hashes[numeric] = _mixed(hashes[numeric] ^ as_number)
        if cells.null_count:
            hashes[cells.is_null().to_numpy(zero_copy_only=False)] = 0
        total += hashes
    return pa.array(_mixed(total).view(np.int64))


def _salt(name: str) -> np.uint64:
    return np.uint64(int.from_bytes(hashlib.blake2b(name.encode(), digest_size=_WORD).digest(), "little"))


def _mixed(words: _Words) -> _Words:
    words = words ^ (words >> _SHIFT)
    words *= _M1
    words ^= words >> _SHIFT
    words *= _M2
    words ^= words >> _SHIFT
    return words


def _cell_hashes(cells: pa.LargeStringArray) -> _Words:
    """A hash of each cell's bytes; those of null cells mean nothing."""
    _, offsets_buffer, data = cells.buffers()
    offsets = np.frombuffer(offsets_buffer, dtype=np.int64)[cells.offset : cells.offset + len(cells) + 1]
    first, last = int(offsets[0]), int(offsets[-1])
    padded = np.zeros(last - first + _WORD, dtype=np.uint8)  # so that the last cell can be read by whole words
    if last > first:
        padded[: last - first] = np.frombuffer(data, dtype=np.uint8)[first:last]
    words = np.ndarray(shape=(len(padded) - _WORD + 1,), dtype="<u8", buffer=padded, strides=(1,))
    starts, lengths = offsets[:-1] - first, np.diff(offsets)
    hashes = _mixed(lengths.astype(np.uint64) + np.uint64(1))
    longer = np.flatnonzero(lengths > 0)
    done = 0
    while len(longer):
        left = lengths[longer] - done
        word = words[starts[longer] + done] & _KEPT_BYTES[np.minimum(left, _WORD)]
        hashes[longer] = _mixed(hashes[longer] ^ word)
        done += _WORD
        longer = longer[left > _WORD]
    return hashes
