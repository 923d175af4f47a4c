"""Headers: finding the row they are in, and which field each column is. Named, never guessed."""

import unicodedata
from collections import defaultdict
from collections.abc import Sequence

from connectors.reading.contents import DeliveryRefusedError, FileFinding, shown
from connectors.reading.grid import Header, column_letter
from connectors.reading.layout import TableLayout
from schemas.findings import Finding

__all__ = ["SEARCHED_ROWS", "fields_of", "find_header", "judge_header", "normal_header"]

SEARCHED_ROWS = 30
"""A header lower than this is not looked for; titles and filling instructions are shorter."""

_ENOUGH = 3


def normal_header(text: str) -> str:
    """A header reduced to its letters and digits, so that width, blanks, brackets and marks make no difference.

    >>> normal_header("家庭每月收入（元）") == normal_header("家庭每月收入 元") == normal_header("*家庭每月收入(元):")
    True
    """
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


def fields_of(cells: Sequence[str], layout: TableLayout) -> list[str | None]:
    """The field each cell is a header of, None where it is not a known header."""
    known = {normal_header(header): field for field, headers in layout.columns.items() for header in headers}
    return [known.get(normal_header(cell)) for cell in cells]


def find_header(rows: Sequence[Sequence[str]], layout: TableLayout) -> int | None:
    """Index of the row that names the most fields, the first of equals.

    It must name three fields, or every required one where a layout has fewer.
    """
    best, most = None, 0
    for index, cells in enumerate(rows[:SEARCHED_ROWS]):
        named = set(fields_of(cells, layout)) - {None}
        if len(named) > most and (len(named) >= _ENOUGH or named.issuperset(layout.required)):
            best, most = index, len(named)
    return best


def judge_header(
    cells: Sequence[str], layout: TableLayout, *, sheet: str, row_number: int
) -> tuple[Header, list[FileFinding]]:
    """The header, and its columns that nobody agreed on.

    Raises:
        DeliveryRefusedError: a required column is missing, or two columns are the same one.
    """
    fields = fields_of(cells, layout)
    faults = [
        FileFinding(Finding.COLUMN_MISSING, sheet, row_number, field=field, seen=shown(layout.columns[field][0]))
        for field in layout.required
        if field not in fields
    ]
    same: dict[str, list[int]] = defaultdict(list)
    for index, cell in enumerate(cells):
        if text := normal_header(cell):
            same[fields[index] or f"?{text}"].append(index)
    faults += [
        FileFinding(
            Finding.COLUMN_DUPLICATED, sheet, row_number, column_letter(index), fields[index], shown(cells[index])
        )
        for columns in same.values()
        for index in columns[1:]
    ]
    if faults:
        raise DeliveryRefusedError(*faults)
    unknown = [
        FileFinding(Finding.COLUMN_UNKNOWN, sheet, row_number, column_letter(index), None, shown(cell))
        for index, cell in enumerate(cells)
        if fields[index] is None and shown(cell)
    ]
    column_of = {field: index for index, field in enumerate(fields) if field is not None}
    return Header(row_number, tuple(cells), column_of), unknown
