"""Lists as the files offices send: text of several encodings, and workbooks with titles and footers.

The same lists make the same bytes: nothing here asks for the time or the user.
"""

import io
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import xlsxwriter
from pyarrow import csv

__all__ = ["MOST_ROWS", "Sheet", "write_text", "write_workbook"]

MOST_ROWS = 1_000_000
"""Rows of a list that still fit on a sheet."""

_ROWS_IN_MEMORY = 50_000


class Sheet(NamedTuple):
    """A table on a sheet: rows above its header, rows below its end, and the cells that are numbers."""

    name: str
    table: Any
    title: Sequence[str] = ()
    footer: Sequence[Sequence[str]] = ()
    as_number: dict[tuple[int, str], float] = {}  # noqa: RUF012  never written to; keys are row and header
    amounts: frozenset[str] = frozenset()

    @property
    def first_row(self) -> int:
        """Number of the first row of data, as the spreadsheet shows it."""
        return len(self.title) + 2


def write_text(path: Path, table: Any, *, encoding: str = "utf-8", line_end: str = "\n") -> None:
    """Writes a table as comma-separated text, the header in line 1; ``utf-8-sig`` sets a byte order mark.

    No field is quoted: pyarrow refuses a text that would need it, and made-up ones do not.
    """
    body = io.BytesIO()
    body.write((",".join(table.column_names) + "\n").encode())
    csv.write_csv(table, body, csv.WriteOptions(include_header=False, quoting_style="none", batch_size=65_536))
    raw = body.getvalue()
    if line_end != "\n" or encoding != "utf-8":
        raw = raw.decode().replace("\n", line_end).encode(encoding)
    path.write_bytes(raw)


def write_workbook(path: Path, sheets: Sequence[Sheet], today: date) -> None:
    """Writes a workbook whose cells are text (format ``@``), but for amounts and cells given as numbers.

    Raises:
        ValueError: a table has more rows than a sheet.
    """
    if any(sheet.table.num_rows > MOST_ROWS for sheet in sheets):
        raise ValueError("too many rows for a workbook; write text instead")
    options = {"constant_memory": any(sheet.table.num_rows > _ROWS_IN_MEMORY for sheet in sheets)}
    with xlsxwriter.Workbook(str(path), options) as workbook:
        workbook.set_properties({"created": datetime(today.year, today.month, today.day)})  # noqa: DTZ001  a fixed text
        for sheet in sheets:
            _write_sheet(workbook, sheet)


def _write_sheet(workbook: Any, sheet: Sheet) -> None:
    page = workbook.add_worksheet(sheet.name)
    text = workbook.add_format({"num_format": "@"})
    bold = workbook.add_format({"bold": True, "text_wrap": True, "border": 1, "num_format": "@"})
    headers = sheet.table.column_names
    page.set_column(0, len(headers) - 1, 14, text)
    for row, words in enumerate(sheet.title):
        page.merge_range(row, 0, row, len(headers) - 1, words, bold)
    page.write_row(len(sheet.title), 0, headers, bold)
    amounts = [header in sheet.amounts for header in headers]
    numbers_in = {row for row, _ in sheet.as_number}
    row = sheet.first_row - 1
    for cells in zip(*(column.to_pylist() for column in sheet.table.columns), strict=True):
        position = row - sheet.first_row + 1
        for column, cell in enumerate(cells):
            if position in numbers_in and (position, headers[column]) in sheet.as_number:
                page.write_number(row, column, sheet.as_number[position, headers[column]])
            elif cell is None:
                continue
            elif amounts[column] and cell.replace(".", "", 1).isdigit():
                page.write_number(row, column, float(cell))
            else:
                page.write_string(row, column, cell, text)
        row += 1
    for footer in sheet.footer:
        page.write_row(row, 0, footer, text)
        row += 1
