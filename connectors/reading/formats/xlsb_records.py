"""The records of a binary workbook's parts (MS-XLSB 2.1.4): cells out of bounds, rows that hide or are calculated, what is merged."""

import re
from collections.abc import Iterator, Mapping

import numpy as np

from connectors.reading.formats.facts import SheetFacts, sorted_rows
from connectors.reading.formats.refusal import hostile, unreadable
from connectors.reading.formats.xlsx_parts import relations
from connectors.reading.formats.zip_parts import ZipParts
from connectors.reading.layout import ReadingLimits

__all__ = ["facts_in_order", "facts_of_sheet", "is_sheet"]

_ROW, _CELL_ERROR, _FIRST_FORMULA, _FORMULA_ERROR, _LAST_CELL = 0, 3, 8, 11, 11
_WORKBOOK, _SHEET, _MERGED, _COMMENT = 153, 156, 176, 635
_HIDDEN = 0x10  # fDyZero, in the byte behind a row's height

_NEAR = rb".[\x00\x01]\x00\x00"  # a column below 512
_PLAIN_CELLS = re.compile(
    rb"(?s:(?:[\x02\x07]\x0c%b.{8}|\x05\x10%b.{12}|\x01\x08%b.{4}|\x04\x09%b.{5})*+)" % (_NEAR, _NEAR, _NEAR, _NEAR)
)
"""Cells that are within bounds and say nothing but a value; nearly all records are, and are passed over together."""


def is_sheet(start: bytes) -> bool:
    """Whether a part that begins like this is a sheet (BrtBeginSheet)."""
    return start.startswith(b"\x81\x01")


def facts_of_sheet(content: bytes, limits: ReadingLimits) -> SheetFacts:
    """What the records of a sheet say.

    Raises:
        DeliveryRefusedError: a cell is outside the bounds, or the records are damaged.
    """
    facts, row = SheetFacts(), 0
    hidden, formulas, errors = [], [], []
    for kind, start, length in _records(content):
        if kind == _ROW:
            row = _integer(content, start)
            if length > 11 and content[start + 11] & _HIDDEN:
                hidden.append(row)
        elif kind <= _LAST_CELL:
            column = _integer(content, start)
            if row >= limits.rows or column >= limits.columns:
                raise hostile(f"内容位于第 {row + 1} 行第 {column + 1} 列")
            if kind >= _FIRST_FORMULA:
                formulas.append(row)
            if kind in {_CELL_ERROR, _FORMULA_ERROR}:
                errors.append(row)
        elif kind == _MERGED:
            top, bottom, left, right = (_integer(content, start + 4 * place) for place in range(4))
            facts.merged.append((top, left, bottom, right))
    facts.hidden_rows = sorted_rows([np.array(hidden, np.int64)])
    facts.formula_rows = sorted_rows([np.array(formulas, np.int64)])
    facts.error_rows = sorted_rows([np.array(errors, np.int64)])
    return facts


def facts_in_order(parts: ZipParts, scanned: Mapping[str, SheetFacts]) -> list[SheetFacts]:
    """Facts of every sheet, in the workbook's order.

    Args:
        parts: of the workbook.
        scanned: what `facts_of_sheet` saw, by the name of the part.
    """
    workbook, targets = parts.read("xl/workbook.bin"), relations(parts, "xl/workbook.bin")
    facts, from_1904 = [], False
    for kind, start, _ in _records(workbook):
        if kind == _WORKBOOK:
            from_1904 = bool(workbook[start] & 1)
        elif kind == _SHEET:
            relation = _text(workbook, start + 8)
            part = targets.get(relation, "")
            known = scanned.get(part, SheetFacts())
            known.comments = sum(_comments(parts.read(target)) for target in relations(parts, part).values())
            facts.append(known)
    for known in facts:
        known.dates_from_1904 = from_1904
    return facts


def _comments(content: bytes) -> int:
    """How many comments a part holds; only one of comments has such records."""
    if not content.startswith(b"\xf4\x04"):  # BrtBeginComments
        return 0
    return sum(1 for kind, _, _ in _records(content) if kind == _COMMENT)


def _records(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Type, position and length of every record that is not a plain cell."""
    position = 0
    while position < len(content):
        kind, position = _varying(content, position, 2)
        length, position = _varying(content, position, 4)
        if position + length > len(content):
            raise unreadable("工作簿内容损坏")
        yield kind, position, length
        plain = _PLAIN_CELLS.match(content, position + length)
        position = plain.end() if plain and kind <= _LAST_CELL else position + length


def _varying(content: bytes, position: int, most: int) -> tuple[int, int]:
    """A number of up to ``most`` bytes, seven bits in each, and where it ends."""
    number = 0
    for index in range(most):
        if position >= len(content):
            raise unreadable("工作簿内容损坏")
        byte = content[position]
        position += 1
        number |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            break
    return number, position


def _integer(content: bytes, position: int) -> int:
    return int.from_bytes(content[position : position + 4], "little")


def _text(content: bytes, position: int) -> str:
    """A text with its length before it (XLWideString)."""
    length = min(_integer(content, position), len(content))
    return content[position + 4 : position + 4 + 2 * length].decode("utf-16-le", errors="replace")
