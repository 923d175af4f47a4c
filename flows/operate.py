"""What the commands that change something do: run a night, resume one, make samples."""

import os
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flows.context import Home, Night, open_registry, opened_night
from flows.interruptions import interrupted_by_signals
from flows.logs import log_to_file
from flows.night import perform_directly, run_stages
from flows.opened_runs import open_run, reopen_run
from flows.preview import preview_of_resume, preview_of_run
from flows.progress import shown_on_a_terminal
from flows.telling.push_desk import at_desk
from registry import runs
from registry.engine import transaction
from schemas.configuration import load_configuration
from schemas.errors import AnotherRunIsActive, ConfigurationInvalid, RunStopped

STOPPING = (AnotherRunIsActive, ConfigurationInvalid, RunStopped)
"""Errors with an exit code of their own; a flow names the kind of error that stopped it in its state's message."""

Foretell = Callable[[dict[str, Any]], None]
"""Is told what a run will do, before it begins."""

__all__ = ["make_sample", "night_to_come", "rest_to_come", "resume_night", "run_night"]


def run_night(
    home: Path,
    config: Path,
    business_date: date | None,
    sources: list[str] | None,
    *,
    send: bool,
    foretell: Foretell = lambda _: None,
) -> dict[str, Any]:
    """One night now; its summary. Where a Prefect server is named (``PREFECT_API_URL``) it runs as a flow of that server.

    Before it begins, ``foretell`` is given what it will do (``flows.preview``).
    """
    if os.environ.get("PREFECT_API_URL"):
        foretell(night_to_come(home, config, business_date, sources, send=send))
        return _as_flow(home, config, {"business_date": business_date, "sources": sources, "push": send})
    with interrupted_by_signals(), opened_night(home, config, business_date) as night, log_to_file(night.home.logs):
        with transaction(night.engine) as connection:
            foretell(
                preview_of_run(
                    connection, night.configuration, night.profile.name,
                    business_date=night.business_date, sources=sources, send=send,
                )
            )  # fmt: skip
        open_run(night, sources=sources, send=send)
        return _performed(night)


def resume_night(home: Path, config: Path, run_id: int, *, foretell: Foretell = lambda _: None) -> dict[str, Any]:
    """Continues a stopped run; its summary. ``foretell`` as in :func:`run_night`."""
    if os.environ.get("PREFECT_API_URL"):
        foretell(rest_to_come(home, config, run_id))
        return _as_flow(home, config, {"resume_run": run_id})
    with interrupted_by_signals(), opened_night(home, config, None) as night, log_to_file(night.home.logs):
        with transaction(night.engine) as connection:
            foretell(preview_of_resume(connection, night.configuration, night.profile.name, run_id))
        reopen_run(night, run_id)
        return _performed(night)


def night_to_come(
    home: Path, config: Path, business_date: date | None, sources: list[str] | None, *, send: bool
) -> dict[str, Any]:
    """What a night would do, without doing it; see ``flows.preview``."""
    with at_desk(home, config) as desk:
        day = business_date or desk.now.date()
        return preview_of_run(
            desk.connection, desk.configuration, desk.profile.name, business_date=day, sources=sources, send=send
        )


def rest_to_come(home: Path, config: Path, run_id: int) -> dict[str, Any]:
    """What going on with a stopped run would do, without doing it; see ``flows.preview``."""
    with at_desk(home, config) as desk:
        return preview_of_resume(desk.connection, desk.configuration, desk.profile.name, run_id)


def _performed(night: Night) -> dict[str, Any]:
    """The summary of an opened run, once it is performed."""
    night.lock.announce(f"run {night.run_id}")
    try:
        with shown_on_a_terminal(perform_directly, len(night.configuration.sources)) as perform:
            run_stages(night, perform)
    except KeyboardInterrupt:
        is_finished = False
    else:
        is_finished = True
    if not is_finished:
        raise KeyboardInterrupt(f"run {night.run_id} was cancelled; `eldersync resume {night.run_id}` goes on")
    return _summary(night.engine, night.run_id)


def _as_flow(home: Path, config: Path, parameters: dict[str, Any]) -> dict[str, Any]:
    os.environ["ELDERSYNC_HOME"], os.environ["ELDERSYNC_CONFIG"] = str(home), str(config)
    from flows.nightly import nightly

    with interrupted_by_signals():
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
