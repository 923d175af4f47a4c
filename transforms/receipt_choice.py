"""Which of a person's changes a row of results means: by key, receipt, operation, run, or what it repeats; never by guess."""

import json

import numpy as np
import pandas as pd

from schemas.platform_profile import PlatformProfile
from schemas.platform_receipts import REPEATED, plain_word
from transforms.receipt_rows import id_numbers, operations

__all__ = ["chosen_changes"]


def chosen_changes(
    read: pd.DataFrame, told: pd.DataFrame, profile: PlatformProfile, run: int | None
) -> tuple[pd.Series, pd.Series]:
    """The change each row means (its place in ``told``, -1 where none or several may be meant); whether it knows whom."""
    rows = read[["person_id", "key", "receipt"]].assign(operation=operations(read["operation"], profile))
    rows["id_number"] = id_numbers(read["id_number"])
    pairs = rows.rename_axis("row").reset_index().merge(told.reset_index(), on="person_id", suffixes=("", "_told"))
    is_known = pd.Series(rows.index.isin(pairs["row"]), rows.index)
    pairs = _without_strangers(pairs)
    pairs = pairs[pairs["key"].isna() | (pairs["key"] == pairs["key_told"])]
    named = pairs["receipt"].notna() & (pairs["receipt"] == pairs["receipt_told"])
    pairs = pairs[named | ~named.groupby(pairs["row"]).transform("any")]
    pairs = pairs[pairs["operation"].isna() | (pairs["operation"] == pairs["sent_as"])]
    pairs = _as_repeated(pairs, read) if run is None else pairs
    pairs = _of_one_run(pairs, run)
    newest = pairs.sort_values("revision").groupby("row")["told"].last()
    return newest.reindex(rows.index).fillna(-1).astype(np.int64), is_known


def _without_strangers(pairs: pd.DataFrame) -> pd.DataFrame:
    """Without pairs of a row whose ID number never was the person's: a column was sorted without the others."""
    differs = pairs["id_number"].notna() & pairs["id_number_told"].notna()
    agrees = pairs["id_number"] == pairs["id_number_told"]
    stranger = differs.groupby(pairs["row"]).transform("any") & ~agrees.groupby(pairs["row"]).transform("any")
    return pairs[~stranger]


def _as_repeated(pairs: pd.DataFrame, read: pd.DataFrame) -> pd.DataFrame:
    """Of a row's changes only those that say what the row repeats, where any does; asked only of rows of several runs."""
    several = _runs(pairs).groupby(pairs["row"]).transform("nunique") > 1
    asked = pairs[several & pairs["payload"].notna()].sort_values("row", kind="stable")
    headers = [str(name).removeprefix(REPEATED) for name in read if str(name).startswith(REPEATED)]
    if asked.empty or not headers:
        return pairs
    rows = asked["row"].unique()
    cells = read.loc[rows, [f"{REPEATED}{header}" for header in headers]].astype(object)
    repeated = dict(zip(rows, cells.where(cells.notna(), "").to_numpy().tolist(), strict=True))
    told: dict[int, list[dict[str, str]]] = {}
    for row, payload in zip(asked["row"], asked["payload"], strict=True):
        told.setdefault(row, []).append(json.loads(payload))
    same = [fits for row, changes in told.items() for fits in _fitting(changes, headers, repeated[row])]
    is_told = pd.Series(pairs.index.isin(asked.index[same]), pairs.index)
    return pairs[~is_told.groupby(pairs["row"]).transform("any") | is_told]


def _fitting(changes: list[dict[str, str]], headers: list[str], cells: list[str]) -> list[bool]:
    """Which changes say what the cells say wherever the changes differ; none where they do not differ."""
    differing = {
        header: _plain_cell(cell)
        for header, cell in zip(headers, cells, strict=True)
        if len({change.get(header) for change in changes}) > 1
    }
    return [
        bool(differing) and all(_plain_cell(change.get(header, "")) == cell for header, cell in differing.items())
        for change in changes
    ]


def _of_one_run(pairs: pd.DataFrame, run: int | None) -> pd.DataFrame:
    """Pairs of the run a row is of; none of rows that may be of several."""
    runs = _runs(pairs)
    if run is not None:
        return pairs[runs == run]
    is_one: pd.Series = runs.groupby(pairs["row"]).transform("nunique") == 1
    evident = runs[is_one].unique()
    if len(evident) == 1:
        is_one = is_one | (runs == evident[0])
    return pairs.loc[is_one]


def _runs(pairs: pd.DataFrame) -> pd.Series:
    return pairs["sent_run"].astype("Int64").fillna(-1).astype(np.int64)


def _plain_cell(text: str) -> str:
    return plain_word(text).removesuffix(".0").removesuffix(".00")
