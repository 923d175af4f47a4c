"""What is to be said of a sheet's rows, gathered over its tables: twenty villages' subtotals are one note."""

from collections.abc import Iterable
from typing import NamedTuple

from connectors.reading.contents import ReadingNote
from schemas.reading_notes import ReadingNoteKind

__all__ = ["RowNotes"]


class _Saying(NamedTuple):
    kind: ReadingNoteKind
    field: str | None
    seen: str


class RowNotes:
    """Row numbers by what is said of them."""

    def __init__(self) -> None:
        self._rows: dict[_Saying, list[int]] = {}

    def add(
        self, kind: ReadingNoteKind, row_numbers: Iterable[int], *, field: str | None = None, seen: str = ""
    ) -> None:
        """Says something of rows; of none, nothing."""
        if numbers := list(row_numbers):
            self._rows.setdefault(_Saying(kind, field, seen), []).extend(numbers)

    def of_sheet(self, sheet: str) -> list[ReadingNote]:
        """A note for each thing said, in the order they were."""
        return [
            ReadingNote.of_rows(saying.kind, sheet, numbers, field=saying.field, seen=saying.seen)
            for saying, numbers in self._rows.items()
        ]
