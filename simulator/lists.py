"""What the four offices write down about a made-up population, column by column and without a mistake."""

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.codes import CATEGORIES, CODE_LISTS
from simulator.delivered_list import LAYOUTS, DeliveredList
from simulator.issued_numbers import draw_order, draw_regions, issue
from simulator.population import BIT, SOURCES, Population, draw_names, draw_phones
from simulator.texts import as_text, choose, join, only_where, pick, repeat, some_missing
from simulator.vocabulary import (
    ASSESSORS,
    ASSISTANCE,
    COUNTY,
    INSTRUMENTS,
    ORGANISATIONS,
    REMARKS,
    VILLAGES,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

__all__ = ["draw_lists"]

_TOWNS, _VILLAGES = (pa.array(names, pa.large_string()) for names in zip(*VILLAGES, strict=True))
_ADDRESSES = pa.array([f"{COUNTY}{town}{village}" for town, village in VILLAGES], pa.large_string())
_MANNERS = {
    "village_survey": "%Y/%m/%d",
    "health_incapacity": "%Y-%m-%d",
    "health_family_planning": "%Y年%m月%d日",
    "disability_federation": "%Y.%m.%d",
}
_TICKED = pa.array(
    ["、".join(CODE_LISTS["category"][c] for c in CATEGORIES if bits & BIT[c]) for bits in range(1 << len(CATEGORIES))],
    pa.large_string(),
)


def draw_lists(population: Population, seed: int, today: date, *, styled_dates: bool) -> dict[str, DeliveredList]:
    """The lists of all sources, every row of them right.

    Args:
        population: the people; who is on which list is decided there.
        seed: what the population was drawn with.
        today: no date is later, no assessment twelve months old, no certificate expired.
        styled_dates: each office writes dates in its own manner, else all write ISO 8601.
    """
    lists = {}
    for place, source in enumerate(SOURCES):
        people = np.flatnonzero(population.on_list[source])
        rng = np.random.default_rng((seed, 2, place))
        manner = _MANNERS[source] if styled_dates else None
        columns = _common(population, people, rng) | _WRITERS[source](population, people, rng, today, manner)
        lists[source] = DeliveredList(source, people, {name: columns[name] for name in LAYOUTS[source]})
    return lists


def _common(population: Population, people: "Ints", rng: np.random.Generator) -> dict[str, Any]:
    rows = pa.array(people)
    group = join("第", as_text(rng.integers(1, 16, len(people))), "组")
    place = join(group, as_text(rng.integers(1, 200, len(people))), "号")

    def address(villages: "Ints") -> Any:
        return join(_ADDRESSES.take(pa.array(villages[people])), place)

    return {
        "name": population.names.take(rows),
        "sex": choose(population.is_male[people], "男", "女"),
        "id_number": population.numbers.take(rows),
        "phone": some_missing(population.phones.take(rows), 0.15, rng),
        "disability_certificate_number": population.certificates.take(rows),
        "household_address": address(population.household),
        "residence_address": address(population.residence),
        "remarks": some_missing(pick(REMARKS, len(people), rng), 0.85, rng),
    }


def _survey(
    population: Population, people: "Ints", rng: np.random.Generator, today: date, manner: str | None
) -> dict[str, Any]:
    count = len(people)
    ticks = population.ticks[people]
    shown = (ticks & BIT["severely_disabled"]) > 0  # the form has the certificate inside the box 重残
    has_contact = rng.random(count) < 0.85
    columns = {
        "phone": population.phones.take(pa.array(people)),
        "emergency_contact_name": only_where(has_contact, draw_names(rng.random(count) < 0.5, rng)),
        "emergency_contact_phone": only_where(has_contact, draw_phones(count, rng)),
        "categories": _TICKED.take(pa.array(ticks)),
        "disability_certificate_number": only_where(shown, population.certificates.take(pa.array(people))),
        "household_monthly_income_fen": some_missing(_amounts(300, 5000, count, rng), 0.05, rng),
        "monthly_pension_fen": some_missing(_amounts(190, 2600, count, rng), 0.1, rng),
        "monthly_subsidy_fen": some_missing(_amounts(0, 900, count, rng), 0.3, rng),
        "assistance_organisation": some_missing(pick(ORGANISATIONS, count, rng), 0.2, rng),
        "assistance_person": some_missing(draw_names(rng.random(count) < 0.5, rng), 0.25, rng),
        "assistance_measures": some_missing(pick(ASSISTANCE, count, rng), 0.25, rng),
        "registered_date": _dates(today, rng.integers(10, 900, count), manner),
    }
    for place, villages in (("household", population.household[people]), ("residence", population.residence[people])):
        columns[f"{place}_county"] = repeat(COUNTY, count)
        columns[f"{place}_town"] = _TOWNS.take(pa.array(villages))
        columns[f"{place}_village"] = _VILLAGES.take(pa.array(villages))
    for place in ("drinking_water_safe", "electricity_safe", "gas_safe", "housing_safe"):
        columns[place] = some_missing(choose(rng.random(count) < 0.94, "是", "否"), 0.03, rng)
    return columns


def _incapacity(
    population: Population, people: "Ints", rng: np.random.Generator, today: date, manner: str | None
) -> dict[str, Any]:
    del population
    count = len(people)
    level = rng.choice(np.arange(1, 5), size=count, p=[0.4, 0.3, 0.2, 0.1])
    return {
        "ability_level": _labels("ability_level").take(pa.array(level)),
        "ability_standard": some_missing(pick(INSTRUMENTS, count, rng), 0.04, rng),
        "ability_assessed_date": _dates(today, rng.integers(5, 330, count), manner),
        "ability_assessor": some_missing(pick(ASSESSORS, count, rng), 0.05, rng),
    }


def _family_planning(
    population: Population, people: "Ints", rng: np.random.Generator, today: date, manner: str | None
) -> dict[str, Any]:
    count = len(people)
    is_male = ~population.is_male[people]
    born = population.born[people] + rng.integers(-1500, 1500, count).astype("timedelta64[D]")
    numbers = issue(draw_regions(count, rng), born, draw_order(count, rng, is_male=is_male))
    has_spouse = rng.random(count) < 0.75
    return {
        "family_planning_type": choose(rng.random(count) < 0.55, "失独", "伤残"),
        "family_planning_confirmed_date": _dates(today, rng.integers(60, 5000, count), manner),
        "spouse_name": only_where(has_spouse, draw_names(is_male, rng)),
        "spouse_id_number": some_missing(only_where(has_spouse, numbers), 0.05, rng),
    }


def _federation(
    population: Population, people: "Ints", rng: np.random.Generator, today: date, manner: str | None
) -> dict[str, Any]:
    count = len(people)
    issued = rng.integers(30, 3200, count)  # certificates last ten years (残联发〔2017〕34号)
    has_guardian = rng.random(count) < 0.4
    return {
        "phone": some_missing(population.phones.take(pa.array(people)), 0.3, rng),
        "disability_category": _labels("disability_category", first=1).take(
            pa.array(population.certificate_category[people])
        ),
        "disability_level": _labels("disability_level", first=1).take(pa.array(population.certificate_level[people])),
        "certificate_issued_date": _dates(today, issued, manner),
        "certificate_expiry_date": _dates(today, issued - 3652, manner),
        "certificate_status": repeat("正常", count),
        "guardian_name": only_where(has_guardian, draw_names(rng.random(count) < 0.5, rng)),
        "guardian_phone": some_missing(only_where(has_guardian, draw_phones(count, rng)), 0.1, rng),
    }


_Writer = Callable[[Population, "Ints", np.random.Generator, date, str | None], dict[str, Any]]
_WRITERS: dict[str, _Writer] = {
    "village_survey": _survey,
    "health_incapacity": _incapacity,
    "health_family_planning": _family_planning,
    "disability_federation": _federation,
}


def _labels(code_list: str, first: int = 0) -> Any:
    """Labels in the order of their digits, so that the digit is the place."""
    return pa.array([None] * first + list(CODE_LISTS[code_list].values()), pa.large_string())


def _amounts(least: int, most: int, count: int, rng: np.random.Generator) -> Any:
    """Amounts in yuan, one in ten with jiao and fen."""
    whole = as_text(rng.integers(least, most, count))
    fen = join(whole, ".", as_text(rng.integers(11, 99, count)))
    return pc.if_else(pa.array(rng.random(count) < 0.1), fen, whole)


def _dates(today: date, days_ago: "Ints", manner: str | None) -> Any:
    """The days before today as texts in a manner of ``strftime``, else ISO 8601."""
    days = pa.array(np.datetime64(today, "D") - days_ago.astype("timedelta64[D]"))
    return (pc.strftime(days, format=manner) if manner else days).cast(pa.large_string())
