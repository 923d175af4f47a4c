"""Made-up people as bench.identity needs them: families that are hard to tell apart, villages of few surnames, generation names.

``simulator.population`` draws people of whom no two look alike, which is what its tests want; here likeness is the matter.
"""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.identity_numbers import matrix_of, with_fitting_check
from bench.identity_rates import Rates
from bench.identity_spellings import WIDTH
from simulator.issued_numbers import born_at_ages, draw_regions, issue
from simulator.vocabulary import BOY_NAMES, GIRL_NAMES, SURNAMES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

__all__ = ["COUNTIES", "VILLAGES_OF_TOWN", "People", "draw_people"]

COUNTIES = ("441403", "441402", "441422", "441423", "441424", "441426", "441427", "441481")
"""Of Meizhou; a population fills as many as it needs, with about 125,000 elders each."""

VILLAGES_OF_TOWN = 18
_PEOPLE_OF_VILLAGE, _PEOPLE_OF_COUNTY = 450, 125_000
_ISSUED_IN = np.array([441421, 441402, 441422, 441423, 441424, 441426, 441427, 441481])
_HEAD, _SPOUSE, _SIBLING, _CHILD, _TWIN = range(5)
_FAMILY, _BOYS, _GIRLS = (np.array([*map(ord, words)]) for words in (SURNAMES, BOY_NAMES, GIRL_NAMES))
_DOTTED = np.array(
    [[*map(ord, "阿依古丽·买买"[:WIDTH].ljust(WIDTH, "\0"))], [*map(ord, "扎西·次仁".ljust(WIDTH, "\0"))]]
)


@dataclass(frozen=True, slots=True, repr=False)
class People:
    """One entry a person, families side by side, ordered by village."""

    numbers: "NDArray[np.uint8]"  # 18 bytes each
    former: "NDArray[np.uint8]"  # the number before it was corrected; the same where it never was
    names: "Ints"  # code points
    other_names: "Ints"  # a by-name
    is_male: "Flags"
    born: "NDArray[np.datetime64]"
    head: "Ints"  # position of the first of the family
    twin: "Ints"  # position of the twin, -1 for none
    village: "Ints"
    residence: "Ints"
    town_count: int
    phones: "Ints"
    old_phones: "Ints"
    contacts: "Ints"

    def __len__(self) -> int:
        return len(self.born)


def draw_people(count: int, seed: int, today: date, rates: Rates = Rates()) -> People:  # noqa: B008  frozen
    """People of 60 to 102 years with a valid number each, some of them alike in all the ways that families make."""
    rng = np.random.default_rng((seed, 11))
    towns = max(1, round(count / _PEOPLE_OF_VILLAGE / VILLAGES_OF_TOWN))
    kin, head = _families(count, rates, rng)
    village = np.sort(rng.integers(0, towns * VILLAGES_OF_TOWN, size=count))[head]
    born, is_male = _born(kin, head, today, rates, rng)
    county = village // VILLAGES_OF_TOWN * _counties(count) // towns
    region, order = _issue_place(kin, head, county, village // VILLAGES_OF_TOWN, is_male, born, rng)
    twice = rng.choice(count, size=(2, round(count * rates.issued_twice)), replace=False)
    for field in (region, born, order, is_male):
        field[twice[1]] = field[twice[0]]
    numbers = matrix_of(issue(region, born, order))
    names = _names(kin, head, village, born, is_male, rates, rng)
    _make_alike(names, numbers, village, is_male, rates, rng)
    phones = 13_000_000_000 + rng.integers(0, 10**9, size=count)
    shares = (kin != _HEAD) & (rng.random(count) < rates.shared_phone)
    own = np.where(shares, phones[head], phones)
    neighbour = np.where(kin == _HEAD, np.roll(own, -1), own[head])
    twins = np.flatnonzero(kin == _TWIN)
    twin = np.full(count, -1)
    twin[twins], twin[head[twins]] = head[twins], twins
    residence = np.where(rng.random(count) < rates.moved, rng.choice(village, size=count), village)
    return People(
        numbers=numbers, former=_former(numbers, rates, rng), names=names,
        other_names=_names(kin, head, village, born, is_male, rates, rng), is_male=is_male, born=born, head=head, twin=twin,
        village=village, residence=residence, town_count=towns, phones=own,
        old_phones=13_000_000_000 + rng.integers(0, 10**9, size=count), contacts=neighbour,
    )  # fmt: skip


def _counties(count: int) -> int:
    return int(np.clip(round(count / _PEOPLE_OF_COUNTY), 1, len(COUNTIES)))


def _families(count: int, rates: Rates, rng: np.random.Generator) -> tuple["Ints", "Ints"]:
    """What each person is to the first of the family, and who that is; at most one spouse and one twin each."""
    shares = [rates.spouse, rates.sibling, rates.child, rates.twin]
    kin = rng.choice(5, size=count, p=[1 - sum(shares), *shares])
    kin[0] = _HEAD
    head = np.maximum.accumulate(np.where(kin == _HEAD, np.arange(count), 0))
    for only_one in (_SPOUSE, _TWIN):
        have = np.flatnonzero(kin == only_one)
        kin[have[1:][head[have[1:]] == head[have[:-1]]]] = _SIBLING
    return kin, head


def _born(
    kin: "Ints", head: "Ints", today: date, rates: Rates, rng: np.random.Generator
) -> tuple["NDArray[np.datetime64]", "Flags"]:
    count = len(kin)
    ages = 60 + 43 * rng.beta(1.2, 2.8, size=count)
    apart = np.select(
        [kin == _SPOUSE, kin == _SIBLING, kin == _CHILD],
        [rng.normal(2, 3, count), rng.normal(0, 5, count), -rng.uniform(19, 34, count)],
    )
    # Who would be too young for the lists, or too old to live, is of an age of his own.
    kins = ages[head] + apart
    ages = np.where((kin != _HEAD) & (kins > 60) & (kins < 103), kins, ages)
    born = born_at_ages(ages, today)
    is_male = rng.random(count) < 0.48
    is_male = np.where(kin == _SPOUSE, ~is_male[head], is_male)
    born = np.where(kin == _TWIN, born[head], born)
    near = (kin == _SPOUSE) & (rng.random(count) < rates.near_spouse)
    day = (born[head] - born[head].astype("datetime64[M]")).astype(np.int64) + 1
    born = np.where(near, born[head] + np.where(day % 10 < 8, 1, -1).astype("timedelta64[D]"), born)
    return born, is_male


def _issue_place(
    kin: "Ints", head: "Ints", county: "Ints", town: "Ints", is_male: "Flags", born: "NDArray[np.datetime64]",
    rng: np.random.Generator,
) -> tuple["Ints", "Ints"]:  # fmt: skip
    """Regions and orders; a police station gave its numbers out of a range of its own, twins' one after the other."""
    count = len(kin)
    region = np.where(rng.random(count) < 0.75, _ISSUED_IN[county], draw_regions(count, rng))
    region = np.where(kin == _HEAD, region, np.where(rng.random(count) < 0.85, region[head], region))
    region[kin == _TWIN] = region[head[kin == _TWIN]]
    order = _orders(town, is_male, rng)
    after = np.where(is_male == is_male[head], order[head] + 2, order[head] + 1)
    beside = (kin == _TWIN) | ((kin == _SPOUSE) & (np.abs((born - born[head]).astype(np.int64)) == 1))
    order = np.where(beside, np.where((after % 100 == 0) | (after > 998), order[head] - 2, after), order)
    while True:
        place = (region * 100_000 + born.astype(np.int64) + 50_000) * 1000 + order
        first = np.unique(place, return_index=True)[1]
        again = np.ones(count, dtype=bool)
        again[first] = False
        if not again.any():
            return region, order
        order[again] = _orders(rng.integers(0, 36, again.sum()), is_male[again], rng)


def _orders(station: "Ints", is_male: "Flags", rng: np.random.Generator) -> "Ints":
    slot = station % 36 * 27 + rng.integers(0, 27, size=len(station))
    order = slot // 99 * 100 + slot % 99 + 1
    return np.where((order % 2 == 1) == is_male, order, np.where(order % 100 == 99, order - 1, order + 1))


def _names(
    kin: "Ints", head: "Ints", village: "Ints", born: "NDArray[np.datetime64]", is_male: "Flags", rates: Rates,
    rng: np.random.Generator,
) -> "Ints":  # fmt: skip
    """A village has one surname for nearly half of its men and a second for a fifth; wives bring theirs."""
    count = len(kin)
    drawn = rng.choice(len(_FAMILY), size=count, p=_shares(len(_FAMILY), 4))
    lineage = np.random.default_rng(5).choice(
        len(_FAMILY), size=(int(village.max()) + 1, 2), p=_shares(len(_FAMILY), 4)
    )
    which = rng.random(count)
    of_village = np.where(which < 0.45, lineage[village, 0], np.where(which < 0.65, lineage[village, 1], drawn))
    family = np.where(is_male, of_village, drawn)
    family = np.where((kin != _HEAD) & (kin != _SPOUSE), family[head], family)
    generation = (born.astype("datetime64[Y]").astype(np.int64) - 1900 + 1970) // 22
    shared = _BOYS[(village * 7919 + family * 104_729 + generation * 31) % len(_BOYS)]
    first, second = (_given(is_male, rng) for _ in range(2))
    first = np.where(rng.random(count) < np.where(is_male, rates.generation_name, 0.1), shared, first)
    # Brothers, sisters and twins share the first character even where the village does not.
    alike = np.isin(kin, (_SIBLING, _TWIN)) & (is_male == is_male[head]) & (rng.random(count) < 0.8)
    first = np.where(alike, first[head], first)
    names = np.zeros((count, WIDTH), dtype=np.int64)
    names[:, 0], names[:, 1] = _FAMILY[family], first
    names[:, 2] = np.where(rng.random(count) < rates.single_given, 0, second)
    # Nobody is named as somebody of the same family is.
    while len(again := _named_again(head, names)):
        names[again, 2] = _given(is_male[again], rng)
    dotted = np.flatnonzero(rng.random(count) < rates.dotted_name)
    names[dotted] = _DOTTED[rng.integers(0, len(_DOTTED), len(dotted))]
    return names


def _named_again(head: "Ints", names: "Ints") -> "Ints":
    code = (head << 48) + ((names[:, 0] - 0x3000) << 32) + ((names[:, 1] - 0x3000) << 16) + names[:, 2]
    again = np.ones(len(head), dtype=bool)
    again[np.unique(code, return_index=True)[1]] = False
    return np.flatnonzero(again)


def _shares(count: int, flat: int) -> Any:
    shares = 1 / (np.arange(count) + flat)
    return shares / shares.sum()


def _given(is_male: "Flags", rng: np.random.Generator) -> "Ints":
    boys, girls = (
        words[np.random.default_rng(6).permutation(len(words))][
            rng.choice(len(words), size=len(is_male), p=_shares(len(words), 6))
        ]
        for words in (_BOYS, _GIRLS)
    )
    return np.where(is_male, boys, girls)


def _make_alike(
    names: "Ints",
    numbers: "NDArray[np.uint8]",
    village: "Ints",
    is_male: "Flags",
    rates: Rates,
    rng: np.random.Generator,
) -> None:
    """Gives some men the name of the next in their village, and some people name and birth date of somebody elsewhere."""
    count = len(names)
    at = np.flatnonzero(rng.random(count - 5) < rates.namesake)
    at = at[(village[at] == village[at + 5]) & (is_male[at] == is_male[at + 5])]
    names[at] = names[at + 5]
    one, other = rng.choice(count, size=(2, round(count * rates.coincidence)), replace=False)
    elsewhere = (is_male[one] == is_male[other]) & (numbers[one, :6] != numbers[other, :6]).any(axis=1)
    one, other = one[elsewhere], other[elsewhere]
    names[one] = names[other]
    numbers[one, 6:17] = numbers[other, 6:17]
    numbers[one] = with_fitting_check(numbers[one])


def _former(numbers: "NDArray[np.uint8]", rates: Rates, rng: np.random.Generator) -> "NDArray[np.uint8]":
    """Numbers as they were before a correction: of the birth date, of the order, or of the place of issue."""
    former = numbers.copy()
    rows = np.flatnonzero(rng.random(len(numbers)) < rates.corrected)
    what = rng.random(len(rows))
    year, day, order, place = (
        rows[(what >= low) & (what < high)] for low, high in ((0, 0.2), (0.2, 0.4), (0.4, 0.8), (0.8, 1))
    )
    former[year, 9] = ord("0") + (former[year, 9] - ord("0") + rng.integers(1, 4, len(year))) % 10
    former[day, 13] = ord("1") + (former[day, 13] - ord("1") + rng.integers(1, 8, len(day))) % 8
    former[order, 15] = ord("0") + (former[order, 15] - ord("0") + rng.integers(1, 10, len(order))) % 10
    former[order, 14] = ord("0") + (former[order, 14] - ord("0") + rng.integers(0, 3, len(order))) % 10
    former[place, :6] = np.frombuffer(b"442421", dtype=np.uint8)
    return with_fitting_check(former)
