"""A source's file changed without losing a comment: further headers for its fields.

The text is edited and then read again; it is given only if that says exactly what was wanted.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence

from schemas.source_file import toml_list

__all__ = ["with_headers"]

_ANY_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)
_COLUMNS = re.compile(r"^[ \t]*\[main\.columns\][^\n]*\n?", re.MULTILINE)
_VERSION = re.compile(r"^aliases_version[ \t]*=[ \t]*\d+", re.MULTILINE)
_TRAILING = re.compile(r"(?:\n[ \t]*(?:#[^\n]*)?)*\Z")
_ARRAY_TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*|[,\]]')


def with_headers(text: str, headers: Mapping[str, Sequence[str]], version: int) -> str | None:
    """A source's file with further headers of fields of its main table and another ``aliases_version``.

    Everything else, comments included, stays as it was.

    Args:
        text: the file.
        headers: for each field what is to be added; a field may be new to the table.
        version: of the aliases from now on.

    Returns:
        The changed text; ``None`` where it is written in a way that cannot be changed with certainty.
    """
    wanted = tomllib.loads(text)
    wanted["aliases_version"] = version
    columns = wanted["main"]["columns"]
    changed = _with_version(text, version)
    for field, added in headers.items():
        changed = _with_alias(changed, field, added, is_new=field not in columns)
        columns[field] = [*columns.get(field, []), *added]
    try:
        return changed if tomllib.loads(changed) == wanted else None
    except tomllib.TOMLDecodeError:
        return None


def _with_version(text: str, version: int) -> str:
    line = f"aliases_version = {version}"
    top = _ANY_TABLE.search(text)
    head, rest = (text[: top.start()], text[top.start() :]) if top else (text, "")
    replaced, count = _VERSION.subn(line, head, count=1)
    if count:
        return replaced + rest
    body = head.rstrip()
    return f"{body}\n{line}\n{head[len(body) :].removeprefix(chr(10))}{rest}"


def _with_alias(text: str, field: str, added: Sequence[str], *, is_new: bool) -> str:
    section = _COLUMNS.search(text)
    if section is None:
        return text
    after = _ANY_TABLE.search(text, section.end())
    end = after.start() if after else len(text)
    if is_new:
        last = len(_TRAILING.sub("", text[:end]))
        return f"{text[:last]}\n{field} = {toml_list(added)}{text[last:]}"
    assignment = re.compile(rf'^[ \t]*"?{field}"?[ \t]*=[ \t]*\[', re.MULTILINE).search(text, section.end(), end)
    if assignment is None:
        return text
    place, follows = _end_of_elements(text, assignment.end())
    separator = {"[": "", ",": " "}.get(follows, ", ")
    return text[:place] + separator + toml_list(added)[1:-1] + text[place:]


def _end_of_elements(text: str, start: int) -> tuple[int, str]:
    """Where an array may be added to, and the bracket, comma or element before that place; ``start`` is behind its bracket."""
    place, before = start, "["
    for token in _ARRAY_TOKEN.finditer(text, start):
        if token[0] == "]":
            break
        if not token[0].startswith("#"):
            place, before = token.end(), token[0]
    return place, before
