"""The rows a record rests on: which of them are needed again, and how it is written down which values were kept from them.

``elder.row_ids`` names a record's rows as a PostgreSQL array; ``elder.carried`` is a JSON text that says of a source (by its
letter) and a field from which still earlier row of that source the value was kept: ``{"a.phone": 17}``.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from transforms.columns import text_scalar, texts, to_arrow

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["carried_texts", "earlier_row_ids", "read_carried", "rested_on"]

_ENTRY = r'"[^".]*\.(?P<field>\w+)": (?P<row_id>\d+)'
_NOTHING = text_scalar("")


def earlier_row_ids(rows: pd.DataFrame, registered: pd.DataFrame) -> "NDArray[np.int64]":
    """The rows that must be fetched for :func:`stand_ins` and :func:`keep_values`: those the records rest on and that are not at hand.

    Args:
        rows: the rows in force of some people.
        registered: ``id_key row_ids carried status`` of their records.
    """
    ids = np.r_[rested_on(registered)["row_id"].to_numpy(), read_carried(registered)["row_id"].to_numpy()]
    return np.setdiff1d(ids.astype(np.int64), rows["row_id"].to_numpy(dtype=np.int64))


def rested_on(registered: pd.DataFrame) -> pd.DataFrame:
    """The rows that records of active people rest on: ``id_key row_id``."""
    active = _active(registered)
    lists = pc.split_pattern(pc.utf8_trim(to_arrow(active["row_ids"]), "{}"), ",")
    ids = lists.flatten()
    is_row = pc.and_(pc.not_equal(ids, "NULL"), pc.not_equal(ids, ""))
    return pd.DataFrame(
        {
            "id_key": active["id_key"].to_numpy(dtype=np.int64)[
                pc.list_parent_indices(lists).filter(is_row).to_numpy()
            ],
            "row_id": ids.filter(is_row).cast(pa.int64()).to_numpy(),
        }
    )


def read_carried(registered: pd.DataFrame) -> pd.DataFrame:
    """What was kept in records of active people: ``id_key field row_id``; the row says of which source it is."""
    active = _active(registered)
    if "carried" not in active:
        return pd.DataFrame({"id_key": np.zeros(0, np.int64), "field": texts([]), "row_id": np.zeros(0, np.int64)})
    active = active[active["carried"].notna()]
    lists = pc.split_pattern(to_arrow(active["carried"]), ", ")
    entries = pc.extract_regex(lists.flatten(), _ENTRY)
    return pd.DataFrame(
        {
            "id_key": active["id_key"].to_numpy(dtype=np.int64)[pc.list_parent_indices(lists).to_numpy()],
            "field": texts(pc.struct_field(entries, "field")),
            "row_id": pc.struct_field(entries, "row_id").cast(pa.int64()).to_numpy(zero_copy_only=False),
        }
    )


def carried_texts(kept: pd.DataFrame) -> pd.DataFrame:
    """``id_key carried`` of kept values ``id_key letter field row_id``, each person's in the order of letters and fields."""
    ordered = kept.sort_values(["id_key", "letter", "field"], ignore_index=True)
    parts = [text_scalar('"'), to_arrow(ordered["letter"]), text_scalar("."), to_arrow(ordered["field"]), text_scalar('": '),
             pa.array(ordered["row_id"].to_numpy(dtype=np.int64)).cast(pa.large_string())]  # fmt: skip
    entries = pc.binary_join_element_wise(*parts, _NOTHING)
    keys, counts = np.unique(ordered["id_key"].to_numpy(dtype=np.int64), return_counts=True)
    offsets = pa.array(np.r_[0, np.cumsum(counts)], pa.int64())
    joined = pc.binary_join(pa.LargeListArray.from_arrays(offsets, entries), text_scalar(", "))
    return pd.DataFrame(
        {
            "id_key": keys,
            "carried": texts(pc.binary_join_element_wise(text_scalar("{"), joined, text_scalar("}"), _NOTHING)),
        }
    )


def _active(registered: pd.DataFrame) -> pd.DataFrame:
    # Whom no source stated for a while has nothing left that could be kept.
    return registered[(registered["status"] == "active").to_numpy(dtype=bool, na_value=False)]
