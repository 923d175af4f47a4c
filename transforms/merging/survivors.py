"""Survivorship: for each field of each person the value that stands, and the letter of the source it came from.

A strategy is a score: of the sources believed for a field, the one with the highest score among those that say
something gives the value, and of equals the one believed first. So no answer depends on the order of rows.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from schemas.fields import FIELDS, STATED_FIELDS
from schemas.survivorship import PLACE_PARTS, Belief, Survivorship
from transforms.columns import days, is_filled, text_scalar, texts, to_arrow
from transforms.merging.masks import is_in, take

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]
    Positions = NDArray[np.int64]
    Scores = NDArray[np.int64]
    Letters = NDArray[np.uint8]

__all__ = ["MERGED_FIELDS", "NO_VALUE", "Survivors", "survivors", "winners_text"]

MERGED_FIELDS = (*(f for f in STATED_FIELDS if f not in {"id_number", "birth_date", "sex", "categories"}),
                 "household_division_code", "residence_division_code")  # fmt: skip
"""What survivorship chooses; the others come from the ID number or are a union."""

NO_VALUE = ord(".")
_TOGETHER = {part: parts for parts in PLACE_PARTS.values() for part in parts}
_NEVER = np.iinfo(np.int64).min
_NO_EXPIRY, _CANCELLED = -1_000_000, 10_000_000  # days: before, and more than, any day that can be written
_BETWEEN_TEXTS = "；"


class Survivors(NamedTuple):
    """``fields``: a column over people for each of ``MERGED_FIELDS``; ``letters``: people by ``STATED_FIELDS``."""

    fields: dict[str, pd.Series]
    letters: "Letters"


def survivors(
    rows: pd.DataFrame, places: "NDArray[np.int64]", survivorship: Survivorship, order: list[str]
) -> Survivors:
    """Chooses the value of every field.

    Args:
        rows: statements, at most one of each source for each person.
        places: for each person and source the position of its row, -1 where it says nothing of the person.
        survivorship: whom to believe and how.
        order: the sources in the order of the columns of ``places``.
    """
    column_of = {name: place for place, name in enumerate(order)}
    letters = np.full((len(places), len(STATED_FIELDS)), NO_VALUE, dtype=np.uint8)
    fields: dict[str, pd.Series] = {}
    for field in MERGED_FIELDS:
        belief = survivorship.belief(field)
        filled = np.append(_says(rows, field), False)
        believed = [column_of[name] for name in survivorship.order(field)]
        winner, column = _best(places, believed, filled, _scores(rows, field, belief))
        fields[field] = take(rows[field], winner)
        if belief.strategy == "union":
            fields[field] = _united(rows[field], places[:, believed], filled, fields[field])
        if field in STATED_FIELDS:
            has_value = is_filled(fields[field])
            letters[has_value, STATED_FIELDS.index(field)] = ord("a") + column[has_value]
    anyone = np.where(places >= 0, np.arange(places.shape[1]), -1).max(axis=1)
    for field in ("id_number", "birth_date", "sex"):
        letters[:, STATED_FIELDS.index(field)] = ord("a") + anyone
    return Survivors(fields, letters)


def winners_text(letters: "Letters") -> pd.Series:
    """The letters of each person as one text."""
    buffer = pa.py_buffer(np.ascontiguousarray(letters))
    fixed = pa.FixedSizeBinaryArray.from_buffers(pa.binary(letters.shape[1]), len(letters), [None, buffer])
    return texts(fixed.cast(pa.binary()).cast(pa.large_string()))


def _best(
    places: "Positions", believed: list[int], filled: "Mask", scores: "Scores | None"
) -> "tuple[Positions, Positions]":
    """The winning row of each person and its source's column, both -1 where nobody believed says anything."""
    winner, column = (np.full(len(places), -1, dtype=np.int64) for _ in range(2))
    reached = np.full(len(places), _NEVER, dtype=np.int64)
    for source in believed:
        candidate = places[:, source]
        wins = filled[candidate] & (winner < 0)
        if scores is not None:
            wins |= filled[candidate] & (scores[candidate] > reached)
            reached[wins] = scores[candidate[wins]]
        winner[wins] = candidate[wins]
        column[wins] = source
    return winner, column


def _says(rows: pd.DataFrame, field: str) -> "Mask":
    """Which rows say something of a field, or of the place it is part of."""
    said: Mask = np.logical_or.reduce([is_filled(rows[other]) for other in _TOGETHER.get(field, (field,))])
    return said


def _scores(rows: pd.DataFrame, field: str, belief: Belief) -> "Scores | None":
    """What a strategy gives each row; ``None`` where the order of sources alone decides."""
    if belief.strategy == "newest":
        stated = days(rows["stated_date"])
        score = np.where(np.isnat(stated), _NEVER, stated.astype(np.int64))
    elif belief.strategy == "most_complete":
        score = _completeness(rows, field)
    elif belief.strategy == "longest_valid":
        expiry = days(rows["certificate_expiry_date"])
        score = np.where(np.isnat(expiry), _NO_EXPIRY, expiry.astype(np.int64))
        score -= _CANCELLED * is_in(rows["certificate_status"], ("cancelled",))
    elif belief.strategy == "any_true":
        score = is_in(rows[field], (str(belief.value),)).astype(np.int64)
    else:
        return None
    return np.append(score, _NEVER)  # the last stands for no row


def _completeness(rows: pd.DataFrame, field: str) -> "Scores":
    """How much is said: parts of a place, characters of a text without blanks; of anything else, filled cells of the row."""
    if field in _TOGETHER:
        filled = [is_filled(rows[part]) for part in _TOGETHER[field]]
        return np.asarray(np.sum(filled, axis=0), dtype=np.int64)
    if FIELDS[field].kind == "text":
        without_blanks = pc.replace_substring_regex(to_arrow(rows[field]), r"\s+", "")
        return np.asarray(pc.fill_null(pc.utf8_length(without_blanks), 0), dtype=np.int64)
    return rows["filled_count"].to_numpy(dtype=np.int64)


def _united(values: pd.Series, places: "Positions", filled: "Mask", chosen: pd.Series) -> pd.Series:
    """Distinct texts of all sources in their order, joined; where all who say anything say the same, it stays as written."""
    told = np.where(filled[places], places, -1)
    columns = [to_arrow(take(values, told[:, place])) for place in range(told.shape[1])]
    differs = [pc.fill_null(pc.not_equal(column, to_arrow(chosen)), False) for column in columns]  # noqa: FBT003
    several = np.flatnonzero(np.logical_or.reduce([mask.to_numpy(zero_copy_only=False) for mask in differs]))
    if not len(several):
        return chosen
    columns = [column.take(pa.array(several)) for column in columns]
    joined = pc.binary_join_element_wise(*columns, text_scalar(_BETWEEN_TEXTS), null_handling="skip")
    lists = pc.split_pattern_regex(joined, "[；;]")
    pieces = pd.DataFrame(
        {"person": pc.list_parent_indices(lists).to_numpy(), "text": texts(pc.utf8_trim_whitespace(lists.flatten()))}
    )
    pieces = pieces[(pieces["text"] != "").to_numpy(dtype=bool)].drop_duplicates()
    counts = np.bincount(pieces["person"].to_numpy(dtype=np.int64), minlength=len(several))
    offsets = pa.array(np.r_[0, np.cumsum(counts)], pa.int64())
    distinct = pa.LargeListArray.from_arrays(offsets, to_arrow(pieces["text"]))
    mask = np.zeros(len(chosen), dtype=bool)
    mask[several] = True
    together = pc.binary_join(distinct, text_scalar(_BETWEEN_TEXTS))
    return texts(pc.replace_with_mask(to_arrow(chosen), pa.array(mask), together))
