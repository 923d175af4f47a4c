"""Where defects are planted, and what one is: a code, the lists it occurs on, the rows it fits, and how it is done."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from schemas.findings import Finding
from simulator.delivered_list import DeliveredList
from simulator.population import SOURCES, Population

__all__ = [
    "Defect", "Flags", "Plant", "Scene", "Spot", "WriteText", "anyone", "in_cell", "is_alone", "is_alone_without_certificate",
]  # fmt: skip

Flags = npt.NDArray[np.bool_]


class Spot(NamedTuple):
    """Where a finding is expected: a list's row by position, and the field it is about."""

    source: str
    row: int
    field: str
    code: Finding


@dataclass(slots=True, repr=False)
class Scene:
    """The population and its lists, with the people already used for a defect marked."""

    population: Population
    lists: dict[str, DeliveredList]
    today: date
    rng: np.random.Generator
    workbooks: frozenset[str]  # sources delivered as workbooks, whose cells can be numbers
    is_special: Flags = field(init=False)
    list_count: npt.NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        self.is_special = np.zeros(len(self.population), dtype=bool)
        self.list_count = np.sum([self.population.on_list[source] for source in SOURCES], axis=0)

    def row_of(self, source: str, person: int) -> int:
        """The row of a person who is on the list."""
        return int(np.searchsorted(self.lists[source].people, person))

    def pick(self, *words: str) -> str:
        """One of some words."""
        return words[int(self.rng.integers(len(words)))]


Fits = Callable[[Scene], Flags]
"""Which people a defect may fall on."""

Plant = Callable[[Scene, DeliveredList, int], list[Spot]]
"""Does the damage to a row and says where it will show."""

WriteText = Callable[[Scene, DeliveredList, int], str | None]
"""What to write into the spoiled cell of a row."""


def anyone(scene: Scene) -> Flags:
    """Everybody."""
    return np.ones(len(scene.population), dtype=bool)


def is_alone(scene: Scene) -> Flags:
    """People on one list only, whose other statements cannot contradict."""
    return np.asarray(scene.list_count == 1)


def is_alone_without_certificate(scene: Scene) -> Flags:
    """People on one list only, with no certificate that would betray another number."""
    return np.asarray(is_alone(scene) & (scene.population.certificate_level == 0))


@dataclass(frozen=True, slots=True)
class Defect:
    """One kind of defect: where it may occur, and how often among the others (``weight``)."""

    code: Finding
    plant: Plant
    sources: tuple[str, ...] = SOURCES
    fits: Fits = anyone
    weight: int = 1


def in_cell(
    code: Finding,
    name: str | dict[str, str],
    text: WriteText | str | None,
    sources: tuple[str, ...] = SOURCES,
    fits: Fits = anyone,
    weight: int = 1,
) -> Defect:
    """A defect in one cell: the field (or the field of each source), and what to write there."""

    def plant(scene: Scene, delivered: DeliveredList, row: int) -> list[Spot]:
        spoiled = name if isinstance(name, str) else name[delivered.source]
        written = text(scene, delivered, row) if callable(text) else text
        delivered.write(row, spoiled, written)
        return [Spot(delivered.source, row, spoiled, code)]

    return Defect(code, plant, tuple(name) if isinstance(name, dict) else sources, fits, weight)
