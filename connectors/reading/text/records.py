"""One record of delimited text at a time (RFC 4180), for the few lines that are not plain.

Python, hence only for lines with odd quotes or an odd number of fields; all others go through Arrow together.
"""

from collections.abc import Sequence
from enum import Enum

__all__ = ["LONGEST_RECORD", "Flaw", "join_record", "read_line", "split_record"]

LONGEST_RECORD = 20
"""Lines a quoted record may span. A quote nobody closed must not swallow the rest of the list."""


class Flaw(Enum):
    """Why a line is not a record by itself."""

    UNCLOSED = "引号没有配对"
    MALFORMED = "引号位置不对"


def split_record(line: str, delimiter: str) -> list[str] | Flaw:
    r"""The fields of one record; a quote inside a field that does not begin with one is text.

    >>> split_record('张三,"独居,空巢",5"', ",")
    ['张三', '独居,空巢', '5"']
    >>> split_record('张三,"独居,空巢', ","), split_record('张三,"独居"空巢', ",")
    (<Flaw.UNCLOSED: '引号没有配对'>, <Flaw.MALFORMED: '引号位置不对'>)
    """
    fields: list[str] = []
    position = 0
    while True:
        if line.startswith('"', position):
            text, end = _quoted(line, position)
            if end < 0:
                return Flaw.UNCLOSED
            if end < len(line) and line[end] != delimiter:
                return Flaw.MALFORMED
        else:
            end = line.find(delimiter, position)
            end = len(line) if end < 0 else end
            text = line[position:end]
        fields.append(text)
        if end == len(line):
            return fields
        position = end + 1


def _quoted(line: str, position: int) -> tuple[str, int]:
    """The text of a quoted field and where its closing quote is passed, -1 if there is none."""
    parts: list[str] = []
    start = position + 1
    while (end := line.find('"', start)) >= 0:
        parts.append(line[start:end])
        if not line.startswith('"', end + 1):
            return "".join(parts), end + 1
        parts.append('"')
        start = end + 2
    return "", -1


def read_line(line: str, delimiter: str, fewest: int, most: int) -> list[str] | Flaw:
    """The fields of a line taken by itself, `fewest` to `most` of them; further fields are dropped if empty.

    Returns the flaw of its quotes, or MALFORMED for a wrong number of fields.
    """
    fields = split_record(line, delimiter)
    if fields is Flaw.MALFORMED:  # quotes that quote nothing: text, if that makes the right number of fields
        fields = line.split(delimiter)
    return fields if isinstance(fields, Flaw) else _fitted(fields, fewest, most)


def join_record(lines: Sequence[str], delimiter: str, fewest: int, most: int) -> tuple[list[str], int] | None:
    """The record that begins in the first line inside quotes and the number of its lines, None if there is none.

    A line in between that is a whole record by itself is not taken into another one, nor are two whole lines with a
    stray quote each.
    """
    joined = lines[0]
    for count, line in enumerate(lines[1:LONGEST_RECORD], start=2):
        joined += "\n" + line
        if '"' not in line:
            if line.count(delimiter) + 1 >= fewest:
                return None
            continue
        fields = split_record(joined, delimiter)
        if fields is Flaw.UNCLOSED:
            continue
        if min(lines[0].count(delimiter), line.count(delimiter)) + 1 >= fewest:
            return None
        fitted = Flaw.MALFORMED if isinstance(fields, Flaw) else _fitted(fields, fewest, most)
        return None if isinstance(fitted, Flaw) else (fitted, count)
    return None


def _fitted(fields: list[str], fewest: int, most: int) -> list[str] | Flaw:
    if len(fields) < fewest or any(fields[most:]):
        return Flaw.MALFORMED
    return fields[:most] + [""] * (most - len(fields))
