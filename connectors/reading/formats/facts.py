"""What is known of a sheet apart from its cells: told from the file's raw parts, because calamine gives cells only."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from connectors.reading.sheets import Block

__all__ = ["RowNumbers", "SheetFacts", "no_rows", "sorted_rows"]

RowNumbers = npt.NDArray[np.int64]


def no_rows() -> RowNumbers:
    """No row at all."""
    return np.empty(0, np.int64)


def sorted_rows(pieces: list[RowNumbers]) -> RowNumbers:
    """All rows of the pieces, once each and sorted."""
    return np.unique(np.concatenate([no_rows(), *pieces]))


@dataclass(slots=True)
class SheetFacts:
    """Facts of one sheet, rows counted from 0; the words are those of `connectors.reading.sheets.SheetCells`."""

    hidden_rows: RowNumbers = field(default_factory=no_rows)
    formula_rows: RowNumbers = field(default_factory=no_rows)
    error_rows: RowNumbers = field(default_factory=no_rows)
    merged: list[Block] = field(default_factory=list)
    comments: int = 0
    dates_from_1904: bool = False
