"""What the commands that change something do: run a night, resume one, make samples."""

import os
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flows.context import Home, open_registry, opened_night
from flows.logs import log_to_file
from flows.night import open_run, perform_directly, reopen_run, run_stages
from flows.progress import shown_on_a_terminal
from registry import runs
from registry.engine import transaction
from schemas.configuration import load_configuration
from schemas.errors import AnotherRunIsActive, ConfigurationInvalid, RunStopped

STOPPING = (AnotherRunIsActive, ConfigurationInvalid, RunStopped)
"""Errors with an exit code of their own; a flow names the kind of error that stopped it in its state's message."""

__all__ = ["make_sample", "resume_night", "run_night"]


def run_night(
    home: Path, config: Path, business_date: date | None, sources: list[str] | None, *, send: bool
) -> dict[str, Any]:
    """One night now; its summary. Where a Prefect server is named (``PREFECT_API_URL``) it runs as a flow of that server."""
    if os.environ.get("PREFECT_API_URL"):
        return _as_flow(home, config, {"business_date": business_date, "sources": sources, "push": send})
    with opened_night(home, config, business_date) as night, log_to_file(night.home.logs):
        open_run(night, sources=sources, send=send)
        night.lock.announce(f"run {night.run_id}")
        with shown_on_a_terminal(perform_directly, len(night.configuration.sources)) as perform:
            run_stages(night, perform)
        return _summary(night.engine, night.run_id)


def resume_night(home: Path, config: Path, run_id: int) -> dict[str, Any]:
    """Continues a stopped run; its summary."""
    if os.environ.get("PREFECT_API_URL"):
        return _as_flow(home, config, {"resume_run": run_id})
    with opened_night(home, config, None) as night, log_to_file(night.home.logs):
        reopen_run(night, run_id)
        night.lock.announce(f"run {night.run_id}")
        with shown_on_a_terminal(perform_directly, len(night.configuration.sources)) as perform:
            run_stages(night, perform)
        return _summary(night.engine, night.run_id)


def _as_flow(home: Path, config: Path, parameters: dict[str, Any]) -> dict[str, Any]:
    os.environ["ELDERSYNC_HOME"], os.environ["ELDERSYNC_CONFIG"] = str(home), str(config)
    from flows.nightly import nightly

    state = nightly(**parameters, return_state=True)
    if not state.is_completed():
        kind, _, text = str(state.message).partition(": ")
        raise {error.__name__: error for error in STOPPING}.get(kind, RunStopped)(text or "the flow did not complete")
    with open_registry(Home(home.expanduser().resolve()), load_configuration(config)) as engine:
        return _summary(engine, int(str(state.message).split()[1].rstrip(":")))


def _summary(engine: Any, run_id: int) -> dict[str, Any]:
    with transaction(engine) as connection:
        record = runs.run_record(connection, run_id)
    if record is None or record["summary"] is None:
        raise RunStopped(f"run {run_id} has left no summary")
    summary: dict[str, Any] = record["summary"]
    return summary


def make_sample(to: Path, config: Path, *, people: int, seed: int) -> dict[str, Any]:
    """Made-up deliveries for trying things out; see ``simulator.offices``."""
    from simulator.offices import write_sample

    if people < 1:
        raise ConfigurationInvalid("--people must be 1 or more")
    today = datetime.now(ZoneInfo(load_configuration(config).bureau.timezone)).date()
    os.umask(0o077)
    summary = write_sample(to, people=people, seed=seed, today=today)
    return {"rows": summary.rows, "answer_key": str(to / "answer_key.csv"), "defects": summary.defects}
