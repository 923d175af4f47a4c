"""The XML of a worksheet looked through as bytes: cells out of bounds, and rows that are hidden, calculated or in error.

ECMA-376 part 1, 18.3. Nothing is parsed. One value in the last cell of a sheet (XFD1048576) makes every reader ask for half a
terabyte, so this comes first; what else the bytes say is taken along, because unpacking them is most of the cost.
"""

import re

import numpy as np

from connectors.reading.formats.facts import RowNumbers, SheetFacts, sorted_rows
from connectors.reading.formats.refusal import hostile
from connectors.reading.layout import ReadingLimits

__all__ = ["XlsxScan"]

_LONGEST_TAG = 1 << 20
_SLICE, _LONGEST_REFERENCE = (
    128 << 10,
    16,
)  # bytes looked at together: what stays in a processor's cache is twice as fast
_PREFIX = re.compile(rb"""<(\w+:)?worksheet(?:\s[^>]*?=\s*(["'])|[\s>])""")
_FORMULA = re.compile(rb"<f(?=[\s/>])")
_ROW = re.compile(rb"<(?:\w+:)?row(?=[\s/>])([^>]*)>")
_LAST_ROW = re.compile(rb"(?s:.*)" + _ROW.pattern)
_NUMBER = re.compile(rb"""\sr\s*=\s*["']0*([1-9][0-9]{0,8})["']""")
_HIDDEN = re.compile(rb"""\shidden\s*=\s*["'](?:1|true|on)["']""")
_ERROR = re.compile(rb"""<(?:\w+:)?c\s[^>]*?\bt\s*=\s*["']e["']""")
_VALUED_CELL = re.compile(rb"""<(?:\w+:)?c\s(?:[^>]*?\s)?r\s*=\s*["']([A-Z]{1,3})([0-9]{1,9})["'][^>]*(?<!/)>""")


class XlsxScan:
    """One worksheet, fed piece by piece; the first piece must have its first tag."""

    def __init__(self, limits: ReadingLimits) -> None:
        self._limits = limits
        self._tail = b""
        self._formula: re.Pattern[bytes] | None = None
        self._error = b't="e"'
        self._row = 0  # number of the row the next byte belongs to, as a spreadsheet shows it
        self._hidden: list[RowNumbers] = []
        self._formulas: list[RowNumbers] = []
        self._errors: list[RowNumbers] = []

    def feed(self, piece: bytes) -> None:
        """Look at the next bytes.

        Raises:
            DeliveryRefusedError: a value is outside the bounds.
        """
        first, end = piece.find(b">") + 1, piece.rfind(b">") + 1
        cut, self._tail = self._tail + piece[:first], piece[end:] if first else (self._tail + piece)[-_LONGEST_TAG:]
        if first:  # the tag that was cut, then all whole ones
            self._look_at(cut)
            self._look_at(piece[first:end])

    def facts(self) -> SheetFacts:
        """What was seen."""
        return SheetFacts(
            hidden_rows=sorted_rows(self._hidden) - 1,
            formula_rows=sorted_rows(self._formulas) - 1,
            error_rows=sorted_rows(self._errors) - 1,
        )

    def _look_at(self, text: bytes) -> None:
        self._check_bounds(text)
        hidden, errors = b"hidden" in text, self._error in text
        formula = self._formula or self._learn(text)
        formulas = formula.search(text) is not None
        if not (hidden or formulas or errors) and self._skip(text):
            return
        tags = list(_ROW.finditer(text))
        numbers = self._numbers([tag[1] for tag in tags])
        starts = np.array([tag.start() for tag in tags], np.int64)
        if hidden:
            self._hidden.append(numbers[[_HIDDEN.search(tag[1]) is not None for tag in tags]])
        if formulas:
            self._formulas.append(self._rows_at(formula, text, starts, numbers))
        if errors:
            self._errors.append(self._rows_at(_ERROR, text, starts, numbers))
        if tags:
            self._row = int(numbers[-1])

    def _learn(self, text: bytes) -> re.Pattern[bytes]:
        """How this sheet writes tags: whether with a prefix, and with which quotes; the pattern of a formula's tag."""
        sheet = _PREFIX.search(text)
        if sheet is None:
            return _FORMULA
        if sheet[2] == b"'":
            self._error = b"t='e'"
        self._formula = re.compile(rb"<" + (sheet[1] or b"") + rb"f(?=[\s/>])")
        return self._formula

    def _skip(self, text: bytes) -> bool:
        """Go on behind a text in which only the last row's number is of interest, if that row states it."""
        last = _LAST_ROW.match(text)
        if last is None:
            return True
        number = _NUMBER.search(last[1])
        if number is None:
            return False
        self._row = int(number[1])
        return True

    def _numbers(self, attributes: list[bytes]) -> RowNumbers:
        """The number of each row: the stated one, or one more than the row before."""
        numbers, row = [], self._row
        for text in attributes:
            stated = _NUMBER.search(text)
            row = int(stated[1]) if stated else row + 1
            numbers.append(row)
        return np.array(numbers, np.int64)

    def _rows_at(self, pattern: re.Pattern[bytes], text: bytes, starts: RowNumbers, numbers: RowNumbers) -> RowNumbers:
        found = np.array([match.start() for match in pattern.finditer(text)], np.int64)
        rows_before = np.searchsorted(starts, found, side="right")
        return np.append(np.int64(self._row), numbers)[rows_before]

    def _check_bounds(self, text: bytes) -> None:
        codes = np.frombuffer(text, np.uint8)
        starts = range(0, len(codes), _SLICE)
        if not any(_may_be_far(codes[start : start + _SLICE + _LONGEST_REFERENCE]) for start in starts):
            return
        for column, row in _VALUED_CELL.findall(text):
            if int(row) > self._limits.rows or _column_number(column) > self._limits.columns:
                raise hostile(f"内容位于 {column.decode()}{int(row)} 单元格")


def _may_be_far(codes: np.ndarray[tuple[int], np.dtype[np.uint8]]) -> bool:
    """Whether bytes look like a reference past column SA or row 999,999; far cheaper than reading every reference."""
    if len(codes) < 10:
        return False
    capital = (codes - ord("A")) < 26
    quoted = (codes == ord('"')) | (codes == ord("'"))
    far_column = quoted[:-3] & capital[1:-2] & capital[2:-1] & (capital[3:] | (codes[1:-2] >= ord("S")))
    if far_column.any():
        return True
    digit = (codes - ord("0")) < 10
    pairs = digit[:-1] & digit[1:]
    fours = pairs[:-2] & pairs[2:]
    sevens = fours[:-3] & fours[3:]
    return bool((sevens[1:] & (quoted | capital)[:-7]).any())


def _column_number(letters: bytes) -> int:
    number = 0
    for code in letters:
        number = number * 26 + code - ord("A") + 1
    return number
