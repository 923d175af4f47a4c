"""An empty cell never deletes a filled one of the same source and person, unless the source's rule says so (``empty_deletes``).

The value is taken from the row the record rested on, or from the still earlier one it had been kept from. What is one thing
is kept as one: a place whole or not at all; a contact, a certificate, an assessment only where the new row speaks of the same.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from schemas.configuration import Configuration
from schemas.survivorship import CERTIFICATE_FIELDS, PLACE_PARTS
from transforms.columns import is_filled, texts, to_arrow
from transforms.merging.earlier_rows import carried_texts, read_carried, rested_on
from transforms.merging.masks import is_in, keyed, take
from transforms.merging.survivors import MERGED_FIELDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]
    Positions = NDArray[np.int64]

__all__ = ["KEPT_FIELDS", "Kept", "keep_values"]

# Not kept: who somebody is, which a row must say by itself; and remarks, which are about the row they stand in. Categories
# are statements of their own, and dated states stand until their source says otherwise (transforms.merging.life_states).
KEPT_FIELDS = tuple(field for field in MERGED_FIELDS if field not in {"name", "remarks"})
"""Fields whose values are kept."""

_WHOLE = tuple((*parts, f"{place}_address") for place, parts in PLACE_PARTS.items())
"""Kept together or not at all: parts of an old place beside a new one would be no place."""

_ONE_THING = (
    CERTIFICATE_FIELDS,
    ("ability_level", "ability_standard", "ability_assessed_date", "ability_assessor"),
    ("family_planning_type", "family_planning_confirmed_date"),
    ("emergency_contact_name", "emergency_contact_phone"),
    ("guardian_name", "guardian_phone"),
    ("spouse_name", "spouse_id_number"),
    ("assistance_organisation", "assistance_person"),
)
"""Kept only where nothing the new row says of the thing differs: else it speaks of another one."""


class Kept(NamedTuple):
    """``rows`` with kept values filled in; ``carried``: ``id_key carried``, of people with any."""

    rows: pd.DataFrame
    carried: pd.DataFrame


class _Earlier(NamedTuple):
    """What each row looked at had said before: where to find it, in ``before``."""

    before: pd.DataFrame
    row: "Positions"  # the row the record rested on, -1 where there is none or it is this very statement
    carried: "dict[str, Positions]"  # by field the row its value had been kept from, -1 where none

    def of(self, field: str) -> "tuple[pd.Series, NDArray[np.int64]]":
        """The earlier value of each row, and the position of the row that has it."""
        own = take(self.before[field], self.row)
        at = np.where(is_filled(own), self.row, self.carried.get(field, np.full(len(self.row), -1, dtype=np.int64)))
        return take(self.before[field], at), at


def keep_values(
    rows: pd.DataFrame, before_rows: pd.DataFrame, registered: pd.DataFrame, configuration: Configuration
) -> Kept:
    """Fills empty values of admitted rows with what the same source said before of the same person.

    A statement that is the same as before (``row_hash``) and was only judged again is taken as it is judged now: its
    empty value is ours, not its source's.

    Args:
        rows: admitted rows, at most one of each source for each person, with stand-ins.
        before_rows: rows named by :func:`~transforms.merging.earlier_rows.earlier_row_ids`, and the rows in force: the record
            may rest on one that is only a duplicate now.
        registered: ``id_key row_ids carried status`` of these people's records.
        configuration: the sources' rules.
    """
    nothing = Kept(rows, pd.DataFrame({"id_key": np.zeros(0, np.int64), "carried": texts([])}))
    if before_rows.empty or rows.empty:
        return nothing
    at, earlier = _earlier(rows, before_rows.reset_index(drop=True), registered)
    if not len(at):
        return nothing
    looked_at = rows.iloc[at].reset_index(drop=True)
    deletes = {name: frozenset(source.empty_deletes) for name, source in configuration.sources.items()}
    letter = {name: chr(ord("a") + place) for place, name in enumerate(sorted(configuration.sources))}
    filled: dict[str, pd.Series] = {}
    kept: list[pd.DataFrame] = []
    for fields in (*_WHOLE, *_ONE_THING, *((field,) for field in _ALONE)):
        may = _may_keep(fields, looked_at, earlier) & ~_deleted(fields, looked_at["source"], deletes)
        for field in fields:
            value, origin = earlier.of(field)
            chosen = may & ~is_filled(looked_at[field]) & is_filled(value)
            if not chosen.any():
                continue
            filled[field] = texts(pc.if_else(pa.array(chosen), to_arrow(value), to_arrow(looked_at[field])))
            kept.append(_entries(field, looked_at[chosen], origin[chosen], earlier.before, letter))
    if not kept:
        return nothing
    return Kept(_with_values(rows, at, filled), carried_texts(pd.concat(kept, ignore_index=True)))


_ALONE = tuple(field for field in KEPT_FIELDS if not any(field in group for group in (*_WHOLE, *_ONE_THING)))


def _earlier(rows: pd.DataFrame, before: pd.DataFrame, registered: pd.DataFrame) -> "tuple[Positions, _Earlier]":
    """Positions of the rows that have an earlier one, or something kept from one; and where that is."""
    place = pd.Index(before["row_id"].to_numpy(dtype=np.int64))
    here = keyed(rows["id_key"], rows["source"])
    row = _placed(here, rested_on(registered), before, place)
    same = row >= 0
    hashes = before["row_hash"].to_numpy(dtype=np.int64)
    same[same] = hashes[row[same]] == rows["row_hash"].to_numpy(dtype=np.int64)[same]
    row[same] = -1
    entries = read_carried(registered)
    carried = {str(field): _placed(here, of_field, before, place) for field, of_field in entries.groupby("field")}
    at = np.flatnonzero(np.logical_or.reduce([row >= 0, *(positions >= 0 for positions in carried.values())]))
    return at, _Earlier(before, row[at], {field: positions[at] for field, positions in carried.items()})


def _placed(here: pd.MultiIndex, named: pd.DataFrame, before: pd.DataFrame, place: pd.Index) -> "Positions":
    """For each person and source the position in ``before`` of the row named for them, -1 where there is none."""
    position = place.get_indexer(pd.Index(named["row_id"].to_numpy(dtype=np.int64)))
    known = named[position >= 0]
    position = position[position >= 0]
    there = keyed(known["id_key"], before["source"].iloc[position])
    found = there.get_indexer(here)
    return np.where(found < 0, -1, np.append(position, -1)[found]).astype(np.int64)


def _may_keep(fields: tuple[str, ...], rows: pd.DataFrame, earlier: _Earlier) -> "Mask":
    """Whether a row leaves room for what was said before of one thing."""
    may = np.ones(len(rows), dtype=bool)
    for field in fields:
        says = is_filled(rows[field])
        if fields in _WHOLE:
            may &= ~says
        elif fields in _ONE_THING:
            value, _ = earlier.of(field)
            equal = pc.fill_null(pc.equal(to_arrow(rows[field]), to_arrow(value)), False)  # noqa: FBT003
            may &= ~says | ~is_filled(value) | equal.to_numpy(zero_copy_only=False)
    if fields == CERTIFICATE_FIELDS:
        may &= ~is_in(rows["certificate_status"], ("cancelled",))
    return may


def _deleted(fields: tuple[str, ...], sources: pd.Series, deletes: dict[str, frozenset[str]]) -> "Mask":
    """Rows of sources whose empty cells mean that there is nothing."""
    return is_in(sources, [name for name, named in deletes.items() if named & {"*", *fields}])


def _entries(
    field: str, rows: pd.DataFrame, origin: "Positions", before: pd.DataFrame, letter: dict[str, str]
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id_key": rows["id_key"].to_numpy(dtype=np.int64),
            "letter": rows["source"].map(letter).astype("str").reset_index(drop=True),
            "field": texts([field] * len(rows)),
            "row_id": before["row_id"].to_numpy(dtype=np.int64)[origin],
        }
    )


def _with_values(rows: pd.DataFrame, at: "Positions", filled: dict[str, pd.Series]) -> pd.DataFrame:
    mask = np.zeros(len(rows), dtype=bool)
    mask[at] = True
    columns = {
        field: texts(pc.replace_with_mask(to_arrow(rows[field]), pa.array(mask), to_arrow(values)))
        for field, values in filled.items()
    }
    return rows.reset_index(drop=True).assign(**columns)
