"""What goes on at the server of a home: the worker, the next night, what is at work and how it is cancelled."""

import re
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from flows.schedule.prefect_api import PrefectApi
from flows.schedule.prefect_server import POOL

__all__ = ["ActiveRun", "active_runs", "cancel_active_runs", "crash_dead_runs", "is_worker_online", "next_night"]

_AT_WORK = ["PENDING", "RUNNING", "CANCELLING"]
_CANCEL_SECONDS = 60
_RUN_OF_PROCESS = re.compile(rb"(?:^|\0)PREFECT__FLOW_RUN_ID=([0-9a-f-]{36})")
_CRASHED = {
    "type": "CRASHED",
    "name": "Crashed",
    "message": "its process is dead; the next night, or `eldersync resume`, goes on from there",
}


class ActiveRun(NamedTuple):
    """A flow run at work: Prefect's id and name of it, its deployment, and since when."""

    id: str
    name: str
    deployment: str
    since: datetime | None

    def told(self) -> str:
        """In words, since when in the time of this machine."""
        return f"{self.deployment} is at work" + (f" since {self.since.astimezone():%H:%M}" if self.since else "")


def active_runs(api: PrefectApi) -> list[ActiveRun]:
    """What the worker performs now."""
    names = {deployment["id"]: deployment["name"] for deployment in api.all("deployments/filter", {})}
    question = {"flow_runs": {"state": {"type": {"any_": _AT_WORK}}, "deployment_id": {"any_": list(names)}}}
    return [
        ActiveRun(run["id"], run["name"], names[run["deployment_id"]], _instant(run["start_time"]))
        for run in (api.all("flow_runs/filter", question) if names else [])
    ]


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def cancel_active_runs(api: PrefectApi, pause: Callable[[float], None]) -> None:
    """Asks for an end of everything at work, and waits until it has ended, a minute at most."""
    cancelling = {"state": {"type": "CANCELLING", "message": "the server is stopped"}}
    for run in active_runs(api):
        api.post(f"flow_runs/{run.id}/set_state", cancelling)
    until = time.monotonic() + _CANCEL_SECONDS
    while active_runs(api) and time.monotonic() < until:
        pause(0.5)


def crash_dead_runs(api: PrefectApi) -> list[ActiveRun]:
    """Calls crashed what the server believes to be at work and no process of this machine is; to be asked while no worker runs."""
    alive = _runs_with_a_process()
    dead = [run for run in active_runs(api) if run.id not in alive]
    for run in dead:
        # By the rules its place among those at work is given back; they do not let one crash that is being cancelled.
        if api.post(f"flow_runs/{run.id}/set_state", {"state": _CRASHED})["status"] != "ACCEPT":
            api.post(f"flow_runs/{run.id}/set_state", {"state": _CRASHED, "force": True})
    return dead


def _runs_with_a_process() -> set[str]:
    """Ids of the flow runs that processes of ours are performing: a worker tells each in its environment."""
    found = set()
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):  # ended meanwhile, or somebody else's
            found |= set(_RUN_OF_PROCESS.findall(environment.read_bytes()))
    return {identifier.decode() for identifier in found}


def is_worker_online(api: PrefectApi, since: datetime) -> bool:
    """Whether a worker of our pool has said since an instant that it polls."""
    workers: list[dict[str, Any]] = api.post(f"work_pools/{POOL}/workers/filter")
    beats = [worker["last_heartbeat_time"] for worker in workers if worker["last_heartbeat_time"]]
    return any(datetime.fromisoformat(beat) >= since for beat in beats)


def next_night(api: PrefectApi) -> datetime | None:
    """When the next night is scheduled; ``None`` where none is."""
    question = {
        "flow_runs": {
            "state": {"type": {"any_": ["SCHEDULED"]}},
            "expected_start_time": {"after_": datetime.now(UTC).isoformat()},
        },
        "deployments": {"name": {"any_": ["nightly"]}},
        "sort": "EXPECTED_START_TIME_ASC",
        "limit": 1,
    }
    found = api.post("flow_runs/filter", question)
    return datetime.fromisoformat(found[0]["expected_start_time"]) if found else None
