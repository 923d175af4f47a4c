"""The content of an OpenDocument spreadsheet looked through as bytes (OASIS ODF 1.3 part 3): bounds, and what hides or is calculated.

Nothing is parsed. Rows and cells may state that they repeat; a sheet usually ends in one that does so a million times, and
is empty. What is said of a row that repeats counts for each of them.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from connectors.reading.formats.facts import RowNumbers, SheetFacts, sorted_rows
from connectors.reading.formats.refusal import hostile
from connectors.reading.layout import ReadingLimits
from connectors.reading.sheets import Block

__all__ = ["OdsScan"]

_LONGEST_ROW = 32 << 20
_MOST_ROWS = 1 << 20  # of a sheet, in every program
_ROW_END = b"</table:table-row>"
_VALUE = b"office:value-type"
_TABLE = re.compile(rb"<table:table(?=[\s>])[^>]*>")
_ROW = re.compile(rb"<table:table-row(?=[\s>/])([^>]*)>")
_CELL = re.compile(rb"<table:(?:covered-)?table-cell(?=[\s>/])([^>]*)>")

# Each begins with plain letters, by which texts of many megabytes are passed over quickly.
_HIDDEN = re.compile(rb"""table:visibility\s*=\s*["'](?:collapse|filter)["']""")
_FORMULA = re.compile(rb"table:formula\s*=")
_ERROR = re.compile(rb"""calcext:value-type\s*=\s*["']error["']""")
_COMMENT = re.compile(rb"<office:annotation(?=[\s>/])")
_MANY_CELLS = re.compile(rb"""table:number-columns-repeated\s*=\s*["'][0-9]{3,9}["']""")
_EMPTY_TO_THE_END = re.compile(_MANY_CELLS.pattern + rb"[^>]*/>\s*" + _ROW_END)
_ROWS_REPEATED = re.compile(rb"""table:number-rows-repeated\s*=\s*["']([0-9]{1,9})["']""")
_CELLS_REPEATED = re.compile(rb"""table:number-columns-repeated\s*=\s*["']([0-9]{1,9})["']""")
_ROWS_SPANNED = re.compile(rb"""table:number-rows-spanned\s*=\s*["']([0-9]{1,9})["']""")
_CELLS_SPANNED = re.compile(rb"""table:number-columns-spanned\s*=\s*["']([0-9]{1,9})["']""")


class OdsScan:
    """The content, fed piece by piece; ``facts`` are those of each sheet, in order."""

    def __init__(self, limits: ReadingLimits) -> None:
        self.facts: list[SheetFacts] = []
        self._limits = limits
        self._tail = b""
        self._sheet = SheetFacts()
        self._height = 0  # rows the present sheet has so far

    def feed(self, chunk: bytes) -> None:
        """Look at the next bytes.

        Raises:
            DeliveryRefusedError: a value is outside the bounds.
        """
        text = self._tail + chunk
        end = text.rfind(_ROW_END) + len(_ROW_END)
        if end < len(_ROW_END):
            end = 0
        self._tail = text[end:]
        if len(self._tail) > _LONGEST_ROW:
            raise hostile("一行的内容过长")
        self._look_at(text[:end])

    def _look_at(self, text: bytes) -> None:
        tables = list(_TABLE.finditer(text))
        bounds = [*(table.start() for table in tables), len(text)]
        self._look_at_rows(text, 0, bounds[0])
        for table, end in zip(tables, bounds[1:], strict=True):
            self._sheet, self._height = SheetFacts(), 0
            self.facts.append(self._sheet)
            self._look_at_rows(text, table.end(), end)

    def _look_at_rows(self, text: bytes, start: int, end: int) -> None:
        rows = _Rows.of(text, start, end, self._height)
        if not len(rows.starts):
            return
        self._check_bounds(rows)
        sheet = self._sheet
        sheet.hidden_rows = sorted_rows([sheet.hidden_rows, rows.numbers(rows.having(_HIDDEN))])
        sheet.formula_rows = sorted_rows([sheet.formula_rows, rows.numbers(rows.having(_FORMULA))])
        sheet.error_rows = sorted_rows([sheet.error_rows, rows.numbers(rows.having(_ERROR))])
        sheet.comments += rows.how_many(_COMMENT)
        spanned = np.union1d(rows.having(_ROWS_SPANNED), rows.having(_CELLS_SPANNED))
        sheet.merged += [block for row in spanned for block in rows.merged(int(row))]
        self._height = int(rows.firsts[-1] + rows.counts[-1])

    def _check_bounds(self, rows: "_Rows") -> None:
        last = rows.firsts + rows.counts
        for row in np.flatnonzero(last > self._limits.rows):
            if _VALUE in rows.text_of(int(row)):
                raise hostile(f"内容位于第 {last[row]} 行")
        if rows.how_many(_MANY_CELLS) == rows.how_many(_EMPTY_TO_THE_END):
            return
        for row in rows.having(_MANY_CELLS):
            widest = max((cell.after for cell in rows.cells(int(row)) if cell.is_valued), default=0)
            if widest > self._limits.columns:
                raise hostile(f"内容位于第 {widest} 列")


class _Cell(NamedTuple):
    """A cell: its columns, from ``first`` to before ``after``, its attributes, and whether it may show something."""

    first: int
    after: int
    attributes: bytes
    is_valued: bool


@dataclass(frozen=True, slots=True, repr=False)
class _Rows:
    """Rows of one sheet: where each begins in a text, and which rows of the sheet it stands for."""

    text: bytes
    start: int
    end: int
    starts: RowNumbers
    firsts: RowNumbers
    counts: RowNumbers

    @classmethod
    def of(cls, text: bytes, start: int, end: int, height: int) -> "_Rows":
        tags = list(_ROW.finditer(text, start, end))
        counts = np.array([_count(_ROWS_REPEATED, tag[1]) for tag in tags], np.int64)
        starts = np.array([tag.start() for tag in tags], np.int64)
        return cls(text, start, end, starts, height + np.cumsum(counts) - counts, counts)

    def text_of(self, row: int) -> bytes:
        """The XML of a row."""
        return self.text[self.starts[row] : self.starts[row + 1] if row + 1 < len(self.starts) else self.end]

    def having(self, pattern: re.Pattern[bytes]) -> RowNumbers:
        """Which of the rows have something, by their place here."""
        found = np.array([match.start() for match in self._finds(pattern)], np.int64)
        places = np.searchsorted(self.starts, found, side="right") - 1
        return np.unique(places[places >= 0])

    def how_many(self, pattern: re.Pattern[bytes]) -> int:
        """How often the rows have something."""
        return sum(1 for _ in self._finds(pattern))

    def _finds(self, pattern: re.Pattern[bytes]) -> Iterable[re.Match[bytes]]:
        plain = re.match(rb"[\w:<-]+", pattern.pattern)
        if plain and self.text.find(plain[0], self.start, self.end) < 0:
            return ()
        return pattern.finditer(self.text, self.start, self.end)

    def numbers(self, places: RowNumbers) -> RowNumbers:
        """The rows of the sheet (from 0) that rows by their place here stand for."""
        firsts = self.firsts[places]
        counts = np.maximum(np.minimum(firsts + self.counts[places], _MOST_ROWS) - firsts, 0)
        after = np.cumsum(counts)
        return np.repeat(firsts - after + counts, counts) + np.arange(int(counts.sum()))

    def cells(self, row: int) -> Iterator[_Cell]:
        """The cells of a row."""
        column = 0
        for tag in _CELL.finditer(self.text_of(row)):
            after = column + _count(_CELLS_REPEATED, tag[1])
            yield _Cell(column, after, tag[1], _VALUE in tag[1])
            column = after

    def merged(self, row: int) -> Iterator[Block]:
        """The merged cells that begin in a row."""
        top = int(self.firsts[row])
        for cell in self.cells(row):
            width, height = _count(_CELLS_SPANNED, cell.attributes), _count(_ROWS_SPANNED, cell.attributes)
            if width * height > 1:
                yield top, cell.first, top + height - 1, cell.first + width - 1


def _count(pattern: re.Pattern[bytes], attributes: bytes) -> int:
    found = pattern.search(attributes)
    return max(1, int(found[1])) if found else 1
