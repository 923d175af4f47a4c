"""What a statement that a person is of a category rests on, and why it holds no longer."""

from enum import StrEnum
from types import MappingProxyType

__all__ = ["CATEGORY_END_LABELS", "EVIDENCE_LABELS", "CategoryEnd", "Evidence"]


class Evidence(StrEnum):
    """What a statement of a category rests on."""

    CERTIFICATE = "certificate"
    ASSESSMENT = "assessment"
    LIST = "list"
    SURVEY_TICK = "survey_tick"


EVIDENCE_LABELS = MappingProxyType(
    {
        Evidence.CERTIFICATE: "残疾人证",
        Evidence.ASSESSMENT: "能力评估",
        Evidence.LIST: "列入名单",
        Evidence.SURVEY_TICK: "登记表勾选",
    }
)


class CategoryEnd(StrEnum):
    """Why a statement of a category ended."""

    NO_LONGER_LISTED = "no-longer-listed"
    CERTIFICATE_CANCELLED = "certificate-cancelled"
    LEVEL_CHANGED = "level-changed"
    ASSESSMENT_SAYS_ABLE = "assessment-says-able"
    UNTICKED = "unticked"
    ROW_HELD = "row-held"
    PERSON_WITHDRAWN = "person-withdrawn"
    RULES_CHANGED = "rules-changed"
    REPLACED = "replaced"
    UNDONE = "undone"


CATEGORY_END_LABELS = MappingProxyType(
    {
        CategoryEnd.NO_LONGER_LISTED: "来源名单不再列入",
        CategoryEnd.CERTIFICATE_CANCELLED: "残疾人证已注销",
        CategoryEnd.LEVEL_CHANGED: "残疾等级变更，不属于重残",
        CategoryEnd.ASSESSMENT_SAYS_ABLE: "能力评估不属于失能",
        CategoryEnd.UNTICKED: "登记表不再勾选",
        CategoryEnd.ROW_HELD: "来源的行暂缓采用",
        CategoryEnd.PERSON_WITHDRAWN: "人员已退出",
        CategoryEnd.RULES_CHANGED: "认定规则变更",
        CategoryEnd.REPLACED: "由同一来源较新的行接续",
        CategoryEnd.UNDONE: "有关运行已撤销",
    }
)
