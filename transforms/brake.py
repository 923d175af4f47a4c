"""The shrink brake: a full list that loses too many people is held, and last night's statements stay."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from schemas.configuration import Brake

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Shrinkage", "measure_shrinkage"]


class Shrinkage(NamedTuple):
    """How many people a list had, how many it would lose, and the first village beyond its limit, if any."""

    before: int
    lost: int
    is_beyond: bool
    village: str | None
    village_before: int
    village_lost: int


def measure_shrinkage(before: pd.DataFrame, after: "NDArray[np.int64]", brake: Brake) -> Shrinkage:
    """Compares the people a source stated with the people it would state.

    Args:
        before: one row per statement now in force: ``id_key`` and ``scope`` (the village, empty where there is none).
        after: ID keys of the people stated once the delivery is taken.
        brake: the limits; the larger of the fixed number and the share applies.
    """
    people = before.drop_duplicates("id_key")
    lost = people[~np.isin(people["id_key"].to_numpy(dtype=np.int64), after)]
    beyond = len(lost) > max(brake.people, brake.share * len(people))
    villages = lost.loc[lost["scope"] != "", "scope"].value_counts().sort_index()
    sizes = people["scope"].value_counts()
    for village, gone in zip(villages.index.astype(str), villages.to_numpy(), strict=True):
        if gone > max(brake.village_people, brake.village_share * sizes[village]):
            return Shrinkage(len(people), len(lost), True, village, int(sizes[village]), int(gone))  # noqa: FBT003
    return Shrinkage(len(people), len(lost), beyond, None, 0, 0)
