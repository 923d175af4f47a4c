"""Rows of returned lists that came back, sorted by their keys: corrected, added, as they were, too late, or none of ours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from registry.returns import standing_rows
from registry.runs import deliveries
from registry.statements import place_findings_anew
from registry.tables import member_row, source_row
from schemas.configuration import Source
from schemas.returns import ROW_KEY, RowKey
from transforms.resend import match_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Positions = NDArray[np.int64]

__all__ = ["REPLACED", "SortedRows", "place_unchanged", "rows_in_their_places", "sort_rows"]

REPLACED = {"main": "replaced", "members": "replaced_members"}
"""Where a correction's delivery keeps, by table, which rows came in the place of which."""

_ORIGINS = {"main": "row", "members": "member"}
_NO_CELLS = frozenset({"delivery_id", "sheet", "row_number", "row_hash", "date1904", ROW_KEY})


@dataclass(frozen=True, slots=True, repr=False)
class SortedRows:
    """The rows of corrections by what they are.

    Attributes:
        changed: positions of those to be taken.
        unchanged: how many are as they were, or say what another row in force says.
        stale: how many are of rows that are not in force any more.
        foreign: how many have a key that is none of this list's.
        replaces: for changed rows with a key, the ids of the rows in force that they replace.
        ended: ids of rows in force that are replaced.
        as_before: for rows that came back as they were returned, the ids of the rows in force that they are.
    """

    changed: "Positions"
    unchanged: int
    stale: int
    foreign: int
    replaces: Mapping[int, Sequence[int]]
    ended: "Positions"
    as_before: Mapping[int, Sequence[int]]


def sort_rows(connection: sa.Connection, source: Source, table: str, new: pa.Table, current: pa.Table) -> SortedRows:
    """What each row of the corrections is.

    Args:
        connection: in the stage's transaction.
        source: whose list it is.
        table: ``main`` or ``members``.
        new: the rows as delivered.
        current: rows in force: ``row_id row_hash``.
    """
    known = list(deliveries(connection, source.name).values())
    keys, foreign = _keys(new, table, {delivery.sha256[:16] for delivery in known})
    replaced = [delivery.detail.get(REPLACED[table], {}) for delivery in known]
    standing = _standing(connection, source, table, {key.row_id for key in keys.values()}, replaced)
    stands = {row: standing.get(key.row_id, []) for row, key in keys.items()}
    same = _same(new, current, keys, stands)
    left = {*foreign, *same, *np.flatnonzero(_is_empty(new)).tolist()}
    candidates = [row for row in range(len(new)) if row not in left]
    stays = {row_id for row in same for row_id in stands[row]}
    listed = _listed_already(current, {r for row in candidates for r in stands.get(row, ())} - stays, new, candidates)
    stale = {row for row in candidates if row in keys and not stands[row] and row not in listed}
    ended = {row_id for row in candidates for row_id in stands.get(row, ())} - stays
    changed = [row for row in candidates if row not in listed and row not in stale]
    return SortedRows(
        changed=np.array(changed, dtype=np.int64),
        unchanged=len(same) + len(listed),
        stale=len(stale),
        foreign=len(foreign),
        replaces={row: stands[row] for row in changed if row in keys},
        ended=np.array(sorted(ended), dtype=np.int64),
        as_before={row: stands[row] for row in sorted(same) if stands[row]},
    )


def place_unchanged(
    connection: sa.Connection, run_id: int, source: Source, table: str, new: pa.Table, told: SortedRows
) -> None:
    """Has what was found in rows that came back uncorrected stand where they stand now: in the file that came back."""
    pairs = {row_id: row for row, row_ids in told.as_before.items() for row_id in row_ids}
    if not pairs:
        return
    placed = new.select(["delivery_id", "sheet", "row_number"]).take(pa.array(list(pairs.values()), pa.int64()))
    placed = placed.append_column("row_id", pa.array(list(pairs), pa.int64()))
    place_findings_anew(connection, run_id, source.name, _ORIGINS[table], placed)


def rows_in_their_places(connection: sa.Connection, source: Source) -> dict[int, list[int]]:
    """Every row of a list that was ever corrected, and the rows in force that stand in its place."""
    replaced = [delivery.detail.get(REPLACED["main"], {}) for delivery in deliveries(connection, source.name).values()]
    row_ids = {int(row_id) for mapping in replaced for row_id in mapping}
    return {row_id: rows for row_id, rows in _standing(connection, source, "main", row_ids, replaced).items() if rows}


def _keys(new: pa.Table, table: str, known: set[str]) -> tuple[dict[int, RowKey], set[int]]:
    """The keys of rows that have one of this source's, by position, and the rows that have anything else for a key."""
    keys, foreign = {}, set()
    for row, text in enumerate(new[ROW_KEY].to_pylist() if ROW_KEY in new.column_names else ()):
        if not text or not text.strip():
            continue
        key = RowKey.parse(text)
        if key is not None and key.table == table and key.delivery in known:
            keys[row] = key
        else:
            foreign.add(row)
    return keys, foreign


def _same(
    new: pa.Table, current: pa.Table, keys: Mapping[int, RowKey], stands: Mapping[int, Sequence[int]]
) -> set[int]:
    """Rows that are as they were returned, or as they were corrected before."""
    hashes = new["row_hash"].to_pylist()
    wanted = np.isin(current["row_id"].to_numpy(), sorted({row_id for found in stands.values() for row_id in found}))
    rows = current.filter(pa.array(wanted))
    hash_of = dict(zip(rows["row_id"].to_pylist(), rows["row_hash"].to_pylist(), strict=True))
    return {
        row
        for row, key in keys.items()
        if hashes[row] == key.row_hash or hashes[row] in {hash_of.get(row_id) for row_id in stands[row]}
    }


def _is_empty(new: pa.Table) -> "NDArray[np.bool_]":
    """Rows whose cells were all cleared: the sender took them out, which says nothing of anybody."""
    empty = np.ones(len(new), dtype=bool)
    for column in (new[name] for name in new.column_names if name not in _NO_CELLS and not name.endswith("__number")):
        empty &= np.asarray(pc.is_null(column).to_numpy())
    return empty


def _standing(
    connection: sa.Connection,
    source: Source,
    table: str,
    row_ids: set[int],
    replaced: Sequence[Mapping[str, Sequence[int]]],
) -> dict[int, list[int]]:
    """The rows in force that stand now for rows that were returned, those of earlier corrections among them."""
    later = {int(row_id): [int(new) for new in rows] for mapping in replaced for row_id, rows in mapping.items()}
    reached = {row_id: _all_later(row_id, later) for row_id in row_ids}
    asked = sorted({row_id for found in reached.values() for row_id in found})
    if not asked:
        return {}
    rows_of = {"main": source_row, "members": member_row}
    standing = standing_rows(connection, rows_of[table], source.name, np.array(asked, dtype=np.int64))
    return {row_id: sorted({standing[one] for one in found if one in standing}) for row_id, found in reached.items()}


def _all_later(row_id: int, later: Mapping[int, Sequence[int]]) -> list[int]:
    """The rows that took a row's place by corrections, one after the other; the row itself where there are none."""
    last, ahead = [], [row_id]
    while ahead:
        one = ahead.pop()
        ahead += later.get(one, ())
        if one not in later:
            last.append(one)
    return last


def _listed_already(current: pa.Table, ended: set[int], new: pa.Table, changed: Sequence[int]) -> set[int]:
    """Rows that say what a row says which stays in force: a whole list pasted below ours must not double it."""
    stays = ~np.isin(current["row_id"].to_numpy(), list(ended))
    rows = np.array(changed, dtype=np.int64)
    same = match_rows(current["row_hash"].to_numpy()[stays], new["row_hash"].to_numpy()[rows])
    return set(rows[same.kept_new].tolist())
