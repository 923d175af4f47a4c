"""Cells below a header as Arrow columns, whatever format they came from: what the readers hand to ``rows``."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["BLANKS", "NO", "Grid", "Header", "column_letter", "filled_cells", "is_blank"]

NO = pa.scalar(value=False)

BLANKS = " \t\n\r\x0b\x0c\xa0\u3000\ufeff\u200b\u200c\u200d\u2060"
"""Characters that leave a cell empty to the eye. One list for all readers, so that they count the same rows."""


@dataclass(frozen=True, slots=True)
class Header:
    """The header row: where it is (1-based, as a spreadsheet shows it), its cells, and the column of each field."""

    row_number: int
    cells: tuple[str, ...]
    column_of: dict[str, int]


@dataclass(slots=True, repr=False)
class Grid:
    """The rows below a header that hold anything, column by column.

    ``columns[i]`` is ``large_string`` with null for an empty cell, ``stored_as_number[i]`` a boolean array or None
    where no cell was a number. ``received`` is counted by other means than ``row_numbers``.
    """

    sheet: str
    header: Header
    row_numbers: npt.NDArray[np.int32]
    columns: list[pa.ChunkedArray]
    stored_as_number: list[pa.ChunkedArray | None]
    received: int
    broken: list[tuple[int, str]] = field(default_factory=list)


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
