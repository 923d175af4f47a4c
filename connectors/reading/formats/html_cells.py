"""The cells of tables of a web page, made as its tags come by.

A number in a cell is text with all its digits. Only what Excel itself saved says that a cell was a number (``x:num``). A table
inside a cell is a table of its own.
"""

import re
from dataclasses import dataclass, field

from connectors.reading.formats.cells import Cell
from connectors.reading.formats.row_sheet import RowSheet
from connectors.reading.layout import ReadingLimits

__all__ = ["HtmlTable", "PageReader"]

_BREAK = "\x0b"  # where a line breaks in a cell, until the blanks of the source are gone
_UNUSUAL = re.compile(rf"[ \t\r\n\f{_BREAK}]")
_SPACES = re.compile(r"[ \t\r\n\f]+")
_LINE_BREAKS = re.compile(rf" ?{_BREAK}[ {_BREAK}]*")
_BREAKING = frozenset({"br", "p", "div", "li"})
_NO_TEXT = frozenset({"script", "style", "template"})
_CELLS = frozenset({"td", "th"})
_NOT_SHOWN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_SHEET_NAME = re.compile(r"<x:Name>([^<]{1,200})</x:Name>")
_NUMBER = re.compile(r"[+-]?\d[\d,]*(?:\.\d+)?(?:[Ee][+-]?\d+)?")
_MOST_SPANNED = 65_534  # HTML 4.9.11


@dataclass(slots=True)
class _OpenCell:
    column: int
    attributes: dict[str, str]
    pieces: list[str] = field(default_factory=list)

    def value(self) -> Cell:
        """What the cell shows; a number where Excel says that it was one and it shows as one."""
        text = "".join(self.pieces)
        if _UNUSUAL.search(text):
            text = _LINE_BREAKS.sub("\n", _SPACES.sub(" ", text).strip(f" {_BREAK}"))
        if not self.attributes:
            return text
        stored = self.attributes.get("x:num")
        if stored is None or not _NUMBER.fullmatch(text):
            return text  # a date was a number too, and is read as it shows
        number = (stored or text).replace(",", "")
        return float(number) if _NUMBER.fullmatch(number) else text


class HtmlTable:
    """One table, and which places of the next rows are taken by cells above."""

    def __init__(self, limits: ReadingLimits) -> None:
        self.sheet = RowSheet(limits)
        self._reaching: dict[int, int] = {}
        self._cell: _OpenCell | None = None

    def begin_row(self, attributes: dict[str, str]) -> None:
        """A new row; cells of rows above reach into it."""
        self.end_cell()
        self.sheet.begin_row(len(self.sheet.rows))
        if "hidden" in attributes or _NOT_SHOWN.search(attributes.get("style", "")):
            self.sheet.hidden.append(self.sheet.last)
        self._reaching = {column: rows - 1 for column, rows in self._reaching.items() if rows > 1}

    def begin_cell(self, attributes: dict[str, str]) -> None:
        """A new cell in the first free place of the row."""
        self.end_cell()
        if not self.sheet.rows:
            self.begin_row({})
        left = len(self.sheet.rows[-1])
        while left in self._reaching:
            left += 1
        width = height = 1
        if attributes:
            width = _span(attributes.get("colspan", "")) or 1
            height = _span(attributes.get("rowspan", "")) or _MOST_SPANNED  # 0: all rows that are left
        self.sheet.begin_cell(left, width, height)
        if height > 1:
            self._reaching.update(dict.fromkeys(range(left, left + width), height))
        self._cell = _OpenCell(left, attributes)

    def end_cell(self) -> None:
        """The open cell, if any, is complete."""
        cell, self._cell = self._cell, None
        if cell is None:
            return
        if cell.attributes and "x:fmla" in cell.attributes:
            self.sheet.formulas.append(self.sheet.last)
        if cell.attributes and "x:err" in cell.attributes:
            self.sheet.errors.append(self.sheet.last)
        else:
            self.sheet.rows[-1][cell.column] = cell.value()

    def data(self, text: str) -> None:
        """Text; what stands between cells is the source's layout."""
        if self._cell is not None:
            self._cell.pieces.append(text)


class PageReader:
    """What a parser of pages tells of its tags, as tables in the order of their beginnings, and the names of sheets."""

    def __init__(self, limits: ReadingLimits) -> None:
        self.tables: list[HtmlTable] = []
        self.names: list[str] = []
        self._limits = limits
        self._open: list[HtmlTable] = []
        self._without_text = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """A tag begins."""
        if tag in _CELLS:  # most tags are cells
            if self._open:
                self._open[-1].begin_cell(attributes)
        elif tag == "table":
            self.tables.append(HtmlTable(self._limits))
            self._open.append(self.tables[-1])
        elif tag in _NO_TEXT:
            self._without_text += 1
        elif self._open:
            if tag == "tr":
                self._open[-1].begin_row(attributes)
            elif tag in _BREAKING:
                self.data(_BREAK)

    def end(self, tag: str) -> None:
        """A tag ends."""
        if tag in _CELLS:
            if self._open:
                self._open[-1].end_cell()
        elif tag in _NO_TEXT:
            self._without_text -= 1
        elif self._open and tag == "table":
            self._open.pop().end_cell()
        elif tag in _BREAKING and tag != "br":
            self.data(_BREAK)

    def data(self, text: str) -> None:
        """Text between tags."""
        if self._open and not self._without_text:
            self._open[-1].data(text)

    def comment(self, text: str) -> None:
        """A comment; Excel hides the names of the sheets in one."""
        self.names += _SHEET_NAME.findall(text)

    def close(self) -> None:
        """The page is complete."""


def _span(stated: str) -> int:
    """How many rows or columns a cell says it has, 1 where it says nothing."""
    stated = stated.strip()
    return min(int(stated), _MOST_SPANNED) if stated.isdecimal() and len(stated) < 10 else 1
