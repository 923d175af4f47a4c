"""Open questions about who is who, over the nights: asked once, and again only when their evidence is another.

Finding them is the transforms' and the night's; what people decide of them is ``registry.decisions``'s; what stands on their
sides is ``registry.case_statements``'s.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from registry.bulk import copy_out, load_temp
from registry.findings import to_frame
from registry.standing import case_counts
from registry.tables import identity_case
from schemas.identity_decisions import SETTLING, CaseEnd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Keys = NDArray[np.int64]

__all__ = ["case_counts", "open_cases", "read_case", "renew"]

_FOUND = pa.schema(
    [(name, pa.large_string()) for name in ("subject", "kind", "evidence", "reasons")] + [("score", pa.float64())]
)
_SIDES = pa.schema(
    [
        ("subject", pa.large_string()), ("side", pa.int64()), ("id_key", pa.int64()), ("row_id", pa.int64()),
        ("name", pa.large_string()),
    ]
)  # fmt: skip
_PART = "split_part(c.subject, ':', {})"
_KEY = f"CAST({_PART} AS bigint)"
_IS_LOOKED_AT = f"""
    CASE split_part(c.subject, ':', 1)
        WHEN 'pair' THEN {_KEY.format(2)} IN (SELECT id_key FROM looked_at) AND {_KEY.format(3)} IN (SELECT id_key FROM looked_at)
        WHEN 'row' THEN c.subject IN (SELECT subject FROM looked_at_rows) OR NOT EXISTS (
            SELECT FROM source_row r
            WHERE r.source = {_PART.format(2)} AND r.row_hash = {_KEY.format(3)} AND r.to_run IS NULL)
        ELSE {_KEY.format(2)} IN (SELECT id_key FROM looked_at)
    END
"""  # noqa: S608
# Of several decisions about one question the newest in force counts.
_SETTLED = """
    CREATE TEMP TABLE settled ON COMMIT DROP AS
    SELECT f.subject FROM found_now f JOIN (
        SELECT DISTINCT ON (c.subject) c.subject, d.evidence FROM decision d JOIN identity_case c USING (case_id)
        WHERE d.ended_after_run IS NULL AND d.kind = ANY(CAST(:settling AS text[])) ORDER BY c.subject, d.decision_id DESC
    ) s ON s.subject = f.subject AND s.evidence = f.evidence
"""
_CHANGED = """
    UPDATE identity_case c SET to_run = :run, ended_as = :changed FROM found_now f
    WHERE c.subject = f.subject AND c.to_run IS NULL AND (c.evidence <> f.evidence OR c.kind <> f.kind)
"""
_GONE = f"""
    UPDATE identity_case c SET to_run = :run, ended_as = :gone
    WHERE c.to_run IS NULL AND c.subject NOT IN (SELECT subject FROM found_now) AND {_IS_LOOKED_AT}
"""  # noqa: S608
_STAY = """
    UPDATE identity_case c SET score = f.score, reasons = f.reasons FROM found_now f
    WHERE c.subject = f.subject AND c.to_run IS NULL
"""
_OPEN = """
    INSERT INTO identity_case (case_id, kind, subject, evidence, reasons, score, from_run, earlier_decision_id)
    SELECT (SELECT coalesce(max(case_id), 0) FROM identity_case) + row_number() OVER (ORDER BY f.subject COLLATE "C"),
           f.kind, f.subject, f.evidence, f.reasons, f.score, :run, e.decision_id
    FROM found_now f LEFT JOIN (
        SELECT c.subject, max(d.decision_id) AS decision_id FROM decision d JOIN identity_case c USING (case_id)
        WHERE d.kind = ANY(CAST(:settling AS text[])) GROUP BY c.subject
    ) e USING (subject)
    WHERE NOT EXISTS (SELECT FROM identity_case c WHERE c.subject = f.subject AND c.to_run IS NULL)
"""
_FORGET_SIDES = """
    DELETE FROM case_side s USING identity_case c, found_now f
    WHERE s.case_id = c.case_id AND c.subject = f.subject AND c.to_run IS NULL
"""
_PUT_SIDES = """
    INSERT INTO case_side (case_id, side, id_key, row_id, name)
    SELECT c.case_id, s.side, s.id_key, s.row_id, s.name FROM sides_now s JOIN identity_case c USING (subject)
    JOIN found_now f USING (subject) WHERE c.to_run IS NULL
"""


def renew(
    connection: sa.Connection, run_id: int, looked_at: "Keys", looked_at_rows: Sequence[str], found: pd.DataFrame,
    sides: pd.DataFrame,
) -> dict[str, int]:  # fmt: skip
    """Brings the open questions in line with what a night has found.

    New ones are opened, in the order of their subjects; the same on the same evidence stay; those on other evidence end as
    ``changed`` and are opened anew, with the decision there was; those looked at and not found any more end as ``gone``. What
    was decided on the same evidence, and is in force, is not asked. A damaged row that no list has any more is gone always.

    Args:
        connection: in the stage's transaction.
        run_id: tonight's run.
        looked_at: keys of everybody looked at, numbers' own ones and people's; a pair needs both.
        looked_at_rows: subjects (``row:SOURCE:ROW_HASH``) of the damaged rows looked at.
        found: ``subject kind evidence reasons score``, a row a question.
        sides: ``subject side id_key row_id name`` of these, numbered from 1; what does not apply is missing.

    Returns:
        How many were ``opened`` (of them ``asked_again``, decided before), ``stayed``, ``changed``, ``gone``, ``decided``.
    """
    load_temp(connection, "looked_at", pa.table({"id_key": pa.array(np.unique(looked_at), pa.int64())}), key=["id_key"])
    load_temp(connection, "looked_at_rows", pa.table({"subject": pa.array(list(looked_at_rows), pa.large_string())}))
    load_temp(connection, "found_now", _table(found, _FOUND), key=["subject"])
    load_temp(connection, "sides_now", _table(sides, _SIDES), key=["subject", "side"])
    given = {"run": run_id, "changed": str(CaseEnd.CHANGED), "gone": str(CaseEnd.GONE), "settling": list(map(str, SETTLING))}  # fmt: skip

    def did(statement: str) -> int:
        return connection.execute(sa.text(statement), given).rowcount

    connection.execute(sa.text(_SETTLED), given)
    changed, gone = did(_CHANGED), did(_GONE)
    decided = did("DELETE FROM found_now f USING settled s WHERE f.subject = s.subject")
    stayed, opened = did(_STAY), did(_OPEN)
    again = sa.select(sa.func.count()).where(
        identity_case.c.from_run == run_id, identity_case.c.to_run.is_(None),
        identity_case.c.earlier_decision_id.is_not(None),
    )  # fmt: skip
    asked_again = int(connection.execute(again).scalar_one())
    did(_FORGET_SIDES)
    did(_PUT_SIDES)
    connection.execute(sa.text("DROP TABLE looked_at, looked_at_rows, found_now, sides_now, settled"))
    return {
        "opened": opened, "asked_again": asked_again, "stayed": stayed, "changed": changed, "gone": gone, "decided": decided,
    }  # fmt: skip


_LISTED = pa.schema(
    [
        ("case_id", pa.int64()), ("kind", pa.large_string()), ("subject", pa.large_string()), ("evidence", pa.large_string()),
        ("reasons", pa.large_string()), ("score", pa.float64()), ("from_run", pa.int64()), ("sides", pa.int64()),
        ("earlier_decision_id", pa.int64()),
    ]
)  # fmt: skip


def open_cases(connection: sa.Connection) -> pd.DataFrame:
    """The open questions, the likeliest of each kind first.

    Columns: ``case_id kind subject evidence reasons score from_run sides earlier_decision_id``; ``sides`` counts them.
    """
    query = """
        SELECT c.case_id, c.kind, c.subject, c.evidence, c.reasons, c.score, c.from_run,
               (SELECT count(*) FROM case_side s WHERE s.case_id = c.case_id), c.earlier_decision_id
        FROM identity_case c WHERE c.to_run IS NULL ORDER BY c.kind, c.score DESC, c.case_id
    """
    return to_frame(copy_out(connection, query, _LISTED))


def read_case(connection: sa.Connection, case_id: int) -> sa.RowMapping | None:
    """A question, open or ended."""
    return connection.execute(sa.select(identity_case).where(identity_case.c.case_id == case_id)).mappings().first()


def _table(rows: pd.DataFrame, schema: pa.Schema) -> pa.Table:
    """The rows in these columns; what is missing in a nullable column stays missing."""
    return pa.table([pa.array(rows[name], field.type, from_pandas=True) for name, field in zip(schema.names, schema, strict=True)], schema=schema)  # fmt: skip
