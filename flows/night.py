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
from flows.accounts.reporting import write_report
from flows.context import Night
from flows.intake.deliveries import Kept, begin_reading
from flows.intake.fetch import fetch, put_away
from flows.intake.receive import receive
from flows.intake.take import take
from flows.people.settle import balanced_account, settle
from flows.telling.plan import plan
from flows.telling.push import account_for_push, push_online
from flows.telling.push_online import Delivered
from flows.unforeseen import place_of
from flows.watching.night_told import tell_of_night
from registry import runs
from registry.engine import transaction
from registry.lock import assert_lock_held
from schemas.errors import EldersyncError, RunStopped, StageFailed

__all__ = ["CANCELLED", "Perform", "perform_directly", "perform_stage", "run_stages"]

log = logging.getLogger("eldersync")

Perform = Callable[[Night, str, str], dict[str, Any]]
"""Performs one stage of a night, of one source where the stage is a source's; gives the stage's result."""

CANCELLED = "cancelled"
"""What a run was stopped by that somebody ended: its stage was rolled back, and it can be resumed."""


def run_stages(night: Night, perform: Perform) -> str:
    """Performs what is left of an opened run and closes it; returns its status (``green`` or ``yellow``).

    Whatever ends it before, a person's wish included, closes it as red: the stage at work was rolled back, and ``resume``
    goes on from there. Somebody is told of every end but the one that a person wished.

    Raises:
        RunStopped: the run cannot go on.
    """
    problem: BaseException
    try:
        status = _perform_in_order(night, perform)
    except EldersyncError as error:
        problem, words = error, str(error)
    except Exception as error:  # its text may quote a cell
        problem = StageFailed(place_of(error))
        words = str(problem)
    except BaseException as ending:  # Ctrl-C, SIGTERM, or the scheduler's own way to say that somebody cancelled
        problem, words = ending, CANCELLED
    else:
        tell_of_night(night)
        return status
    _close_as_red(night, words)
    if isinstance(problem, Exception):
        tell_of_night(night, stopped_by=words)
    raise problem


def _perform_in_order(night: Night, perform: Perform) -> str:
    sources: list[str] = _requested(night)["sources"]
    received = [source for source in sources if _perform_alone(night, perform, "receive", source)]
    _read_ahead(night, received)
    for source in received:
        if _perform_alone(night, perform, "take", source):
            _put_away_alone(night, source)
    perform(night, "merge", "")
    perform(night, "plan", "")
    perform(night, "push", "")
    return str(perform(night, "report", "")["status"])


def _close_as_red(night: Night, words: str) -> None:
    log.error("run %d stopped: %s", night.run_id, words)
    try:
        with transaction(night.engine) as connection:
            runs.stop_run(connection, night.run_id, at=night.now(), stopped_by=words)
    except RunStopped as unrecorded:
        # A run that is open in the ledger while nobody holds the lock is a stopped one to everybody who looks.
        log.warning("run %d: that it stopped could not be recorded: %s", night.run_id, unrecorded)


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
                result={"error": str(problem), "kind": type(problem).__name__},
            )
    except RunStopped as unrecorded:
        # The database that the stage failed for is still away: the run's own error says so.
        log.warning("run %d: the failure of %s %s could not be recorded: %s", night.run_id, stage, source, unrecorded)


def perform_directly(night: Night, stage: str, source: str) -> dict[str, Any]:
    """Performs a stage in this process, without Prefect."""
    return perform_stage(night, stage, source)
