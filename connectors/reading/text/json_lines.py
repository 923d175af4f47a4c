"""JSON lines (.jsonl): a record on each line, its fields by the keys that were agreed on, ``person.idCard`` for nested ones.

Keys are compared as they are written, unlike headers: machines write them. A line that is no record, or holds a list where
a value was agreed on, is left out and said (``line-broken``). What a server wrote as a number is marked as one: an ID number
among them may have been rounded on its way, and must never look clean.
"""

import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from connectors.reading.contents import DeliveryRefusedError, FileFinding, shown
from connectors.reading.grid import Grid, Header, filled_cells
from connectors.reading.layout import ReadingLimits, TableLayout
from schemas.findings import Finding

__all__ = ["read_json_lines"]

_BATCH = 20_000  # lines turned into Arrow at a time
_LONGEST_NUMBER = 40
_BLANK_BYTES = b" \t\r\n\xef\xbb\xbf"

_NESTED, _NOT_NESTED = "应为单个值，却是列表或对象", "应为对象，却是单个值"


class _Number(str):
    """A number as it was written, with all its digits."""


class _NotARecordError(ValueError):
    """Why a line is no record; the words say so to its sender."""


class _Batch(NamedTuple):
    """Lines read together: the records, the lines they are on, and what is wrong with the others."""

    records: list[dict[str, Any]]
    lines: list[int]
    broken: list[tuple[int, str]]


def read_json_lines(path: Path, table: TableLayout, limits: ReadingLimits) -> tuple[Grid, list[FileFinding]]:
    """The grid of a file of JSON lines and the keys nobody agreed on; there is no header, so it is row 0.

    Raises:
        DeliveryRefusedError: no line is a record, a required key is in none, or two keys are one field.
    """
    reader = _Reader(table, limits)
    received = 0
    with path.open("rb") as file:
        numbered = enumerate(file, 1)
        while lines := list(islice(numbered, _BATCH)):
            if lines[-1][0] > limits.rows:
                raise DeliveryRefusedError(FileFinding(Finding.FILE_HOSTILE, seen="行数超过限额"))
            received += sum(1 for _, line in lines if line.translate(None, _BLANK_BYTES))
            reader.take(_read(lines))
    if not received:
        raise DeliveryRefusedError(FileFinding(Finding.FILE_EMPTY))
    unknown = reader.judge_keys()
    return reader.grid(received), unknown


def _read(lines: Iterable[tuple[int, bytes]]) -> _Batch:
    batch = _Batch([], [], [])
    for number, line in lines:
        if not (text := line.strip(_BLANK_BYTES)):
            continue
        try:
            record = _DECODER.decode(text.decode())
        except _NotARecordError as problem:
            batch.broken.append((number, str(problem)))
        except (ValueError, RecursionError):
            batch.broken.append((number, "不是完整的 JSON 记录"))
        else:
            if isinstance(record, dict):
                batch.records.append(record)
                batch.lines.append(number)
            else:
                batch.broken.append((number, "不是 JSON 对象"))
    return batch


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise _NotARecordError("同一个键出现两次")
    return members


def _no_constant(_: str) -> None:
    raise _NotARecordError("含有 NaN 或 Infinity")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_members, parse_int=_Number, parse_float=_Number, parse_constant=_no_constant
)


class _Reader:
    """Columns as they grow, batch by batch; a path is the key of its parents and its own."""

    def __init__(self, table: TableLayout, limits: ReadingLimits) -> None:
        self._table, self._limits = table, limits
        self._field_of = {path: field for field, paths in table.columns.items() for path in paths}
        self._parents = {path[:place] for path in self._field_of for place, letter in enumerate(path) if letter == "."}
        self._keys: set[tuple[str, str]] = set()
        self._texts: dict[str, list[pa.Array]] = {path: [] for path in self._field_of}
        self._numbers: dict[str, list[pa.Array]] = {path: [] for path in self._field_of}
        self._lines: list[int] = []
        self._broken: list[tuple[int, str]] = []

    def take(self, batch: _Batch) -> None:
        """Adds lines."""
        wrong: dict[int, str] = {}
        self._look_at_keys(batch.records, wrong)
        columns = {path: _column(_values(batch.records, path), wrong) for path in self._field_of}
        filled = np.any([filled_cells(text) for text, _ in columns.values()], axis=0)
        for index in np.flatnonzero(~filled).tolist():
            wrong.setdefault(index, "没有任何约定的字段")
        kept = [index for index in range(len(batch.records)) if index not in wrong]
        for path, (text, number) in columns.items():
            self._texts[path].append(text.take(pa.array(kept, pa.int64())) if wrong else text)
            self._numbers[path].append(number.take(pa.array(kept, pa.int64())) if wrong else number)
        self._lines += [batch.lines[index] for index in kept]
        self._broken += [*batch.broken, *((batch.lines[index], why) for index, why in wrong.items())]

    def _look_at_keys(self, records: Sequence[dict[str, Any]], wrong: dict[int, str]) -> None:
        self._keys |= {("", key) for key in set().union(*records)}
        for parent in self._parents:
            values = _values(records, parent)
            objects = [value for value in values if isinstance(value, dict)]
            self._keys |= {(parent, key) for key in set().union(*objects)}
            if parent not in self._field_of and len(objects) + values.count(None) < len(values):
                others = (i for i, value in enumerate(values) if value is not None and not isinstance(value, dict))
                wrong.update(dict.fromkeys(others, _NOT_NESTED))
        if len(self._keys) > self._limits.columns:
            raise DeliveryRefusedError(FileFinding(Finding.FILE_HOSTILE, seen="列数超过限额"))

    def _is_there(self, path: str) -> bool:
        parent, _, key = path.rpartition(".")
        return (parent, key) in self._keys

    def judge_keys(self) -> list[FileFinding]:
        """The keys nobody agreed on; those inside objects that nobody agreed on are not looked at.

        Raises:
            DeliveryRefusedError: a required field is in no record, or there under two keys.
        """
        if not self._keys:
            raise DeliveryRefusedError(FileFinding(Finding.FILE_UNREADABLE, seen="没有一行是 JSON 记录"))
        there = {field: list(filter(self._is_there, paths)) for field, paths in self._table.columns.items()}
        faults = [
            FileFinding(Finding.COLUMN_MISSING, field=field, seen=shown(self._table.columns[field][0]))
            for field in self._table.required
            if not there[field]
        ]
        faults += [
            FileFinding(Finding.COLUMN_DUPLICATED, field=field, seen=shown(path))
            for field, paths in there.items()
            for path in paths[1:]
        ]
        known = {*self._field_of, *self._parents, *self._table.ignored}
        keys = sorted(f"{parent}.{key}" if parent else key for parent, key in self._keys)
        unknown = [
            FileFinding(Finding.COLUMN_UNKNOWN, seen=shown(key)) for key in keys if key not in known and shown(key)
        ]
        if faults:  # what is missing is often there under another name
            raise DeliveryRefusedError(*faults, *unknown)
        return unknown

    def grid(self, received: int) -> Grid:
        """All lines together."""
        there = list(filter(self._is_there, self._field_of))
        numbers = [pa.chunked_array(self._numbers[path], pa.bool_()) for path in there]
        return Grid(
            sheet="",
            header=Header(0, tuple(there), {self._field_of[path]: index for index, path in enumerate(there)}),
            row_numbers=np.array(self._lines, dtype=np.int32),
            columns=[pa.chunked_array(self._texts[path], pa.large_string()) for path in there],
            stored_as_number=[flags if pc.any(flags).as_py() else None for flags in numbers],
            received=received,
            broken=sorted(self._broken),
        )


def _values(records: Sequence[Any], path: str) -> list[Any]:
    """What is at a path in each record, None where nothing is."""
    values = list(records)
    for key in path.split("."):
        values = [value.get(key) if value.__class__ is dict else None for value in values]
    return values


def _column(values: list[Any], wrong: dict[int, str]) -> tuple[pa.Array, pa.Array]:
    """Values of one field as text (null where empty) and which of them were numbers; rows that hold none go to ``wrong``."""
    numbers = [value.__class__ is _Number for value in values]
    if not set(map(type, values)) <= {str, type(None)}:
        values = [value if value.__class__ is str else _text(value, index, wrong) for index, value in enumerate(values)]
    values = [(value.replace("\x00", "") or None) if value else None for value in values]  # PostgreSQL stores no NUL
    try:
        text = pa.array(values, pa.large_string())
    except UnicodeEncodeError:  # half of a surrogate pair, written as an escape
        values = [_whole(value, index, wrong) for index, value in enumerate(values)]
        text = pa.array(values, pa.large_string())
    return text, pa.array(numbers, pa.bool_())


def _text(value: object, index: int, wrong: dict[int, str]) -> str | None:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"  # the words of a workbook, so that a source needs to name only these
    if isinstance(value, _Number):
        digits = _digits(value)
        if digits is None:
            wrong[index] = "数字过长"
        return digits
    if value is not None:
        wrong[index] = _NESTED
    return None


def _digits(number: str) -> str | None:
    """A number with all its digits and no exponent, None if they are too many.

    >>> _digits("441421195001011234"), _digits("1.38E10"), _digits("500.0"), _digits("1e999999999")
    ('441421195001011234', '13800000000', '500', None)
    """
    if len(number) > _LONGEST_NUMBER:
        return None
    if number.isdecimal():
        return number
    try:
        exact = Decimal(number)
    except ArithmeticError:  # an exponent of twenty digits
        return None
    if abs(exact.adjusted()) > _LONGEST_NUMBER:
        return None
    return str(int(exact)) if exact == exact.to_integral_value() else format(exact, "f")


def _whole(text: str | None, index: int, wrong: dict[int, str]) -> str | None:
    if text is None or not any("\ud800" <= letter <= "\udfff" for letter in text):
        return text
    wrong[index] = "含有不完整的字符"
    return None
