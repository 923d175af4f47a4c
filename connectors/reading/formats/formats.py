"""The formats a delivery may come in, and how they are told from others: by the bytes a file begins with, never by its name.

Formats inside zip and OLE containers are told apart in ``gate_zip`` and ``gate_ole``.
"""

import re
from enum import Enum

from connectors.reading.formats.dbase import is_dbase
from connectors.reading.text.text_encoding import MARKS

__all__ = ["CONTAINERS", "OLE_START", "ZIP_STARTS", "Format", "Other", "format_by_start"]


class Format(Enum):
    """A format that is read, and the words for it."""

    XLSX = "Excel 工作簿（xlsx）"
    XLSB = "Excel 二进制工作簿（xlsb）"
    XLS = "Excel 97–2003 工作簿（xls）"
    XLS_5 = "Excel 5/95 工作簿（xls）"
    ODS = "ODF 电子表格（ods）"
    HTML = "网页表格"
    XML_SPREADSHEET = "XML 电子表格 2003"
    DBASE = "dBASE 数据表（dbf）"
    TEXT = "文本表格"
    JSON_LINES = "JSON 行文本"
    DOCX = "Word 文档（docx）"
    ENCRYPTED = "加密的 Office 文件"
    ARCHIVE = "zip 压缩包"


class Other(str):
    """A format that is not read: the words for it."""

    __slots__ = ()


CONTAINERS = frozenset(
    map(Other, ("RAR 压缩包", "7z 压缩包", "gzip 压缩包", "bzip2 压缩包", "xz 压缩包", "CAB 压缩包", "tar 归档"))
)
"""Formats that hold other files: lists may be inside, so they are never passed over."""

ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
OLE_START = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_OTHER_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "PDF 文件"),
    (b"Rar!\x1a\x07", "RAR 压缩包"),
    (b"7z\xbc\xaf\x27\x1c", "7z 压缩包"),
    (b"\x1f\x8b", "gzip 压缩包"),
    (b"BZh", "bzip2 压缩包"),
    (b"\xfd7zXZ\x00", "xz 压缩包"),
    (b"MSCF", "CAB 压缩包"),
    (b"\xff\xd8\xff", "图片"),
    (b"\x89PNG", "图片"),
    (b"GIF8", "图片"),
    (b"II*\x00", "图片"),
    (b"MM\x00*", "图片"),
    (b"{\\rtf", "RTF 文档"),
    (b"SQLite format 3\x00", "SQLite 数据库"),
    (b"\x00\x01\x00\x00Standard ", "Access 数据库"),
    *(
        (start, "早期 Excel 工作簿")
        for start in (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08")
    ),
    (b"\x7fELF", "程序文件"),
    (b"PAR1", "Parquet 文件"),
)

# A page may begin with anything that has a place before its table; comments and processing instructions come first.
_BEFORE_MARKUP = rb"(?:\s+|<!--.*?-->|<\?(?!xml|mso).*?\?>)*"
_HTML = re.compile(
    _BEFORE_MARKUP
    + rb"<(?:!doctype\s+html|html|head|meta|body|title|style|script|table|div|font|center|t[rdh]|p)[\s>/]",
    re.IGNORECASE | re.DOTALL,
)
_XML = re.compile(rb"\s*<\?xml\s", re.IGNORECASE)
_MAIL = re.compile(
    rb"\s*(?:MIME-Version|From|Content-Type|Date|Subject)\s*:.*multipart/related", re.IGNORECASE | re.DOTALL
)
_JSON_ARRAY = re.compile(rb'\s*\[\s*(?:[{\[\]"]|\Z)')


def format_by_start(start: bytes, size: int) -> Format | Other:
    """The format of a file that is neither a zip nor an OLE container; text, where nothing speaks against it.

    Args:
        start: the first bytes of the file, 4,096 if it has as many.
        size: of the whole file.
    """
    if start[257:262] == b"ustar":
        return Other("tar 归档")
    if start[4:8] == b"ftyp" or (start[:4] == b"RIFF" and start[8:12] in {b"WEBP", b"WAVE", b"AVI "}):
        return Other("图片或音像")
    if start[:2] == b"BM" and int.from_bytes(start[2:6], "little") == size:
        return Other("图片")
    for magic, name in _OTHER_STARTS:
        if start.startswith(magic):
            return Other(name)
    if is_dbase(start, size):
        return Format.DBASE
    return _format_of_text(_plain(start))


def _plain(start: bytes) -> bytes:
    """The beginning of a text in a form in which ASCII reads as itself."""
    for mark, encoding in MARKS:
        if start.startswith(mark):
            return start.removeprefix(mark).decode(encoding, errors="ignore").encode()
    return start


def _format_of_text(start: bytes) -> Format | Other:
    if start.lstrip().startswith(b"{"):
        return Format.JSON_LINES
    if _JSON_ARRAY.match(start):
        return Other("JSON 数组")
    if _MAIL.match(start):
        return Other("网页归档（MHTML）")
    if _XML.match(start):
        return _format_of_xml(start)
    return Format.HTML if _HTML.match(start) else Format.TEXT


def _format_of_xml(start: bytes) -> Format | Other:
    if b"urn:schemas-microsoft-com:office:spreadsheet" in start or b'progid="Excel.Sheet"' in start:
        return Format.XML_SPREADSHEET
    if re.search(rb"<(?:!doctype\s+)?html[\s>]", start, re.IGNORECASE):
        return Format.HTML
    if b'progid="Word.Document"' in start or b"schemas.microsoft.com/office/2006/xmlPackage" in start:
        return Other("Word 文档（XML）")
    return Other("UOF 文档（标文通）" if b"UOF" in start else "XML 文件")
