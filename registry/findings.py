"""Findings as the registry keeps them: raised by a run, standing until one ends them, numbered once for life."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from registry.bulk import copy_in, copy_out
from registry.finding_evidence import CLOSED, EVIDENT, VANISHED
from registry.runs import next_id
from registry.tables import finding

__all__ = ["add_findings", "end_file_findings", "end_merge_findings", "findings_of_run"]


def add_findings(connection: sa.Connection, run_id: int, origin: str, source: str | None, found: pd.DataFrame) -> int:
    """Stores findings of one origin (``file``, ``row``, ``member``, ``merge``).

    Args:
        connection: in the stage's transaction.
        run_id: the run that raises them.
        origin: which judgement they come from.
        source: the source of all of them; ``None`` where ``found`` has a column ``source``.
        found: ``code severity`` and, where they apply, ``delivery_id sheet row_number row_id header field seen``.
    """
    if found.empty:
        return 0
    first = next_id(connection, finding.c.finding_id)
    rows = found.assign(finding_id=np.arange(first, first + len(found)), from_run=run_id, origin=origin)
    if source is not None:
        rows = rows.assign(source=source)
    columns = [column.name for column in finding.columns if column.name in rows]
    return copy_in(connection, finding, rows[columns])


def end_file_findings(
    connection: sa.Connection, run_id: int, source: str, delivery_ids: list[int], codes: Sequence[str]
) -> None:
    """Ends what was said about some deliveries of a source, or the findings of some codes about any of its files."""
    connection.execute(
        finding.update()
        .where(finding.c.source == source, finding.c.origin == "file", finding.c.to_run.is_(None))
        .where(finding.c.delivery_id.in_(delivery_ids) | finding.c.code.in_([str(code) for code in codes]))
        .values(to_run=run_id)
    )


_OF_RUN = pa.schema(
    [
        ("finding_id", pa.int64()), ("source", pa.large_string()), ("delivery", pa.large_string()),
        ("sheet", pa.large_string()), ("row_number", pa.int64()), ("column", pa.large_string()),
        ("field", pa.large_string()), ("code", pa.large_string()), ("severity", pa.large_string()),
        ("seen", pa.large_string()), ("village", pa.large_string()), ("since_run", pa.int64()),
        ("state", pa.large_string()), ("times_returned", pa.int64()), ("evidence", pa.large_string()),
    ]
)  # fmt: skip

# What stood after the run, and what has become of it since. It has ended when nothing like it stands of the same person, and
# then it is corrected if its source still lists the person: in the place of the row, under the number, or by name and village.
# It was sent again as it was when it stands in a file that came after the newest letter about it, or is found in other cells.
_STOOD = f"""
    WITH stood AS MATERIALIZED (
        {EVIDENT} WHERE f.from_run <= %(run)s AND (f.to_run IS NULL OR f.to_run > %(run)s)
    ), standing AS (
        SELECT s.problem, max(d.received_run) AS received_run, max(d.received_at) AS received_at
        FROM ({EVIDENT} WHERE f.to_run IS NULL) s LEFT JOIN delivery d USING (delivery_id)
        WHERE EXISTS (SELECT FROM stood WHERE stood.to_run IS NOT NULL) GROUP BY s.problem
    ), ended AS (
        SELECT s.finding_id, s.origin, s.row_id FROM stood s LEFT JOIN standing USING (problem)
        WHERE s.to_run IS NOT NULL AND standing.problem IS NULL
    ), gone AS (
        SELECT e.finding_id, r.row_id, r.source, r.id_key, r.name, coalesce(r.household_village, r.residence_village) AS village
        FROM ended e JOIN source_row r USING (row_id) WHERE e.origin <> 'member'
    ), gone_members AS (
        SELECT e.finding_id, m.source, m.id_number, m.name FROM ended e JOIN member_row m USING (row_id) WHERE e.origin = 'member'
    ), replaced AS (
        SELECT places.row_id::bigint AS row_id FROM delivery d, jsonb_object_keys(d.detail -> 'replaced') AS places(row_id)
        WHERE d.state = 'accepted' AND EXISTS (SELECT FROM gone)
    ), corrected AS (
        SELECT finding_id FROM ended WHERE row_id IS NULL
        UNION SELECT g.finding_id FROM gone g JOIN replaced USING (row_id)
        UNION SELECT g.finding_id FROM gone g JOIN source_row n USING (source, id_key) WHERE n.to_run IS NULL
        UNION SELECT g.finding_id FROM gone g JOIN source_row n USING (source, name) WHERE n.to_run IS NULL
              AND coalesce(g.village, n.household_village, n.residence_village, '')
                  = coalesce(n.household_village, n.residence_village, g.village, '')
        UNION SELECT g.finding_id FROM gone_members g JOIN member_row n USING (source, id_number) WHERE n.to_run IS NULL
        UNION SELECT g.finding_id FROM gone_members g JOIN member_row n USING (source, name) WHERE n.to_run IS NULL
    ), returned AS (
        SELECT DISTINCT evidence FROM finding_dispatch
    ), letters AS (
        SELECT problem, count(DISTINCT dispatch_id) AS times, max(d.run_id) AS run_id, max(d.made_at) AS made_at
        FROM finding_dispatch JOIN dispatch d USING (dispatch_id) GROUP BY problem
    ), vanished AS (
        {VANISHED}
    )
    SELECT s.finding_id, s.source, d.file_name, s.sheet, s.row_number, s.header, s.field, s.code, s.severity, s.seen,
           s.village, s.from_run,
           CASE WHEN e.finding_id IS NOT NULL THEN CASE WHEN k.finding_id IS NULL THEN 'withdrawn' ELSE 'corrected' END
                WHEN c.kind IS NOT NULL THEN c.kind
                WHEN s.origin <> 'member' AND s.row_id IN (SELECT row_id FROM vanished) THEN 'vanished'
                WHEN l.problem IS NULL THEN 'open'
                WHEN returned.evidence IS NULL OR (coalesce(n.received_run, d.received_run) > l.run_id
                                                   AND coalesce(n.received_at, d.received_at) >= l.made_at) THEN 'reopened'
                ELSE 'returned' END,
           coalesce(l.times, 0), s.evidence
    FROM stood s
    LEFT JOIN delivery d USING (delivery_id)
    LEFT JOIN ended e ON e.finding_id = s.finding_id
    LEFT JOIN corrected k ON k.finding_id = s.finding_id
    LEFT JOIN standing n ON n.problem = s.problem
    LEFT JOIN finding_closure c ON {CLOSED}
    LEFT JOIN returned ON returned.evidence = s.evidence
    LEFT JOIN letters l ON l.problem = s.problem
    ORDER BY s.source, s.delivery_id, s.sheet, s.row_number, s.finding_id
"""  # noqa: S608  words of ours only


def findings_of_run(connection: sa.Connection, run_id: int) -> pd.DataFrame:
    """Every finding that stood after a run, and its state now.

    Columns: ``finding_id source delivery sheet row_number column field code severity seen village since_run state
    times_returned evidence``; ``state`` is of ``schemas.finding_states``, ``times_returned`` counts letters about the same
    problem, ``evidence`` is a digest of exactly what was found.
    """
    return to_frame(copy_out(connection, _STOOD % {"run": int(run_id)}, _OF_RUN))


def to_frame(table: pa.Table) -> pd.DataFrame:
    """A result as a frame with Arrow-backed texts and nullable integers."""
    frame: pd.DataFrame = table.to_pandas(types_mapper=_PANDAS_TYPES.get)
    return frame


_PANDAS_TYPES = {pa.large_string(): pd.StringDtype("pyarrow", na_value=np.nan), pa.int64(): pd.Int64Dtype()}


def end_merge_findings(connection: sa.Connection, run_id: int) -> None:
    """Ends what was found between rows of the selected people (table ``people``); the merge says anew what still holds."""
    connection.execute(
        sa.text(
            "UPDATE finding f SET to_run = :run FROM source_row r JOIN people p USING (id_key) "
            "WHERE f.row_id = r.row_id AND f.origin = 'merge' AND f.to_run IS NULL"
        ),
        {"run": run_id},
    )
