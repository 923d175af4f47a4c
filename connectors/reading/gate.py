"""What kind of file it is, by its content, and whether it may be opened at all.

Nothing is parsed here. A workbook's parts are looked through as bytes, because one value in the last cell of a sheet
(XFD1048576) makes every reader ask for half a terabyte.
"""

import re
import zipfile
import zlib
from pathlib import Path
from typing import Literal

import numpy as np

from connectors.reading.contents import DeliveryRefusedError, FileFinding
from connectors.reading.layout import ReadingLimits
from schemas.findings import Finding

__all__ = ["Format", "admit"]

Format = Literal["workbook", "delimited"]

_CHUNK = 1 << 20
_SMALL_UNPACKED = 10_000_000  # below this no compression ratio does harm: a sheet of empty bordered rows packs 300 to 1
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")  # MS-OFFCRYPTO 2.3.4.4, in the OLE directory
_OLD_WORKBOOK = "Workbook".encode("utf-16-le")
_VALUED_CELL = re.compile(rb"""<(?:\w+:)?c\s(?:[^>]*?\s)?r\s*=\s*["']([A-Z]{1,3})([0-9]{1,9})["'][^>]*(?<!/)>""")

_OTHER_FORMATS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "PDF 文件"),
    (b"Rar!", "RAR 压缩包"),
    (b"7z\xbc\xaf", "7z 压缩包"),
    (b"\x1f\x8b", "gzip 压缩包"),
    (b"\xff\xd8\xff", "图片"),
    (b"\x89PNG", "图片"),
    (b"{\\rtf", "RTF 文档"),
    (b"{", "JSON 文件"),
)
_ZIP_FORMATS: tuple[tuple[str, str], ...] = (
    ("xl/workbook.bin", "xlsb 工作簿"),
    ("word/document.xml", "Word 文档"),
    ("ppt/presentation.xml", "演示文稿"),
    ("content.xml", "ODF 文档（ods）"),
)


def admit(path: Path, limits: ReadingLimits) -> Format:
    """The format of a file that may be read.

    Raises:
        DeliveryRefusedError: it is empty, too large, encrypted, hostile, or of a format that is not taken.
    """
    size = path.stat().st_size
    if size == 0:
        raise _refuse(Finding.FILE_EMPTY)
    if size > limits.file_bytes:
        raise _refuse(Finding.FILE_TOO_LARGE, f"{size / 1e6:.0f} MB")
    with path.open("rb") as file:
        start = file.read(4096)
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _admit_zip(path, size, limits)
    if start.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        raise _refuse_ole(path)
    if start.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")):
        raise _refuse(Finding.ENCODING_UNDECODABLE, "UTF-16/UTF-32")
    for magic, name in _OTHER_FORMATS:
        if start.startswith(magic):
            raise _refuse(Finding.FILE_UNREADABLE, name)
    if re.match(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|\?xml|table|meta|head|body)", start, re.IGNORECASE):
        raise _refuse(Finding.FILE_UNREADABLE, "网页或 XML 文件")
    return "delimited"


def _refuse(code: Finding, seen: str = "") -> DeliveryRefusedError:
    return DeliveryRefusedError(FileFinding(code, seen=seen))


def _refuse_ole(path: Path) -> DeliveryRefusedError:
    content = path.read_bytes()
    if _ENCRYPTED_PACKAGE in content:
        return _refuse(Finding.FILE_ENCRYPTED)
    return _refuse(Finding.FILE_UNREADABLE, "xls 旧格式" if _OLD_WORKBOOK in content else "旧版 Office 文件")


def _admit_zip(path: Path, size: int, limits: ReadingLimits) -> Format:
    try:
        with zipfile.ZipFile(path) as archive:
            _check_directory(archive, size, limits)
            for entry in archive.infolist():
                _check_cells(archive, entry, limits)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, zlib.error):
        raise _refuse(Finding.FILE_UNREADABLE, "压缩结构损坏") from None
    return "workbook"


def _check_directory(archive: zipfile.ZipFile, size: int, limits: ReadingLimits) -> None:
    entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise _refuse(Finding.FILE_ENCRYPTED)
    if len(entries) > limits.zip_entries:
        raise _refuse(Finding.FILE_HOSTILE, f"压缩包内有 {len(entries)} 个文件")
    if unpacked > limits.unpacked_bytes or unpacked > max(limits.unpacked_ratio * size, _SMALL_UNPACKED):
        raise _refuse(Finding.FILE_HOSTILE, f"解压后 {unpacked / 1e6:.0f} MB")
    names = {entry.filename for entry in entries}
    if "xl/workbook.xml" not in names:
        name = next((name for part, name in _ZIP_FORMATS if part in names), "zip 压缩包")
        raise _refuse(Finding.FILE_UNREADABLE, name)


def _check_cells(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limits: ReadingLimits) -> None:
    """Look for values outside the bounds in a part that is a worksheet, whatever its name is."""
    with archive.open(entry) as part:
        chunk = part.read(_CHUNK)
        if b"worksheet" not in chunk:
            return
        tail = b""
        while chunk:
            chunk = tail + chunk
            if _may_be_far(chunk):
                for column, row in _VALUED_CELL.findall(chunk):
                    if int(row) > limits.rows or _column_number(column) > limits.columns:
                        raise _refuse(Finding.FILE_HOSTILE, f"内容位于 {column.decode()}{int(row)} 单元格")
            tail = chunk[-256:]  # a cell's tag may be cut by the end of a chunk
            chunk = part.read(_CHUNK)


def _may_be_far(chunk: bytes) -> bool:
    """Whether bytes look like a reference past column SA or row 999,999; far cheaper than reading every reference."""
    codes = np.frombuffer(chunk, np.uint8)
    if len(codes) < 10:
        return False
    capital = (codes - ord("A")) < 26
    quoted = (codes == ord('"')) | (codes == ord("'"))
    far_column = quoted[:-3] & capital[1:-2] & capital[2:-1] & (capital[3:] | (codes[1:-2] >= ord("S")))
    if far_column.any():
        return True
    digit = (codes - ord("0")) < 10
    pairs = digit[:-1] & digit[1:]
    fours = pairs[:-2] & pairs[2:]
    sevens = fours[:-3] & fours[3:]
    return bool((sevens[1:] & (quoted | capital)[:-7]).any())


def _column_number(letters: bytes) -> int:
    number = 0
    for code in letters:
        number = number * 26 + code - ord("A") + 1
    return number
