"""A delivery as the documents it consists of: itself, what its password opens, or the files of an archive, one at a time."""

import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from connectors.reading.contents import DeliveryRefusedError, ReadingNote
from connectors.reading.formats.archive import Member, members_of
from connectors.reading.formats.encrypted import decrypted
from connectors.reading.formats.formats import CONTAINERS, Format, Other
from connectors.reading.formats.gate import Admitted, admit, look_at
from connectors.reading.formats.raw import Raw
from connectors.reading.formats.refusal import refused, unreadable
from connectors.reading.formats.zip_parts import ZipParts
from connectors.reading.layout import DeliveryLayout, ReadingLimits
from schemas.findings import Finding
from schemas.reading_notes import ReadingNoteKind

__all__ = ["Document", "Documents"]

_ID_LENGTH = re.compile(rb"[0-9]{15}")
_TAG = re.compile(rb"<[^>]*>")


@dataclass(frozen=True, slots=True, repr=False)
class Document:
    """A file to be read: its bytes, what the gate saw, and which file of an archive it is, if any."""

    raw: Raw
    admitted: Admitted
    member: Member | None = None

    @property
    def format(self) -> Format:
        """Its format."""
        return self.admitted.format

    @property
    def name(self) -> str:
        """Its name in an archive, empty for a delivery itself."""
        return self.member.name if self.member else ""

    def sheet_name(self, name: str) -> str:
        """The name of a sheet, after that of the file it is in; what has no name goes by its file's."""
        return "/".join(filter(None, (self.name, name)))

    def is_no_list(self, why: DeliveryRefusedError) -> bool:
        """Whether a file of an archive is none, being a text or letter without any number as long as an ID number.

        A workbook never is: it may be a list whose header somebody changed, and those on it must not be passed over.
        """
        if self.member is None:
            return False
        if self.format is Format.TEXT:
            with self.raw.open() as file:
                return _ID_LENGTH.search(file.read().replace(b"\x00", b"")) is None
        if self.format is Format.DOCX and all(finding.code is Finding.HEADER_NOT_FOUND for finding in why.findings):
            with self.raw.open() as file, zipfile.ZipFile(file) as archive:
                return _ID_LENGTH.search(_TAG.sub(b"", ZipParts(archive).read("word/document.xml"))) is None
        return False

    def refusal(self, why: DeliveryRefusedError) -> DeliveryRefusedError:
        """Why the delivery is refused because of this document, without the name it has in an archive."""
        return _without_name(why, self.member, self.format.value) if self.member else why


@dataclass(slots=True, repr=False)
class Documents:
    """The documents of a delivery, and what is to be said of it when all were read."""

    raw: Raw
    layout: DeliveryLayout
    limits: ReadingLimits
    _formats: Counter[str] = field(default_factory=Counter)
    _left: Counter[str] = field(default_factory=Counter)
    _decrypted: int = 0
    _is_archive: bool = False

    def __iter__(self) -> Iterator[Document]:
        """One document after the other.

        Raises:
            DeliveryRefusedError: one of them may not be read, or there is none.
        """
        raw, admitted = self._unlocked(self.raw, admit(self.raw, self.limits))
        if admitted.format is not Format.ARCHIVE:
            self._formats[admitted.format.value] += 1
            yield Document(raw, admitted)
            return
        self._is_archive = True
        for member in members_of(raw, self.limits, password=self.layout.password):
            document = self._document(member)
            if document is not None:
                self._formats[document.format.value] += 1
                yield document

    def leave(self, document: Document) -> None:
        """Count a document as one that is no list."""
        self._formats[document.format.value] -= 1
        self._left[document.format.value] += 1

    def check_any(self) -> None:
        """Refuse an archive without any list."""
        if not self._formats.total():
            raise unreadable("压缩包内没有可读取的名单")

    def notes(self) -> list[ReadingNote]:
        """In which formats the delivery came, and what was left."""
        formats = _counted(self._formats) if self._is_archive else "".join(self._formats)
        said = [
            ReadingNote(
                ReadingNoteKind.FORMAT, seen=f"{Format.ARCHIVE.value}：{formats}" if self._is_archive else formats
            )
        ]
        if self._decrypted:
            said.append(ReadingNote(ReadingNoteKind.DECRYPTED, count=self._decrypted))
        if self._left:
            said.append(ReadingNote(ReadingNoteKind.MEMBER_LEFT, count=self._left.total(), seen=_counted(self._left)))
        return said

    def _document(self, member: Member) -> Document | None:
        """A file of an archive to be read, None for one that is no list."""
        if not member.raw.size:
            self._left["空文件"] += 1
            return None
        kind = ""
        try:
            looked = look_at(member.raw, self.limits)
            kind = looked if isinstance(looked, Other) else looked.format.value
            if kind in CONTAINERS or kind == Format.ARCHIVE.value:
                raise unreadable("压缩包内含有压缩包")
            if isinstance(looked, Other):
                self._left[looked] += 1
                return None
            raw, admitted = self._unlocked(member.raw, looked)
        except DeliveryRefusedError as why:
            problem = why
        else:
            return Document(raw, admitted, member)
        raise _without_name(problem, member, kind)

    def _unlocked(self, raw: Raw, admitted: Admitted) -> tuple[Raw, Admitted]:
        if admitted.format is not Format.ENCRYPTED:
            return raw, admitted
        opened = decrypted(raw, self.layout.password)
        self._decrypted += 1
        inside = admit(opened, self.limits)
        if inside.format in {Format.ENCRYPTED, Format.ARCHIVE}:
            raise refused(Finding.FILE_ENCRYPTED, "解密后不是工作簿或文档")
        return opened, inside


def _without_name(why: DeliveryRefusedError, member: Member, kind: str) -> DeliveryRefusedError:
    """The same findings with a file's number and format where its name would stand: it may name somebody."""
    findings = []
    for finding in why.findings:
        inside = finding.sheet.removeprefix(f"{member.name}/") if finding.sheet.startswith(f"{member.name}/") else ""
        seen = "，".join(filter(None, (kind if kind != finding.seen else "", finding.seen)))
        findings.append(replace(finding, sheet="/".join(filter(None, (member.place, inside))), seen=seen))
    return DeliveryRefusedError(*findings)


def _counted(kinds: Counter[str]) -> str:
    return "、".join(f"{kind} {count} 个" for kind, count in kinds.items() if count)
