"""Columns of a database as text, and as lines of a CSV that reads back exactly.

Every value has one text, whatever chunk it comes in and whatever values are beside it, so equal contents are equal bytes.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from types import MappingProxyType, NoneType
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["BEIJING", "DOUBLE", "SINGLE", "DigitsLost", "KindRefused", "csv_lines", "text_column"]

BEIJING = ZoneInfo("Asia/Shanghai")
"""Instants with a zone are written as Beijing's wall clock: officers and the date reader know no other."""

DOUBLE = 2.0**53
"""From here on a floating number of double precision is not exact."""

SINGLE = 1e6
"""The same of single precision, of which MySQL shows six digits."""

_NUL, _NUL_SHOWN = "\x00", "\u2400"
_LINE_SEPARATOR = "\u2028"


class KindRefused(Exception):
    """A column holds values that no list has, bytes for instance; the message is the kind's name."""


class DigitsLost(Exception):
    """A column of a floating type holds numbers too long for it."""


def text_column(values: Sequence[Any], *, exact_below: float = DOUBLE) -> pa.Array:
    r"""A column's values as ``large_string``, NULL as null.

    Numbers have all their digits and no exponent, days and times are ISO, booleans 是 and 否. A line break becomes U+2028,
    because a text file's lines are its records, and NUL its picture, because no list may hold one.

    >>> from decimal import Decimal
    >>> text_column([Decimal("1E+3"), 7, True, "a\r\nb\x00", None]).to_pylist()
    ['1000', '7', '是', 'a\u2028b␀', None]

    Args:
        values: one column as its driver gives it.
        exact_below: where floating numbers begin to lose digits, :data:`DOUBLE` or :data:`SINGLE`.

    Raises:
        KindRefused: bytes, lists, documents, intervals.
        DigitsLost: a floating number of ``exact_below`` or more.
    """
    kinds = sorted(set(map(type, values)) - {NoneType}, key=lambda kind: kind.__name__)
    if not kinds:
        return pa.nulls(len(values), pa.large_string())
    for kind in kinds:
        if kind not in _TEXTS:
            raise KindRefused(kind.__name__)
    if float in kinds:
        _check_digits([value for value in values if type(value) is float], exact_below)
    if len(kinds) == 1:
        return _TEXTS[kinds[0]](values)
    parts = [_TEXTS[kind]([value if type(value) is kind else None for value in values]) for kind in kinds]
    return pc.coalesce(*parts)


def _check_digits(values: Sequence[float], exact_below: float) -> None:
    if (np.abs(np.array(values)) >= exact_below).any():
        raise DigitsLost


def _texts(values: Sequence[str | None]) -> pa.Array:
    texts = pa.array(values, pa.large_string())
    if pc.any(pc.match_substring_regex(texts, r"[\x00\r\n]")).as_py():
        for line_break in ("\r\n", "\r", "\n"):
            texts = pc.replace_substring(texts, line_break, _LINE_SEPARATOR)
        texts = pc.replace_substring(texts, _NUL, _NUL_SHOWN)
    return texts


def _integers(values: Sequence[int | None]) -> pa.Array:
    try:
        return pc.cast(pa.array(values, pa.int64()), pa.large_string())
    except OverflowError:
        return _each(str, values)


def _floats(values: Sequence[float | None]) -> pa.Array:
    texts = pc.cast(pa.array(values, pa.float64()), pa.large_string())
    if not pc.any(pc.match_substring(texts, "e")).as_py():
        return texts
    return _each(lambda value: np.format_float_positional(value, trim="-"), values)


def _datetimes(values: Sequence[datetime | None]) -> pa.Array:
    walls = [
        value if value is None or value.tzinfo is None else value.astimezone(BEIJING).replace(tzinfo=None)
        for value in values
    ]
    texts = pc.cast(pa.array(walls, pa.timestamp("us")), pa.large_string())
    return pc.replace_substring_regex(texts, r"\.000000$", "")


def _each(write: Callable[[Any], str], values: Sequence[Any]) -> pa.Array:
    """Value by value, for kinds that Arrow cannot write exactly."""
    return pa.array([None if value is None else write(value) for value in values], pa.large_string())


_TEXTS: Mapping[type, Callable[[Sequence[Any]], pa.Array]] = MappingProxyType(
    {
        str: _texts,
        bool: lambda values: pc.if_else(pa.array(values, pa.bool_()), *map(_scalar, ("是", "否"))),
        int: _integers,
        float: _floats,
        # Arrow would give a column one scale, so that a value's text depended on its neighbours.
        Decimal: lambda values: _each(lambda value: format(value, "f"), values),
        date: lambda values: pc.cast(pa.array(values, pa.date32()), pa.large_string()),
        datetime: _datetimes,
        time: lambda values: _each(time.isoformat, values),
        UUID: lambda values: _each(str, values),
    }
)


def _scalar(text: str) -> pa.Scalar:
    return pa.scalar(text, pa.large_string())


def csv_lines(columns: Sequence[pa.Array]) -> bytes:
    """Records of RFC 4180 in UTF-8, one line each; NULL and the empty text are the same empty field.

    Args:
        columns: ``large_string`` columns of one length.
    """
    fields = [_quoted(pc.fill_null(column, "")) for column in columns]
    records = pc.binary_join_element_wise(*fields, _scalar(","))
    if not len(records):
        return b""
    together = pc.binary_join(pa.LargeListArray.from_arrays([0, len(records)], records), _scalar("\r\n"))
    lines: bytes = together[0].as_buffer().to_pybytes()
    return lines + b"\r\n"


def _quoted(texts: pa.Array) -> pa.Array:
    is_odd = pc.match_substring_regex(texts, '[",\r\n]')
    if not pc.any(is_odd).as_py():
        return texts
    quote, nothing = _scalar('"'), _scalar("")
    quoted = pc.binary_join_element_wise(quote, pc.replace_substring(texts, '"', '""'), quote, nothing)
    return pc.if_else(is_odd, quoted, texts)
