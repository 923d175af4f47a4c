"""Prefect's own history of flow runs, taken back by its interface, where a server answers. The ledger's history is not Prefect's."""

import os
from datetime import datetime
from pathlib import Path
from typing import Any

from flows.schedule.prefect_server import prefect_environment, quieten_telemetry
from flows.settings.secret_store import read_secret
from schemas.errors import SecretMissing
from schemas.operations import Server

__all__ = ["prune_flow_runs"]

_AT_A_TIME = 50  # the most that its server deletes in one call
_ENDED = ["COMPLETED", "FAILED", "CRASHED", "CANCELLED"]


def prune_flow_runs(home: Path, server: Server, before: datetime, *, write: bool) -> int | None:
    """How many flow runs that ended before an instant were (or would be) deleted; ``None`` where no server answers."""
    quieten_telemetry()  # before Prefect is loaded: it reads its settings then
    import httpx
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.exceptions import PrefectException

    api = os.environ.get("PREFECT_API_URL") or prefect_environment(home, server.port)["PREFECT_API_URL"]
    try:
        with SyncPrefectClient(api, auth_string=_password(home, server)) as client:
            return _deleted(client, before) if write else _counted(client, before)
    except (httpx.HTTPError, PrefectException, OSError):
        return None


def _password(home: Path, server: Server) -> str | None:
    if given := os.environ.get("PREFECT_API_AUTH_STRING"):
        return given
    try:
        return read_secret(home, server.password_secret)
    except SecretMissing:
        return None  # a server that asks for none


def _ended_before(before: datetime) -> dict[str, Any]:
    return {"end_time": {"before_": before.isoformat()}, "state": {"type": {"any_": _ENDED}}}


def _counted(client: Any, before: datetime) -> int:
    answer = client.request("POST", "/flow_runs/count", json={"flow_runs": _ended_before(before)})
    answer.raise_for_status()
    return int(answer.json())


def _deleted(client: Any, before: datetime) -> int:
    deleted = 0
    while True:
        question = {"flow_runs": _ended_before(before), "limit": _AT_A_TIME}
        answer = client.request("POST", "/flow_runs/bulk_delete", json=question)
        answer.raise_for_status()
        these = len(answer.json()["deleted"])
        deleted += these
        if these < _AT_A_TIME:
            return deleted
