"""The night as a Prefect flow: one task a stage and source, retries for what may pass when tried again, a schedule.

Prefect is the clock and the picture. What is done is in the ledger, so any retry, resume or later night does what is left.
Between tasks go run ids and source names only; no result is persisted.
"""

from datetime import date
from typing import Any

from flows.context import Night, default_config, default_home, opened_night
from flows.logs import log_to_file
from flows.night import open_run, perform_stage, reopen_run, run_stages
from flows.night_artifacts import leave_artifacts
from flows.prefect_server import quieten_telemetry
from flows.unforeseen import place_of
from schemas.errors import EldersyncError, StageFailed, Transient

quieten_telemetry()  # before Prefect is loaded: it reads its settings then

from prefect import flow, task  # noqa: E402
from prefect.cache_policies import NO_CACHE  # noqa: E402
from prefect.client.schemas.objects import State as FlowState  # noqa: E402
from prefect.client.schemas.objects import TaskRun  # noqa: E402
from prefect.states import Completed, Failed  # noqa: E402

__all__ = ["nightly"]

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


@flow(name="nightly", persist_result=False, retries=0)
def nightly(
    business_date: date | None = None,
    sources: list[str] | None = None,
    *,
    push: bool = True,
    resume_run: int | None = None,
) -> FlowState[None]:
    """One night: receive, take, merge, plan, push, report.

    Args:
        business_date: the day the night is for; today in the bureau's time zone if left out.
        sources: names of the sources to take; all of them if left out.
        push: whether to tell the platform.
        resume_run: the number of a stopped run to go on with, instead of beginning a new one.
    """
    try:
        run_id, status = _one_night(business_date, sources, send=push, resume_run=resume_run)
    except EldersyncError as error:
        message = f"{type(error).__name__}: {error}"
    except Exception as error:  # what a flow raises Prefect pickles into its storage; only the place may be told
        message = f"{StageFailed.__name__}: {place_of(error)}"
    else:
        return Completed(name=status.capitalize(), message=f"run {run_id}: {status}")
    return Failed(message=message)


def _one_night(
    business_date: date | None, sources: list[str] | None, *, send: bool, resume_run: int | None
) -> tuple[int, str]:
    with opened_night(default_home(), default_config(), business_date) as night, log_to_file(night.home.logs):
        if resume_run is not None:
            reopen_run(night, resume_run)
        else:
            open_run(night, sources=sources, send=send)
        night.lock.announce(f"run {night.run_id}")
        _NIGHTS[night.run_id] = night
        try:
            status = run_stages(night, perform_as_task)
            leave_artifacts(perform_stage(night, "report"))  # done: its result again, the night's summary
        finally:
            del _NIGHTS[night.run_id]
        return night.run_id, status
