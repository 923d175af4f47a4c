"""Several tables one below the other: a grid is cut where the header of another one stands.

Villages' tables are often put on one sheet, each with its own title and header, and not always with the same columns. A
header that says the same as the one above is only repeated (``no_records``); any other begins a table of its own, so that
no value slips into a neighbour's column.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from connectors.reading.contents import DeliveryRefusedError, FileFinding
from connectors.reading.grid import NO, Grid, Header
from connectors.reading.layouts.header import judge_header
from connectors.reading.layouts.header_search import HeaderSearch, TableHeader
from schemas.findings import Finding

__all__ = ["IDENTITY_FIELDS", "Cut", "blocks_of", "suspects_of"]

IDENTITY_FIELDS = ("id_number", "elder_id_number")
"""Fields one of which every record of a list of people has, if it is whole."""

_AT_ONCE = 512
_ID_LIKE = r"[0-9０-９]{6}"
_BEGINS_WITH_HAN = r"^\s*\p{Han}"


class Cut(NamedTuple):
    """A part of a grid: the table it is of, its rows, and the columns of its header that nobody agreed on."""

    table: str
    grid: Grid
    unknown: list[FileFinding]


def blocks_of(grid: Grid, table: str, search: HeaderSearch) -> list[Cut]:
    """The tables of a grid, in order, of which the first is ``table``; every row and broken line is in one of them.

    Raises:
        DeliveryRefusedError: the header of one is not as agreed, or rows were lost.
    """
    if grid.received != grid.height + len(grid.broken):
        raise _lost(grid)
    cuts: list[Cut] = []
    rest = Cut(table, grid, [])
    rest.grid.suspects = suspects_of(grid)
    while (found := _next_header(rest, search)) is not None:
        above, below = _divided(rest.grid, found.rows.first)
        cuts.append(rest._replace(grid=replace(above, is_followed=True)))
        rest = _headed(below, found, search)
    cuts.append(rest)
    if sum(cut.grid.received for cut in cuts) != grid.received:
        raise _lost(grid)
    return cuts


def suspects_of(grid: Grid) -> npt.NDArray[np.int64]:
    """Rows in which no ID number is where one should be; only they can be anything else than a record."""
    if grid.suspects is not None:
        return grid.suspects
    suspect = np.ones(grid.height, dtype=bool)
    for column in _identity_columns(grid.header):
        suspect &= ~_looks_like_id(grid.columns[column])
    return np.flatnonzero(suspect)


def _identity_columns(header: Header) -> list[int]:
    return [header.column_of[field] for field in IDENTITY_FIELDS if field in header.column_of]


def _looks_like_id(column: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    digits = pc.match_substring_regex(column, _ID_LIKE)
    words = pc.match_substring_regex(column, _BEGINS_WITH_HAN)
    return np.asarray(pc.and_not(digits, words).fill_null(NO))


def _next_header(cut: Cut, search: HeaderSearch) -> TableHeader | None:
    """The header of another table that comes next, its rows counted among those of the grid."""
    grid = cut.grid
    suspects = suspects_of(grid)
    suspects = suspects[suspects >= grid.header_rows]
    if grid.left_out is not None:
        suspects = suspects[~grid.left_out[suspects]]
    for index in _header_like(grid, suspects, search):
        for first in (index - 1, index):  # headings above the words of a header may be none that were agreed on
            found = _header_at(grid, first, search) if first >= grid.header_rows else None
            if found is not None and search.says_who(found) and first + len(found.rows.lines) > index:
                if _is_same(found, cut):
                    break
                return found
    return None


def _header_at(grid: Grid, index: int, search: HeaderSearch) -> TableHeader | None:
    """The header that begins in a row, its rows counted among those of the grid."""
    number = int(grid.row_numbers[index])
    is_next = index + 1 < grid.height and grid.row_numbers[index + 1] == number + 1
    rows = [[cell or "" for cell in cells] for cells in grid.texts(np.arange(index, index + 1 + is_next))]
    found = search.at(rows, 0, grid.merged, above=number - 1)
    if found is None:
        return None
    return found._replace(rows=found.rows._replace(first=index, last=index + len(found.rows.lines) - 1))


def _header_like(grid: Grid, suspects: npt.NDArray[np.int64], search: HeaderSearch) -> Iterator[int]:
    """Rows with a header's word in two cells; looked for as far as they are asked for."""
    for first in range(0, len(suspects), _AT_ONCE):
        some = suspects[first : first + _AT_ONCE]
        for index, cells in zip(some.tolist(), grid.texts(some), strict=True):
            if sum(search.is_known(cell or "") for cell in cells) >= 2:
                yield index


def _is_same(found: TableHeader, cut: Cut) -> bool:
    """Whether a header says what the one above it says."""
    header: Header = cut.grid.header
    is_line_of_it = bool(header.lines) and found.rows.lines[0] == header.lines[0]
    return found.table == cut.table and (found.rows.column_of == header.column_of or is_line_of_it)


def _headed(below: Grid, found: TableHeader, search: HeaderSearch) -> Cut:
    first = int(below.row_numbers[0]) - 1
    rows = found.rows._replace(first=first, last=first + len(found.rows.lines) - 1)
    header, unknown = judge_header(rows, search.names[found.table], sheet=below.sheet)
    if _identity_columns(header) != _identity_columns(below.header):
        below.suspects = None
    below = replace(below, header=header, header_rows=len(header.lines))
    below.suspects = suspects_of(below)
    return Cut(found.table, below, unknown)


def _divided(grid: Grid, at: int) -> tuple[Grid, Grid]:
    """The rows before and from an index, each with the broken lines among them."""
    number = int(grid.row_numbers[at])
    return (
        _part(grid, 0, at, [line for line in grid.broken if line[0] < number]),
        replace(_part(grid, at, grid.height, [line for line in grid.broken if line[0] >= number]), notes=[]),
    )


def _part(grid: Grid, first: int, last: int, broken: list[tuple[int, str]]) -> Grid:
    suspects = suspects_of(grid)
    suspects = suspects[(suspects >= first) & (suspects < last)] - first
    return replace(
        grid,
        row_numbers=grid.row_numbers[first:last],
        columns=[column.slice(first, last - first) for column in grid.columns],
        stored_as_number=[
            flags if flags is None else flags.slice(first, last - first) for flags in grid.stored_as_number
        ],
        received=last - first + len(broken),
        broken=broken,
        left_out=None if grid.left_out is None else grid.left_out[first:last],
        suspects=suspects,
    )


def _lost(grid: Grid) -> DeliveryRefusedError:
    return DeliveryRefusedError(FileFinding(Finding.FILE_UNREADABLE, grid.sheet, seen="两次清点的行数不一致"))
