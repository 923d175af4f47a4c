"""What an OLE container holds (MS-CFB): a workbook, a locked one, or what is not taken."""

from collections.abc import Sequence
from typing import NamedTuple

import olefile

from connectors.reading.contents import DeliveryRefusedError
from connectors.reading.formats.facts import SheetFacts
from connectors.reading.formats.formats import Format, Other
from connectors.reading.formats.raw import Raw
from connectors.reading.formats.refusal import damage_is, hostile, refused
from connectors.reading.formats.xls_records import facts_in_order, read_globals
from connectors.reading.layout import ReadingLimits
from schemas.findings import Finding

__all__ = ["OleLook", "look_through"]

_WORKBOOKS = ("Workbook", "Book")  # Excel 97 and later; Excel 5 and 95
_OTHERS = (
    ("WordDocument", "Word 97–2003 文档（doc）"),
    ("PowerPoint Document", "PowerPoint 97–2003 演示文稿（ppt）"),
    ("__properties_version1.0", "Outlook 邮件"),
    ("VisioDocument", "Visio 绘图"),
)
_ENCRYPTED_PACKAGE = "EncryptedPackage"
_DAMAGED = "旧版 Office 文件，结构损坏"
_UNKNOWN = Other("旧版 Office 文件")


class OleLook(NamedTuple):
    """What an OLE container is, and what is known of its sheets, in order, if it is a workbook."""

    format: Format | Other
    facts: Sequence[SheetFacts]


def look_through(raw: Raw, limits: ReadingLimits) -> OleLook:
    """What an OLE container is, if it may be opened.

    Raises:
        DeliveryRefusedError: it is damaged, or holds macros, embedded objects or cells out of bounds.
    """
    try:
        return _look_through(raw, limits)
    except DeliveryRefusedError as why:
        problem = why
    with raw.open() as file:
        is_locked = _ENCRYPTED_PACKAGE.encode("utf-16-le") in file.read()
    raise refused(Finding.FILE_ENCRYPTED, "且结构损坏") if is_locked else problem


def _look_through(raw: Raw, limits: ReadingLimits) -> OleLook:
    with damage_is(_DAMAGED), raw.open() as file, olefile.OleFileIO(file) as container:
        names = {path[0] for path in container.listdir(streams=True, storages=True)}
        if _ENCRYPTED_PACKAGE in names:
            return OleLook(Format.ENCRYPTED, [])
        stream = next((name for name in _WORKBOOKS if name in names), None)
        if stream is None:
            return OleLook(next((Other(words) for name, words in _OTHERS if name in names), _UNKNOWN), [])
        if "_VBA_PROJECT_CUR" in names:
            raise hostile("含有宏")
        if any(name.startswith("MBD") for name in names):
            raise hostile("含有嵌入的对象")
        return _look_at_workbook(container.openstream(stream).read(), limits)


def _look_at_workbook(stream: bytes, limits: ReadingLimits) -> OleLook:
    found = read_globals(stream)
    if found.is_locked:
        return OleLook(Format.ENCRYPTED, [])
    if found.has_macro_sheets:
        raise hostile("含有宏")
    kind = Format.XLS_5 if found.is_excel5 else Format.XLS
    return OleLook(kind, facts_in_order(stream, found, limits))
