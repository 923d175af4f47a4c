"""What the monthly scorecard of sources is counted from: rows with something wrong, files by village, letters and what they led to.

As in ``registry.report_figures``, places are told by ``division_code town village``, and everything stood after a run.
"""

from collections.abc import Mapping, Sequence
from datetime import date

import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from registry.bulk import copy_out
from registry.finding_evidence import CLOSED, EVIDENT
from registry.findings import to_frame
from registry.report_figures import PLACE, PLACED, STOOD
from registry.tables import run

__all__ = ["answered_letters", "faulty_rows", "last_run_until", "newest_rows", "returned_problems"]


def last_run_until(connection: sa.Connection, first: date, last: date) -> tuple[int, date] | None:
    """The newest night that finished with a business date from ``first`` to ``last``, and that date."""
    finished = run.c.summary.is_not(None) & run.c.kind.in_(["night"]) & run.c.undone_by.is_(None)
    query = sa.select(run.c.run_id, run.c.business_date).where(finished, run.c.business_date.between(first, last))
    found = connection.execute(query.order_by(run.c.run_id.desc()).limit(1)).first()
    return None if found is None else (found.run_id, found.business_date)


def faulty_rows(connection: sa.Connection, run_id: int, measures: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Rows in force of each source and place, and in how many of them something of each measure's codes was found.

    What a person has confirmed as right is not counted.

    Returns:
        ``source division_code town village rows`` and a column for each measure.
    """
    flags = ", ".join(f"bool_or(s.code = ANY(CAST(:m{place} AS text[]))) AS m{place}" for place in range(len(measures)))
    counts = ", ".join(f"count(*) FILTER (WHERE f.m{place})" for place in range(len(measures)))
    query = sa.text(
        f"WITH found AS (SELECT s.row_id, {flags} FROM ({EVIDENT} WHERE {STOOD.format('f', int(run_id))} "  # noqa: S608
        f"AND f.origin IN ('row', 'merge') AND f.row_id IS NOT NULL) s LEFT JOIN finding_closure c ON {CLOSED} "
        "AND c.kind = 'confirmed' WHERE c.closure_id IS NULL GROUP BY s.row_id) "
        f"SELECT r.source, {PLACE.format('r')}, count(*), {counts} FROM source_row r LEFT JOIN found f USING (row_id) "
        f"WHERE {STOOD.format('r', int(run_id))} GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
    )
    bound = query.bindparams(**{f"m{place}": list(codes) for place, codes in enumerate(measures.values())})
    names = [("rows", pa.int64()), *((name, pa.int64()) for name in measures)]
    return to_frame(copy_out(connection, bound, pa.schema([("source", pa.large_string()), *PLACED, *names])))


_NEWEST = pa.schema([("source", pa.large_string()), *PLACED, ("received_at", pa.timestamp("us", tz="UTC"))])


def newest_rows(connection: sa.Connection, run_id: int) -> pd.DataFrame:
    """When the newest file came that a row in force stands in: ``source division_code town village received_at``."""
    query = (
        f"SELECT r.source, {PLACE.format('r')}, max(d.received_at) FROM source_row r JOIN delivery d USING (delivery_id) "  # noqa: S608
        f"WHERE {STOOD.format('r', int(run_id))} GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
    )
    return to_frame(copy_out(connection, query, _NEWEST))


_RETURNED = pa.schema(
    [("source", pa.large_string()), *PLACED, ("returned", pa.int64()), ("repeated", pa.int64()), ("thrice", pa.int64())]
)


def returned_problems(connection: sa.Connection, run_id: int, until: date) -> pd.DataFrame:
    """Problems standing after a run that went back to their senders by a day, and those that went back twice or three times or more.

    Returns:
        ``source division_code town village returned repeated thrice``.
    """
    query = sa.text(f"""
        WITH letters AS (
            SELECT fd.problem, count(DISTINCT fd.dispatch_id) AS times FROM finding_dispatch fd
            JOIN dispatch d USING (dispatch_id) WHERE d.made_at < CAST(:until AS date) + 1 GROUP BY fd.problem
        ), standing AS (
            SELECT DISTINCT ON (s.problem) s.* FROM ({EVIDENT} WHERE {STOOD.format("f", int(run_id))}) s
            LEFT JOIN finding_closure c ON {CLOSED} WHERE c.closure_id IS NULL ORDER BY s.problem, s.finding_id
        )
        SELECT s.source, {PLACE.format("r")}, count(*), count(*) FILTER (WHERE l.times >= 2), count(*) FILTER (WHERE l.times >= 3)
        FROM standing s JOIN letters l USING (problem)
        LEFT JOIN source_row r ON r.row_id = s.row_id AND s.origin IN ('row', 'merge', 'push')
        GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    """)  # noqa: S608  words of ours only
    return to_frame(copy_out(connection, query.bindparams(until=until), _RETURNED))


_ANSWERED = pa.schema([("source", pa.large_string()), *PLACED, ("due", pa.int64()), ("closed", pa.int64())])


def answered_letters(connection: sa.Connection, first: date, last: date) -> pd.DataFrame:
    """Of what letters asked for until a day from ``first`` to ``last``: how much, and how much was settled by then.

    Settled is what nothing of the kind stands of the same person any more after the last night up to the day, or what
    somebody has closed by then. A letter asked for a problem once, however many findings of it there were.

    Returns:
        ``source division_code town village due closed``.
    """
    query = sa.text(f"""
        WITH asked AS (
            SELECT DISTINCT ON (d.dispatch_id, fd.problem) d.source, d.due_on, fd.problem, fd.finding_id,
                   (SELECT max(run_id) FROM run WHERE summary IS NOT NULL AND business_date <= d.due_on) AS night
            FROM dispatch d JOIN finding_dispatch fd USING (dispatch_id)
            WHERE d.due_on BETWEEN CAST(:first AS date) AND CAST(:last AS date) ORDER BY d.dispatch_id, fd.problem, fd.finding_id
        ), evident AS MATERIALIZED (
            SELECT s.problem, s.from_run, s.to_run, c.closed_at FROM ({EVIDENT}) s LEFT JOIN finding_closure c ON {CLOSED}
            WHERE s.problem IN (SELECT problem FROM asked)
        ), told AS (
            SELECT a.*, NOT EXISTS (
                SELECT FROM evident e WHERE e.problem = a.problem AND e.from_run <= a.night
                AND (e.to_run IS NULL OR e.to_run > a.night) AND (e.closed_at IS NULL OR e.closed_at >= a.due_on + 1)
            ) AS is_closed FROM asked a
        ), places AS (
            SELECT DISTINCT ON (f.finding_id) f.finding_id, r.household_division_code, r.residence_division_code,
                   r.household_town, r.residence_town, r.household_village, r.residence_village
            FROM finding f JOIN source_row r USING (row_id)
            WHERE f.origin IN ('row', 'merge', 'push') AND f.finding_id IN (SELECT finding_id FROM asked)
            ORDER BY f.finding_id, f.from_run
        )
        SELECT t.source, {PLACE.format("r")}, count(*), count(*) FILTER (WHERE t.is_closed)
        FROM told t LEFT JOIN places r USING (finding_id) GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    """)  # noqa: S608  words of ours only
    return to_frame(copy_out(connection, query.bindparams(first=first, last=last), _ANSWERED))
