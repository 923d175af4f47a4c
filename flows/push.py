"""Stage ``push``: what the platform must hear is written as its import workbook; then it leaves the outbox."""

import shutil
from typing import Any

import pandas as pd
import sqlalchemy as sa

from connectors.platform_workbook import write_platform_files
from flows.context import Night
from registry.outbox import mark_sent, pending_changes, waiting_count
from registry.runs import done_runs
from transforms.render import render_json_lines, render_rows

__all__ = ["push"]


def push(night: Night, connection: sa.Connection, *, send: bool) -> dict[str, Any]:
    """Renders pending changes and writes them durably, before the transaction takes them out of the outbox.

    Killed in between, the next run writes the same files again and takes them out then: a file is replaced, not doubled.

    Returns:
        ``planned sent accepted rejected unknown waiting`` in people, and the ``files`` written.
    """
    if not send:
        return {**_counts(planned=0, sent=0, waiting=waiting_count(connection)), "files": [], "incomplete": []}
    _remove_unsent(night, connection)
    changes = pending_changes(connection)
    telling = changes[changes["operation"] != "nothing"].reset_index(drop=True)
    rendered = render_rows(telling, night.profile)
    written = []
    if len(rendered.rows):
        written = write_platform_files(
            rendered.rows, render_json_lines(telling, rendered.rows), night.profile, night.home.outgoing(night.run_id)
        )
    sent = telling.loc[rendered.rows.index]
    untold = changes[changes["operation"] == "nothing"]
    mark_sent(connection, night.run_id, pd.concat([sent, untold], ignore_index=True))
    incomplete = rendered.incomplete[["header", "problem"]].value_counts().reset_index()
    return {
        **_counts(planned=len(telling), sent=len(sent), waiting=waiting_count(connection)),
        "files": [f"outgoing/{night.run_id}/{file.name}" for file in written],
        "incomplete": incomplete.astype({"header": str, "problem": str}).to_dict("records"),
    }


def _remove_unsent(night: Night, connection: sa.Connection) -> None:
    """Removes files of runs that died between writing them and taking their changes out of the outbox.

    Their changes are still pending and are written again tonight; nobody may hand in both.
    """
    for folder in night.home.unsent(done_runs(connection, "push")):
        shutil.rmtree(folder)


def _counts(*, planned: int, sent: int, waiting: int) -> dict[str, int]:
    # A workbook brings no receipts: what is sent stays neither accepted nor rejected until the platform answers.
    return {"planned": planned, "sent": sent, "accepted": 0, "rejected": 0, "unknown": 0, "waiting": waiting}
