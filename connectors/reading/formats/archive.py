"""Zip archives of lists: their files, told apart by content like any delivery. One level; what is packed inside is refused.

Names inside are words for people and nothing else: they become no path, and only where a list is taken are they shown,
because they may name somebody. A refusal says which file it is by its number in the archive.
"""

import zipfile
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from connectors.reading.contents import shown
from connectors.reading.formats.gate_zip import check_directory
from connectors.reading.formats.raw import Raw
from connectors.reading.formats.refusal import damage_is, refused
from connectors.reading.layout import ReadingLimits
from schemas.findings import Finding

__all__ = ["Member", "members_of"]

_LOCKED, _UTF8 = 0x1, 0x800
_AES = 99  # "compression method" of WinZip's encryption
_NOT_FILES = ("__macosx/", ".ds_store", "thumbs.db", "desktop.ini", "._")


class Member(NamedTuple):
    """A file of an archive: its number, counted from 1 in the archive's order, its name, and its bytes."""

    number: int
    name: str
    raw: Raw

    @property
    def place(self) -> str:
        """Where it is, without its name."""
        return f"压缩包内第{self.number}个文件"


def members_of(raw: Raw, limits: ReadingLimits, *, password: str = "") -> Iterator[Member]:
    """The files of an archive, without folders and what systems put beside files.

    Args:
        raw: the archive.
        limits: of its content.
        password: that opens its files, empty where none was agreed on.

    Raises:
        DeliveryRefusedError: the archive is damaged, hostile, or locked otherwise.
    """
    with damage_is("压缩结构损坏"), raw.open() as file, zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
        check_directory(entries, raw.size, limits)
        files = [entry for entry in entries if not entry.is_dir() and not _is_no_file(_name(entry))]
        taken: set[str] = set()
        for number, entry in enumerate(files, 1):
            name = _name(entry)
            if not name or name in taken:
                name = f"{name}（第{number}个文件）"
            taken.add(name)
            yield Member(number, name, Raw.in_memory(_content(archive, entry, password)))


def _name(entry: zipfile.ZipInfo) -> str:
    r"""The name, without what could be a path elsewhere; archives say only whether it is UTF-8, and Windows writes GBK."""
    name = entry.orig_filename
    if not entry.flag_bits & _UTF8:
        name = _decoded(name.encode("cp437"))
    steps = [step.strip() for step in name.replace("\\", "/").split("/")]
    return "/".join(shown(step) for step in steps if step not in {"", ".", ".."})


def _decoded(name: bytes) -> str:
    for codec in ("utf-8", "gb18030"):
        try:
            return name.decode(codec)
        except UnicodeDecodeError:
            continue
    return ""


def _is_no_file(name: str) -> bool:
    name = name.lower()
    return name.startswith(_NOT_FILES[0]) or name.rsplit("/", 1)[-1].startswith(_NOT_FILES[1:])


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, password: str) -> bytes:
    if not entry.flag_bits & _LOCKED:
        return archive.read(entry)
    if entry.compress_type == _AES:
        raise refused(Finding.FILE_ENCRYPTED, "压缩包采用 AES 加密，不能打开")
    if not password:
        raise refused(Finding.FILE_ENCRYPTED, "没有约定密码")
    for codec in ("utf-8", "gb18030"):  # the format does not say how a password is written
        try:
            return archive.read(entry, password.encode(codec))
        except (RuntimeError, zipfile.BadZipFile, zlib.error):
            continue  # the one byte that is checked first is right once in 256 tries; then the content is not
    raise refused(Finding.FILE_ENCRYPTED, "约定的密码不对")
