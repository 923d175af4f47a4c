"""Text cells of a worksheet (ECMA-376 part 1, SpreadsheetML), made column by column instead of cell by cell.

XlsxWriter makes everything else of a workbook; only its cells cost a Python call each, which for a first push of a
hundred thousand people is most of the night's time. Every cell here is an inline string: never a number, formula or link.
"""

import re

import pyarrow as pa
import pyarrow.compute as pc
from xlsxwriter.utility import xl_col_to_name

__all__ = ["rows_of_text_cells"]

# What XML 1.0 cannot carry or would change on reading, and texts that look like the escape for it (part 1, 22.9.2.19).
_UNUSUAL = r"[\x00-\x08\x0b-\x1f]|\x{FFFE}|\x{FFFF}|_x[0-9A-Fa-f]{4}_"
_ESCAPE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_EDGE_BLANK = r"^\s|\s$|[\n\t]|  "


def rows_of_text_cells(columns: list[pa.Array], *, first_row: int, style: str) -> memoryview:
    """The XML of one ``<row>`` per place in ``columns``, in UTF-8; an empty text makes no cell.

    Args:
        columns: texts without nulls (``large_string``), all of one length.
        first_row: number of the first row as the spreadsheet shows it.
        style: index of the cells' format in the workbook.
    """
    count = len(columns[0])
    numbers = pc.cast(pa.array(range(first_row, first_row + count), pa.int64()), pa.large_string())
    cells = [_joined('<row r="', numbers, '">')]
    for place, values in enumerate(columns):
        filled = pc.if_else(pc.equal(values, ""), None, values)
        blank = ' xml:space="preserve"' if pc.match_substring_regex(values, _EDGE_BLANK).true_count else ""
        opening = f'" s="{style}" t="inlineStr"><is><t{blank}>'
        cells.append(_joined(f'<c r="{xl_col_to_name(place)}', numbers, opening, _escape(filled), "</t></is></c>"))
    return text_bytes(_joined(*cells, "</row>", skip_null=True))


def text_bytes(texts: pa.Array) -> memoryview:
    """All texts of a freshly computed ``large_string`` array, one after the other, in UTF-8."""
    _, offsets, data = texts.buffers()
    length = memoryview(offsets).cast("B").cast("q")[len(texts)]
    return memoryview(data)[:length]


def _joined(*pieces: pa.Array | str, skip_null: bool = False) -> pa.Array:
    """The pieces joined row by row; null where one is null, unless nulls are to be skipped."""
    arrays = [pa.scalar(piece, pa.large_string()) if isinstance(piece, str) else piece for piece in [*pieces, ""]]
    return pc.binary_join_element_wise(*arrays, null_handling="skip" if skip_null else "emit_null")


def _escape(values: pa.Array) -> pa.Array:
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        values = pc.replace_substring(values, character, entity)
    is_unusual = pc.fill_null(pc.match_substring_regex(values, _UNUSUAL), False)  # noqa: FBT003 - an Arrow value
    if not is_unusual.true_count:
        return values
    escaped = [
        _ESCAPE.sub(lambda found: f"_x{ord(found[0]):04X}_", value) for value in values.filter(is_unusual).to_pylist()
    ]
    return pc.replace_with_mask(values, is_unusual, pa.array(escaped, pa.large_string()))
