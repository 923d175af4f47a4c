"""Cells below a header as Arrow columns, whatever format they came from: what the readers hand to ``rows``."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from connectors.reading.contents import ReadingNote
from connectors.reading.layouts.merged_cells import MergedCells

__all__ = ["BLANKS", "NO", "Grid", "Header", "column_letter", "filled_cells", "is_blank"]

NO = np.False_
"""What a null counts as. No Arrow value: the first of those reserves a gigabyte of addresses, more than a reader may be left."""

BLANKS = " \t\n\r\x0b\x0c\xa0\u3000\ufeff\u200b\u200c\u200d\u2060"
"""Characters that leave a cell empty to the eye. One list for all readers, so that they count the same rows."""


@dataclass(frozen=True, slots=True)
class Header:
    """The header: its last row (1-based, as a spreadsheet shows it), its cells, and the column of each field.

    ``lines`` are the cells of each of its rows as they stand there, where it has been read from rows; ``numbered_above`` is
    how many rows above it have an ID number, and are no records all the same.
    """

    row_number: int
    cells: tuple[str, ...]
    column_of: dict[str, int]
    lines: tuple[tuple[str, ...], ...] = ()
    numbered_above: int = 0


@dataclass(slots=True, repr=False)
class Grid:
    """The rows below a header that hold anything, column by column.

    Attributes:
        sheet: its name, empty in a text.
        header: above the rows.
        row_numbers: of the rows, as a spreadsheet shows them.
        columns: ``large_string``, null for an empty cell.
        stored_as_number: a boolean column for each column, ``None`` where no cell was a number.
        received: how many rows and broken lines there are, counted by other means than ``row_numbers``.
        broken: lines that are no rows, and why.
        merged: merged cells of the sheet.
        left_out: for each row whether it is hidden and not to be taken; ``None`` where none is.
        dates_from_1904: whether plain numbers that are dates count from 1904.
        header_rows: how many of the first rows are the header's own: it stands below another table.
        is_followed: whether the header of another table comes after the last row.
        suspects: rows without an ID number where one should be, once they were looked for.
        notes: how the sheet was read.
        parts: the tables it was cut into, where that was done already; their rows are all of its rows.
    """

    sheet: str
    header: Header
    row_numbers: npt.NDArray[np.int32]
    columns: list[pa.ChunkedArray]
    stored_as_number: list[pa.ChunkedArray | None]
    received: int
    broken: list[tuple[int, str]] = field(default_factory=list)
    merged: MergedCells = field(default_factory=MergedCells)
    left_out: npt.NDArray[np.bool_] | None = None
    dates_from_1904: bool = False
    header_rows: int = 0
    is_followed: bool = False
    suspects: npt.NDArray[np.int64] | None = None
    notes: list[ReadingNote] = field(default_factory=list)
    parts: "list[Grid]" = field(default_factory=list)

    @property
    def height(self) -> int:
        """How many rows there are."""
        return len(self.row_numbers)

    def texts(self, indices: npt.NDArray[np.int64]) -> Iterator[tuple[str | None, ...]]:
        """The cells of some rows."""
        taken = pa.array(indices)
        return zip(*(column.take(taken).to_pylist() for column in self.columns), strict=True)


def is_blank(text: str) -> bool:
    r"""Whether a cell shows nothing.

    >>> is_blank(" \u3000\ufeff"), is_blank("无")
    (True, False)
    """
    return not text.strip(BLANKS)


def filled_cells(column: pa.Array | pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    """Which cells of a column show anything."""
    return np.asarray(pc.not_equal(pc.utf8_trim(column, characters=BLANKS), "").fill_null(NO))


def column_letter(index: int) -> str:
    """The name a spreadsheet shows for a column counted from 0.

    >>> column_letter(0), column_letter(25), column_letter(26), column_letter(16383)
    ('A', 'Z', 'AA', 'XFD')
    """
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
