"""What a cell may hold once it leaves for a file: Arrow tables, instants as text, and text that no spreadsheet runs.

Which file it goes to is `reports.lists`' and `reports.workbook`' business.
"""

from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from schemas.errors import ContractBroken

__all__ = ["arrow_table", "dates_as_text", "is_text", "neutralised"]

# OWASP "CSV Injection" names = + - @ TAB and CR; LF and the full-width forms are read as the same by CJK spreadsheets.
DANGEROUS_START = r"^[=+\-@\t\r\n＝＋－＠]"


def arrow_table(frame: pd.DataFrame) -> pa.Table:
    """The frame as an Arrow table without index and pandas metadata; categories become their values.

    Raises:
        ContractBroken: A column mixes types or nests; the message names the column and quotes no cell.
    """
    columns = {str(name): _column(frame.iloc[:, place], str(name)) for place, name in enumerate(frame.columns)}
    if len(columns) != len(frame.columns):
        raise ContractBroken("a list has two columns of the same name")
    return pa.table(columns)


def _column(values: pd.Series, name: str) -> Any:
    try:
        column = pa.chunked_array([pa.array(values, from_pandas=True)]) if len(values) else _empty(values)
    except (pa.ArrowException, TypeError, ValueError):
        raise ContractBroken(f"column {name} of a list mixes types") from None
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_null(column.type):
        column = column.cast(pa.string())
    if pa.types.is_nested(column.type):
        raise ContractBroken(f"column {name} of a list holds lists or records, not cells")
    return column


def _empty(values: pd.Series) -> Any:
    kind = pa.array(values, from_pandas=True).type
    return pa.chunked_array([], type=pa.string() if pa.types.is_null(kind) else kind)


def is_text(column: Any) -> bool:
    """Whether the column holds text."""
    return bool(pa.types.is_string(column.type) or pa.types.is_large_string(column.type))


def dates_as_text(table: pa.Table) -> pa.Table:
    """The table with days as ``2026-01-05`` and instants as ``2026-01-05T02:00:13+08:00`` (ISO 8601)."""
    for place, name in enumerate(table.column_names):
        column = table.column(place)
        if pa.types.is_timestamp(column.type):
            zone = column.type.tz
            seconds = column.cast(pa.timestamp("s", tz=zone), safe=False)
            text = pc.strftime(seconds, "%Y-%m-%dT%H:%M:%S%z" if zone else "%Y-%m-%dT%H:%M:%S")
            text = pc.replace_substring_regex(text, r"([+-]\d\d)(\d\d)$", r"\1:\2")
        elif pa.types.is_temporal(column.type):
            text = column.cast(pa.string())
        else:
            continue
        table = table.set_column(place, name, text)
    return table


def neutralised(text: Any) -> Any:
    """Text (array or scalar) in which whatever a spreadsheet might run is preceded by an apostrophe.

    >>> neutralised(pa.array(["=1+1", "-", "张*", None])).to_pylist()
    ["'=1+1", "'-", '张*', None]
    """
    risky = pc.match_substring_regex(text, DANGEROUS_START)
    quote = pa.scalar("'", type=text.type)
    return pc.if_else(risky, pc.binary_join_element_wise(quote, text, pa.scalar("", type=text.type)), text)
