"""What operators ask about runs: the present state, one run, the newest runs."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from flows.context import Home, open_registry
from flows.watching.bill import BillLine, bill_of
from flows.watching.cards import Card, as_lines, in_order, worst_lamp
from flows.watching.machine_cards import machine_cards
from flows.watching.night_cards import ledger_cards
from flows.watching.server_cards import server_cards
from flows.watching.situation import Situation, read_situation
from flows.watching.status_page import write_status
from flows.watching.status_words import headline_of
from flows.watching.told import read_told
from registry import runs
from registry.engine import transaction
from registry.lock import holder
from schemas.configuration import load_configuration, load_operations
from schemas.errors import ConfigurationInvalid
from schemas.platform_profile import profile_in_force

__all__ = ["current_status", "newest_runs", "one_run", "status_of"]

_KILLED = "the process ended before the run did"


def current_status(home: Path, config: Path) -> dict[str, Any]:
    """The newest run with its status, whether one is active, what waits for a person or the platform, and a card for each problem.

    Returns:
        ``status active latest_run elders findings outbox_waiting reasons resume``; ``lamp`` (of the run, or of a card that is
        worse), ``headline`` (all of it in one line), ``bill`` (sums that must add up), ``cards``, the gravest first, and ``page``,
        which says the same in a browser.
    """
    configuration, operations = load_configuration(config), load_operations(config)
    now = datetime.now(ZoneInfo(configuration.bureau.timezone))
    profile = profile_in_force(configuration.folder, configuration.bureau.platform, now.date())
    rooms = Home(home.expanduser().resolve())
    with open_registry(rooms, configuration) as engine:
        active = holder(engine)
        with transaction(engine) as connection:
            found = read_situation(connection, configuration, profile, active=active, now=now)
    told = read_told(rooms.path)
    stuck = told.stuck_since(found, minutes=operations.watch.hung_minutes)
    cards = ledger_cards(found, stuck_since=stuck)
    cards += machine_cards(rooms.path, operations, now=now, told=told, nights=found.nights)
    cards += server_cards(rooms.path, operations, now=now, is_thorough=False)
    answer = status_of(found, in_order(cards), bill_of(found))
    page = write_status(rooms.path, configuration.bureau.name, answer, now)
    return {**answer, "page": str(page) if page else None}


def status_of(found: Situation, cards: list[Card], bill: list[BillLine]) -> dict[str, Any]:
    """What ``status --json`` prints, of a situation and its cards."""
    latest = found.latest
    line = _line(latest) if latest is not None else None
    if line is not None and found.is_killed:
        line |= {"status": "red", "stopped_by": _KILLED}
    status = line["status"] if line else "none"
    lamp = worst_lamp(status, cards)
    is_red = latest is not None and status == "red"
    return {
        "status": status,
        "active": found.active,
        "latest_run": line,
        "elders": found.elders,
        "findings": dict(found.findings),
        "outbox_waiting": found.awaiting.people if found.awaiting else 0,
        "reasons": (latest["summary"] or {}).get("reasons", []) if latest is not None else [],
        "resume": f"eldersync resume {latest['run_id']}" if latest is not None and is_red else None,
        "lamp": lamp,
        "headline": headline_of(found, lamp, cards),
        "bill": [{**asdict(one), "parts": dict(one.parts), "difference": one.difference} for one in bill],
        "cards": as_lines(cards),
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
