"""The delimiter and the header of a text, found together: the delimiter is the one by which a header names most fields."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from connectors.reading.contents import FileFinding
from connectors.reading.formats.refusal import refused, unreadable
from connectors.reading.grid import Header
from connectors.reading.layout import TableLayout
from connectors.reading.layouts.header import HeaderRows, judge_header
from connectors.reading.layouts.header_search import SEARCHED_ROWS, HeaderSearch
from connectors.reading.layouts.merged_cells import MergedCells
from connectors.reading.text.records import LONGEST_RECORD, Flaw, split_record
from schemas.findings import Finding

__all__ = ["SEARCHED_LINES", "TextHeader", "TextRecord", "find_text_header", "text_records"]

SEARCHED_LINES = SEARCHED_ROWS + LONGEST_RECORD
"""How many lines may have to be looked at for the header."""

_DELIMITERS = (",", "\t", ";", "|")
_WIDE_DELIMITERS = ("，", "；", "｜")
_SEP = re.compile(r'"?sep=(.)"?\s*$')


class TextHeader(NamedTuple):
    """The header of a text, the line after it (from 0), the delimiter, and the columns nobody agreed on."""

    header: Header
    after: int
    delimiter: str
    unknown: list[FileFinding]


class _Candidate(NamedTuple):
    rows: HeaderRows
    after: int
    delimiter: str


class TextRecord(NamedTuple):
    """The cells of a record, the line it begins on and the one after it (from 0)."""

    cells: list[str]
    line: int
    after: int


def find_text_header(lines: Sequence[str], table: TableLayout, sheet: str) -> TextHeader:
    """The header among the first lines of a text.

    Raises:
        DeliveryRefusedError: there is none, or it is not as agreed.
    """
    stated = _SEP.match(lines[0]) if lines else None
    if stated and stated[1] not in _DELIMITERS:
        raise unreadable("首行 sep= 所示分隔符不受支持")
    search = HeaderSearch({"main": table})
    found = [
        candidate
        for delimiter in ([stated[1]] if stated else _DELIMITERS)
        if (candidate := _header(lines, 1 if stated else 0, delimiter, search)) is not None
    ]
    if not found:
        raise refused(Finding.HEADER_NOT_FOUND, _why_not(lines, search), sheet=sheet)
    best = max(found, key=lambda header: len(header.rows.named))
    header, unknown = judge_header(best.rows, search.names["main"], sheet=sheet)
    return TextHeader(header, best.after, best.delimiter, unknown)


def _header(lines: Sequence[str], start: int, delimiter: str, search: HeaderSearch) -> _Candidate | None:
    """The header by one delimiter, its last row counted in lines; a stray quote above it must not hide it."""
    for records in (text_records(lines, start, delimiter), _single_lines(lines, start, delimiter)):
        width = max((len(record.cells) for record in records), default=0)
        found = search.first([record.cells + [""] * (width - len(record.cells)) for record in records], MergedCells())
        if found is not None:
            rows, last = found.rows, records[found.rows.last]
            own = max(len(records[found.rows.first].cells), len(last.cells))
            rows = rows._replace(
                last=last.line,
                lines=tuple(line[:own] for line in rows.lines),
                cells=rows.cells[:own],
                fields=rows.fields[:own],
            )
            return _Candidate(rows, last.after, delimiter)
    return None


def text_records(lines: Sequence[str], start: int, delimiter: str) -> list[TextRecord]:
    """The first records of a text, by one delimiter, from a line on."""
    records: list[TextRecord] = []
    while start < len(lines) and len(records) < SEARCHED_ROWS:
        records.append(_record(lines, start, delimiter))
        start = records[-1].after
    return records


def _record(lines: Sequence[str], index: int, delimiter: str) -> TextRecord:
    """The record that begins on a line, by itself or, if it is broken inside quotes, with the lines after it."""
    for after in range(index + 1, min(index + LONGEST_RECORD, len(lines)) + 1):
        fields = split_record("\n".join(lines[index:after]), delimiter)
        if not isinstance(fields, Flaw):
            return TextRecord(fields, index, after)
        if fields is Flaw.MALFORMED:
            break
    return TextRecord(lines[index].split(delimiter), index, index + 1)


def _single_lines(lines: Sequence[str], start: int, delimiter: str) -> list[TextRecord]:
    return [
        TextRecord(line.split(delimiter), index, index + 1)
        for index, line in enumerate(lines[start : start + SEARCHED_ROWS], start)
    ]


def _why_not(lines: Sequence[str], search: HeaderSearch) -> str:
    """A full-width comma is also a character of addresses and remarks: it is named, and never taken for a delimiter."""
    for delimiter in _WIDE_DELIMITERS:
        if _header(lines, 0, delimiter, search):
            return f"以全角“{delimiter}”分隔，请改用半角分隔符"
    return ""
