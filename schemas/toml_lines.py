"""On which line of a TOML file a key stands: for messages to whoever has to correct it.

What the file says is read by ``tomllib``; this only finds the place, in files that are valid.
"""

import re
from collections.abc import Iterator, Mapping

__all__ = ["KeyPath", "key_lines", "line_of"]

KeyPath = tuple[str | int, ...]
"""A key as pydantic names it: table by table, and places in lists."""

_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*|[\[\]{}\n]', re.DOTALL
)
_PART = r'(?:[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\')'
_DOTTED = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
_HEADER = re.compile(rf"\s*(\[\[?)[ \t]*({_DOTTED})")
_KEY = re.compile(rf"\s*({_DOTTED})[ \t]*=")


def key_lines(text: str) -> dict[KeyPath, int]:
    r"""The line of every table and key; keys inside of inline tables stand on the line of the table.

    >>> key_lines('a = 1\n[[b]]\n"c.d" = [\n1]\n[[b]]\nc = 2')[("b", 1, "c")]
    6
    """
    lines: dict[KeyPath, int] = {}
    tables: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for number, statement in _statements(text):
        if header := _HEADER.match(statement):
            table = _entered(_parts(header[2]), tables, is_new=header[1] == "[[")
            _note(lines, table, 0, number)
        elif key := _KEY.match(statement):
            _note(lines, table + _parts(key[1]), len(table), number)
    return lines


def line_of(lines: Mapping[KeyPath, int], path: KeyPath) -> int | None:
    """The line of a key, or of the innermost table around it; parts that are not in the file are passed over.

    >>> line_of({("channel",): 3, ("channel", "host"): 5}, ("channel", "sftp", "host"))
    5
    """
    found: KeyPath = ()
    for part in path:
        if (*found, part) in lines or any(known[: len(found) + 1] == (*found, part) for known in lines):
            found = (*found, part)
    return lines.get(found)


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Headers and assignments with their first line; a list over several lines is one."""
    number, start, depth = 1, 0, 0
    for token in _TOKEN.finditer(text + "\n"):
        sign = token[0]
        depth += (sign in "[{") - (sign in "]}") if len(sign) == 1 else 0
        if sign == "\n" and depth <= 0:
            statement = text[start : token.start()]
            blank = len(statement) - len(statement.lstrip())
            yield number + statement[:blank].count("\n"), statement
            number, start = number + statement.count("\n") + 1, token.end()


def _parts(dotted: str) -> KeyPath:
    return tuple(part if part[0] not in "\"'" else part[1:-1] for part in re.findall(_PART, dotted))


def _entered(names: KeyPath, tables: dict[KeyPath, int], *, is_new: bool) -> KeyPath:
    """The path of a header's table: of every list of tables on the way the last one is meant."""
    path: KeyPath = ()
    for place, name in enumerate(names, start=1):
        path = (*path, name)
        if is_new and place == len(names):
            tables[path] = tables.get(path, -1) + 1
        if path in tables:
            path = (*path, tables[path])
    return path


def _note(lines: dict[KeyPath, int], path: KeyPath, known: int, number: int) -> None:
    for end in range(known + 1, len(path) + 1):
        lines.setdefault(path[:end], number)
