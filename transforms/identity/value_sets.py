"""Several values of everybody at once: each entity's names, numbers, places, telephones, as one flat array."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Mask = NDArray[np.bool_]

__all__ = ["ValueSets", "crossed", "paired"]


@dataclass(frozen=True, slots=True, repr=False)
class ValueSets:
    """The different values of each entity, ascending: those of entity ``i`` are ``entries[offsets[i]:offsets[i + 1]]``."""

    offsets: "Ints"
    entries: "Ints"

    @classmethod
    def of(cls, entities: "Ints", values: "Ints", count: int) -> Self:
        """From one statement each of some entities, in any order and repeated as may be."""
        if (entities[1:] < entities[:-1]).any():
            order = np.argsort(entities, kind="stable")
            entities, values = entities[order], values[order]
        entities, values = _without_repeats(entities, values)
        # Most have one value by now; only the others need their values in order.
        several = np.zeros(len(values), dtype=bool)
        several[1:] = entities[1:] == entities[:-1]
        several[:-1] |= several[1:]
        places = np.flatnonzero(several)
        values[places] = values[places[np.lexsort((values[places], entities[places]))]]
        entities, values = _without_repeats(entities, values)
        offsets = np.zeros(count + 1, dtype=np.int64)
        np.cumsum(np.bincount(entities, minlength=count), out=offsets[1:])
        return cls(offsets, values)

    @property
    def sizes(self) -> "Ints":
        """How many values each entity has."""
        return np.diff(self.offsets)

    @property
    def owners(self) -> "Ints":
        """The entity of each value."""
        return np.repeat(np.arange(len(self.offsets) - 1), self.sizes)

    def at(self, entities: "Ints") -> tuple["Ints", "Ints"]:
        """All values of some entities: the place of each in ``entities``, and the value."""
        size = self.sizes[entities]
        place = np.repeat(np.arange(len(entities)), size)
        within = np.arange(len(place)) - np.repeat(np.cumsum(size) - size, size)
        return place, self.entries[self.offsets[entities][place] + within]

    def without(self, dropped: "Mask") -> Self:
        """The same sets without some of the values."""
        kept = ~dropped
        before = np.zeros(len(kept) + 1, dtype=np.int64)
        np.cumsum(kept, out=before[1:])
        return type(self)(before[self.offsets], self.entries[kept])


def _without_repeats(entities: "Ints", values: "Ints") -> tuple["Ints", "Ints"]:
    """Without values that equal the one before them, of the same entity."""
    kept = np.ones(len(values), dtype=bool)
    kept[1:] = (entities[1:] != entities[:-1]) | (values[1:] != values[:-1])
    return entities[kept], values[kept]


def crossed(first: ValueSets, *others: ValueSets) -> tuple["Ints", list["Ints"]]:
    """Each entity's combinations of one value of every set: the entity of each, and the values set by set."""
    owners, columns = first.owners, [first.entries]
    for sets in others:
        place, values = sets.at(owners)
        owners, columns = owners[place], [*(column[place] for column in columns), values]
    return owners, columns


def paired(mine: ValueSets, one: "Ints", theirs: ValueSets, other: "Ints") -> tuple["Ints", "Ints", "Ints"]:
    """Every value of ``one`` beside every value of ``other``, pair by pair: place of the pair, value, value."""
    place, values = mine.at(one)
    again, other_values = theirs.at(other[place])
    return place[again], values[again], other_values
