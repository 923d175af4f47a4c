"""What is dated of one elder: numbers, categories and states as intervals, questions and decisions."""

from typing import Any

import sqlalchemy as sa

from registry.tables import case_side, decision, identity_case

__all__ = ["cases_of", "decisions_of", "in_force", "plain", "statements_of"]

_CASE = ("case_id", "kind", "reasons", "score", "from_run", "to_run", "ended_as", "decision_id", "earlier_decision_id")
_DECISION = (
    "decision_id", "kind", "case_id", "field", "value", "decided_at", "decided_by", "reason", "after_run", "ended_after_run",
    "ended_at", "ended_by", "end_reason",
)  # fmt: skip
_ENDS = ("to_run", "to_date", "end_reason", "ended_as")


def in_force(table: sa.Table, run_id: int | None) -> sa.ColumnElement[bool]:
    """Whether a row of a table dated by runs holds now, or held after a run."""
    if run_id is None:
        return table.c.to_run.is_(None)
    return (table.c.from_run <= run_id) & (table.c.to_run.is_(None) | (table.c.to_run > run_id))


def statements_of(
    connection: sa.Connection, table: sa.Table, person_id: int, run_id: int | None
) -> list[dict[str, Any]]:
    """A person's statements of a table with their intervals; those that began after a run, or ended after it, are as then."""
    query = sa.select(table).where(table.c.person_id == person_id).order_by(table.c.from_run)
    rows = [dict(row) for row in connection.execute(query).mappings()]
    return [{name: plain(value) for name, value in row.items() if name != "person_id"} for row in _then(rows, run_id)]


def cases_of(connection: sa.Connection, id_key: int, run_id: int | None) -> list[dict[str, Any]]:
    """The questions on a side of which a person stood; what they ask about is told by their kind and reasons only."""
    sides = sa.select(case_side.c.case_id).where(case_side.c.id_key == id_key)
    columns = [identity_case.c[name] for name in _CASE]
    query = sa.select(*columns).where(identity_case.c.case_id.in_(sides)).order_by(identity_case.c.case_id)
    rows = [dict(row) for row in connection.execute(query).mappings()]
    return [{name: plain(value) for name, value in row.items()} for row in _then(rows, run_id)]


def decisions_of(connection: sa.Connection, person_id: int, id_key: int, run_id: int | None) -> list[dict[str, Any]]:
    """What people decided of a person, or of a question the person stood in; in its order."""
    sides = sa.select(case_side.c.case_id).where(case_side.c.id_key == id_key)
    about = (decision.c.person_id == person_id) | decision.c.case_id.in_(sides)
    columns = [decision.c[name] for name in _DECISION]
    query = sa.select(*columns).where(about).order_by(decision.c.decision_id)
    if run_id is not None:
        query = query.where(decision.c.after_run < run_id)
    return [{name: plain(value) for name, value in row.items()} for row in connection.execute(query).mappings()]


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    return value if value is None or isinstance(value, str | int | float) else str(value)


def _then(rows: list[dict[str, Any]], run_id: int | None) -> list[dict[str, Any]]:
    if run_id is None:
        return rows
    known = [row for row in rows if row["from_run"] <= run_id]
    return [
        {name: None if name in _ENDS else value for name, value in row.items()}
        if row["to_run"] is not None and row["to_run"] > run_id
        else row
        for row in known
    ]
