"""Looking at the sheets of a file nobody agreed on: which read like a list, and where their headers are.

It runs in the child process like any other reading (``child``). A row is taken for a header only if it has words of
headers, since headers are shown to people and rows are not.
"""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from connectors.reading.grid import Grid, filled_cells, is_blank
from connectors.reading.layouts.header import normal_header
from connectors.reading.layouts.header_search import SEARCHED_ROWS, HeaderSearch
from connectors.reading.layouts.merged_cells import MergedCells
from connectors.reading.looks.inspection import InspectedSheet, Likeness
from connectors.reading.sheets import SheetCells

__all__ = ["FoundHeader", "empty_sheet", "find_header", "inspected_grid", "inspected_sheet", "likely_header"]

_HEADER_ENDING = re.compile(
    r"(?:姓名|名称|性别|号|号码|编号|证号|电话|手机|方式|地址|住址|地|日期|时间|年月|类别|类型|种类|等级|级别|程度|状态|状况|情况"
    r"|关系|年龄|序号|民族|单位|机构|部门|标准|金额|补贴|收入|措施|责任人|联系人|监护人|配偶|备注|说明|结果|结论|意见|签名|签字)$"
)
"""What the words of a header end in. Names, places and answers do not, or a row of people would be shown as a header."""

_LONG_NUMBER = re.compile(r"[0-9０-９]{5}")


class FoundHeader(NamedTuple):
    """A header: its rows (from 0, ends included), what it says of each column, and what its sheet reads like."""

    first: int
    last: int
    cells: tuple[str, ...]
    likeness: Likeness


_NOTHING = FoundHeader(0, -1, (), "other")


def inspected_sheet(
    sheet: SheetCells, search: HeaderSearch, *, header_row: int | None, is_form: bool
) -> InspectedSheet:
    """A sheet as it was found.

    Args:
        sheet: its cells.
        search: for headers that are known from anywhere.
        header_row: where its header is, if somebody says so.
        is_form: whether it reads like the registration form.
    """
    rows = sheet.texts(0, max(SEARCHED_ROWS + 1, header_row or 0))
    found = _NOTHING._replace(likeness="form")
    if not is_form:
        found = find_header(rows, search, MergedCells(sheet.merged), header_row)
    width = len(found.cells)
    below = np.flatnonzero(sheet.has_content[found.last + 1 :]) + found.last + 1 if width else np.empty(0, np.int64)
    return InspectedSheet(
        name=sheet.name,
        is_text=False,
        rows=int(sheet.has_content.sum()),
        is_hidden=sheet.is_hidden,
        hidden_rows=len(sheet.hidden_rows),
        likeness=found.likeness,
        header_rows=tuple(range(found.first + 1, found.last + 2)),
        header=found.cells,
        cells=_cells(sheet.columns[:width], sheet.numbers[:width], below + 1, below),
    )


def empty_sheet(name: str, rows: int, likeness: Likeness, *, is_text: bool) -> InspectedSheet:
    """A text or document without a list."""
    nothing = pa.table({"row_number": pa.array([], pa.int32())})
    return InspectedSheet(
        name, is_text, rows, is_hidden=False, hidden_rows=0, likeness=likeness, header_rows=(), header=(), cells=nothing
    )


def inspected_grid(grid: Grid, delimiter: str = "") -> InspectedSheet:
    """A text as it was read."""
    cells = _cells(grid.columns, grid.stored_as_number, grid.row_numbers, None)
    lines = len(grid.header.lines)
    return InspectedSheet(
        name=grid.sheet, is_text=True, rows=grid.received + lines, is_hidden=False, hidden_rows=0, likeness="list",
        header_rows=tuple(range(grid.header.row_number - lines + 1, grid.header.row_number + 1)),
        header=grid.header.cells, cells=cells, delimiter=delimiter,
    )  # fmt: skip


def likely_header(rows: Sequence[Sequence[str]]) -> int | None:
    """Index of the row that reads most like a header though none of its words is known; ``None`` where none does.

    Three cells at least, and half of all, end as headers do; none holds a number as long as a telephone's end.
    """
    best, most = None, 2
    for index, cells in enumerate(rows[:SEARCHED_ROWS]):
        filled = [normal_header(cell) for cell in cells if not is_blank(cell)]
        like = sum(bool(_HEADER_ENDING.search(cell)) for cell in filled)
        if like > most and like * 2 >= len(filled) and not any(map(_LONG_NUMBER.search, filled)):
            best, most = index, like
    return best


def find_header(
    rows: Sequence[Sequence[str]], search: HeaderSearch, merged: MergedCells, header_row: int | None
) -> FoundHeader:
    """The header among the first rows of a sheet: where somebody says, where known words stand, or where it reads so.

    Args:
        rows: the first rows, all of one width.
        search: for headers that are known from anywhere.
        merged: merged cells of the sheet.
        header_row: where the header is, if somebody says so.
    """
    if header_row is not None:
        return _one_line(rows, header_row - 1) if header_row <= len(rows) else _NOTHING
    known, likely = search.first(rows, merged), likely_header(rows)
    if known is None or (likely is not None and not search.says_who(known)):
        return _NOTHING if likely is None else _one_line(rows, likely)
    header = known.rows
    likeness: Likeness = "members" if known.table == "members" else "list"
    return FoundHeader(header.first, header.last, _trimmed(header.cells), likeness)


def _one_line(rows: Sequence[Sequence[str]], index: int) -> FoundHeader:
    return FoundHeader(index, index, _trimmed(rows[index]), "list")


def _trimmed(cells: Sequence[str]) -> tuple[str, ...]:
    """The cells up to the last that shows anything."""
    last = max((place for place, cell in enumerate(cells) if not is_blank(cell)), default=-1)
    return tuple(cells[: last + 1])


def _cells(
    columns: Sequence[pa.ChunkedArray], numbers: Sequence[pa.ChunkedArray | None], row_numbers: Any, taken: Any
) -> pa.Table:
    """Columns under their places, only of the rows ``taken``, if that is said."""
    chosen = None if taken is None else pa.array(taken)
    made: dict[str, pa.Array] = {"row_number": pa.array(row_numbers, pa.int32())}
    for place, column in enumerate(columns):
        filled = pc.if_else(pa.array(filled_cells(column)), column, pa.scalar(None, pa.large_string()))
        made[str(place)] = filled if chosen is None else filled.take(chosen)
        flags = numbers[place]
        if flags is not None:
            made[f"{place}__number"] = flags if chosen is None else flags.take(chosen)
    return pa.table(made)
