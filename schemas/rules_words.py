"""What officers read of a rule's parameters: a label for each key of ``rules.toml``, and its value in words."""

from types import MappingProxyType
from typing import Any

from schemas.findings import Severity

__all__ = ["PARAMETER_WORDS", "SEVERITY_WORDS", "in_words"]

SEVERITY_WORDS: MappingProxyType[str, str] = MappingProxyType(
    {Severity.REJECT: "退回", Severity.HOLD: "待定", Severity.WARN: "提醒", Severity.NOTE: "说明"}
)
"""What officers read for each severity."""

PARAMETER_WORDS: MappingProxyType[str, str] = MappingProxyType(
    {
        "minimum_age": "最低年龄（周岁）", "implausible_age": "待核实的年龄（超过）", "assessment_valid_months": "评估有效期（月）",
        "incapacitated_from_level": "列为失能的最低能力等级", "severe_levels": "重残的等级",
        "severe_extended_categories": "另计为重残的残疾类别", "severe_extended_levels": "另计类别的等级",
        "unticked_contradicts": "登记表未勾选也视为不一致的类型",
        "brake.people": "名单减少的人数", "brake.share": "名单减少的比例", "brake.village_people": "单个村（居）减少的人数",
        "brake.village_share": "单个村（居）减少的比例", "reading.file_megabytes": "文件大小（MB）",
        "reading.memory_megabytes": "读取内存（MB）", "reading.cpu_seconds": "读取耗时（处理器秒）", "reading.wall_seconds": "读取耗时（秒）",
    }
)  # fmt: skip
"""Labels of the parameters that rules declare."""


def in_words(parameters: dict[str, Any]) -> str:
    """Parameters with their values on one line.

    >>> in_words({"minimum_age": 60, "severe_extended_categories": []})
    '最低年龄（周岁）：60；另计为重残的残疾类别：无'
    """
    return "；".join(f"{PARAMETER_WORDS[key]}：{_value(value)}" for key, value in parameters.items())


def _value(value: Any) -> str:
    if isinstance(value, list):
        return "、".join(map(str, value)) or "无"
    return f"{value:.0%}" if isinstance(value, float) else str(value)
