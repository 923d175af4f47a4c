"""Cards about the Prefect server of this installation: whether its processes live, whether it answers, whether a night is scheduled."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flows.schedule.prefect_server import POOL
from flows.schedule.server_processes import ServerProcesses, read_processes
from flows.settings.secret_store import read_secret
from flows.watching.cards import Card, card
from schemas.errors import PrefectUnavailable, SecretMissing
from schemas.operations import Operations

__all__ = ["next_night", "server_cards", "server_since"]

_TIME_TO_START = timedelta(minutes=3)
_SILENT_AFTER = timedelta(minutes=3)
_NIGHT = "deployments/name/nightly/nightly"


def server_cards(home: Path, operations: Operations, *, now: datetime, is_thorough: bool) -> list[Card]:
    """Every card the server gives cause for; none where it was never started here, or was stopped in order.

    Args:
        home: of the installation.
        operations: where its password is.
        now: in the bureau's time zone.
        is_thorough: ask for schedule and worker too, not only whether it is there.
    """
    noted = read_processes(home)
    if noted is None or noted.state == "stopping" or _is_starting(noted, now):
        return []
    if gone := _gone(noted, now):
        return [gone]
    return [*_unsupervised(noted, now), *_answers(home, operations, noted, now, is_thorough=is_thorough)]


def server_since(home: Path) -> datetime | None:
    """Since when the server is meant to run; ``None`` where it is not."""
    noted = read_processes(home)
    return datetime.fromisoformat(noted.since) if noted is not None else None


def _is_starting(noted: ServerProcesses, now: datetime) -> bool:
    began = datetime.fromisoformat(noted.since)
    return noted.state == "starting" and bool(noted.alive()) and now - began < _TIME_TO_START


def _gone(noted: ServerProcesses, now: datetime) -> Card | None:
    alive = noted.alive()
    since = datetime.fromisoformat(noted.since).astimezone(now.tzinfo)
    running = f"启动于 {since:%Y-%m-%d %H:%M}，自动重启过 {noted.restarts} 次。"
    if "server" not in alive:
        return card("server-down", f"进程已不在。{running}")
    if "worker" not in alive:
        return card("worker-dead", f"执行程序的进程已不在。{running}")
    return None


def _unsupervised(noted: ServerProcesses, now: datetime) -> Iterator[Card]:
    if "supervisor" in noted.processes and "supervisor" not in noted.alive():
        since = datetime.fromisoformat(noted.since).astimezone(now.tzinfo)
        yield card("supervisor-dead", f"看护进程已不在，启动于 {since:%Y-%m-%d %H:%M}。")


def _answers(
    home: Path, operations: Operations, noted: ServerProcesses, now: datetime, *, is_thorough: bool
) -> Iterator[Card]:
    from flows.schedule.prefect_api import (
        PrefectApi,  # loads what speaks HTTP, which only a server that is there is worth
    )

    try:
        password = read_secret(home, operations.server.password_secret) if is_thorough else ""
        with PrefectApi(f"http://127.0.0.1:{noted.port}/api", password) as api:
            if not api.is_healthy():
                yield card("server-silent", "健康检查没有应答。")
            elif is_thorough:
                yield from _schedule(api, now)
                yield from _worker(api, now)
    except (PrefectUnavailable, SecretMissing) as problem:
        yield card("server-silent", str(problem))


def _schedule(api: Any, now: datetime) -> Iterator[Card]:
    problem, _ = next_night(api, now)
    if problem:
        yield card("schedule-empty", problem)


def next_night(api: Any, now: datetime) -> tuple[str, datetime | None]:
    """Why no night is scheduled, in words; or an empty text, and when the next one is."""
    deployment = api.get(_NIGHT)
    if deployment is None:
        return "夜间运行没有登记。", None
    if deployment["paused"] or not any(schedule["active"] for schedule in deployment["schedules"]):
        return "夜间运行的计划已暂停。", None
    scheduled = {"deployment_id": {"any_": [deployment["id"]]}, "state": {"type": {"any_": ["SCHEDULED"]}},
                 "expected_start_time": {"after_": now.isoformat()}}  # fmt: skip
    found = api.post("flow_runs/filter", {"flow_runs": scheduled, "sort": "EXPECTED_START_TIME_ASC", "limit": 1})
    if not found:
        return "计划在，却没有排出下一次运行。", None
    return "", datetime.fromisoformat(found[0]["expected_start_time"]).astimezone(now.tzinfo)


def _worker(api: Any, now: datetime) -> Iterator[Card]:
    workers = api.post(f"work_pools/{POOL}/workers/filter", {})
    beats = [datetime.fromisoformat(one["last_heartbeat_time"]) for one in workers if one["last_heartbeat_time"]]
    if not beats or now - max(beats) > _SILENT_AFTER:
        last = f"最近一次报到 {max(beats).astimezone(now.tzinfo):%m-%d %H:%M}。" if beats else "从未报到。"
        yield card("worker-dead", f"执行程序没有向调度服务报到。{last}")
