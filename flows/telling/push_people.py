"""What people ask and decide about the push of one person, and how the push as a whole stands."""

import getpass
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from flows.accounts.export import person_id_of
from flows.telling.push_desk import Desk, at_desk
from flows.telling.push_pace import is_left_alone
from flows.telling.push_target import told_elsewhere
from flows.telling.reconcile_lists import offers_list
from registry import approvals, outbox, platform_state
from registry.approvals import record_approval
from registry.explain import explain_person
from registry.outbox_delivery import next_due
from registry.outbox_observed import raise_revisions
from registry.runs import latest_run
from schemas.errors import ConfigurationInvalid

# A code or receipt out of a file or table of theirs may quote a cell.
_PLAIN = {
    "code": re.compile(r"(?!.*[0-9]{8})[A-Za-z0-9_.-]{1,32}"),
    "receipt": re.compile(r"(?!.*[1-9][0-9]{5}(19|20)[0-9]{9}[0-9Xx])[A-Za-z0-9_.:/-]{1,200}"),
}

__all__ = ["hold_person", "proof_of_person", "release_person", "resend_person", "status_of_push"]


def hold_person(home: Path, config: Path, person: str, *, by: str, reason: str) -> dict[str, Any]:
    """Tells platforms nothing of a person until released; ``person_id is_held by``."""
    with at_desk(home, config) as desk:
        person_id = _wanted(desk, person)
        approvals.hold_person(desk.connection, person_id, by=by, reason=reason, at=desk.now)
        return {"person_id": person_id, "did": "held", "by": by}


def release_person(home: Path, config: Path, person: str, *, by: str, reason: str) -> dict[str, Any]:
    """Ends a hold; what waits is told by the next push."""
    with at_desk(home, config) as desk:
        person_id = _wanted(desk, person)
        approvals.release_person(desk.connection, person_id, by=by, reason=reason, at=desk.now)
        return {"person_id": person_id, "did": "released", "by": by}


def resend_person(home: Path, config: Path, person: str, *, by: str, reason: str) -> dict[str, Any]:
    """Has what was refused, or what nobody can tell of, told again by the next push."""
    with at_desk(home, config) as desk:
        person_id = _wanted(desk, person)
        target = desk.configuration.bureau.target
        revision = outbox.resend(
            desk.connection, desk.profile.name, person_id, now=desk.now,
            is_comparable=offers_list(desk.profile, target),
        )  # fmt: skip
        if target == "exchange":
            # A row whose key is there is left as it is, so the old refusal would be read again; the outcome is known.
            newest = latest_run(desk.connection)
            raise_revisions(desk.connection, desk.profile.name, newest["run_id"] if newest else 0, [person_id])
        record_approval(
            desk.connection, subject="resend", digest=f"{desk.profile.name}/{person_id}/{revision}", run_id=0,
            approver=by, account=getpass.getuser(), reason=reason, at=desk.now,
        )  # fmt: skip
        return {"person_id": person_id, "did": "resent", "revision": revision, "by": by}


def proof_of_person(home: Path, config: Path, person: str) -> dict[str, Any]:
    """Everything platforms were told of a person, without a value: when, which digest and key, which answer and receipt."""
    with at_desk(home, config) as desk:
        person_id = _wanted(desk, person)
        entries = outbox.history(desk.connection, person_id)
        if not entries and explain_person(desk.connection, person_id, desk.configuration) is None:
            raise ConfigurationInvalid(f"there is no person {person_id}")
        return {"person_id": person_id, "entries": [_shown(desk, entry) for entry in entries]}


def status_of_push(home: Path, config: Path) -> dict[str, Any]:
    """What waits for the platform and why, whether it answers, who is held.

    Returns:
        ``profile target status waiting`` (people by state), in people ``unreleased``, ``refused``, ``incomplete`` and
        ``held_back`` (held by officers, and a change waits), ``held_people``, ``next_at``, and of the platform ``is_away_until
        stopped_by must_reconcile epoch target_to_settle`` (another target, which has still to ask). Yellow where a person has
        something to do; what settles by itself is green.
    """
    with at_desk(home, config) as desk:
        name = desk.profile.name
        state = platform_state.read(desk.connection, name)
        open_now = outbox.waiting(desk.connection, name)
        to_do = {
            "unreleased": outbox.unreleased_count(desk.connection, name),
            "refused": outbox.refused_count(desk.connection, name),
            "incomplete": outbox.incomplete_count(desk.connection, name),
            "held_back": outbox.held_back_count(desk.connection, name),
        }
        elsewhere = told_elsewhere(desk.connection, name, desk.configuration.bureau.target)
        due = next_due(desk.connection, name, desk.now)
        is_away = is_left_alone(state.open_until, desk.now)
        waits_for_person = (
            any(to_do.values()) or open_now["held"] or state.stopped_by or state.must_reconcile or is_away or elsewhere
        )
        return {
            "profile": name,
            "target": desk.configuration.bureau.target,
            "status": "yellow" if waits_for_person else "green",
            "waiting": open_now,
            **to_do,
            "held_people": [
                {"person_id": held.person_id, "since": _local(desk, held.held_at), "by": held.held_by}
                for held in approvals.held_people(desk.connection)
            ],
            "next_at": _local(desk, due),
            "is_away_until": _local(desk, state.open_until) if is_away else None,
            "stopped_by": state.stopped_by,
            "must_reconcile": state.must_reconcile,
            "epoch": state.epoch,
            "target_to_settle": elsewhere.by if elsewhere else None,
        }


def _local(desk: Desk, instant: datetime | None) -> str | None:
    """An instant as the bureau's clock shows it, with its offset."""
    return instant.astimezone(desk.now.tzinfo).isoformat(timespec="seconds") if instant else None


def _shown(desk: Desk, entry: dict[str, Any]) -> dict[str, Any]:
    """An entry with instants as the bureau's clock shows them, and without what theirs may quote of a person."""
    shown = {name: _local(desk, value) if isinstance(value, datetime) else value for name, value in entry.items()}
    for name, plain in _PLAIN.items():
        value = entry[name]
        if value is not None and value not in desk.profile.reasons and not plain.fullmatch(value):
            shown[name] = "****"
    return shown


def _wanted(desk: Desk, person: str) -> int:
    person_id = person_id_of(desk.connection, person, desk.configuration)
    if person_id is None:
        raise ConfigurationInvalid("no elder of the registry has this number")
    return person_id
