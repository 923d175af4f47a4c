"""Rows that go on standing for their source while what came in their place is held.

A held row replaces nothing: until it is corrected or gone, the row the registry's record rests on stands in for it.
"""

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from transforms.columns import to_arrow
from transforms.merging.earlier_rows import rested_on
from transforms.merging.masks import keyed

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["stand_ins"]


def stand_ins(
    rows: pd.DataFrame,
    outcome: "NDArray[np.object_]",
    before_rows: pd.DataFrame,
    registered: pd.DataFrame,
    held_candidates: pd.DataFrame,
    disputed: "NDArray[np.int64]",
    *,
    minimum_age: int,
    today: date,
) -> pd.DataFrame:
    """The earlier rows to merge beside the admitted ones, with ``is_stand_in``.

    One stands in where its source has no admitted row of the person, but a held one: under the person's number, or under a
    damaged number that may be the person's. The same statement judged otherwise today does not stand in for itself (then
    our rules have decided, not the sender's mistake), nor does anybody's who is too young by them.

    Args:
        rows: all rows in force of some people, with ``is_held``.
        outcome: what each came to, ``transforms.between``.
        before_rows: rows named by :func:`~transforms.merging.earlier_rows.earlier_row_ids`, and the rows in force.
        registered: ``id_key row_ids carried status`` of these people's records.
        held_candidates: ``source id_key`` of damaged rows in question and whose they may be.
        disputed: people nobody may touch; their records stay as they are anyway.
        minimum_age: the youngest age of an elder.
        today: the business date.
    """
    place = pd.Index(before_rows["row_id"].to_numpy(dtype=np.int64))
    named = rested_on(registered)
    position = place.get_indexer(pd.Index(named["row_id"].to_numpy(dtype=np.int64)))
    named, position = named[position >= 0], position[position >= 0]
    before = before_rows.iloc[position].reset_index(drop=True)
    before["id_key"] = pd.array(named["id_key"].to_numpy(dtype=np.int64), dtype="Int64")
    there = keyed(before["id_key"], before["source"])
    admitted = (outcome == "admitted") & rows["id_key"].notna().to_numpy()
    held = rows["is_held"].to_numpy(dtype=bool) & rows["id_key"].notna().to_numpy()
    here = keyed(rows["id_key"], rows["source"])
    in_question = there.isin(here[held]) | there.isin(keyed(held_candidates["id_key"], held_candidates["source"]))
    same = _same_statement(before, rows[held])
    born_by = f"{today.year - minimum_age:04d}-{today:%m-%d}"
    too_young = (before["birth_date"] > born_by).to_numpy(dtype=bool, na_value=False)
    chosen = in_question & ~there.isin(here[admitted]) & ~same & ~too_young
    chosen &= ~before["id_key"].isin(disputed).to_numpy(dtype=bool)
    standing: pd.DataFrame = before[chosen].reset_index(drop=True)
    return standing.assign(is_held=False, outcome="admitted", is_stand_in=True)


def _same_statement(before: pd.DataFrame, held: pd.DataFrame) -> "NDArray[np.bool_]":
    """Earlier rows whose very cells are held now."""
    columns = ["source", "row_hash", "id_key"]
    mine, theirs = (
        pd.MultiIndex.from_arrays(
            [
                to_arrow(frame["source"]).to_pandas(),
                frame["row_hash"].to_numpy(dtype=np.int64),
                frame["id_key"].to_numpy(dtype=np.int64),
            ],
            names=columns,
        )
        for frame in (before, held)
    )
    return np.asarray(mine.isin(theirs), dtype=bool)
