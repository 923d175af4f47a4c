"""Rows of cells, as a library gives them, into Arrow columns: text, and a mark on those stored as numbers.

Cells are judged by their type. pandas' reader is not used: it turns a number into text that looks clean, and an ID number
stored as a number has lost its last digits.
"""

import datetime as dt
import math
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import islice
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from connectors.reading.grid import BLANKS

__all__ = ["Cell", "Columns", "columns_of"]

_BATCH = 20_000  # rows turned into Arrow at a time; Python objects for a whole sheet would take ten times the memory
_EXACT = 2**53  # integers below are the same as floating-point numbers

Cell = str | float | int | bool | dt.date | dt.datetime | dt.time | dt.timedelta


class Columns(NamedTuple):
    """Cells column by column, in the words of `connectors.reading.sheets.SheetCells`."""

    texts: list[pa.ChunkedArray]
    numbers: list[pa.ChunkedArray | None]
    has_content: npt.NDArray[np.bool_]


def columns_of(rows: Iterable[Sequence[Cell]], width: int) -> Columns:
    """Rows of one width as columns; an empty cell is an empty text and becomes null."""
    texts: list[list[pa.Array]] = [[] for _ in range(width)]
    numbers: list[list[pa.Array | None]] = [[] for _ in range(width)]
    has_content: list[npt.NDArray[np.bool_]] = []
    left: Iterator[Sequence[Cell]] = iter(rows)
    while batch := list(islice(left, _BATCH)):
        has_content.append(np.fromiter(map(_has_content, batch), bool, len(batch)))
        for column, cells in enumerate(zip(*batch, strict=True)):
            text, number = _column(cells)
            texts[column].append(text)
            numbers[column].append(number)
    lengths = [len(batch) for batch in has_content]
    return Columns(
        [pa.chunked_array(chunks, pa.large_string()) for chunks in texts],
        [_flags(chunks, lengths) for chunks in numbers],
        np.concatenate([np.empty(0, bool), *has_content]),
    )


def _has_content(row: Sequence[Cell]) -> bool:
    """Whether a row of raw cells shows anything; most answer at their first cell."""
    for cell in row:  # noqa: SIM110 - a generator for each row would take twice as long
        if not isinstance(cell, str) or cell.strip(BLANKS):
            return True
    return False


def _flags(chunks: Sequence[pa.Array | None], lengths: Sequence[int]) -> pa.ChunkedArray | None:
    if not any(chunk is not None for chunk in chunks):
        return None
    whole = [
        pa.array(np.zeros(length, dtype=bool)) if chunk is None else chunk
        for chunk, length in zip(chunks, lengths, strict=True)
    ]
    return pa.chunked_array(whole, pa.bool_())


def _column(cells: tuple[Cell, ...]) -> tuple[pa.Array, pa.Array | None]:
    """Cells of one column as text (null where empty), and which of them were stored as numbers, None if none was."""
    try:
        text, number = pa.array(cells, pa.large_string()), None
    except (pa.ArrowTypeError, pa.ArrowInvalid):  # not texts alone
        text, number = _mixed_column(cells)
    if _may_have_null_characters(text):
        text = pc.replace_substring(text, "\x00", "")  # PostgreSQL cannot store it
    empty = pc.equal(text, "")
    if empty.true_count:
        text = pc.if_else(empty, pa.scalar(None, pa.large_string()), text)
    return text, number if number is not None and number.true_count else None


def _mixed_column(cells: tuple[Cell, ...]) -> tuple[pa.Array, pa.Array | None]:
    kinds = set(map(type, cells))
    if kinds <= {str, float, int} and _are_exact(cells):
        numbers = pa.array([cell if cell.__class__ is not str else None for cell in cells], pa.float64())
        strings = pa.array([cell if cell.__class__ is str else None for cell in cells], pa.large_string())
        distinct = numbers.dictionary_encode()
        words = pa.array([_text(value) for value in distinct.dictionary.to_pylist()], pa.large_string())
        return pc.coalesce(strings, words.take(distinct.indices)), numbers.is_valid()
    if kinds.isdisjoint({bool, int, float}):  # equal cells of these kinds read the same: dates come often
        known = {cell: _text(cell) for cell in set(cells)}
        return pa.array([known[cell] for cell in cells], pa.large_string()), None
    number = pa.array([cell.__class__ in (int, float) for cell in cells], pa.bool_())
    return pa.array([_text(cell) for cell in cells], pa.large_string()), number


def _may_have_null_characters(text: pa.Array) -> bool:
    """Whether a zero is among the bytes of an array that was just made; padding behind them may be one too."""
    data = text.buffers()[2]
    return data is not None and not np.frombuffer(data, np.uint8).all()


def _are_exact(cells: tuple[Cell, ...]) -> bool:
    return all(abs(cell) < _EXACT for cell in cells if cell.__class__ is int)


def _text(cell: object) -> str:
    """A cell as text: numbers without exponent, dates as ISO 8601, truth values as Excel's words.

    A number has the digits that tell it from all others and zeros behind them, as Excel shows it: the exact value of
    the second one below is 441421194801009984, which differs from what was typed in its fifteenth digit.

    >>> [_text(cell) for cell in (13800138000.0, 4.4142119480101e+17, 0.1, dt.date(2025, 1, 2), True)]
    ['13800138000', '441421194801010000', '0.1', '2025-01-02', 'TRUE']
    """
    if isinstance(cell, bool):  # before numbers: bool is an int
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float) and math.isfinite(cell):
        return format(Decimal(repr(cell).removesuffix(".0")), "f")
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    return str(cell)
