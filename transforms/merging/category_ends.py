"""Why statements of categories hold no longer, and since which day as far as that is known."""

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from schemas.categories import CategoryEnd, Evidence
from transforms.columns import texts
from transforms.merging.masks import contains, is_in, keyed, take

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

__all__ = ["STANDING_COLUMNS", "category_ends"]

STANDING_COLUMNS = ("id_key", "category", "source", "evidence", "row_id", "from_date", "row_hash")


def category_ends(
    standing: pd.DataFrame,
    stated: pd.DataFrame,
    rows: pd.DataFrame,
    held: pd.DataFrame,
    elders: pd.DataFrame,
    ended: "NDArray[np.int64]",
    *,
    today: date,
) -> pd.DataFrame:
    """What ends of the statements that stood: ``id_key category source end_reason to_date``.

    Args:
        standing: ``STANDING_COLUMNS`` of these people's statements that stand; ``row_hash`` of the row each rests on.
        stated: what the merge says is stated now (``Merged.categories``).
        rows: the rows that were merged, with those that stand in.
        held: rows in force that are held.
        elders: the merged records; ``id_key certificate_status`` are looked at.
        ended: people who leave the registry for a state of their own (``LifeStates.ended``).
        today: the day they end where nothing tells it better.

    Returns:
        Statements that are gone. One that goes on with another row or evidence is ``replaced`` and has no day: nothing
        ended then but our record of it, unless the newer row is dated later.
    """
    now = pd.MultiIndex.from_frame(stated[["id_key", "category", "source"]])
    goes_on = now.get_indexer(pd.MultiIndex.from_frame(standing[["id_key", "category", "source"]]))
    same = goes_on >= 0
    for column in ("evidence", "row_id"):
        told = np.r_[stated[column].to_numpy(dtype=object), np.array([None], dtype=object)]
        same &= (told[goes_on] == standing[column].to_numpy(dtype=object)).astype(bool)
    over = standing[~same].reset_index(drop=True)
    replaced = goes_on[~same] >= 0
    here = keyed(over["id_key"], over["source"])
    at = keyed(rows["id_key"], rows["source"]).get_indexer(here)
    reason = _reasons(over, rows, at, here.isin(keyed(held["id_key"], held["source"])), elders)
    reason[over["id_key"].isin(ended).to_numpy(dtype=bool)] = CategoryEnd.PERSON_WITHDRAWN
    reason[replaced] = CategoryEnd.REPLACED
    newer = take(rows["stated_date"], at)
    later = (newer > over["from_date"].astype("str")).to_numpy(dtype=bool, na_value=False)
    later = later & (newer <= today.isoformat()).to_numpy(dtype=bool, na_value=False)
    otherwise = texts([None if goes else today.isoformat() for goes in (True, False)])
    to_date = newer.where(later, take(otherwise, np.where(replaced, 0, 1)))
    ends = over[["id_key", "category", "source"]].assign(end_reason=texts(reason.astype(str)), to_date=to_date)
    return ends.reset_index(drop=True)


def _reasons(
    over: pd.DataFrame, rows: pd.DataFrame, at: "NDArray[np.int64]", is_held: "Mask", elders: pd.DataFrame
) -> "NDArray[np.object_]":
    """Why each statement is made no longer, by what its source's row says now."""
    listed = at >= 0
    hashes = np.append(rows["row_hash"].to_numpy(dtype=np.int64), 0)[at]
    same_cells = listed & (hashes == over["row_hash"].to_numpy(dtype=np.int64, na_value=0))
    by_certificate = is_in(over["evidence"], (Evidence.CERTIFICATE,))
    by_assessment = is_in(over["evidence"], (Evidence.ASSESSMENT,))
    by_list = is_in(over["evidence"], (Evidence.LIST,))
    by_tick = is_in(over["evidence"], (Evidence.SURVEY_TICK,))
    of_row = is_in(take(rows["certificate_status"], at), ("cancelled",))
    person = pd.Index(elders["id_key"].to_numpy(dtype=np.int64)).get_indexer(pd.Index(over["id_key"]))
    of_person = is_in(take(elders["certificate_status"], person), ("cancelled",))
    ticks = np.zeros(len(over), dtype=bool)
    for category in over["category"].unique():
        is_one = (over["category"] == category).to_numpy(dtype=bool)
        ticks |= is_one & contains(take(rows["categories"], at), str(category))
    levelled = is_in(over["category"], ("incapacitated",)) & (by_assessment | by_list)
    reasons = np.select(
        [
            ~listed & is_held, ~listed, by_certificate & of_row, by_tick & ticks & of_person, by_tick & ~ticks,
            same_cells & ~by_tick, levelled, by_certificate | by_tick,
        ],
        [
            CategoryEnd.ROW_HELD, CategoryEnd.NO_LONGER_LISTED, CategoryEnd.CERTIFICATE_CANCELLED,
            CategoryEnd.CERTIFICATE_CANCELLED, CategoryEnd.UNTICKED, CategoryEnd.RULES_CHANGED,
            CategoryEnd.ASSESSMENT_SAYS_ABLE, CategoryEnd.LEVEL_CHANGED,
        ],
        default=CategoryEnd.RULES_CHANGED,
    )  # fmt: skip
    return np.asarray(reasons, dtype=object)
