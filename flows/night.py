"""The night: which stages in which order, what each leaves in the ledger, and how a night ends.

The stages are plain functions. They are performed either directly or as Prefect tasks (``flows.nightly``), from the same
order written here; the ledger decides what is left to do.
"""

import logging
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from connectors.keeping import Fetched
from flows.context import Night
from flows.deliveries import Kept, begin_reading
from flows.fetch import fetch, put_away
from flows.plan import plan
from flows.push import account_for_push, push_online
from flows.push_online import Delivered
from flows.receive import receive
from flows.reporting import write_report
from flows.settle import balanced_account, settle
from flows.take import take
from flows.unforeseen import place_of
from registry import runs
from registry.engine import transaction
from registry.lock import assert_lock_held
from schemas.errors import ConfigurationInvalid, EldersyncError, RunStopped, StageFailed

__all__ = ["Perform", "open_run", "perform_directly", "perform_stage", "run_stages"]

log = logging.getLogger("eldersync")

Perform = Callable[[Night, str, str], dict[str, Any]]
"""Performs one stage of a night, of one source where the stage is a source's; gives the stage's result."""


def open_run(night: Night, *, sources: list[str] | None, send: bool) -> int:
    """Opens a new run in the ledger."""
    unknown = sorted(set(sources or []) - set(night.configuration.sources))
    if unknown:
        raise ConfigurationInvalid(
            f"there is no source named {unknown[0]}; known: {', '.join(night.configuration.sources)}"
        )
    requested = {"sources": sources or list(night.configuration.sources), "send": send}
    with transaction(night.engine) as connection:
        night.run_id = runs.begin_run(
            connection, business_date=night.business_date, started_at=night.now(),
            rules_digest=night.configuration.digest, requested=requested,
        )  # fmt: skip
    return night.run_id


def reopen_run(night: Night, run_id: int) -> None:
    """Opens a stopped run again; it keeps its business date.

    Raises:
        ConfigurationInvalid: there is no such run, it is finished, or a later run has merged since.
    """
    with transaction(night.engine) as connection:
        record = runs.run_record(connection, run_id)
        latest = runs.latest_run(connection)
        if record is None:
            raise ConfigurationInvalid(f"there is no run {run_id}")
        if record["status"] in {"green", "yellow"}:
            raise ConfigurationInvalid(f"run {run_id} is finished ({record['status']}); there is nothing to resume")
        if latest is not None and latest["run_id"] != run_id:
            raise ConfigurationInvalid(f"run {latest['run_id']} began after run {run_id}; resume or repeat that one")
        runs.reopen_run(connection, run_id)
    night.run_id, night.business_date = run_id, record["business_date"]


def run_stages(night: Night, perform: Perform) -> str:
    """Performs what is left of an opened run and closes it; returns its status (``green`` or ``yellow``).

    Raises:
        RunStopped: the run cannot go on; it is closed as red, and ``resume`` goes on from there.
    """
    with transaction(night.engine) as connection:
        record = runs.run_record(connection, night.run_id)
    assert record is not None  # noqa: S101  opened by our caller
    sources: list[str] = record["requested"]["sources"]
    stopped: EldersyncError | None = None
    try:
        received = [source for source in sources if _perform_alone(night, perform, "receive", source)]
        _read_ahead(night, received)
        for source in received:
            if _perform_alone(night, perform, "take", source):
                _put_away_alone(night, source)
        perform(night, "merge", "")
        perform(night, "plan", "")
        perform(night, "push", "")
        status = str(perform(night, "report", "")["status"])
    except EldersyncError as error:
        stopped = error
    if stopped is not None:
        log.error("run %d stopped: %s", night.run_id, stopped)
        with transaction(night.engine) as connection:
            runs.finish_run(
                connection, night.run_id, status="red", at=night.now(), summary=None, stopped_by=str(stopped)
            )
        raise stopped
    return status


def _perform_alone(night: Night, perform: Perform, stage: str, source: str) -> bool:
    """A source's stage, and whether it was done: what goes wrong in it is in the ledger, and the other sources go on."""
    try:
        perform(night, stage, source)
    except RunStopped as error:
        log.warning("run %d: %s of %s failed: %s", night.run_id, stage, source, error)
        return False
    return True


def _put_away_alone(night: Night, source: str) -> None:
    """Files that cannot be moved out of the way lie where they were; the night does not depend on it."""
    try:
        moved = put_away(night, source)
    except RunStopped as error:
        log.warning("run %d: files of %s were not put away: %s", night.run_id, source, error)
    else:
        if moved:
            log.info("run %d: %d files of %s were put away", night.run_id, moved, source)


def _read_ahead(night: Night, sources: list[str]) -> None:
    """Begins to read every source's new files, so that two cores have something to do."""
    with transaction(night.engine) as connection:
        recorded = runs.stages(connection, night.run_id)
    for source in sources:
        done = recorded.get(("take", source))
        received = recorded.get(("receive", source))
        if received is None or received.status != "done" or (done is not None and done.status == "done"):
            continue
        files = [Kept(delivery_id, sha256) for sha256, delivery_id in received.result["take"].items()]
        begin_reading(night, night.configuration.sources[source], files)


def perform_stage(night: Night, stage: str, source: str = "") -> dict[str, Any]:
    """One stage in one transaction, its ledger entry with it; done before, it only gives its result again.

    Raises:
        RunStopped: with a text that names no person; anything unforeseen becomes ``StageFailed``.
    """
    with transaction(night.engine) as connection:
        before = runs.stages(connection, night.run_id).get((stage, source))
    if before is not None and before.status == "done":
        return before.result
    began = time.monotonic()
    problem: RunStopped
    try:
        # A server may answer slowly: no transaction is open while it is asked.
        asked = _ask(night, stage, source)
        with transaction(night.engine) as connection:
            assert_lock_held(connection, night.lock)
            result = _work(night, connection, stage, source, asked)
            seconds = time.monotonic() - began
            runs.record_stage(connection, night.run_id, stage, source, status="done", seconds=seconds, result=result)
    except RunStopped as error:
        problem = error
    except EldersyncError:
        raise
    except Exception as error:  # the boundary where anything unforeseen becomes a text without persons
        problem = StageFailed(f"{stage} {source}: {place_of(error)}".replace(" :", ":"))
    else:
        log.info("run %d: %s done in %.1f s", night.run_id, f"{stage} {source}".rstrip(), seconds)
        return result
    _record_failure(night, stage, source, problem, time.monotonic() - began)
    raise problem


def _ask(night: Night, stage: str, source: str) -> dict[str, Fetched] | Delivered | None:
    """What a stage has to do with others' servers: the sources' are asked, the platform is told what was let go."""
    if stage == "receive":
        return fetch(night, source)
    if stage == "push" and _requested(night)["send"]:
        return push_online(night)
    return None


def _work(
    night: Night, connection: sa.Connection, stage: str, source: str, asked: dict[str, Fetched] | Delivered | None
) -> dict[str, Any]:
    if isinstance(asked, dict):
        return receive(night, connection, source, asked)
    if stage == "take":
        return take(night, connection, source)
    if stage == "merge":
        result = settle(night, connection)
        return {**result, "accounts": accounts(night, connection)}
    if stage == "plan":
        return plan(night, connection)
    if stage == "push":
        planned = runs.stages(connection, night.run_id)["plan", ""].result
        return account_for_push(night, connection, asked, planned, send=_requested(night)["send"])
    return write_report(night, connection)


def _requested(night: Night) -> dict[str, Any]:
    with transaction(night.engine) as connection:
        record = runs.run_record(connection, night.run_id)
    assert record is not None  # noqa: S101  opened by our caller
    requested: dict[str, Any] = record["requested"]
    return requested


def accounts(night: Night, connection: sa.Connection) -> dict[str, dict[str, Any]]:
    """What became of every source asked for, with its balanced funnel."""
    recorded = runs.stages(connection, night.run_id)
    record = runs.run_record(connection, night.run_id)
    assert record is not None  # noqa: S101
    lines: dict[str, dict[str, Any]] = {}
    for source in record["requested"]["sources"]:
        taken = recorded.get(("take", source))
        received = recorded.get(("receive", source))
        failed = next((s for s in (received, taken) if s is not None and s.status == "failed"), None)
        if failed is not None or taken is None:
            result: dict[str, Any] = {
                "status": "failed",
                "message": failed.result["error"] if failed else "",
                "deliveries": 0,
                "standing": {},
            }
        else:
            result = taken.result
        account = balanced_account(connection, source, result)
        members = result["standing"].get("members", {}) if result["status"] in {"taken", "unchanged"} else {}
        lines[source] = {
            "status": result["status"], "message": result["message"], "deliveries": result["deliveries"], **account,
            "needs_a_look": result.get("needs_a_look", False),
            "members": members,
        }  # fmt: skip
    return lines


def _record_failure(night: Night, stage: str, source: str, problem: RunStopped, seconds: float) -> None:
    try:
        with transaction(night.engine) as connection:
            runs.record_stage(
                connection,
                night.run_id,
                stage,
                source,
                status="failed",
                seconds=seconds,
                result={"error": str(problem)},
            )
    except RunStopped as unrecorded:
        # The database that the stage failed for is still away: the run's own error says so.
        log.warning("run %d: the failure of %s %s could not be recorded: %s", night.run_id, stage, source, unrecorded)


def perform_directly(night: Night, stage: str, source: str) -> dict[str, Any]:
    """Performs a stage in this process, without Prefect."""
    return perform_stage(night, stage, source)
