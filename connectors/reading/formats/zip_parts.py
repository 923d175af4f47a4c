"""The parts of a document that is a zip container, by their names as the standards write them."""

import zipfile

__all__ = ["ZipParts", "part_name"]


def part_name(filename: str) -> str:
    r"""A part's name in one spelling: some writers use backslashes or other capitals, and readers do not mind.

    >>> part_name("XL\\Workbook.xml")
    'xl/workbook.xml'
    """
    return filename.replace("\\", "/").lstrip("/").lower()


class ZipParts:
    """Parts of an open container; of several with one name the last counts, as in every reader."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._entries = {part_name(entry.filename): entry for entry in archive.infolist()}
        self.names = frozenset(self._entries)

    def read(self, name: str) -> bytes:
        """The content of a part, empty if it is not there."""
        entry = self._entries.get(part_name(name))
        return self._archive.read(entry) if entry is not None else b""
