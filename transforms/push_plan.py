"""What a plan would do, for the people who must judge it: how many, where, which fields.

All of it is read from payloads, so what is shown is what is sent. Whether a plan is held is ``transforms.push_brake``.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from schemas.masking import mask_column
from schemas.platform_profile import PlatformColumn, PlatformProfile
from transforms.columns import STR, map_distinct, take_distinct
from transforms.payloads import payload_table

__all__ = ["add_summaries", "differences", "plan_people", "plan_summary", "villages_of"]


def plan_people(planned: pd.DataFrame, profile: PlatformProfile) -> pd.DataFrame:
    """Who is planned, in words for people: ``person_id sent_as name id_number village categories reason changed_on``.

    What the profile does not tell is empty. Someone withdrawn is shown with the types told last.

    Args:
        planned: ``person_id sent_as payload told_payload``, none of ``nothing``.
        profile: the format of the payloads.
    """
    cells = payload_table(planned["payload"], profile)
    told = payload_table(planned["told_payload"], profile)
    fields = {name: _field(cells, profile, name) for name in ("name", "id_number", "reason", "changed_on")}
    is_leaving = (planned["sent_as"] == "withdrawn").to_numpy(dtype=bool)
    categories = _field(told, profile, "categories").where(is_leaving, _field(cells, profile, "categories"))
    people = planned[["person_id", "sent_as"]].assign(
        **fields, village=villages_of(cells, profile), categories=categories
    )
    return people[["person_id", "sent_as", "name", "id_number", "village", "categories", "reason", "changed_on"]]


def villages_of(cells: pd.DataFrame, profile: PlatformProfile) -> pd.Series:
    """Town and village of registration as ``镇/村`` from a payload's cells; empty where no village is told."""
    town, village = _field(cells, profile, "household_town"), _field(cells, profile, "household_village")
    return (town + "/" + village).str.lstrip("/").where(village != "", "").astype(STR)


def plan_summary(people: pd.DataFrame) -> pd.DataFrame:
    """How many people a part of a plan tells of: ``by name operation count``.

    ``by`` is ``all`` (``name`` empty), ``village`` or ``category``; someone of two types counts in both. Names of villages
    are masked where they do not look like one.

    Args:
        people: from :func:`plan_people`.
    """
    operation = people["sent_as"]
    categories = people["categories"].str.split("、").explode()
    parts = [
        _count("all", pd.Series("", index=people.index, dtype=STR), operation),
        _count("village", mask_column(people["village"], "place"), operation),
        _count("category", categories.astype(STR), operation.loc[categories.index]),
    ]
    return pd.concat(parts, ignore_index=True)


def add_summaries(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """The summary of a plan from those of its parts, sorted by name."""
    empty = pd.DataFrame({"by": [], "name": [], "operation": []}, dtype=STR).assign(count=np.zeros(0, dtype=np.int64))
    together = pd.concat([empty, *parts], ignore_index=True)
    return together.groupby(["by", "name", "operation"], as_index=False, sort=True).agg({"count": "sum"})


def differences(planned: pd.DataFrame, told_payloads: pd.Series, profile: PlatformProfile) -> pd.DataFrame:
    """What changes of people the platform knows, one row a cell: ``person_id header before after``.

    In the order of the plan, then of the profile; codes as the words they stand for. Columns about the change itself are
    left out, and so are people who are told as new or withdrawn.

    Args:
        planned: ``person_id sent_as payload``.
        told_payloads: what the platform was told last of the same rows, by the same index.
        profile: the format of both.
    """
    changed = planned[(planned["sent_as"] == "changed").to_numpy(dtype=bool)]
    before = payload_table(told_payloads.loc[changed.index], profile)
    after = payload_table(changed["payload"], profile)
    found = []
    for column in profile.columns:
        if column.is_of_the_change:
            continue
        old, new = before[column.header], after[column.header]
        rows = np.flatnonzero((old != new).to_numpy(dtype=bool))
        if not len(rows):
            continue
        cells = {"before": _in_words(old.iloc[rows], column), "after": _in_words(new.iloc[rows], column)}
        found.append(changed[["person_id"]].iloc[rows].assign(place=rows, header=column.header, **cells))
    none = pd.DataFrame({"person_id": changed["person_id"].head(0), "place": np.zeros(0, dtype=np.int64)})
    table = pd.concat([none, *found], ignore_index=True).sort_values("place", kind="stable", ignore_index=True)
    return table.reindex(columns=["person_id", "header", "before", "after"]).astype(
        {"header": STR, "before": STR, "after": STR}
    )


def _field(cells: pd.DataFrame, profile: PlatformProfile, field: str) -> pd.Series:
    """A field in words, from the first column that tells it; empty where none does."""
    column = next((column for column in profile.columns if column.field == field), None)
    if column is None:
        return pd.Series("", index=cells.index, dtype=STR)
    return _in_words(cells[column.header], column)


def _in_words(cells: pd.Series, column: PlatformColumn) -> pd.Series:
    """Codes as our labels, several joined by ``、``; what is no code stays as it is."""
    if column.type != "code":
        return cells
    meanings: dict[str, list[str]] = {}
    for word, code in column.codes.items():
        meanings.setdefault(code, []).append(column.labels[word])

    def label(cell: str) -> str:
        codes = cell.split(column.separator) if column.separator else [cell]
        return "、".join("/".join(meanings.get(code, [code])) for code in codes)

    return take_distinct(*map_distinct(cells, label)).set_axis(cells.index)


def _count(by: str, names: pd.Series, operation: pd.Series) -> pd.DataFrame:
    frame = pd.DataFrame({"name": names.to_numpy(), "operation": operation.to_numpy()})
    counted = frame.groupby(["name", "operation"], as_index=False).size().rename(columns={"size": "count"})
    return counted.astype({"name": STR, "operation": STR}).assign(by=pd.Series(by, index=counted.index, dtype=STR))[
        ["by", "name", "operation", "count"]
    ]
