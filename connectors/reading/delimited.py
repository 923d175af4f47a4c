"""Delimited text (.csv): encoding, delimiter, header, then all plain lines through Arrow and the odd ones one by one.

A line whose fields cannot be told apart is left out and said (``line-broken``); it never takes its neighbours along.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv

from connectors.reading.contents import DeliveryRefusedError, FileFinding
from connectors.reading.grid import Grid, Header, filled_cells, is_blank
from connectors.reading.header import SEARCHED_ROWS, fields_of, find_header, judge_header
from connectors.reading.layout import ReadingLimits, TableLayout
from connectors.reading.lines import Lines, look_at_lines
from connectors.reading.records import LONGEST_RECORD, Flaw, join_record, read_line, split_record
from schemas.findings import Finding

__all__ = ["read_delimited"]

_DELIMITERS = (",", "\t", ";", "|")


class _Found(NamedTuple):
    """The header of a text: its cells, the line it begins on and the one after it (from 0), the delimiter."""

    cells: list[str]
    line: int
    after: int
    delimiter: str


class _Odd(NamedTuple):
    """What became of the lines that are not plain; lines are counted from 0 below the header."""

    records: dict[int, list[str]]
    broken: dict[int, str]
    continued: list[int]


def read_delimited(path: Path, table: TableLayout, limits: ReadingLimits) -> tuple[Grid, list[FileFinding]]:
    """The grid of a text file and the columns nobody agreed on.

    Raises:
        DeliveryRefusedError: the text cannot be decoded, holds nothing, or its header is not as agreed.
    """
    text = _as_utf8(path.read_bytes())
    if is_blank(text[:4096].decode(errors="ignore")) and is_blank(text.decode()):
        raise DeliveryRefusedError(FileFinding(Finding.FILE_EMPTY))
    found = _find_header(text, table)
    header, unknown = judge_header(found.cells, table, sheet="", row_number=found.line + 1)
    if len(found.cells) > limits.columns or text.count(b"\n") > limits.rows:
        raise DeliveryRefusedError(FileFinding(Finding.FILE_HOSTILE, seen="行数或列数超过限额"))
    body = text.split(b"\n", found.after)[found.after :]
    lines = look_at_lines(body[0] if body else b"", found.delimiter)
    return _grid(lines, header, found), unknown


def _as_utf8(raw: bytes) -> bytes:
    r"""The text as UTF-8 without byte order mark, lines ending in ``\n``.

    UTF-8 if it is that throughout, else GB18030 (a superset of GBK and GB 2312), else refused: a guess such as
    Latin-1 never fails and turns names into rubbish.
    """
    if b"\x00" in raw:
        raise DeliveryRefusedError(FileFinding(Finding.ENCODING_UNDECODABLE, seen="含有空字符"))
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        try:
            raw = raw.decode("gb18030").encode()
        except UnicodeDecodeError:
            raise DeliveryRefusedError(FileFinding(Finding.ENCODING_UNDECODABLE)) from None
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    return raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in raw else raw


def _find_header(text: bytes, table: TableLayout) -> _Found:
    first = [line.decode() for line in text.split(b"\n", SEARCHED_ROWS + LONGEST_RECORD)]
    first = first[: SEARCHED_ROWS + LONGEST_RECORD]
    best, most = None, 0
    for delimiter in _DELIMITERS:
        rows = [_header_record(first, index, delimiter) for index in range(min(len(first), SEARCHED_ROWS))]
        index = find_header([cells for cells, _ in rows], table)
        if index is None:
            continue
        cells, count = rows[index]
        named = len({*fields_of(cells, table)} - {None})
        if named > most:
            best, most = _Found(cells, index, index + count, delimiter), named
    if best is None:
        raise DeliveryRefusedError(FileFinding(Finding.HEADER_NOT_FOUND))
    return best


def _header_record(lines: Sequence[str], index: int, delimiter: str) -> tuple[list[str], int]:
    """The record that begins on a line, by itself or, if a header is broken inside quotes, with the lines after it."""
    for count in range(1, LONGEST_RECORD + 1):
        fields = split_record("\n".join(lines[index : index + count]), delimiter)
        if not isinstance(fields, Flaw):
            return fields, count
        if fields is Flaw.MALFORMED:
            break
    return lines[index].split(delimiter), 1


def _grid(lines: Lines, header: Header, found: _Found) -> Grid:
    most = len(header.cells)
    fewest = max(index for index, cell in enumerate(header.cells) if not is_blank(cell)) + 1
    usual = _usual_fields(lines, fewest, most)
    regular = lines.filled & lines.plain & (lines.fields == usual)
    odd = _read_odd_lines(lines, np.flatnonzero(lines.filled & ~regular), found.delimiter, fewest, most)
    regular[odd.continued] = False
    columns = _parse(lines.only(regular), usual, found.delimiter) if regular.any() else _no_rows(usual)
    numbers = np.flatnonzero(regular)
    columns, numbers, overlong = _without_overlong(columns, numbers, most)
    odd.broken.update(dict.fromkeys(overlong.tolist(), "多出有内容的列"))
    if odd.records:
        columns, numbers = _merged(columns, numbers, odd.records, most)
    continued = int(lines.filled[odd.continued].sum())
    return Grid(
        sheet="",
        header=header,
        row_numbers=(numbers + found.after + 1).astype(np.int32),
        columns=columns,
        stored_as_number=[None] * most,
        received=_count_filled(lines.text, found.delimiter) - continued,
        broken=[(index + found.after + 1, why) for index, why in sorted(odd.broken.items())],
    )


def _usual_fields(lines: Lines, fewest: int, most: int) -> int:
    """How many fields most good lines have: the header's number, or more where every row ends in delimiters."""
    counts = np.bincount(lines.fields[lines.filled & lines.plain], minlength=most + 1)
    counts[:fewest] = 0
    return int(counts.argmax()) if counts.any() else most


def _read_odd_lines(lines: Lines, odd: npt.NDArray[np.int64], delimiter: str, fewest: int, most: int) -> _Odd:
    result = _Odd({}, {}, [])
    after = 0  # the first line that does not belong to the record before it
    for index in odd.tolist():
        if index < after:
            continue
        read = read_line(lines[index], delimiter, fewest, most)
        if not isinstance(read, Flaw):
            result.records[index] = read
            continue
        following = range(index, min(index + LONGEST_RECORD, len(lines.starts)))
        joined = None
        if read is Flaw.UNCLOSED:
            joined = join_record([lines[line] for line in following], delimiter, fewest, most)
        if joined is None:
            result.broken[index] = read.value if '"' in lines[index] else f"应有 {most} 列"
        else:
            result.records[index], count = joined
            after = index + count
            result.continued.extend(range(index + 1, after))
    return result


def _parse(text: bytes, fields: int, delimiter: str) -> list[pa.ChunkedArray]:
    names = [str(index) for index in range(fields)]
    table = csv.read_csv(
        pa.BufferReader(text),
        read_options=csv.ReadOptions(column_names=names, block_size=8 << 20),
        parse_options=csv.ParseOptions(delimiter=delimiter, quote_char='"' if b'"' in text else False),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.large_string()),
            null_values=[""],  # and nothing else: NA and null are a name and a village here
            strings_can_be_null=True,
            check_utf8=False,  # the whole text was decoded before
        ),
    )
    return list(table.columns)


def _no_rows(fields: int) -> list[pa.ChunkedArray]:
    return [pa.chunked_array([], pa.large_string()) for _ in range(fields)]


def _without_overlong(
    columns: list[pa.ChunkedArray], numbers: npt.NDArray[np.int64], most: int
) -> tuple[list[pa.ChunkedArray], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Columns up to the header's width, without rows that have anything beyond it."""
    overlong = np.zeros(len(numbers), dtype=bool)
    for column in columns[most:]:
        if column.null_count < len(column):
            overlong |= filled_cells(column)
    columns = columns[:most] + [pa.chunked_array([pa.nulls(len(numbers), pa.large_string())])] * (most - len(columns))
    if not overlong.any():
        return columns, numbers, numbers[:0]
    kept = pa.array(~overlong)
    return [column.filter(kept) for column in columns], numbers[~overlong], numbers[overlong]


def _merged(
    columns: list[pa.ChunkedArray], numbers: npt.NDArray[np.int64], records: dict[int, list[str]], width: int
) -> tuple[list[pa.ChunkedArray], npt.NDArray[np.int64]]:
    """Rows read together and rows read one by one, in the order of the file."""
    numbers = np.concatenate([numbers, np.fromiter(records, np.int64, len(records))])
    order = np.argsort(numbers, kind="stable")
    taken = pa.array(order)
    odd = [
        pa.array([record[column] or None for record in records.values()], pa.large_string()) for column in range(width)
    ]
    merged = [
        pa.chunked_array([*column.chunks, cells], pa.large_string()).take(taken)
        for column, cells in zip(columns, odd, strict=True)
    ]
    return merged, numbers[order]


def _count_filled(text: bytes, delimiter: str) -> int:
    """Lines with anything on them, counted apart from all else so that a row lost elsewhere is noticed."""
    empty = b' \t\n\r\x0b\x0c"' + delimiter.encode()
    rests = (line.translate(None, empty) for line in text.split(b"\n"))
    return sum(1 for rest in rests if rest and not is_blank(rest.decode()))
