"""What is said of a column of a list nobody agreed on: which field it may be, how sure that is, and why.

How it is told is in ``transforms.header_guess``; a person confirms it before it becomes configuration.
"""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

__all__ = ["CONFIDENCE_LABELS", "REASON_LABELS", "ColumnGuess", "Confidence", "Reason"]


class Confidence(StrEnum):
    """How sure it is that a column is a field; below ``MEDIUM`` nothing is taken for granted."""

    CERTAIN = "certain"  # the source's own header, or a person said so
    HIGH = "high"  # a header agreed on with another source, or the field's own label; or header and content together
    MEDIUM = "medium"  # a usual word, a similar header, or the content alone
    NONE = "none"

    @property
    def rank(self) -> int:
        """Larger is surer."""
        return -list(Confidence).index(self)


class Reason(StrEnum):
    """Why a column is taken for a field, or for none."""

    GIVEN = "given"
    ALIAS = "alias"
    ALIAS_ELSEWHERE = "alias-elsewhere"
    LABEL = "label"
    USUAL_WORD = "usual-word"
    SIMILAR = "similar"
    CONTENT = "content"
    CONTENT_DIFFERS = "content-differs"
    SEVERAL_FIELDS = "several-fields"
    SEVERAL_COLUMNS = "several-columns"
    TAKEN = "taken"
    OTHER_PERSON = "other-person"
    PLACE_UNCLEAR = "place-unclear"
    SAME_HEADER = "same-header"
    NO_HEADER = "no-header"


CONFIDENCE_LABELS: MappingProxyType[Confidence, str] = MappingProxyType(
    {
        Confidence.CERTAIN: "确定",
        Confidence.HIGH: "高",
        Confidence.MEDIUM: "中",
        Confidence.NONE: "待定",
    }
)

REASON_LABELS: MappingProxyType[Reason, str] = MappingProxyType(
    {
        Reason.GIVEN: "由操作人指定",
        Reason.ALIAS: "同本来源的表头",
        Reason.ALIAS_ELSEWHERE: "同其他来源的表头",
        Reason.LABEL: "同登记项名称",
        Reason.USUAL_WORD: "常见写法",
        Reason.SIMILAR: "表头相近",
        Reason.CONTENT: "内容相符",
        Reason.CONTENT_DIFFERS: "内容不符",
        Reason.SEVERAL_FIELDS: "表头可指多项",
        Reason.SEVERAL_COLUMNS: "有多列像同一项",
        Reason.TAKEN: "已有更合适的列",
        Reason.OTHER_PERSON: "所指不是本人",
        Reason.PLACE_UNCLEAR: "户籍还是居住未写明",
        Reason.SAME_HEADER: "有表头相同的列",
        Reason.NO_HEADER: "没有表头",
    }
)
"""What officers read for each reason."""


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    """A column and what it is taken for.

    Attributes:
        letter: the column as a spreadsheet shows it.
        header: as written, on one line.
        field: the field it is taken for; ``None`` where that is left to a person.
        confidence: ``NONE`` exactly where ``field`` is ``None``.
        reasons: why.
        candidates: fields it may be, where it is left to a person.
    """

    letter: str
    header: str
    field: str | None = None
    confidence: Confidence = Confidence.NONE
    reasons: tuple[Reason, ...] = ()
    candidates: tuple[str, ...] = ()
