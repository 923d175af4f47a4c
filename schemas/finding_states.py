"""The life of a finding: what can become of it, what officers read of that, and what a person may decide of it.

What codes mean is ``schemas.findings``'s; who decided what, and when, is ``registry.finding_closures``'s.
"""

from enum import Enum, StrEnum, auto
from types import MappingProxyType

from schemas.findings import CATALOGUE, Finding, Severity

__all__ = [
    "AWAITING", "STATE_WORDS", "Closing", "FindingState", "NotClosable", "may_be_confirmed", "may_be_waived", "ordinal",
    "state_in_words", "why_not_closable",
]  # fmt: skip


class FindingState(StrEnum):
    """Where a finding stands; who has still to act says :data:`AWAITING`."""

    OPEN = "open"
    RETURNED = "returned"  # told to the sender in a letter, who has not answered yet
    REOPENED = "reopened"  # returned, and it came again as wrong as before: it is to be returned once more
    VANISHED = "vanished"  # returned, and the next whole list has nobody of the kind: cancelled, or forgotten?
    CONFIRMED = "confirmed"  # a person says that it is right as it is
    WAIVED = "waived"  # a person does without the correction
    CORRECTED = "corrected"  # the sender delivered something else of the same person, or the reason has gone
    WITHDRAWN = "withdrawn"  # the sender no longer lists the person


class Closing(StrEnum):
    """How a person closes a finding; all are findings' states."""

    CONFIRMED = "confirmed"
    WAIVED = "waived"
    WITHDRAWN = "withdrawn"  # the sender has answered that the row was left out on purpose


class NotClosable(Enum):
    """Why a person may not close a finding in some way."""

    ONLY_THE_SENDER = auto()
    HOLDS_ITS_ROW = auto()
    HAS_VANISHED = auto()
    STILL_LISTED = auto()


AWAITING = (FindingState.OPEN, FindingState.RETURNED, FindingState.REOPENED, FindingState.VANISHED)
"""States in which somebody has still to act."""

STATE_WORDS: MappingProxyType[str, str] = MappingProxyType(
    {
        FindingState.OPEN: "未处理", FindingState.RETURNED: "已退回", FindingState.REOPENED: "退回后仍未更正",
        FindingState.VANISHED: "退回后未再报送：注销还是漏报？", FindingState.CONFIRMED: "已核实无误", FindingState.WAIVED: "免予更正",
        FindingState.CORRECTED: "已更正", FindingState.WITHDRAWN: "已撤回",
    }
)  # fmt: skip
"""What officers read for each state, where it is not said how often the finding was returned."""

_MILD = frozenset({Severity.WARN, Severity.NOTE})
_DIGITS = "零一二三四五六七八九"
# A document can show that these are right as they stand. What another row, list or platform says is decided elsewhere.
_DECIDED_BY_DOCUMENT = frozenset({Finding.AGE_IMPLAUSIBLE, Finding.CERTIFICATE_ID_MISMATCH})


def ordinal(number: int) -> str:
    """A number from 1 as official letters count: from a hundred on in figures.

    >>> ordinal(1), ordinal(10), ordinal(12), ordinal(20), ordinal(43), ordinal(100)
    ('第一', '第十', '第十二', '第二十', '第四十三', '第100')
    """
    if number >= 100:
        return f"第{number}"
    tens, ones = divmod(number, 10)
    if not tens:
        return f"第{_DIGITS[ones]}"
    return f"第{_DIGITS[tens] if tens > 1 else ''}十{_DIGITS[ones] if ones else ''}"


def state_in_words(state: str, times_returned: int) -> str:
    """What officers read of a finding that was returned so often.

    >>> state_in_words("open", 0), state_in_words("returned", 1), state_in_words("returned", 2)
    ('未处理', '已退回', '已第二次退回')
    >>> state_in_words("reopened", 2)
    '退回后仍未更正，待第三次退回'
    """
    words = STATE_WORDS[state]
    if state == FindingState.RETURNED and times_returned > 1:
        return f"已{ordinal(times_returned)}次退回"
    if state == FindingState.REOPENED and times_returned:
        return f"{words}，待{ordinal(times_returned + 1)}次退回"
    return words


def may_be_confirmed(code: Finding) -> bool:
    """Whether a person may say that what was found is right as it is; if the row was held for it, it is admitted then.

    Without a valid number nobody can be registered, so no confirmation helps there.

    >>> may_be_confirmed(Finding.AGE_IMPLAUSIBLE), may_be_confirmed(Finding.ID_NUMBER_CHECKSUM)
    (True, False)
    """
    return code in _DECIDED_BY_DOCUMENT or CATALOGUE[code].severity in _MILD


def may_be_waived(code: Finding, severity: Severity) -> bool:
    """Whether a person may do without the correction: only of what holds no row, now and by the catalogue.

    >>> may_be_waived(Finding.PHONE_FORMAT, Severity.WARN), may_be_waived(Finding.PHONE_FORMAT, Severity.REJECT)
    (True, False)
    """
    return severity in _MILD and CATALOGUE[code].severity in _MILD


def why_not_closable(code: Finding, severity: Severity, kind: Closing, *, is_vanished: bool) -> NotClosable | None:
    """Why a finding may not be closed in a way; ``None`` where it may.

    Whether somebody was left out on purpose is all there is to say of a row that has vanished, and only of such a one.

    >>> why_not_closable(Finding.PHONE_FORMAT, Severity.WARN, Closing.WAIVED, is_vanished=False)
    >>> why_not_closable(Finding.NAME_MISSING, Severity.REJECT, Closing.CONFIRMED, is_vanished=False)
    <NotClosable.ONLY_THE_SENDER: 1>
    """
    if kind is Closing.WITHDRAWN:
        return None if is_vanished else NotClosable.STILL_LISTED
    if is_vanished:
        return NotClosable.HAS_VANISHED
    if kind is Closing.CONFIRMED:
        return None if may_be_confirmed(code) else NotClosable.ONLY_THE_SENDER
    return None if may_be_waived(code, severity) else NotClosable.HOLDS_ITS_ROW
