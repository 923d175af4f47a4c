"""The cells of one field of a dBASE or FoxPro table, from a matrix with one record in each row.

Numbers are decimal digits in the file, but programs that write them count in floating point: an 18-digit number entered into
a numeric field has lost its last digits (FoxPro keeps 16). So integers below 2**53, which floating point holds exactly, are
text like any other; everything else of a numeric field is marked as a number, and an ID number among them is never believed.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from connectors.reading.formats.refusal import refused, unreadable
from schemas.findings import Finding

__all__ = ["DbaseField", "FieldCells", "cells_of"]

_EXACT = 2**53
_UNIX_DAY_0 = 2_440_588  # 1970-01-01 as a Julian day
_BLANKS = " \x00"

_Matrix = npt.NDArray[np.uint8]


class DbaseField(NamedTuple):
    """A field as the table describes it; FoxPro stores some kinds as other programs do not."""

    name: bytes
    kind: str
    start: int
    length: int
    is_foxpro: bool


class FieldCells(NamedTuple):
    """Cells as text (null where empty), which are marked as numbers, and which overflowed (``***``)."""

    texts: pa.Array
    numbers: pa.Array | None = None
    errors: npt.NDArray[np.bool_] | None = None


_Reader = Callable[[_Matrix, str], FieldCells]


def cells_of(field: DbaseField, cells: _Matrix, codec: str) -> FieldCells:
    """The cells of a field.

    Args:
        field: its description.
        cells: its bytes, one record in each row.
        codec: the encoding of texts.

    Raises:
        DeliveryRefusedError: a text is not in the encoding, or the cells are kept in another file.
    """
    read = _OF_FOXPRO.get((field.kind, field.length)) if field.is_foxpro else None
    read = read or _OF_ALL.get(field.kind)
    if read is None:
        raise unreadable(f"dBASE 字段类型 {field.kind} 不受支持")
    return read(cells, codec)


def _decoded(cells: _Matrix, codec: str) -> pa.Array:
    """Texts with their padding: all cells decoded at once, with a character between them that no cell may contain."""
    rows, length = cells.shape
    separated = np.zeros((rows, length + 1), np.uint8)
    np.copyto(separated[:, :-1], np.where(cells == 0, 0x20, cells))
    try:
        text = separated.tobytes().decode(codec).encode()
    except UnicodeDecodeError as error:
        row = error.start // (length + 1)
    else:
        ends = np.flatnonzero(np.frombuffer(text, np.uint8) == 0) + 1
        offsets = np.append(np.int64(0), ends).astype(np.int64)
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(text)]
        return pa.Array.from_buffers(pa.large_string(), rows, buffers)
    raise refused(Finding.ENCODING_UNDECODABLE, "该记录的文字不完整或不是约定的编码", row_number=row + 2)


def _trimmed(texts: pa.Array, *, both: bool = False) -> pa.Array:
    texts = (pc.utf8_trim if both else pc.utf8_rtrim)(texts, characters=_BLANKS)
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.large_string()), texts)


def _decimals(cells: _Matrix, _: str) -> FieldCells:
    texts = _trimmed(_decoded(cells, "ascii"), both=True)
    overflowed = pc.fill_null(pc.starts_with(texts, "*"), np.False_)
    texts = pc.if_else(overflowed, pa.scalar(None, pa.large_string()), texts)
    plain = pc.match_substring_regex(texts, r"^[+-]?[0-9]{1,16}$")
    values = pc.cast(pc.if_else(plain, texts, pa.scalar(None, pa.large_string())), pa.int64())
    exact = pc.fill_null(pc.less(pc.abs(values), _EXACT), np.False_)
    return FieldCells(texts, _any(pc.and_not(texts.is_valid(), exact)), np.asarray(overflowed))


def _integers(cells: _Matrix, _: str) -> FieldCells:
    return _numbers(np.ascontiguousarray(cells).view("<i4")[:, 0].astype(np.float64))


def _money(cells: _Matrix, _: str) -> FieldCells:
    return _numbers(np.ascontiguousarray(cells).view("<i8")[:, 0] / 10_000)


def _doubles(cells: _Matrix, _: str) -> FieldCells:
    return _numbers(np.ascontiguousarray(cells).view("<f8")[:, 0])


def _numbers(values: npt.NDArray[np.float64]) -> FieldCells:
    numbers = pa.array(values).dictionary_encode()
    distinct = numbers.dictionary.to_pylist()
    words = [str(int(value)) if value.is_integer() else repr(value) for value in distinct]
    exact = pa.array([value.is_integer() and abs(value) < _EXACT for value in distinct])
    texts = pa.array(words, pa.large_string()).take(numbers.indices)
    return FieldCells(texts, _any(pc.invert(exact.take(numbers.indices))))


def _dates(cells: _Matrix, _: str) -> FieldCells:
    """``20250102`` as ``2025-01-02``; what is no date stays as it is."""
    texts = _trimmed(_decoded(cells, "ascii"), both=True)
    pieces = [pc.utf8_slice_codeunits(texts, start, stop) for start, stop in ((0, 4), (4, 6), (6, 8))]
    dashed = pc.binary_join_element_wise(*pieces, pa.scalar("-", pa.large_string()))
    return FieldCells(pc.if_else(pc.match_substring_regex(texts, "^[0-9]{8}$"), dashed, texts))


def _texts(cells: _Matrix, codec: str) -> FieldCells:
    return FieldCells(_trimmed(_decoded(cells, codec)))


def _truths(cells: _Matrix, _: str) -> FieldCells:
    codes = cells[:, 0]
    words = np.full(len(codes), None, dtype=object)
    words[np.isin(codes, np.frombuffer(b"TtYy", np.uint8))] = "TRUE"
    words[np.isin(codes, np.frombuffer(b"FfNn", np.uint8))] = "FALSE"
    return FieldCells(pa.array(words, pa.large_string()))


def _instants(cells: _Matrix, _: str) -> FieldCells:
    """Julian days and milliseconds as ISO 8601, without the time where it is midnight; no day is no date."""
    pairs = np.ascontiguousarray(cells).view("<i4")
    days = pairs[:, 0].astype(np.int64) - _UNIX_DAY_0
    instants = (days * 86_400_000 + pairs[:, 1]).astype("datetime64[ms]").astype("datetime64[s]")
    texts = pa.array(np.datetime_as_string(instants), pa.large_string())
    texts = pc.replace_substring(pc.replace_substring_regex(texts, "T00:00:00$", ""), "T", " ")
    return FieldCells(pc.if_else(pa.array(pairs[:, 0] == 0), pa.scalar(None, pa.large_string()), texts))


def _elsewhere(cells: _Matrix, _: str) -> FieldCells:
    """Memos are in a file beside the table; the table has their numbers only."""
    if np.isin(cells, np.frombuffer(b" \x000", np.uint8), invert=True).any():
        raise unreadable("含有备注型字段，其内容在另一文件中")
    return FieldCells(pa.nulls(len(cells), pa.large_string()))


def _any(flags: pa.Array) -> pa.Array | None:
    return flags if flags.true_count else None


_OF_FOXPRO: dict[tuple[str, int], _Reader] = {
    ("I", 4): _integers,
    ("Y", 8): _money,
    ("B", 8): _doubles,
    ("T", 8): _instants,
}
_OF_ALL: dict[str, _Reader] = {
    "C": _texts,
    "N": _decimals,
    "F": _decimals,
    "D": _dates,
    "L": _truths,
    **dict.fromkeys("MGPBW", _elsewhere),
}
