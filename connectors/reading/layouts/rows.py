"""From grids to records: the fields of each by name, its fingerprint; and that no row is lost.

Which rows are records is told in ``no_records``, what cells say by their place in ``filling``, where another table begins
in ``blocks``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from connectors.reading.contents import DeliveryRefusedError, FileFinding, ReadingNote, TableContents, shown
from connectors.reading.grid import Grid, column_letter, filled_cells, is_blank
from connectors.reading.layout import TableLayout
from connectors.reading.layouts.blocks import Cut, blocks_of
from connectors.reading.layouts.filling import Filled, fill_columns
from connectors.reading.layouts.header import HeaderNames
from connectors.reading.layouts.header_search import HeaderSearch
from connectors.reading.layouts.no_records import rows_without_record
from connectors.reading.layouts.row_notes import RowNotes
from connectors.reading.layouts.rowhash import row_hashes
from schemas.findings import Finding
from schemas.reading_notes import ReadingNoteKind as Kind
from schemas.returns import ROW_KEY

__all__ = ["records_of"]

_TABLE = "this"


def records_of(grid: Grid, table: TableLayout) -> tuple[TableContents, list[FileFinding], list[ReadingNote]]:
    """The records of a grid, the columns and lines that were left out, and how its rows were understood.

    Raises:
        DeliveryRefusedError: a header further below is not as agreed, or rows counted before and after reading differ (a
            fault of ours or of a library; nothing is used).
    """
    search = HeaderSearch({_TABLE: table})
    cuts = [Cut(_TABLE, part, []) for part in grid.parts] or blocks_of(grid, _TABLE, search)
    notes = RowNotes()
    parts: list[TableContents] = []
    findings: list[FileFinding] = []
    for cut in cuts:
        part, said = _records(cut.grid, table, search.names[_TABLE], notes)
        parts.append(part)
        findings += [*cut.unknown, *said]
    return TableContents.together(parts), findings, [*grid.notes, *notes.of_sheet(grid.sheet), *_examples(grid)]


def _records(
    grid: Grid, table: TableLayout, names: HeaderNames, notes: RowNotes
) -> tuple[TableContents, list[FileFinding]]:
    no_records = rows_without_record(grid, names)
    if ROW_KEY in grid.header.column_of:
        no_records, table = _of_returned_list(grid, no_records, table)
    _note_header(grid, table, notes)
    for index, kind in no_records.items():
        if index >= grid.header_rows:  # its own header is said as such
            notes.add(kind, [int(grid.row_numbers[index])])
    columns, numbers = fill_columns(grid, _columns(grid), no_records, table, notes)
    row_numbers = grid.row_numbers
    if no_records:
        kept = np.ones(len(row_numbers), dtype=bool)
        kept[list(no_records)] = False
        mask = pa.array(kept)
        columns = {field: column.filter(mask) for field, column in columns.items()}
        numbers = {field: flags.filter(mask) for field, flags in numbers.items()}
        row_numbers = row_numbers[kept]
    numbers = {field: flags for field, flags in numbers.items() if pc.any(flags).as_py()}
    contents = TableContents(
        table=_table(grid, row_numbers, columns, numbers, tuple(table.columns)),
        received=grid.received,
        blank=len(no_records),
        broken=len(grid.broken),
    )
    if contents.received != contents.table.num_rows + contents.blank + contents.broken:
        raise DeliveryRefusedError(FileFinding(Finding.FILE_UNREADABLE, grid.sheet, seen="两次清点的行数不一致"))
    broken = [FileFinding(Finding.LINE_BROKEN, grid.sheet, line, seen=why) for line, why in grid.broken]
    return contents, [*_nameless_columns(grid, no_records), *broken]


def _of_returned_list(
    grid: Grid, no_records: Mapping[int, Kind], table: TableLayout
) -> tuple[dict[int, Kind], TableLayout]:
    """Rows of a returned list that carry no record, and how the others are meant.

    A row with a key was a record when it was returned, and its cells were filled then: what stands above it now need not
    have stood there.
    """
    has_key = filled_cells(grid.columns[grid.header.column_of[ROW_KEY]])
    left = {Kind.HIDDEN_ROWS_LEFT, Kind.REPEATED_HEADER}
    kept = {index: kind for index, kind in no_records.items() if kind in left or not has_key[index]}
    return kept, replace(table, same_as_above=(), sheet_name_field=None)


def _columns(grid: Grid) -> Filled:
    """The columns of a grid by field."""
    fields = grid.header.column_of.items()
    flags = ((field, grid.stored_as_number[index]) for field, index in fields)
    return Filled(
        {field: _whole(grid.columns[index]) for field, index in fields},
        {field: _whole(marked) for field, marked in flags if marked is not None},
    )


def _whole(column: pa.ChunkedArray) -> pa.Array:
    """The column in one piece; joining a single piece would copy it."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _table(
    grid: Grid,
    row_numbers: npt.NDArray[np.int32],
    columns: Mapping[str, pa.Array],
    numbers: Mapping[str, pa.Array],
    fields: Sequence[str],
) -> pa.Table:
    rows = len(row_numbers)
    keys = columns.get(ROW_KEY)
    columns = {field: cells for field, cells in columns.items() if field != ROW_KEY}
    numbers = {field: flags for field, flags in numbers.items() if field != ROW_KEY}
    sheets = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([grid.sheet], pa.string()))
    made: dict[str, pa.Array] = {
        "sheet": sheets,
        "row_number": pa.array(row_numbers, pa.int32()),
        "row_hash": row_hashes(columns, numbers, rows, dates_from_1904=grid.dates_from_1904),
    }
    for field in fields:
        made[field] = columns.get(field, pa.nulls(rows, pa.large_string()))
    for field, flags in numbers.items():
        made[f"{field}__number"] = flags
    if keys is not None:
        made[ROW_KEY] = keys
    if grid.dates_from_1904:
        made["date1904"] = pa.array(np.ones(rows, dtype=bool))
    return pa.table(made)


def _nameless_columns(grid: Grid, no_records: Mapping[int, Kind]) -> list[FileFinding]:
    """Columns in which a record has something under an empty header; delimiters at the end of every line are no columns."""
    findings = []
    for index, cell in enumerate(grid.header.cells):
        column = grid.columns[index]
        if is_blank(cell) and column.null_count < len(column):
            filled = np.flatnonzero(filled_cells(column))
            if not set(filled.tolist()) <= no_records.keys() and ROW_KEY not in grid.header.column_of:
                letter = column_letter(index)
                findings.append(FileFinding(Finding.COLUMN_UNKNOWN, grid.sheet, grid.header.row_number, letter))
    return findings


def _note_header(grid: Grid, table: TableLayout, notes: RowNotes) -> None:
    """Where the header is, and which columns that may be missing are."""
    header = grid.header
    if not header.row_number:  # records that come with the names of their fields have none
        return
    missing = [headers[0] for field, headers in table.columns.items() if field not in header.column_of]
    seen = shown(f"没有的列：{'、'.join(missing)}") if missing else ""
    first = header.row_number - max(len(header.lines), 1) + 1
    notes.add(Kind.HEADER, range(first, header.row_number + 1), seen=seen)


def _examples(grid: Grid) -> list[ReadingNote]:
    count = grid.header.numbered_above
    return [ReadingNote(Kind.ABOVE_HEADER, grid.sheet, count=count)] if count else []
