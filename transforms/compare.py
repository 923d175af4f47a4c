"""What tonight's merge changes in the registry: new, changed, restated, withdrawn."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Changes", "compare"]

_COMPARED = ("person_id", "revision", "content_hash", "row_ids", "winners", "carried", "status")


class Changes(NamedTuple):
    """Tonight's changes among the people looked at.

    ``written``: merged records to store, with ``person_id`` (0 for someone new), ``revision``, ``operation`` (``new``,
    ``changed``, ``restated``: the same content from other rows) and ``status``.
    ``withdrawn``: registry records (``person_id``, ``revision``) whom no source states any longer.
    ``unchanged_count``: people whose record and provenance stay as they were.
    """

    written: pd.DataFrame
    withdrawn: pd.DataFrame
    unchanged_count: int


def compare(merged: pd.DataFrame, registered: pd.DataFrame, disputed: "NDArray[np.int64]") -> Changes:
    """Compares merged elders with the registry's records of the same people.

    Args:
        merged: ``transforms.merge`` elders.
        registered: ``person_id id_key revision content_hash row_ids winners carried status`` of everyone looked at.
        disputed: ID keys nobody may touch until an officer has decided.
    """
    registered = registered[~registered["id_key"].isin(disputed)]
    known = registered.set_index("id_key")
    told = [name for name in _COMPARED if name in known]
    together = merged.join(known[told].add_suffix("_before"), on="id_key")
    is_known = together["person_id_before"].notna().to_numpy()
    was_active = (together["status_before"] == "active").to_numpy(dtype=bool, na_value=False)
    same = (together["content_hash"] == together["content_hash_before"]).to_numpy(dtype=bool, na_value=False)
    same_rows = _same(together, "row_ids") & _same(together, "winners") & _same(together, "carried")
    operation = np.select(
        [~is_known | ~was_active, ~same, ~same_rows], ["new", "changed", "restated"], default="unchanged"
    )
    written = merged.copy(deep=False)
    written["person_id"] = together["person_id_before"].fillna(0).to_numpy(dtype=np.int64)
    before = together["revision_before"].fillna(0).to_numpy(dtype=np.int64)
    written["revision"] = before + (operation != "restated")
    written["operation"] = operation
    written["status"] = "active"
    gone = registered[(registered["status"] == "active") & ~registered["id_key"].isin(merged["id_key"])]
    withdrawn = pd.DataFrame({"person_id": gone["person_id"], "revision": gone["revision"] + 1})
    stays = operation == "unchanged"
    return Changes(written[~stays].reset_index(drop=True), withdrawn.reset_index(drop=True), int(stays.sum()))


def _same(together: pd.DataFrame, column: str) -> "NDArray[np.bool_]":
    """Whether a column is what it was; nothing is the same as nothing."""
    if column not in together or f"{column}_before" not in together:
        return np.ones(len(together), dtype=bool)
    now, before = together[column], together[f"{column}_before"]
    equal = (now == before).to_numpy(dtype=bool, na_value=False)
    return np.asarray(equal | (now.isna() & before.isna()).to_numpy(dtype=bool), dtype=bool)
