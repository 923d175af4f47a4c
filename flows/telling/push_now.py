"""``eldersync push``: what waits is planned anew and told, between nights: after an approval, a correction, or an outage."""

import time
from pathlib import Path
from typing import Any

from flows.accounts.reporting import push_reasons
from flows.context import Night, opened_night
from flows.logs import log_to_file
from flows.telling.plan import plan
from flows.telling.push import account_for_push, push_online
from flows.telling.push_target import told_elsewhere_than_now
from registry import runs
from registry.engine import transaction
from registry.lock import assert_lock_held
from registry.outbox_delivery import next_due
from schemas.errors import ConfigurationInvalid, PushFailed

__all__ = ["push_now"]


def push_now(home: Path, config: Path) -> dict[str, Any]:
    """Plans and tells what waits, as part of the newest run.

    Returns:
        ``run_id status push reasons files next_at seconds``; ``push`` counts what this push did, and who waits after it. Yellow where a brake, the platform or a refusal waits for a
        person, or something is to be tried again.

    Raises:
        ConfigurationInvalid: there was no night yet.
        AnotherRunIsActive: a run is going on.
        PushFailed: the registry was restored and not reconciled yet, or what was told by another target is not settled yet.
    """
    with opened_night(home, config, None) as night, log_to_file(night.home.logs):
        _take_newest_run(night)
        night.lock.announce("push")
        began = time.monotonic()
        with transaction(night.engine) as connection:
            assert_lock_held(connection, night.lock)
            planned = plan(night, connection)
            elsewhere = told_elsewhere_than_now(night, connection)
        if elsewhere:
            raise PushFailed(elsewhere.for_operators)
        delivered = push_online(night)
        with transaction(night.engine) as connection:
            assert_lock_held(connection, night.lock)
            pushed = account_for_push(night, connection, delivered, planned, send=True)
            due = next_due(connection, night.profile.name, night.now())
        reasons = push_reasons(pushed)
        waits_for_result = pushed["waiting"] > 0
        return {
            "run_id": night.run_id,
            "status": "yellow" if reasons or waits_for_result else "green",
            "push": {"planned": pushed["planned"], **pushed["now"], "waiting": pushed["waiting"]},
            "reasons": reasons,
            "files": [str(night.home.path / file) for file in pushed["files"]],
            "next_at": due.astimezone(night.now().tzinfo).isoformat(timespec="seconds") if due else None,
            "seconds": round(time.monotonic() - began, 3),
        }


def _take_newest_run(night: Night) -> None:
    with transaction(night.engine) as connection:
        newest = runs.latest_run(connection)
    if newest is None:
        raise ConfigurationInvalid("there was no night yet, so there is nothing to push; begin with: eldersync run")
    night.run_id, night.business_date = newest["run_id"], newest["business_date"]
