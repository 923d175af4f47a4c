"""What sources state now: their rows in force and household members, and how a night changes them."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from registry.bulk import copy_out, fill, load_temp
from registry.findings import to_frame
from registry.runs import next_id
from registry.tables import finding, member_row, source_row

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ids = NDArray[np.int64]

__all__ = [
    "add_members",
    "add_rows",
    "current_members",
    "current_rows",
    "elder_scopes",
    "end_rows",
    "kept_places",
    "outcome_counts",
    "place_findings_anew",
]

_CURRENT_ROWS = pa.schema(
    [
        ("row_id", pa.int64()), ("row_hash", pa.int64()), ("id_key", pa.int64()), ("is_held", pa.bool_()),
        ("scope", pa.large_string()), ("recheck_on", pa.date32()), ("delivery_id", pa.int64()),
    ]
)  # fmt: skip
_CURRENT_MEMBERS = pa.schema(
    [
        ("row_id", pa.int64()), ("row_hash", pa.int64()), ("scope", pa.large_string()),
        ("elder_id_number", pa.large_string()),
    ]
)  # fmt: skip


def current_rows(connection: sa.Connection, source: str) -> pa.Table:
    """The rows of a source in force: ``row_id row_hash id_key is_held scope recheck_on delivery_id``."""
    columns = [source_row.c[name] for name in _CURRENT_ROWS.names]
    current = sa.select(*columns).where(source_row.c.source == source, source_row.c.to_run.is_(None))
    query = current.order_by(source_row.c.row_id)  # equal rows are told apart by their order
    return copy_out(connection, query, _CURRENT_ROWS)


def current_members(connection: sa.Connection, source: str) -> pa.Table:
    """The household members of a source in force: ``row_id row_hash scope elder_id_number``."""
    columns = [member_row.c[name] for name in _CURRENT_MEMBERS.names]
    current = sa.select(*columns).where(member_row.c.source == source, member_row.c.to_run.is_(None))
    query = current.order_by(member_row.c.row_id)
    return copy_out(connection, query, _CURRENT_MEMBERS)


def end_rows(connection: sa.Connection, table: sa.Table, run_id: int, row_ids: "Ids") -> None:
    """Ends rows (of ``source_row`` or ``member_row``) and their own findings."""
    if not len(row_ids):
        return
    load_temp(connection, "ended", pa.table({"row_id": pa.array(row_ids)}))
    connection.execute(
        sa.text(f"UPDATE {table.name} t SET to_run = :run FROM ended e WHERE t.row_id = e.row_id"),  # noqa: S608
        {"run": run_id},
    )
    origin = "row" if table is source_row else "member"
    connection.execute(
        sa.text(
            "UPDATE finding f SET to_run = :run FROM ended e WHERE f.row_id = e.row_id AND f.to_run IS NULL "
            "AND f.origin IN (:origin, :between)"
        ),
        {"run": run_id, "origin": origin, "between": "merge" if table is source_row else origin},
    )
    connection.execute(sa.text("DROP TABLE ended"))


def add_rows(connection: sa.Connection, run_id: int, rows: pd.DataFrame) -> "Ids":
    """Adds rows of a source; ``rows`` has the columns of ``source_row`` but ``row_id``, ``from_run`` and ``outcome``."""
    first = next_id(connection, source_row.c.row_id)
    row_ids = np.arange(first, first + len(rows), dtype=np.int64)
    outcome = np.where(rows["is_held"], "held", "admitted")
    fill(connection, source_row, rows.assign(row_id=row_ids, from_run=run_id, outcome=pd.array(outcome, dtype="str")))
    return row_ids


def add_members(connection: sa.Connection, run_id: int, rows: pd.DataFrame) -> "Ids":
    """Adds household members; ``rows`` has the columns of ``member_row`` but ``row_id`` and ``from_run``."""
    first = next_id(connection, member_row.c.row_id)
    row_ids = np.arange(first, first + len(rows), dtype=np.int64)
    fill(connection, member_row, rows.assign(row_id=row_ids, from_run=run_id))
    return row_ids


def place_findings_anew(connection: sa.Connection, run_id: int, source: str, origin: str, placed: pa.Table) -> None:
    """Gives the open findings of re-sent rows their place in the new file.

    Args:
        connection: in the stage's transaction.
        run_id: tonight's run.
        source: whose rows.
        origin: ``row`` (with what was found between rows and what the platform refused) or ``member``.
        placed: ``row_id delivery_id sheet row_number`` of the rows that came again.
    """
    origins = ["row", "merge", "push"] if origin == "row" else [origin]
    query = sa.select(finding.c.row_id).where(
        finding.c.source == source, finding.c.to_run.is_(None), finding.c.origin.in_(origins)
    )
    with_findings = copy_out(connection, query, pa.schema([("row_id", pa.int64())]))["row_id"].to_numpy()
    moved = placed.filter(pa.array(np.isin(placed["row_id"].to_numpy(), with_findings)))
    if not moved.num_rows:
        return
    load_temp(connection, "moved", moved)
    which = "f.row_id = m.row_id AND f.to_run IS NULL AND f.origin = ANY(:origins) AND f.from_run < :run"
    parameters: dict[str, Any] = {"run": run_id, "origins": origins}
    connection.execute(
        sa.text(f"CREATE TEMP TABLE anew ON COMMIT DROP AS SELECT f.* FROM finding f, moved m WHERE {which}"),  # noqa: S608
        parameters,
    )
    connection.execute(sa.text(f"UPDATE finding f SET to_run = :run FROM moved m WHERE {which}"), parameters)  # noqa: S608
    connection.execute(
        sa.text(
            "UPDATE anew a SET from_run = :run, delivery_id = m.delivery_id, sheet = m.sheet, row_number = m.row_number "
            "FROM moved m WHERE a.row_id = m.row_id"
        ),
        {"run": run_id},
    )
    connection.execute(sa.text("INSERT INTO finding SELECT * FROM anew"))
    connection.execute(sa.text("DROP TABLE anew, moved"))


def outcome_counts(
    connection: sa.Connection, source: str, scopes: list[str] | None, row_ids: list[int] | None
) -> dict[str, int]:
    """How many rows in force were admitted, held and duplicates: of the whole source, of some villages, or of some rows."""
    query = (
        sa.select(source_row.c.outcome, sa.func.count())
        .where(source_row.c.source == source, source_row.c.to_run.is_(None))
        .group_by(source_row.c.outcome)
    )
    if scopes is not None:
        query = query.where(source_row.c.scope == sa.any_(sa.literal(scopes, sa.ARRAY(sa.Text))))
    if row_ids is not None:
        query = query.where(source_row.c.row_id == sa.any_(sa.literal(row_ids, sa.ARRAY(sa.BigInteger))))
    counted = {outcome: int(count) for outcome, count in connection.execute(query)}
    return {outcome: counted.get(outcome, 0) for outcome in ("admitted", "held", "duplicate")}


_PLACES = pa.schema(
    [
        ("row_id", pa.int64()), ("delivery_id", pa.int64()), ("sha256", pa.large_string()), ("sheet", pa.large_string()),
        ("row_number", pa.int64()),
    ]
)  # fmt: skip


def kept_places(connection: sa.Connection, row_ids: "Ids") -> pd.DataFrame:
    """Where rows stand in the kept originals: ``row_id delivery_id sha256 sheet row_number``; a text has no sheet's name."""
    load_temp(connection, "sought", pa.table({"row_id": pa.array(row_ids)}))
    query = (
        "SELECT row_id, delivery_id, d.sha256, coalesce(r.sheet, '') AS sheet, r.row_number FROM source_row r "
        "JOIN sought USING (row_id) JOIN delivery d USING (delivery_id)"
    )
    places = to_frame(copy_out(connection, query, _PLACES))
    connection.execute(sa.text("DROP TABLE sought"))
    return places


_SCOPES = pa.schema([("id_number", pa.large_string()), ("scope", pa.large_string())])


def elder_scopes(connection: sa.Connection, source: str) -> pd.DataFrame:
    """The valid ID numbers a source states now, once each, and the village of each: ``id_number scope``."""
    query = (
        sa.select(source_row.c.id_number, sa.func.min(source_row.c.scope))
        .where(source_row.c.source == source, source_row.c.to_run.is_(None), source_row.c.id_key.is_not(None))
        .group_by(source_row.c.id_number)
    )
    return to_frame(copy_out(connection, query, _SCOPES))
