"""Items of a batch: how they are read from a request, and what makes two of them the same."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

__all__ = ["Batch", "BatchUnreadable", "Item", "ItemAnswer", "fields_digest", "item", "read_batch"]

_LONGEST_NAME = 200
_LARGEST_REVISION = (1 << 63) - 1
_canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Item:
    """One change of one person, as a client tells it."""

    key: str
    person: str
    revision: int
    operation: str
    fields: Mapping[str, str] = field(repr=False)
    text: str = field(repr=False)
    digest: str

    @property
    def payload(self) -> str:
        """What must be the same whenever the key is the same."""
        return f"{self.person}/{self.revision}/{self.operation}/{self.digest}"


class ItemAnswer(NamedTuple):
    """What is said of one item."""

    key: str
    status: str
    receipt: str | None = None
    code: str = ""
    reason: str = ""


class Batch(NamedTuple):
    """A batch as it came."""

    name: str
    items: tuple[Item, ...]


class BatchUnreadable(Exception):
    """The request is not a batch; the words for its sender quote nothing of it."""


def item(key: str, person: str, revision: int, operation: str, fields: Mapping[str, str]) -> Item:
    """An item, with its fields as one text and the digest of that."""
    text = _canonical(fields)
    return Item(key, person, revision, operation, fields, text, _digest(text))


def fields_digest(fields: Mapping[str, str]) -> str:
    """SHA-256 of the fields as JSON in UTF-8, names in order, without blanks.

    >>> fields_digest({"a": "1", "b": ""}) == fields_digest({"b": "", "a": "1"})
    True
    """
    return _digest(_canonical(fields))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def read_batch(document: Any) -> Batch:
    """The batch that a JSON document states: ``{"batch": …, "items": [{"key", "person", "revision", "operation", "fields"}]}``.

    Raises:
        BatchUnreadable: it states none; one item that is not of this form spoils the batch.
    """
    if not isinstance(document, dict) or not _is_name(document.get("batch")):
        raise BatchUnreadable("缺少批次号 batch")
    given = document.get("items")
    if not isinstance(given, list) or not given:
        raise BatchUnreadable("缺少数据项 items")
    return Batch(document["batch"], tuple(_read_item(one, place) for place, one in enumerate(given, 1)))


def _read_item(given: Any, place: int) -> Item:
    if not isinstance(given, dict):
        raise BatchUnreadable(f"第 {place} 项不是对象")
    revision, fields = given.get("revision"), given.get("fields")
    person = str(given["person"]) if type(given.get("person")) is int else given.get("person")
    if not (_is_name(given.get("key")) and _is_name(person) and _is_name(given.get("operation"))):
        raise BatchUnreadable(f"第 {place} 项缺少 key、person 或 operation")
    if type(revision) is not int or not 0 < revision <= _LARGEST_REVISION:
        raise BatchUnreadable(f"第 {place} 项的 revision 不是正整数")
    if not isinstance(fields, dict) or set(map(type, fields.values())) - {str}:
        raise BatchUnreadable(f"第 {place} 项的 fields 不是文本")
    try:
        return item(given["key"], str(person), revision, given["operation"], fields)
    except UnicodeEncodeError:
        pass
    raise BatchUnreadable(f"第 {place} 项含有不成对的代理字符")


def _is_name(given: Any) -> bool:
    return isinstance(given, str) and 0 < len(given) <= _LONGEST_NAME and given.isprintable()
