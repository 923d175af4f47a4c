"""What a run will do before it does it: which stages are done, which it does or repeats, and what the platform is told."""

from datetime import date
from typing import Any

import sqlalchemy as sa

from flows.opened_runs import known_sources, resumable
from flows.progress import STAGE_WORDS
from registry import outbox, runs
from schemas.configuration import Configuration
from schemas.push import PushState

__all__ = ["preview_lines", "preview_of_resume", "preview_of_run"]

_OF_A_SOURCE = ("receive", "take")
_TARGETS = {"workbook": "写成导入表，由数据员提交", "api": "经平台接口上报", "exchange": "经前置库上报"}
_WILL = {"done": "已完成，不重复", "repeat": "上次没有做成，重做", "do": "要做"}


def preview_of_run(
    connection: sa.Connection, configuration: Configuration, profile: str, *, business_date: date, sources: list[str] | None, send: bool
) -> dict[str, Any]:  # fmt: skip
    """What a new night will do; ``unfinished_run`` is the stopped run whose rest it does, if there is one.

    Returns:
        ``what run_id business_date sources stages platform unfinished_run``; each of ``stages`` has ``stage source will`` (``done``,
        ``do``, ``repeat``); ``platform`` has ``target tells waiting unreleased told`` in people.

    Raises:
        ConfigurationInvalid: a source asked for is not configured.
    """
    known_sources(configuration, sources)
    asked = sources or list(configuration.sources)
    latest = runs.latest_run(connection)
    is_unfinished = latest is not None and latest["status"] in {"red", "running"}
    return {
        "what": "run", "run_id": None, "business_date": business_date.isoformat(), "sources": asked, "stages": _stages(asked, {}),
        "platform": _platform(connection, configuration, profile, 0, tells=send),
        "unfinished_run": latest["run_id"] if is_unfinished and latest is not None else None,
    }  # fmt: skip


def preview_of_resume(
    connection: sa.Connection, configuration: Configuration, profile: str, run_id: int
) -> dict[str, Any]:
    """What going on with a stopped run will do; as :func:`preview_of_run`.

    Raises:
        ConfigurationInvalid: it cannot be gone on with.
    """
    record = resumable(connection, run_id)
    requested, recorded = record["requested"], runs.stages(connection, run_id)
    is_told = ("push", "") in recorded and recorded["push", ""].status == "done"
    tells = bool(requested["send"]) and not is_told
    return {
        "what": "resume", "run_id": run_id, "business_date": record["business_date"].isoformat(),
        "sources": requested["sources"], "stages": _stages(requested["sources"], recorded),
        "platform": _platform(connection, configuration, profile, run_id, tells=tells), "unfinished_run": run_id,
    }  # fmt: skip


def _stages(sources: list[str], recorded: dict[tuple[str, str], runs.StageRecord]) -> list[dict[str, str]]:
    order = [(stage, source) for stage in _OF_A_SOURCE for source in sources]
    order += [(stage, "") for stage in STAGE_WORDS if stage not in _OF_A_SOURCE]
    will = {"done": "done", "failed": "repeat"}
    return [
        {"stage": stage, "source": source, "will": will[found.status] if (found := recorded.get((stage, source))) else "do"}
        for stage, source in order
    ]  # fmt: skip


def _platform(
    connection: sa.Connection, configuration: Configuration, profile: str, run_id: int, *, tells: bool
) -> dict[str, Any]:
    told = outbox.told_in_run(connection, profile, run_id) if run_id else {}
    return {
        "target": configuration.bureau.target,
        "tells": tells,
        "waiting": outbox.waiting_count(connection, profile),
        "unreleased": outbox.unreleased_count(connection, profile),
        "told": sum(told.get(str(state), 0) for state in (PushState.SENT, PushState.ACCEPTED, PushState.REJECTED)),
    }


def preview_lines(found: dict[str, Any]) -> list[str]:
    """The same in words for operators."""
    sources = f"{len(found['sources'])} 个来源"
    if found["what"] == "run":
        lines = [f"新的一次运行：业务日期 {found['business_date']}，{sources}，各阶段从头做起。"]
        if found["unfinished_run"]:
            lines.append(
                f"  第 {found['unfinished_run']} 次运行没有完成，其余下的由本次接着做；已入库、已上报的不重复。"
            )
    else:
        lines = [f"续跑第 {found['run_id']} 次运行：业务日期 {found['business_date']}，{sources}。"]
        lines += [f"  {words}：{'、'.join(named)}" for will, words in _WILL.items() if (named := _named(found, will))]
    return [*lines, f"  上报：{_platform_words(found['platform'])}"]


def _named(found: dict[str, Any], will: str) -> list[str]:
    """Stages that fare alike; one that does so for every source is named once."""
    names = []
    for stage, words in STAGE_WORDS.items():
        of_stage = [line for line in found["stages"] if line["stage"] == stage]
        alike = [line["source"] for line in of_stage if line["will"] == will]
        if alike and len(alike) == len(of_stage):
            names.append(words)
        elif alike:
            names.append(f"{words}（{'、'.join(alike)}）")
    return names


def _platform_words(platform: dict[str, Any]) -> str:
    told = f"本次运行已报出 {platform['told']:,} 人，不再重复。" if platform["told"] else ""
    if not platform["tells"]:
        return f"不上报。{told}"
    held = f"（其中 {platform['unreleased']:,} 人待批准，批准前不报）" if platform["unreleased"] else ""
    return f"{_TARGETS[platform['target']]}；现有 {platform['waiting']:,} 人待报{held}，加上本次合并得出的变更。{told}"
