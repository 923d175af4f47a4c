"""The rows of a text, some megabytes at a time: all plain lines through Arrow and the odd ones one by one.

A line whose fields cannot be told apart is left out and said (``line-broken``); it never takes its neighbours along.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv

from connectors.reading.grid import Grid, Header, filled_cells, is_blank
from connectors.reading.text.lines import Lines, count_filled, look_at_lines
from connectors.reading.text.records import LONGEST_RECORD, Flaw, join_record, read_line

__all__ = ["TextRows"]

_OVERLONG = "多出有内容的列"


class _Odd(NamedTuple):
    """What became of the lines that are not plain, and the first line that has to wait for more text."""

    records: dict[int, list[str]]
    broken: dict[int, str]
    continued: list[int]
    end: int


class TextRows:
    """Rows below a header, collected from pieces of text that end with a line."""

    def __init__(self, header: Header, delimiter: str, *, first_line: int) -> None:
        self.lines = first_line  # lines of the text that are done with
        self._header = header
        self._delimiter = delimiter
        self._most = len(header.cells)
        self._fewest = max(index for index, cell in enumerate(header.cells) if not is_blank(cell)) + 1
        self._rest = b""
        self._columns: list[list[pa.Array]] = [[] for _ in range(self._most)]
        self._row_numbers: list[npt.NDArray[np.int32]] = []
        self._received = 0
        self._broken: list[tuple[int, str]] = []

    def take(self, piece: bytes, *, is_last: bool = False) -> None:
        """Read the next piece. A record that may go on in the one after it waits, unless this is the last."""
        lines = look_at_lines(self._rest + piece, self._delimiter)
        usual = _usual_fields(lines, self._fewest, self._most)
        regular = lines.filled & lines.plain & (lines.fields == usual)
        odd = self._read_odd(lines, np.flatnonzero(lines.filled & ~regular), is_last=is_last)
        self._rest = lines.text[lines.starts[odd.end] :] if odd.end < len(lines.starts) else b""
        lines, regular = lines.until(odd.end), regular[: odd.end]
        regular[odd.continued] = False
        self._add(lines, regular, odd, usual)
        self.lines += odd.end

    def grid(self, sheet: str) -> Grid:
        """All rows."""
        columns = []
        for chunks in self._columns:
            columns.append(pa.chunked_array([pa.concat_arrays(chunks)] if chunks else [], pa.large_string()))
            chunks.clear()  # the next column needs the room
        return Grid(
            sheet=sheet,
            header=self._header,
            row_numbers=np.concatenate([np.empty(0, np.int32), *self._row_numbers]),
            columns=columns,
            stored_as_number=[None] * self._most,
            received=self._received,
            broken=self._broken,
        )

    def _read_odd(self, lines: Lines, odd: npt.NDArray[np.int64], *, is_last: bool) -> _Odd:
        records: dict[int, list[str]] = {}
        broken: dict[int, str] = {}
        continued: list[int] = []
        after, count = 0, len(lines.starts)  # ``after`` is the first line that does not belong to the record before it
        for index in odd.tolist():
            if index < after:
                continue
            read = read_line(lines[index], self._delimiter, self._fewest, self._most)
            if not isinstance(read, Flaw):
                records[index] = read
                continue
            joined = None
            if read is Flaw.UNCLOSED:
                if index + LONGEST_RECORD > count and not is_last:
                    return _Odd(records, broken, continued, index)
                following = [lines[line] for line in range(index, min(index + LONGEST_RECORD, count))]
                joined = join_record(following, self._delimiter, self._fewest, self._most)
            if joined is None:
                broken[index] = self._why(lines[index], read)
            else:
                records[index], length = joined
                after = index + length
                continued.extend(range(index + 1, after))
        return _Odd(records, broken, continued, count)

    def _why(self, line: str, flaw: Flaw) -> str:
        if '"' in line:
            return flaw.value
        fields = line.split(self._delimiter)
        return _OVERLONG if len(fields) > self._most else f"应有 {self._most} 列，实有 {len(fields)} 列"

    def _add(self, lines: Lines, regular: npt.NDArray[np.bool_], odd: _Odd, usual: int) -> None:
        columns = _parse(lines.only(regular), usual, self._delimiter) if regular.any() else _no_rows(usual)
        numbers = np.flatnonzero(regular)
        columns, numbers, overlong = _without_overlong(columns, numbers, self._most)
        odd.broken.update(dict.fromkeys(overlong.tolist(), _OVERLONG))
        if odd.records:
            columns, numbers = _merged(columns, numbers, odd.records, self._most)
        for column, chunks in zip(columns, self._columns, strict=True):
            chunks.extend(column.chunks)
        first = self.lines + 1  # the number of the piece's first line, as an editor shows it
        self._row_numbers.append((numbers + first).astype(np.int32))
        self._received += count_filled(lines.text, self._delimiter) - int(lines.filled[odd.continued].sum())
        self._broken += [(index + first, why) for index, why in sorted(odd.broken.items())]


def _usual_fields(lines: Lines, fewest: int, most: int) -> int:
    """How many fields most good lines have: the header's number, or more where every row ends in delimiters."""
    counts = np.bincount(lines.fields[lines.filled & lines.plain], minlength=most + 1)
    counts[:fewest] = 0
    return int(counts.argmax()) if counts.any() else most


def _parse(text: bytes, fields: int, delimiter: str) -> list[pa.ChunkedArray]:
    names = [str(index) for index in range(fields)]
    table = csv.read_csv(
        pa.BufferReader(text),
        read_options=csv.ReadOptions(column_names=names),
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
