"""Cells of a sheet, whatever format it came in: what the readers of workbooks hand to ``tables``."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

__all__ = ["Block", "SheetCells"]

Block = tuple[int, int, int, int]
"""First row, first column, last row, last column of merged cells, counted from 0, ends included."""


def _no_rows() -> npt.NDArray[np.int64]:
    return np.empty(0, np.int64)


@dataclass(slots=True, repr=False, eq=False)
class SheetCells:
    """All cells of one sheet from A1 on, column by column.

    Attributes:
        name: of the sheet as a person sees it; members of an archive come before it: ``三葵村.xlsx/Sheet1``.
        columns: ``large_string``, one entry per row of the sheet, null where a cell is empty.
        numbers: for each column which cells were stored as numbers, ``None`` where none was.
        has_content: for each row whether it shows anything, told from the raw cells and not from ``columns``, so that a
            row lost on the way is noticed.
        is_hidden: whether the sheet is hidden.
        hidden_rows: rows (from 0) that are hidden, sorted.
        merged: merged cells; only the first cell of each has a text.
        formula_rows: rows (from 0) with a cell that was calculated, sorted; its text is the stored result.
        error_rows: rows (from 0) with a cell that shows an error such as ``#N/A``, sorted; such cells are empty.
        comments: how many cells have a comment.
        dates_from_1904: whether plain numbers that are dates count from 1904 (ECMA-376 part 1, 18.17.4.1).
    """

    name: str
    columns: list[pa.ChunkedArray]
    numbers: list[pa.ChunkedArray | None]
    has_content: npt.NDArray[np.bool_]
    is_hidden: bool = False
    hidden_rows: npt.NDArray[np.int64] = field(default_factory=_no_rows)
    merged: list[Block] = field(default_factory=list)
    formula_rows: npt.NDArray[np.int64] = field(default_factory=_no_rows)
    error_rows: npt.NDArray[np.int64] = field(default_factory=_no_rows)
    comments: int = 0
    dates_from_1904: bool = False

    @property
    def height(self) -> int:
        """How many rows there are."""
        return len(self.has_content)

    def texts(self, first: int, last: int) -> list[list[str]]:
        """Rows ``first`` to ``last - 1`` as lists of texts, an empty cell being an empty text."""
        cells = [column.slice(first, last - first).to_pylist() for column in self.columns]
        return [[cell or "" for cell in row] for row in zip(*cells, strict=True)]
