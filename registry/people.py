"""Whom a night must look at: people whose statements changed, about whom somebody decided, and who is in question with them."""

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

    Keys = NDArray[np.int64]

__all__ = [
    "any_row_changed",
    "changed_keys",
    "choose_people",
    "keys_of_ended_cases",
    "keys_together",
    "statements_in_force",
]

_KEY = pa.schema([("id_key", pa.int64())])
_STATEMENTS = pa.schema(
    [
        *((name, pa.int64()) for name in ("row_id", "row_hash", "id_key", "from_run")),
        ("is_held", pa.bool_()),
        *(
            (name, pa.large_string())
            for name in (
                "source", "id_number", "name", "birth_date", "sex", "phone", "emergency_contact_phone", "household_division_code",
                "residence_division_code", "household_village", "residence_village", "household_address", "residence_address",
                "disability_certificate_number",
            )
        ),
    ]
)  # fmt: skip


# Whom a list has left out, or names under another number now, is in the registry until tonight's merge has said otherwise.
_REST_ON_ENDED = """
    row_id IN (
        SELECT unnest(e.row_ids) FROM elder e
        WHERE e.status = 'active' AND NOT EXISTS (SELECT FROM source_row n WHERE n.id_key = e.id_key AND n.to_run IS NULL)
    )
"""


def statements_in_force(connection: sa.Connection) -> pd.DataFrame:
    """All rows in force with what people are told apart by, in the order of ``row_id``; dates as ISO texts.

    With them come the rows that records of people rest on whom no row in force names: their successors are sought, too.
    """
    columns = ", ".join(f'"{name}"' for name in _STATEMENTS.names)
    query = f"SELECT {columns} FROM source_row WHERE to_run IS NULL OR {_REST_ON_ENDED} ORDER BY row_id"  # noqa: S608
    return to_frame(copy_out(connection, query, _STATEMENTS))


def any_row_changed(connection: sa.Connection, since_run: int) -> bool:
    """Whether any row began or ended after a run, those without a usable number too."""
    changed = (source_row.c.from_run > since_run) | (source_row.c.to_run > since_run)
    return bool(connection.execute(sa.select(sa.exists().where(changed))).scalar_one())


def changed_keys(connection: sa.Connection, since_run: int) -> "Keys":
    """The numbers of rows that began or ended after a run."""
    since = int(since_run)
    query = (
        f"SELECT DISTINCT id_key FROM source_row WHERE id_key IS NOT NULL AND (from_run > {since} OR to_run > {since})"  # noqa: S608
    )
    return _keys(connection, query)


def keys_of_ended_cases(connection: sa.Connection, since_run: int) -> "Keys":
    """Whom a damaged row that ended after a run was thought to be: what stood in for it stands no longer."""
    query = f"""
        SELECT DISTINCT other.id_key FROM identity_case c JOIN case_side mine USING (case_id) JOIN case_side other USING (case_id)
        JOIN source_row r ON r.row_id = mine.row_id
        WHERE c.kind = 'number-damaged' AND c.to_run IS NULL AND r.to_run > {int(since_run)} AND other.id_key IS NOT NULL
    """  # noqa: S608
    return _keys(connection, query)


def keys_together(connection: sa.Connection, keys: "Keys") -> "Keys":
    """People, and everybody in an open question with one of them, with those, and so on."""
    load_temp(connection, "asked", pa.table({"id_key": pa.array(keys, pa.int64())}))
    query = """
        WITH RECURSIVE pairs AS MATERIALIZED (
            SELECT mine.id_key AS one, other.id_key AS other
            FROM identity_case c JOIN case_side mine USING (case_id) JOIN case_side other USING (case_id)
            WHERE c.to_run IS NULL AND c.kind <> 'number-damaged' AND mine.id_key <> other.id_key
        ), together AS (
            SELECT id_key FROM asked UNION SELECT p.other FROM pairs p JOIN together t ON t.id_key = p.one
        )
        SELECT id_key FROM together
    """
    found = _keys(connection, query)
    connection.execute(sa.text("DROP TABLE asked"))
    return found


def choose_people(connection: sa.Connection, keys: "Keys") -> None:
    """Puts keys into the temporary table ``people``, which ``registry.elders`` and ``registry.findings`` read."""
    load_temp(connection, "people", pa.table({"id_key": pa.array(np.unique(keys), pa.int64())}), key=["id_key"])


def _keys(connection: sa.Connection, query: str) -> "Keys":
    return np.asarray(copy_out(connection, query, _KEY)["id_key"].to_numpy(), dtype=np.int64)
