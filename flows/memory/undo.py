"""Taking a night back, and lists that were taken back with it once more: in numbers first, with a name and a reason.

The whole of it is one transaction: killed anywhere, nothing has happened or everything has.
"""

import getpass
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from flows.people.at_rest import Decider, registry_at_rest
from registry import runs
from registry.elders import active_count
from registry.undo import changing_runs, take_back
from registry.undo_statements import release_deliveries
from schemas.configuration import Configuration, load_configuration
from schemas.errors import ConfigurationInvalid

__all__ = ["Undoing", "retake_lists", "undo_run"]


@dataclass(frozen=True, slots=True)
class Undoing:
    """Which night is taken back, and whether those that stand on it are, too."""

    run_id: int
    with_later: bool = False


class _Desk(NamedTuple):
    connection: sa.Connection
    configuration: Configuration
    now: datetime


def undo_run(home: Path, config: Path, what: Undoing, decider: Decider, *, write: bool) -> dict[str, Any]:
    """Takes a night back: the registry, its categories, findings and questions, and what platforms were told.

    Without ``write`` everything is done and rolled back, so that the numbers are those of the undo itself.

    Returns:
        ``undoes`` (runs, oldest first), ``run_id`` of the undo (``None`` where nothing was written), ``status``, ``reasons``,
        ``is_done`` and the counts of ``registry.undo.take_back``.

    Raises:
        ConfigurationInvalid: there is no such run, it changed nothing or is undone, later nights stand on it, or nobody or no
            reason is named.
        AnotherRunIsActive: a run is going on.
    """
    with _at_desk(home, config, f"undo {what.run_id}", decider) as desk:
        undoes = _to_undo(desk.connection, what)
        attempt = desk.connection.begin_nested()
        run_id, counts = _undone(desk, undoes, decider)
        if write:
            attempt.commit()
        else:
            attempt.rollback()
    return {"undoes": undoes, "run_id": run_id if write else None, **counts, "is_done": write}


def retake_lists(home: Path, config: Path, run_id: int, source: str | None, decider: Decider) -> dict[str, Any]:
    """Has the next night take the lists that were taken back with a run, although they are known.

    Returns:
        ``run_id`` of the night that was undone, and ``deliveries`` by source.

    Raises:
        ConfigurationInvalid: the run was not undone, or nothing of it waits.
    """
    with _at_desk(home, config, "retake", decider) as desk:
        record = runs.run_record(desk.connection, run_id)
        if record is None or record["undone_by"] is None:
            raise ConfigurationInvalid(f"run {run_id} was not undone; `eldersync runs` lists the runs")
        if source is not None and source not in desk.configuration.sources:
            raise ConfigurationInvalid(f"there is no source named {source}")
        released = release_deliveries(desk.connection, record["undone_by"], source)
        if not released:
            raise ConfigurationInvalid(f"no list that was taken back with run {run_id} waits")
        said = {"by": decider.by.strip(), "account": getpass.getuser(), "reason": decider.reason.strip()}
        result = {**said, "at": desk.now.isoformat(timespec="seconds"), "deliveries": released}
        runs.record_stage(
            desk.connection, record["undone_by"], "retake", source or "", status="done", seconds=0.0, result=result
        )
        return {"run_id": run_id, "deliveries": released}


@contextmanager
def _at_desk(home: Path, config: Path, doing: str, decider: Decider) -> Iterator[_Desk]:
    """A transaction that no run can begin beside."""
    configuration = load_configuration(config)
    with registry_at_rest(home, configuration, decider, doing) as (connection, now, _):
        yield _Desk(connection, configuration, now)


def _to_undo(connection: sa.Connection, what: Undoing) -> list[int]:
    """The runs that are undone together, oldest first."""
    record = runs.run_record(connection, what.run_id)
    if record is None:
        raise ConfigurationInvalid(f"there is no run {what.run_id}; `eldersync runs` lists them")
    if record["kind"] == "undo":
        raise ConfigurationInvalid(
            f"run {what.run_id} is an undo itself; what it took back is taken again with "
            f"`eldersync retake {record['undoes'][0]}` and the next run"
        )
    if record["undone_by"] is not None:
        raise ConfigurationInvalid(f"run {what.run_id} was undone already, by run {record['undone_by']}")
    changing = changing_runs(connection, what.run_id)
    if what.run_id not in changing:
        raise ConfigurationInvalid(f"run {what.run_id} changed nothing in the registry; there is nothing to undo")
    if len(changing) > 1 and not what.with_later:
        later = ", ".join(map(str, changing[1:]))
        raise ConfigurationInvalid(
            f"later runs stand on run {what.run_id} ({later}); undo the newest first, or all of them with --with-later"
        )
    return changing


def _undone(desk: _Desk, undoes: list[int], decider: Decider) -> tuple[int, dict[str, Any]]:
    """Does it, as a run of its own in the ledger; its number and what it came to."""
    began = time.monotonic()
    newest = runs.run_record(desk.connection, undoes[-1])
    assert newest is not None  # noqa: S101  it is one of the ledger's
    requested = {"by": decider.by.strip(), "account": getpass.getuser(), "reason": decider.reason.strip()}
    run_id = runs.begin_run(
        desk.connection, business_date=newest["business_date"], started_at=desk.now,
        rules_digest=desk.configuration.digest, requested=requested, undoes=undoes,
    )  # fmt: skip
    counts = take_back(desk.connection, first=undoes[0], run_id=run_id)
    runs.record_stage(
        desk.connection, run_id, "undo", "", status="done", seconds=time.monotonic() - began, result=counts
    )
    reasons = _reasons(desk.configuration, counts, undoes)
    told = {**counts, "status": "yellow" if reasons else "green", "reasons": reasons}
    summary = {
        "run_id": run_id, "business_date": newest["business_date"].isoformat(), "undoes": undoes,
        **told, "elders": {**counts["elders"], "total": active_count(desk.connection)},
    }  # fmt: skip
    runs.finish_run(desk.connection, run_id, status=told["status"], at=desk.now, summary=summary, stopped_by=None)
    return run_id, told


def _reasons(configuration: Configuration, counts: dict[str, Any], undoes: list[int]) -> list[str]:
    """What a person has to see to afterwards, in sentences."""
    waiting = {name: states["undone"] for name, states in counts["deliveries"].items() if "undone" in states}
    labels = {name: source.label for name, source in configuration.sources.items()}
    return [
        f"{labels.get(name, name)}：{files} 份名单已随撤销退出，不会自动再采用；须再采用的，执行 eldersync retake {undoes[0]}。"
        for name, files in waiting.items()
    ]
