"""What a manual override rests on: the value that would have stood without it."""

import hashlib

__all__ = ["override_evidence"]


def override_evidence(field: str, value: str | None) -> str:
    """The digest of a field and the value its sources give it; an override counts only while this stays the same.

    Args:
        field: a field of an elder.
        value: as the registry writes it, dates in ISO 8601, amounts in fen; ``None`` where no source says anything.

    >>> override_evidence("phone", None) == override_evidence("phone", "")
    True
    >>> override_evidence("phone", "13900000001")[:16]
    '2274d50c0c0e09c0'
    """
    return hashlib.sha256(f"{field}{value or ''}".encode()).hexdigest()
