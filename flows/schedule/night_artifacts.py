"""What a run's page on the Prefect server shows of a night: counts, and where its report lies. No sentence, no name, no cell."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flows.schedule.run_of_flow import ToDo

__all__ = ["funnel_rows", "leave_artifacts", "night_markdown", "show_again"]

log = logging.getLogger("eldersync")

_PARTS = {"received": "收到", "admitted": "纳入", "held": "暂缓", "duplicate": "重复", "blank": "空白"}
_CHANGES = {"new": "新增", "changed": "变更", "withdrawn": "退出", "unchanged": "未变", "total": "在册总数"}
_FINDINGS = {"reject": "须退回更正的问题", "hold": "待核定的问题", "warn": "提醒", "note": "说明"}
_PUSH = {"waiting": "等待推送", "rejected": "省平台退回", "unknown": "推送结果不明"}


def leave_artifacts(summary: Mapping[str, Any]) -> None:
    """Leaves the figures of a finished night with the flow run: a table ``night-funnel`` and a text ``night-report``.

    A server that does not take them costs the night nothing but the picture.
    """
    # Prefect reads its settings when it is loaded, which is flows.nightly's to do.
    from prefect.artifacts import create_markdown_artifact, create_table_artifact

    try:
        create_table_artifact(
            funnel_rows(summary), key="night-funnel", description=f"第 {summary['run_id']} 次运行的漏斗（行）"
        )
        create_markdown_artifact(
            night_markdown(summary), key="night-report", description=f"第 {summary['run_id']} 次运行"
        )
    except Exception as error:  # whatever the server or the way to it does; its text may quote what was sent
        log.warning("run %d: Prefect took no artifacts: %s", summary["run_id"], type(error).__name__)


def show_again(left: ToDo) -> ToDo:
    """What a flow run with nothing left to do ends with; its figures again, since it may have been ended just before it left them."""
    log.info("%s", left.message)
    if left.summary is not None:
        leave_artifacts(left.summary)
    return left


def funnel_rows(summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row for each source, by the name it has in the configuration, and the sum."""
    lines = [
        {"来源": line["name"], **{word: line[part] for part, word in _PARTS.items()}} for line in summary["sources"]
    ]
    return [*lines, {"来源": "合计", **{word: sum(line[word] for line in lines) for word in _PARTS.values()}}]


def night_markdown(summary: Mapping[str, Any]) -> str:
    """Where the report lies, what changed, and how much waits for whom.

    The address is one of this machine; a browser elsewhere shows the path.
    """
    page = Path(summary["report"])
    counts = [
        ("变化（人）", _CHANGES, summary["elders"]),
        ("问题（条）", _FINDINGS, summary["findings"]),
        ("等待处理（条）", _PUSH, summary["push"]),
    ]
    lines = [f"[第 {summary['run_id']} 次运行的报告]({page.as_uri()})", "", f"`{page}`", ""]
    for title, words, numbers in counts:
        lines += [
            f"| {title} | |",
            "| --- | ---: |",
            *(f"| {word} | {numbers[key]:,} |" for key, word in words.items()),
            "",
        ]
    return "\n".join(lines)
