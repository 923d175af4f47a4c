"""The night as a Prefect flow: one task a stage and source, retries for what may pass when tried again, a schedule.

Prefect is the clock and the picture. What is done is in the ledger, so any retry, resume or later night does what is left; a flow run that is
retried goes on with *its* run of the ledger (``flows.schedule.run_of_flow``). Between tasks go run ids and source names only; no result is persisted.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flows.context import Night, default_config, default_home, opened_night
from flows.drafting.source_names import SourceName
from flows.logs import log_to_file
from flows.night import perform_stage, run_stages
from flows.opened_runs import open_run, reopen_run
from flows.schedule.night_artifacts import leave_artifacts, show_again
from flows.schedule.prefect_server import quieten_telemetry
from flows.schedule.progress_artifacts import shown_on_the_server
from flows.schedule.run_of_flow import Asked, ToDo, to_do
from flows.schedule.wait_as_task import await_sources
from flows.unforeseen import place_of
from registry import runs
from registry.engine import transaction
from schemas.configuration import load_configuration
from schemas.errors import AnotherRunIsActive, EldersyncError, StageFailed, Transient

quieten_telemetry()  # before Prefect is loaded: it reads its settings then

from prefect import flow, task  # noqa: E402
from prefect.cache_policies import NO_CACHE  # noqa: E402
from prefect.client.schemas.objects import State as FlowState  # noqa: E402
from prefect.client.schemas.objects import TaskRun  # noqa: E402
from prefect.runtime import deployment, flow_run  # noqa: E402
from prefect.states import Completed, Failed  # noqa: E402

__all__ = ["name_of_night", "night_as_flow", "nightly"]

log = logging.getLogger("eldersync")

PATIENCE_SECONDS = 1800.0
"""How long a night of a deployment waits for a push, or an operator's run, that is at work when it wants to begin."""

_LOOK_AGAIN_SECONDS = 10.0

_NIGHTS: dict[int, Night] = {}
"""Nights this process has open, by run id: what a task needs beside the ids it is given."""


def may_pass(_task: Any, _run: TaskRun, state: FlowState[Any]) -> bool:
    """Whether a failed stage is worth another try: only what calls itself transient is."""
    return isinstance(state.result(raise_on_failure=False), Transient)


def _stage_task(stage: str, title: str) -> Any:
    @task(
        name=stage,
        task_run_name=title,
        retries=3,
        retry_delay_seconds=[5, 30, 120],
        retry_condition_fn=may_pass,
        persist_result=False,
        cache_policy=NO_CACHE,
    )
    def perform(run_id: int, source: str) -> dict[str, Any]:
        return perform_stage(_NIGHTS[run_id], stage, source)

    return perform


STAGES = {
    "receive": _stage_task("receive", "receive {source}"),
    "take": _stage_task("take", "take {source}"),
    "merge": _stage_task("merge", "merge"),
    "plan": _stage_task("plan", "plan"),
    "push": _stage_task("push", "push"),
    "report": _stage_task("report", "report"),
}


def perform_as_task(night: Night, stage: str, source: str) -> dict[str, Any]:
    """Performs a stage as a Prefect task."""
    result: dict[str, Any] = STAGES[stage](night.run_id, source)
    return result


def name_of_night() -> str:
    """What a flow run is called: the flow, the source where it is of one, and the business date."""
    parameters = flow_run.parameters
    day = parameters.get("business_date") or _day_of(flow_run.scheduled_start_time)
    words = [
        flow_run.flow_name,
        parameters.get("source"),
        f"run {run}" if (run := parameters.get("resume_run")) else day,
    ]
    return " ".join(str(word) for word in words if word)


def _day_of(instant: datetime) -> date | None:
    try:
        return instant.astimezone(ZoneInfo(load_configuration(default_config()).bureau.timezone)).date()
    except EldersyncError:  # the flow itself says what is wrong with the configuration
        return None


@flow(name="nightly", flow_run_name=name_of_night, persist_result=False, retries=0)
def nightly(
    business_date: date | None = None,
    sources: list[SourceName] | None = None,
    *,
    push: bool = True,
    resume_run: int | None = None,
) -> FlowState[None]:
    """One night: receive, take, merge, plan, push, report. It waits for sources until their cut-off.

    Args:
        business_date: 业务日期；不填为今天。The day it is for; today in the bureau's time zone if left out.
        sources: 只取这些来源；不填为全部。Names of the sources to take; all of them if left out.
        push: 是否报送省平台。Whether to tell the platform.
        resume_run: 续跑这一次没有完成的运行；不填为新的一次。A stopped run to go on with, instead of beginning a new one.
    """
    return night_as_flow(business_date, sources, send=push, resume_run=resume_run)


def night_as_flow(
    business_date: date | None,
    sources: list[str] | None,
    *,
    send: bool = True,
    resume_run: int | None = None,
    waits: bool = True,
) -> FlowState[None]:
    """What the flow that is running has to do of a night, done; the state it ends in. Nothing is raised.

    With ``waits`` a night of a deployment first waits for sources that may still deliver; one begun by a command waits for nothing.
    """
    try:
        ended = _one_night(business_date, sources, send=send, resume_run=resume_run, waits=waits)
    except EldersyncError as error:
        message = f"{type(error).__name__}: {error}"
    except Exception as error:  # what a flow raises Prefect pickles into its storage; only the place may be told
        message = f"{StageFailed.__name__}: {place_of(error)}"
    else:
        return Completed(name=ended.ended, message=ended.message)
    return Failed(message=message)


def _asked(resume_run: int | None) -> Asked:
    """What the flow run that is going on was asked for."""
    is_of_schedule = "auto-scheduled" in flow_run.tags
    return Asked(
        flow_run=str(flow_run.id or ""),
        due_at=flow_run.scheduled_start_time if is_of_schedule else None,
        resume_run=resume_run,
        is_again=flow_run.run_count > 1,
    )


def _one_night(
    business_date: date | None, sources: list[str] | None, *, send: bool, resume_run: int | None, waits: bool
) -> ToDo:
    asked, is_deployed = _asked(resume_run), deployment.id is not None
    if is_deployed and waits and (ended := await_sources(asked, business_date, sources)):
        return ended
    with (
        _patiently_opened(business_date, PATIENCE_SECONDS if is_deployed else 0) as night,
        log_to_file(night.home.logs),
    ):
        with transaction(night.engine) as connection:
            left = to_do(connection, asked, list(night.configuration.sources))
        if left.ended:
            return show_again(left)
        if left.run_id:
            reopen_run(night, left.run_id)
        else:
            open_run(night, sources=sources, send=send, flow_run=asked.flow_run)
        return _performed(night)


def _performed(night: Night) -> ToDo:
    night.lock.announce(f"run {night.run_id}")
    _NIGHTS[night.run_id] = night
    try:
        with transaction(night.engine) as connection:
            record = runs.run_record(connection, night.run_id)
        assert record is not None  # noqa: S101  opened by our caller
        stages = sum(len(record["requested"]["sources"]) if stage in {"receive", "take"} else 1 for stage in STAGES)
        status = run_stages(night, shown_on_the_server(perform_as_task, stages))
        leave_artifacts(perform_stage(night, "report"))  # done: its result again, the night's summary
    finally:
        del _NIGHTS[night.run_id]
    return ToDo(night.run_id, status.capitalize(), f"run {night.run_id}: {status}")


@contextmanager
def _patiently_opened(business_date: date | None, seconds: float) -> Iterator[Night]:
    """A night that holds the run lock; another run that is at work is waited for, for so long at most."""
    until = time.monotonic() + seconds
    while True:
        with ExitStack() as stack:
            try:
                night = stack.enter_context(opened_night(default_home(), default_config(), business_date))
            except AnotherRunIsActive as active:
                if time.monotonic() >= until:
                    raise
                words = str(active)
            else:
                yield night
                return
        log.info("waiting: %s", words)
        time.sleep(_LOOK_AGAIN_SECONDS)
