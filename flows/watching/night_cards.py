"""Cards about runs, lists and people: what the ledger says that somebody has to see to. Those about the push are ``flows.watching.push_cards``'s."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

from flows.watching.card_words import Owner
from flows.watching.cards import Card, card
from flows.watching.push_cards import push_cards
from flows.watching.situation import Situation, day_of, since_when
from schemas.channels import FolderChannel

__all__ = ["STAGE_WORDS", "ledger_cards", "missed_night"]

STAGE_WORDS = {
    "receive": "接收", "take": "读取校验", "merge": "合并比对", "plan": "编制上报方案", "push": "上报", "report": "生成报告",
}  # fmt: skip
_KILLED = "the process ended before the run did"
_CANCELLED = "cancelled"  # as flows.night writes them; it is not loaded for the sake of two words
_OWNERS_OF_FAILURES: dict[str, Owner] = {
    "SourceUnavailable": "网络", "SourceRefusesUs": "来源单位", "SourceNotBelieved": "来源单位", "SecretMissing": "我方",
    "StageFailed": "我方",
}  # fmt: skip
_IS_LATE = "超过约定的"


def ledger_cards(found: Situation, *, stuck_since: datetime | None = None) -> list[Card]:
    """Every card the ledger gives cause for.

    Args:
        found: the ledger's situation.
        stuck_since: since when the active run has not come to the end of a stage, where that is too long.
    """
    cards = [*_of_the_run(found, stuck_since)]
    if found.night is not None:
        cards += [*_of_sources(found), *_of_people(found)]
    cards += push_cards(found)
    if found.latest is not None and found.latest["status"] == "yellow" and found.night is not None and not cards:
        cards.append(card("night-noted", " ".join(found.night["summary"]["reasons"]), since=day_of(found.night)))
    return cards


def missed_night(found: Situation, *, due: datetime, expected_since: datetime | None) -> Card | None:
    """The card of a night that did not happen, or is not over, when it should be.

    Args:
        found: the ledger's situation.
        due: the instant of today by which it must be done.
        expected_since: since when nights are scheduled here, where no run tells it; ``None`` where they are not.
    """
    first = min((found.local(night["started_at"]) for night in found.nights), default=expected_since)
    if found.now < due or first is None or first >= due:
        return None
    if any(day_of(night) >= due.date() for night in found.nights):
        return None
    run = found.latest
    if run is not None and day_of(run) >= due.date():
        if run["status"] != "running" or found.is_killed:
            return None  # it began and did not end well: the card of the run says so
        words = f"第 {run['run_id']} 次运行应当在 {due:%H:%M} 之前完成，现在还在进行，在{_last_done(found)}。"
        return card("night-late", words, since=due)
    last = f"最近一次完成的是 {day_of(found.night)}" if found.night is not None else "还没有一次完成的运行"
    return card("night-missed", f"今天 {due:%H:%M} 之前应当完成一次运行；{last}。", since=due)


def _of_the_run(found: Situation, stuck_since: datetime | None) -> Iterator[Card]:
    run = found.latest
    if run is None:
        return
    run_id, began = run["run_id"], found.local(run["started_at"])
    which = f"第 {run_id} 次运行（业务日期 {run['business_date']}）"
    if found.is_killed or (run["status"] == "red" and run["stopped_by"] == _KILLED):
        yield card("night-killed", f"{which}在{_last_done(found)}中断。", since=began, run=run_id)
    elif run["status"] == "red":
        code = "night-cancelled" if run["stopped_by"] == _CANCELLED else "night-stopped"
        yield card(code, f"{which}停在{_failed_stage(found)}：{run['stopped_by']}", since=began, run=run_id)
    elif run["status"] == "running" and stuck_since is not None:
        minutes = int((found.now - stuck_since).total_seconds() // 60)
        words = f"{which}已 {minutes} 分钟没有完成任何阶段，停在{_last_done(found)}。"
        yield card("night-hung", words, since=stuck_since, run=run_id)


def _last_done(found: Situation) -> str:
    done = [stage.name for stage in found.stages.values() if stage.status == "done"]
    last = [words for name, words in STAGE_WORDS.items() if name in done]
    return f"“{last[-1]}”之后" if last else "开始之后"


def _failed_stage(found: Situation) -> str:
    failed = [stage for stage in found.stages.values() if stage.status == "failed"]
    whole = [stage for stage in failed if not stage.source] or failed
    return f"“{STAGE_WORDS.get(whole[-1].name, whole[-1].name)}”阶段" if whole else "开始时"


def _of_sources(found: Situation) -> Iterator[Card]:
    assert found.night is not None  # noqa: S101  asked by our caller
    run_id, accounts = found.night["run_id"], found.night_stages["merge", ""].result["accounts"]
    for name, line in accounts.items():
        source = found.configuration.sources.get(name)
        if source is None:
            continue  # no longer configured
        code = _source_code(line["status"], line["message"], needs_a_look=line["needs_a_look"])
        if code is not None:
            since = since_when(found, partial(_is_amiss, name=name))
            owner = _owner_of_failure(found, name) if code == "source-failed" else None
            yield card(code, line["message"], since=since, owner=owner, of=source.label, run=run_id, source=name)


def _source_code(status: str, message: str, *, needs_a_look: bool) -> str | None:
    code = {"failed": "source-failed", "refused": "source-unusable", "held": "source-shrunk"}.get(status)
    if code is None and needs_a_look:
        return "source-late" if _IS_LATE in message else "source-look"
    return code


def _owner_of_failure(found: Situation, name: str) -> Owner:
    if isinstance(found.configuration.sources[name].channel, FolderChannel):
        return "我方"
    failed = [found.night_stages.get((stage, name)) for stage in ("receive", "take")]
    kinds = [stage.result.get("kind", "") for stage in failed if stage is not None and stage.status == "failed"]
    return _OWNERS_OF_FAILURES.get(kinds[0], "网络") if kinds else "网络"


def _is_amiss(summary: dict[str, Any], name: str) -> bool:
    return any(line["name"] == name and line["status"] in {"yellow", "red"} for line in summary["sources"])


def _has_findings(summary: dict[str, Any], severity: str) -> bool:
    return bool(summary["findings"][severity])


def _of_people(found: Situation) -> Iterator[Card]:
    assert found.night is not None  # noqa: S101  asked by our caller
    run_id, merged = found.night["run_id"], found.night_stages["merge", ""].result
    for severity, code, words in (("reject", "rows-to-return", "处须退回更正"), ("hold", "rows-to-decide", "处待核定")):
        if count := found.findings.get(severity, 0):
            since = since_when(found, partial(_has_findings, severity=severity))
            yield card(code, f"{count:,} {words}，有关记录未入库。", since=since, run=run_id)
    if found.open_cases:
        yield card("identity-open", f"{found.open_cases:,} 件待核定。", since=day_of(found.night))
    if retired := merged.get("overrides_retired", 0):
        yield card("decisions-retired", f"{retired:,} 项人工核定因来源改报失效。", since=day_of(found.night))
    if left_out := merged.get("pairs", {}).get("left_out", 0):
        yield card("pairs-left-out", f"{left_out:,} 对人员未作比对。", since=day_of(found.night))
