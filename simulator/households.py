"""The sheet 家庭成员 of the village survey: who lives with some of the elders, and what is wrong with a few of them."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from schemas.codes import CODE_LISTS
from schemas.fields import FIELDS, MEMBER_FIELDS
from schemas.findings import Finding
from simulator.defects.planting import SHARE, counts_by_weight
from simulator.issued_numbers import born_at_ages, draw_order, draw_regions, issue
from simulator.population import Population, draw_names
from simulator.vocabulary import HEALTH_CONDITIONS

__all__ = ["MEMBER_DEFECTS", "Households", "draw_households"]

MEMBER_DEFECTS = (Finding.HOUSEHOLD_HEAD_MISSING, Finding.HOUSEHOLD_RELATION_UNKNOWN, Finding.HOUSEHOLD_MEMBER_ID)

_YOUNGER = {"配偶": 0, "子": 27, "女": 27, "儿媳": 28, "孙子": 52, "孙女": 52}
_MALE, _FEMALE = frozenset({"子", "孙子"}), frozenset({"女", "儿媳", "孙女"})


@dataclass(slots=True, repr=False)
class Households:
    """Members row by row under ``MEMBER_FIELDS``; ``spots`` are rows with a finding, the field and the code."""

    rows: list[list[str]] = field(default_factory=list)
    spots: list[tuple[int, str, Finding]] = field(default_factory=list)

    def table(self) -> Any:
        """All members as texts under the canonical headers."""
        columns = zip(*self.rows, strict=True) if self.rows else [()] * len(MEMBER_FIELDS)
        headers = [FIELDS[name].label for name in MEMBER_FIELDS]
        return pa.table({header: pa.array(column, pa.large_string()) for header, column in zip(headers, columns, strict=True)})


def draw_households(
    population: Population, elders: npt.NDArray[np.int64], seed: int, today: date, *, defects: bool
) -> Households:
    """One to three members for a quarter of some elders, the head among them and each with a valid number.

    Args:
        population: the people.
        elders: positions of those whose row in the survey is without a defect, so that members find their elder.
        seed: what the population was drawn with.
        today: nobody is born after it.
        defects: whether to spoil some, at most one member a household.
    """
    rng = np.random.default_rng((seed, 4))
    chosen = elders[rng.random(len(elders)) < 0.25]
    homes = Households()
    first = []
    for elder in chosen:
        first.append(len(homes.rows))
        homes.rows += _household(population, int(elder), rng, today)
    if defects:
        _spoil(homes, np.array(first, dtype=np.int64), len(population), rng)
    return homes


def _household(population: Population, elder: int, rng: np.random.Generator, today: date) -> list[list[str]]:
    number, name = population.numbers[elder].as_py(), population.names[elder].as_py()
    is_male = bool(population.is_male[elder])
    others = rng.choice(list(_YOUNGER), size=int(rng.integers(0, 3)), replace=False).tolist()
    is_head = not others or rng.random() < 0.6
    if is_head:
        members = [(name, is_male, number, "户主")]
    else:
        # The head is a child, and relations are to the head: the elder becomes a parent.
        members = [_other("子", "户主", population, elder, rng, today), (name, is_male, number, "父亲" if is_male else "母亲")]
        others = [other for other in others if other in {"孙子", "孙女"}]
        others = ["子" if other == "孙子" else "女" for other in others]
    members += [_other(other, other, population, elder, rng, today, head_is_elder=is_head) for other in others]
    return [
        [
            number, who, "男" if male else "女", id_number, relation, str(rng.choice(HEALTH_CONDITIONS)),
            str(rng.choice(["否", "否", "否", "低保对象", "特困人员"])),
        ]
        for who, male, id_number, relation in members
    ]  # fmt: skip


def _other(
    kin: str, relation: str, population: Population, elder: int, rng: np.random.Generator, today: date, *, head_is_elder: bool = True
) -> tuple[str, bool, str, str]:
    """Somebody else in the house: name, whether male, ID number, relation to the head."""
    is_male = kin in _MALE or (kin not in _FEMALE and not population.is_male[elder])
    age = int((np.datetime64(today) - population.born[elder]).astype(int) / 365.2425)
    younger = _YOUNGER[kin] if head_is_elder else 52
    flags = np.array([is_male])
    born = born_at_ages(np.array([max(age - younger - 5 * rng.random(), 1.0)]), today)
    number = issue(draw_regions(1, rng), born, draw_order(1, rng, is_male=flags))
    return draw_names(flags, rng)[0].as_py(), is_male, number[0].as_py(), relation


def _spoil(homes: Households, first: npt.NDArray[np.int64], people: int, rng: np.random.Generator) -> None:
    """At least one of each kind from 500 people on, as for the lists' own rows."""
    total = round(SHARE * len(homes.rows))
    counts = counts_by_weight([1] * len(MEMBER_DEFECTS), total, int(people >= 500), rng)
    order = iter(rng.permutation(first).tolist())
    for code, count in zip(MEMBER_DEFECTS, counts, strict=True):
        for row, _ in zip(order, range(count)):
            _SPOILERS[code](homes, row)
