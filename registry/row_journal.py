"""What rows in force were before a run changed them in place, so that the run can be undone."""

import sqlalchemy as sa

__all__ = ["remember_rows"]


def remember_rows(connection: sa.Connection, run_id: int, which: str) -> None:
    """Keeps what a run is about to change of rows that were there before it; what was kept first in a run stands.

    A row that the run added itself ends with the run when that is undone, so nothing of it need be kept.

    Args:
        connection: in the stage's transaction, before the change.
        run_id: tonight's run.
        which: a query of ours that gives the ``row_id`` of rows of ``source_row``.
    """
    connection.execute(
        sa.text(
            "INSERT INTO row_before (run_id, row_id, outcome, is_held, id_key, recheck_on) "  # noqa: S608  a query of ours
            "SELECT :run, row_id, outcome, is_held, id_key, recheck_on FROM source_row "
            f"WHERE from_run < :run AND row_id IN ({which}) ON CONFLICT DO NOTHING"
        ),
        {"run": run_id},
    )
