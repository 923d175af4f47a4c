"""附件1 as a worksheet: boxes are cells with a drop-down of □ and ☑, numbers are kept as text; one page of A4."""

import datetime as dt
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell

from connectors.templates.cell_checks import (
    Check,
    amount_check,
    certificate_check,
    id_number_check,
    phone_check,
    word_check,
)
from connectors.templates.form_layout import (
    COLUMNS,
    FOOTNOTE,
    PARTS,
    SIGNED,
    SIGNED_DATE,
    Blank,
    Box,
    Frame,
    Part,
    Piece,
    Words,
    placed,
    title,
)
from schemas.codes import CODE_LISTS
from schemas.durable import replace_file

__all__ = ["MADE", "OPTIONS", "write_form_xlsx"]

OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
MADE = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
"""Stands in the file as the time it was made: the clock of whoever writes must not be in its bytes."""

_SHEET = "登记表"
_COLUMN_WIDTH, _ROW_HEIGHT = 3.2, 25
_DATE_BEGINS = 13
_DATE = (Words("建档日期：", 4), Blank(2), Words("年", 1), Blank(1), Words("月", 1), Blank(1), Words("日", 1))
_CHECKS = {"id_number": id_number_check, "phone": phone_check, "certificate": certificate_check}
_LISTS = {"yes_no": "是否安全", "sex": "性别", "relation": "与户主关系"}


def write_form_xlsx(path: Path, *, area: str) -> None:
    """Writes the blank form, mode 0600; ``area`` is the county with its city, as the title has it (梅州市梅县区).

    Raises:
        OSError: the folder is missing, full or not writable.
    """
    with replace_file(path) as temporary, xlsxwriter.Workbook(temporary, OPTIONS) as book:
        book.set_properties({"title": title(area), "created": MADE})
        _Page(book).write(area)


class _Page:
    """The sheet while it is written, row by row."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._sheet = book.add_worksheet(_SHEET)
        self._formats: dict[tuple[tuple[str, Any], ...], Any] = {}
        self._row = 0

    def write(self, area: str) -> None:
        self._set_page()
        self._line("附件 1", align="left")
        self._line(title(area), font_size=16, align="center", height=30)
        column = _DATE_BEGINS
        for piece in _DATE:
            self._piece(self._row, column, piece, {"align": "right" if isinstance(piece, Words) else "center"})
            column += piece.columns
        self._next_row()
        for part in PARTS:
            self._line(part.heading, bold=True, align="left")
            self._part(part)
        self._line(SIGNED + "\u3000" * 8, align="right")
        self._line(SIGNED_DATE, align="right")
        self._line(FOOTNOTE, font_size=9, align="left")
        self._sheet.print_area(0, 0, self._row - 1, COLUMNS - 1)

    def _set_page(self) -> None:
        self._sheet.set_column(0, COLUMNS - 1, _COLUMN_WIDTH)
        self._sheet.set_paper(9)
        self._sheet.set_portrait()
        self._sheet.fit_to_pages(1, 1)
        self._sheet.center_horizontally()
        self._sheet.set_margins(left=0.6, right=0.6, top=0.5, bottom=0.4)
        self._sheet.hide_gridlines(2)

    def _line(self, text: str, *, height: float = _ROW_HEIGHT, **look: Any) -> None:
        self._text(self._row, 0, 1, COLUMNS, text, look)
        self._next_row(height)

    def _next_row(self, height: float = _ROW_HEIGHT) -> None:
        self._sheet.set_row(self._row, height)
        self._row += 1

    def _part(self, part: Part) -> None:
        for row, column, frame in placed(part):
            self._frame(self._row + row, column, frame)
        for _ in part.rows:
            self._next_row()

    def _frame(self, row: int, column: int, frame: Frame) -> None:
        for place, piece in enumerate(frame.pieces):
            look = {
                "left": int(place == 0),
                "right": int(place == len(frame.pieces) - 1),
                "top": int(not frame.goes_on_above),
                "bottom": int(not frame.goes_on_below),
            }
            self._piece(row, column, piece, look, rows=frame.rows)
            column += piece.columns + isinstance(piece, Box)

    def _piece(self, row: int, column: int, piece: Piece, look: dict[str, Any], rows: int = 1) -> None:
        if isinstance(piece, Box):
            self._text(row, column, rows, 1, "□", {**look, "align": "center", "right": 0})
            self._sheet.data_validation(row, column, row, column, word_check(("□", "☑"), "勾选"))
            self._text(row, column + 1, rows, piece.columns, piece.word, {**look, "align": "left", "left": 0})
        elif isinstance(piece, Words):
            side = "center" if piece.is_label else "left"
            self._text(row, column, rows, piece.columns, piece.text, {"align": side, **look})
        else:
            kind = {} if piece.holds == "amount" else {"num_format": "@"}
            self._text(row, column, rows, piece.columns, "", {"align": "center", **kind, **look})
            if check := _check(piece, row, column):
                self._sheet.data_validation(row, column, row, column, check)

    def _text(self, row: int, column: int, rows: int, columns: int, text: str, look: dict[str, Any]) -> None:
        shape = self._format({"font_name": "宋体", "font_size": 10, "valign": "vcenter", "text_wrap": True, **look})
        if rows * columns > 1:
            self._sheet.merge_range(row, column, row + rows - 1, column + columns - 1, "", shape)
        if text:
            self._sheet.write_string(row, column, text, shape)
        elif rows * columns == 1:
            self._sheet.write_blank(row, column, None, shape)

    def _format(self, look: dict[str, Any]) -> Any:
        key = tuple(sorted(look.items()))
        if key not in self._formats:
            self._formats[key] = self._book.add_format(look)
        return self._formats[key]


def _check(blank: Blank, row: int, column: int) -> Check | None:
    """The check of a blank, for the cell it begins in."""
    if make := _CHECKS.get(blank.holds):
        return make(xl_rowcol_to_cell(row, column))
    if name := _LISTS.get(blank.holds):
        return word_check(tuple(CODE_LISTS[blank.holds].values()), name)
    return amount_check() if blank.holds == "amount" else None
