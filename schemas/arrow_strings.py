"""Text columns between pandas and Arrow: one flat array out of a Series, and a Series back with its index.

Only the passage belongs here. What is done to the text belongs to the module that knows what the text means.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["byte_lengths", "fixed_width_bytes", "flat_strings", "per_distinct", "series_of"]

T = TypeVar("T")
_STR: Any = pd.StringDtype("pyarrow", na_value=np.nan)  # what dtype="str" is in pandas 3


def flat_strings(values: pd.Series) -> Any:
    """The texts as one ``pa.LargeStringArray``, whatever chunks, slices or nulls the column came with."""
    array = pa.array(values, from_pandas=True)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    return array if pa.types.is_large_string(array.type) else array.cast(pa.large_string())


def series_of(array: Any, like: pd.Series) -> pd.Series:
    """A ``str`` column of the array's texts with the index and name of ``like``; nulls are missing."""
    if len(array) == 0:
        return pd.Series([], index=like.index, name=like.name, dtype="str")
    column = _STR.__from_arrow__(array)
    return pd.Series(column, index=like.index, name=like.name, copy=False)


def byte_lengths(array: Any) -> np.ndarray:
    """Length of each text in UTF-8 bytes; 0 for nulls."""
    lengths: np.ndarray = pc.fill_null(pc.binary_length(array), 0).to_numpy(zero_copy_only=False)
    return lengths


def fixed_width_bytes(array: Any, width: int) -> np.ndarray:
    """A ``(width, len(array))`` matrix of bytes, one row per position; every text has ``width`` bytes, none is null."""
    if len(array) == 0:
        return np.empty((width, 0), dtype=np.uint8)
    _, offsets, data = array.buffers()
    start = int(np.frombuffer(offsets, dtype=np.int64)[array.offset])
    flat = np.frombuffer(data, dtype=np.uint8, count=width * len(array), offset=start)
    return np.ascontiguousarray(flat.reshape(len(array), width).T)


def per_distinct(array: Any, judge: Callable[[str], T]) -> tuple[list[T], np.ndarray]:
    """Judge each distinct text once: the answers, and for each row the position of its answer. No text is null."""
    encoded = pc.dictionary_encode(array)
    return [judge(text) for text in encoded.dictionary.to_pylist()], encoded.indices.to_numpy()
