"""Merged cells of a sheet, by where they stand: across columns of one row, or down the rows of one column."""

from collections import defaultdict
from collections.abc import Iterable

from connectors.reading.sheets import Block

__all__ = ["MergedCells"]


class MergedCells:
    """Merged cells to be asked by row; rows and columns are counted from 0."""

    def __init__(self, blocks: Iterable[Block] = ()) -> None:
        self._across: dict[int, dict[int, int]] = defaultdict(dict)
        self._down: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for first_row, first_column, last_row, last_column in blocks:
            if last_column > first_column:
                self._across[first_row][first_column] = last_column
            if last_row > first_row:
                self._down[first_column].append((first_row, last_row))

    def across(self, row: int) -> dict[int, int]:
        """First column of each cell of a row that is merged to the right, and its last column."""
        return self._across.get(row, {})

    def down(self, column: int) -> list[tuple[int, int]]:
        """First and last row of each cell that is merged downwards and begins in a column."""
        return self._down.get(column, [])

    def joins(self, row: int, column: int) -> bool:
        """Whether a cell and the one below it are one."""
        return any(first <= row < last for first, last in self.down(column))
