"""What speaks for two being one, pair by pair, and how much it counts by the table of ``config/identity/scores.toml``."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from schemas.identity_cases import CaseReason
from schemas.identity_rules import ScoreTable, Weights
from transforms.columns import texts
from transforms.identity import name_forms, number_forms
from transforms.identity.entities import Entities
from transforms.identity.value_sets import ValueSets, paired

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Bits = NDArray[np.int32]
    Mask = NDArray[np.bool_]
    See = Callable[[str, Mask], None]

__all__ = ["SIGNS", "reason_texts", "score", "signs_of", "sound_counts"]

SIGNS = tuple(Weights.model_fields)
"""What can be seen of a pair; sign number ``i`` is bit ``i``."""

_BIT = {name: np.int32(1 << place) for place, name in enumerate(SIGNS)}
_SHOWN = {
    **{name: CaseReason(name) for name in SIGNS if name in set(CaseReason)},
    **dict.fromkeys(("rearranged_name", "near_name"), CaseReason.VARIANT_NAME),
}
_ALIKE = _BIT["same_name"] | _BIT["variant_name"] | _BIT["same_sound"]
_AT_ONCE = 250_000  # pairs, so that memory does not grow with them


def signs_of(entities: Entities, one: "Ints", other: "Ints") -> "Bits":
    """What is seen of pairs of a person (``one``) and another, or a row (``other``)."""
    parts = [
        _signs(entities, one[start : start + _AT_ONCE], other[start : start + _AT_ONCE])
        for start in range(0, len(one), _AT_ONCE)
    ]
    return np.concatenate([np.zeros(0, dtype=np.int32), *parts])


def score(signs: "Bits", table: ScoreTable, people_of_name: "Ints | None" = None) -> "NDArray[np.float64]":
    """Scores by a table; ``people_of_name`` says how many people bear a name that sounds like the pair's.

    How common a name is counts by whole doublings, and only where the name itself speaks for the pair.
    """
    total = np.full(len(signs), table.start)
    for name, bit in _BIT.items():
        total += getattr(table.weights, name) * ((signs & bit) != 0)
    if people_of_name is not None:
        doublings = np.floor(np.log2(np.maximum(people_of_name, 1)))
        total += table.per_doubling * doublings * ((signs & _ALIKE) != 0)
    return np.round(total, 6)


def reason_texts(signs: "Bits") -> pd.Series:
    """The reasons of each pair, joined by ``|`` in the order of ``CaseReason``."""
    distinct, place = np.unique(signs, return_inverse=True)
    words = []
    for bits in distinct.tolist():
        shown = {reason for name, reason in _SHOWN.items() if bits & _BIT[name]}
        words.append("|".join(reason for reason in CaseReason if reason in shown))
    return texts(pa.array(words, pa.large_string()).take(pa.array(place)))


def sound_counts(entities: Entities, rows: "Ints") -> "Ints":
    """How many people bear a name that sounds like that of each of some rows."""
    sound = entities.forms.sound
    of_people = entities.names.owners < entities.people
    borne = ValueSets.of(
        entities.names.owners[of_people], sound[entities.names.entries[of_people]].view(np.int64), entities.people
    )
    ordered = np.sort(borne.entries)
    counts = np.zeros(len(rows), dtype=np.int64)
    place, names = entities.names.at(rows)
    sought = sound[names].view(np.int64)
    counts[place] = np.searchsorted(ordered, sought, "right") - np.searchsorted(ordered, sought, "left")
    return counts


def _signs(entities: Entities, one: "Ints", other: "Ints") -> "Bits":
    signs = np.zeros(len(one), dtype=np.int32)

    def see(name: str, where: "Mask") -> None:
        signs[where] |= _BIT[name]

    names = _names(entities, one, other)
    for name, likeness in (
        ("same_name", name_forms.EQUAL), ("variant_name", name_forms.VARIANT), ("same_sound", name_forms.SOUNDS_ALIKE),
        ("rearranged_name", name_forms.REARRANGED), ("near_name", name_forms.NEAR), ("other_name", name_forms.DIFFERENT), ("no_name", name_forms.UNKNOWN),
    ):  # fmt: skip
        see(name, names == likeness)
    _see_births(entities, one, other, see)
    _see_numbers(entities, one, other, names, see)
    _see_places(entities, one, other, see)
    same_phone = _share(entities.phones, one, entities.phones, other)
    see("same_phone", same_phone)
    contact = _share(entities.contacts, one, entities.contacts, other)
    contact |= _share(entities.phones, one, entities.contacts, other) | _share(
        entities.contacts, one, entities.phones, other
    )
    see("same_person_contact", contact & ~same_phone)
    see("other_sex", _contradict(entities.sexes, one, other))
    return signs


def _names(entities: Entities, one: "Ints", other: "Ints") -> "NDArray[np.int8]":
    """The likest of all names of two."""
    best = np.full(len(one), name_forms.UNKNOWN, dtype=np.int8)
    place, mine, theirs = paired(entities.names, one, entities.names, other)
    np.maximum.at(best, place, entities.forms.likeness(mine, theirs))
    return best


def _see_births(entities: Entities, one: "Ints", other: "Ints", see: "See") -> None:
    place, mine, theirs = paired(entities.births, one, entities.births, other)
    same, turned, near, known = (np.zeros(len(one), dtype=bool) for _ in range(4))
    known[place] = True
    same[place[mine == theirs]] = True
    turned[
        place[
            (mine // 10_000 == theirs // 10_000)
            & (mine // 100 % 100 == theirs % 100)
            & (mine % 100 == theirs // 100 % 100)
        ]
    ] = True
    differing = np.zeros(len(mine), dtype=np.int8)
    for power in range(8):
        differing += mine // 10**power % 10 != theirs // 10**power % 10
    near[place[differing == 1]] = True
    see("same_birth_date", same)
    see("birth_date_transposed", turned & ~same)
    see("near_birth_date", near & ~same & ~turned)
    see("other_birth_date", known & ~same & ~turned & ~near)


def _see_numbers(entities: Entities, one: "Ints", other: "Ints", names: "NDArray[np.int8]", see: "See") -> None:
    best = np.full(len(one), number_forms.NOTHING, dtype=np.int8)
    place, whole, written = paired(entities.numbers, one, entities.numbers, other)
    np.maximum.at(best, place, entities.number_forms.nearness(written, whole))
    for name, nearness in (
        ("first_15", number_forms.FIRST_15), ("number_off_1", number_forms.OFF_1), ("number_off_2", number_forms.OFF_2),
        ("number_transposed", number_forms.TRANSPOSED),
    ):  # fmt: skip
        see(name, best == nearness)
    readings = entities.readings
    place, mine, theirs = paired(entities.read_as, one, entities.read_as, other)
    agree = {
        part: (values[mine] == values[theirs]) & (values[mine] >= 0)
        for part, values in (("region", readings.region), ("birth", readings.birth), ("order", readings.order))
    }
    far = best == number_forms.FAR
    elsewhere, beside = np.zeros(len(one), dtype=bool), np.zeros(len(one), dtype=bool)
    elsewhere[place[agree["birth"] & agree["order"]]] = True
    see("issued_elsewhere", elsewhere & far)
    see("other_number", far & ~elsewhere)
    # Twins are registered side by side: everything agrees but the order, and the given name is another.
    other_order = (readings.order[mine] >= 0) & (readings.order[theirs] >= 0) & ~agree["order"]
    beside[place[agree["region"] & agree["birth"] & other_order]] = True
    see("like_twins", beside & (names == name_forms.NEAR))
    certified = _share(entities.whole_numbers, one, entities.certificates, other)
    see("certificate_number", certified | _share(entities.certificates, one, entities.whole_numbers, other))


def _see_places(entities: Entities, one: "Ints", other: "Ints", see: "See") -> None:
    village = _share(entities.villages, one, entities.villages, other)
    town = _share(entities.towns, one, entities.towns, other)
    known = (entities.towns.sizes[one] > 0) & (entities.towns.sizes[other] > 0)
    see("same_village", village)
    see("same_town", town & ~village)
    see("other_place", known & ~town & ~village)


def _share(mine: ValueSets, one: "Ints", theirs: ValueSets, other: "Ints") -> "Mask":
    """Whether two have a value in common."""
    shared = np.zeros(len(one), dtype=bool)
    place, values, other_values = paired(mine, one, theirs, other)
    shared[place[values == other_values]] = True
    return shared


def _contradict(sets: ValueSets, one: "Ints", other: "Ints") -> "Mask":
    known = (sets.sizes[one] > 0) & (sets.sizes[other] > 0)
    return known & ~_share(sets, one, sets, other)
