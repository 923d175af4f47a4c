"""Workbooks through calamine: the cells of every sheet, and beside them what the gate saw of it. Which hold a list: ``tables``."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from python_calamine import (
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from connectors.reading.contents import shown
from connectors.reading.formats.cells import Cell, columns_of
from connectors.reading.formats.facts import RowNumbers, SheetFacts
from connectors.reading.formats.raw import Raw
from connectors.reading.formats.refusal import damage_is, hostile, refused, unreadable
from connectors.reading.layout import ReadingLimits
from connectors.reading.sheets import SheetCells
from schemas.findings import Finding

__all__ = ["read_workbook"]


def read_workbook(raw: Raw, facts: Sequence[SheetFacts], limits: ReadingLimits) -> list[SheetCells]:
    """The worksheets of a workbook that hold anything, in its order.

    Args:
        raw: the workbook.
        facts: what its raw parts say of each sheet, in the same order.
        limits: of its rows and columns.

    Raises:
        DeliveryRefusedError: the workbook cannot be opened, or a sheet is larger than allowed.
    """
    sheets = []
    with _opened(raw) as workbook:
        if len(facts) != len(workbook.sheets_metadata):
            raise unreadable("工作表目录前后不一致")
        for place, sheet in enumerate(workbook.sheets_metadata):
            if sheet.typ != SheetTypeEnum.WorkSheet:
                continue
            cells = _read_sheet(workbook.get_sheet_by_index(place), facts[place], limits)
            if cells is not None:
                cells.is_hidden = sheet.visible != SheetVisibleEnum.Visible
                sheets.append(cells)
    if not sheets:
        raise refused(Finding.FILE_EMPTY)
    return sheets


@contextmanager
def _opened(raw: Raw) -> Iterator[CalamineWorkbook]:
    is_locked = False
    with damage_is("工作簿内容损坏"):
        try:
            if raw.path is not None:
                with CalamineWorkbook.from_path(raw.path) as workbook:
                    yield workbook
            else:
                with raw.open() as file, CalamineWorkbook.from_filelike(file) as workbook:
                    yield workbook
        except PasswordError:
            is_locked = True
    if is_locked:
        raise refused(Finding.FILE_ENCRYPTED)


def _read_sheet(sheet: CalamineSheet, facts: SheetFacts, limits: ReadingLimits) -> SheetCells | None:
    if sheet.end is None:
        return None
    rows, width = sheet.end[0] + 1, sheet.end[1] + 1  # calamine's own ``total_height`` is one less
    if rows > limits.rows or width > limits.columns:
        raise hostile(f"{rows} 行 × {width} 列", sheet=shown(sheet.name))
    columns = columns_of(_rows(sheet), width)
    if not columns.has_content.any():
        return None
    merged = [(*first, *last) for first, last in sheet.merged_cell_ranges or []]
    return SheetCells(
        name=sheet.name,
        columns=columns.texts,
        numbers=columns.numbers,
        has_content=columns.has_content,
        hidden_rows=_within(facts.hidden_rows, rows),
        merged=merged or facts.merged,
        formula_rows=_within(facts.formula_rows, rows),
        error_rows=_within(facts.error_rows, rows),
        comments=facts.comments,
        dates_from_1904=facts.dates_from_1904,
    )


def _rows(sheet: CalamineSheet) -> Iterator[list[Cell]]:
    """Rows from row 1 on, each from column A on (calamine leaves out empty columns at the left)."""
    left: list[Cell] = [""] * (sheet.start[1] if sheet.start else 0)
    return (left + row for row in sheet.iter_rows()) if left else sheet.iter_rows()


def _within(rows: RowNumbers, height: int) -> RowNumbers:
    return rows[: int(np.searchsorted(rows, height))]
