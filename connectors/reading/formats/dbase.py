"""dBASE and FoxPro tables (.dbf): records of fixed width, read column by column from their bytes (``dbase_columns``).

The package ``dbf`` makes Python objects of every record (7,000 a second) and is left to the tests. The first row of the sheet
is the field names and record 1 the second, as spreadsheet programs show them; a deleted record is a row that shows nothing.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from connectors.reading.formats.dbase_columns import DbaseField, FieldCells, cells_of
from connectors.reading.formats.facts import sorted_rows
from connectors.reading.formats.raw import Raw
from connectors.reading.formats.refusal import hostile, refused, unreadable
from connectors.reading.grid import filled_cells
from connectors.reading.layout import ReadingLimits
from connectors.reading.sheets import SheetCells
from schemas.findings import Finding

__all__ = ["DbaseTable", "is_dbase", "read_dbase"]

_VERSIONS = frozenset(b"\x02\x03\x30\x31\x32\x43\x83\x8b\xf5\xfb")
_FOXPRO = frozenset(b"\x30\x31\x32")
_HEADER, _DESCRIPTION, _END, _DELETED, _END_OF_FILE = 32, 32, 0x0D, 0x2A, 0x1A
_KINDS = frozenset("CNFDLIBYTMGPWVQ0")
_OF_FOXPRO_ITSELF = "0"  # a bit for each field that is empty

# Language of a table (byte 29). Western ones are what programs stamp that do not ask; whether they are true, the texts say.
_CHINESE = frozenset({0x4D, 0x7A})
_UNSTATED = frozenset({0x00, 0x01, 0x02, 0x03, 0x57})

_Matrix = npt.NDArray[np.uint8]


class DbaseTable(NamedTuple):
    """A table as a sheet, the codec of its texts, and how many of its records were marked as deleted and left."""

    sheet: SheetCells
    codec: str
    deleted: int


def is_dbase(start: bytes, size: int) -> bool:
    """Whether a file begins like a table. Its description must hold together field by field: the first byte says little."""
    if len(start) <= _HEADER + _DESCRIPTION or start[0] not in _VERSIONS or start[2] > 12 or start[3] > 31:
        return False
    return _HEADER + _DESCRIPTION < _short(start, 8) <= size and _fields(start) is not None


def read_dbase(raw: Raw, limits: ReadingLimits, *, declared: str = "") -> DbaseTable:
    """The records of a table.

    Args:
        raw: the file.
        limits: of its rows and columns.
        declared: the codec of its texts, where one was agreed on; else they are UTF-8 or GB18030, as of any text.

    Raises:
        DeliveryRefusedError: it is damaged, its texts are in another encoding, or some of them are in another file.
    """
    with raw.open() as file:
        content = file.read()
    fields = _fields(content)
    if fields is None:
        raise unreadable("dBASE 数据表，结构损坏")
    records = _records(content, limits)
    if len(fields) > limits.columns:
        raise hostile(f"{len(fields)} 列")
    cells = [records[:, field.start : field.start + field.length] for field in fields]
    texts = b"".join(part.tobytes() for field, part in zip(fields, cells, strict=True) if field.kind == "C")
    codec = declared or _codec(content[29], texts)
    deleted = records[:, 0] == _DELETED
    columns = [cells_of(field, part, codec) for field, part in zip(fields, cells, strict=True)]
    names = [field.name.decode(codec, errors="replace") for field in fields]
    return DbaseTable(_sheet(names, columns, deleted), codec, int(deleted.sum()))


def _fields(content: bytes) -> list[DbaseField] | None:
    """The fields, None where their description does not fit the records; of a beginning, those that are in it."""
    fields, start = [], 1
    places = range(_HEADER, _short(content, 8) - 1, _DESCRIPTION)
    for place in places:
        if place + _DESCRIPTION > len(content) or content[place] == _END:
            break
        kind = chr(content[place + 11])
        name = content[place : place + 11].split(b"\x00")[0]
        if kind not in _KINDS or not name:
            return None
        length = content[place + 16] + 256 * content[place + 17] * (kind == "C")
        fields.append(DbaseField(name, kind, start, length, content[0] in _FOXPRO))
        start += length
    else:
        place = _short(content, 8) - 1
    is_whole = place + _DESCRIPTION <= len(content) or (place < len(content) and content[place] == _END)
    if not fields or (is_whole and start != _short(content, 10)):
        return None
    return [field for field in fields if field.kind != _OF_FOXPRO_ITSELF]


def _records(content: bytes, limits: ReadingLimits) -> _Matrix:
    count, begin, width = int.from_bytes(content[4:8], "little"), _short(content, 8), _short(content, 10)
    if count > limits.rows:
        raise hostile(f"{count} 条记录")
    rest = content[begin + count * width :]
    if begin + count * width > len(content) or (len(rest) >= width and rest[0] != _END_OF_FILE):
        raise unreadable(f"文件头记载 {count} 条记录，实有 {(len(content) - begin) // width} 条")
    return np.frombuffer(content, np.uint8, count * width, begin).reshape(count, width)


def _codec(language: int, texts: bytes) -> str:
    if language in _CHINESE:
        return "gb18030"
    if language not in _UNSTATED and not texts.isascii():
        raise refused(Finding.ENCODING_UNDECODABLE, f"文件头所示字符集（{language:#04x}）不受支持")
    try:
        texts.decode("utf-8")
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8"


def _sheet(names: list[str], columns: list[FieldCells], deleted: npt.NDArray[np.bool_]) -> SheetCells:
    gone = pa.array(deleted)
    texts, numbers, errors = [], [], []
    content = np.zeros(len(deleted), dtype=bool)
    for name, cells in zip(names, columns, strict=True):
        shown = pc.if_else(gone, pa.scalar(None, pa.large_string()), cells.texts) if deleted.any() else cells.texts
        content |= filled_cells(shown)
        texts.append(pa.chunked_array([pa.array([name], pa.large_string()), shown]))
        flags = cells.numbers
        numbers.append(None if flags is None else pa.chunked_array([pa.array([False]), pc.and_not(flags, gone)]))
        if cells.errors is not None:
            errors.append(np.flatnonzero(cells.errors & ~deleted) + 1)
    has_content = np.append(np.True_, content)
    return SheetCells(name="", columns=texts, numbers=numbers, has_content=has_content, error_rows=sorted_rows(errors))


def _short(content: bytes, position: int) -> int:
    return int.from_bytes(content[position : position + 2], "little")
