"""Rules between rows: one row per ID number inside a source, and conflicts about who a number or a person is.

Conflicts are for an officer and never settled by guess: until decided, the registry keeps what it had of the people
concerned, and their rows are held.
"""

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from schemas.findings import Finding
from schemas.masking import mask_id_number, mask_name
from transforms.columns import STR, hash_texts, join_texts, to_arrow
from transforms.names import are_reconcilable, number_distance
from transforms.noted import Notes
from transforms.text import replace_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Positions = NDArray[np.int64]

__all__ = ["Resolved", "resolve"]

PLACES = ("household_village", "residence_village", "household_address", "residence_address")


class Resolved(NamedTuple):
    """What every row came to: ``admitted``, ``duplicate`` or ``held``; and the people nobody may touch tonight."""

    outcome: "NDArray[np.object_]"
    disputed: "NDArray[np.int64]"
    notes: Notes


def resolve(rows: pd.DataFrame, compared: list[str]) -> Resolved:
    """Decides between the current rows of some people.

    The newest statement wins inside a source: by its own date, then by the night its file came. Ties are broken by
    completeness, then by content, so that neither the order of a night's files nor of their rows matters.

    Args:
        rows: all current rows of the people concerned, with the columns of ``source_row`` and ``received_run``.
        compared: the fields in which two rows of one person are compared.
    """
    notes = Notes()
    outcome = np.full(len(rows), "held", dtype=object)
    candidates = np.flatnonzero(~rows["is_held"].to_numpy(dtype=bool) & rows["id_key"].notna().to_numpy())
    outcome[candidates] = "admitted"
    ranked = _rank(rows, candidates)
    keys = rows["id_key"].to_numpy(dtype=np.int64, na_value=-1)
    source = rows["source"].astype("category").cat.codes.to_numpy()
    first = np.r_[True, (keys[ranked][1:] != keys[ranked][:-1]) | (source[ranked][1:] != source[ranked][:-1])][
        : len(ranked)
    ]
    losers, winners = ranked[~first], ranked[first]
    outcome[losers] = "duplicate"
    _note_duplicates(
        rows, losers, ranked[np.maximum.accumulate(np.where(first, np.arange(len(first)), 0))][~first], compared, notes
    )
    disputed = _same_number(rows, candidates, keys, notes) | _same_person(rows, winners, keys, notes)
    disputed_keys = np.array(sorted(disputed), dtype=np.int64)
    outcome[candidates[np.isin(keys[candidates], disputed_keys)]] = "held"
    return Resolved(outcome, disputed_keys, notes)


def _rank(rows: pd.DataFrame, candidates: "Positions") -> "Positions":
    """Candidates ordered by person and source, the best statement of each first."""
    chosen = rows.iloc[candidates]
    dates = pd.to_datetime(chosen["stated_date"], format="ISO8601").to_numpy().astype("datetime64[D]").astype(np.int64)
    dates = np.where(dates < 0, 0, dates)
    keys = chosen["id_key"].to_numpy(dtype=np.int64)
    source = rows["source"].astype("category").cat.codes.to_numpy()[candidates]
    order = np.lexsort(
        (
            chosen["row_id"].to_numpy(dtype=np.int64),
            chosen["row_hash"].to_numpy(dtype=np.int64),
            -chosen["filled_count"].to_numpy(dtype=np.int64),
            -chosen["received_run"].to_numpy(dtype=np.int64),
            -dates,
            source,
            keys,
        )
    )
    return candidates[order]


def _note_duplicates(
    rows: pd.DataFrame, losers: "Positions", winners: "Positions", compared: list[str], notes: Notes
) -> None:
    if not len(losers):
        return
    mine = hash_texts(join_texts([rows[field].iloc[losers] for field in compared]))
    theirs = hash_texts(join_texts([rows[field].iloc[winners] for field in compared]))
    exact = mine == theirs
    notes.add(Finding.DUPLICATE_EXACT, losers[exact], "id_number")
    notes.add(Finding.DUPLICATE_CONFLICTING, losers[~exact], "id_number")


def _same_number(rows: pd.DataFrame, candidates: "Positions", keys: "NDArray[np.int64]", notes: Notes) -> set[int]:
    """Numbers under which stand names that cannot be one person's."""
    spelled = rows["name"].iloc[candidates].to_numpy(dtype=object)
    frame = pd.DataFrame({"key": keys[candidates], "name": spelled}).drop_duplicates().dropna()
    several = frame[frame["key"].duplicated(keep=False)]
    spellings: dict[int, set[str]] = {}
    for key, name in zip(several["key"].to_numpy(), several["name"].to_numpy(), strict=True):
        spellings.setdefault(int(key), set()).add(str(name))
    disputed = {
        key: sorted(names)
        for key, names in spellings.items()
        if any(not are_reconcilable(one, other) for one, other in combinations(sorted(names), 2))
    }
    positions = candidates[np.isin(keys[candidates], list(disputed))]
    _add_seen(
        notes, Finding.SAME_NUMBER_DIFFERENT_PERSON, "name", positions,
        ["、".join(mask_name(name) for name in disputed[int(keys[row])]) for row in positions], rows,
    )  # fmt: skip
    return set(disputed)


def _same_person(rows: pd.DataFrame, winners: "Positions", keys: "NDArray[np.int64]", notes: Notes) -> set[int]:
    """People of one name and birth date in one place, or of one name with numbers at most two characters apart."""
    others: dict[int, set[str]] = {}
    for block in ("name_birth_key", "name_place_key"):
        blocks = rows[block].to_numpy(dtype=np.int64, na_value=0)[winners]
        crowded = winners[_in_crowded_blocks(blocks, keys[winners])]
        for people in _people_by_block(rows, crowded, rows[block].to_numpy(dtype=np.int64, na_value=0), keys):
            for (one, mine), (other, theirs) in combinations(sorted(people.items()), 2):
                if _is_same_person(mine, theirs, same_birth_date=block == "name_birth_key"):
                    others.setdefault(one, set()).add(theirs.id_number)
                    others.setdefault(other, set()).add(mine.id_number)
    positions = winners[np.isin(keys[winners], list(others))]
    _add_seen(
        notes, Finding.SAME_PERSON_DIFFERENT_NUMBER, "id_number", positions,
        ["、".join(sorted(mask_id_number(number) for number in others[int(keys[row])])) for row in positions], rows,
    )  # fmt: skip
    return set(others)


class _Person(NamedTuple):
    """What two people are compared by."""

    id_number: str
    places: set[tuple[str, str]]


def _in_crowded_blocks(blocks: "NDArray[np.int64]", keys: "NDArray[np.int64]") -> "NDArray[np.bool_]":
    """Which rows stand in a block with another ID number."""
    frame = pd.DataFrame({"block": blocks, "key": keys})
    distinct = frame.drop_duplicates()
    crowded = distinct.loc[distinct["block"].duplicated(keep=False), "block"]
    return np.asarray(frame["block"].isin(crowded) & (frame["block"] != 0), dtype=bool)


def _people_by_block(
    rows: pd.DataFrame, positions: "Positions", blocks: "NDArray[np.int64]", keys: "NDArray[np.int64]"
) -> list[dict[int, _Person]]:
    """The people of each block by ID key; these are few, so they may be looked at one by one."""
    columns = {name: to_arrow(rows[name].iloc[positions]).to_pylist() for name in ("id_number", *PLACES)}
    found: dict[int, dict[int, _Person]] = {}
    for place, row in enumerate(positions):
        people = found.setdefault(int(blocks[row]), {})
        person = people.setdefault(int(keys[row]), _Person(columns["id_number"][place], set()))
        person.places.update((name, columns[name][place]) for name in PLACES if columns[name][place] is not None)
    return list(found.values())


def _is_same_person(mine: _Person, theirs: _Person, *, same_birth_date: bool) -> bool:
    if number_distance(mine.id_number, theirs.id_number) <= 2:
        return True
    return same_birth_date and bool(mine.places & theirs.places)


def _add_seen(
    notes: Notes, code: Finding, field: str, positions: "Positions", seen: list[str], rows: pd.DataFrame
) -> None:
    if not len(positions):
        return
    column = replace_at(pd.Series([None] * len(rows), dtype=STR), positions, list(seen))
    notes.add(code, positions, field, column)
