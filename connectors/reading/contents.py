"""What reading a delivery gives back: tables, the account of every row, and what is wrong with the file.

Nothing here quotes a cell; the tables do, and they are never printed.
"""

from dataclasses import dataclass, field
from typing import Any, Self

import pyarrow as pa

from schemas.findings import Finding

__all__ = [
    "OUT_OF_MEMORY", "OUT_OF_STORAGE", "DeliveryContents", "DeliveryRefusedError", "FileFinding", "Skipped",
    "TableContents", "shown",
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
class Skipped:
    """A row below the header that carries no record: ``footer``, ``repeated-header`` or ``no-content``."""

    row_number: int
    reason: str


@dataclass(frozen=True, slots=True, repr=False)
class TableContents:
    """The records of one table, and where every other row went: ``received == table.num_rows + blank + broken``.

    ``table`` has ``sheet``, ``row_number``, ``row_hash``, each field of the layout as delivered (``large_string``, an
    empty cell is null), and ``<field>__number`` for fields in which a cell was stored as a number. ``received`` is
    counted apart from the table: every row below the header with anything in it.
    """

    table: pa.Table
    received: int
    blank: int
    broken: int
    header_row: int
    sheet: str
    skipped: list[Skipped]


@dataclass(frozen=True, slots=True)
class DeliveryContents:
    """All that a file says. A refused delivery has findings and no tables."""

    refused: bool
    findings: list[FileFinding] = field(default_factory=list)
    tables: dict[str, TableContents] = field(default_factory=dict)

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
