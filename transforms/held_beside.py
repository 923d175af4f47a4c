"""What held rows would be found to be beside other rows and other lists, if they counted.

A row is held for what is wrong in itself; whoever corrects it should hear at once what stands beside it, and not in a second
letter. These findings are of the held row alone: nobody else's row is held, left out or merged otherwise for them. Whether somebody
of another number may be the same person is not asked of a held row.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from schemas.configuration import Configuration
from schemas.fields import STATED_FIELDS
from transforms.between import resolve
from transforms.columns import texts
from transforms.merge import merge
from transforms.noted import Notes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]
    Positions = NDArray[np.int64]

__all__ = ["found_in_held_rows"]

_COMPARED = [field for field in STATED_FIELDS if field not in {"id_number", "remarks"}]


def found_in_held_rows(rows: pd.DataFrame, outcome: "NDArray[np.object_]", configuration: Configuration) -> Notes:
    """Judges held rows with a valid number as if they had been admitted, after everybody else.

    Args:
        rows: all current rows of the people concerned, as ``transforms.between.resolve`` takes them.
        outcome: what each row came to there.
        configuration: sources, survivorship and rules in force.
    """
    held = rows["is_held"].to_numpy(dtype=bool) & rows["id_key"].notna().to_numpy()
    kept_out = (outcome == "held") & rows["id_key"].notna().to_numpy()
    parts = [_only(_beside_rows(rows, held), held)] if held.any() else []
    parts += [_beside_lists(rows, outcome, chosen, configuration) for chosen in _rounds(rows, kept_out)]
    return Notes.of(pd.concat(parts, ignore_index=True)) if parts else Notes()


def _beside_rows(rows: pd.DataFrame, held: "Mask") -> pd.DataFrame:
    """Findings between the held rows and those that share a number with them; held ones lose to all others."""
    at = np.flatnonzero(rows["id_key"].isin(rows.loc[held, "id_key"]).to_numpy(dtype=bool))
    some, is_late = rows.iloc[at].reset_index(drop=True), held[at]
    some = some.assign(
        is_held=False,
        stated_date=some["stated_date"].mask(is_late),
        received_run=some["received_run"].mask(is_late, -1),
        filled_count=some["filled_count"].mask(is_late, 0),
    )
    found = resolve(some, _COMPARED).notes.frame()
    return found.assign(position=at[found["position"].to_numpy()])


def _rounds(rows: pd.DataFrame, kept_out: "Mask") -> Iterator["Positions"]:
    """The rows kept out, a few times over, so that each time there is at most one of a person and source."""
    at = np.flatnonzero(kept_out)
    nth = rows.iloc[at].groupby(["id_key", "source"]).cumcount().to_numpy()
    return (at[nth == n] for n in range(int(nth.max(initial=-1)) + 1))


def _beside_lists(
    rows: pd.DataFrame, outcome: "NDArray[np.object_]", chosen: "Positions", configuration: Configuration
) -> pd.DataFrame:
    """Findings of the chosen rows beside what other lists say of their people."""
    of_them = rows["id_key"].isin(rows["id_key"].iloc[chosen]).to_numpy(dtype=bool)
    whose = texts(rows["id_key"].astype("str").to_numpy() + "/" + rows["source"].to_numpy(dtype=object))
    in_the_way = whose.isin(whose.iloc[chosen]).to_numpy(dtype=bool)
    others = np.flatnonzero(of_them & (outcome == "admitted") & ~in_the_way)
    at = np.sort(np.concatenate([others, chosen]))
    found = merge(rows.iloc[at].reset_index(drop=True), configuration).notes.frame()
    found = found.assign(position=at[found["position"].to_numpy()])
    return _only(found, np.isin(np.arange(len(rows)), chosen))


def _only(found: pd.DataFrame, rows: "Mask") -> pd.DataFrame:
    chosen: pd.DataFrame = found[rows[found["position"].to_numpy()]]
    return chosen
