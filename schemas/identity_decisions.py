"""What a person may decide of who is who, and what follows from it as links.

Who decided what, and when, is ``registry.decisions``'s; how links rewrite rows is ``transforms.identity.links``'s. What is
asked is ``schemas.identity_cases``'s.
"""

from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

import pandas as pd

from schemas.idnumber import check_character

__all__ = [
    "DECISION_WORDS", "SETTLING", "CaseEnd", "DecisionKind", "LinkKind", "Links", "key_of_number",
    "number_of_key",
]  # fmt: skip

_CHECK_CHARACTERS = "0123456789X"


class CaseEnd(StrEnum):
    """Why a question is asked no longer."""

    DECIDED = "decided"
    GONE = "gone"  # what it was about is not found any more
    CHANGED = "changed"  # its evidence is another; it is asked anew
    UNDONE = "undone"  # the night that asked it was taken back


class DecisionKind(StrEnum):
    """What a person decided."""

    SAME = "same"
    DIFFERENT = "different"
    ACCEPT = "accept"  # a number is right as it stands
    SPLIT = "split"  # a `same` was wrong
    OVERRIDE = "override"  # a field says this, whatever sources say
    STATE = "state"  # died, moved away, …, from a day on
    NOTE = "note"


class LinkKind(StrEnum):
    """What follows from a decision; columns of ``identity_link`` that each kind fills."""

    NUMBER = "number"  # id_key person_key number: rows of this number are that person's
    ROW = "row"  # source row_hash person_key number: this row is that person's
    NAME = "name"  # id_key name: this spelling is the person's with this key
    EXCLUDED = "excluded"  # id_key name: rows of this number with this name are somebody else's
    SEPARATE = "separate"  # id_key other_key evidence: two people
    NOT_ROW = "not_row"  # source row_hash id_key: this row is not that person's


SETTLING = frozenset(
    {DecisionKind.SAME, DecisionKind.DIFFERENT, DecisionKind.ACCEPT, DecisionKind.SPLIT, DecisionKind.STATE}
)
"""Decisions that answer the case they are about, so that it is not asked again on the same evidence."""

DECISION_WORDS: MappingProxyType[str, str] = MappingProxyType(
    {
        DecisionKind.SAME: "同一人", DecisionKind.DIFFERENT: "不同人", DecisionKind.ACCEPT: "号码无误", DecisionKind.SPLIT: "拆分",
        DecisionKind.OVERRIDE: "人工核定", DecisionKind.STATE: "人员状态", DecisionKind.NOTE: "备注",
    }
)  # fmt: skip
"""What officers read for each decision."""


class Links(NamedTuple):
    """Decisions in force as tables; of several about the same thing only the newest is in them. Keys are ``Int64``.

    ``numbers``: ``id_key person_key number``; ``rows``: ``source row_hash person_key number``; in both, ``number`` is the person's
    present one. ``names``: ``id_key name`` (a person's key); ``excluded``: ``id_key name`` (the key a row states itself).
    ``separated``: ``id_key other_key evidence``, the smaller key first. ``not_rows``: ``source row_hash id_key``.
    """

    numbers: pd.DataFrame
    rows: pd.DataFrame
    names: pd.DataFrame
    excluded: pd.DataFrame
    separated: pd.DataFrame
    not_rows: pd.DataFrame

    @classmethod
    def none(cls) -> "Links":
        """No decision at all."""
        columns = {
            "numbers": ("id_key", "person_key", "number"),
            "rows": ("source", "row_hash", "person_key", "number"),
            "names": ("id_key", "name"),
            "excluded": ("id_key", "name"),
            "separated": ("id_key", "other_key", "evidence"),
            "not_rows": ("source", "row_hash", "id_key"),
        }
        texts = {"number", "source", "name", "evidence"}
        return cls(
            **{
                table: pd.DataFrame({name: pd.Series(dtype="str" if name in texts else "Int64") for name in names})
                for table, names in columns.items()
            }
        )


def key_of_number(id_number: str) -> int:
    """The key of a valid ID number: its 17 digits times 11 plus the value of its check character, as a column's keys are.

    >>> key_of_number("11010519491231002X")
    121115714403541032
    """
    return int(id_number[:17]) * 11 + _CHECK_CHARACTERS.index(id_number[17])


def number_of_key(id_key: int) -> str:
    """The ID number that a key stands for.

    >>> number_of_key(key_of_number("11010519491231002X")) == "11010519491231002X"
    True

    Raises:
        ValueError: no ID number has this key.
    """
    digits, check = divmod(id_key, 11)
    first17 = f"{digits:017d}"
    if check_character(first17) != _CHECK_CHARACTERS[check]:
        raise ValueError("no ID number has this key")
    return first17 + _CHECK_CHARACTERS[check]
