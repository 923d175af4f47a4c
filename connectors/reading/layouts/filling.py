"""Cells that say by their place what another one says: merged cells, ditto marks, blanks meaning the same as above.

And the sheet's name, where it is that of the village. Only what was agreed on, or is certain: a merged cell of a county, town or village stands beside each of its rows. Names and
numbers of people are never filled; that merged cells of other columns were not is said.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from connectors.reading.contents import shown
from connectors.reading.grid import BLANKS, NO, Grid, filled_cells
from connectors.reading.layout import TableLayout
from connectors.reading.layouts.header import normal_header
from connectors.reading.layouts.row_notes import RowNotes
from schemas.fields import FIELDS
from schemas.reading_notes import ReadingNoteKind as Kind

__all__ = ["Filled", "fill_columns"]

_Positions = npt.NDArray[np.int64]

_DITTO = pa.array(["同上", "同前", "〃", "″", "〞", "＂", '"', "''", "””", "“", "”", "々", "ditto"], pa.large_string())
_GENERAL_NAME = re.compile(r"(?:sheet|工作表|表格?|名单)?\d*")
_TEXT_FILE = re.compile(r"\.(?:csv|tsv|txt|xls|html?|dbf|jsonl)$", re.IGNORECASE)
_ENDS = frozenset({Kind.TITLE, Kind.SUBTOTAL, Kind.FOOTER})
"""Rows beyond which "above" does not reach: what follows is another group."""


class Filled(NamedTuple):
    """Columns by field, and the marks of numbers."""

    columns: dict[str, pa.Array]
    numbers: dict[str, pa.Array]


def fill_columns(
    grid: Grid, columns: Filled, no_records: Mapping[int, Kind], table: TableLayout, notes: RowNotes
) -> Filled:
    """The columns of a grid with what their cells say by their place.

    Args:
        grid: whose columns they are.
        columns: ``large_string``, a cell for each row of the grid, and boolean for fields with cells stored as numbers.
        no_records: rows that are no records.
        table: what was agreed on.
        notes: gets which records were filled, in which field and why.
    """
    filled = Filled(dict(columns.columns), dict(columns.numbers))
    filler = _Filler(grid, filled, no_records, notes)
    for field in columns.columns:
        is_place = field in FIELDS and FIELDS[field].kind == "division"
        if is_place or field in table.same_as_above:
            filler.fill(field, blanks=field in table.same_as_above)
        else:
            filler.leave(field)
    if table.sheet_name_field and _says_something(grid.sheet, table.sheet_names):
        filler.fill_sheet_name(table.sheet_name_field)
    return filled


def own_name(sheet: str) -> str:
    """The name of a sheet without that of the file of an archive it is in; a text in an archive goes by its file's.

    >>> own_name("扶大镇.xlsx/三葵村"), own_name("扶大镇/三葵村.csv")
    ('三葵村', '三葵村')
    """
    return _TEXT_FILE.sub("", sheet.rpartition("/")[2])


def _says_something(sheet: str, agreed: Sequence[str]) -> bool:
    name = normal_header(own_name(sheet))
    return not _GENERAL_NAME.fullmatch(name) and name not in map(normal_header, agreed)


class _Filler:
    def __init__(self, grid: Grid, filled: Filled, no_records: Mapping[int, Kind], notes: RowNotes) -> None:
        self._grid = grid
        self._filled = filled
        self._notes = notes
        self._is_record = np.ones(grid.height, dtype=bool)
        self._is_record[list(no_records)] = False
        ends = np.zeros(grid.height, dtype=np.int64)
        ends[[index for index, kind in no_records.items() if kind in _ENDS]] = 1
        self._group = np.cumsum(ends)

    def fill(self, field: str, *, blanks: bool) -> None:
        """Fill merged cells and ditto marks, and blank cells where those mean the same as above."""
        merged = self._merged(field)
        column = _taken(self._filled.columns[field], merged)
        has_text = filled_cells(column)
        is_ditto = np.asarray(pc.is_in(pc.utf8_trim(column, characters=BLANKS), _DITTO).fill_null(NO)) & has_text
        above = self._above(is_ditto | ~has_text if blanks else is_ditto, has_text & ~is_ditto)
        self._filled.columns[field] = _taken(column, above)
        if field in self._filled.numbers:
            self._filled.numbers[field] = _taken(_taken(self._filled.numbers[field], merged), above)
        moved = _is_moved(above)
        self._note(Kind.SAME_AS_ABOVE, field, _is_moved(merged), "合并单元格")
        self._note(Kind.SAME_AS_ABOVE, field, moved & is_ditto, "同上")
        self._note(Kind.SAME_AS_ABOVE, field, moved & ~is_ditto, "空白")

    def leave(self, field: str) -> None:
        """Say that merged cells are not filled."""
        self._note(Kind.MERGED_LEFT, field, _is_moved(self._merged(field)))

    def fill_sheet_name(self, field: str) -> None:
        """Put the sheet's name where a cell of the field is empty."""
        name = own_name(self._grid.sheet)
        column = self._filled.columns.get(field, pa.nulls(self._grid.height, pa.large_string()))
        empty = ~filled_cells(column)
        self._filled.columns[field] = pc.if_else(pa.array(empty), pa.scalar(name, pa.large_string()), column)
        self._note(Kind.SHEET_NAME_TAKEN, field, empty, shown(name))

    def _merged(self, field: str) -> _Positions:
        """For each row the one whose cell it shares: its own, but for cells merged with one above."""
        numbers = self._grid.row_numbers
        source = np.arange(self._grid.height)
        for first, last in self._grid.merged.down(self._grid.header.column_of[field]):
            begin, end = np.searchsorted(numbers, [first + 1, last + 2])
            if begin < end and numbers[begin] == first + 1:
                source[begin:end] = begin
        return source

    def _above(self, wanting: npt.NDArray[np.bool_], said: npt.NDArray[np.bool_]) -> _Positions:
        """For each row that wants it the record above that says something, within its group; for all others themselves."""
        own = np.arange(self._grid.height)
        last = np.maximum.accumulate(np.where(said & self._is_record, own, -1)) if len(own) else own
        reachable = wanting & self._is_record & (last >= 0)
        reachable[reachable] = self._group[last[reachable]] == self._group[reachable]
        return np.where(reachable, last, own)

    def _note(self, kind: Kind, field: str, rows: npt.NDArray[np.bool_], seen: str = "") -> None:
        numbers: list[int] = self._grid.row_numbers[rows & self._is_record].tolist()
        self._notes.add(kind, numbers, field=field, seen=seen)


def _is_moved(source: _Positions) -> npt.NDArray[np.bool_]:
    moved: npt.NDArray[np.bool_] = np.arange(len(source)) != source
    return moved


def _taken(column: pa.Array, source: _Positions) -> pa.Array:
    """Cells of the given rows; the column as it is where each row is its own."""
    return column.take(pa.array(source)) if _is_moved(source).any() else column
