"""What reports count beside the findings themselves: elders by place and age, columns filled in, files, nights, rows for context.

Everything is as it stood after a run, so that the report of a past night can be written again. Places are told by
``division_code town village``; what they are called is the caller's business.
"""

from collections.abc import Mapping, Sequence
from datetime import date

import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from registry.bulk import copy_out
from registry.findings import to_frame
from registry.tables import elder, member_row, run, source_row
from schemas.fields import FIELDS

__all__ = [
    "PLACE", "PLACED", "ROW_TABLES", "STOOD", "business_days", "elders_by_age", "filled_columns", "findings_by_night", "newest_files", "places_of_findings",
    "stated_rows",
]  # fmt: skip

PLACED = [("division_code", pa.large_string()), ("town", pa.large_string()), ("village", pa.large_string())]
PLACE = """coalesce({0}.household_division_code, {0}.residence_division_code, ''),
           coalesce({0}.household_town, {0}.residence_town, ''), coalesce({0}.household_village, {0}.residence_village, '')"""
"""SQL: where somebody is at home, of a table of people's fields; the columns of :data:`PLACED`."""
STOOD = "{0}.from_run <= {1} AND ({0}.to_run IS NULL OR {0}.to_run > {1})"
"""SQL: what of a table stood after a run."""


def _elders(run_id: int) -> str:
    names = ", ".join(("sex", "birth_date", "status", *(column for column in FIELDS if column in elder.c)))
    names = ", ".join(dict.fromkeys(names.split(", ")))
    return (
        f"(SELECT {names} FROM elder WHERE from_run <= {run_id} UNION ALL "  # noqa: S608  names and a number of ours
        f"SELECT {names} FROM elder_history WHERE from_run <= {run_id} AND to_run > {run_id})"
    )


_AGES = pa.schema(
    [*PLACED, ("sex", pa.large_string()), ("categories", pa.large_string()), ("age", pa.int64()), ("people", pa.int64())]
)  # fmt: skip


def elders_by_age(connection: sa.Connection, run_id: int, on: date) -> pd.DataFrame:
    """Active elders counted by place, sex, categories and age in full five years (60, 65, …; 95 and over are one).

    Columns: ``division_code town village sex categories age people``; ``categories`` joined by ``|``.
    """
    query = sa.text(
        f"SELECT {PLACE.format('e')}, coalesce(e.sex, ''), coalesce(e.categories, ''), "  # noqa: S608
        "CASE WHEN e.birth_date IS NOT NULL THEN "
        "least(date_part('year', age(CAST(:day AS date), e.birth_date))::bigint / 5 * 5, 95) END, count(*) "
        f"FROM {_elders(int(run_id))} e WHERE e.status = 'active' GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6"
    )
    return to_frame(copy_out(connection, query.bindparams(day=on), _AGES))


def filled_columns(
    connection: sa.Connection, run_id: int, expected: Mapping[str, str | None], *, source: str | None = None
) -> pd.DataFrame:
    """How many of those asked have a column filled in, by place: of the active elders, or of a source's rows in force.

    Args:
        connection: in a transaction.
        run_id: after which they stood.
        expected: column to the category whose people are asked; ``None``: everybody.
        source: whose rows; ``None``: the elders.

    Returns:
        ``division_code town village people`` and for each column ``asked:NAME`` and ``filled:NAME``.
    """
    counts = []
    for name, category in expected.items():
        asked = f"p.categories LIKE '%{category}%'" if category else "true"
        kind = FIELDS[name].kind
        has = f"p.{name} IS NOT NULL" + ("" if kind in {"date", "fen", "number"} else f" AND p.{name} <> ''")
        counts += [f"count(*) FILTER (WHERE {asked})", f"count(*) FILTER (WHERE {asked} AND {has})"]
    people = f"{_elders(int(run_id))} p WHERE p.status = 'active'"
    if source is not None:
        people = f"source_row p WHERE p.source = :source AND {STOOD.format('p', int(run_id))}"
    query = sa.text(
        f"SELECT {PLACE.format('p')}, count(*), {', '.join(counts)} FROM {people} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"  # noqa: S608
    )
    columns = [f"{what}:{name}" for name in expected for what in ("asked", "filled")]
    schema = pa.schema([*PLACED, ("people", pa.int64()), *((column, pa.int64()) for column in columns)])
    return to_frame(copy_out(connection, query if source is None else query.bindparams(source=source), schema))


_PLACED_FINDINGS = pa.schema(
    [("finding_id", pa.int64()), ("origin", pa.large_string()), ("row_id", pa.int64()), *PLACED]
)


def places_of_findings(connection: sa.Connection, run_id: int) -> pd.DataFrame:
    """Where the people are at home of whom something was found that stood after a run.

    Columns: ``finding_id origin row_id division_code town village``; ``row_id`` is of ``member_row`` where ``origin`` is
    ``member``, and missing where a file as a whole is meant. A member of a household is at home where the elder is.
    """
    query = f"""
        WITH homes AS (
            SELECT DISTINCT ON (m.row_id) m.row_id, r.row_id AS elder_row FROM finding f
            JOIN member_row m ON m.row_id = f.row_id AND f.origin = 'member'
            JOIN source_row r ON r.source = m.source AND r.id_number = m.elder_id_number AND {STOOD.format("r", int(run_id))}
            WHERE {STOOD.format("f", int(run_id))} ORDER BY m.row_id, r.row_id
        )
        SELECT f.finding_id, f.origin, f.row_id, {PLACE.format("r")}
        FROM finding f
        LEFT JOIN homes h ON h.row_id = f.row_id AND f.origin = 'member'
        LEFT JOIN source_row r ON r.row_id = CASE WHEN f.origin = 'member' THEN h.elder_row
                                                  WHEN f.origin IN ('row', 'merge', 'push') THEN f.row_id END
        WHERE {STOOD.format("f", int(run_id))} ORDER BY f.finding_id
    """  # noqa: S608  only numbers of ours are put in
    return to_frame(copy_out(connection, query, _PLACED_FINDINGS))


def stated_rows(connection: sa.Connection, table: sa.Table, row_ids: Sequence[int]) -> pd.DataFrame:
    """What rows of ``source_row`` or ``member_row`` state, in clear: ``row_id`` and every column of the registry, as text."""
    names = [column.name for column in table.columns if column.name in FIELDS]
    asked = table.c.row_id == sa.any_(sa.cast(list(row_ids), sa.ARRAY(sa.BigInteger)))
    query = sa.select(table.c.row_id, *(sa.cast(table.c[name], sa.Text) for name in names)).where(asked)
    schema = pa.schema([("row_id", pa.int64()), *((name, pa.large_string()) for name in names)])
    return to_frame(copy_out(connection, query.order_by(table.c.row_id), schema))


_BY_NIGHT = pa.schema(
    [("run_id", pa.int64()), ("source", pa.large_string()), ("code", pa.large_string()), ("findings", pa.int64())]
)


def findings_by_night(connection: sa.Connection, run_ids: Sequence[int]) -> pd.DataFrame:
    """How many findings of each source and code stood after some runs: ``run_id source code findings``."""
    # Counted by their span first: the findings of all years are looked through once, however many nights are asked for.
    query = f"""
        WITH spans AS MATERIALIZED (
            SELECT from_run, to_run, source, code, count(*) AS findings FROM finding GROUP BY 1, 2, 3, 4
        )
        SELECT night.run_id, source, code, sum(findings)::bigint
        FROM spans s JOIN unnest(ARRAY[{", ".join(str(int(run)) for run in run_ids)}]::bigint[]) AS night(run_id)
          ON {STOOD.format("s", "night.run_id")}
        GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    """  # noqa: S608  only numbers of ours are put in
    return to_frame(copy_out(connection, query, _BY_NIGHT))


def business_days(connection: sa.Connection, run_ids: Sequence[int]) -> dict[int, date]:
    """The business dates of runs."""
    query = sa.select(run.c.run_id, run.c.business_date).where(run.c.run_id.in_(list(run_ids)))
    return {row.run_id: row.business_date for row in connection.execute(query)}


_FILES = pa.schema(
    [("source", pa.large_string()), ("received_at", pa.timestamp("us", tz="UTC")), ("files", pa.int64())]
)


def newest_files(connection: sa.Connection, run_id: int) -> pd.DataFrame:
    """When each source's newest accepted file came, up to a run: ``source received_at files``."""
    query = f"""
        SELECT source, max(received_at), count(*) FROM delivery
        WHERE state = 'accepted' AND state_run <= {int(run_id)} GROUP BY source ORDER BY source
    """  # noqa: S608
    return to_frame(copy_out(connection, query, _FILES))


ROW_TABLES: Mapping[str, sa.Table] = {"row": source_row, "member": member_row}
"""The table a finding's row is of, by whether the finding is about a member."""
