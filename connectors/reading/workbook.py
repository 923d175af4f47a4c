"""Workbooks (.xlsx): which sheet holds a table, and its cells as text with a mark on those stored as numbers.

Cells are taken raw from calamine and judged by their type. pandas' reader is not used: it turns a number into text that
looks clean, and an ID number stored as a number has lost its last digits.
"""

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from connectors.reading.contents import DeliveryRefusedError, FileFinding, shown
from connectors.reading.grid import BLANKS, Grid, filled_cells, is_blank
from connectors.reading.header import SEARCHED_ROWS, find_header, judge_header, normal_header
from connectors.reading.layout import DeliveryLayout, ReadingLimits, TableLayout
from schemas.findings import Finding

__all__ = ["read_workbook"]

_BATCH = 20_000  # rows turned into Arrow at a time; Python objects for a whole sheet would take ten times the memory

_Cell = str | float | int | bool | dt.date | dt.datetime | dt.time | dt.timedelta


class _Sheet(NamedTuple):
    """An opened sheet, its first rows as text, and where among them the header is."""

    sheet: CalamineSheet
    first_rows: list[list[str]]
    header: int | None


def read_workbook(
    path: Path, layout: DeliveryLayout, limits: ReadingLimits
) -> tuple[dict[str, Grid], list[FileFinding]]:
    """The grid of every table that is there, and the columns nobody agreed on.

    Raises:
        DeliveryRefusedError: the workbook cannot be opened, or a table's sheet or header is not as agreed.
    """
    grids: dict[str, Grid] = {}
    findings: list[FileFinding] = []
    try:
        with CalamineWorkbook.from_path(path) as workbook:
            for name, table in layout.tables.items():
                others = [t for other, t in layout.tables.items() if other != name]
                found = _sheet_of(workbook, table, others, limits, is_main=name == "main")
                if found is not None:
                    grids[name], unknown = _read_sheet(found, table)
                    findings += unknown
    except PasswordError:
        raise DeliveryRefusedError(FileFinding(Finding.FILE_ENCRYPTED)) from None
    except CalamineError:
        raise DeliveryRefusedError(FileFinding(Finding.FILE_UNREADABLE, seen="工作簿内容损坏")) from None
    return grids, findings


def _sheet_of(
    workbook: CalamineWorkbook, table: TableLayout, others: list[TableLayout], limits: ReadingLimits, *, is_main: bool
) -> _Sheet | None:
    """The sheet with a name that was agreed; for the main table, else the only sheet that reads like it."""
    wanted, taken = _names(table), {name for other in others for name in _names(other)}
    sheets = [sheet for sheet in workbook.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
    named = [sheet.name for sheet in sheets if normal_header(sheet.name) in wanted]
    opened = [found for name in named if (found := _open(workbook, name, table, limits))]
    if not opened and is_main:
        visible = [sheet.name for sheet in sheets if sheet.visible == SheetVisibleEnum.Visible]
        free = [name for name in visible if normal_header(name) not in wanted | taken]
        opened = [found for name in free if (found := _open(workbook, name, table, limits))]
    headed = [found for found in opened if found.header is not None]
    filled = [found for found in headed if _size(found.sheet)[0] > (found.header or 0) + 1]
    if len(filled) > 1:
        # Taking the first would lose the rows of the others without a word.
        names = "、".join(found.sheet.name for found in filled)
        raise DeliveryRefusedError(FileFinding(Finding.HEADER_NOT_FOUND, seen=shown(f"多个工作表都像名单：{names}")))
    if best := [*filled, *headed, *opened]:
        if best[0].header is None:
            raise DeliveryRefusedError(FileFinding(Finding.HEADER_NOT_FOUND, shown(best[0].sheet.name)))
        return best[0]
    if table.optional_table:
        return None
    raise DeliveryRefusedError(FileFinding(Finding.FILE_EMPTY))


def _names(table: TableLayout) -> set[str]:
    return {normal_header(name) for name in table.sheet_names}


def _open(workbook: CalamineWorkbook, name: str, table: TableLayout, limits: ReadingLimits) -> _Sheet | None:
    """A sheet with anything on it, else None."""
    sheet = workbook.get_sheet_by_name(name)
    rows, columns = _size(sheet)
    if rows > limits.rows or columns > limits.columns:
        raise DeliveryRefusedError(FileFinding(Finding.FILE_HOSTILE, shown(name), seen=f"{rows} 行 × {columns} 列"))
    first_rows = [[_text(cell) for cell in row] for row in islice(_rows(sheet), SEARCHED_ROWS)]
    if sheet.start is None or (len(first_rows) < SEARCHED_ROWS and all(map(is_blank, chain(*first_rows)))):
        return None
    return _Sheet(sheet, first_rows, find_header(first_rows, table))


def _size(sheet: CalamineSheet) -> tuple[int, int]:
    """Rows and columns from A1 to the last cell (calamine's own ``total_height`` is one less)."""
    return (sheet.end[0] + 1, sheet.end[1] + 1) if sheet.end else (0, 0)


def _rows(sheet: CalamineSheet) -> Iterator[list[_Cell]]:
    """Rows from row 1 on, each from column A on (calamine leaves out empty columns at the left)."""
    left: list[_Cell] = [""] * (sheet.start[1] if sheet.start else 0)
    return (left + row for row in sheet.iter_rows()) if left else sheet.iter_rows()


def _read_sheet(found: _Sheet, table: TableLayout) -> tuple[Grid, list[FileFinding]]:
    sheet, first_rows, index = found
    index = index or 0
    header, unknown = judge_header(first_rows[index], table, sheet=sheet.name, row_number=index + 1)
    rows = islice(_rows(sheet), index + 1, None)
    texts: list[list[pa.Array]] = [[] for _ in header.cells]
    numbers: list[list[pa.Array]] = [[] for _ in header.cells]
    kept_rows: list[npt.NDArray[np.int32]] = []
    received, first_row = 0, index + 2
    while batch := list(islice(rows, _BATCH)):
        received += sum(map(_has_content, batch))
        columns = [_column(cells) for cells in zip(*batch, strict=True)]
        kept = np.flatnonzero(_content([text for text, _ in columns]))
        everything = len(kept) == len(batch)
        for column, (text, number) in enumerate(columns):
            texts[column].append(text if everything else text.take(pa.array(kept)))
            numbers[column].append(number if everything else number.take(pa.array(kept)))
        kept_rows.append((kept + first_row).astype(np.int32))
        first_row += len(batch)
    return (
        Grid(
            sheet=sheet.name,
            header=header,
            row_numbers=np.concatenate([np.empty(0, np.int32), *kept_rows]),
            columns=[pa.chunked_array(chunks, pa.large_string()) for chunks in texts],
            stored_as_number=[_any_true(pa.chunked_array(chunks, pa.bool_())) for chunks in numbers],
            received=received,
        ),
        unknown,
    )


def _has_content(row: Sequence[_Cell]) -> bool:
    """Whether a row of raw cells shows anything; most answer at their first cell."""
    for cell in row:  # noqa: SIM110 - a generator for each row would take twice as long
        if not isinstance(cell, str) or cell.strip(BLANKS):
            return True
    return False


def _content(columns: list[pa.Array]) -> npt.NDArray[np.bool_]:
    """Which rows show anything, seen from the columns: stops looking once every row does."""
    content = np.zeros(len(columns[0]) if columns else 0, dtype=bool)
    for column in columns:
        if content.all():
            break
        content |= filled_cells(column)
    return content


def _any_true(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    return column if pc.any(column).as_py() else None


def _column(cells: tuple[_Cell, ...]) -> tuple[pa.Array, pa.Array]:
    """Cells of one column as text (null where empty), and which of them were stored as numbers."""
    kinds = set(map(type, cells))
    if kinds <= {str}:
        text, number = pa.array(cells, pa.large_string()), pa.array(np.zeros(len(cells), dtype=bool))
    elif kinds <= {str, float}:
        numbers = pa.array([cell if cell.__class__ is float else None for cell in cells], pa.float64())
        strings = pa.array([cell if cell.__class__ is str else None for cell in cells], pa.large_string())
        distinct = numbers.dictionary_encode()
        words = pa.array([_text(value) for value in distinct.dictionary.to_pylist()], pa.large_string())
        text, number = pc.coalesce(strings, words.take(distinct.indices)), numbers.is_valid()
    else:
        text = pa.array([_text(cell) for cell in cells], pa.large_string())
        number = pa.array([cell.__class__ in (int, float) for cell in cells], pa.bool_())
    if pc.any(pc.match_substring(text, "\x00")).as_py():
        text = pc.replace_substring(text, "\x00", "")  # PostgreSQL cannot store it
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.large_string()), text), number


def _text(cell: object) -> str:
    """A cell as text: numbers with all their digits and no exponent, dates as ISO 8601, truth values as Excel's words.

    >>> [_text(cell) for cell in (13800138000.0, 4.4142119450312e+17, 0.1, dt.date(2025, 1, 2), True)]
    ['13800138000', '441421194503120000', '0.1', '2025-01-02', 'TRUE']
    """
    if isinstance(cell, bool):  # before numbers: bool is an int
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, int | float):
        if not math.isfinite(cell):
            return str(cell)
        return str(int(cell)) if cell == int(cell) else format(Decimal(repr(cell)), "f")
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    return str(cell)
