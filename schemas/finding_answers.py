"""The workbook of findings as its writer and its reader agree on it: columns to decide in, words, and the hidden key."""

import re
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple, Self

from schemas.finding_states import AWAITING, Closing, FindingState, why_not_closable
from schemas.findings import Finding, Severity

__all__ = [
    "ANSWER_HEADERS", "BY_HEADER", "CLOSING_OF_WORD", "KEY_HEADER", "NUMBER_HEADERS", "OPINION_HEADER", "REASON_HEADER",
    "FindingKey", "FindingWord", "words_allowed",
]  # fmt: skip

OPINION_HEADER, REASON_HEADER, BY_HEADER, KEY_HEADER = "处理", "理由", "经办人", "问题键"
ANSWER_HEADERS = (OPINION_HEADER, REASON_HEADER, BY_HEADER)
"""The columns somebody fills in."""

NUMBER_HEADERS = ("编号", "finding_id")
"""What the column of numbers is called where a list of findings has no keys: one that a page has exported."""


class FindingWord(StrEnum):
    """What can be chosen as 处理."""

    CONFIRMED = "核实无误"
    WAIVED = "免予更正"
    WITHDRAWN = "确已注销"


CLOSING_OF_WORD: MappingProxyType[str, Closing] = MappingProxyType(
    {
        FindingWord.CONFIRMED: Closing.CONFIRMED,
        FindingWord.WAIVED: Closing.WAIVED,
        FindingWord.WITHDRAWN: Closing.WITHDRAWN,
    }
)

_KEY = re.compile(r"F([0-9]{1,18})-([0-9a-f]{16})", re.IGNORECASE)


class FindingKey(NamedTuple):
    """The hidden key of a row: its finding, and the first 16 characters of the evidence it was written on.

    >>> FindingKey.read(str(FindingKey(17, "0123456789abcdef")))
    FindingKey(finding_id=17, evidence='0123456789abcdef')
    """

    finding_id: int
    evidence: str

    def __str__(self) -> str:
        return f"F{self.finding_id}-{self.evidence}"

    @classmethod
    def read(cls, text: str | None) -> Self | None:
        """The key that a cell holds; ``None`` where it holds none."""
        found = _KEY.fullmatch((text or "").strip())
        return cls(int(found[1]), found[2].lower()) if found else None


def words_allowed(code: str, severity: str, state: str) -> tuple[str, ...]:
    """What can be chosen for a finding; nothing where only its sender can do something, or it is closed.

    >>> words_allowed("phone-format", "warn", "open")
    ('核实无误', '免予更正')
    >>> words_allowed("name-missing", "reject", "returned"), words_allowed("name-missing", "reject", "vanished")
    ((), ('确已注销',))
    """
    if state not in AWAITING:
        return ()
    is_vanished = state == FindingState.VANISHED
    return tuple(
        str(word)
        for word, kind in CLOSING_OF_WORD.items()
        if why_not_closable(Finding(code), Severity(severity), kind, is_vanished=is_vanished) is None
    )
