"""The bytes of a batch and of a question: the same items and the same name always give the same bytes.

The fields of an item are JSON texts already; they are put in as they are and never read.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from schemas.arrow_strings import flat_strings
from schemas.errors import ContractBroken
from schemas.platform_api import ApiFormat
from schemas.platform_api_parts import RequestNames

__all__ = ["Batch", "make_batch", "question"]

# A place in a text; no character, so it is in nobody's name.
_HERE = "\ufdd0"
_NEEDED = ("key", "person_id", "revision", "sent_as", "fields")
_PLAIN = r"^[\x20\x21\x23-\x5b\x5d-\x7e]+$"


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as it is sent."""

    name: str
    path: str
    keys: tuple[str, ...]
    body: bytes = field(repr=False)


def make_batch(items: pd.DataFrame, api: ApiFormat, *, name: str) -> Batch:
    """Writes a batch.

    Args:
        items: ``key person_id revision sent_as fields``; ``sent_as`` is withdrawn throughout, or new and changed; ``fields`` is
            a JSON object by the platform's names. A person is in it once.
        api: what is called how.
        name: of the batch, which the platform echoes.

    Raises:
        ContractBroken: the items are not such.
    """
    _check(items, api)
    is_withdrawal = len(items) > 0 and items["sent_as"].iloc[0] == "withdrawn"
    document: dict[str, Any] = {}
    if api.request.batch:
        _put(document, api.request.batch, name)
    _put(document, api.request.items, _HERE)
    before, after = _written(api, document).split(json.dumps(_HERE, ensure_ascii=False))
    body = f"{before}[{','.join(_item_texts(items, api.request).to_pylist())}]{after}"
    path = api.paths.withdraw if is_withdrawal else api.paths.upsert
    return Batch(name, path, tuple(items["key"]), body.encode())


def question(api: ApiFormat, members: Mapping[str, Any]) -> bytes:
    """Writes a question: members by their paths."""
    document: dict[str, Any] = {}
    for path, value in members.items():
        _put(document, path, value)
    return _written(api, document).encode("utf-8", "replace")


def _written(api: ApiFormat, document: dict[str, Any]) -> str:
    for path, value in api.request.also.items():
        _put(document, path, value)
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _put(document: dict[str, Any], path: str, value: Any) -> None:
    *outer, last = path.split(".")
    for key in outer:
        document = document.setdefault(key, {})
    document[last] = value


def _item_texts(items: pd.DataFrame, names: RequestNames) -> pa.Array:
    """One JSON object for each item."""
    quoted = {"text": '"', "number": ""}
    members: list[tuple[str, list[Any]]] = [(names.key, ['"', flat_strings(items["key"]), '"'])]
    if names.person:
        mark = quoted[names.person_as]
        members.append((names.person, [mark, _numbers(items["person_id"]), mark]))
    if names.revision:
        mark = quoted[names.revision_as]
        members.append((names.revision, [mark, _numbers(items["revision"]), mark]))
    if names.operation:
        words = {word: json.dumps(value, ensure_ascii=False) for word, value in names.operations.items()}
        members.append((names.operation, [flat_strings(items["sent_as"].map(words).astype("str"))]))
    fields = flat_strings(items["fields"])
    if names.fields:
        members.append((names.fields, [fields]))
    pieces: list[Any] = ["{"]
    for place, (member, values) in enumerate(members):
        pieces += [f"{',' if place else ''}{json.dumps(member, ensure_ascii=False)}:", *values]
    if not names.fields:
        inner = pc.utf8_slice_codeunits(fields, 1, -1)
        pieces += [pc.if_else(pc.equal(inner, ""), "", ","), inner]
    return pc.binary_join_element_wise(*map(_text, [*pieces, "}", ""]))


def _text(piece: Any) -> Any:
    return pa.scalar(piece, pa.large_string()) if isinstance(piece, str) else piece.cast(pa.large_string())


def _numbers(values: pd.Series) -> pa.Array:
    return pa.array(values, pa.int64(), from_pandas=True).cast(pa.large_string())


def _check(items: pd.DataFrame, api: ApiFormat) -> None:
    if absent := [name for name in _NEEDED if name not in items]:
        raise ContractBroken(f"items to send lack the column {absent[0]}")
    if len(items) > api.batch_items:
        raise ContractBroken(f"{len(items)} items for one batch, which may have {api.batch_items}")
    if len(items) and items[list(_NEEDED)].isna().to_numpy().any():
        raise ContractBroken("an item to send lacks something")
    if not (items["key"].is_unique and items["person_id"].is_unique):
        raise ContractBroken("a batch has a key or a person twice")
    operations = set(items["sent_as"])
    if not (operations <= {"withdrawn"} or operations <= {"new", "changed"}):
        raise ContractBroken("a batch has operations of both interfaces, or none of ours")
    are_plain = pc.match_substring_regex(flat_strings(items["key"]), _PLAIN)
    fields = flat_strings(items["fields"])
    are_objects = pc.and_(pc.starts_with(fields, "{"), pc.ends_with(fields, "}"))
    if not pc.all(pc.and_(are_plain, are_objects), min_count=0).as_py():
        raise ContractBroken("a key or the fields of an item are not what they should be")
