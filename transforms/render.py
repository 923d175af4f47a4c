"""Changes in the platform's words: codes, dates, amounts and headers as a profile declares them. Nothing is written here.

What cannot be said in the platform's format is set aside whole, with the reason; no value is cut or guessed.
"""

import json
import re
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from schemas.errors import ContractBroken
from schemas.platform_profile import PlatformColumn, PlatformProfile
from transforms.columns import STR, texts

__all__ = ["Rendered", "render_json_lines", "render_rows"]

_JSON_UNUSUAL = r'["\\\x00-\x1f]'


class Rendered(NamedTuple):
    """Changes in the platform's format, and those that cannot be: each change is in exactly one of the two.

    ``rows`` has the profile's headers, texts only, empty where there is no value, and the index of the changes it came from.
    ``incomplete`` has one row per fault: ``person_id``, ``revision``, ``header`` and ``problem``, which is ``missing``
    (required and empty), ``too-long`` or ``no-code`` (a word the profile has no code for).
    """

    rows: pd.DataFrame
    incomplete: pd.DataFrame


def render_rows(changes: pd.DataFrame, profile: PlatformProfile) -> Rendered:
    """Renders changes as rows of the platform's table.

    Args:
        changes: one row per change: ``person_id``, ``revision``, ``operation`` (new, changed, withdrawn) and the elder's
            fields that the profile names: dates as ISO texts, ``*_fen`` as whole fen, categories joined by ``|``;
            ``reason`` may be absent. The index is unique.
        profile: the platform's format.

    Raises:
        ContractBroken: a column is absent, or the index has a label twice.
    """
    needed = {"person_id", "revision", "operation"} | {column.field for column in profile.columns} - {"reason"}
    if absent := sorted(needed - set(changes.columns)):
        raise ContractBroken(f"changes to render lack the column {absent[0]}")
    if not changes.index.is_unique:
        raise ContractBroken("changes to render have an index label twice")
    operations = _texts_of(changes["operation"])
    rendered: dict[str, pa.Array] = {}
    faults: list[tuple[str, str, pa.Array]] = []
    for column in profile.columns:
        values = (
            _texts_of(changes[column.field]) if column.field in changes else pa.nulls(len(changes), pa.large_string())
        )
        values = pc.if_else(pc.equal(pc.utf8_trim_whitespace(values), ""), None, values)
        said = _say(values, column)
        rendered[column.header] = pc.fill_null(said, "")
        is_due = pc.is_in(operations, value_set=pa.array(column.required, pa.large_string()))
        faults += [
            (column.header, "missing", pc.and_(values.is_null(), is_due)),
            (column.header, "no-code", pc.and_(values.is_valid(), said.is_null())),
            (column.header, "too-long", pc.greater(pc.utf8_length(rendered[column.header]), column.max_length)),
        ]
    found = [(header, problem, np.flatnonzero(mask)) for header, problem, mask in faults if mask.true_count]
    is_whole = np.ones(len(changes), dtype=bool)
    for _, _, places in found:
        is_whole[places] = False
    rows = pd.DataFrame({header: texts(array) for header, array in rendered.items()}).set_axis(changes.index)
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
        '{"key":"', _texts_of(changes["person_id"]), "-", _texts_of(changes["revision"]),
        '","operation":"', _texts_of(changes["operation"]), '","fields":{',
    ]  # fmt: skip
    for place, header in enumerate(rows.columns):
        name = json.dumps(header, ensure_ascii=False)
        pieces += [f'{"" if place == 0 else ","}{name}:"', _escape_json(_texts_of(rows[header])), '"']
    scalars = [
        pa.scalar(piece, pa.large_string()) if isinstance(piece, str) else piece for piece in [*pieces, "}}", ""]
    ]
    return pc.binary_join_element_wise(*scalars)


def _say(values: pa.Array, column: PlatformColumn) -> pa.Array:
    """The values in the column's own format; null where there is none, or no code for it."""
    if column.type == "code":
        return _say_codes(values, column)
    if column.type == "date":
        return _say_dates(values, column.date_format)
    if column.type == "amount":
        return _say_yuan(values)
    return values


def _say_codes(values: pa.Array, column: PlatformColumn) -> pa.Array:
    encoded = values.dictionary_encode()

    def code(word: str) -> str | None:
        codes = [column.codes.get(part) for part in (word.split("|") if column.separator else [word])]
        known = [code for code in codes if code is not None]
        return column.separator.join(known) if len(known) == len(codes) else None

    return pa.array(map(code, encoded.dictionary.to_pylist()), pa.large_string()).take(encoded.indices)


def _say_dates(values: pa.Array, date_format: str) -> pa.Array:
    if date_format == "YYYY-MM-DD":
        return values
    places = {"YYYY": (0, 4), "MM": (5, 7), "DD": (8, 10)}
    pieces = [
        pc.utf8_slice_codeunits(values, *places[piece]) if piece in places else pa.scalar(piece, pa.large_string())
        for piece in re.split("(YYYY|MM|DD)", date_format)
    ]
    return pc.binary_join_element_wise(*pieces, pa.scalar("", pa.large_string()))


def _say_yuan(fen: pa.Array) -> pa.Array:
    """Whole fen as yuan with two decimals: ``-5`` is ``-0.05``."""
    sign = pc.if_else(pc.starts_with(fen, "-"), pa.scalar("-", pa.large_string()), pa.scalar("", pa.large_string()))
    digits = pc.utf8_lpad(pc.utf8_ltrim(fen, "-"), 3, "0")
    yuan = pc.binary_join_element_wise(sign, pc.utf8_slice_codeunits(digits, 0, -2), pa.scalar("", pa.large_string()))
    return pc.binary_join_element_wise(yuan, pc.utf8_slice_codeunits(digits, -2), pa.scalar(".", pa.large_string()))


def _fault_table(changes: pd.DataFrame, found: list[tuple[str, str, np.ndarray]]) -> pd.DataFrame:
    places = np.concatenate([np.empty(0, dtype=np.intp), *(places for _, _, places in found)])
    counts = [len(places) for _, _, places in found]
    faults = changes[["person_id", "revision"]].take(places).reset_index(drop=True)
    for name, part in (("header", 0), ("problem", 1)):
        words = np.repeat(np.array([fault[part] for fault in found], dtype=object), counts)
        faults[name] = pd.Series(words, dtype=STR)
    return faults.sort_values(["person_id", "revision"], kind="stable", ignore_index=True)


def _escape_json(values: pa.Array) -> pa.Array:
    is_unusual = pc.match_substring_regex(values, _JSON_UNUSUAL)
    if not is_unusual.true_count:
        return values
    escaped = [json.dumps(value, ensure_ascii=False)[1:-1] for value in values.filter(is_unusual).to_pylist()]
    return pc.replace_with_mask(values, is_unusual, pa.array(escaped, pa.large_string()))


def _texts_of(values: pd.Series) -> pa.Array:
    """A column of texts or whole numbers as texts."""
    array = pa.array(values, from_pandas=True)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if pa.types.is_floating(array.type):  # whole numbers that pandas keeps as floats because some are missing
        array = array.cast(pa.int64())
    return array.cast(pa.large_string())
