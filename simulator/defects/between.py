"""Defects that show only beside another row: repeated people, numbers shared by two, offices that contradict one another."""

from datetime import timedelta

import numpy as np

from schemas.findings import Finding
from simulator.defects.scene import Defect, Flags, Scene, Spot, is_alone_without_certificate
from simulator.delivered_list import STATED_ON, DeliveredList
from simulator.issued_numbers import with_check
from simulator.population import BIT, SOURCES, draw_names

__all__ = ["BETWEEN_DEFECTS"]

_F = Finding
_SURVEY = ("village_survey",)


def _again(scene: Scene, delivered: DeliveredList, row: int) -> list[Spot]:
    del scene
    return [Spot(delivered.source, delivered.copy_row(row, {}), "id_number", _F.DUPLICATE_EXACT)]


def _again_as_it_was(scene: Scene, delivered: DeliveredList, row: int) -> list[Spot]:
    """An older row about the same person, with another telephone; the newer one wins."""
    # Older than any date of the list; but an assessment older than a year would be a finding of its own.
    oldest = (335, 360) if delivered.source == "health_incapacity" else (5200, 6000)
    day = scene.today - timedelta(days=int(scene.rng.integers(*oldest)))
    changes: dict[str, str | None] = {
        STATED_ON[delivered.source]: day.isoformat(),
        "phone": str(scene.rng.integers(13_000_000_000, 13_999_999_999)),
    }
    return [Spot(delivered.source, delivered.copy_row(row, changes), "id_number", _F.DUPLICATE_CONFLICTING)]


def _other_person(scene: Scene, delivered: DeliveredList, row: int) -> list[Spot]:
    """Another name under the number: one that shares no character with it and differs in length."""
    person = int(delivered.people[row])
    name, other = delivered.value(row, "name"), ""
    while not other or len(other) == len(name) or set(other) & set(name):
        other = draw_names(~scene.population.is_male[[person]], scene.rng)[0].as_py()
    delivered.write(row, "name", other)
    on_lists = [source for source in SOURCES if scene.population.on_list[source][person]]
    return [Spot(source, scene.row_of(source, person), "name", _F.SAME_NUMBER_DIFFERENT_PERSON) for source in on_lists]


def _other_number(scene: Scene, delivered: DeliveredList, row: int) -> list[Spot]:
    """The same person once more under a number issued elsewhere: 饶平县, which no other number here has."""
    del scene
    number = with_check("445122" + delivered.value(row, "id_number")[6:17])
    added = delivered.copy_row(row, {"id_number": number})
    return [Spot(delivered.source, at, "id_number", _F.SAME_PERSON_DIFFERENT_NUMBER) for at in (row, added)]


def _contradicted(scene: Scene, delivered: DeliveredList, row: int) -> list[Spot]:
    """A tick of the survey that the office concerned denies: the certificate is cancelled, or the ability is whole.

    Both offices are asked.
    """
    person = int(delivered.people[row])
    spots = [Spot(delivered.source, row, "categories", _F.SOURCES_CONTRADICT)]
    if _is_ticked_severe(scene)[person]:
        federation = scene.lists["disability_federation"]
        listed = scene.row_of("disability_federation", person)
        federation.write(listed, "certificate_status", "注销")
        asked = (_F.CERTIFICATE_CANCELLED, _F.SOURCES_CONTRADICT)
        return [*spots, *(Spot(federation.source, listed, "certificate_status", code) for code in asked)]
    health = scene.lists["health_incapacity"]
    listed = scene.row_of("health_incapacity", person)
    health.write(listed, "ability_level", "能力完好")
    return [*spots, Spot(health.source, listed, "ability_level", _F.SOURCES_CONTRADICT)]


def _is_ticked_severe(scene: Scene) -> Flags:
    """People whose tick of 重残 has the federation's list behind it, and who have another tick besides."""
    ticks, severe = scene.population.ticks, BIT["severely_disabled"]
    return np.asarray(scene.population.on_list["disability_federation"] & ((ticks & severe) > 0) & (ticks != severe))


def _is_ticked_incapacitated(scene: Scene) -> Flags:
    ticked = (scene.population.ticks & BIT["incapacitated"]) > 0
    return np.asarray(scene.population.on_list["health_incapacity"] & ticked)


def _is_contradictable(scene: Scene) -> Flags:
    return _is_ticked_severe(scene) | _is_ticked_incapacitated(scene)


def _is_on_two_lists(scene: Scene) -> Flags:
    return np.asarray(scene.list_count == 2)


# The tightest first: the others find a place anywhere.
BETWEEN_DEFECTS: tuple[Defect, ...] = (
    Defect(_F.SOURCES_CONTRADICT, _contradicted, _SURVEY, _is_contradictable),
    Defect(_F.SAME_PERSON_DIFFERENT_NUMBER, _other_number, _SURVEY, is_alone_without_certificate),
    Defect(_F.SAME_NUMBER_DIFFERENT_PERSON, _other_person, fits=_is_on_two_lists),
    Defect(_F.DUPLICATE_EXACT, _again, weight=3),
    Defect(_F.DUPLICATE_CONFLICTING, _again_as_it_was, weight=2),
)
