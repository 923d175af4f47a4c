"""The registry as it stood: after which night a day ended, and everybody's record at that time.

A night that was taken back counts as one that never was: what it wrote is in the history of the people it touched only.
"""

from datetime import date

import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from registry.bulk import copy_out
from registry.findings import to_frame
from registry.tables import elder, run, stage
from schemas.fields import ELDER_FIELDS

__all__ = ["elders_then", "record_then", "run_of_day"]

_COLUMNS = [column.name for column in elder.columns]
_ALL = ", ".join(f'"{name}"' for name in _COLUMNS)
_EXPORT = pa.schema([("person_id", pa.int64()), *((f, pa.large_string()) for f in ELDER_FIELDS if f != "person_id")])
# Written to be completed with a run; of a person exactly one of them is true.
_STOOD = """
    SELECT {columns} FROM elder WHERE from_run <= {run}
    UNION ALL SELECT {columns} FROM elder_history WHERE from_run <= {run} AND to_run > {run}
"""


def run_of_day(connection: sa.Connection, day: date) -> int:
    """The last night of a day or an earlier one that merged and was not taken back; 0 where there was none.

    It is the business date that counts, which need not be the day of the clock. Of nights with dates in disorder the newest
    is the last.
    """
    merged = sa.exists().where(stage.c.run_id == run.c.run_id, stage.c.name == "merge", stage.c.status == "done")
    query = sa.select(sa.func.coalesce(sa.func.max(run.c.run_id), 0))
    nights = query.where(run.c.business_date <= day, run.c.undone_by.is_(None), merged)
    return int(connection.execute(nights).scalar_one())


def elders_then(connection: sa.Connection, run_id: int) -> pd.DataFrame:
    """Who was active after a run, in the order of ``person_id``, every field as text."""
    columns = ", ".join(f'"{name}"' for name in _EXPORT.names)
    stood = _STOOD.format(columns=columns, run=int(run_id))
    query = f"SELECT * FROM ({stood}) stood WHERE status = 'active' ORDER BY person_id"  # noqa: S608
    return to_frame(copy_out(connection, query, _EXPORT))


def record_then(connection: sa.Connection, person_id: int, run_id: int | None) -> sa.RowMapping | None:
    """A person's record after a run, or now; ``None`` where there was none."""
    if run_id is None:
        query = sa.text(f"SELECT {_ALL} FROM elder WHERE person_id = :person")  # noqa: S608
    else:
        stood = _STOOD.format(columns=_ALL, run=int(run_id))
        query = sa.text(f"SELECT * FROM ({stood}) stood WHERE person_id = :person")  # noqa: S608
    return connection.execute(query, {"person": person_id}).mappings().first()
