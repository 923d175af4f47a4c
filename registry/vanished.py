"""Rows that went back to their sender: which of them still wait for an answer, and which the sender has cancelled."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from registry.bulk import copy_out, load_temp
from registry.finding_evidence import CLOSED, EVIDENT
from registry.findings import to_frame
from registry.tables import source_row

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["rows_awaiting_answer", "rows_cancelled", "scopes_of"]

_AWAITED = pa.schema(
    [("row_id", pa.int64()), ("id_key", pa.int64()), ("name", pa.large_string()), ("village", pa.large_string())]
)
_AWAITING = f"""
    SELECT r.row_id, r.id_key, r.name, coalesce(r.household_village, r.residence_village)
    FROM (
        SELECT s.row_id FROM ({EVIDENT} JOIN asked a ON a.row_id = f.row_id WHERE f.to_run IS NULL AND f.origin IN ('row', 'merge')) s
        LEFT JOIN finding_closure c ON {CLOSED}
        WHERE s.problem IN (SELECT problem FROM finding_dispatch)
        GROUP BY s.row_id HAVING bool_or(c.closure_id IS NULL) AND coalesce(bool_and(c.kind IS DISTINCT FROM 'withdrawn'), true)
    ) waiting JOIN source_row r USING (row_id) ORDER BY r.row_id
"""  # noqa: S608  words of ours only
_CANCELLED = f"""
    SELECT DISTINCT s.row_id
    FROM ({EVIDENT} JOIN asked a ON a.row_id = f.row_id WHERE f.to_run IS NULL AND f.origin IN ('row', 'merge')) s
    JOIN finding_closure c ON {CLOSED} AND c.kind = 'withdrawn' ORDER BY s.row_id
"""  # noqa: S608


def rows_awaiting_answer(connection: sa.Connection, row_ids: "NDArray[np.int64]") -> pd.DataFrame:
    """Those of some rows in force that were returned for something nobody has closed yet: ``row_id id_key name village``."""
    return to_frame(_of_rows(connection, row_ids, _AWAITING, _AWAITED))


def rows_cancelled(connection: sa.Connection, row_ids: "NDArray[np.int64]") -> "NDArray[np.int64]":
    """Those of some rows in force of which a person has said that the sender left them out on purpose."""
    found = _of_rows(connection, row_ids, _CANCELLED, pa.schema([("row_id", pa.int64())]))
    return np.asarray(found["row_id"].to_numpy(), dtype=np.int64)


def scopes_of(connection: sa.Connection, row_ids: list[int]) -> list[str]:
    """The village lists that rows of sources belong to."""
    wanted = source_row.c.row_id == sa.any_(sa.literal(row_ids, sa.ARRAY(sa.BigInteger)))
    return list(connection.execute(sa.select(source_row.c.scope).where(wanted)).scalars())


def _of_rows(connection: sa.Connection, row_ids: "NDArray[np.int64]", query: str, schema: pa.Schema) -> pa.Table:
    load_temp(connection, "asked", pa.table({"row_id": pa.array(row_ids, pa.int64())}))
    found = copy_out(connection, query, schema)
    connection.execute(sa.text("DROP TABLE asked"))
    return found
