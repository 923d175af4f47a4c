"""What operators ask about runs: the present state, one run, the newest runs."""

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from flows.context import Home, open_registry
from registry import runs
from registry.elders import active_count
from registry.engine import transaction
from registry.findings import open_counts
from registry.lock import holder
from registry.outbox import waiting_count
from schemas.configuration import load_configuration
from schemas.errors import ConfigurationInvalid
from schemas.platform_profile import profile_in_force

__all__ = ["current_status", "newest_runs", "one_run"]


def current_status(home: Path, config: Path) -> dict[str, Any]:
    """The newest run with its status, whether one is active, and what waits for a person or the platform."""
    configuration = load_configuration(config)
    today = datetime.now(ZoneInfo(configuration.bureau.timezone)).date()
    profile = profile_in_force(configuration.folder, configuration.bureau.platform, today)
    rooms = Home(home.expanduser().resolve())
    with open_registry(rooms, configuration) as engine:
        active = holder(engine)
        with transaction(engine) as connection:
            latest = runs.latest_run(connection)
            line = _line(latest) if latest else None
            if line is not None and line["status"] == "running" and active is None:
                line |= {"status": "red", "stopped_by": "the process ended before the run did"}
            return {
                "status": line["status"] if line else "none",
                "active": active,
                "latest_run": line,
                "elders": active_count(connection),
                "findings": open_counts(connection),
                "outbox_waiting": waiting_count(connection, profile.name),
                "reasons": (latest["summary"] or {}).get("reasons", []) if latest else [],
                "resume": f"eldersync resume {latest['run_id']}"
                if latest and line and line["status"] == "red"
                else None,
            }


def newest_runs(home: Path, config: Path, limit: int) -> list[dict[str, Any]]:
    """The newest runs, newest first."""
    rooms, configuration = Home(home.expanduser().resolve()), load_configuration(config)
    with open_registry(rooms, configuration) as engine, transaction(engine) as connection:
        return [_line(record) for record in runs.runs(connection, limit=limit)]


def one_run(home: Path, config: Path, run_id: int) -> dict[str, Any]:
    """A run's summary if it finished, and its stages in any case."""
    rooms, configuration = Home(home.expanduser().resolve()), load_configuration(config)
    with open_registry(rooms, configuration) as engine, transaction(engine) as connection:
        record = _existing(connection, run_id)
        stages = runs.stages(connection, run_id).values()
        return {
            **_line(record),
            **(record["summary"] or {}),
            "status": record["status"],
            "stages": [
                {"stage": stage.name, "source": stage.source, "status": stage.status, "seconds": round(stage.seconds, 3),
                 **({"error": stage.result["error"]} if stage.status == "failed" else {})}
                for stage in stages
            ],
        }  # fmt: skip


def _existing(connection: sa.Connection, run_id: int) -> sa.RowMapping:
    record = runs.run_record(connection, run_id)
    if record is None:
        raise ConfigurationInvalid(f"there is no run {run_id}; `eldersync runs` lists them")
    return record


def _line(record: sa.RowMapping) -> dict[str, Any]:
    summary = record["summary"] or {}
    return {
        "run_id": record["run_id"],
        "business_date": record["business_date"].isoformat(),
        "status": record["status"],
        "started_at": record["started_at"].isoformat(timespec="seconds"),
        "finished_at": record["finished_at"].isoformat(timespec="seconds") if record["finished_at"] else None,
        "stopped_by": record["stopped_by"],
        "kind": record["kind"],
        "undone_by": record["undone_by"],
        "elders_total": summary.get("elders", {}).get("total"),
    }
