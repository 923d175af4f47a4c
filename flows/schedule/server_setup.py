"""What a server of ours must hold before its worker begins: the work pool, every deployment, and the rule that a dead flow is called crashed.

All of it may be done again at every start.
"""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flows.schedule.prefect_api import PrefectApi
from flows.schedule.prefect_server import HEARTBEAT_SECONDS, POOL
from schemas.errors import PrefectUnavailable

__all__ = ["DEPLOYMENTS", "OUR_TAG", "SILENT_SECONDS", "open_pool", "prepare", "register"]

DEPLOYMENTS = ("nightly", "source", "push", "reconcile", "scorecard", "backup")
"""What ``prefect.yaml`` declares."""

OUR_TAG = "eldersync"
"""Of every deployment of ours."""

SILENT_SECONDS = 10 * HEARTBEAT_SECONDS
"""A flow that has said nothing for so long has crashed; a busy machine may keep one from speaking for a while."""

_FILE = Path(__file__).resolve().parents[2] / "prefect.yaml"
_SECONDS = 180
_RULE = "a flow that has stopped saying that it lives has crashed"


def prepare(api: PrefectApi, *, silent_seconds: int = SILENT_SECONDS) -> None:
    """Makes the work pool where it is missing, and the rule of dead flows; nothing is performed until :func:`open_pool`.

    Args:
        api: of the server.
        silent_seconds: a flow that has said nothing for so long has crashed.
    """
    if api.get(f"work_pools/{POOL}") is None:
        # What its jobs look like the worker fills in itself, as long as there is nothing.
        api.post("work_pools/", {"name": POOL, "type": "process", "base_job_template": {}, "is_paused": True})
    api.patch(f"work_pools/{POOL}", {"is_paused": True})
    _set_rule(api, silent_seconds)


def register(api: PrefectApi, environment: Mapping[str, str], log: Path) -> None:
    """Puts every deployment of ``prefect.yaml`` in force, and removes those of ours that it no longer has.

    Args:
        api: of the server.
        environment: of who works with it.
        log: where Prefect's own command says what it did.

    Raises:
        PrefectUnavailable: they could not be registered.
    """
    _deploy(environment, log)
    for deployment in api.all("deployments/filter", {"deployments": {"tags": {"all_": [OUR_TAG]}}}):
        if deployment["name"] not in DEPLOYMENTS:
            api.delete(f"deployments/{deployment['id']}")


def open_pool(api: PrefectApi) -> None:
    """Lets the worker perform what is due."""
    api.patch(f"work_pools/{POOL}", {"is_paused": False})


def _deploy(environment: Mapping[str, str], log: Path) -> None:
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(_FILE)]
    with log.open("wb") as file:
        try:
            code = subprocess.run(
                command, env=environment, cwd=_FILE.parent, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                timeout=_SECONDS, check=False, umask=0o077,
            ).returncode  # fmt: skip
        except subprocess.TimeoutExpired:
            code = None
    if code != 0:
        raise PrefectUnavailable(f"the deployments could not be registered; see {log}")


def _set_rule(api: PrefectApi, silent_seconds: int) -> None:
    """Without it a flow that hangs, or that was killed together with its worker, would stay ``Running``."""
    rule = _rule(silent_seconds)
    known = api.post("automations/filter", {"automations": {"name": {"any_": [_RULE]}}})
    if not known:
        api.post("automations/", rule)
    # Put in force again, it would forget of whom it waits to hear.
    elif (known[0]["description"], known[0]["enabled"]) != (rule["description"], True):
        api.put(f"automations/{known[0]['id']}", rule)


def _rule(silent_seconds: int) -> dict[str, Any]:
    # A flow's end is an event named like its state, and ours have names of their own: any event is a sign of life.
    return {
        "name": _RULE,
        "description": f"No sign of life for {silent_seconds} seconds. What it had done is in the ledger; the next night goes on from there.",
        "enabled": True,
        "trigger": {
            "type": "event",
            "posture": "Proactive",
            "match": {"prefect.resource.id": "prefect.flow-run.*"},
            "match_related": {},
            "after": ["prefect.flow-run.heartbeat"],
            "expect": ["prefect.flow-run.*"],
            "for_each": ["prefect.resource.id"],
            "threshold": 1,
            "within": silent_seconds,
        },
        "actions": [
            {
                "type": "change-flow-run-state",
                "state": "CRASHED",
                "name": "Crashed",
                "message": "no sign of life; its process is dead",
            }
        ],
        "actions_on_trigger": [],
        "actions_on_resolve": [],
    }
