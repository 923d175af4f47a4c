"""What returned lists are made of and told by: findings with the places they were found in, and which rows still stand."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from registry.bulk import copy_out, load_temp
from registry.findings import to_frame
from registry.tables import source_row

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["findings_with_places", "id_numbers_of", "members_concerned", "row_hashes_of", "rows_at", "standing_rows"]

_FOUND = pa.schema(
    [
        ("finding_id", pa.int64()), ("origin", pa.large_string()), ("source", pa.large_string()),
        ("delivery_id", pa.int64()), ("sha256", pa.large_string()), ("sheet", pa.large_string()),
        ("row_number", pa.int64()), ("row_id", pa.int64()), ("field", pa.large_string()), ("code", pa.large_string()),
        ("severity", pa.large_string()), ("seen", pa.large_string()),
    ]
)  # fmt: skip


def findings_with_places(connection: sa.Connection, run_id: int) -> pd.DataFrame:
    """Every finding about a delivery that stands after a run, with the delivery and the row it was found in.

    Columns: ``finding_id origin source delivery_id sha256 sheet row_number row_id field code severity seen``. A row is found
    where it stood last: what was said of it when it came in an earlier file moved on with it.
    """
    query = f"""
        SELECT f.finding_id, f.origin, f.source, f.delivery_id, d.sha256, coalesce(f.sheet, ''), f.row_number, f.row_id,
               f.field, f.code, f.severity, f.seen
        FROM finding f JOIN delivery d USING (delivery_id)
        WHERE f.from_run <= {int(run_id)} AND (f.to_run IS NULL OR f.to_run > {int(run_id)})
        ORDER BY f.source, f.delivery_id, f.finding_id
    """  # noqa: S608  only a number of ours is put in
    found = to_frame(copy_out(connection, query, _FOUND))
    kind = found["origin"].where(found["origin"].isin(["file", "member"]), "row")
    of_rows = found.assign(kind=kind)[found["row_id"].notna()]
    last = of_rows.sort_values("delivery_id", kind="stable").drop_duplicates(["kind", "row_id"], keep="last")
    placed = of_rows.drop(columns=_PLACE).merge(last[["kind", "row_id", *_PLACE]], on=["kind", "row_id"], how="left")
    together = pd.concat([found[found["row_id"].isna()], placed[_FOUND.names]], ignore_index=True)
    ordered: pd.DataFrame = together.sort_values(["source", "delivery_id", "finding_id"], ignore_index=True)
    return ordered


_PLACE = ["delivery_id", "sha256", "sheet", "row_number"]

_STANDING = pa.schema([("asked", pa.int64()), ("row_id", pa.int64())])


def standing_rows(
    connection: sa.Connection, table: sa.Table, source: str, row_ids: "NDArray[np.int64]"
) -> dict[int, int]:
    """For rows of a source (of ``source_row`` or ``member_row``) the row in force that each is now: itself, or its successor.

    A row that was judged again has a successor in its place; one that went and came again, one with the same cells. Rows
    that have neither are not among the keys.
    """
    load_temp(connection, "asked", pa.table({"row_id": pa.array(np.unique(row_ids))}))
    query = sa.text(
        f"SELECT a.row_id AS asked, min(n.row_id) AS row_id FROM asked a JOIN {table.name} o USING (row_id) "  # noqa: S608
        f"JOIN {table.name} n ON n.source = o.source AND n.to_run IS NULL AND (n.row_id = o.row_id OR (o.to_run IS NOT NULL "
        "AND ((n.delivery_id = o.delivery_id AND n.row_number = o.row_number AND n.sheet IS NOT DISTINCT FROM o.sheet) "
        "OR n.row_hash = o.row_hash))) WHERE o.source = :source GROUP BY a.row_id"
    )
    found = copy_out(connection, query.bindparams(source=source), _STANDING)
    connection.execute(sa.text("DROP TABLE asked"))
    return dict(zip(found["asked"].to_pylist(), found["row_id"].to_pylist(), strict=True))


_PLACED = pa.schema([("row_id", pa.int64()), ("sheet", pa.large_string()), ("row_number", pa.int64())])


def rows_at(connection: sa.Connection, table: sa.Table, delivery_id: int) -> pd.DataFrame:
    """The rows in force that stand in a delivery: ``row_id sheet row_number``."""
    columns = (table.c.row_id, sa.func.coalesce(table.c.sheet, ""), table.c.row_number)
    query = sa.select(*columns).where(table.c.delivery_id == delivery_id, table.c.to_run.is_(None))
    return to_frame(copy_out(connection, query, _PLACED))


def id_numbers_of(connection: sa.Connection, row_ids: "NDArray[np.int64]") -> set[str]:
    """The ID numbers that rows of sources state, as far as they do."""
    wanted = source_row.c.row_id == sa.any_(sa.literal(row_ids.tolist(), sa.ARRAY(sa.BigInteger)))
    query = sa.select(source_row.c.id_number).where(wanted, source_row.c.id_number.is_not(None))
    return set(connection.execute(query).scalars())


def row_hashes_of(connection: sa.Connection, row_ids: list[int]) -> dict[int, int]:
    """The fingerprints of rows of sources, whether they are in force or not."""
    wanted = source_row.c.row_id == sa.any_(sa.literal(row_ids, sa.ARRAY(sa.BigInteger)))
    found = connection.execute(sa.select(source_row.c.row_id, source_row.c.row_hash).where(wanted))
    return {row.row_id: row.row_hash for row in found}


_CONCERNED = pa.schema(
    [
        ("row_id", pa.int64()), ("row_hash", pa.int64()), ("outcome", pa.large_string()), ("delivery_id", pa.int64()),
        ("sha256", pa.large_string()), ("sheet", pa.large_string()), ("row_number", pa.int64()),
    ]
)  # fmt: skip


def members_concerned(
    connection: sa.Connection, source: str, numbers: set[str], row_ids: "NDArray[np.int64]"
) -> pd.DataFrame:
    """Members in force of some elders' households, and of those of some members: ``row_id row_hash outcome`` and their places."""
    query = sa.text(
        "WITH theirs AS (SELECT unnest(CAST(:numbers AS text[])) AS elder_id_number UNION "
        "SELECT elder_id_number FROM member_row WHERE row_id = ANY(CAST(:row_ids AS bigint[]))) "
        "SELECT m.row_id, m.row_hash, m.outcome, m.delivery_id, d.sha256, coalesce(m.sheet, ''), m.row_number "
        "FROM member_row m JOIN delivery d USING (delivery_id) WHERE m.source = :source AND m.to_run IS NULL AND "
        "(m.elder_id_number IN (SELECT elder_id_number FROM theirs) OR m.row_id = ANY(CAST(:row_ids AS bigint[]))) "
        "ORDER BY m.row_id"
    )
    bound = query.bindparams(numbers=sorted(numbers), row_ids=row_ids.tolist(), source=source)
    return to_frame(copy_out(connection, bound, _CONCERNED))
