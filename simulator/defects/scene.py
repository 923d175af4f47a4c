"""Where defects are planted, and what one is: a code, the lists it occurs on, the rows it fits, and how it is done."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from schemas.findings import Finding
from simulator.delivered_list import DeliveredList
from simulator.population import SOURCES, Population

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Flags = NDArray[np.bool_]

__all__ = ["Defect", "Fits", "Plant", "Scene", "Spot", "anyone", "in_cell", "is_alone", "is_alone_without_certificate"]


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
    is_special: "Flags" = field(init=False)
    list_count: "NDArray[np.int64]" = field(init=False)

    def __post_init__(self) -> None:
        self.is_special = np.zeros(len(self.population), dtype=bool)
        self.list_count = np.sum([self.population.on_list[source] for source in SOURCES], axis=0)

    def row_of(self, source: str, person: int) -> int:
        """The row of a person who is on the list."""
        return int(np.searchsorted(self.lists[source].people, person))

    def pick(self, *words: str) -> str:
        """One of some words."""
        return words[int(self.rng.integers(len(words)))]


Fits = Callable[[Scene, str], "Flags"]
"""Which people a defect may fall on, given the list."""

Plant = Callable[[Scene, DeliveredList, int], list[Spot]]
"""Does the damage to a row and says where it will show."""


@dataclass(frozen=True, slots=True)
class Defect:
    """One kind of defect; ``weight`` says how often it occurs among the others."""

    code: Finding
    plant: Plant
    sources: tuple[str, ...] = SOURCES
    fits: Fits = lambda scene, _: anyone(scene, _)
    weight: int = 1


def in_cell(
    code: Finding, name: str | dict[str, str], text: Callable[[Scene, DeliveredList, int], str | None]
) -> Plant:
    """A defect in one cell: the field (or the field by source), and the text to write there."""

    def plant(scene: Scene, delivered: DeliveredList, row: int) -> list[Spot]:
        spoiled = name if isinstance(name, str) else name[delivered.source]
        delivered.write(row, spoiled, text(scene, delivered, row))
        return [Spot(delivered.source, row, spoiled, code)]

    return plant


def anyone(scene: Scene, source: str) -> "Flags":
    """Everybody."""
    del source
    return np.ones(len(scene.population), dtype=bool)


def is_alone(scene: Scene, source: str) -> "Flags":
    """People on one list only, whose other statements cannot contradict."""
    del source
    return scene.list_count == 1


def is_alone_without_certificate(scene: Scene, source: str) -> "Flags":
    """People on one list only, with no certificate that would betray another number."""
    return is_alone(scene, source) & (scene.population.certificate_level == 0)
