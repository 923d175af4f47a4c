"""Questions about columns that merging asks again and again, answered as masks."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from transforms.columns import texts, to_arrow

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

__all__ = ["contains", "is_in", "keyed", "take"]


def is_in(values: pd.Series, codes: Sequence[str]) -> "Mask":
    """Which rows have one of some codes; a missing value is none of them."""
    found = pc.is_in(to_arrow(values), pa.array(list(codes), pa.large_string()), skip_nulls=True)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=bool)


def contains(values: pd.Series, category: str) -> "Mask":
    """Which rows name a category among those joined by ``|``."""
    found = pc.fill_null(pc.match_substring(to_arrow(values), category), False)  # noqa: FBT003
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=bool)


def take(values: pd.Series, positions: "NDArray[np.int64]") -> pd.Series:
    """The values at some places, missing where the place is negative."""
    return texts(to_arrow(values).take(pa.array(positions, mask=positions < 0)))


def keyed(id_keys: "pd.Series | NDArray[np.int64]", sources: pd.Series) -> pd.MultiIndex:
    """Person and source of each row, to look rows up by."""
    keys = np.asarray(pd.Series(id_keys).to_numpy(dtype=np.int64, na_value=-1))
    return pd.MultiIndex.from_arrays([keys, np.asarray(sources, dtype=object)])
