"""Many decisions on findings at once, each with its own name and reason: what a filled-in workbook comes to."""

from datetime import date, datetime

import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from registry.bulk import copy_out, load_temp
from registry.finding_evidence import CLOSED, EVIDENT, VANISHED
from registry.findings import to_frame
from registry.runs import next_id
from registry.tables import finding_closure

__all__ = ["close_each", "standing_findings"]

_ASKED = pa.schema(
    [
        ("finding_id", pa.int64()), ("source", pa.large_string()), ("code", pa.large_string()),
        ("severity", pa.large_string()), ("evidence", pa.large_string()), ("closed_as", pa.large_string()),
        ("is_vanished", pa.bool_()),
    ]
)  # fmt: skip
_STANDING = f"""
    SELECT s.finding_id, s.source, s.code, s.severity, s.evidence, c.kind,
           s.origin <> 'member' AND s.row_id IS NOT NULL AND s.row_id IN ({VANISHED})
    FROM ({EVIDENT} JOIN asked USING (finding_id) WHERE f.to_run IS NULL) s LEFT JOIN finding_closure c ON {CLOSED}
    ORDER BY s.finding_id
"""  # noqa: S608  words of ours only
# With a finding go those of rows that are equal to its row in every cell.
_DECIDED = f"""
    CREATE TEMP TABLE chosen ON COMMIT DROP AS
    SELECT s.finding_id, s.source, s.code, s.severity, s.origin, s.row_id, d.*
    FROM ({EVIDENT} WHERE f.to_run IS NULL) s JOIN decided d USING (evidence) LEFT JOIN finding_closure c ON {CLOSED}
    WHERE c.closure_id IS NULL
"""  # noqa: S608
_JUDGE_AGAIN = sa.text("""
    UPDATE source_row SET recheck_on = :day WHERE to_run IS NULL AND row_id IN (
        SELECT row_id FROM chosen WHERE origin = 'row' AND severity IN ('reject', 'hold') AND kind <> 'withdrawn')
""")
_CLOSE = sa.text("""
    INSERT INTO finding_closure (closure_id, kind, evidence, finding_id, source, code, closed_at, closed_by, account, reason)
    SELECT :first - 1 + row_number() OVER (ORDER BY min(finding_id)), min(kind), evidence, min(finding_id), min(source),
           min(code), CAST(:at AS timestamptz), min(closed_by), :account, min(reason)
    FROM chosen GROUP BY evidence
""")


def standing_findings(connection: sa.Connection, finding_ids: list[int]) -> pd.DataFrame:
    """Those of some findings that stand: ``finding_id source code severity evidence closed_as is_vanished``.

    ``closed_as`` is missing where nobody has closed it; ``is_vanished`` where a returned row has not come again.
    """
    load_temp(connection, "asked", pa.table({"finding_id": pa.array(sorted(set(finding_ids)), pa.int64())}))
    found = to_frame(copy_out(connection, _STANDING, _ASKED))
    connection.execute(sa.text("DROP TABLE asked"))
    return found


def close_each(
    connection: sa.Connection, decided: pd.DataFrame, *, account: str, at: datetime, judge_on: date
) -> tuple[int, int]:
    """Closes what decisions are about and nobody has closed; rows held for it are judged again in the next night.

    Args:
        connection: in the caller's transaction.
        decided: ``evidence kind closed_by reason``, each evidence once.
        account: the operating system's.
        at: when.
        judge_on: a business date that every coming night has reached.

    Returns:
        How many findings were closed, and how many rows will be judged again.
    """
    columns = {name: pa.array(decided[name], pa.string()) for name in ("evidence", "kind", "closed_by", "reason")}
    load_temp(connection, "decided", pa.table(columns))
    connection.execute(sa.text(_DECIDED))
    closed = connection.execute(sa.text("SELECT count(*) FROM chosen")).scalar_one()
    rows = connection.execute(_JUDGE_AGAIN, {"day": judge_on}).rowcount
    first = next_id(connection, finding_closure.c.closure_id)
    connection.execute(_CLOSE, {"first": first, "at": at, "account": account})
    connection.execute(sa.text("DROP TABLE decided, chosen"))
    return int(closed), int(rows)
