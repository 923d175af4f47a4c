"""Records of what the platform holds, as it tells them: person, revision, whether present, and the columns as texts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.platform_api.answers import MISSING, as_text, at_path, clean, is_one_of
from connectors.platform_api.item_answers import receipt_of
from schemas.platform_api_parts import RecordNames

__all__ = ["Record", "read_records"]

_LARGEST_REVISION = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Record:
    """What is held of a person; what is not told is None. ``person`` is the number that was asked for."""

    person: str = field(repr=False)
    revision: int | None
    is_present: bool
    receipt: str | None
    fields: Mapping[str, str] | None = field(repr=False)


def read_records(document: Any, path: str, names: RecordNames, *, is_present: bool = True) -> list[Record] | str:
    """The records of a good answer, or what is wrong with them.

    Args:
        document: the answer.
        path: of the list of records.
        names: what is called how in one.
        is_present: what they are where they do not say.
    """
    told = at_path(document, path)
    if not isinstance(told, list):
        return f"the answer has no list at {path}"
    records = [_read(one, names, is_present=is_present) for one in told]
    known = [record for record in records if record is not None]
    if len(known) < len(records):
        return f"{len(records) - len(known)} of {len(records)} records do not say whom they are about"
    return known


def _read(told: Any, names: RecordNames, *, is_present: bool) -> Record | None:
    person = at_path(told, names.person)
    if not isinstance(person, str | int) or isinstance(person, bool) or as_text(person) == "":
        return None
    if names.state:
        is_present = is_one_of(at_path(told, names.state), names.present)
    revision = _revision(at_path(told, names.revision)) if names.revision else None
    return Record(clean(person), revision, is_present, receipt_of(told, names.receipt), _fields(told, names.fields))


def _revision(told: Any) -> int | None:
    text = as_text(told)
    is_number = text.isascii() and text.isdecimal() and len(text) < 20
    return int(text) if is_number and int(text) <= _LARGEST_REVISION else None


def _fields(told: Any, path: str) -> Mapping[str, str] | None:
    fields = at_path(told, path)
    if fields is MISSING or not isinstance(fields, dict):
        return None
    return {name: _clean_text(value) for name, value in fields.items()}


def _clean_text(value: Any) -> str:
    """A value as the text of a column, whole characters only."""
    return as_text(value).replace("\x00", " ").encode("utf-8", "replace").decode()
