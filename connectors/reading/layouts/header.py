"""Headers: which field each column is. Named, never guessed. In which rows a header stands is found by ``header_search``."""

import unicodedata
from collections import defaultdict
from dataclasses import replace
from typing import NamedTuple

from connectors.reading.contents import DeliveryRefusedError, FileFinding, shown
from connectors.reading.grid import Header, column_letter
from connectors.reading.layout import TableLayout
from schemas.findings import Finding
from schemas.returns import ROW_KEY, ROW_KEY_HEADER

__all__ = ["HeaderNames", "HeaderRows", "judge_header", "normal_header"]

_ENOUGH = 3
_LONGEST = 80
_EXAMPLES = 2
_WHO = ("name", "id_number", "elder_id_number")


def normal_header(text: str) -> str:
    """A header reduced to its letters and digits, so that width, blanks, brackets and marks make no difference.

    >>> normal_header("家庭每月收入（元）") == normal_header("家庭每月收入 元") == normal_header("*家庭每月收入(元):")
    True
    """
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


class HeaderRows(NamedTuple):
    """A header as it stands: its rows, counted from 0 with ends included, and what they say.

    Attributes:
        first, last: its rows.
        lines: the cells of each row.
        cells: what is shown of each column; heading and cell where it has two lines.
        fields: the field of each column, ``None`` where nobody agreed on it.
        numbered_above: how many rows above it have an ID number; templates have one as an example.
    """

    first: int
    last: int
    lines: tuple[tuple[str, ...], ...]
    cells: tuple[str, ...]
    fields: tuple[str | None, ...]
    numbered_above: int = 0

    @property
    def named(self) -> set[str]:
        """The fields that have a column."""
        return {field for field in self.fields if field is not None}

    @property
    def doubled(self) -> int:
        """How many columns are a field that another one is already."""
        return sum(field is not None for field in self.fields) - len(self.named)

    @property
    def column_of(self) -> dict[str, int]:
        """The column of each field."""
        return {field: index for index, field in enumerate(self.fields) if field is not None}


class HeaderNames:
    """The headers a table's fields go by; what a cell says is remembered, for lists ask it of the same cells often."""

    def __init__(self, layout: TableLayout) -> None:
        self.layout = layout
        self._fields = {normal_header(name): field for field, names in layout.columns.items() for name in names}
        self._fields.setdefault(normal_header(ROW_KEY_HEADER), ROW_KEY)
        self._ignored = frozenset(map(normal_header, layout.ignored))
        self._told: dict[str, str | None] = {}
        self._who = {field for field in _WHO if field in layout.columns}

    def field(self, cell: str) -> str | None:
        """The field a cell is a header of."""
        if cell not in self._told:
            self._told[cell] = self._fields.get(normal_header(cell)) if len(cell) <= _LONGEST else None
        return self._told[cell]

    def is_ignored(self, cell: str) -> bool:
        """Whether a column of this header is known and not wanted."""
        return normal_header(cell) in self._ignored

    def is_enough(self, named: set[str]) -> bool:
        """Whether columns of these fields make a header: three, or every required one where a table has fewer."""
        return len(named) >= _ENOUGH or (bool(named) and named.issuperset(self.layout.required))

    def is_whole(self, named: set[str]) -> bool:
        """Whether every required column is there."""
        return named.issuperset(self.layout.required)

    def says_who(self, named: set[str]) -> bool:
        """Whether a list with these columns is one of people: it has their names or numbers."""
        return not self._who or not self._who.isdisjoint(named)


def judge_header(header: HeaderRows, names: HeaderNames, *, sheet: str) -> tuple[Header, list[FileFinding]]:
    """The header, and its columns that nobody agreed on; those of a returned list were said when it was first delivered.

    Raises:
        DeliveryRefusedError: a required column is missing, two columns are the same one, or people stand above it.
    """
    row_number = header.last + 1
    faults = [
        FileFinding(Finding.COLUMN_MISSING, sheet, row_number, field=field, seen=shown(names.layout.columns[field][0]))
        for field in names.layout.required
        if field not in header.fields
    ]
    same: dict[str, list[int]] = defaultdict(list)
    for index, (cell, field) in enumerate(zip(header.cells, header.fields, strict=True)):
        if field is not None or (normal_header(cell) and not names.is_ignored(cell)):
            same[field or f"?{normal_header(cell)}"].append(index)
    faults += [
        FileFinding(
            Finding.COLUMN_DUPLICATED,
            sheet,
            row_number,
            column_letter(index),
            header.fields[index],
            shown(header.cells[index]),
        )
        for columns in same.values()
        for index in columns[1:]
    ]
    is_returned = ROW_KEY in header.fields
    repeated = {index for columns in same.values() if len(columns) > 1 for index in columns}
    unknown = [
        FileFinding(Finding.COLUMN_UNKNOWN, sheet, row_number, column_letter(index), None, shown(cell))
        for index, cell in enumerate(header.cells)
        if header.fields[index] is None and shown(cell) and not names.is_ignored(cell)
        if not is_returned and index not in repeated
    ]
    if header.numbered_above > _EXAMPLES:
        seen = f"表头之前有 {header.numbered_above} 行人员"
        raise DeliveryRefusedError(FileFinding(Finding.HEADER_NOT_FOUND, sheet, row_number, seen=seen), *faults)
    if faults:
        # What is missing is often there under another name. It is told by its place: this may be no header, but somebody's row.
        raise DeliveryRefusedError(*faults, *(replace(finding, seen="") for finding in unknown))
    return Header(row_number, header.cells, header.column_of, header.lines, header.numbered_above), unknown
