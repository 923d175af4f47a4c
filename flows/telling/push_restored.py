"""Marking a registry that was restored out of a backup: it is older than the platform, which has to be asked before it is told."""

import getpass
from pathlib import Path
from typing import Any

from flows.context import opened_night
from flows.telling.reconcile_lists import offers_list
from registry import outbox, platform_state, runs
from registry.approvals import record_approval
from registry.engine import transaction
from registry.lock import assert_lock_held
from schemas.errors import ConfigurationInvalid

__all__ = ["mark_restored"]


def mark_restored(home: Path, config: Path, *, by: str, reason: str) -> dict[str, Any]:
    """Begins a new epoch of keys, and has nobody told anything before the two sides are reconciled.

    Returns:
        ``profile target epoch must_reconcile by``, ``people`` the registry says the platform was told of, ``open`` entries,
        and people ``waiting`` by state: what of them the platform has heard in the meantime, reconciling finds out.

    Raises:
        ConfigurationInvalid: who says so and why is not said, or the platform offers no list to compare with.
        AnotherRunIsActive: a run is going on.
    """
    with opened_night(home, config, None) as night:
        night.lock.announce("restored")
        profile, target = night.profile, night.configuration.bureau.target
        if not offers_list(profile, target):
            raise ConfigurationInvalid(
                f'the platform offers no list to reconcile with (target = "{target}"): hand in nothing that was written before '
                "the restore, and ask the platform's people whom it holds"
            )
        with transaction(night.engine) as connection:
            assert_lock_held(connection, night.lock)
            epoch = platform_state.begin_epoch(connection, profile.name)
            newest = runs.latest_run(connection)
            record_approval(
                connection, subject="restored", digest=f"{profile.name}/{epoch}", run_id=newest["run_id"] if newest else 0,
                approver=by, account=getpass.getuser(), reason=reason, at=night.now(),
            )  # fmt: skip
            return {
                "profile": profile.name,
                "target": target,
                "epoch": epoch,
                "must_reconcile": True,
                "by": by.strip(),
                "people": outbox.told_count(connection, profile.name),
                "open": outbox.open_count(connection, profile.name),
                "waiting": outbox.waiting(connection, profile.name),
            }
