"""What an officer would have to be asked about a population's rows: the true problems, by kind.

A pair is one person stated under two good numbers; a damaged row is one without a good number whose person others state under
one; a shared number is one under which two people stand. A number borne by one person under names that cannot be one name's
has to be asked about too, since no list tells it from a shared one: it is counted as a shared number with a kind of its own.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pypinyin import lazy_pinyin

from bench.identity_statements import NAME_ERRORS, Stated

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["KINDS", "Problems", "problems_of"]

KINDS = ("two numbers", "damaged number", "number of two people", "number of two names")

_OTHER = [NAME_ERRORS.index("other_name"), NAME_ERRORS.index("other_character")]


@dataclass(frozen=True, slots=True, repr=False)
class Problems:
    """The true problems of a population, and whose each good number is in truth."""

    pairs: pd.DataFrame  # one, other (keys, one < other), person
    damaged: pd.DataFrame  # row (position), person
    numbers: pd.DataFrame  # id_key, kind
    holders: pd.DataFrame  # id_key, person, rows: who stands under each number
    alone: int  # damaged rows of people whom nobody states under a good number

    def counts(self) -> dict[str, int]:
        kinds = self.numbers["kind"].value_counts()
        return {
            KINDS[0]: len(self.pairs), KINDS[1]: len(self.damaged), KINDS[2]: int(kinds.get(KINDS[2], 0)),
            KINDS[3]: int(kinds.get(KINDS[3], 0)),
        }  # fmt: skip


def problems_of(stated: Stated) -> Problems:
    """The true problems; rows held for their age count under their number."""
    rows, truth = stated.rows, stated.truth
    has_key = rows["id_key"].notna().to_numpy()
    known = pd.DataFrame(
        {
            "id_key": rows["id_key"].to_numpy(dtype=np.int64, na_value=-1)[has_key],
            "person": truth["person"].to_numpy()[has_key],
            "name": rows["name"].to_numpy(dtype=object)[has_key],
            "is_other": np.isin(truth["name_error"].to_numpy()[has_key], _OTHER),
        }
    )
    holders = known.groupby(["id_key", "person"], sort=True).size().rename("rows").reset_index()
    shared = holders.loc[holders["id_key"].duplicated(keep=False), "id_key"].unique()
    pairs = _pairs(holders[~holders["id_key"].isin(shared)])
    lost = np.flatnonzero(~has_key)
    is_known = np.isin(truth["person"].to_numpy()[lost], known["person"].unique())
    damaged = pd.DataFrame({"row": lost[is_known], "person": truth["person"].to_numpy()[lost[is_known]]})
    contradicted = _contradicted(known[~known["id_key"].isin(shared)])
    numbers = pd.DataFrame(
        {
            "id_key": np.concatenate([shared, contradicted]).astype(np.int64),
            "kind": [KINDS[2]] * len(shared) + [KINDS[3]] * len(contradicted),
        }
    )
    return Problems(pairs, damaged, numbers, holders, int((~is_known).sum()))


def _pairs(holders: pd.DataFrame) -> pd.DataFrame:
    several = holders[holders["person"].duplicated(keep=False)][["id_key", "person"]]
    both = several.merge(several, on="person")
    both = both[both["id_key_x"] < both["id_key_y"]]
    return both.rename(columns={"id_key_x": "one", "id_key_y": "other"})[["one", "other", "person"]].reset_index(
        drop=True
    )


def _contradicted(known: pd.DataFrame) -> "NDArray[np.int64]":
    """Numbers under which one person stands once by another name altogether: no given character and no sound in common."""
    odd = known[known["is_other"]]
    both = odd.merge(known[~known["is_other"]], on="id_key", suffixes=("", "_usual"))[
        ["id_key", "name", "name_usual"]
    ].drop_duplicates()
    differs = [
        not set(name[1:]) & set(usual[1:]) and lazy_pinyin(name) != lazy_pinyin(usual)
        for name, usual in zip(both["name"], both["name_usual"], strict=True)
    ]
    return np.asarray(both.loc[np.array(differs, dtype=bool), "id_key"].unique(), dtype=np.int64)
