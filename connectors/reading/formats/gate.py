"""What kind of file it is, by its content, and whether it may be opened at all. Nothing is parsed here.

Containers are looked through in ``gate_zip`` and ``gate_ole``; other formats are told by their beginning (``formats``).
"""

from collections.abc import Sequence
from typing import NamedTuple

from connectors.reading.formats.facts import SheetFacts
from connectors.reading.formats.formats import OLE_START, ZIP_STARTS, Format, Other, format_by_start
from connectors.reading.formats.raw import Raw
from connectors.reading.formats.refusal import refused, unreadable
from connectors.reading.layout import ReadingLimits
from schemas.findings import Finding

__all__ = ["Admitted", "admit", "look_at"]


class Admitted(NamedTuple):
    """A file that may be read: its format, and what the gate saw of its sheets, in order."""

    format: Format
    facts: Sequence[SheetFacts]


def admit(raw: Raw, limits: ReadingLimits) -> Admitted:
    """The format of a file that may be read.

    Raises:
        DeliveryRefusedError: it is empty, too large, damaged, hostile, or of a format that is not taken.
    """
    looked = look_at(raw, limits)
    if isinstance(looked, Other):
        raise unreadable(looked)
    return looked


def look_at(raw: Raw, limits: ReadingLimits) -> Admitted | Other:
    """The format of a file, or the words for one that is not taken; errors as in `admit`."""
    if raw.size == 0:
        raise refused(Finding.FILE_EMPTY)
    if raw.size > limits.file_bytes:
        raise refused(Finding.FILE_TOO_LARGE, f"{raw.size / 1e6:.0f} MB")
    start = raw.start()
    facts: Sequence[SheetFacts] = []
    if start.startswith(ZIP_STARTS):
        from connectors.reading.formats import gate_zip

        kind, facts = gate_zip.look_through(raw, limits)
    elif start.startswith(OLE_START):
        from connectors.reading.formats import gate_ole

        kind, facts = gate_ole.look_through(raw, limits)
    else:
        kind = format_by_start(start, raw.size)
    return kind if isinstance(kind, Other) else Admitted(kind, facts)
