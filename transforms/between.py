"""Rules between rows: one row per ID number inside a source, and conflicts about who a number or a person is.

Conflicts are for an officer and never settled by guess: until decided, the registry keeps what it had of the people
concerned, and their rows are held.
"""

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from schemas.findings import Finding
from schemas.identity_decisions import number_of_key
from schemas.masking import mask_id_number, mask_name
from transforms.columns import STR, hash_texts, join_texts, texts, to_arrow
from transforms.names import are_reconcilable, are_spelled_alike
from transforms.noted import Notes
from transforms.text import replace_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Positions = NDArray[np.int64]
    Mask = NDArray[np.bool_]

__all__ = ["Resolved", "resolve"]


class Resolved(NamedTuple):
    """What every row came to: ``admitted``, ``duplicate`` or ``held``; and the people nobody may touch tonight.

    ``conflicts``: ``id_key name`` of the numbers under which stand names that cannot be one person's, every name once.
    """

    outcome: "NDArray[np.object_]"
    disputed: "NDArray[np.int64]"
    notes: Notes
    conflicts: pd.DataFrame


def resolve(
    rows: pd.DataFrame,
    compared: list[str],
    *,
    pairs: pd.DataFrame | None = None,
    of_holder: "Mask | None" = None,
    excluded: "Mask | None" = None,
) -> Resolved:
    """Decides between the current rows of some people.

    The newest statement wins inside a source: by its own date, then by the night its file came. Ties are broken by
    completeness, then by content, so that neither the order of a night's files nor of their rows matters.

    Args:
        rows: all current rows of the people concerned, with the columns of ``source_row`` and ``received_run``.
        compared: the fields in which two rows of one person are compared.
        pairs: ``one other``, keys of people who may be one (``transforms.identity``) and about whom nobody has decided.
        of_holder: rows whose name was decided to be their person's, whatever others are called.
        excluded: rows decided to be somebody else's than their number's holder: they are held, and no longer in dispute.
    """
    notes = Notes()
    outcome = np.full(len(rows), "held", dtype=object)
    keys = rows["id_key"].to_numpy(dtype=np.int64, na_value=-1)
    known = np.flatnonzero(~rows["is_held"].to_numpy(dtype=bool) & rows["id_key"].notna().to_numpy())
    nobody = np.zeros(len(rows), dtype=bool)
    is_stranger = (nobody if excluded is None else excluded)[known]
    candidates, strangers = known[~is_stranger], known[is_stranger]
    outcome[candidates] = "admitted"
    ranked = _rank(rows, candidates)
    source = rows["source"].astype("category").cat.codes.to_numpy()
    first = np.r_[True, (keys[ranked][1:] != keys[ranked][:-1]) | (source[ranked][1:] != source[ranked][:-1])][
        : len(ranked)
    ]
    losers, winners = ranked[~first], ranked[first]
    outcome[losers] = "duplicate"
    _note_duplicates(
        rows, losers, ranked[np.maximum.accumulate(np.where(first, np.arange(len(first)), 0))][~first], compared, notes
    )
    conflicts = _conflicts(rows, candidates, keys, nobody if of_holder is None else of_holder)
    _note_names(rows, candidates, strangers, keys, conflicts, notes)
    disputed = set(conflicts["id_key"].tolist())
    if pairs is not None:
        disputed |= _note_pairs(rows, winners, keys, pairs, notes)
    disputed_keys = np.array(sorted(disputed), dtype=np.int64)
    outcome[candidates[np.isin(keys[candidates], disputed_keys)]] = "held"
    return Resolved(outcome, disputed_keys, notes, conflicts)


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


def _conflicts(
    rows: pd.DataFrame, candidates: "Positions", keys: "NDArray[np.int64]", of_holder: "Mask"
) -> pd.DataFrame:
    """Numbers under which stand names that cannot be one person's, with every name; numbers with several are few."""
    columns = rows[["name", "phone"]].iloc[candidates].astype(object)
    frame = columns.assign(id_key=keys[candidates], of_holder=of_holder[candidates]).dropna(subset="name")
    several = frame[frame["id_key"].isin(_with_several(frame))]
    decided: dict[int, set[str]] = {}
    for key, name in several.loc[several["of_holder"], ["id_key", "name"]].itertuples(index=False):
        decided.setdefault(key, set()).add(name)
    spellings: dict[int, dict[str, set[str]]] = {}
    for key, name, phone in several[["id_key", "name", "phone"]].itertuples(index=False):
        phones = spellings.setdefault(key, {}).setdefault(name, set())
        phones.update([] if pd.isna(phone) else [phone])
    found = [
        (key, name)
        for key, names in sorted(spellings.items())
        if not _are_one(names, decided.get(key, set()))
        for name in sorted(names)
    ]
    return pd.DataFrame(
        {"id_key": np.array([key for key, _ in found], dtype=np.int64), "name": texts([n for _, n in found])}
    )


def _with_several(frame: pd.DataFrame) -> pd.Series:
    distinct = frame[["id_key", "name"]].drop_duplicates()
    return distinct.loc[distinct["id_key"].duplicated(), "id_key"]


def _are_one(names: dict[str, set[str]], holders: set[str]) -> bool:
    """Whether all spellings may be one person's, given the telephones stated with each, and which are decided to be."""
    others = sorted(names.keys() - holders)
    if holders:
        return all(any(_may_be_one(names, other, holder) for holder in holders) for other in others)
    return all(_may_be_one(names, one, other) for one, other in combinations(others, 2))


def _may_be_one(names: dict[str, set[str]], one: str, other: str) -> bool:
    """Spellings that only sound alike may be twins'; a telephone that differs speaks for it."""
    if not are_reconcilable(one, other):
        return False
    mine, theirs = names[one], names[other]
    return are_spelled_alike(one, other) or not mine or not theirs or bool(mine & theirs)


def _note_names(
    rows: pd.DataFrame, candidates: "Positions", strangers: "Positions", keys: "NDArray[np.int64]", conflicts: pd.DataFrame,
    notes: Notes,
) -> None:  # fmt: skip
    """On rows in a conflict, and on those decided to be somebody else's, the masked names that stand under the number."""
    positions = np.sort(
        np.concatenate([candidates[np.isin(keys[candidates], conflicts["id_key"].to_numpy())], strangers])
    )
    concerned = np.concatenate([candidates, strangers])
    concerned = concerned[np.isin(keys[concerned], keys[positions])]
    names: dict[int, set[str]] = {}
    for key, name in zip(keys[concerned].tolist(), rows["name"].iloc[concerned].astype(object), strict=True):
        names.setdefault(key, set()).update([] if pd.isna(name) else [name])
    seen = ["、".join(mask_name(name) for name in sorted(names[key])) for key in keys[positions].tolist()]
    _add_seen(notes, Finding.SAME_NUMBER_DIFFERENT_PERSON, "name", positions, seen, rows)


def _note_pairs(
    rows: pd.DataFrame, winners: "Positions", keys: "NDArray[np.int64]", pairs: pd.DataFrame, notes: Notes
) -> set[int]:
    """On the rows of people who may be one, the masked numbers of the others; returns the people."""
    numbers = dict(zip(keys[winners].tolist(), to_arrow(rows["id_number"].iloc[winners]).to_pylist(), strict=True))
    others: dict[int, set[str]] = {}
    for one, other in zip(pairs["one"].tolist(), pairs["other"].tolist(), strict=True):
        for mine, theirs in ((one, other), (other, one)):
            others.setdefault(mine, set()).add(mask_id_number(numbers.get(theirs) or number_of_key(theirs)))
    positions = winners[np.isin(keys[winners], list(others))]
    seen = ["、".join(sorted(others[key])) for key in keys[positions].tolist()]
    _add_seen(notes, Finding.SAME_PERSON_DIFFERENT_NUMBER, "id_number", positions, seen, rows)
    return set(others)


def _add_seen(
    notes: Notes, code: Finding, field: str, positions: "Positions", seen: list[str], rows: pd.DataFrame
) -> None:
    if not len(positions):
        return
    column = replace_at(pd.Series([None] * len(rows), dtype=STR), positions, list(seen))
    notes.add(code, positions, field, column)
