"""The ledger: runs, their stages, and the deliveries they took. It, not the scheduler, is the memory of what was done."""

from datetime import date, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from registry.tables import delivery, delivery_before, finding, run, stage

__all__ = [
    "Delivery", "StageRecord", "begin_run", "delivered", "deliveries", "finish_run", "last_done_run", "latest_run",
    "newest_received_at", "next_id", "nights_from", "oldest_received_run", "reading_notes", "record_delivery", "record_reading",
    "record_stage", "reopen_run", "run_of_flow", "run_record", "runs", "set_delivery_state", "stages", "stages_between", "stop_run",
    "supersede_deliveries", "waiting_deliveries", "withdraw_deliveries",
]  # fmt: skip


class Delivery(NamedTuple):
    """One kept file of a source."""

    delivery_id: int
    source: str
    sha256: str
    file_name: str
    size: int
    received_run: int
    state: str
    state_run: int
    detail: dict[str, Any]


class StageRecord(NamedTuple):
    """What the ledger holds about one stage of a run."""

    name: str
    source: str
    status: str
    seconds: float
    result: dict[str, Any]


def next_id(connection: sa.Connection, column: sa.Column[Any]) -> int:
    """The next free number of an id column; runs are one at a time, so nobody else takes it meanwhile."""
    return int(connection.execute(sa.select(sa.func.coalesce(sa.func.max(column), 0))).scalar_one()) + 1


def begin_run(
    connection: sa.Connection,
    *,
    business_date: date,
    started_at: datetime,
    rules_digest: str,
    requested: dict[str, Any],
    undoes: list[int] | None = None,
) -> int:
    """Opens a run; runs that were left open by a killed process are closed as red, since only one is active at a time.

    One that ``undoes`` others is no night: these are taken back by it, and what nights build on passes over them.
    """
    connection.execute(
        run.update()
        .where(run.c.status == "running")
        .values(status="red", stopped_by="the process ended before the run did")
    )
    run_id = next_id(connection, run.c.run_id)
    connection.execute(
        run.insert().values(
            run_id=run_id, business_date=business_date, started_at=started_at, status="running",
            rules_digest=rules_digest, requested=requested, kind="undo" if undoes else "night", undoes=undoes,
        )
    )  # fmt: skip
    if undoes:
        connection.execute(run.update().where(run.c.run_id.in_(undoes)).values(undone_by=run_id))
    return run_id


def reopen_run(connection: sa.Connection, run_id: int) -> None:
    """Opens a stopped run again, to go on from its first stage that is not done."""
    connection.execute(run.update().where(run.c.status == "running").values(status="red"))
    connection.execute(
        run.update().where(run.c.run_id == run_id).values(status="running", stopped_by=None, finished_at=None)
    )


def finish_run(
    connection: sa.Connection,
    run_id: int,
    *,
    status: str,
    at: datetime,
    summary: dict[str, Any] | None,
    stopped_by: str | None,
) -> None:
    """Closes a run with its status and what it came to."""
    connection.execute(
        run.update()
        .where(run.c.run_id == run_id)
        .values(status=status, finished_at=at, summary=summary, stopped_by=stopped_by)
    )


def stop_run(connection: sa.Connection, run_id: int, *, at: datetime, stopped_by: str) -> None:
    """Closes a run that could not go on as red; one whose end was committed after all keeps its status."""
    connection.execute(
        run.update()
        .where(run.c.run_id == run_id, run.c.status == "running")
        .values(status="red", finished_at=at, stopped_by=stopped_by)
    )


def run_record(connection: sa.Connection, run_id: int) -> sa.RowMapping | None:
    """A run as the ledger has it."""
    return connection.execute(sa.select(run).where(run.c.run_id == run_id)).mappings().first()


def latest_run(connection: sa.Connection) -> sa.RowMapping | None:
    """The newest run."""
    return connection.execute(sa.select(run).order_by(run.c.run_id.desc()).limit(1)).mappings().first()


def run_of_flow(connection: sa.Connection, flow_run: str) -> sa.RowMapping | None:
    """The run that a scheduler's run began, by the id the scheduler knows it by; it is one at most."""
    query = sa.select(run).where(run.c.requested["flow_run"].astext == flow_run).order_by(run.c.run_id.desc()).limit(1)
    return connection.execute(query).mappings().first()


def nights_from(connection: sa.Connection, instant: datetime) -> list[sa.RowMapping]:
    """The nights that began at or after an instant, oldest first."""
    query = sa.select(run).where(run.c.kind == "night", run.c.started_at >= instant).order_by(run.c.run_id)
    return list(connection.execute(query).mappings())


def runs(connection: sa.Connection, *, limit: int = 50) -> list[sa.RowMapping]:
    """The newest runs, newest first."""
    return list(connection.execute(sa.select(run).order_by(run.c.run_id.desc()).limit(limit)).mappings())


def stages(connection: sa.Connection, run_id: int) -> dict[tuple[str, str], StageRecord]:
    """A run's stages by name and source."""
    query = sa.select(stage.c.name, stage.c.source, stage.c.status, stage.c.seconds, stage.c.result)
    return {
        (row.name, row.source): StageRecord(*row) for row in connection.execute(query.where(stage.c.run_id == run_id))
    }


def record_stage(
    connection: sa.Connection, run_id: int, name: str, source: str, *, status: str, seconds: float,
    result: dict[str, Any], input_digest: str = "",
) -> None:  # fmt: skip
    """Writes a stage into the ledger, in the transaction of its work; a failed one is replaced when it is done."""
    values = {"status": status, "seconds": seconds, "result": result, "input_digest": input_digest}
    statement = insert(stage).values(run_id=run_id, name=name, source=source, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["run_id", "name", "source"], set_=values))


def last_done_run(
    connection: sa.Connection, stage_name: str, source: str = "", *, before: int
) -> tuple[int, dict[str, Any]]:
    """The newest run before ``before`` in which a stage was done and is not undone, and its result; (0, {}) if none."""
    query = (
        sa.select(stage.c.run_id, stage.c.result)
        .join(run, run.c.run_id == stage.c.run_id)
        .where(stage.c.name == stage_name, stage.c.source == source, stage.c.status == "done", stage.c.run_id < before)
        .where(run.c.undone_by.is_(None))
        .order_by(stage.c.run_id.desc())
        .limit(1)
    )
    found = connection.execute(query).first()
    return (found.run_id, found.result) if found else (0, {})


def stages_between(connection: sa.Connection, after: int, until: int) -> list[StageRecord]:
    """The stages of the runs after one and up to another, without runs that were undone."""
    query = (
        sa.select(stage.c.name, stage.c.source, stage.c.status, stage.c.seconds, stage.c.result)
        .join(run, run.c.run_id == stage.c.run_id)
        .where(stage.c.run_id > after, stage.c.run_id <= until, run.c.undone_by.is_(None))
    )
    return [StageRecord(*row) for row in connection.execute(query)]


_DELIVERY = sa.select(
    delivery.c.delivery_id, delivery.c.source, delivery.c.sha256, delivery.c.file_name, delivery.c.size,
    delivery.c.received_run, delivery.c.state,
    delivery.c.state_run,
    delivery.c.detail,
)  # fmt: skip


def deliveries(connection: sa.Connection, source: str) -> dict[str, Delivery]:
    """Every delivery of a source by its SHA-256."""
    rows = connection.execute(_DELIVERY.where(delivery.c.source == source))
    return {row.sha256: Delivery(*row) for row in rows}


def delivered(connection: sa.Connection, source: str) -> dict[str, str]:
    """The state of every delivery of a source by its SHA-256."""
    rows = connection.execute(sa.select(delivery.c.sha256, delivery.c.state).where(delivery.c.source == source))
    return {row.sha256: row.state for row in rows}


def record_delivery(
    connection: sa.Connection, *, source: str, sha256: str, file_name: str, size: int, run_id: int, at: datetime
) -> int:
    """Records a kept file and returns its delivery id."""
    delivery_id = next_id(connection, delivery.c.delivery_id)
    connection.execute(
        delivery.insert().values(
            delivery_id=delivery_id, source=source, sha256=sha256, file_name=file_name, size=size, received_run=run_id,
            received_at=at, state="received",
            state_run=run_id,
            detail={},
        )
    )  # fmt: skip
    return delivery_id


_KEPT_OF_DELIVERY = ("delivery_id", "state", "state_run", "detail")


def set_delivery_state(
    connection: sa.Connection, delivery_ids: list[int], state: str, run_id: int, detail: dict[str, Any]
) -> None:
    """Says what became of deliveries (``accepted``, ``held``, ``refused``, ``superseded``) and under which rules.

    What they were before the run is kept, so that it can be undone.
    """
    before = sa.select(sa.literal(run_id), *(delivery.c[name] for name in _KEPT_OF_DELIVERY))
    columns = ["run_id", *_KEPT_OF_DELIVERY]
    journal = insert(delivery_before).from_select(columns, before.where(delivery.c.delivery_id.in_(delivery_ids)))
    connection.execute(journal.on_conflict_do_nothing())
    connection.execute(
        delivery.update()
        .where(delivery.c.delivery_id.in_(delivery_ids))
        .values(state=state, state_run=run_id, detail=_and(detail))
    )


def record_reading(connection: sa.Connection, delivery_id: int, notes: list[dict[str, Any]]) -> None:
    """Keeps how a delivery was read (``schemas.reading_notes``): kinds, sheets, row numbers and counts."""
    connection.execute(
        delivery.update().where(delivery.c.delivery_id == delivery_id).values(detail=_and({"notes": notes}))
    )


def reading_notes(connection: sa.Connection, delivery_ids: list[int]) -> list[dict[str, Any]]:
    """How deliveries were read, a note each with ``source`` and ``delivery`` (the file's name as its sender gave it)."""
    query = sa.select(delivery.c.source, delivery.c.file_name, delivery.c.detail["notes"]).order_by(
        delivery.c.source, delivery.c.delivery_id
    )
    return [
        {"source": source, "delivery": file_name, **note}
        for source, file_name, notes in connection.execute(query.where(delivery.c.delivery_id.in_(delivery_ids)))
        for note in notes or ()
    ]


def _and(detail: dict[str, Any]) -> sa.ColumnElement[Any]:
    """What is known of a delivery, and this."""
    return delivery.c.detail.concat(sa.cast(detail, JSONB))


def waiting_deliveries(connection: sa.Connection, source: str, *, beside: list[int]) -> list[Delivery]:
    """Deliveries of a source that were set aside (held or refused), ``beside`` some, and that nothing newer has replaced."""
    waiting = delivery.c.state.in_(["held", "refused"]) & delivery.c.delivery_id.not_in(beside)
    return [Delivery(*row) for row in connection.execute(_DELIVERY.where(delivery.c.source == source, waiting))]


def oldest_received_run(connection: sa.Connection, delivery_ids: list[int]) -> int:
    """The run in which the oldest of some deliveries was received; 0 where there are none."""
    query = sa.select(sa.func.min(delivery.c.received_run)).where(delivery.c.delivery_id.in_(delivery_ids))
    return int(connection.execute(query).scalar_one() or 0)


def newest_received_at(connection: sa.Connection, delivery_ids: list[int]) -> datetime | None:
    """When the newest of some deliveries was received; ``None`` where there are none."""
    query = sa.select(sa.func.max(delivery.c.received_at)).where(delivery.c.delivery_id.in_(delivery_ids))
    found: datetime | None = connection.execute(query).scalar_one()
    return found


def supersede_deliveries(
    connection: sa.Connection, run_id: int, source: str, accepted: list[int], scopes: list[str] | None
) -> None:
    """Deliveries set aside earlier give way to accepted ones, and what was said about earlier files ends.

    Where a list is full within villages (``scopes``), only a held delivery of one of these villages gives way; a refused
    one waits until its file is taken out of the inbox. To an increment, whose ``scopes`` are none, nothing gives way.
    """
    earlier = waiting_deliveries(connection, source, beside=accepted)
    if scopes is not None:
        earlier = [d for d in earlier if d.state == "held" and set(d.detail["scopes"] or ()) & set(scopes)]
    set_delivery_state(connection, [d.delivery_id for d in earlier], "superseded", run_id, {})
    stays = sa.select(delivery.c.delivery_id).where(delivery.c.state.in_(["held", "refused"]))
    connection.execute(
        finding.update()
        .where(
            finding.c.source == source, finding.c.origin == "file", finding.c.to_run.is_(None),
            finding.c.from_run < run_id, finding.c.delivery_id.not_in(stays),
        )
        .values(to_run=run_id)
    )  # fmt: skip


def withdraw_deliveries(connection: sa.Connection, run_id: int, source: str, delivery_ids: list[int]) -> None:
    """Files that went before they were taken are no longer waited for, and their findings end; one that comes again is read."""
    if not delivery_ids:
        return
    set_delivery_state(connection, delivery_ids, "withdrawn", run_id, {})
    connection.execute(
        finding.update()
        .where(finding.c.source == source, finding.c.delivery_id.in_(delivery_ids), finding.c.to_run.is_(None))
        .values(to_run=run_id)
    )
