"""The life of a finding: what can become of it, and what a person may decide of it.

What codes mean is ``schemas.findings``'s; who decided what, and when, is ``registry.finding_closures``'s.
"""

from enum import StrEnum
from types import MappingProxyType

from schemas.findings import CATALOGUE, Finding, Severity

__all__ = ["AWAITING", "STATE_WORDS", "Closing", "FindingState", "may_be_confirmed", "may_be_waived"]


class FindingState(StrEnum):
    """Where a finding stands. ``open`` and ``returned`` wait for somebody; the others do not."""

    OPEN = "open"
    RETURNED = "returned"  # told to the sender in a letter, and still as it was
    CONFIRMED = "confirmed"  # a person says that it is right as it is
    WAIVED = "waived"  # a person does without the correction
    CORRECTED = "corrected"  # the sender delivered something else of the same person, or the reason has gone
    WITHDRAWN = "withdrawn"  # the sender no longer lists the person


class Closing(StrEnum):
    """How a person closes a finding; both are findings' states."""

    CONFIRMED = "confirmed"
    WAIVED = "waived"


AWAITING = (FindingState.OPEN, FindingState.RETURNED)
"""States in which somebody has still to act."""

STATE_WORDS: MappingProxyType[str, str] = MappingProxyType(
    {
        FindingState.OPEN: "未处理", FindingState.RETURNED: "已退回", FindingState.CONFIRMED: "已核实无误",
        FindingState.WAIVED: "免予更正", FindingState.CORRECTED: "已更正", FindingState.WITHDRAWN: "已撤回",
    }
)  # fmt: skip
"""What officers read for each state."""

_MILD = frozenset({Severity.WARN, Severity.NOTE})
# A document can show that these are right as they stand. What another row, list or platform says is decided elsewhere.
_DECIDED_BY_DOCUMENT = frozenset({Finding.AGE_IMPLAUSIBLE, Finding.CERTIFICATE_ID_MISMATCH})


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
