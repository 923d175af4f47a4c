"""Cleaning of cell texts: what is certain is done in silence (blanks, full-width forms), nothing is guessed."""

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from transforms.columns import texts, to_arrow

__all__ = ["clean_column", "clean_text"]

# Bytes that make a text worth a closer look: control characters, and the first bytes of UTF-8 sequences in which
# anything begins that NFKC changes, that combines or cannot be seen. Han, Hangul and plain ASCII are none of these.
_UNUSUAL = np.zeros(256, dtype=bool)
_UNUSUAL[:0x20] = True
_UNUSUAL[0x7F] = True
_UNUSUAL[0xC2:0xE4] = True
_UNUSUAL[[0xEA, 0xEE, 0xEF]] = True
_UNUSUAL[0xF0:0xF5] = True

_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\u00ad]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_BLANKS = re.compile(r"\s+")


def clean_text(text: str) -> str | None:
    r"""The text without invisible characters, in NFKC, with single blanks; ``None`` where nothing is left.

    >>> clean_text("\u3000扶大镇　三葵村\u200b\n")
    '扶大镇 三葵村'
    >>> clean_text("  ") is None
    True
    """
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)))
    return _BLANKS.sub(" ", _CONTROL.sub(" ", text)).strip() or None


def clean_column(values: pd.Series) -> pd.Series:
    """:func:`clean_text` over a column; only rows with unusual bytes or blanks at an end go through Python."""
    array = to_arrow(values)
    unusual = np.flatnonzero(_needs_cleaning(array))
    if not len(unusual):
        return texts(array)
    cleaned = [None if text is None else clean_text(text) for text in array.take(pa.array(unusual)).to_pylist()]
    return texts(_replace(array, unusual, cleaned))


def _needs_cleaning(array: pa.Array) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    if not len(array):
        return np.zeros(0, dtype=bool)
    _, offset_buffer, data_buffer = array.buffers()
    offsets = np.frombuffer(offset_buffer, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
    if data_buffer is None or offsets[-1] == offsets[0]:
        return np.asarray(array.is_valid().to_numpy(zero_copy_only=False))
    data = np.frombuffer(data_buffer, dtype=np.uint8)[: offsets[-1]]
    marks = np.flatnonzero(_UNUSUAL[data[offsets[0] :]]) + offsets[0]
    needs = np.zeros(len(array), dtype=bool)
    needs[np.searchsorted(offsets, marks, side="right") - 1] = True
    starts, ends = offsets[:-1], offsets[1:]
    empty = starts == ends
    first = data[np.minimum(starts, len(data) - 1)]
    last = data[np.maximum(ends - 1, 0)]
    needs |= empty | (first == 0x20) | (last == 0x20)
    # Runs of blanks inside a text.
    blanks = np.flatnonzero((data[offsets[0] : -1] == 0x20) & (data[offsets[0] + 1 :] == 0x20)) + offsets[0]
    needs[np.searchsorted(offsets, blanks, side="right") - 1] = True
    needs &= np.asarray(array.is_valid().to_numpy(zero_copy_only=False), dtype=bool)
    return needs


def _replace(
    array: pa.Array, positions: "np.ndarray[tuple[int], np.dtype[np.int64]]", values: Sequence[str | None]
) -> pa.Array:
    """``array`` with other values at some positions."""
    order = np.arange(len(array))
    order[positions] = len(array) + np.arange(len(positions))
    return pa.concat_arrays([array, pa.array(values, pa.large_string())]).take(pa.array(order))


def replace_at(
    values: pd.Series, positions: "np.ndarray[tuple[int], np.dtype[np.int64]]", new: Sequence[str | None]
) -> pd.Series:
    """A column with other values at some positions."""
    return texts(_replace(to_arrow(values), positions, new)) if len(positions) else values
