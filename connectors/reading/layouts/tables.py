"""The tables on the sheets of a workbook: sheets of cells become grids below headers.

Which sheets are read is told in ``sheet_choice``, where further tables begin on a sheet in ``blocks``.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from connectors.reading.contents import DeliveryRefusedError, FileFinding, ReadingNote
from connectors.reading.grid import Grid, filled_cells
from connectors.reading.layout import DeliveryLayout
from connectors.reading.layouts.blocks import blocks_of
from connectors.reading.layouts.header import judge_header
from connectors.reading.layouts.header_search import HeaderSearch
from connectors.reading.layouts.sheet_choice import ChosenSheet, choose_sheets
from connectors.reading.sheets import SheetCells
from schemas.reading_notes import ReadingNoteKind as Kind

__all__ = ["grids_of"]

_Rows = npt.NDArray[np.int64]


def grids_of(sheets: Sequence[SheetCells], layout: DeliveryLayout) -> tuple[dict[str, list[Grid]], list[FileFinding]]:
    """The grids of every table that is there, and the columns nobody agreed on; how sheets were read stands with the grids.

    Raises:
        DeliveryRefusedError: a table's sheet or header is not as agreed, or rows were lost.
    """
    search = HeaderSearch(layout.tables)
    chosen, notes = choose_sheets(sheets, layout, search)
    grids: dict[str, list[Grid]] = {}
    findings: list[FileFinding] = []
    faults: list[FileFinding] = []
    for sheet in chosen:
        try:
            whole, unknown = _grid(sheet, layout, search)
            cuts = list(blocks_of(whole, sheet.header.table, search))
        except DeliveryRefusedError as refused:  # the other sheets' faults are said with this one's
            faults += refused.findings
            continue
        findings += unknown
        parts: dict[str, list[Grid]] = {}
        for cut in cuts:
            parts.setdefault(cut.table, []).append(cut.grid)
            findings += cut.unknown
        for name, grid in parts.items():
            grids.setdefault(name, []).append(replace(grid[0], parts=grid, notes=notes + grid[0].notes))
            notes = []
    if faults:
        raise DeliveryRefusedError(*faults)
    return grids, findings


def _grid(chosen: ChosenSheet, layout: DeliveryLayout, search: HeaderSearch) -> tuple[Grid, list[FileFinding]]:
    """Everything below the first header of a sheet."""
    sheet, table = chosen.cells, chosen.header.table
    header, unknown = judge_header(chosen.header.rows, search.names[table], sheet=sheet.name)
    first = chosen.header.rows.last + 1
    content = np.flatnonzero(_content(sheet.columns)[first:]) + first
    left_out = np.isin(content, sheet.hidden_rows) if layout.hidden_rows == "leave" else None
    return (
        Grid(
            sheet=sheet.name,
            header=header,
            row_numbers=(content + 1).astype(np.int32),
            columns=[_rows_of(column, content) for column in sheet.columns],
            stored_as_number=[None if number is None else _rows_of(number, content) for number in sheet.numbers],
            received=int(sheet.has_content[first:].sum()),
            merged=chosen.merged,
            left_out=left_out if left_out is not None and left_out.any() else None,
            dates_from_1904=sheet.dates_from_1904,
            notes=_notes(sheet, content, layout),
        ),
        unknown,
    )


def _notes(sheet: SheetCells, content: _Rows, layout: DeliveryLayout) -> list[ReadingNote]:
    """How the rows below the first header of a sheet were read."""
    notes = []
    for kind, rows in (
        (Kind.HIDDEN_ROWS_TAKEN, sheet.hidden_rows if layout.hidden_rows == "take" else sheet.hidden_rows[:0]),
        (Kind.FORMULA_CELLS, sheet.formula_rows),
        (Kind.ERROR_CELLS, sheet.error_rows),
    ):
        numbers = (np.intersect1d(rows, content) + 1).tolist()
        if numbers:
            notes.append(ReadingNote.of_rows(kind, sheet.name, numbers))
    if sheet.comments:
        notes.append(ReadingNote(Kind.COMMENTS, sheet.name, count=sheet.comments))
    if sheet.dates_from_1904:
        notes.append(ReadingNote(Kind.DATES_FROM_1904, sheet.name, count=len(content)))
    return notes


def _rows_of(column: pa.ChunkedArray, rows: _Rows) -> pa.ChunkedArray:
    """Some rows of a column; without a copy where nothing lies between them."""
    if len(rows) and rows[-1] - rows[0] == len(rows) - 1:
        return column.slice(rows[0], len(rows))
    return column.take(pa.array(rows))


def _content(columns: Sequence[pa.ChunkedArray]) -> npt.NDArray[np.bool_]:
    """Which rows show anything, seen from the columns: stops looking once every row does."""
    content = np.zeros(len(columns[0]) if columns else 0, dtype=bool)
    for column in columns:
        if content.all():
            break
        content |= filled_cells(column)
    return content
