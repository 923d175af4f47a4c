"""The words of the report's pages that more than one of them uses, in the official terms of the notice."""

from collections.abc import Mapping
from types import MappingProxyType

from schemas.findings import Group, Severity
from schemas.rules_words import SEVERITY_WORDS

__all__ = [
    "CONSEQUENCES", "EMPTY_NOTHING_CAME", "EMPTY_NOTHING_TO_DO", "FINDING_LABELS", "NO_TOWN", "NO_VILLAGE", "SEVERITY_WORDS",
    "STATUS_WORDS", "WHY",
]  # fmt: skip

STATUS_WORDS: Mapping[str, str] = {"green": "正常", "yellow": "需处理", "red": "失败", "absent": "未报送"}
EMPTY_NOTHING_TO_DO = "没有需要处理的事项。"
EMPTY_NOTHING_CAME = "没有收到资料。"
NO_VILLAGE = "（未写明村居）"
NO_TOWN = "（未写明乡镇街道）"

CONSEQUENCES: Mapping[str, str] = MappingProxyType(
    {
        Severity.REJECT: "更正之前，该行不进入登记册，也不报送省级平台，本人可能因此得不到探访关爱服务。",
        Severity.HOLD: "核定之前，该行不进入登记册，也不报送省级平台。",
        Severity.WARN: "该行已进入登记册，有问题的一项可能没有采用。",
        Severity.NOTE: "不影响采用，仅作记录。",
    }
)
"""What a finding does to its row, by severity."""

WHY: Mapping[Group, str] = MappingProxyType(
    {
        "file": "整份文件读不了或读不全，其中的人员本次都没有更新。",
        "identity": "身份证号码是认定同一人的唯一依据，错一位就会认错人、漏掉人或重复登记。",
        "person": "姓名、电话、地址是上门探访和紧急联系的依据，不准确就找不到人。",
        "category": "对象类型和有关证件决定是否列为特殊困难老年人，以及提供哪些探访关爱服务。",
        "household": "家庭成员情况用于落实赡养、扶养责任和紧急联系。",
        "between": "同一人在不同行或不同单位的资料互相矛盾，只能采用其中一个，另一个必有差错。",
        "push": "省级平台上的资料与本系统的登记册不一致。",
    }
)
"""Why a kind of problem matters, by the group of its rule."""

FINDING_LABELS: Mapping[str, str] = {
    "finding_id": "编号", "severity": "程度", "source_label": "来源", "delivery": "文件", "sheet": "工作表", "row_number": "行号",
    "column": "列", "label": "问题", "message": "说明", "remedy": "处理办法", "owner_label": "责任单位", "town": "乡镇（街道）",
    "village": "村（居）", "state": "状态", "since": "起始日期", "times_returned": "退回次数", "code": "规则代码",
}  # fmt: skip
"""Columns of the list of findings, on every page and in every workbook, in order."""
