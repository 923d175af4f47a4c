"""Household members when a list comes back corrected: their own corrected rows, and whoever's elder was corrected.

Whether a member is linked and a household has its head depends on other rows. So the households concerned are judged as a
whole, from the kept originals, and only differences are written.
"""

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from connectors.reading import DeliveryContents
from flows.context import Night
from flows.intake.deliveries import Kept, combined, read
from flows.intake.households import judge_delivered_members, judged_households, store_members
from flows.intake.returned_rows import REPLACED, SortedRows, place_unchanged, sort_rows
from registry.returns import members_concerned
from registry.runs import set_delivery_state
from registry.statements import current_members, elder_scopes, end_rows
from registry.tables import member_row
from schemas.configuration import Source
from schemas.returns import ROW_KEY
from transforms.columns import texts
from transforms.resend import match_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MembersCorrected", "correct_members"]

log = logging.getLogger("eldersync")


@dataclass(frozen=True, slots=True)
class MembersCorrected:
    """How the account of the members' sheets changes, and how many of their rows were taken and not taken."""

    received: int = 0
    linked: int = 0
    corrected: int = 0
    not_taken: int = 0


def correct_members(
    night: Night, connection: sa.Connection, source: Source, contents: dict[int, DeliveryContents], numbers: set[str]
) -> MembersCorrected:
    """Takes corrected members, and judges the households of some elders again.

    Args:
        night: whose rules they are judged by.
        connection: in the stage's transaction, once corrected elders are in force.
        source: whose list it is; it has members.
        contents: the corrections.
        numbers: ID numbers, former and present, of the elders that were corrected.
    """
    sent = [
        (delivery_id, content.tables["members"].table)
        for delivery_id, content in contents.items()
        if "members" in content.tables and ROW_KEY in content.tables["members"].table.column_names
    ]
    told, changed = None, None
    if sent:
        new = combined(sent)
        told = sort_rows(connection, source, "members", new, current_members(connection, source.name))
        place_unchanged(connection, night.run_id, source, "members", new, told)
        changed = new.take(pa.array(told.changed))
        numbers = numbers | _elders_of(night, connection, source, changed)
    ended = told.ended if told is not None else np.empty(0, np.int64)
    concerned, standing = _as_delivered(
        night, source, members_concerned(connection, source.name, numbers, ended), ended
    )
    parts = [*standing, *(_by_delivery(changed) if changed is not None else [])]
    if not parts:
        return MembersCorrected(not_taken=told.stale + told.foreign if told else 0)
    judged = judged_households(night, connection, source, combined(parts))
    resent = match_rows(concerned["row_hash"].to_numpy(dtype=np.int64), judged.rows["row_hash"].to_numpy())
    gone = concerned.iloc[resent.ended]
    end_rows(connection, member_row, night.run_id, gone["row_id"].to_numpy(dtype=np.int64))
    row_ids = store_members(night, connection, source, judged, resent.added)
    if told is not None and changed is not None:
        at = dict(zip(resent.added.tolist(), row_ids.tolist(), strict=True))
        _record(night, connection, changed, told, at, before=len(judged.rows) - len(changed))
    came = judged.rows["is_linked"].to_numpy(dtype=bool)[resent.added]
    return MembersCorrected(
        received=len(resent.added) - len(gone),
        linked=int(came.sum()) - int((gone["outcome"] == "linked").sum()),
        corrected=len(told.changed) if told else 0,
        not_taken=told.stale + told.foreign if told else 0,
    )


def _elders_of(night: Night, connection: sa.Connection, source: Source, changed: pa.Table) -> set[str]:
    """The elders whose households corrected members are in."""
    if not len(changed):
        return set()
    known = elder_scopes(connection, source.name)["id_number"]
    judged = judge_delivered_members(night.configuration, source, changed, known, today=night.business_date)
    return set(judged.rows["elder_id_number"].dropna())


def _as_delivered(
    night: Night, source: Source, concerned: pd.DataFrame, ended: "NDArray[np.int64]"
) -> tuple[pd.DataFrame, list[tuple[int, pa.Table]]]:
    """Members in force that are concerned, and the rows of those that stay, as they were delivered.

    Members of an original that today's configuration refuses stay as they were judged.
    """
    parts = []
    for file in sorted({Kept(*kept) for kept in zip(concerned["delivery_id"], concerned["sha256"], strict=True)}):
        rows = concerned[concerned["delivery_id"] == file.delivery_id]
        contents = read(night, source, file)
        if contents.refused or "members" not in contents.tables:
            log.warning("%s: members of delivery %d cannot be judged again", source.name, file.delivery_id)
            concerned = concerned.drop(rows.index)
            continue
        table = contents.tables["members"].table
        stays = rows[~rows["row_id"].isin(ended)]
        at = pd.MultiIndex.from_arrays([texts(table["sheet"]), table["row_number"].to_numpy()])
        wanted = at.isin(pd.MultiIndex.from_frame(stays[["sheet", "row_number"]]))
        parts.append((file.delivery_id, table.filter(pa.array(wanted))))
    return concerned, [part for part in parts if len(part[1])]


def _by_delivery(changed: pa.Table) -> list[tuple[int, pa.Table]]:
    """Rows of several deliveries, in their order, without the number of the delivery."""
    files = changed["delivery_id"].to_numpy()
    _, first = np.unique(files, return_index=True)
    plain = changed.drop_columns(["delivery_id"])
    return [(int(files[at]), plain.filter(pa.array(files == files[at]))) for at in sorted(first.tolist())]


def _record(
    night: Night, connection: sa.Connection, changed: pa.Table, told: SortedRows, at: dict[int, int], *, before: int
) -> None:
    """Says of each file which members now stand in the places of which; they come after ``before`` others."""
    files = changed["delivery_id"].to_numpy()
    for delivery_id in np.unique(files).tolist():
        replaced: dict[str, list[int]] = {}
        for place, row in enumerate(told.changed.tolist()):
            if files[place] == delivery_id and before + place in at:
                for row_id in told.replaces.get(row, ()):
                    replaced.setdefault(str(row_id), []).append(at[before + place])
        set_delivery_state(connection, [delivery_id], "accepted", night.run_id, {REPLACED["members"]: replaced})
