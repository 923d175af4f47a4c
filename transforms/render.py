"""Changes in the platform's words: codes, dates, amounts and headers as a profile declares them. Nothing is written here.

What cannot be said in the platform's format is set aside whole, with the reason; no value is cut or guessed. How a value
is said is ``transforms.platform_cells``; whose value stands where the platform holds another is decided here.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from schemas.errors import ContractBroken
from schemas.fields import FIELDS
from schemas.platform_profile import PlatformColumn, PlatformProfile
from transforms.columns import STR, map_distinct, take_distinct, texts, to_arrow
from transforms.json_texts import json_objects
from transforms.platform_cells import say, texts_of

__all__ = ["Rendered", "render_json_lines", "render_rows"]

# Absent from changes they are empty; ``category_change`` is found out here.
_NOT_NEEDED = frozenset({"reason", "changed_on", "category_change"})


class Rendered(NamedTuple):
    """Changes in the platform's format, and those that cannot be: each change is in exactly one of the two.

    ``rows`` has the profile's headers, texts only, empty where there is no value, and the index of the changes it came from.
    ``incomplete`` has one row per fault: ``person_id``, ``revision``, ``header`` and ``problem``, which is ``missing``
    (required and empty), ``too-long`` or ``no-code`` (a word the profile has no code for).
    """

    rows: pd.DataFrame
    incomplete: pd.DataFrame


def render_rows(changes: pd.DataFrame, profile: PlatformProfile, told: pd.DataFrame | None = None) -> Rendered:
    """Renders changes as rows of the platform's table.

    The platform's value stands, where it has been told one,

    * in a column of ``wins = "theirs"``, unless the person is new to it: ours is told once and never as a change;
    * in a column of ``wins = "both"``, unless ours changed after they were told. That is known from ``told_<field>``, our
      own value when they were last told. Without that column only the told value can be compared; a value that was read
      back from them counts as told, so ours stands wherever it differs, even where it is theirs that changed;
    * in a column of ``empty = "keeps"`` where we have no value;
    * of someone withdrawn in a field of the elder that is not required for it, where ours has a fault: leaving waits for
      no address. Such a field is empty where they were told none.

    A value that stands is taken as it is: they took it, so it is not judged again.

    Args:
        changes: one row per change: ``person_id``, ``revision``, ``operation`` (new, changed, withdrawn) and the elder's
            fields that the profile names: dates as ISO texts, ``*_fen`` as whole fen, categories joined by ``|``. May be
            absent: ``reason``, ``changed_on``, ``told_<field>``. The index is unique.
        profile: the platform's format.
        told: what the platform was told last of the same people in the same order, texts by header, missing where it was
            not; None where that is not known, and then ``category_change`` stays empty.

    Raises:
        ContractBroken: a column is absent, an index label is there twice, or ``told`` is of other changes.
    """
    _check(changes, profile, told)
    operations = texts_of(changes["operation"])
    rendered: dict[str, pa.Array] = {}
    found: list[tuple[str, str, np.ndarray]] = []
    for column in sorted(profile.columns, key=lambda column: column.field == "category_change"):
        theirs = pa.nulls(len(changes), pa.large_string()) if told is None else to_arrow(told[column.header])
        if column.field == "category_change" and told is not None:
            changes = changes.assign(category_change=_category_changes(operations, rendered, told, profile))
        rendered[column.header], faults = _render(changes, column, operations, theirs)
        found += [(column.header, problem, np.flatnonzero(mask)) for problem, mask in faults.items() if mask.true_count]
    is_whole = np.ones(len(changes), dtype=bool)
    for _, _, places in found:
        is_whole[places] = False
    rows = pd.DataFrame({header: texts(rendered[header]) for header in profile.headers}).set_axis(changes.index)
    return Rendered(rows if is_whole.all() else rows[is_whole], _fault_table(changes, found))


def render_json_lines(changes: pd.DataFrame, rows: pd.DataFrame) -> pa.Array:
    r"""The rendered rows as JSON texts (RFC 8259), one object each, in the order of ``rows``.

    An object has ``key`` (``person_id-revision``, the same however often a change is told), ``operation`` and
    ``fields``, the cells by header. ``rows`` is what :func:`render_rows` made of ``changes``.

    >>> changes = pd.DataFrame({"person_id": [7], "revision": [2], "operation": ["new"]})
    >>> render_json_lines(changes, pd.DataFrame({"姓名": ["测“试"], "备注": ['"']}, dtype="str")).to_pylist()
    ['{"key":"7-2","operation":"new","fields":{"姓名":"测“试","备注":"\\""}}']
    """
    if not rows.index.equals(changes.index):
        changes = changes.loc[rows.index, ["person_id", "revision", "operation"]]
    pieces: list[pa.Array | str] = [
        '{"key":"', texts_of(changes["person_id"]), "-", texts_of(changes["revision"]),
        '","operation":"', texts_of(changes["operation"]),
        '","fields":', json_objects({str(header): texts_of(rows[header]) for header in rows.columns}), "}", "",
    ]  # fmt: skip
    return pc.binary_join_element_wise(
        *(pa.scalar(piece, pa.large_string()) if isinstance(piece, str) else piece for piece in pieces)
    )


def _check(changes: pd.DataFrame, profile: PlatformProfile, told: pd.DataFrame | None) -> None:
    needed = {"person_id", "revision", "operation"} | {column.field for column in profile.columns} - _NOT_NEEDED
    if absent := sorted(needed - set(changes.columns)):
        raise ContractBroken(f"changes to render lack the column {absent[0]}")
    if not changes.index.is_unique:
        raise ContractBroken("changes to render have an index label twice")
    if told is not None and not told.index.equals(changes.index):
        raise ContractBroken("what was told is not of the changes to render")


def _render(
    changes: pd.DataFrame, column: PlatformColumn, operations: pa.Array, theirs: pa.Array
) -> tuple[pa.Array, dict[str, pa.Array]]:
    """The cells of a column, and by problem the rows that have it."""
    values = _values(changes, column.field, operations, column)
    said = say(values, column)
    stands = pc.and_(theirs.is_valid(), _is_left_to_them(changes, column, operations, values, said))
    cells = pc.if_else(stands, theirs, pc.fill_null(said, ""))
    no_code = pc.and_not(pc.and_(values.is_valid(), said.is_null()), stands)
    too_long = pc.and_not(pc.greater(pc.utf8_length(cells), column.max_length), stands)
    if column.field in FIELDS and "withdrawn" not in column.required:
        spared = pc.and_(pc.equal(operations, "withdrawn"), pc.or_(no_code, too_long))
        cells = pc.if_else(spared, pc.fill_null(theirs, ""), cells)
        no_code, too_long = pc.and_not(no_code, spared), pc.and_not(too_long, spared)
    is_due = pc.is_in(operations, value_set=pa.array(column.required, pa.large_string()))
    is_empty = pc.if_else(stands, pc.equal(cells, ""), values.is_null())
    return cells, {"missing": pc.and_(is_empty, is_due), "no-code": no_code, "too-long": too_long}


def _values(changes: pd.DataFrame, name: str, operations: pa.Array, column: PlatformColumn) -> pa.Array:
    """Our own words, null where there is none or the column is not filled in for the operation."""
    if name not in changes:
        return pa.nulls(len(changes), pa.large_string())
    values = texts_of(changes[name])
    is_filled_in = pc.is_in(operations, value_set=pa.array(column.operations, pa.large_string()))
    return pc.if_else(pc.and_(is_filled_in, pc.not_equal(pc.utf8_trim_whitespace(values), "")), values, None)


def _is_left_to_them(
    changes: pd.DataFrame, column: PlatformColumn, operations: pa.Array, values: pa.Array, said: pa.Array
) -> pa.Array:
    then = f"told_{column.field}"
    left = pa.repeat(
        pa.scalar(value=column.wins == "theirs" or (column.wins == "both" and then in changes)), len(changes)
    )
    if column.wins == "both" and then in changes:
        told_by_us = say(_values(changes, then, operations, column), column)
        left = pc.equal(pc.fill_null(said, ""), pc.fill_null(told_by_us, ""))
    left = pc.and_(left, pc.not_equal(operations, "new"))
    return pc.or_(left, values.is_null()) if column.empty == "keeps" else left


def _category_changes(
    operations: pa.Array, rendered: dict[str, pa.Array], told: pd.DataFrame, profile: PlatformProfile
) -> pd.Series:
    """``yes`` where someone the platform knows is told to it with other types than before."""
    differs = np.zeros(len(told), dtype=bool)
    for column in profile.columns:
        if column.field == "categories":
            before = _in_order(told[column.header], column.separator)
            differs |= (before != _in_order(texts(rendered[column.header]), column.separator)).to_numpy()
    differs &= pc.equal(operations, "changed").to_numpy(zero_copy_only=False)
    return pd.Series(np.where(differs, "yes", "no"), index=told.index, dtype=STR)


def _in_order(codes: pd.Series, separator: str) -> pd.Series:
    """Several codes in one order, since which comes first says nothing."""
    return take_distinct(*map_distinct(codes.fillna(""), lambda cell: separator.join(sorted(cell.split(separator)))))


def _fault_table(changes: pd.DataFrame, found: list[tuple[str, str, np.ndarray]]) -> pd.DataFrame:
    places = np.concatenate([np.empty(0, dtype=np.intp), *(places for _, _, places in found)])
    counts = [len(places) for _, _, places in found]
    faults = changes[["person_id", "revision"]].take(places).reset_index(drop=True)
    for name, part in (("header", 0), ("problem", 1)):
        words = np.repeat(np.array([fault[part] for fault in found], dtype=object), counts)
        faults[name] = pd.Series(words, dtype=STR)
    return faults.sort_values(["person_id", "revision"], kind="stable", ignore_index=True)
