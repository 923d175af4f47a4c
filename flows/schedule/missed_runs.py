"""Scheduled runs that nobody performed while server or worker were away: the newest of each deployment is performed, the others are skipped.

What a night or a push leaves undone the next does, so seven late ones are one. A late night that begins while another has been since asks
the ledger itself (``flows.nightly``).
"""

from datetime import datetime
from typing import Any

from flows.schedule.prefect_api import PrefectApi

__all__ = ["skip_missed_runs"]

_NEVER_BEGUN = {"name": {"any_": ["Scheduled", "Late"]}}
_SKIPPED = {
    "type": "COMPLETED",
    "name": "Skipped",
    "message": "missed while the server or its worker was off; a later run does what it would have",
}


def skip_missed_runs(api: PrefectApi, now: datetime) -> dict[str, int]:
    """Ends all late runs but the newest of every deployment; how many, by deployment."""
    return {deployment["name"]: _skip(api, deployment["id"], now) for deployment in api.all("deployments/filter", {})}


def _skip(api: PrefectApi, deployment_id: str, now: datetime) -> int:
    due: dict[str, Any] = {
        "deployment_id": {"any_": [deployment_id]},
        "state": _NEVER_BEGUN,
        "tags": {"all_": ["auto-scheduled"]},
        "expected_start_time": {"before_": now.isoformat()},
    }
    newest = api.post("flow_runs/filter", {"flow_runs": due, "sort": "EXPECTED_START_TIME_DESC", "limit": 1})
    if not newest:
        return 0
    others = {"flow_runs": due | {"id": {"not_any_": [newest[0]["id"]]}}, "state": _SKIPPED, "force": True}
    skipped = 0
    while ended := len(api.post("flow_runs/bulk_set_state", others)["results"]):
        skipped += ended
    return skipped
