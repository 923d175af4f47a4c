"""Findings on their way out of a transform: which row, which code, which field, what was seen (masked)."""

import numpy as np
import pandas as pd
import pyarrow as pa

from schemas.findings import Finding
from transforms.columns import texts

__all__ = ["FINDING_COLUMNS", "Notes"]

FINDING_COLUMNS = ("position", "code", "field", "seen")


class Notes:
    """Collects findings column-wise; :meth:`frame` gives them as a table of ``FINDING_COLUMNS``.

    It may begin with those of an earlier judgement of the same table. ``position`` is the row's place in the table under judgement; ``seen`` is already masked.
    """

    def __init__(self, earlier: "Notes | None" = None) -> None:
        self._parts: list[pd.DataFrame] = [] if earlier is None else [earlier.frame()]

    def add(
        self,
        code: Finding,
        rows: "np.ndarray[tuple[int], np.dtype[np.bool_]] | np.ndarray[tuple[int], np.dtype[np.int64]]",
        field: str | None = None,
        seen: pd.Series | None = None,
    ) -> None:
        """Notes a finding on the rows named by a mask or by positions; ``seen`` is a column over all rows, masked."""
        positions = np.flatnonzero(rows) if rows.dtype == bool else rows.astype(np.int64)
        self.add_seen(code, positions, field, None if seen is None else seen.iloc[positions].reset_index(drop=True))

    def add_seen(
        self,
        code: Finding,
        positions: "np.ndarray[tuple[int], np.dtype[np.int64]]",
        field: str | None,
        seen: pd.Series | None,
    ) -> None:
        """Notes a finding on the rows at some positions; ``seen`` has what was seen in each of them, masked."""
        if not len(positions):
            return
        count = len(positions)
        part = {"position": positions, "code": texts(pa.repeat(pa.scalar(str(code)), count))}
        part["field"] = texts(pa.repeat(pa.scalar(field, pa.string()), count))
        part["seen"] = texts(pa.nulls(count, pa.large_string())) if seen is None else seen
        self._parts.append(pd.DataFrame(part, columns=list(FINDING_COLUMNS)))

    @classmethod
    def of(cls, frame: pd.DataFrame) -> "Notes":
        """Findings that stand in a table of ``FINDING_COLUMNS`` already."""
        notes = cls()
        notes._parts.append(frame[list(FINDING_COLUMNS)])
        return notes

    def frame(self) -> pd.DataFrame:
        """All findings, in the order of rows and then of judging."""
        if not self._parts:
            empty = texts([])
            return pd.DataFrame({"position": np.zeros(0, dtype=np.int64), "code": empty, "field": empty, "seen": empty})
        together = pd.concat(self._parts, ignore_index=True)
        return together.sort_values("position", kind="stable", ignore_index=True)
