"""How many defects of each kind there are, and on whom they fall."""

from collections.abc import Sequence

import numpy as np

from simulator.defects.between import BETWEEN_DEFECTS
from simulator.defects.content import CONTENT_DEFECTS
from simulator.defects.identity import IDENTITY_DEFECTS
from simulator.defects.scene import Defect, Scene, Spot

__all__ = ["ALL_DEFECTS", "EVERY_CODE_FROM", "SHARE", "counts_by_weight", "plant_defects"]

ALL_DEFECTS: tuple[Defect, ...] = (*BETWEEN_DEFECTS, *CONTENT_DEFECTS, *IDENTITY_DEFECTS)

SHARE = 0.035
"""Defects for each row, household members apart."""

EVERY_CODE_FROM = 500
"""People from whom on every kind of defect occurs."""


def plant_defects(scene: Scene) -> list[Spot]:
    """Plants defects on people not special so far and marks them; returns where findings are expected."""
    rows = sum(len(delivered.people) for delivered in scene.lists.values())
    total, least = round(rows * SHARE), int(len(scene.population) >= EVERY_CODE_FROM)
    counts = counts_by_weight([defect.weight for defect in ALL_DEFECTS], total, least, scene.rng)
    spots: list[Spot] = []
    for defect, count in zip(ALL_DEFECTS, counts, strict=True):
        for source, row in _chosen(scene, defect, count):
            delivered = scene.lists[source]
            scene.is_special[delivered.people[row]] = True
            spots += defect.plant(scene, delivered, row)
    return spots


def counts_by_weight(weights: Sequence[int], total: int, least: int, rng: np.random.Generator) -> list[int]:
    """``total`` shared out by weight, at least so many each; what does not divide falls by chance."""
    exact = total * np.array(weights) / sum(weights)
    whole = np.floor(exact).astype(np.int64)
    rest = total - int(whole.sum())
    lucky = rng.choice(len(weights), size=rest, replace=False, p=np.array(weights) / sum(weights))
    whole[lucky] += 1
    return [int(count) for count in np.maximum(whole, least)]


def _chosen(scene: Scene, defect: Defect, count: int) -> list[tuple[str, int]]:
    """Some rows that a defect fits, of people without one, each person at most once."""
    if not count:
        return []
    fitting = defect.fits(scene) & ~scene.is_special
    rows, people, sources = [], [], []
    for place, source in enumerate(defect.sources):
        fit = np.flatnonzero(fitting[scene.lists[source].people])
        rows.append(fit)
        people.append(scene.lists[source].people[fit])
        sources.append(np.full(len(fit), place))
    order = scene.rng.permutation(sum(map(len, rows)))
    first = np.unique(np.concatenate(people)[order], return_index=True)[1]
    taken = order[np.sort(first)[:count]]
    pairs = zip(np.concatenate(sources)[taken].tolist(), np.concatenate(rows)[taken].tolist(), strict=True)
    return [(defect.sources[place], row) for place, row in pairs]
