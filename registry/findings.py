"""Findings as the registry keeps them: raised by a run, standing until one ends them, numbered once for life."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from registry.bulk import copy_in, copy_out
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
    ]
)  # fmt: skip


def findings_of_run(connection: sa.Connection, run_id: int) -> pd.DataFrame:
    """Every finding that stands after a run.

    Columns: ``finding_id source delivery sheet row_number column field code severity seen village since_run``.
    """
    query = f"""
        SELECT f.finding_id, f.source, d.file_name, f.sheet, f.row_number, f.header, f.field, f.code, f.severity, f.seen,
               coalesce(r.household_village, r.residence_village), f.from_run
        FROM finding f
        LEFT JOIN delivery d USING (delivery_id)
        LEFT JOIN source_row r ON r.row_id = f.row_id AND f.origin IN ('row', 'merge')
        WHERE f.from_run <= {int(run_id)} AND (f.to_run IS NULL OR f.to_run > {int(run_id)})
        ORDER BY f.source, f.delivery_id, f.sheet, f.row_number, f.finding_id
    """  # noqa: S608  only a number of ours is put in
    return to_frame(copy_out(connection, query, _OF_RUN))


def to_frame(table: pa.Table) -> pd.DataFrame:
    """A result as a frame with Arrow-backed texts and nullable integers."""
    frame: pd.DataFrame = table.to_pandas(types_mapper=_PANDAS_TYPES.get)
    return frame


_PANDAS_TYPES = {pa.large_string(): pd.StringDtype("pyarrow", na_value=np.nan), pa.int64(): pd.Int64Dtype()}


def open_counts(connection: sa.Connection) -> dict[str, int]:
    """How many findings stand now, by severity."""
    query = (
        sa.select(finding.c.severity, sa.func.count()).where(finding.c.to_run.is_(None)).group_by(finding.c.severity)
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
