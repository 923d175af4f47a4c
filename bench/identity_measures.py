"""How right a grouping of rows is: pairs of rows that share a group against pairs that share a person."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

__all__ = ["NO_PAIRS", "Quality", "groups_of", "quality"]


@dataclass(frozen=True, slots=True)
class Quality:
    """Pairs of rows: found and true, found and wrong, true and not found."""

    right: int
    wrong: int
    missed: int

    def __add__(self, other: "Quality") -> "Quality":
        return Quality(self.right + other.right, self.wrong + other.wrong, self.missed + other.missed)

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def f1(self) -> float:
        both = 2 * self.right + self.wrong + self.missed
        return 2 * self.right / both if both else 1.0

    def as_dict(self) -> dict[str, Any]:
        return {
            "right": self.right, "wrong": self.wrong, "missed": self.missed,
            "precision": self.precision, "recall": self.recall, "f1": self.f1,
        }  # fmt: skip


NO_PAIRS = Quality(0, 0, 0)


def quality(groups: "Ints", people: "Ints") -> Quality:
    """Compares a grouping with the truth; both have a code from 0 on for each row.

    >>> quality(np.array([0, 0, 1]), np.array([0, 0, 0]))
    Quality(right=1, wrong=0, missed=2)
    """
    both = np.unique(groups.astype(np.int64) * (int(people.max(initial=0)) + 1) + people, return_counts=True)[1]
    right = _pairs(both)
    return Quality(right, _pairs(np.bincount(groups)) - right, _pairs(np.bincount(people)) - right)


def _pairs(sizes: "Ints") -> int:
    sizes = sizes.astype(np.int64)
    return int((sizes * (sizes - 1) // 2).sum())


def groups_of(count: int, one: "Ints", other: "Ints") -> "Ints":
    """Connected components: for each of ``count`` things the code of its group, given which are linked.

    >>> groups_of(4, np.array([0, 2]), np.array([3, 3])).tolist()
    [0, 1, 0, 0]
    """
    label = np.arange(count)
    while True:
        least = label.copy()
        np.minimum.at(least, one, label[other])
        np.minimum.at(least, other, label[one])
        # What a label says of itself holds for all who bear it.
        np.minimum.at(least, label, least.copy())
        least = least[least]
        if (least == label).all():
            return np.unique(label, return_inverse=True)[1]
        label = least
