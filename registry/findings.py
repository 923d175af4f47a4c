"""Findings as the registry keeps them: raised by a run, standing until one ends them, numbered once for life."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from registry.bulk import copy_in, copy_out
from registry.finding_evidence import CLOSED, EVIDENT
from registry.runs import next_id
from registry.tables import finding

__all__ = ["add_findings", "end_file_findings", "end_merge_findings", "findings_of_run", "open_counts"]


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
        ("state", pa.large_string()), ("times_returned", pa.int64()),
    ]
)  # fmt: skip

# What stood after the run, and what has become of it since. It has ended when nothing like it stands of the same person, and
# then it is corrected if its source still lists the person.
_STOOD = f"""
    WITH stood AS MATERIALIZED (
        {EVIDENT} WHERE f.from_run <= %(run)s AND (f.to_run IS NULL OR f.to_run > %(run)s)
    ), standing AS (
        SELECT DISTINCT s.problem FROM ({EVIDENT} WHERE f.to_run IS NULL) s
        WHERE EXISTS (SELECT FROM stood WHERE stood.to_run IS NOT NULL)
    ), ended AS (
        SELECT s.finding_id, s.origin, s.row_id FROM stood s LEFT JOIN standing USING (problem)
        WHERE s.to_run IS NOT NULL AND standing.problem IS NULL
    ), gone AS (
        SELECT e.finding_id, r.source, r.id_key, r.name FROM ended e JOIN source_row r USING (row_id) WHERE e.origin <> 'member'
    ), gone_members AS (
        SELECT e.finding_id, m.source, m.id_number, m.name FROM ended e JOIN member_row m USING (row_id) WHERE e.origin = 'member'
    ), corrected AS (
        SELECT finding_id FROM ended WHERE row_id IS NULL
        UNION SELECT g.finding_id FROM gone g JOIN source_row n USING (source, id_key) WHERE n.to_run IS NULL
        UNION SELECT g.finding_id FROM gone g JOIN source_row n USING (source, name) WHERE n.to_run IS NULL
        UNION SELECT g.finding_id FROM gone_members g JOIN member_row n USING (source, id_number) WHERE n.to_run IS NULL
        UNION SELECT g.finding_id FROM gone_members g JOIN member_row n USING (source, name) WHERE n.to_run IS NULL
    ), returned AS (
        SELECT DISTINCT evidence FROM finding_dispatch
    ), returns AS (
        SELECT problem, count(DISTINCT dispatch_id) AS times FROM finding_dispatch GROUP BY problem
    )
    SELECT s.finding_id, s.source, d.file_name, s.sheet, s.row_number, s.header, s.field, s.code, s.severity, s.seen,
           s.village, s.from_run,
           CASE WHEN e.finding_id IS NOT NULL THEN CASE WHEN k.finding_id IS NULL THEN 'withdrawn' ELSE 'corrected' END
                WHEN c.kind IS NOT NULL THEN c.kind
                WHEN returned.evidence IS NOT NULL THEN 'returned' ELSE 'open' END,
           coalesce(returns.times, 0)
    FROM stood s
    LEFT JOIN delivery d USING (delivery_id)
    LEFT JOIN ended e ON e.finding_id = s.finding_id
    LEFT JOIN corrected k ON k.finding_id = s.finding_id
    LEFT JOIN finding_closure c ON {CLOSED}
    LEFT JOIN returned ON returned.evidence = s.evidence
    LEFT JOIN returns ON returns.problem = s.problem
    ORDER BY s.source, s.delivery_id, s.sheet, s.row_number, s.finding_id
"""  # noqa: S608  words of ours only


def findings_of_run(connection: sa.Connection, run_id: int) -> pd.DataFrame:
    """Every finding that stood after a run, and its state now.

    Columns: ``finding_id source delivery sheet row_number column field code severity seen village since_run state
    times_returned``; ``state`` is of ``schemas.finding_states``, ``times_returned`` counts letters about the same problem.
    """
    return to_frame(copy_out(connection, _STOOD % {"run": int(run_id)}, _OF_RUN))


def to_frame(table: pa.Table) -> pd.DataFrame:
    """A result as a frame with Arrow-backed texts and nullable integers."""
    frame: pd.DataFrame = table.to_pandas(types_mapper=_PANDAS_TYPES.get)
    return frame


_PANDAS_TYPES = {pa.large_string(): pd.StringDtype("pyarrow", na_value=np.nan), pa.int64(): pd.Int64Dtype()}


def open_counts(connection: sa.Connection) -> dict[str, int]:
    """How many findings stand now that nobody has closed, by severity."""
    query = sa.text(
        f"SELECT s.severity, count(*) FROM ({EVIDENT} WHERE f.to_run IS NULL) s "  # noqa: S608
        f"LEFT JOIN finding_closure c ON {CLOSED} WHERE c.closure_id IS NULL GROUP BY s.severity"
    )
    return {severity: int(count) for severity, count in connection.execute(query)}


def end_merge_findings(connection: sa.Connection, run_id: int) -> None:
    """Ends what was found between rows of the selected people (table ``people``); the merge says anew what still holds."""
    connection.execute(
        sa.text(
            "UPDATE finding f SET to_run = :run FROM source_row r JOIN people p USING (id_key) "
            "WHERE f.row_id = r.row_id AND f.origin = 'merge' AND f.to_run IS NULL"
        ),
        {"run": run_id},
    )
