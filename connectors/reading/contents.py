"""What reading a delivery gives back: tables, the account of every row, what is wrong with the file, and how it was read.

Nothing here quotes a cell; the tables do, and they are never printed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.findings import Finding
from schemas.reading_notes import ReadingNoteKind

__all__ = [
    "OUT_OF_MEMORY", "OUT_OF_STORAGE", "DeliveryContents", "DeliveryRefusedError", "FileFinding", "ReadingNote",
    "TableContents", "row_ranges", "shown",
]  # fmt: skip

OUT_OF_MEMORY, OUT_OF_STORAGE = 3, 4
"""Exit codes of a reading process that could not finish; any other than 0 means the file could not be read."""

_SHOWN = 40


@dataclass(frozen=True, slots=True)
class FileFinding:
    """Something wrong with a file, a header or a line.

    ``column`` is the column's letter as a spreadsheet shows it; ``seen`` is a header, a format or a count, never a cell.
    """

    code: Finding
    sheet: str = ""
    row_number: int | None = None
    column: str | None = None
    field: str | None = None
    seen: str = ""

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Self:
        """The finding that ``dataclasses.asdict`` and JSON made a document of."""
        return cls(**{**document, "code": Finding(document["code"])})


@dataclass(frozen=True, slots=True)
class ReadingNote:
    """How a file, sheet or row was read; see ``schemas.reading_notes``.

    ``rows`` are row numbers as the spreadsheet shows them, as :func:`row_ranges` writes them, ``count`` how many rows, cells
    or sheets are meant; ``seen`` is a header, a format, a sheet or a count, never a cell.
    """

    kind: ReadingNoteKind
    sheet: str = ""
    rows: str = ""
    count: int = 0
    field: str | None = None
    seen: str = ""

    @classmethod
    def of_rows(
        cls,
        kind: ReadingNoteKind,
        sheet: str,
        row_numbers: Iterable[int],
        *,
        field: str | None = None,
        seen: str = "",
    ) -> Self:
        """A note about rows, by their numbers."""
        numbers = sorted(row_numbers)
        return cls(kind, sheet, row_ranges(numbers), len(numbers), field, seen)

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Self:
        """The note that ``dataclasses.asdict`` and JSON made a document of."""
        return cls(**{**document, "kind": ReadingNoteKind(document["kind"])})


@dataclass(frozen=True, slots=True, repr=False)
class TableContents:
    """The records of one table, and where every other row went: ``received == table.num_rows + blank + broken``.

    ``table`` has ``sheet``, ``row_number``, ``row_hash``, each field of the layout as delivered (``large_string``, an
    empty cell is null), ``<field>__number`` for fields in which a cell was stored as a number, and ``date1904`` where plain
    numbers of a sheet that are dates count from 1904. ``received`` is counted apart from the table: every row below the
    first header of a sheet with anything in it.
    """

    table: pa.Table
    received: int
    blank: int
    broken: int

    @classmethod
    def together(cls, parts: Sequence[Self]) -> Self:
        """Several tables of one kind as one, in their order; a flag that one of them lacks is false for its rows."""
        if len(parts) == 1:
            return parts[0]
        table = pa.concat_tables([part.table for part in parts], promote_options="default").unify_dictionaries()
        for place, name in enumerate(table.column_names):
            if name.endswith("__number") or name == "date1904":
                table = table.set_column(place, name, pc.fill_null(table[name], np.False_))
        return cls(
            table=table.combine_chunks(),
            received=sum(part.received for part in parts),
            blank=sum(part.blank for part in parts),
            broken=sum(part.broken for part in parts),
        )


@dataclass(frozen=True, slots=True)
class DeliveryContents:
    """All that a file says. A refused delivery has findings and no tables."""

    refused: bool
    findings: list[FileFinding] = field(default_factory=list)
    tables: dict[str, TableContents] = field(default_factory=dict)
    notes: list[ReadingNote] = field(default_factory=list)

    @classmethod
    def refusal(cls, *findings: FileFinding) -> Self:
        """A delivery none of which is used, and why."""
        return cls(refused=True, findings=list(findings))


class DeliveryRefusedError(Exception):
    """Inside this package only: reading stops here, and the findings say why."""

    def __init__(self, *findings: FileFinding) -> None:
        super().__init__(", ".join(finding.code for finding in findings))
        self.findings = findings


def shown(text: str) -> str:
    r"""A header or sheet name fit to be shown: one line, no control characters, at most 40 characters.

    >>> shown("家庭每月\n收入(元)")
    '家庭每月收入(元)'
    """
    printable = "".join(character for character in text if character.isprintable()).strip()
    return printable if len(printable) <= _SHOWN else printable[: _SHOWN - 1] + "…"


def row_ranges(numbers: Sequence[int], *, most: int = 12) -> str:
    """Sorted row numbers as a person writes them; long lists end in their last range.

    >>> row_ranges([3, 5, 6, 7, 12])
    '3、5–7、12'
    """
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    written = [str(first) if first == last else f"{first}–{last}" for first, last in ranges]
    return "、".join(written if len(written) <= most else [*written[: most - 1], "…", written[-1]])
