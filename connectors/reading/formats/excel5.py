"""Workbooks of Excel 5 and 95 (BIFF5), which many report programs still write: their texts are in the code page of their machine.

calamine reads code pages of one byte only. So it is told that the texts are of no code page, which gives every byte as one
character, and they are decoded here, strictly, as any text.
"""

import io

import olefile
import pyarrow as pa

from connectors.reading.formats.raw import Raw
from connectors.reading.formats.refusal import damage_is, refused
from connectors.reading.formats.xls_records import records
from connectors.reading.sheets import SheetCells
from schemas.findings import Finding

__all__ = ["decode_sheets", "with_plain_bytes"]

_STREAM = "Book"
_CODEPAGE = 0x0042
_NO_CODE_PAGE = (1200).to_bytes(2, "little")
_TAKEN = frozenset({936, 54936, 1252, 1200, 32768, 32769})  # Chinese, and what programs state that do not ask


def with_plain_bytes(raw: Raw) -> Raw:
    """The workbook in memory, its code page replaced by none.

    Raises:
        DeliveryRefusedError: its texts are in a code page of another language, or the workbook is damaged.
    """
    copy = io.BytesIO()
    with raw.open() as file:
        copy.write(file.read())
    with damage_is("工作簿内容损坏"), olefile.OleFileIO(copy, write_mode=True) as container:
        stream = bytearray(container.openstream(_STREAM).read())
        for kind, start, length in records(bytes(stream), 0):
            if kind == _CODEPAGE and length == 2:
                _check(int.from_bytes(stream[start : start + 2], "little"))
                stream[start : start + 2] = _NO_CODE_PAGE
        container.write_stream(_STREAM, bytes(stream))
        return Raw.in_memory(copy.getvalue())


def decode_sheets(sheets: list[SheetCells], codec: str) -> None:
    """Decode names and texts in place.

    Raises:
        DeliveryRefusedError: a text is not in the encoding.
    """
    for sheet in sheets:
        sheet.name = _decoded(sheet.name, codec)
        sheet.columns = [_decoded_column(column, codec) for column in sheet.columns]


def _decoded_column(column: pa.ChunkedArray, codec: str) -> pa.ChunkedArray:
    distinct = column.combine_chunks().dictionary_encode()
    words = pa.array([_decoded(text, codec) for text in distinct.dictionary.to_pylist()], pa.large_string())
    return pa.chunked_array([words.take(distinct.indices)])


def _decoded(text: str, codec: str) -> str:
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode(codec)
    except UnicodeError:
        pass
    raise refused(Finding.ENCODING_UNDECODABLE, "文字不是约定的编码或不完整")


def _check(code_page: int) -> None:
    if code_page not in _TAKEN:
        raise refused(Finding.ENCODING_UNDECODABLE, f"文件所示代码页（{code_page}）不受支持")
