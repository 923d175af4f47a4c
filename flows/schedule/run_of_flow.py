"""Which run of the ledger a run of the scheduler stands for: a new one, one to go on with, or none because there is nothing left.

The scheduler's run is known by its id, which says nothing of anybody. This module asks the ledger; it does not know Prefect.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from registry import runs

__all__ = ["Asked", "ToDo", "to_do"]

_FINISHED = frozenset({"green", "yellow"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run of the scheduler is and was asked for.

    ``due_at``: the instant its schedule wanted it at, where no person ordered it. ``is_again``: it was tried before.
    """

    flow_run: str = ""
    due_at: datetime | None = None
    resume_run: int | None = None
    is_again: bool = False


class ToDo(NamedTuple):
    """What is left to do: go on with ``run_id``, begin a new run where that is 0, or nothing: it ``ended`` as named, for a reason.

    ``summary`` is what the run came to, where it is finished.
    """

    run_id: int = 0
    ended: str = ""
    message: str = ""
    summary: dict[str, Any] | None = None


def to_do(connection: sa.Connection, asked: Asked, sources: list[str]) -> ToDo:
    """What is left to do for a run of the scheduler.

    One that was tried before goes on with *its* run: from the first stage that is not done; not at all where it is finished, or where a
    later run has begun. One that its schedule wanted before a whole night began is skipped: that night did everything.

    Args:
        connection: in the caller's transaction.
        asked: what the scheduler says of it.
        sources: all configured sources, which a whole night takes.
    """
    if asked.resume_run is not None:
        own = runs.run_record(connection, asked.resume_run) if asked.is_again else None
        return _left_of(connection, own) if own is not None else ToDo(asked.resume_run)
    own = runs.run_of_flow(connection, asked.flow_run) if asked.flow_run else None
    if own is not None:
        return _left_of(connection, own)
    return _skipped(connection, asked.due_at, sources) or ToDo()


def _left_of(connection: sa.Connection, own: sa.RowMapping) -> ToDo:
    run_id, latest = own["run_id"], runs.latest_run(connection)
    if own["status"] in _FINISHED:
        return ToDo(run_id, own["status"].capitalize(), f"run {run_id}: {own['status']}", own["summary"])
    if latest is None or latest["run_id"] == run_id:
        return ToDo(run_id)
    return ToDo(run_id, "Superseded", _overtaken(connection, own))


def _overtaken(connection: sa.Connection, own: sa.RowMapping) -> str:
    """Which later run did the rest of an overtaken one, and which of its sources nobody has taken since."""
    run_id = own["run_id"]
    later = [found for found in runs.runs(connection) if found["run_id"] > run_id and found["kind"] == "night"]
    if not later:  # what came since is no night, but somebody's undo
        return f"run {run_id} was overtaken by an undo: the next night does what is left"
    done = [found for found in later if found["status"] in _FINISHED]
    if not done:
        return f"run {run_id} was overtaken by run {later[0]['run_id']}, which has the rest: eldersync resume {later[0]['run_id']}"
    by = done[-1]
    words = f"run {run_id} was overtaken by run {by['run_id']} ({by['status']}), which did the rest"
    left = sorted(set(own["requested"]["sources"]) - _taken(connection, [run_id, *(one["run_id"] for one in later)]))
    if left:
        words += f", but for {', '.join(left)}: the next night takes them"
    return words


def _taken(connection: sa.Connection, run_ids: list[int]) -> set[str]:
    return {
        source
        for run_id in run_ids
        for (name, source), record in runs.stages(connection, run_id).items()
        if name == "take" and record.status == "done"
    }


def _skipped(connection: sa.Connection, due_at: datetime | None, sources: list[str]) -> ToDo | None:
    """Nothing to do, where a whole night began after a schedule's instant; missed nights are one night."""
    if due_at is None:
        return None
    for night in runs.nights_from(connection, due_at):
        requested = night["requested"]
        if requested.get("send") and set(requested.get("sources", ())) >= set(sources):
            words = (
                f"run {night['run_id']} ({night['status']}) began after this one was due and does what it would have"
            )
            return ToDo(night["run_id"], "Skipped", words)
    return None
