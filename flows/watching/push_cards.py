"""Cards about the push: what the platform has not heard, does not answer or does not accept, and who sees to it."""

from collections.abc import Iterator
from typing import Any

from flows.watching.cards import Card, card
from flows.watching.situation import Awaiting, Situation, since_when

__all__ = ["push_cards"]

_OURS = ("clock", "signature", "not let in", "secret")
"""Words of a reason to stop that is looked for on our side first."""

_REASONS = 4


def push_cards(found: Situation) -> list[Card]:
    """Every card the outbox and what is remembered of the platform give cause for."""
    if found.awaiting is None or found.latest is None:
        return []
    run_id = found.latest["run_id"]
    return [*_in_the_way(found, found.awaiting), *_open(found, found.awaiting), *_not_accepted(found, run_id)]


def _in_the_way(found: Situation, awaiting: Awaiting) -> Iterator[Card]:
    """Why nothing leaves."""
    plan, platform = awaiting.plan, awaiting.platform
    if platform.must_reconcile:
        yield card("registry-restored", "对账之前不上报。")
    if awaiting.unreleased and plan is not None and plan.brakes and plan.released_at is None:
        words = _joined([brake["words"].partition("。")[0] for brake in plan.brakes])
        what = f"{awaiting.unreleased:,} 人的变更等待批准：{words}。"
        yield card("push-braked", what, since=found.local(plan.planned_at), run=plan.run_id)
    if platform.stopped_by:
        since = found.local(platform.stopped_at) if platform.stopped_at else None
        is_ours = any(word in platform.stopped_by for word in _OURS)
        yield card("push-stopped", f"原因：{platform.stopped_by}", since=since, owner="我方" if is_ours else None)
    elif awaiting.is_away and platform.open_until is not None:
        until = found.local(platform.open_until)
        yield card("push-away", f"连续 {platform.failures} 次没有应答，{until:%H:%M} 之前不再发送。")
    if awaiting.elsewhere is not None:
        yield card("push-elsewhere", awaiting.elsewhere.for_officers)


def _joined(reasons: list[str]) -> str:
    """The first few, and how many more; the plan has all of them, with what each asks for."""
    more = f"；另有 {len(reasons) - _REASONS} 项" if len(reasons) > _REASONS else ""
    return "；".join(reasons[:_REASONS]) + more


def _open(found: Situation, awaiting: Awaiting) -> Iterator[Card]:
    """What is on its way, or of which nobody knows what became of it."""
    if awaiting.delayed and not found.active and not awaiting.platform.stopped_by and not awaiting.is_away:
        yield card("push-delayed", f"{awaiting.delayed:,} 人的变更已放行，还没有报出。")
    if unknown := awaiting.by_state["unknown"]:
        yield card("push-open", f"{unknown:,} 人的上报尚无结果。")
    if awaiting.unanswered:
        yield card("push-unanswered", f"{awaiting.unanswered:,} 人的变更报出后没有结果。")
    if held := awaiting.by_state["held"]:
        yield card("push-unconfirmed", f"{held:,} 人的上报结果无法确认。")


def _not_accepted(found: Situation, run_id: int) -> Iterator[Card]:
    """Whom the platform did not take, or would not."""
    assert found.awaiting is not None  # noqa: S101  asked by our caller
    if rejected := found.awaiting.rejected:
        yield card("push-rejected", f"省平台退回 {rejected:,} 人。", since=since_when(found, _has_rejected), run=run_id)
    if incomplete := found.awaiting.incomplete:
        yield card("push-incomplete", f"{incomplete:,} 人缺少必填项或填写不合要求。", run=run_id)


def _has_rejected(summary: dict[str, Any]) -> bool:
    return bool(summary["push"]["rejected"])
