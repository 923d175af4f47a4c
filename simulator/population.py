"""The elders of a made-up district: who they are, where they live, what is true of them, and which office lists them.

What an office writes down about them is ``simulator.lists``; what it gets wrong is ``simulator.defects``.
"""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.codes import CATEGORIES
from simulator.issued_numbers import born_at_ages, draw_order, draw_regions, issue
from simulator.texts import as_text, join, only_where, some_missing
from simulator.vocabulary import BOY_NAMES, GIRL_NAMES, SURNAMES, VILLAGES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Days = NDArray[np.datetime64]
    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

__all__ = ["BIT", "SOURCES", "Population", "draw_names", "draw_phones", "draw_population"]

SOURCES = ("village_survey", "health_incapacity", "health_family_planning", "disability_federation")

BIT = {category: 1 << place for place, category in enumerate(CATEGORIES)}
"""Categories of the registry as bits, in its order."""

_GIVEN = pa.array(["", *BOY_NAMES, *GIRL_NAMES], pa.large_string())
_FAMILY = pa.array(list(SURNAMES), pa.large_string())
_FAMILY_SHARES = 1 / (np.arange(len(SURNAMES)) + 8)
_MOBILES = np.array(
    [130, 131, 132, 133, 135, 136, 137, 138, 139, 147, 150, 151, 158, 159, 166, 173, 178, 180, 187, 189, 199]
)
# 扶大镇 is the area of the notice and gets four times its share.
_VILLAGE_SHARES = np.array([4.0 if town == "扶大镇" else 0.5 for town, _ in VILLAGES])


@dataclass(frozen=True, slots=True, repr=False)
class Population:
    """Elders by position; every member has one entry a person. They are ordered by village, as rosters are."""

    numbers: Any  # large_string
    names: Any  # large_string
    is_male: "Flags"
    born: "Days"
    household: "Ints"  # place in VILLAGES
    residence: "Ints"
    phones: Any  # large_string, null where there is none
    certificates: Any  # large_string, null where there is none
    certificate_category: "Ints"  # 0 where there is none
    certificate_level: "Ints"
    ticks: "Ints"  # categories the village ticks (BIT), 0 where it does not list the person
    on_list: dict[str, "Flags"]

    def __len__(self) -> int:
        return len(self.born)


def draw_population(count: int, seed: int, today: date) -> Population:
    """People of 60 to 102 years, each on at least one list, with one valid ID number each.

    No two share name and birth date, nor name, region and order: only planted people look like one another.
    """
    rng = np.random.default_rng((seed, 1))
    village = np.sort(rng.choice(len(VILLAGES), size=count, p=_VILLAGE_SHARES / _VILLAGE_SHARES.sum()))
    elsewhere = rng.choice(len(VILLAGES), size=count)
    residence = np.where(rng.random(count) < 0.12, elsewhere, village)
    born = born_at_ages(60 + 43 * rng.beta(1.2, 2.8, size=count), today)
    region = draw_regions(count, rng)
    order = _unique_orders(region, born, rng)
    is_male = order % 2 == 1
    name = _unlike_names(is_male, born, region * 1000 + order, rng)
    numbers = issue(region, born, order)
    on_list = _draw_lists(count, rng)
    has_certificate = on_list["disability_federation"] | (on_list["village_survey"] & (rng.random(count) < 0.02))
    category = rng.choice(np.arange(1, 8), size=count, p=[0.12, 0.2, 0.02, 0.5, 0.05, 0.06, 0.05]) * has_certificate
    level = rng.choice(np.arange(1, 5), size=count, p=[0.18, 0.27, 0.3, 0.25])
    # Who is not on the federation's list shows a certificate to the village only for the tick of 重残.
    level = np.where(on_list["disability_federation"], level, (level + 1) // 2) * has_certificate
    reissue = np.where(rng.random(count) < 0.06, rng.integers(1, 4, size=count), 0)
    return Population(
        numbers=numbers, names=_spell(name), is_male=is_male, born=born, household=village, residence=residence,
        phones=some_missing(draw_phones(count, rng), 0.06, rng), certificates=_certificates(numbers, category, level, reissue),
        certificate_category=category, certificate_level=level, ticks=_draw_ticks(level, on_list, rng), on_list=on_list,
    )  # fmt: skip


def draw_names(is_male: "Flags", rng: np.random.Generator) -> Any:
    """Names of some people as ``large_string``; seven of ten have two given characters."""
    return _spell(_name_parts(is_male, rng))


def draw_phones(count: int, rng: np.random.Generator) -> Any:
    """Telephones as ``large_string``: mobile, one in ten a landline of area 0753."""
    mobile = rng.choice(_MOBILES, size=count) * 100_000_000 + rng.integers(0, 100_000_000, size=count)
    landline = join("0753-", as_text(rng.integers(2_200_000, 2_900_000, size=count)))
    return pc.if_else(pa.array(rng.random(count) < 0.1), landline, as_text(mobile))


def _draw_lists(count: int, rng: np.random.Generator) -> dict[str, "Flags"]:
    shares = {
        "village_survey": 0.68,
        "health_incapacity": 0.26,
        "health_family_planning": 0.065,
        "disability_federation": 0.37,
    }
    on_list = {source: rng.random(count) < share for source, share in shares.items()}
    # Who is on none is found by the village: with these the survey has four of five.
    on_list["village_survey"] |= ~np.logical_or.reduce(list(on_list.values()))
    return on_list


def _draw_ticks(level: "Ints", on_list: dict[str, "Flags"], rng: np.random.Generator) -> "Ints":
    count = len(level)
    off_list = ~on_list["disability_federation"]
    ticked = {
        "living_alone": rng.random(count) < 0.35,
        "empty_nest": rng.random(count) < 0.3,
        "left_behind": rng.random(count) < 0.2,
        "incapacitated": rng.random(count) < np.where(on_list["health_incapacity"], 0.9, 0.02),
        "severely_disabled": (level > 0) & (level <= 2) & (off_list | (rng.random(count) < 0.9)),
        "family_planning_special": on_list["health_family_planning"] & (rng.random(count) < 0.8),
    }
    ticks = np.zeros(count, dtype=np.int64)
    for category, mask in ticked.items():
        ticks |= mask * BIT[category]
    ticks[ticks == 0] = BIT["empty_nest"]
    return ticks * on_list["village_survey"]


def _certificates(numbers: Any, category: "Ints", level: "Ints", reissue: "Ints") -> Any:
    suffix = pa.array(["", "B1", "B2", "B3"], pa.large_string()).take(pa.array(reissue))
    return only_where(category > 0, join(numbers, as_text(category * 10 + level), suffix))


def _unique_orders(region: "Ints", born: "Days", rng: np.random.Generator) -> "Ints":
    order = draw_order(len(born), rng)
    place = (region * 100_000 + born.astype(np.int64) + 50_000) * 1000
    while len(taken := _repeated(place + order)):
        order[taken] = draw_order(len(taken), rng)
    return order


def _unlike_names(is_male: "Flags", born: "Days", issued: "Ints", rng: np.random.Generator) -> "Ints":
    """Names as rows of surname, first and second given character, drawn again wherever two people would look like one."""
    parts = _name_parts(is_male, rng)
    while True:
        code = (parts[0] * len(_GIVEN) + parts[1]) * len(_GIVEN) + parts[2]
        alike = np.union1d(
            _repeated(code * 200_000 + born.astype(np.int64) + 100_000), _repeated(code * 1_000_000_000 + issued)
        )
        if not len(alike):
            return parts
        parts[:, alike] = _name_parts(is_male[alike], rng)


def _repeated(codes: "Ints") -> "Ints":
    """Places of all but the first of equal codes."""
    first = np.unique(codes, return_index=True)[1]
    repeated = np.ones(len(codes), dtype=bool)
    repeated[first] = False
    return np.flatnonzero(repeated)


def _name_parts(is_male: "Flags", rng: np.random.Generator) -> "Ints":
    count = len(is_male)
    family = rng.choice(len(SURNAMES), size=count, p=_FAMILY_SHARES / _FAMILY_SHARES.sum())
    first, second = (_given(is_male, rng) for _ in range(2))
    return np.stack([family, first, np.where(rng.random(count) < 0.3, 0, second)])


def _given(is_male: "Flags", rng: np.random.Generator) -> "Ints":
    boys, girls = (rng.integers(0, len(names), size=len(is_male)) for names in (BOY_NAMES, GIRL_NAMES))
    return 1 + np.where(is_male, boys, girls + len(BOY_NAMES))


def _spell(parts: "Ints") -> Any:
    family, first, second = (
        texts.take(pa.array(part)) for texts, part in zip((_FAMILY, _GIVEN, _GIVEN), parts, strict=True)
    )
    return join(family, first, second)
