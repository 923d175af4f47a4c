"""What sources state, and what was found and asked of it, as it was before some nights.

What these nights began ends with the undo. Rows that they ended stand again as they did; findings, categories, states and
numbers, whose past is shown to people, begin again with the undo.
"""

from collections import Counter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from registry.tables import category, delivery, elder_state, finding, identifier
from schemas.identity_decisions import CaseEnd

__all__ = [
    "TAKEN_AGAIN", "UNDONE", "begin_cases_again", "begin_findings_again", "begin_statements_again", "decisions_live_again",
    "put_deliveries_back", "release_deliveries", "take_back_rows",
]  # fmt: skip

UNDONE = str(CaseEnd.UNDONE)
TAKEN_AGAIN = "is_taken_again"
"""What stands in the detail of a delivery that was undone and is to be taken all the same."""

# A decision that had a row judged again meanwhile holds on, so the earlier of the two days stays.
_PUT_OUTCOMES_BACK = sa.text("""
    UPDATE source_row r SET outcome = b.outcome, is_held = b.is_held, id_key = b.id_key,
                            recheck_on = least(r.recheck_on, b.recheck_on)
    FROM (SELECT DISTINCT ON (row_id) * FROM row_before WHERE run_id >= :first ORDER BY row_id, run_id) b
    WHERE r.row_id = b.row_id AND r.from_run < :first
      AND (r.outcome, r.is_held, r.id_key) IS DISTINCT FROM (b.outcome, b.is_held, b.id_key)
""")
_END_CASES = sa.text(
    "UPDATE identity_case SET to_run = :run, ended_as = :undone WHERE from_run >= :first AND to_run IS NULL"
)
_CASES_AGAIN = sa.text("""
    UPDATE identity_case c SET to_run = NULL, ended_as = NULL
    WHERE c.from_run < :first AND c.to_run >= :first AND c.ended_as IN ('gone', 'changed')
      AND NOT EXISTS (SELECT FROM identity_case o WHERE o.subject = c.subject AND o.to_run IS NULL)
""")
# A question that stayed was put anew of the rows of then: it is asked of those that stand again.
_SIDES_AGAIN = sa.text("""
    UPDATE case_side s SET row_id = again.row_id FROM (
        SELECT s.case_id, s.side, min(n.row_id) AS row_id
        FROM case_side s JOIN identity_case c USING (case_id) JOIN source_row o ON o.row_id = s.row_id
        JOIN source_row n ON n.source = o.source AND n.row_hash = o.row_hash AND n.to_run IS NULL
        WHERE c.to_run IS NULL AND o.to_run IS NOT NULL GROUP BY s.case_id, s.side
    ) again
    WHERE (s.case_id, s.side) = (again.case_id, again.side)
""")
# Nobody's name stands where a night has ended it by itself.
_DECISIONS_AGAIN = sa.text("""
    WITH lives AS (
        UPDATE decision SET ended_after_run = NULL, ended_at = NULL, end_reason = NULL
        WHERE ended_after_run >= :first AND ended_by IS NULL RETURNING decision_id
    ), linked AS (
        UPDATE identity_link l SET ended_after_run = NULL FROM lives
        WHERE l.decision_id = lives.decision_id AND l.ended_after_run >= :first
    )
    SELECT count(*) FROM lives
""")
_TAKEN_FILES = """
    SELECT CAST(f.value AS bigint) FROM stage s, jsonb_each_text(s.result -> 'take') f
    WHERE s.name = 'receive' AND s.status = 'done' AND s.run_id IN (SELECT run_id FROM run WHERE undone_by = :run)
"""
_UNDO_DELIVERIES = sa.text(f"""
    UPDATE delivery d SET state = CASE WHEN d.state = 'accepted' AND d.delivery_id IN ({_TAKEN_FILES}) THEN :undone ELSE b.state END,
        state_run = CASE WHEN d.state = 'accepted' AND d.delivery_id IN ({_TAKEN_FILES}) THEN :run ELSE b.state_run END,
        detail = b.detail
    FROM (SELECT DISTINCT ON (delivery_id) * FROM delivery_before WHERE run_id >= :first ORDER BY delivery_id, run_id) b
    WHERE d.delivery_id = b.delivery_id AND d.state <> :undone
    RETURNING d.source, d.state
""")  # noqa: S608  words of ours only


def take_back_rows(connection: sa.Connection, *, first: int, run_id: int) -> dict[str, Any]:
    """Rows and household members in force before run ``first`` are in force again, with what they had come to."""
    counts: dict[str, Any] = {}
    for name, table in (("rows", "source_row"), ("members", "member_row")):
        ended = connection.execute(
            sa.text(f"UPDATE {table} SET to_run = :run WHERE from_run >= :first AND to_run IS NULL"),  # noqa: S608
            {"run": run_id, "first": first},
        ).rowcount
        again = connection.execute(
            sa.text(f"UPDATE {table} SET to_run = NULL WHERE from_run < :first AND to_run >= :first"),  # noqa: S608
            {"first": first},
        ).rowcount
        counts[name] = {"ended": ended, "stand_again": again}
    return {**counts, "outcomes": connection.execute(_PUT_OUTCOMES_BACK, {"first": first}).rowcount}


def begin_findings_again(connection: sa.Connection, *, first: int, run_id: int) -> dict[str, int]:
    """Findings that stood before run ``first`` stand again under their numbers; those raised since end."""
    ended, again = _exchange(connection, finding, first=first, run_id=run_id)
    return {"ended": ended, "stand_again": again}


def begin_statements_again(connection: sa.Connection, *, first: int, run_id: int) -> dict[str, int]:
    """Categories, dated states and numbers that held before run ``first`` hold again; those begun since end as undone."""
    pairs = [_exchange(connection, table, first=first, run_id=run_id) for table in (category, elder_state, identifier)]
    return {"ended": sum(ended for ended, _ in pairs), "begun_again": sum(again for _, again in pairs)}


def _exchange(connection: sa.Connection, table: sa.Table, *, first: int, run_id: int) -> tuple[int, int]:
    """Ends what was begun since ``first``, and begins again what has ended since; how many of each."""
    given = {"first": first, "run": run_id}
    reason = ", end_reason = :undone" if "end_reason" in table.c else ""
    ended = connection.execute(
        sa.text(f"UPDATE {table.name} SET to_run = :run{reason} WHERE from_run >= :first AND to_run IS NULL"),  # noqa: S608
        given | ({"undone": UNDONE} if reason else {}),
    ).rowcount
    names = [column.name for column in table.columns]
    left = {"from_run": ":run", "to_run": "NULL", "end_reason": "NULL", "to_date": "NULL"}
    begun = connection.execute(
        sa.text(
            f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {', '.join(left.get(name, name) for name in names)} "  # noqa: S608
            f"FROM {table.name} WHERE from_run < :first AND to_run >= :first"
        ),
        given,
    ).rowcount
    return ended, begun


def begin_cases_again(connection: sa.Connection, *, first: int, run_id: int) -> dict[str, int]:
    """Questions that had gone or changed since run ``first`` are asked again; those asked since end; decided ones stay decided."""
    ended = connection.execute(_END_CASES, {"first": first, "run": run_id, "undone": UNDONE}).rowcount
    again = connection.execute(_CASES_AGAIN, {"first": first}).rowcount
    connection.execute(_SIDES_AGAIN)
    return {"ended": ended, "open_again": again}


def decisions_live_again(connection: sa.Connection, *, first: int) -> int:
    """Overrides that nights since ``first`` have retired live again; they retire again when their source changes again."""
    return int(connection.execute(_DECISIONS_AGAIN, {"first": first}).scalar_one())


def put_deliveries_back(connection: sa.Connection, *, first: int, run_id: int) -> dict[str, dict[str, int]]:
    """Deliveries become what they were before run ``first``; those taken since are ``undone``; how many, by source and state.

    An undone delivery is not taken again by itself.
    """
    given = {"first": first, "run": run_id, "undone": UNDONE}
    counts: dict[str, dict[str, int]] = {}
    for source, state in connection.execute(_UNDO_DELIVERIES, given):
        of_source = counts.setdefault(source, {})
        of_source[state] = of_source.get(state, 0) + 1
    return {source: dict(sorted(of_source.items())) for source, of_source in sorted(counts.items())}


def release_deliveries(connection: sa.Connection, run_id: int, source: str | None) -> dict[str, int]:
    """Has the next night take what an undo took back, wherever the files lie by now; how many deliveries, by source.

    Args:
        connection: in the caller's transaction.
        run_id: the undo.
        source: only this source's deliveries.
    """
    waiting = (delivery.c.state == UNDONE) & (delivery.c.state_run == run_id)
    if source is not None:
        waiting &= delivery.c.source == source
    again = delivery.c.detail.concat(sa.cast({TAKEN_AGAIN: True}, JSONB))
    released = delivery.update().where(waiting).values(state="received", detail=again).returning(delivery.c.source)
    return dict(sorted(Counter(connection.execute(released).scalars()).items()))
