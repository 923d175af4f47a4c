"""JSON objects of texts as a column: written and read for all rows at once, by Arrow (RFC 8259, UTF-8, no blanks).

What stands in them is the business of whoever names the keys.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import json as arrow_json

from schemas.errors import ContractBroken

__all__ = ["byte_slices", "json_objects", "read_json_objects"]

_JSON_UNUSUAL = r'["\\\x00-\x1f]'
_NOTHING = pa.scalar("", pa.large_string())
_LINE_END = pa.scalar("\n", pa.large_string())
# The reader parses this much at a time and can hold no longer object.
_BLOCK = 1 << 20


def json_objects(cells: Mapping[str, pa.Array], only: Mapping[str, pa.Array] | None = None) -> pa.Array:
    r"""One object a row, its keys in the order of ``cells``.

    Args:
        cells: texts by key, ``large_string`` without nulls; at least one column.
        only: by key, which rows have it; every row has every key where nothing is said.

    >>> json_objects({"姓名": pa.array(["测“试"], pa.large_string()), "备": pa.array(['"'], pa.large_string())}).to_pylist()
    ['{"姓名":"测“试","备":"\\""}']
    """
    pieces: list[pa.Array | pa.Scalar] = [pa.scalar("{", pa.large_string())]
    for key, values in cells.items():
        name = pa.scalar(f"{json.dumps(key, ensure_ascii=False)}:", pa.large_string())
        member = [name, pa.scalar('"', pa.large_string()), _escape(values), pa.scalar('",', pa.large_string())]
        if only is None:
            pieces += member
        else:
            pieces.append(pc.if_else(only[key], pc.binary_join_element_wise(*member, _NOTHING), _NOTHING))
    members = pc.binary_join_element_wise(*pieces, _NOTHING)
    # A member ends with a quotation mark and a comma, so this takes the last one's comma and no cell's.
    return pc.binary_join_element_wise(pc.utf8_rtrim(members, ","), pa.scalar("}", pa.large_string()), _NOTHING)


def read_json_objects(objects: pa.Array, keys: Sequence[str]) -> dict[str, pa.Array]:
    """The cells of one object a row, by key; null where an object lacks the key or there is none. Other keys are left out.

    Raises:
        ContractBroken: a text is not one JSON object of texts on one line.
    """
    if not len(objects):
        return {key: pa.array([], pa.large_string()) for key in keys}
    lines = pc.binary_join_element_wise(pc.fill_null(objects.cast(pa.large_string()), "{}"), _NOTHING, _LINE_END)
    schema = pa.schema([(key, pa.large_string()) for key in keys])
    longest = pc.max(pc.binary_length(lines)).as_py()
    table = None
    with suppress(pa.ArrowInvalid):  # its words quote the text
        table = arrow_json.read_json(
            pa.BufferReader(pa.py_buffer(_layout(lines)[1])),
            read_options=arrow_json.ReadOptions(use_threads=False, block_size=max(_BLOCK, longest + 1)),
            parse_options=arrow_json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
        )
    if table is None or table.num_rows != len(objects):
        raise ContractBroken(f"{len(objects)} texts are not as many JSON objects of texts")
    return {key: _in_one_piece(table[key]) for key in keys}


def byte_slices(texts: pa.Array) -> Iterator[memoryview]:
    """The UTF-8 bytes of each ``large_string``, none of them null, without making Python texts of them."""
    ends, data = _layout(texts)
    return (data[begin:end] for begin, end in pairwise(ends))


def _layout(texts: pa.Array) -> tuple[list[int], memoryview]:
    """Where each text begins and the last one ends, and the bytes of all."""
    if not len(texts):
        return [], memoryview(b"")
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, dtype=np.int64)[texts.offset : texts.offset + len(texts) + 1]
    return (ends - ends[0]).tolist(), memoryview(data or b"")[ends[0] : ends[-1]]


def _in_one_piece(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _escape(values: pa.Array) -> pa.Array:
    is_unusual = pc.match_substring_regex(values, _JSON_UNUSUAL)
    if not is_unusual.true_count:
        return values
    escaped = [json.dumps(value, ensure_ascii=False)[1:-1] for value in values.filter(is_unusual).to_pylist()]
    return pc.replace_with_mask(values, is_unusual, pa.array(escaped, pa.large_string()))
