"""The push by hand: released changes become import workbooks in a folder that nobody has handed in yet."""

import shutil

import pandas as pd
import sqlalchemy as sa

from connectors.platform_workbook import write_platform_files
from flows.context import Night
from registry.outbox import handed_in
from registry.outbox_delivery import mark_sent
from registry.outbox_plan import plan_rows
from transforms.payloads import payload_table
from transforms.render import render_json_lines

__all__ = ["write_workbooks"]


def write_workbooks(night: Night, connection: sa.Connection) -> list[str]:
    """Writes a run's released changes durably, before the transaction takes them out of the outbox; returns the files.

    Killed in between, the next push finds a folder that the outbox knows nothing of, removes it and writes anew: nobody
    may hand in both.
    """
    profile = night.profile
    known = handed_in(connection)
    for folder in night.home.outgoing_besides(known, night.run_id):
        shutil.rmtree(folder)
    parts = [part[part["is_released"] & ~part["is_held"]] for part in plan_rows(connection, profile.name, night.run_id)]
    telling = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    if telling.empty:
        return []
    name = _free_name(night.run_id, known)
    rows = payload_table(telling["payload"], profile)
    lines = render_json_lines(telling.rename(columns={"sent_as": "operation"}), rows)
    written = write_platform_files(rows, lines, profile, night.home.outgoing(name))
    mark_sent(connection, profile.name, night.run_id, night.now(), telling, batch=name)
    return [f"outgoing/{name}/{file.name}" for file in written]


def _free_name(run_id: int, known: set[str]) -> str:
    """The run's number; a later push of the same run gets a folder of its own, since the first may have been handed in."""
    name, number = str(run_id), 1
    while name in known:
        number += 1
        name = f"{run_id}-{number}"
    return name
