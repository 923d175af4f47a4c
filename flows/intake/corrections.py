"""Returned lists that come back: exactly the corrected rows take the place of the rows they correct.

A file whose rows carry our keys is never a list: whom it leaves out stays, and what it repeats unchanged stays as it was
judged. A row is told by its key, wherever it stands by now; a row without one is somebody the sender adds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from connectors.reading import DeliveryContents
from flows.context import Night
from flows.intake.correct_members import MembersCorrected, correct_members
from flows.intake.deliveries import combined
from flows.intake.file_notes import note_shrunk, shrunk
from flows.intake.list_brake import hold_files, is_list_of_files_approved, shrinkage_of
from flows.intake.returned_rows import REPLACED, SortedRows, place_unchanged, rows_in_their_places, sort_rows
from flows.intake.rows import judged_rows, store_rows
from flows.intake.scopes import place_by_file, villages_of_files
from registry.returns import id_numbers_of, row_hashes_of
from registry.runs import set_delivery_state
from registry.statements import current_rows, end_rows
from registry.tables import source_row
from schemas.configuration import Source
from schemas.returns import ROW_KEY
from transforms.columns import texts
from transforms.judge import JudgedRows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Positions = NDArray[np.int64]

__all__ = ["Corrected", "is_correction", "take_corrections", "without_corrected_rows"]


@dataclass(frozen=True, slots=True)
class Corrected:
    """What corrections changed.

    Attributes:
        ended: rows in force that were replaced, with their villages: ``row_id scope``.
        added: rows that came in their places or in addition: ``row_id scope``.
        message: what is to be said of it, in words.
        needs_a_look: whether some of it was not taken.
        withheld: ``received`` and ``blank`` rows, where the brake holds it.
        members: how the account of members' sheets changes.
    """

    ended: pd.DataFrame
    added: pd.DataFrame
    message: str
    needs_a_look: bool
    withheld: Mapping[str, int] = field(default_factory=dict)
    members: MembersCorrected = field(default_factory=MembersCorrected)


def is_correction(contents: DeliveryContents) -> bool:
    """Whether a file is a returned list: one of its sheets has the column of our keys."""
    return any(ROW_KEY in table.table.column_names for table in contents.tables.values())


def take_corrections(
    night: Night, connection: sa.Connection, source: Source, contents: dict[int, DeliveryContents]
) -> Corrected:
    """Puts corrected rows in force, and ends those they correct; the brake watches over it as over a list."""
    new = combined((delivery_id, content.tables["main"].table) for delivery_id, content in contents.items())
    current = current_rows(connection, source.name)
    told = sort_rows(connection, source, "main", new, current)
    row_ids = current["row_id"].to_numpy()
    ended = np.flatnonzero(np.isin(row_ids, told.ended))
    judged = judged_rows(night, source, new.take(pa.array(told.changed)))
    if source.full_within == "household_village":
        judged = _placed(judged, _scopes_before(current, told))
    shrinkage = shrinkage_of(night, source, current, ended, judged)
    if shrinkage is not None and shrinkage.is_beyond and not is_list_of_files_approved(connection, source, contents):
        note_shrunk(night, connection, source.name, list(contents), shrinkage)
        scopes = None if source.full_within == "source" else sorted(judged.rows["scope"].unique())
        hold_files(night, connection, contents, scopes, shrunk(shrinkage))
        mains = [content.tables["main"] for content in contents.values()]
        withheld = {"received": sum(main.received for main in mains), "blank": sum(main.blank for main in mains)}
        return Corrected(_nothing(), _nothing(), shrunk(shrinkage), needs_a_look=True, withheld=withheld)
    end_rows(connection, source_row, night.run_id, row_ids[ended])
    place_unchanged(connection, night.run_id, source, "main", new, told)
    added = store_rows(night, connection, source, judged)
    replaced = _replaced(new, told, added)
    for delivery_id in contents:
        detail = {"is_correction": True, REPLACED["main"]: replaced.get(delivery_id, {})}
        set_delivery_state(connection, [delivery_id], "accepted", night.run_id, detail)
    members = MembersCorrected()
    if source.members is not None:
        numbers = id_numbers_of(connection, row_ids[ended]) | set(judged.rows["id_number"].dropna())
        members = correct_members(night, connection, source, contents, numbers)
    gone = pd.DataFrame({"row_id": row_ids[ended], "scope": texts(current["scope"]).to_numpy()[ended]})
    came = pd.DataFrame({"row_id": added, "scope": judged.rows["scope"].to_numpy()})
    message = _in_words(told, len(added), members)
    return Corrected(gone, came, message, bool(told.stale + told.foreign + members.not_taken), members=members)


def without_corrected_rows(
    connection: sa.Connection, source: Source, contents: dict[int, DeliveryContents], current: pa.Table
) -> tuple[dict[int, DeliveryContents], "NDArray[np.bool_]"]:
    """Files that are read once more although nobody sent them anew, without the rows that were corrected since.

    Returns:
        The files, and which of the rows in force stand in the places of those rows.
    """
    places = rows_in_their_places(connection, source) if contents else {}
    hashes = row_hashes_of(connection, list(places))
    listed = {delivery_id: content.tables["main"] for delivery_id, content in contents.items()}
    here = set().union(*(main.table["row_hash"].to_pylist() for main in listed.values())) if listed else set()
    stand = [row_id for old, rows in places.items() if hashes[old] in here for row_id in rows]
    gone = pa.array([hashes[old] for old in places], pa.int64())
    for delivery_id, main in listed.items():
        left = main.table.filter(pc.invert(pc.is_in(main.table["row_hash"], gone)))
        received = main.received - len(main.table) + len(left)
        tables = {**contents[delivery_id].tables, "main": replace(main, table=left, received=received)}
        contents = {**contents, delivery_id: replace(contents[delivery_id], tables=tables)}
    return contents, np.isin(current["row_id"].to_numpy(), stand)


def _scopes_before(current: pa.Table, told: SortedRows) -> pd.Series:
    """The village of the row that each changed row replaces; missing where it replaces none."""
    of_row = dict(zip(current["row_id"].to_pylist(), current["scope"].to_pylist(), strict=True))
    before = [of_row.get(next(iter(told.replaces.get(row, ())), 0)) for row in told.changed.tolist()]
    return pd.Series(before, dtype="str")


def _placed(judged: JudgedRows, before: pd.Series) -> JudgedRows:
    """Rows; one that names no village stands in the list of the row it replaces, else with the villages of its file."""
    scopes, files = judged.rows["scope"], judged.rows["delivery_id"]
    with_file = place_by_file(scopes, files, villages_of_files(scopes, files))
    nameless = scopes.str.endswith("/") & before.notna()
    return judged._replace(rows=judged.rows.assign(scope=with_file.mask(nameless, before)))


def _replaced(new: pa.Table, told: SortedRows, added: "Positions") -> dict[int, dict[str, list[int]]]:
    """By delivery, which rows now stand in the places of which."""
    files = new["delivery_id"].to_numpy()
    at = dict(zip(told.changed.tolist(), added.tolist(), strict=True))
    found: dict[int, dict[str, list[int]]] = {}
    for row, row_ids in told.replaces.items():
        of_file = found.setdefault(int(files[row]), {})
        for row_id in row_ids:
            of_file.setdefault(str(row_id), []).append(at[row])
    return found


def _in_words(told: SortedRows, added: int, members: MembersCorrected) -> str:
    """What became of the rows of corrections."""
    corrected = len(told.replaces)
    parts = [f"退回更正：采用更正 {corrected} 行"]
    if added > corrected:
        parts.append(f"补报 {added - corrected} 行")
    if told.unchanged:
        parts.append(f"未改动 {told.unchanged} 行")
    if told.stale:
        parts.append(f"原行已被新名单取代、未采用 {told.stale} 行")
    if told.foreign:
        parts.append(f"不是本名单退回的、未采用 {told.foreign} 行")
    if members.corrected:
        parts.append(f"家庭成员 {members.corrected} 行")
    if members.not_taken:
        parts.append(f"家庭成员未采用 {members.not_taken} 行")
    return "，".join(parts) + "。"


def _nothing() -> pd.DataFrame:
    return pd.DataFrame({"row_id": np.empty(0, np.int64), "scope": pd.array([], dtype="str")})
