"""Columns as the transforms use them: Arrow underneath, pandas ``str`` on top, Python only over distinct values."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["days", "hash_texts", "is_filled", "join_texts", "map_distinct", "text_scalar", "texts", "to_arrow"]

STR = pd.StringDtype("pyarrow", na_value=np.nan)
UNIT_SEPARATOR = "\x1f"


def to_arrow(values: pd.Series) -> pa.Array:
    """The column as one Arrow ``large_string`` array, without copying where it is one already."""
    array = (
        values.array.__arrow_array__()
        if isinstance(values.dtype, pd.StringDtype)
        else pa.array(values, pa.large_string())
    )
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks() if array.num_chunks != 1 else array.chunk(0)
    return array if array.type == pa.large_string() else array.cast(pa.large_string())


def texts(array: pa.Array | Sequence[str | None]) -> pd.Series:
    """An Arrow (or Python) column as a pandas ``str`` series with a plain range index."""
    if not isinstance(array, pa.Array | pa.ChunkedArray):
        array = pa.array(array, pa.large_string())
    if array.type != pa.large_string():
        array = array.cast(pa.large_string())
    return pd.Series(pd.array(array, dtype=STR), copy=False)


def is_filled(values: pd.Series) -> "NDArray[np.bool_]":
    """Which rows have a value."""
    return np.asarray(to_arrow(values).is_valid().to_numpy(zero_copy_only=False), dtype=bool)


def map_distinct(values: pd.Series, function: Callable[[str], Any]) -> tuple["NDArray[np.int64]", list[Any]]:
    """Applies ``function`` once to each distinct value.

    Returns:
        For each row the place of its result in the list, -1 where the row has no value; and the list of results.
    """
    encoded = to_arrow(values).dictionary_encode()
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes, [function(value) for value in encoded.dictionary.to_pylist()]


def take_distinct(codes: "NDArray[np.int64]", results: Sequence[str | None]) -> pd.Series:
    """The rows' results of :func:`map_distinct` as a ``str`` column."""
    return texts(pa.array(results, pa.large_string()).take(pa.array(codes, mask=codes < 0)))


def text_scalar(text: str) -> pa.Scalar:
    """A constant of the columns' type, for joining with them."""
    return pa.scalar(text, pa.large_string())


def join_texts(columns: Sequence[pd.Series | pa.Array]) -> pa.Array:
    """Rows joined over columns with the unit separator; a missing value differs from an empty one."""
    arrays = [
        pc.fill_null(to_arrow(column) if isinstance(column, pd.Series) else column.cast(pa.large_string()), "\x00")
        for column in columns
    ]
    return pc.binary_join_element_wise(*arrays, text_scalar(UNIT_SEPARATOR))


def hash_texts(values: pa.Array) -> "NDArray[np.int64]":
    """A 64-bit hash of each text (SipHash with pandas' fixed key): stable over processes and machines.

    Two different texts among n share a hash with a chance of about n² / 2⁶⁵: 3e-8 for a million rows.
    """
    hashed = pd.util.hash_array(values.to_numpy(zero_copy_only=False).astype(object), categorize=False)
    return np.asarray(hashed).view(np.int64)


def days(values: pd.Series) -> "NDArray[np.datetime64]":
    """ISO date texts as days, NaT where missing."""
    parsed = pc.cast(to_arrow(values), pa.date32())
    return np.asarray(parsed.to_numpy(zero_copy_only=False), dtype="datetime64[D]")


def iso_dates(values: "NDArray[np.datetime64]") -> pd.Series:
    """Days as ISO date texts, missing where NaT."""
    return texts(pa.array(values.astype("datetime64[D]")).cast(pa.large_string()))
