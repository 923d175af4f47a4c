"""Whether two ways came to the same: every table, row for row; a benchmark of ways that disagree would say nothing."""

from collections import Counter

__all__ = ["Rows", "differences"]

Rows = list[tuple[str | None, ...]]


def differences(one: dict[str, Rows], other: dict[str, Rows]) -> dict[str, tuple[int, int, int]]:
    """For each table how many rows are equal, only in the one, only in the other; nothing and an empty text are equal."""
    found = {}
    for table, rows in one.items():
        left, right = _counted(rows), _counted(other[table])
        found[table] = ((left & right).total(), (left - right).total(), (right - left).total())
    return found


def _counted(rows: Rows) -> Counter[tuple[str, ...]]:
    return Counter(tuple(cell or "" for cell in row) for row in rows)
