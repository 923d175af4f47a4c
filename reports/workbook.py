"""Sheets that a person opens: text stays text, the header stays in sight, nothing in them runs or links.

Templates that come back filled in are another module's; this one only shows tables.
"""

import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import xlsxwriter

from reports.cells import arrow_table, dates_as_text, is_text

__all__ = ["ROWS_PER_SHEET", "add_sheet", "open_workbook", "sheet_name"]

ROWS_PER_SHEET = 1_048_575  # 2**20 rows (ECMA-376 as Excel implements it) less the header
_EXACT = 2**53  # beyond it a spreadsheet's numbers lose digits
_HEADER = {"bold": True, "bg_color": "#E8EDF3", "bottom": 1, "num_format": "@", "text_wrap": True, "valign": "vcenter"}


@contextmanager
def open_workbook(path: Path) -> Iterator[Any]:
    """A workbook that streams its rows to disk and is whole at `path` when the block ends.

    XlsxWriter's scratch files hold rows, so they live in a private folder beside `path` and not in the common ``/tmp``.
    """
    with tempfile.TemporaryDirectory(prefix=".sheets.", dir=path.parent) as scratch:
        book = xlsxwriter.Workbook(
            str(path),
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                "tmpdir": scratch,
            },
        )
        yield book
        book.close()


def add_sheet(
    book: Any, name: str, frame: pd.DataFrame, labels: Mapping[str, str] | None = None, *, marked: Collection[str] = ()
) -> list[tuple[Any, int]]:
    """Write the frame as one sheet, or several numbered ones where Excel's row limit asks for it.

    Args:
        book: From `open_workbook`.
        name: What the sheet is called; cut and cleaned to Excel's rules.
        frame: Columns of text, numbers, booleans or dates. Dates are written as ISO text, whole numbers too long
            for a spreadsheet as text.
        labels: Headers for people, by column.
        marked: Columns somebody writes in; their headers are yellow.

    Returns:
        The sheets, and how many rows each has.
    """
    table = _cells(arrow_table(frame))
    headers = [(labels or {}).get(column, column) for column in table.column_names]
    looks = [
        book.add_format({**_HEADER, **({"bg_color": "#FFF2CC"} if column in marked else {})}) for column in headers
    ]
    sheets = []
    for part, start in enumerate(range(0, max(table.num_rows, 1), ROWS_PER_SHEET), start=1):
        title = sheet_name(name, number=part if part > 1 else None)
        rows = table.slice(start, ROWS_PER_SHEET)
        sheets.append((_write(book, title, list(zip(headers, looks, strict=True)), rows), rows.num_rows))
    return sheets


def sheet_name(name: str, *, number: int | None = None) -> str:
    r"""A name Excel accepts: at most 31 characters, without ``[]:*?/\`` and outer apostrophes.

    >>> sheet_name("花名册[2026/1]", number=2)
    '花名册20261 2'
    """
    clean = "".join(letter for letter in name if letter not in "[]:*?/\\" and letter.isprintable()).strip("' ")
    tail = "" if number is None else f" {number}"
    return (clean or "清单")[: 31 - len(tail)] + tail


def _write(book: Any, title: str, headers: list[tuple[str, Any]], table: pa.Table) -> Any:
    sheet = book.add_worksheet(title)
    text = book.add_format({"num_format": "@", "valign": "top"})
    number = book.add_format({"valign": "top"})
    writers: list[Callable[..., Any]] = []
    formats = []
    for place, (label, look) in enumerate(headers):
        column = table.column(place)
        formats.append(text if is_text(column) else number)
        writers.append(_writer(sheet, column))
        sheet.set_column(place, place, _width(label, column), formats[-1])
        sheet.write_string(0, place, label, look)
    sheet.freeze_panes(1, 0)
    if headers:
        sheet.autofilter(0, 0, table.num_rows, len(headers) - 1)
    places = range(len(headers))
    row = 0
    for batch in table.to_batches(max_chunksize=8192):
        for cells in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            row += 1
            for place in places:
                value = cells[place]
                if value is not None:
                    writers[place](row, place, value, formats[place])
    return sheet


def _cells(table: pa.Table) -> pa.Table:
    """Text, booleans and numbers that a spreadsheet holds exactly; no infinities, which it cannot hold at all."""
    table = dates_as_text(table)
    for place, name in enumerate(table.column_names):
        column = table.column(place)
        if pa.types.is_integer(column.type) and (pc.max(pc.abs(column.cast(pa.int64()))).as_py() or 0) >= _EXACT:
            table = table.set_column(place, name, column.cast(pa.string()))
        elif pa.types.is_floating(column.type) or pa.types.is_decimal(column.type):
            values = column.cast(pa.float64())
            table = table.set_column(place, name, pc.if_else(pc.is_finite(values), values, None))
        elif not (is_text(column) or pa.types.is_integer(column.type) or pa.types.is_boolean(column.type)):
            table = table.set_column(place, name, column.cast(pa.string()))
    return table


def _writer(sheet: Any, column: Any) -> Callable[..., Any]:
    kind = "string" if is_text(column) else "boolean" if pa.types.is_boolean(column.type) else "number"
    writers: dict[str, Callable[..., Any]] = {
        "string": sheet.write_string,  # never ``write``, which guesses formulas, links and numbers from the text
        "boolean": sheet.write_boolean,
        "number": sheet.write_number,
    }
    return writers[kind]


def _width(label: str, column: Any) -> float:
    """Columns of a narrow letter; UTF-8 spends 1 byte on those and 3 on a Chinese one, which is twice as wide."""
    wanted = (len(label) + len(label.encode())) / 2
    text = column if is_text(column) else column.cast(pa.string())
    if len(text):
        widest = pc.max(pc.add(pc.binary_length(text), pc.utf8_length(text))).as_py()
        wanted = max(wanted, (widest or 0) / 2)
    return float(min(max(wanted + 3, 8), 60))
