"""Who may be one person: pairs of people with different numbers, and people for rows whose number is damaged.

Only questions come out of here. Certain is nothing but one valid number, and that is not settled by scores.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from schemas.identity_cases import CaseKind
from schemas.identity_rules import IdentityRules
from transforms.columns import texts
from transforms.identity.blocks import damaged_blocks, join_damaged, join_people, people_blocks
from transforms.identity.entities import Entities, gather
from transforms.identity.scores import reason_texts, score, signs_of, sound_counts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Mask = NDArray[np.bool_]

__all__ = ["PAIR_COLUMNS", "Pairs", "find_pairs"]

PAIR_COLUMNS = ("kind", "one", "other", "score", "reasons")


class Pairs(NamedTuple):
    """Pairs to be looked at by an officer.

    ``frame``: ``kind one other score reasons``. Of ``same-person-different-number`` both sides are keys of people, the
    lower first; of ``number-damaged`` ``one`` is the row's position in the statements and ``other`` the person's key,
    the likeliest first. ``left_out`` counts, by kind of block, pairs that were not compared because too many shared a key;
    ``compared`` those that were.
    """

    frame: pd.DataFrame
    left_out: dict[str, int]
    compared: int


def find_pairs(
    statements: pd.DataFrame, changed: "Mask", rules: IdentityRules, *, refused: pd.DataFrame | None = None
) -> Pairs:
    """Finds who may be one person among all rows in force; the order of rows does not matter.

    All admissible rows of one ``id_key`` are one person, with all names, places and telephones stated; a held row without
    a key is sought among them. Two held rows are not compared.

    Args:
        statements: ``id_key`` (key of the person, missing where the number is faulty) ``id_number`` (the row's own)
            ``is_held source row_hash name birth_date sex phone emergency_contact_phone household_division_code
            residence_division_code household_village residence_village household_address residence_address
            disability_certificate_number``; texts, dates in ISO form.
        changed: rows of people of whom a row began or ended. Only pairs of people of which one has changed come out; what a
            held row may be depends on everybody, so the candidates of all of them do.
        rules: how likeness is judged.
        refused: ``source row_hash id_key`` of rows that were decided not to be that person's.
    """
    entities = gather(statements, changed, rules)
    people = _different_numbers(entities, rules)
    damaged = _damaged_numbers(entities, rules, statements, refused)
    return Pairs(
        pd.concat([people.frame, damaged.frame], ignore_index=True),
        {
            **{f"people: {name}": n for name, n in people.left_out.items()},
            **{f"rows: {name}": n for name, n in damaged.left_out.items()},
        },
        people.compared + damaged.compared,
    )


def _different_numbers(entities: Entities, rules: IdentityRules) -> Pairs:
    joined = join_people(people_blocks(entities), entities, rules.scores.largest_block)
    table = rules.scores.different_number
    signs = signs_of(entities, joined.one, joined.other)
    scores = score(signs, table)
    asked = np.flatnonzero(scores >= table.review)
    frame = _frame(
        CaseKind.SAME_PERSON_DIFFERENT_NUMBER, entities.keys[joined.one[asked]], entities.keys[joined.other[asked]],
        scores[asked], reason_texts(signs[asked]),
    )  # fmt: skip
    return Pairs(frame, joined.left_out, len(joined.one))


def _damaged_numbers(
    entities: Entities, rules: IdentityRules, statements: pd.DataFrame, refused: pd.DataFrame | None
) -> Pairs:
    blocks = damaged_blocks(entities, alone_among=rules.scores.alone_among)
    joined = join_damaged(blocks, entities, rules.scores.largest_block)
    table = rules.scores.damaged_number
    signs = signs_of(entities, joined.one, joined.other)
    scores = score(signs, table, sound_counts(entities, joined.other))
    row, key = entities.row_positions[joined.other - entities.people], entities.keys[joined.one]
    offered = (scores >= table.review) & ~_is_refused(statements, row, key, refused)
    order = np.flatnonzero(offered)
    order = order[np.lexsort((key[order], -scores[order], row[order]))]
    order = order[_place_in_run(row[order]) < rules.scores.most_candidates]
    frame = _frame(CaseKind.NUMBER_DAMAGED, row[order], key[order], scores[order], reason_texts(signs[order]))
    return Pairs(frame, joined.left_out, len(joined.one))


def _is_refused(statements: pd.DataFrame, row: "Ints", key: "Ints", refused: pd.DataFrame | None) -> "Mask":
    if refused is None or refused.empty:
        return np.zeros(len(row), dtype=bool)
    pairs = statements[["source", "row_hash"]].iloc[row].assign(id_key=key)
    sought = pd.MultiIndex.from_frame(refused[["source", "row_hash", "id_key"]].astype({"source": "str"}))
    return np.asarray(pd.MultiIndex.from_frame(pairs).isin(sought), dtype=bool)


def _place_in_run(ordered: "Ints") -> "Ints":
    """How many equal values stand directly before each."""
    starts = np.searchsorted(ordered, ordered, "left")
    place: Ints = np.arange(len(ordered)) - starts
    return place


def _frame(
    kind: CaseKind, one: "Ints", other: "Ints", scores: "NDArray[np.float64]", reasons: pd.Series
) -> pd.DataFrame:
    kinds = texts(pa.repeat(pa.scalar(str(kind), pa.large_string()), len(one)))
    return pd.DataFrame({"kind": kinds, "one": one, "other": other, "score": scores, "reasons": reasons})
