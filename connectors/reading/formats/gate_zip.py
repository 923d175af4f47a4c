"""What a zip container holds, and whether it may be opened: its directory first, then its sheets as bytes.

Nothing is parsed, and nothing is unpacked that is larger than it may be.
"""

import zipfile
from collections.abc import Sequence
from typing import NamedTuple

from connectors.reading.formats import xlsb_records, xlsx_parts
from connectors.reading.formats.facts import SheetFacts
from connectors.reading.formats.formats import Format, Other
from connectors.reading.formats.ods_scan import OdsScan
from connectors.reading.formats.raw import Raw
from connectors.reading.formats.refusal import damage_is, hostile, refused
from connectors.reading.formats.xlsx_scan import XlsxScan
from connectors.reading.formats.zip_parts import ZipParts, part_name
from connectors.reading.layout import ReadingLimits
from schemas.findings import Finding

__all__ = ["ZipLook", "check_directory", "look_through"]

_CHUNK = 1 << 20
_SMALL_UNPACKED = 10_000_000  # below this no compression ratio does harm: a sheet of empty bordered rows packs 300 to 1

_PARTS: tuple[tuple[str, Format | Other], ...] = (
    ("xl/workbook.xml", Format.XLSX),
    ("xl/workbook.bin", Format.XLSB),
    ("word/document.xml", Format.DOCX),
    ("ppt/presentation.xml", Other("演示文稿（pptx）")),
    ("visio/document.xml", Other("Visio 绘图（vsdx）")),
    ("ofd.xml", Other("OFD 版式文件")),
    ("meta-inf/manifest.mf", Other("程序文件")),
    ("androidmanifest.xml", Other("程序文件")),
)
_ODF: dict[str, Format | Other] = {
    "application/vnd.oasis.opendocument.spreadsheet": Format.ODS,
    "application/vnd.oasis.opendocument.spreadsheet-template": Format.ODS,
    "application/vnd.oasis.opendocument.text": Other("ODF 文档（odt）"),
    "application/vnd.oasis.opendocument.presentation": Other("ODF 演示文稿（odp）"),
    "application/vnd.oasis.opendocument.graphics": Other("ODF 绘图（odg）"),
}
_MACROS = ("xl/vbaproject.bin", "xl/macrosheets/", "word/vbaproject.bin", "basic/", "scripts/")
_EMBEDDED = ("xl/embeddings/", "xl/activex/", "word/embeddings/", "word/activex/")


class ZipLook(NamedTuple):
    """What a zip container is, and what is known of its sheets, in order, if it is a workbook."""

    format: Format | Other
    facts: Sequence[SheetFacts]


def look_through(raw: Raw, limits: ReadingLimits) -> ZipLook:
    """What a zip container is, if it may be opened.

    Raises:
        DeliveryRefusedError: it is damaged, locked, or hostile.
    """
    with damage_is("压缩结构损坏"), raw.open() as file, zipfile.ZipFile(file) as archive:
        check_directory(archive.infolist(), raw.size, limits)
        parts = ZipParts(archive)
        kind = _format(parts)
        if kind is Format.ARCHIVE or isinstance(kind, Other):
            return ZipLook(kind, [])
        _check_content(archive, parts)
        if kind is Format.XLSX:
            return ZipLook(kind, xlsx_parts.facts_in_order(parts, _xlsx_facts(archive, limits)))
        if kind is Format.XLSB:
            return ZipLook(kind, xlsb_records.facts_in_order(parts, _xlsb_facts(archive, limits)))
        return ZipLook(kind, _ods_facts(archive, limits) if kind is Format.ODS else [])


def check_directory(entries: Sequence[zipfile.ZipInfo], size: int, limits: ReadingLimits) -> None:
    """Refuse a container of too many files, or of files that are too large or too well packed to be honest."""
    if len(entries) > limits.zip_entries:
        raise hostile(f"压缩包内有 {len(entries)} 个文件")
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > limits.unpacked_bytes or unpacked > max(limits.unpacked_ratio * size, _SMALL_UNPACKED):
        raise hostile(f"解压后 {unpacked / 1e6:.0f} MB")


def _format(parts: ZipParts) -> Format | Other:
    kind = next((kind for part, kind in _PARTS if part in parts.names), None)
    if kind is None and "content.xml" in parts.names:
        kind = _ODF.get(parts.read("mimetype")[:80].decode("ascii", errors="replace").strip(), Other("ODF 文档"))
    return kind or Format.ARCHIVE


def _check_content(archive: zipfile.ZipFile, parts: ZipParts) -> None:
    locked = any(entry.flag_bits & 0x1 for entry in archive.infolist())
    if locked or b"encryption-data" in parts.read("META-INF/manifest.xml"):
        raise refused(Finding.FILE_ENCRYPTED, "内部内容已加密，不能用密码打开")
    if any(name.startswith(_MACROS) for name in parts.names):
        raise hostile("含有宏")
    if any(name.startswith(_EMBEDDED) for name in parts.names):
        raise hostile("含有嵌入的对象")


def _xlsx_facts(archive: zipfile.ZipFile, limits: ReadingLimits) -> dict[str, SheetFacts]:
    """What the parts that are worksheets say, whatever their names are."""
    scans = {}
    for entry in archive.infolist():
        with archive.open(entry) as part:
            chunk = part.read(_CHUNK)
            if b"worksheet" not in chunk:
                continue
            scan = scans[part_name(entry.filename)] = XlsxScan(limits)
            while chunk:
                scan.feed(chunk)
                chunk = part.read(_CHUNK)
    return {name: scan.facts() for name, scan in scans.items()}


def _xlsb_facts(archive: zipfile.ZipFile, limits: ReadingLimits) -> dict[str, SheetFacts]:
    facts = {}
    for entry in archive.infolist():
        with archive.open(entry) as part:
            if xlsb_records.is_sheet(part.read(2)):
                part.seek(0)
                facts[part_name(entry.filename)] = xlsb_records.facts_of_sheet(part.read(), limits)
    return facts


def _ods_facts(archive: zipfile.ZipFile, limits: ReadingLimits) -> list[SheetFacts]:
    scan = OdsScan(limits)
    with archive.open("content.xml") as part:
        while chunk := part.read(_CHUNK):
            scan.feed(chunk)
    return scan.facts
