"""Stage ``push``: what is released leaves by the target in force, and what the platform said is accounted for."""

from datetime import timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa

from flows.context import Night
from flows.telling.push_online import Delivered, Sender, deliver
from flows.telling.push_target import told_elsewhere_than_now
from flows.telling.push_workbook import write_workbooks
from flows.telling.receipts import say_push_findings
from flows.telling.targets import client_of, pace_of
from registry import platform_state
from registry.engine import transaction
from registry.lock import assert_lock_held
from registry.outbox import told_in_run, waiting, waiting_count
from registry.push_figures import not_yet_taken, without_answer
from schemas.push import PushState

__all__ = ["account_for_push", "push_online"]

ANSWER_WITHIN = timedelta(days=14)


def push_online(night: Night) -> Delivered | None:
    """Tells the platform over its interface or exchange tables, in transactions of its own; ``None`` where people hand in files.

    Nothing is told while what was told by another target has to be settled by that one.
    """
    target = night.configuration.bureau.target
    if target == "workbook":
        return None
    with transaction(night.engine) as connection:
        assert_lock_held(connection, night.lock)
        if told_elsewhere_than_now(night, connection):
            return Delivered()
        platform_state.note_target(connection, night.profile.name, target)
    sender = Sender(
        engine=night.engine, profile=night.profile.name, pace=pace_of(night), open_client=client_of(night),
        now=night.now, run_id=night.run_id, guard=partial(assert_lock_held, lock=night.lock),
    )  # fmt: skip
    return deliver(sender)


def account_for_push(
    night: Night, connection: sa.Connection, delivered: Delivered | None, planned: dict[str, Any], *, send: bool
) -> dict[str, Any]:
    """Writes the files to hand in where that is how changes leave, and says what came of the plan.

    Returns:
        ``planned sent accepted rejected unknown waiting`` in people, ``held`` (of them, by state), the ``files`` written,
        ``incomplete`` and ``brakes`` of the plan, why it ended early: ``stopped_by``, ``is_away``, ``told_elsewhere`` (in words),
        and ``not_yet_taken``, people who are told by a later push. All that is of the run; ``now`` has ``sent accepted rejected
        unknown`` of this push alone.
    """
    files: list[str] = []
    elsewhere = told_elsewhere_than_now(night, connection)
    before = told_in_run(connection, night.profile.name, night.run_id)["sent"] if delivered is None else 0
    if send and delivered is None and elsewhere is None:
        files = write_workbooks(night, connection)
    say_push_findings(night, connection)
    told = told_in_run(connection, night.profile.name, night.run_id)
    open_now = waiting(connection, night.profile.name)
    unknown = open_now["unknown"] + open_now["held"]
    return {
        "planned": planned["new"] + planned["changed"] + planned["withdrawn"],
        "sent": told["sent"] + told["accepted"] + told["rejected"],
        "accepted": told["accepted"],
        "rejected": told["rejected"],
        "unknown": unknown,
        "waiting": waiting_count(connection, night.profile.name),
        "held": open_now["held"],
        "files": files,
        "incomplete": planned["incomplete"],
        "brakes": [] if planned["is_released"] else planned["brakes"],
        "without_answer": without_answer(
            connection, night.profile.name, night.now() - ANSWER_WITHIN, is_online=delivered is not None
        ),
        "stopped_by": delivered.stopped_by if delivered else "",
        "is_away": delivered.is_away if delivered else False,
        "told_elsewhere": elsewhere.for_officers if elsewhere else "",
        "not_yet_taken": not_yet_taken(connection, night.profile.name) if delivered and not elsewhere else 0,
        "now": _told_now(delivered, written=told["sent"] - before, unknown=unknown),
    }


def _told_now(delivered: Delivered | None, *, written: int, unknown: int) -> dict[str, int]:
    """What this push did itself: in files, or settled; of unknown outcomes those that are so still."""
    if delivered is None:
        return {"sent": written, "accepted": 0, "rejected": 0, "unknown": 0}
    accepted, rejected = delivered.settled[PushState.ACCEPTED], delivered.settled[PushState.REJECTED]
    open_still = min(unknown, delivered.settled[PushState.UNKNOWN] + delivered.settled[PushState.HELD])
    return {"sent": accepted + rejected, "accepted": accepted, "rejected": rejected, "unknown": open_still}
