"""An answer taken apart: the records as they were received, letter for letter, and what the envelope around them says.

Records are cut out of the text instead of being read and written again: a number that a server wrote with eighteen
digits keeps them, a key that is there twice stays there twice. What a record means is for ``connectors.reading``.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

__all__ = ["MISSING", "NotAsAgreed", "Page", "at_path", "plain_value", "split_page"]


class NotAsAgreed(Exception):
    """The text is JSON and not what was agreed on; the message names paths and counts."""


class _Missing:
    """Nothing is at a path; null is something."""


MISSING = _Missing()

# Numbers stay the letters they were written with.
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)
_BLANKS = re.compile(r"[ \t\r\n]*")
_LINE_ENDS = re.compile(r"[\r\n]")


@dataclass(slots=True, repr=False)
class Page:
    """One answer.

    Attributes:
        envelope: the whole answer, an empty list in place of the records; numbers are their letters.
        records: the JSON text of each record, on one line; None where there is no list of records.
        noted: for each path asked for, what is there in each record.
    """

    envelope: object
    records: list[str] | None = None
    noted: dict[str, list[object]] = field(default_factory=dict)


def split_page(text: str, records: str, *, note: Sequence[str] = ()) -> Page:
    """Takes an answer apart.

    Args:
        text: of the answer.
        records: the path of the list of records; empty where the answer is the list.
        note: paths within a record to remember the values of.

    Raises:
        json.JSONDecodeError: the text is not JSON, or only the beginning of it.
        NotAsAgreed: something in the list is no object, a key on the way to it is there twice, or it is nested without end.
    """
    walker = _Walker(text, note)
    try:
        walker.page.envelope, end = walker.value(walker.blanks(0), records.split(".") if records else [])
    except RecursionError:
        end = -1
    if end < 0:
        raise NotAsAgreed("an answer is nested too deeply")
    if walker.blanks(end) != len(text):
        raise json.JSONDecodeError("Extra data", text, end)
    return walker.page


class _Walker:
    """Goes through a text once, from brace to brace along the path and by leaps elsewhere."""

    def __init__(self, text: str, note: Sequence[str]) -> None:
        self.text = text
        self.page = Page(None, noted={path: [] for path in note})

    def blanks(self, at: int) -> int:
        match = _BLANKS.match(self.text, at)
        return match.end() if match else at

    def value(self, at: int, path: Sequence[str]) -> tuple[object, int]:
        """The value that begins at a place, and where it ends."""
        opening = self.text[at : at + 1]
        if path and opening == "{":
            return self._object(at, path)
        if not path and opening == "[":
            return self._records(at)
        return _DECODER.raw_decode(self.text, at)

    def _object(self, at: int, path: Sequence[str]) -> tuple[object, int]:
        members: dict[str, object] = {}
        at = self.blanks(at + 1)
        while self.text[at : at + 1] != "}":
            if members:
                at = self._after(",", at)
            key, at = _DECODER.raw_decode(self.text, at)
            if not isinstance(key, str) or self.text[at - 1] != '"':
                raise json.JSONDecodeError("Expecting property name", self.text, at)
            at = self._after(":", at)
            if key == path[0] and key in members:
                raise NotAsAgreed(f"{key} is there twice")
            members[key], at = self.value(at, path[1:]) if key == path[0] else _DECODER.raw_decode(self.text, at)
            at = self.blanks(at)
        return members, at + 1

    def _records(self, at: int) -> tuple[object, int]:
        records: list[str] = []
        others = 0
        at = self.blanks(at + 1)
        while self.text[at : at + 1] != "]":
            if records or others:
                at = self._after(",", at)
            record, end = _DECODER.raw_decode(self.text, at)
            if isinstance(record, dict):
                records.append(_LINE_ENDS.sub(" ", self.text[at:end]))
                for path, values in self.page.noted.items():
                    values.append(at_path(record, path))
            else:
                others += 1
            at = self.blanks(end)
        if others:
            raise NotAsAgreed(f"{others} of {others + len(records)} records of a page are no objects")
        self.page.records = records
        return [], at + 1

    def _after(self, mark: str, at: int) -> int:
        at = self.blanks(at)
        if self.text[at : at + 1] != mark:
            raise json.JSONDecodeError(f"Expecting {mark!r}", self.text, at)
        return self.blanks(at + 1)


def at_path(value: object, path: str) -> object:
    """What a path leads to in JSON, ``MISSING`` where it leads nowhere.

    >>> at_path({"data": {"total": "12"}}, "data.total")
    '12'
    """
    for key in path.split("."):
        if not isinstance(value, dict) or key not in value:
            return MISSING
        value = value[key]
    return value


_WHOLE_NUMBER = re.compile(r"(-?\d{1,30})(?:\.0{1,30})?")


def plain_value(value: object) -> str | None:
    """A code, count or flag as one text, however a server writes it; None for what is none of these.

    >>> [plain_value(value) for value in ("200", "200.0", " 0 ", True, "TRUE", None, [])]
    ['200', '200', '0', 'true', 'true', None, None]
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if not isinstance(value, str):
        return None
    text = value.strip()
    if number := _WHOLE_NUMBER.fullmatch(text):
        return str(int(number[1]))
    return text.lower() if text.lower() in {"true", "false"} else text
