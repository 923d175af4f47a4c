"""The records of an Excel 97–2003 workbook (MS-XLS 2.4; Excel 5 and 95 alike): what hides, is calculated, merged or locked.

WPS writes the same into ``.et``. Rows hidden by a sheet's default height of zero are not told.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from connectors.reading.formats.facts import SheetFacts, sorted_rows
from connectors.reading.formats.refusal import hostile, unreadable
from connectors.reading.layout import ReadingLimits

__all__ = ["XlsGlobals", "facts_in_order", "read_globals", "records"]

_BOF, _EOF = 0x0809, 0x000A
_FILEPASS, _DATEMODE, _BOUNDSHEET = 0x002F, 0x0022, 0x0085
_FORMULA, _BOOLERR, _MULRK, _MULBLANK = 0x0006, 0x0205, 0x00BD, 0x00BE
_CELLS = frozenset({_FORMULA, _BOOLERR, _MULRK, _MULBLANK, 0x0201, 0x0203, 0x0204, 0x00D6, 0x00FD, 0x027E})
_ROW, _NOTE, _MERGED = 0x0208, 0x001C, 0x00E5
_EXCEL5 = 0x0500
_HIDDEN = 0x20  # fDyZero

_PLAIN_CELLS = re.compile(
    rb"(?s:(?:(?:\xfd\x00|\x7e\x02)\x0a\x00...\x00.{6}|\x03\x02\x0e\x00...\x00.{10}|\x01\x02\x06\x00...\x00..)*+)"
)
"""Cells in the first 256 columns that say nothing but a value; nearly all records are, and are passed over together."""


@dataclass(slots=True)
class XlsGlobals:
    """What a workbook says before its sheets; ``sheets`` has where each begins and its kind (0 a worksheet)."""

    is_excel5: bool = False
    is_locked: bool = False
    dates_from_1904: bool = False
    sheets: list[tuple[int, int]] = field(default_factory=list)

    @property
    def has_macro_sheets(self) -> bool:
        """Whether there are sheets of macros (XLM) or modules of them."""
        return any(kind in {1, 6} for _, kind in self.sheets)


def read_globals(stream: bytes) -> XlsGlobals:
    """What a workbook says before its sheets.

    Raises:
        DeliveryRefusedError: the records are damaged.
    """
    found = XlsGlobals()
    for kind, start, length in records(stream, 0):
        if kind == _BOF:
            found.is_excel5 = _short(stream, start) == _EXCEL5
        elif kind == _FILEPASS:
            found.is_locked = True
        elif kind == _DATEMODE:
            found.dates_from_1904 = _short(stream, start) == 1
        elif kind == _BOUNDSHEET and length >= 6:
            place = int.from_bytes(stream[start : start + 4], "little")
            found.sheets.append((place, stream[start + 5]))
    return found


def facts_in_order(stream: bytes, found: XlsGlobals, limits: ReadingLimits) -> list[SheetFacts]:
    """Facts of every sheet, in the workbook's order.

    Raises:
        DeliveryRefusedError: a cell is outside the bounds, or the records are damaged.
    """
    facts = []
    for place, _ in found.sheets:
        sheet = _facts(stream, place, limits)
        sheet.dates_from_1904 = found.dates_from_1904
        facts.append(sheet)
    return facts


def _facts(stream: bytes, place: int, limits: ReadingLimits) -> SheetFacts:
    facts = SheetFacts()
    hidden, formulas, errors = [], [], []
    for kind, start, length in records(stream, place):
        if length < 4:
            continue
        row = _short(stream, start)
        if kind in _CELLS:
            last = _short(stream, start + length - 2) if kind in {_MULRK, _MULBLANK} else _short(stream, start + 2)
            if row >= limits.rows or last >= limits.columns:
                raise hostile(f"内容位于第 {row + 1} 行第 {last + 1} 列")
            if kind == _FORMULA:
                formulas.append(row)
            if _is_error(kind, stream[start : start + length]):
                errors.append(row)
        elif kind == _ROW and length >= 16 and stream[start + 12] & _HIDDEN:
            hidden.append(row)
        elif kind == _NOTE and row != 0xFFFF:  # Excel 5 goes on with long notes in records of a row that is none
            facts.comments += 1
        elif kind == _MERGED:
            blocks = np.frombuffer(stream, "<u2", min(4 * row, (length - 2) // 2 // 4 * 4), start + 2).reshape(-1, 4)
            facts.merged += [(int(top), int(left), int(bottom), int(right)) for top, bottom, left, right in blocks]
    facts.hidden_rows = sorted_rows([np.array(hidden, np.int64)])
    facts.formula_rows = sorted_rows([np.array(formulas, np.int64)])
    facts.error_rows = sorted_rows([np.array(errors, np.int64)])
    return facts


def _is_error(kind: int, record: bytes) -> bool:
    if kind == _BOOLERR:
        return len(record) >= 8 and record[7] == 1
    return kind == _FORMULA and len(record) >= 14 and record[12:14] == b"\xff\xff" and record[6] == 2


def records(stream: bytes, position: int) -> Iterator[tuple[int, int, int]]:
    """Type, position and length of every record of a substream that is not a plain cell, without charts inside it."""
    depth = 0
    while position + 4 <= len(stream):
        kind, length = _short(stream, position), _short(stream, position + 2)
        start = position + 4
        if start + length > len(stream) or (depth == 0 and kind != _BOF):
            break
        position = start + length
        depth += (kind == _BOF) - (kind == _EOF)
        if depth == 0:
            return
        if depth == 1:
            yield kind, start, length
            plain = _PLAIN_CELLS.match(stream, position)
            position = plain.end() if plain else position
    raise unreadable("工作簿内容损坏")


def _short(content: bytes, position: int) -> int:
    return int.from_bytes(content[position : position + 2], "little")
