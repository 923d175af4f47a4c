"""What a person decides of findings: right as it is, or not to be insisted on. It holds while exactly the same is found.

A decision hangs on the evidence, not on the finding's number: delivered again, the row is not reported again; changed, it is.
"""

from datetime import date, datetime
from typing import NamedTuple

import sqlalchemy as sa

from registry.finding_evidence import CLOSED, EVIDENT, VANISHED
from registry.runs import next_id
from registry.tables import finding_closure
from schemas.errors import ConfigurationInvalid
from schemas.finding_states import Closing, may_be_confirmed
from schemas.findings import Finding

__all__ = ["Chosen", "admit_confirmed", "choose_findings", "close_chosen", "reopen_chosen"]


class Chosen(NamedTuple):
    """Findings that were chosen, counted; ``closed_as`` is ``None`` where nobody has closed them.

    ``is_vanished``: they were returned, and the sender's list has nobody of the kind any more.
    """

    source: str
    code: str
    severity: str
    closed_as: str | None
    is_vanished: bool
    findings: int


_PICK = """
    CREATE TEMP TABLE picked ON COMMIT DROP AS
    SELECT f.finding_id FROM finding f WHERE f.to_run IS NULL
    AND (CAST(:ids AS bigint[]) IS NULL OR f.finding_id = ANY(CAST(:ids AS bigint[])))
    AND (CAST(:code AS text) IS NULL OR f.code = :code) AND (CAST(:source AS text) IS NULL OR f.source = :source)
    AND (CAST(:run AS bigint) IS NULL OR f.finding_id IN (
        SELECT finding_id FROM finding WHERE from_run <= :run AND (to_run IS NULL OR to_run > :run)))
"""
# With a finding come those of rows that are equal to its row in every cell.
_CHOOSE = f"""
    CREATE TEMP TABLE chosen ON COMMIT DROP AS
    WITH standing AS MATERIALIZED ({EVIDENT} WHERE f.to_run IS NULL)
    SELECT s.finding_id, s.source, s.code, s.severity, s.origin, s.row_id, s.evidence, c.closure_id, c.kind AS closed_as,
           s.origin <> 'member' AND s.row_id IS NOT NULL AND s.row_id IN ({VANISHED}) AS is_vanished
    FROM standing s LEFT JOIN finding_closure c ON {CLOSED}
    WHERE s.evidence IN (SELECT evidence FROM standing JOIN picked USING (finding_id))
"""  # noqa: S608
_CLOSE = sa.text("""
    INSERT INTO finding_closure (closure_id, kind, evidence, finding_id, source, code, closed_at, closed_by, account, reason)
    SELECT :first - 1 + row_number() OVER (ORDER BY min(finding_id)), :kind, evidence, min(finding_id), min(source), min(code),
           CAST(:at AS timestamptz), :by, :account, :reason
    FROM chosen WHERE closure_id IS NULL GROUP BY evidence
""")
_REOPEN = sa.text("""
    UPDATE finding_closure SET reopened_at = :at, reopened_by = :by, reopen_reason = :reason
    WHERE closure_id IN (SELECT closure_id FROM chosen)
""")
_JUDGE_AGAIN = """
    UPDATE source_row SET recheck_on = :day WHERE to_run IS NULL AND row_id IN (
        SELECT row_id FROM chosen WHERE origin = 'row' AND severity IN ('reject', 'hold') AND closure_id IS {})
"""
_ADMIT = sa.text(f"""
    WITH held AS (
        SELECT row_id FROM source_row
        WHERE source = :source AND from_run = :run AND to_run IS NULL AND is_held AND id_key IS NOT NULL
    ), decided AS (
        SELECT s.row_id FROM (
            {EVIDENT} WHERE f.origin = 'row' AND f.source = :source AND f.from_run = :run AND f.to_run IS NULL
            AND f.severity IN ('reject', 'hold') AND f.row_id IN (SELECT row_id FROM held)
        ) s LEFT JOIN finding_closure c ON {CLOSED} AND c.kind = 'confirmed' AND s.code = ANY(CAST(:codes AS text[]))
        GROUP BY s.row_id HAVING bool_and(c.closure_id IS NOT NULL)
    )
    UPDATE source_row r SET is_held = false, outcome = 'admitted' FROM decided d WHERE r.row_id = d.row_id
""")  # noqa: S608
_CONFIRMABLE = [str(code) for code in Finding if may_be_confirmed(code)]


def choose_findings(
    connection: sa.Connection, *, finding_ids: list[int] | None = None, code: str | None = None,
    source: str | None = None, run_id: int | None = None, vanished: bool | None = None,
) -> list[Chosen]:  # fmt: skip
    """Chooses standing findings by number, or by code, source and the run after which they stood; says how many of which.

    ``vanished``: only those whose rows have vanished, or only the others. They are in the temporary table ``chosen`` for :func:`close_chosen` and :func:`reopen_chosen`.

    Raises:
        ConfigurationInvalid: a number is of no finding that stands.
    """
    connection.execute(sa.text(_PICK), {"ids": finding_ids, "code": code, "source": source, "run": run_id})
    picked = set(connection.execute(sa.text("SELECT finding_id FROM picked")).scalars()) if finding_ids else set()
    if gone := sorted(set(finding_ids or ()) - picked):
        raise ConfigurationInvalid(f"finding {gone[0]} does not stand: it has ended, or there never was one")
    connection.execute(sa.text(_CHOOSE))
    if vanished is not None:
        connection.execute(sa.text("DELETE FROM chosen WHERE is_vanished <> :vanished"), {"vanished": vanished})
    counted = sa.text(
        "SELECT source, code, severity, closed_as, is_vanished, count(*) FROM chosen GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5"
    )
    return [Chosen(*row) for row in connection.execute(counted)]


def close_chosen(
    connection: sa.Connection, kind: Closing, *, by: str, account: str, reason: str, at: datetime, judge_on: date
) -> int:
    """Closes what was chosen and is not closed yet; rows held for it are judged again in the next night.

    Args:
        connection: in the transaction of :func:`choose_findings`.
        kind: how.
        by: as the person names himself.
        account: the operating system's.
        reason: why.
        at: when.
        judge_on: a business date that every coming night has reached.

    Returns:
        How many rows will be judged again.
    """
    first = next_id(connection, finding_closure.c.closure_id)
    rows = 0
    if kind is not Closing.WITHDRAWN:  # their rows end with the next night, and nothing is left to be judged
        rows = connection.execute(sa.text(_JUDGE_AGAIN.format("NULL")), {"day": judge_on}).rowcount
    given = {"first": first, "kind": str(kind), "at": at, "by": by, "account": account, "reason": reason}
    connection.execute(_CLOSE, given)
    return rows


def reopen_chosen(connection: sa.Connection, *, by: str, reason: str, at: datetime, judge_on: date) -> int:
    """Takes decisions back; rows admitted by one are judged again in the next night, and so many are returned."""
    rows = connection.execute(sa.text(_JUDGE_AGAIN.format("NOT NULL")), {"day": judge_on}).rowcount
    connection.execute(_REOPEN, {"at": at, "by": by, "reason": reason})
    return rows


def admit_confirmed(connection: sa.Connection, run_id: int, source: str) -> int:
    """Admits rows of a source judged in a run that are held only for what a person has confirmed; returns how many."""
    any_closed = sa.select(
        sa.exists().where(finding_closure.c.source == source, finding_closure.c.reopened_at.is_(None))
    )
    if not connection.execute(any_closed).scalar_one():
        return 0
    given = {"source": source, "run": run_id, "codes": _CONFIRMABLE}
    return connection.execute(_ADMIT, given).rowcount
