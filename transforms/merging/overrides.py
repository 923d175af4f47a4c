"""What a person has decided of a field, instead of what the sources say; it retires by itself when they say something else."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from schemas.fields import STATED_FIELDS
from schemas.override_evidence import override_evidence
from transforms.columns import to_arrow
from transforms.merging.survivors import MERGED_FIELDS, Survivors
from transforms.text import replace_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["OVERRIDABLE_FIELDS", "OVERRIDE_COLUMNS", "apply_overrides"]

OVERRIDABLE_FIELDS = MERGED_FIELDS
"""Fields of an elder a person may decide; ID number, birth date and sex are the number's, categories are statements."""

OVERRIDE_COLUMNS = ("id_key", "field", "value", "evidence", "decision_id")
DECIDED = ord("!")


def apply_overrides(
    chosen: Survivors, keys: "NDArray[np.int64]", overrides: pd.DataFrame
) -> "tuple[Survivors, NDArray[np.int64]]":
    """Sets decided values, of several for one field the one decided last.

    Args:
        chosen: what survivorship says of some people.
        keys: the people, ascending.
        overrides: ``OVERRIDE_COLUMNS``; ``evidence`` is :func:`schemas.override_evidence.override_evidence` of the
            value that stood when it was decided, ``value`` is missing where the field is decided to be empty.

    Returns:
        The fields and letters with ``!`` where a decision stands; and the ids of decisions whose evidence changed.
    """
    latest = overrides.sort_values("decision_id").drop_duplicates(["id_key", "field"], keep="last")
    place = pd.Index(keys).get_indexer(pd.Index(latest["id_key"].to_numpy(dtype=np.int64)))
    fields, letters = dict(chosen.fields), chosen.letters.copy()
    retired: list[int] = []
    # Each of these was decided by hand, so they may be looked at field by field.
    for field, asked in latest.assign(place=place)[place >= 0].groupby("field"):
        name = str(field)
        at = asked["place"].to_numpy(dtype=np.int64)
        before = to_arrow(fields[name]).take(at).to_pylist()
        stands = np.array(
            [override_evidence(name, value) == told for value, told in zip(before, asked["evidence"], strict=True)],
            dtype=bool,
        )
        retired += asked["decision_id"].to_numpy(dtype=np.int64)[~stands].tolist()
        values = asked["value"].astype(object).where(asked["value"].notna(), None).to_numpy(dtype=object)[stands]
        fields[name] = replace_at(fields[name], at[stands], list(values))
        if name in STATED_FIELDS:
            letters[at[stands], STATED_FIELDS.index(name)] = DECIDED
    return Survivors(fields, letters), np.array(sorted(retired), dtype=np.int64)
