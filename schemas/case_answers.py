"""The workbook of open questions as its writer and its reader agree on it: columns to answer in, words, and the hidden key."""

import re
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple, Self

from schemas.identity_cases import CaseKind

__all__ = [
    "ANSWER_HEADERS", "BY_HEADER", "KEY_HEADER", "OPINION_HEADER", "REASON_HEADER", "WORDS_OF_KIND", "AnswerWord", "CaseKey",
]  # fmt: skip

OPINION_HEADER, REASON_HEADER, BY_HEADER, KEY_HEADER = "处理意见", "处理理由", "经办人", "核定行键"
ANSWER_HEADERS = (OPINION_HEADER, REASON_HEADER, BY_HEADER)
"""The columns somebody fills in."""


class AnswerWord(StrEnum):
    """What can be chosen as 处理意见."""

    SAME = "同一人"
    SAME_THIS_NUMBER = "同一人，采用本行号码"
    DIFFERENT = "不同人"
    HOLDER = "不同人，号码属本行"
    ACCEPT = "号码无误"
    DECEASED = "确已去世"
    LIVING = "健在"


WORDS_OF_KIND: MappingProxyType[CaseKind, tuple[AnswerWord, ...]] = MappingProxyType(
    {
        CaseKind.SAME_PERSON_DIFFERENT_NUMBER: (
            AnswerWord.SAME, AnswerWord.SAME_THIS_NUMBER, AnswerWord.DIFFERENT,
        ),
        CaseKind.SAME_NUMBER_DIFFERENT_PERSON: (AnswerWord.SAME, AnswerWord.DIFFERENT, AnswerWord.HOLDER),
        CaseKind.NUMBER_DAMAGED: (AnswerWord.SAME, AnswerWord.DIFFERENT, AnswerWord.ACCEPT),
        CaseKind.DEATH_CONTRADICTED: (AnswerWord.DECEASED, AnswerWord.LIVING),
    }
)  # fmt: skip
"""What each question can be answered by."""

_KEY = re.compile(r"C([0-9]{1,18})-([0-9]{1,9})-([0-9a-f]{16})", re.IGNORECASE)


class CaseKey(NamedTuple):
    """The hidden key of a row: its question, its side, and the first 16 characters of the evidence it was written on.

    >>> CaseKey.read(str(CaseKey(17, 2, "0123456789abcdef")))
    CaseKey(case_id=17, side=2, evidence='0123456789abcdef')
    """

    case_id: int
    side: int
    evidence: str

    def __str__(self) -> str:
        return f"C{self.case_id}-{self.side}-{self.evidence}"

    @classmethod
    def read(cls, text: str | None) -> Self | None:
        """The key that a cell holds; ``None`` where it holds none."""
        found = _KEY.fullmatch((text or "").strip())
        return cls(int(found[1]), int(found[2]), found[3].lower()) if found else None
