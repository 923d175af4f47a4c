"""Taking nights back: which stand on which, and everything they changed becomes what it was before them.

Nothing is forgotten: what they wrote keeps its place in the history, dated until the undo, and what they ended begins again.
Rows stand again as if they had never been ended, so that exactly the same list again is no change. What people decided
meanwhile holds on. People and what platforms hear are ``registry.undo_elders``'s, dated statements
``registry.undo_statements``'s.
"""

from typing import Any

import sqlalchemy as sa

from registry.tables import run, stage
from registry.undo_elders import take_back_elders
from registry.undo_statements import (
    begin_cases_again,
    begin_findings_again,
    begin_statements_again,
    decisions_live_again,
    put_deliveries_back,
    take_back_rows,
)

__all__ = ["changing_runs", "take_back"]

_CHANGING = ("take", "merge")


def changing_runs(connection: sa.Connection, from_run: int) -> list[int]:
    """The runs from one on that changed the registry and are not undone, in their order."""
    changed = sa.exists().where(stage.c.run_id == run.c.run_id, stage.c.name.in_(_CHANGING), stage.c.status == "done")
    query = sa.select(run.c.run_id).where(run.c.run_id >= from_run, run.c.undone_by.is_(None), changed)
    return list(connection.execute(query.order_by(run.c.run_id)).scalars())


def take_back(connection: sa.Connection, *, first: int, run_id: int) -> dict[str, Any]:
    """Brings the registry back to what it was before run ``first``; everything since is taken back by run ``run_id``.

    Args:
        connection: in the one transaction of the undo.
        first: the oldest run that is undone; ``registry.runs.begin_run`` has noted all of them as undone.
        run_id: the undo's own run.

    Returns:
        ``elders`` (``returned_to`` what they were, ``left_again`` who had come, ``back`` who had gone), ``rows``, ``members``
        and ``findings`` (``ended`` and ``stand_again``), ``outcomes`` of rows put back, ``statements`` of categories, states
        and numbers (``ended``, ``begun_again``), ``cases``, ``overrides``, ``deliveries`` by source and state, and ``push``:
        ``corrected`` in people who were told already, ``dropped`` in people who were not, ``still_to_tell`` from before.
    """
    elders, push = take_back_elders(connection, first=first, run_id=run_id)
    return {
        "elders": elders,
        **take_back_rows(connection, first=first, run_id=run_id),
        "findings": begin_findings_again(connection, first=first, run_id=run_id),
        "statements": begin_statements_again(connection, first=first, run_id=run_id),
        "cases": begin_cases_again(connection, first=first, run_id=run_id),
        "overrides": decisions_live_again(connection, first=first),
        "deliveries": put_deliveries_back(connection, first=first, run_id=run_id),
        "push": push,
    }
