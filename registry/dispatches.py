"""The register of what went back to senders: numbered letters, the findings in each, and how many still wait for an answer."""

from datetime import date, datetime
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from registry.bulk import copy_out, load_temp
from registry.finding_evidence import CLOSED, EVIDENT
from registry.findings import to_frame
from registry.runs import next_id
from registry.tables import dispatch
from schemas.errors import ContractBroken

__all__ = ["Dispatch", "dispatches", "record_dispatch", "times_before"]


class Dispatch(NamedTuple):
    """One letter of the register; ``is_new`` unless the same findings had been returned in the same run already."""

    reference: str
    number: int
    due_on: date
    made_at: datetime
    rows: int
    findings: int
    is_new: bool


_RETURN = f"""
    CREATE TEMP TABLE going_back ON COMMIT DROP AS
    SELECT s.finding_id, s.delivery_id, s.sheet, s.row_number, s.evidence, s.problem
    FROM ({EVIDENT} WHERE f.source = :source AND f.from_run <= :run AND (f.to_run IS NULL OR f.to_run > :run)) s
    JOIN asked USING (finding_id)
"""  # noqa: S608
_COUNT = sa.text("""
    SELECT count(*) AS findings, count(DISTINCT (delivery_id, sheet, row_number)) FILTER (WHERE row_number IS NOT NULL) AS rows,
           coalesce(array_agg(DISTINCT delivery_id) FILTER (WHERE delivery_id IS NOT NULL), '{}') AS delivery_ids,
           encode(sha256(convert_to(string_agg(evidence, '/' ORDER BY evidence, finding_id), 'UTF8')), 'hex') AS digest
    FROM going_back
""")
_LIST = sa.text(f"""
    WITH standing AS MATERIALIZED (
        SELECT DISTINCT s.problem FROM ({EVIDENT} WHERE f.to_run IS NULL) s
        LEFT JOIN finding_closure c ON {CLOSED} WHERE c.closure_id IS NULL
    ), waiting AS (
        SELECT dispatch_id, count(*) AS findings FROM finding_dispatch JOIN standing USING (problem) GROUP BY dispatch_id
    )
    SELECT d.reference, d.run_id, d.body, d.source, d.rows, d.findings, coalesce(w.findings, 0) AS waiting, d.due_on, d.made_at,
           d.made_by
    FROM dispatch d LEFT JOIN waiting w USING (dispatch_id)
    WHERE CAST(:source AS text) IS NULL OR d.source = :source
    ORDER BY d.dispatch_id DESC LIMIT :limit
""")  # noqa: S608


def record_dispatch(
    connection: sa.Connection, *, prefix: str, run_id: int, body: str, source: str, finding_ids: pd.Series, due_on: date,
    made_at: datetime, made_by: str,
) -> Dispatch:  # fmt: skip
    """Enters a letter about findings that stood after a run; the same findings of the same run keep the letter they have.

    Letters are numbered from 1 in every year, in the order they are made.

    Args:
        connection: in the caller's transaction.
        prefix: what stands before the year: 梅县民数退.
        run_id: after which the findings stood.
        body: who is written to.
        source: whose findings they are, all of them.
        finding_ids: which.
        due_on: until when a corrected list is asked for.
        made_at: when, in the bureau's time.
        made_by: account of the operating system.

    Raises:
        ContractBroken: a number is of no finding of the source that stood after the run, or there are none.
    """
    # Two people may write letters at the same moment, and no number may be given twice or left out.
    connection.execute(sa.text("LOCK TABLE dispatch IN SHARE ROW EXCLUSIVE MODE"))
    load_temp(connection, "asked", pa.table({"finding_id": pa.array(finding_ids.to_numpy("int64"), pa.int64())}))
    connection.execute(sa.text(_RETURN), {"source": source, "run": run_id})
    counted = connection.execute(_COUNT).mappings().one()
    if not len(finding_ids) or counted["findings"] != len(finding_ids):
        raise ContractBroken(f"{source}: {counted['findings']} of {len(finding_ids)} findings to return stood then")
    made = {"run_id": run_id, "source": source, **counted}
    entry = _existing(connection, made)
    if entry is None:
        given = {"body": body, "due_on": due_on, "made_at": made_at, "made_by": made_by}
        entry = _new(connection, prefix, {**made, **given})
    connection.execute(sa.text("DROP TABLE asked, going_back"))
    return entry


def dispatches(connection: sa.Connection, *, limit: int, source: str | None = None) -> list[dict[str, Any]]:
    """The newest letters first, of one source or of all; ``waiting`` of their ``findings`` are not corrected, and nobody has closed them.

    Each: ``reference run_id body source rows findings waiting due_on made_at made_by``.
    """
    return [dict(row) for row in connection.execute(_LIST, {"limit": limit, "source": source}).mappings()]


_TIMES = pa.schema([("finding_id", pa.int64()), ("times", pa.int64())])


def times_before(connection: sa.Connection, run_id: int) -> pd.DataFrame:
    """How often the problems that stood after a run had gone back in letters about earlier runs: ``finding_id times``.

    Those that never had are left out. A letter of the run that is written again counts as little as when it was written first.
    """
    query = f"""
        WITH letters AS (
            SELECT fd.problem, count(DISTINCT fd.dispatch_id) AS times FROM finding_dispatch fd JOIN dispatch d USING (dispatch_id)
            WHERE d.run_id < {int(run_id)} GROUP BY fd.problem
        )
        SELECT s.finding_id, l.times FROM letters l JOIN (
            {EVIDENT} WHERE f.from_run <= {int(run_id)} AND (f.to_run IS NULL OR f.to_run > {int(run_id)})
        ) s USING (problem)
    """  # noqa: S608  words and a number of ours
    return to_frame(copy_out(connection, query, _TIMES))


def _existing(connection: sa.Connection, made: dict[str, Any]) -> Dispatch | None:
    same = sa.and_(*(dispatch.c[name] == made[name] for name in ("run_id", "source", "digest")))
    columns = [dispatch.c[name] for name in Dispatch._fields[:-1]]
    found = connection.execute(sa.select(*columns, sa.false()).where(same)).first()
    return None if found is None else Dispatch(*found)


def _new(connection: sa.Connection, prefix: str, made: dict[str, Any]) -> Dispatch:
    year = made["made_at"].year
    last = sa.select(sa.func.coalesce(sa.func.max(dispatch.c.number), 0)).where(dispatch.c.year == year)
    number = int(connection.execute(last).scalar_one()) + 1
    dispatch_id, reference = next_id(connection, dispatch.c.dispatch_id), f"{prefix}〔{year}〕第{number}号"
    entry = {"dispatch_id": dispatch_id, "reference": reference, "year": year, "number": number, **made}
    connection.execute(dispatch.insert().values(**entry))
    connection.execute(
        sa.text(
            "INSERT INTO finding_dispatch (dispatch_id, finding_id, evidence, problem) "
            "SELECT :dispatch_id, finding_id, evidence, problem FROM going_back"
        ),
        {"dispatch_id": dispatch_id},
    )
    return Dispatch(reference, number, made["due_on"], made["made_at"], made["rows"], made["findings"], is_new=True)
