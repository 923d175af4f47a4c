"""What a list that goes back to its sender has besides the sender's own columns.

A returned row carries a key, by which a corrected one is recognised whatever format it comes back in, and however its rows
were sorted. Writing the workbook is ``reports.return_workbook``; taking it back is ``flows.intake.corrections``.
"""

import re
from typing import NamedTuple, Self

__all__ = [
    "CORRECTION_HEADER", "ORIGINAL_ROW_HEADER", "OUR_HEADERS", "PROBLEM_HEADER", "ROW_KEY", "ROW_KEY_HEADER", "RowKey",
]  # fmt: skip

ROW_KEY = "row_key"
"""The column of keys as reading names it; it is no field of the registry."""

ROW_KEY_HEADER = "退回行键"
ORIGINAL_ROW_HEADER, PROBLEM_HEADER, CORRECTION_HEADER = "原行号", "存在问题", "修改说明"
OUR_HEADERS = (ORIGINAL_ROW_HEADER, PROBLEM_HEADER, CORRECTION_HEADER)
"""Columns of ours that are known and not wanted when the list comes back."""

_KEY = re.compile(r"([RM])([0-9]{1,18})-([0-9a-f]{16})-([0-9a-f]{16})", re.IGNORECASE)
_LETTERS = {"main": "R", "members": "M"}


class RowKey(NamedTuple):
    """The hidden key of a returned row.

    Attributes:
        table: ``main`` or ``members``.
        row_id: the row's number in the registry, 0 where it was not in force any more.
        delivery: first 16 characters of the SHA-256 of the file it was sent in.
        row_hash: fingerprint of its cells as they were returned; a row that has it still was not corrected.
    """

    table: str
    row_id: int
    delivery: str
    row_hash: int

    def __str__(self) -> str:
        """The key as it stands in its cell.

        >>> str(RowKey("main", 42, "9f86d081884c7d65", -1))
        'R42-9f86d081884c7d65-ffffffffffffffff'
        """
        return f"{_LETTERS[self.table]}{self.row_id}-{self.delivery}-{self.row_hash % (1 << 64):016x}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The key that a cell holds; ``None`` where it holds anything else.

        >>> RowKey.parse("R42-9f86d081884c7d65-ffffffffffffffff")
        RowKey(table='main', row_id=42, delivery='9f86d081884c7d65', row_hash=-1)
        >>> RowKey.parse("42") is None
        True
        """
        found = _KEY.fullmatch(text.strip())
        if found is None:
            return None
        tables = {letter: table for table, letter in _LETTERS.items()}
        row_hash = int(found[4], 16)
        signed = row_hash - (1 << 64) if row_hash >= 1 << 63 else row_hash
        return cls(tables[found[1].upper()], int(found[2]), found[3].lower(), signed)
