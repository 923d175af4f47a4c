"""The figures of a night as a bill: every line is a sum that must add up, and says so."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flows.watching.situation import Situation

__all__ = ["BillLine", "bill_of"]


@dataclass(frozen=True, slots=True)
class BillLine:
    """A sum and its parts. ``total`` was counted apart from them, except where ``is_counted`` is false."""

    label: str
    total: int
    unit: str
    parts: tuple[tuple[str, int], ...]
    is_counted: bool = True

    @property
    def difference(self) -> int:
        """What does not add up.

        >>> BillLine("收到", 10, "行", (("纳入", 8), ("暂缓", 1))).difference
        1
        """
        return self.total - sum(count for _, count in self.parts) if self.is_counted else 0

    @property
    def sum_words(self) -> str:
        """The parts as they are added.

        >>> BillLine("收到", 9, "行", (("纳入", 8), ("暂缓", 1))).sum_words
        '纳入 8 + 暂缓 1'
        """
        return " + ".join(f"{word} {count:,}" for word, count in self.parts)

    @property
    def verdict(self) -> str:
        """Whether it adds up, in words; empty where there is nothing to compare."""
        if not self.is_counted:
            return ""
        return f"相差 {self.difference:,}" if self.difference else "✓ 相符"


def bill_of(found: Situation) -> list[BillLine]:
    """The lines of the newest night that finished; nothing where there is none yet."""
    if found.night is None:
        return []
    summary, planned = found.night["summary"], found.night_stages["plan", ""].result
    return [*_of_the_night(summary, planned), *_of_now(found)]


def _of_the_night(summary: Mapping[str, Any], planned: Mapping[str, Any]) -> list[BillLine]:
    sources, elders, push = summary["sources"], summary["elders"], summary["push"]
    rows = {
        part: sum(line[part] for line in sources) for part in ("received", "admitted", "held", "duplicate", "blank")
    }
    is_waiting_for_result = push["sent"] - push["accepted"] - push["rejected"]
    return [
        BillLine("收到", rows["received"], "行", (
            ("纳入", rows["admitted"]), ("暂缓", rows["held"]), ("重复", rows["duplicate"]), ("空白", rows["blank"]),
        )),
        BillLine("在册", elders["total"], "人", (
            ("新增", elders["new"]), ("变更", elders["changed"]), ("未变", elders["unchanged"]),
        )),
        BillLine("上报方案", push["planned"], "人", (
            ("新增", planned["new"]), ("变更", planned["changed"]), ("退出", planned["withdrawn"]),
        )),
        BillLine("已报出", push["sent"], "人", (
            ("已接收", push["accepted"]), ("被退回", push["rejected"]), ("已交文件或等结果", is_waiting_for_result),
        ), is_counted=False),
    ]  # fmt: skip


def _of_now(found: Situation) -> list[BillLine]:
    lines = []
    if found.awaiting is not None:
        state = found.awaiting.by_state
        parts = (
            ("等待上报", state["pending"]), ("途中", state["inflight"]), ("受理中", state["processing"]),
            ("结果未定", state["unknown"]), ("待核实", state["held"]),
        )  # fmt: skip
        lines.append(BillLine("平台待结", found.awaiting.people, "人", parts, is_counted=False))
    counts = tuple((word, found.findings.get(key, 0)) for key, word in _SEVERITIES)
    lines.append(BillLine("现有问题", sum(count for _, count in counts), "条", counts, is_counted=False))
    return lines


_SEVERITIES = (("reject", "须退回"), ("hold", "待核定"), ("warn", "提醒"), ("note", "说明"))
