"""Finding headers: in which row one stands, of one line or two, and of which table it is."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from connectors.reading.grid import is_blank
from connectors.reading.layout import TableLayout
from connectors.reading.layouts.header import HeaderNames, HeaderRows
from connectors.reading.layouts.header_lines import heads_of, is_second_line, names_of, reads_like_a_header
from connectors.reading.layouts.merged_cells import MergedCells

__all__ = ["SEARCHED_ROWS", "HeaderSearch", "TableHeader"]

SEARCHED_ROWS = 30
"""The first header of a sheet lower than this is not looked for; titles and filling instructions are shorter."""


_ID_NUMBER = re.compile(r"(?<![0-9A-Za-z])(?:[0-9]{15}|[0-9]{17}[0-9Xx])(?![0-9A-Za-z])")


class TableHeader(NamedTuple):
    """A header and the table it is of."""

    table: str
    rows: HeaderRows


class HeaderSearch:
    """Looks for the headers of some tables; rows are given as texts, an empty cell being an empty one."""

    def __init__(self, tables: Mapping[str, TableLayout]) -> None:
        self.names = {name: HeaderNames(table) for name, table in tables.items()}

    def first(self, rows: Sequence[Sequence[str]], merged: MergedCells) -> TableHeader | None:
        """The first header of a list of people; where there is none, the row that names most.

        Lines of words directly above a header, which name some of its fields, are no header.
        """
        found = self._first(rows, merged)
        if found is None:
            return None
        above = sum(any(map(_ID_NUMBER.search, cells)) for cells in rows[: found.rows.first])
        return found._replace(rows=found.rows._replace(numbered_above=above))

    def _first(self, rows: Sequence[Sequence[str]], merged: MergedCells) -> TableHeader | None:
        most: TableHeader | None = None
        for index in range(min(len(rows), SEARCHED_ROWS)):
            found = self.at(rows, index, merged)
            if found is None:
                continue
            if self.says_who(found):
                return self._better_below(rows, found, merged)
            if most is None or len(found.rows.named) > len(most.rows.named):
                most = found
        return most

    def at(self, rows: Sequence[Sequence[str]], index: int, merged: MergedCells, above: int = 0) -> TableHeader | None:
        """The header that begins in a row, of the table it names most of.

        Args:
            rows: the sheet's rows.
            index: of the row among them.
            merged: merged cells of the sheet.
            above: how many rows of the sheet stand above the first of ``rows``.
        """
        found = []
        for table, names in self.names.items():
            header = _header_at(rows, index, names, merged, above)
            if names.is_enough(header.named):
                found.append(TableHeader(table, header))
        return max(found, key=self._merit, default=None)

    def is_known(self, cell: str) -> bool:
        """Whether a cell is a header of any of the tables."""
        return any(names.field(cell) for names in self.names.values())

    def says_who(self, header: TableHeader) -> bool:
        """Whether it heads a list of people."""
        return self.names[header.table].says_who(header.rows.named)

    def is_whole(self, header: TableHeader) -> bool:
        """Whether every required column is there."""
        return self.names[header.table].is_whole(header.rows.named)

    def _better_below(self, rows: Sequence[Sequence[str]], found: TableHeader, merged: MergedCells) -> TableHeader:
        while not self.is_whole(found) and found.rows.last + 1 < len(rows):
            below = self.at(rows, found.rows.last + 1, merged)
            if below is None or len(below.rows.named) < len(found.rows.named):
                break
            found = below
        return found

    def _merit(self, header: TableHeader) -> tuple[bool, int]:
        return self.is_whole(header), len(header.rows.named)


def _header_at(
    rows: Sequence[Sequence[str]], index: int, names: HeaderNames, merged: MergedCells, above: int
) -> HeaderRows:
    """The header of one line or two that begins in a row, whichever names more."""
    one = _one_line(rows, index, names)
    if index + 1 >= len(rows):
        return one
    upper, lower = rows[index], rows[index + 1]
    heads = heads_of(upper, lower, merged.across(above + index))
    if not is_second_line(upper, lower, heads, names):
        return one
    cells, fields = names_of(upper, lower, heads, names)
    two = HeaderRows(index, index + 1, (tuple(upper), tuple(lower)), cells, fields)
    if names.is_enough(one.named) and _is_below(one, heads.of, lower, merged, above):
        return two
    other = _one_line(rows, index + 1, names)
    return two if _clarity(two) > max(_clarity(one), _clarity(other)) else one


def _one_line(rows: Sequence[Sequence[str]], index: int, names: HeaderNames) -> HeaderRows:
    cells = tuple(rows[index])
    return HeaderRows(index, index, (cells,), cells, tuple(map(names.field, cells)))


def _clarity(header: HeaderRows) -> tuple[bool, int]:
    """One that leaves doubt which column is which is no way to read a header while there is another."""
    return not header.doubled, len(header.named)


def _is_below(one: HeaderRows, heads: Sequence[int], lower: Sequence[str], merged: MergedCells, above: int) -> bool:
    """Whether the sheet itself says that the row below a header is part of it.

    It does by a header's cell merged with the one below, or by words of headers that stand below headings and nowhere else.
    """
    row = above + one.first
    if any(merged.joins(row, column) for column in one.column_of.values()):
        return True
    shared = {head for head in heads if head >= 0 and heads.count(head) > 1}
    filled = [column for column, cell in enumerate(lower) if not is_blank(cell)]
    return bool(filled) and all(heads[column] in shared and reads_like_a_header(lower[column]) for column in filled)
