"""The one line an operator reads in the morning, on a terminal, on the page and in the message."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from flows.watching.cards import Card, owners_counted
from flows.watching.situation import Situation, day_of

__all__ = ["LAMPS", "headline_of", "span_words"]

LAMPS: Mapping[str, str] = MappingProxyType({
    "green": "● 绿", "yellow": "● 黄", "red": "● 红", "running": "◐ 运行中", "none": "○ 未运行",
})  # fmt: skip


def headline_of(found: Situation, lamp: str, cards: Sequence[Card]) -> str:
    """Lamp, run, when, and how much waits for whom."""
    waits = f"需要处理 {len(cards)} 项（{owners_counted(cards)}）" if cards else "没有需要处理的事项"
    if found.latest is None:
        return f"{LAMPS[lamp]}  还没有运行过。开始一次：eldersync run" + (f"  {waits}" if cards else "")
    run = found.latest
    finished = found.local(run["finished_at"]) if run["finished_at"] else None
    kind = "次运行" if run["kind"] == "night" else "次运行（撤销）"
    when = span_words(found.local(run["started_at"]), finished)
    return f"{LAMPS[lamp]}  第 {run['run_id']} {kind}  {when}  业务日期 {day_of(run)}  {waits}"


def span_words(began: datetime, ended: datetime | None) -> str:
    """From when to when.

    >>> span_words(datetime(2026, 1, 31, 2), datetime(2026, 1, 31, 2, 3))
    '2026-01-31 02:00–02:03'
    """
    if ended is None:
        return f"{began:%Y-%m-%d %H:%M} 开始"
    end = f"{ended:%H:%M}" if ended.date() == began.date() else f"{ended:%Y-%m-%d %H:%M}"
    return f"{began:%Y-%m-%d %H:%M}–{end}"
