"""What stands on the sides of a question: every row in force of each, with its place and all it states.

Of somebody whom no row in force names these are the rows the registry's record rests on.
"""

import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from registry.bulk import copy_out
from registry.decision_links import NUMBERS_IN_FORCE
from registry.findings import to_frame
from schemas.fields import LIFE_FIELDS, STATED_FIELDS

__all__ = ["STATED", "case_sides", "case_statements"]

STATED = (*STATED_FIELDS, *LIFE_FIELDS)
"""What a statement says, in order."""

_PLACES = ("row_id", "delivery_id", "row_number", "row_hash")
_STATEMENTS = pa.schema(
    [
        ("case_id", pa.int64()), ("side", pa.int64()), *((name, pa.int64()) for name in _PLACES),
        ("source", pa.large_string()), ("delivery", pa.large_string()), ("sheet", pa.large_string()),
        ("outcome", pa.large_string()), *((field, pa.large_string()) for field in STATED),
    ]
)  # fmt: skip
_WANTED = """
    wanted AS MATERIALIZED (
        SELECT s.case_id, s.side, s.id_key, s.row_id, s.name, c.kind, c.subject
        FROM case_side s JOIN identity_case c USING (case_id)
        WHERE CASE WHEN CAST(:case AS bigint) IS NULL THEN c.to_run IS NULL ELSE c.case_id = :case END
    )
"""
# A damaged row is found again by its cells: judged anew, it has another number in the registry.
_FOUND = f"""
    WITH {_WANTED}, numbers AS MATERIALIZED ({NUMBERS_IN_FORCE}), own AS (
        SELECT case_id, side, name, id_key FROM wanted WHERE row_id IS NULL
        UNION SELECT w.case_id, w.side, w.name, n.id_key FROM wanted w JOIN numbers n ON n.person_key = w.id_key
        WHERE w.row_id IS NULL
    ), damaged AS (
        SELECT w.case_id, w.side, r.row_id FROM wanted w JOIN source_row r
        ON r.source = split_part(w.subject, ':', 2)
        AND r.row_hash = CASE w.kind WHEN 'number-damaged' THEN CAST(split_part(w.subject, ':', 3) AS bigint) END
        AND r.to_run IS NULL WHERE w.row_id IS NOT NULL
    ), found AS (
        SELECT o.case_id, o.side, r.row_id FROM own o JOIN source_row r ON r.id_key = o.id_key AND r.to_run IS NULL
        WHERE o.name IS NULL OR r.name = o.name
        UNION SELECT o.case_id, o.side, unnest(e.row_ids) FROM own o JOIN elder e ON e.id_key = o.id_key AND e.status = 'active'
        WHERE NOT EXISTS (SELECT FROM source_row r WHERE r.id_key = o.id_key AND r.to_run IS NULL)
        UNION SELECT * FROM damaged
        UNION SELECT case_id, side, row_id FROM wanted w WHERE row_id IS NOT NULL
        AND NOT EXISTS (SELECT FROM damaged d WHERE (d.case_id, d.side) = (w.case_id, w.side))
    )
"""  # noqa: S608


def case_statements(connection: sa.Connection, case_id: int | None = None) -> pd.DataFrame:
    """The statements on the sides of a question, or of all that are open, in the order of case, side and place.

    Columns: ``case_id side row_id delivery_id row_number row_hash source delivery sheet outcome`` and, as texts, ``STATED``.
    """
    places = ", ".join(f"r.{name}" for name in _PLACES)
    fields = ", ".join(f'r."{field}"' for field in STATED)
    query = (
        f"{_FOUND} SELECT f.case_id, f.side, {places}, r.source, d.file_name, r.sheet, r.outcome, {fields} "  # noqa: S608
        "FROM found f JOIN source_row r USING (row_id) JOIN delivery d USING (delivery_id) "
        "ORDER BY f.case_id, f.side, r.source, r.delivery_id, r.sheet, r.row_number, r.row_id"
    )
    return to_frame(copy_out(connection, sa.text(query).bindparams(case=case_id), _STATEMENTS))


_SIDES = pa.schema(
    [
        ("case_id", pa.int64()), ("side", pa.int64()), ("id_key", pa.int64()), ("row_id", pa.int64()), ("name", pa.large_string()),
        ("person_id", pa.int64()), ("status", pa.large_string()),
    ]
)  # fmt: skip


def case_sides(connection: sa.Connection, case_id: int | None = None) -> pd.DataFrame:
    """The sides of a question, or of all that are open: ``case_id side id_key row_id name person_id status``.

    The last two are of the registry's record, where it has one.
    """
    query = f"""
        WITH {_WANTED} SELECT w.case_id, w.side, w.id_key, w.row_id, w.name, e.person_id, e.status
        FROM wanted w LEFT JOIN elder e USING (id_key) ORDER BY w.case_id, w.side
    """  # noqa: S608
    return to_frame(copy_out(connection, sa.text(query).bindparams(case=case_id), _SIDES))
