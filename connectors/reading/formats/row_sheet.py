"""A sheet that is put together row by row, by readers of formats that calamine does not know."""

from dataclasses import dataclass, field

import numpy as np

from connectors.reading.formats.cells import Cell, columns_of
from connectors.reading.formats.facts import sorted_rows
from connectors.reading.formats.refusal import hostile
from connectors.reading.layout import ReadingLimits
from connectors.reading.sheets import Block, SheetCells

__all__ = ["RowSheet"]


@dataclass(slots=True)
class RowSheet:
    """Rows so far, the last of them perhaps not complete, and what is known of them (rows counted from 0)."""

    limits: ReadingLimits
    name: str = ""
    rows: list[list[Cell]] = field(default_factory=list)
    merged: list[Block] = field(default_factory=list)
    hidden: list[int] = field(default_factory=list)
    formulas: list[int] = field(default_factory=list)
    errors: list[int] = field(default_factory=list)
    comments: int = 0
    is_hidden: bool = False
    dates_from_1904: bool = False

    @property
    def last(self) -> int:
        """The place of the last row."""
        return len(self.rows) - 1

    def begin_row(self, place: int) -> None:
        """Begin the row of this place; rows left out before it are empty."""
        if place >= self.limits.rows:
            raise hostile(f"内容位于第 {place + 1} 行")
        self.rows += [[] for _ in range(place - self.last)]

    def begin_cell(self, column: int, width: int, height: int) -> None:
        """Make room in the last row for a cell of some columns and rows; its value is set afterwards."""
        if column + width > self.limits.columns:
            raise hostile(f"内容位于第 {column + width} 列")
        row = self.rows[-1]
        row.extend([""] * (column + width - len(row)))
        if width * height > 1:
            self.merged.append((self.last, column, self.last + height - 1, column + width - 1))

    def cells(self) -> SheetCells | None:
        """The whole sheet, None if it shows nothing."""
        width = max(map(len, self.rows), default=0)
        columns = columns_of((row + [""] * (width - len(row)) for row in self.rows), width)
        if not columns.has_content.any():
            return None
        return SheetCells(
            name=self.name,
            columns=columns.texts,
            numbers=columns.numbers,
            has_content=columns.has_content,
            is_hidden=self.is_hidden,
            hidden_rows=sorted_rows([np.array(self.hidden, np.int64)]),
            merged=[(top, left, min(bottom, self.last), right) for top, left, bottom, right in self.merged],
            formula_rows=sorted_rows([np.array(self.formulas, np.int64)]),
            error_rows=sorted_rows([np.array(self.errors, np.int64)]),
            comments=self.comments,
            dates_from_1904=self.dates_from_1904,
        )
