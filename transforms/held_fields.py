"""What the platform was told of people beside what it holds of them, column by column, under the profile's rules of whose value stands."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from schemas.platform_profile import PlatformColumn, PlatformProfile
from schemas.platform_reconcile import ReconcileFormat
from transforms.columns import texts, to_arrow
from transforms.json_texts import json_objects, read_json_objects

__all__ = ["FieldDifferences", "as_payloads", "compare_fields", "name_and_village"]


class FieldDifferences(NamedTuple):
    """Fields in which two sides differ, long: ``person header ours theirs``, empty texts where a side has no value.

    ``adopted`` are those in which their value stands, and which are therefore no difference to put right.
    """

    differs: pd.DataFrame
    adopted: pd.DataFrame


def compare_fields(pairs: pd.DataFrame, profile: PlatformProfile, rules: ReconcileFormat) -> FieldDifferences:
    """Compares people whose two sides are both known.

    Columns that say what happened (operation, reason, day) are not compared: they are of the telling, not of the person.
    A column whose ``wins`` is ``theirs`` never differs; one of ``both`` only where ours changed since it was told. Where
    having no value ``keeps`` theirs, our having none is no difference; nor is a value of ours contained in their longer one
    where ``rules`` say so.

    Args:
        pairs: ``person``, ``payload`` and ``fields`` (JSON of what was told and of what is held), ``is_changed_since``
            (ours is no longer what was told: something newer was refused).
        profile: the platform's format.
        rules: its rules of comparison.

    Raises:
        ContractBroken: a document is no object of texts.
    """
    is_other = pairs["payload"].ne(pairs["fields"]).to_numpy(dtype=bool)
    pairs = pairs[is_other]
    ours, theirs = (_cells(pairs[side], profile) for side in ("payload", "fields"))
    is_changed = pa.array(pairs["is_changed_since"].to_numpy(dtype=bool))
    differs, adopted = [], []
    for column in profile.columns:
        if column.is_of_the_change or column.header in rules.not_listed:
            continue
        sides = ours[column.header], theirs[column.header]
        is_unlike = _unlike(*sides, column, rules)
        if not is_unlike.true_count:
            continue
        is_due = _is_ours_to_tell(column, is_changed)
        differs.append(_rows(pairs["person"], column, sides, pc.and_(is_unlike, is_due)))
        adopted.append(_rows(pairs["person"], column, sides, pc.and_not(is_unlike, is_due)))
    return FieldDifferences(_long(differs), _long(adopted))


def as_payloads(documents: pd.Series, profile: PlatformProfile) -> pd.Series:
    """Documents of theirs as payloads are written: the profile's columns in its order, those a document lacks left out.

    A missing document stays missing.
    """
    array = to_arrow(documents)
    cells = read_json_objects(array, [column.key for column in profile.columns])
    objects = json_objects(
        {key: pc.fill_null(values, "") for key, values in cells.items()},
        {key: values.is_valid() for key, values in cells.items()},
    )
    return texts(pc.if_else(array.is_valid(), objects, None)).set_axis(documents.index)


def name_and_village(documents: pd.Series, profile: PlatformProfile) -> pd.DataFrame:
    """``name village`` as documents of theirs have them, empty where they do not say or the profile has no such column."""
    cells = _cells(documents, profile)
    headers = {column.field: column.header for column in reversed(profile.columns)}
    nothing = pa.array([""] * len(documents), pa.large_string())
    fields = {"name": "name", "village": "household_village"}
    found = {name: texts(cells.get(headers.get(field, ""), nothing)) for name, field in fields.items()}
    return pd.DataFrame(found).set_axis(documents.index)


def _cells(documents: pd.Series, profile: PlatformProfile) -> dict[str, pa.Array]:
    """By header; what a document lacks is empty."""
    cells = read_json_objects(to_arrow(documents), [column.key for column in profile.columns])
    return {column.header: pc.fill_null(cells[column.key], "") for column in profile.columns}


def _unlike(ours: pa.Array, theirs: pa.Array, column: PlatformColumn, rules: ReconcileFormat) -> pa.Array:
    is_unlike = pc.not_equal(ours, theirs)
    if column.empty == "keeps":
        is_unlike = pc.and_(is_unlike, pc.not_equal(ours, ""))
    if column.header in rules.contained_is_same and is_unlike.true_count:
        is_unlike = pc.and_not(is_unlike, _is_contained(ours, theirs))
    return is_unlike


def _is_contained(ours: pa.Array, theirs: pa.Array) -> pa.Array:
    """Where our value is a part of theirs; having none is not."""
    strings: Any = np.dtypes.StringDType()
    part, whole = (side.to_numpy(zero_copy_only=False).astype(strings) for side in (ours, theirs))
    return pc.and_(pa.array(np.strings.find(whole, part) >= 0), pc.not_equal(ours, ""))


def _is_ours_to_tell(column: PlatformColumn, is_changed: pa.Array) -> pa.Array:
    by_side: Mapping[str, pa.Array] = {
        "ours": pa.array(np.ones(len(is_changed), dtype=bool)),
        "theirs": pa.array(np.zeros(len(is_changed), dtype=bool)),
        "both": is_changed,
    }
    return by_side[column.wins]


def _rows(people: pd.Series, column: PlatformColumn, sides: tuple[pa.Array, pa.Array], mask: pa.Array) -> pa.Table:
    person = to_arrow(people).filter(mask)
    header = pa.array([column.header], pa.large_string()).take(pa.array(np.zeros(len(person), dtype=np.int64)))
    return pa.table(
        {"person": person, "header": header, "ours": sides[0].filter(mask), "theirs": sides[1].filter(mask)}
    )


def _long(parts: list[pa.Table]) -> pd.DataFrame:
    schema = pa.schema([(name, pa.large_string()) for name in ("person", "header", "ours", "theirs")])
    table = pa.concat_tables([schema.empty_table(), *parts])
    return pd.DataFrame({name: texts(table[name]) for name in schema.names})
