"""Whom to compare with whom: pairs that share a key of what two statements of one person would both have.

A key is an exact value, a combination of a few facts; whoever shares one is compared. Two statements of one person that agree in
none of these combinations are not found, so there are several, each bearing another error.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from transforms.identity.entities import Entities
from transforms.identity.hashes import hashed
from transforms.identity.value_sets import ValueSets, crossed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from transforms.identity.hashes import Keys

    Ints = NDArray[np.int64]
    Mask = NDArray[np.bool_]

__all__ = ["Block", "Joined", "damaged_blocks", "join_damaged", "join_people", "people_blocks"]


@dataclass(frozen=True, slots=True, repr=False)
class Block:
    """One kind of key: its name, and for each key the entity that has it."""

    name: str
    keys: "Keys"
    owners: "Ints"
    largest: int | None = None  # a limit of its own that is meant, not an emergency


@dataclass(slots=True, repr=False)
class Joined:
    """Pairs that share a key, each once, the lower position in ``one``; and how many were left out, by block."""

    one: "Ints"
    other: "Ints"
    left_out: dict[str, int] = field(default_factory=dict)


class _Facts:
    """Facts of everybody, from which keys are made."""

    def __init__(self, entities: Entities) -> None:
        self.entities = entities
        readings, read_as = entities.readings, entities.read_as
        self.sound = _of_names(entities, entities.forms.sound, np.arange(len(entities.forms.sound)))
        self.partly = _of_names(entities, *_parts_of_names(entities))
        self.births = ValueSets.of(
            entities.births.owners, _any_order(entities.births.entries), len(entities.births.offsets) - 1
        )
        self.read = read_as.without(readings.region[read_as.entries] < 0)
        self.villages = entities.villages
        owners = np.concatenate([entities.phones.owners, entities.contacts.owners])
        telephones = np.concatenate([entities.phones.entries, entities.contacts.entries])
        self.telephones = ValueSets.of(owners, telephones, len(entities))

    def key(self, *sets: ValueSets) -> tuple["Keys", "Ints"]:
        owners, columns = crossed(*sets)
        return hashed(*columns), owners

    def number_key(self, sound: ValueSets | None, *parts: "Ints") -> tuple["Keys", "Ints"]:
        """A key of parts of the number's readings, and of how the name sounds."""
        owners, (reading, *name) = crossed(self.read, *([] if sound is None else [sound]))
        values = [part[reading] for part in parts]
        readable = np.logical_and.reduce([value >= 0 for value in values])
        return hashed(*(value[readable] for value in (*values, *name))), owners[readable]


def people_blocks(entities: Entities) -> Iterator[Block]:
    """Keys under which two people with different numbers are compared."""
    facts, readings = _Facts(entities), entities.readings
    yield Block("part of the name, birth date", *facts.key(facts.partly, facts.births))
    yield Block("sound, village", *facts.key(facts.sound, facts.villages))
    yield Block("telephone", *facts.key(facts.telephones))
    yield Block("sound, order", *facts.number_key(facts.sound, readings.order))
    year, day = (
        np.where(readings.birth >= 0, part, -1) for part in (readings.birth // 10_000, readings.birth % 10_000)
    )
    yield Block("sound, region, year of birth", *facts.number_key(facts.sound, readings.region, year))
    yield Block("sound, region, birthday", *facts.number_key(facts.sound, readings.region, day))
    yield _certificates(entities)


def damaged_blocks(entities: Entities, *, alone_among: int) -> Iterator[Block]:
    """Keys under which a row with a damaged number is compared with people."""
    facts, readings = _Facts(entities), entities.readings
    yield Block("sound", *facts.key(facts.sound), largest=alone_among)
    yield Block("part of the name, village", *facts.key(facts.partly, facts.villages))
    yield Block("part of the name, birth date", *facts.key(facts.partly, facts.births))
    yield Block("part of the name, order", *facts.number_key(facts.partly, readings.order))
    yield Block("telephone", *facts.key(facts.telephones))
    yield Block("birth date, village", *facts.key(facts.births, facts.villages))
    yield Block("birth date, order", *facts.number_key(None, readings.birth, readings.order))
    year = np.where(readings.birth >= 0, readings.birth // 10_000, -1)
    yield Block("sound, region, year of birth", *facts.number_key(facts.sound, readings.region, year))
    yield _first_15(entities)
    yield _certificates(entities)


def join_people(blocks: Iterator[Block], entities: Entities, largest: int) -> Joined:
    """Pairs of people of which at least one has changed.

    A block of more than ``largest`` people is passed over, whatever the order of rows, and its pairs are counted.
    """
    changed = entities.is_changed[: entities.people]
    found = Joined(*_none())
    for block in blocks:
        is_person = block.owners < entities.people
        keys, owners = block.keys[is_person], block.owners[is_person]
        if not changed.all():
            asked = np.isin(keys, np.unique(keys[changed[owners]]))
            keys, owners = keys[asked], owners[asked]
        order = np.lexsort((owners, keys))
        starts, sizes = _runs(keys[order])
        pairs_of = sizes * (sizes - 1) // 2
        if left_out := int(pairs_of[sizes > largest].sum()):
            found.left_out[block.name] = left_out
        one, other = _within(owners[order], starts, sizes, largest)
        fresh = (one != other) & (changed[one] | changed[other])
        found.one, found.other = _distinct(
            np.concatenate([found.one, one[fresh]]), np.concatenate([found.other, other[fresh]]), len(entities)
        )
    return found


def join_damaged(blocks: Iterator[Block], entities: Entities, largest: int) -> Joined:
    """Pairs of a row (``other``) and a person (``one``); a key of more than ``largest`` people is passed over."""
    found = Joined(*_none())
    for block in blocks:
        is_person = block.owners < entities.people
        sought, rows = block.keys[~is_person], block.owners[~is_person]
        keys, people = block.keys[is_person], block.owners[is_person]
        asked = np.isin(keys, np.unique(sought))
        keys, people = keys[asked], people[asked]
        order = np.lexsort((people, keys))
        keys, people = keys[order], people[order]
        start, end = np.searchsorted(keys, sought, "left"), np.searchsorted(keys, sought, "right")
        size = end - start
        limit = largest if block.largest is None else block.largest
        if block.largest is None and (left_out := int(size[size > limit].sum())):
            found.left_out[block.name] = left_out
        size = np.where(size > limit, 0, size)
        row = np.repeat(np.arange(len(sought)), size)
        within = np.arange(len(row)) - np.repeat(np.cumsum(size) - size, size)
        found.one, found.other = _distinct(
            np.concatenate([found.one, people[start[row] + within]]),
            np.concatenate([found.other, rows[row]]),
            len(entities),
        )
    return found


def _of_names(entities: Entities, keys: "Keys", of_name: "Ints") -> ValueSets:
    """Keys of names as facts of those who bear them; a key of 0 is none."""
    given = keys != 0
    by_name = ValueSets.of(of_name[given], keys[given].view(np.int64), len(entities.forms.sound))
    place, facts = by_name.at(entities.names.entries)
    return ValueSets.of(entities.names.owners[place], facts, len(entities))


def _parts_of_names(entities: Entities) -> tuple["Keys", "Ints"]:
    """Sounds that a name keeps when one character is wrong, missing or in another's place, and the name of each.

    The surname with every single given character, and of three characters or more all given ones.
    """
    forms = entities.forms
    length = np.diff(forms.offsets)
    name = np.repeat(np.arange(len(length)), length)
    first = forms.offsets[name]
    is_given = np.arange(len(name)) > first
    with_surname = hashed(forms.syllables[first], forms.syllables)[is_given]
    long = np.flatnonzero(length >= 3)
    return np.concatenate([with_surname, forms.given[long]]), np.concatenate([name[is_given], long])


def _any_order(births: "Ints") -> "Ints":
    """Birth dates with day and month in one order, so that two turned ones are equal."""
    year, month, day = births // 10_000, births // 100 % 100, births % 100
    ordered: Ints = year * 10_000 + np.minimum(month, day) * 100 + np.maximum(month, day)
    return ordered


def _first_15(entities: Entities) -> Block:
    first = entities.number_forms.first_15()[entities.numbers.entries]
    return Block("first 15", hashed(first[first >= 0]), entities.numbers.owners[first >= 0])


def _certificates(entities: Entities) -> Block:
    """Numbers, and what certificates say that somebody's number is."""
    keys = np.concatenate([entities.whole_numbers.entries, entities.certificates.entries])
    owners = np.concatenate([entities.whole_numbers.owners, entities.certificates.owners])
    return Block("certificate", hashed(keys), owners)


def _none() -> tuple["Ints", "Ints"]:
    return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)


def _runs(ordered: "Keys") -> tuple["Ints", "Ints"]:
    """Where each run of equal keys of two or more begins, and how long it is."""
    if not len(ordered):
        return _none()
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    sizes = np.diff(np.append(starts, len(ordered)))
    return starts[sizes > 1], sizes[sizes > 1]


def _within(owners: "Ints", starts: "Ints", sizes: "Ints", largest: int) -> tuple["Ints", "Ints"]:
    """All pairs inside runs of at most ``largest``, the earlier one first."""
    small = sizes <= largest
    starts, sizes = starts[small], sizes[small]
    # Each member beside all that follow it in its run.
    member = np.repeat(starts, sizes) + (np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes))
    after = np.repeat(starts + sizes, sizes) - member - 1
    one = np.repeat(member, after)
    step = np.arange(len(one)) - np.repeat(np.cumsum(after) - after, after)
    return owners[one], owners[one + step + 1]


def _distinct(one: "Ints", other: "Ints", count: int) -> tuple["Ints", "Ints"]:
    pairs = np.unique(np.minimum(one, other) * count + np.maximum(one, other))
    return pairs // count, pairs % count
