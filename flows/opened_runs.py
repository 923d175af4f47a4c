"""Opening a run in the ledger: a new one, or a stopped one again. What is done in it is ``flows.night``'s."""

from typing import Any

import sqlalchemy as sa

from flows.context import Night
from registry import runs
from registry.engine import transaction
from schemas.configuration import Configuration
from schemas.errors import ConfigurationInvalid

__all__ = ["known_sources", "open_run", "reopen_run", "resumable"]


def open_run(night: Night, *, sources: list[str] | None, send: bool, flow_run: str = "") -> int:
    """Opens a new run in the ledger; ``flow_run`` is the scheduler's id of what began it, by which it is found again."""
    known_sources(night.configuration, sources)
    requested: dict[str, Any] = {"sources": sources or list(night.configuration.sources), "send": send}
    if flow_run:
        requested["flow_run"] = flow_run
    with transaction(night.engine) as connection:
        night.run_id = runs.begin_run(
            connection, business_date=night.business_date, started_at=night.now(),
            rules_digest=night.configuration.digest, requested=requested,
        )  # fmt: skip
    return night.run_id


def known_sources(configuration: Configuration, sources: list[str] | None) -> None:
    """Makes sure that all sources asked for are configured.

    Raises:
        ConfigurationInvalid: one of them is not.
    """
    unknown = sorted(set(sources or []) - set(configuration.sources))
    if unknown:
        raise ConfigurationInvalid(f"there is no source named {unknown[0]}; known: {', '.join(configuration.sources)}")


def reopen_run(night: Night, run_id: int) -> None:
    """Opens a stopped run again; it keeps its business date.

    Raises:
        ConfigurationInvalid: as :func:`resumable`.
    """
    with transaction(night.engine) as connection:
        record = resumable(connection, run_id)
        runs.reopen_run(connection, run_id)
    night.run_id, night.business_date = run_id, record["business_date"]


def resumable(connection: sa.Connection, run_id: int) -> sa.RowMapping:
    """A stopped run that can be gone on with, as the ledger has it.

    Raises:
        ConfigurationInvalid: there is no such run, it is finished, or a later run has begun since.
    """
    record = runs.run_record(connection, run_id)
    latest = runs.latest_run(connection)
    if record is None:
        raise ConfigurationInvalid(f"there is no run {run_id}")
    if record["status"] in {"green", "yellow"}:
        raise ConfigurationInvalid(f"run {run_id} is finished ({record['status']}); there is nothing to resume")
    if latest is not None and latest["run_id"] != run_id:
        raise ConfigurationInvalid(f"run {latest['run_id']} began after run {run_id}; resume or repeat that one")
    return record
