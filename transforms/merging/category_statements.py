"""Which statements of a category count, on what evidence, and where bodies contradict one another.

A tick in the survey states a category. The owning body's evidence is the better one: a certificate that is not of a severe
level, or cancelled, outweighs a tick of 重残 (notice.txt 附件1; the level rule is in rules.toml). Who contradicts is asked on
every side, with a finding on each row; these are found anew by every merge, so that they end when the bodies agree.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from schemas.categories import Evidence
from schemas.codes import CATEGORIES
from schemas.configuration import Configuration, Rules, Source
from schemas.findings import Finding
from transforms.columns import is_filled, to_arrow
from transforms.merging.masks import contains, is_in
from transforms.noted import Notes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

__all__ = ["stated_categories"]


@dataclass(frozen=True, slots=True, repr=False)
class _Scene:
    """Statements, whose they are, what the records of these people say, and what is found on the way.

    ``is_live``: rows a sender can be asked about; those that only stand in for a held one are not.
    """

    rows: pd.DataFrame
    person: "NDArray[np.int64]"
    elders: dict[str, pd.Series]
    rules: Rules
    notes: Notes
    is_live: "Mask"

    def of_people(self, rows: "Mask") -> "Mask":
        """All rows of the people of some rows."""
        people = np.zeros(len(self.elders["name"]), dtype=bool)
        people[self.person[rows]] = True
        return people[self.person]

    def contradict(self, one: "Mask", other: "Mask", field: str) -> None:
        """Asks both sides, where there are both: ticks of a type on the one, a field of its owner's list on the other."""
        ticks = one & self.of_people(other)
        self.find(Finding.SOURCES_CONTRADICT, ticks, "categories")
        self.find(Finding.SOURCES_CONTRADICT, other & self.of_people(one), field)

    def find(self, code: Finding, rows: "Mask", field: str) -> None:
        """Notes a finding, where its rule is judged and somebody can be asked."""
        if self.rules.is_on(code):
            self.notes.add(code, rows & self.is_live, field)


_OWNERS_FIELD = {
    "incapacitated": "ability_level",
    "severely_disabled": "disability_level",
    "family_planning_special": "family_planning_type",
}


def stated_categories(
    rows: pd.DataFrame,
    person: "NDArray[np.int64]",
    elders: dict[str, pd.Series],
    configuration: Configuration,
    notes: Notes,
) -> pd.DataFrame:
    """Every statement that counts: ``position`` of its row, ``category`` and ``evidence``; once for each row and category.

    Args:
        rows: admitted statements; those that stand in for a held one have ``is_stand_in``.
        person: of each row the place of its person in ``elders``.
        elders: what survivorship says of each person, by field.
        configuration: sources and rules in force.
        notes: takes the findings.
    """
    is_live = ~rows["is_stand_in"].to_numpy(dtype=bool) if "is_stand_in" in rows else np.ones(len(rows), dtype=bool)
    scene = _Scene(rows, person, elders, configuration.rules, notes, is_live)
    parts: list[pd.DataFrame] = []

    def state(category: str, chosen: "Mask", evidence: Evidence) -> None:
        positions = np.flatnonzero(chosen)
        parts.append(pd.DataFrame({"position": positions, "category": category, "evidence": str(evidence)}))

    ticked = {category: contains(rows["categories"], category) for category in CATEGORIES}
    for category, mask in ticked.items():
        counts = _weigh_ticks(mask, scene) if category == "severely_disabled" else mask
        state(category, counts, Evidence.SURVEY_TICK)
    for source in configuration.sources.values():
        if source.states is None:
            continue
        by_evidence = _by_being_listed(source, ticked, scene)
        for evidence, chosen in by_evidence.items():
            state(source.states, chosen, evidence)
        if source.states in configuration.rules.unticked_contradicts:
            says_others = is_filled(rows["categories"]) & ~ticked[source.states]
            listed = np.logical_or.reduce(list(by_evidence.values()))
            scene.contradict(says_others & ~listed, listed, _OWNERS_FIELD[source.states])
    # Where a row both ticks a category and states it by being listed, the list is the evidence.
    return pd.concat(parts, ignore_index=True).drop_duplicates(["position", "category"], keep="last")


def _by_being_listed(source: Source, ticked: "dict[str, Mask]", scene: _Scene) -> "dict[Evidence, Mask]":
    """Which rows state a source's category by being on its list, on which evidence."""
    rows, rules = scene.rows, scene.rules
    listed = is_in(rows["source"], (source.name,))
    if source.states == "incapacitated":
        level = _small(rows["ability_level"])
        is_able = listed & (level >= 0) & (level < rules.incapacitated_from_level)
        scene.contradict(ticked["incapacitated"], is_able, "ability_level")
        return {
            Evidence.ASSESSMENT: listed & (level >= rules.incapacitated_from_level),
            Evidence.LIST: listed & (level < 0),
        }
    if source.states == "severely_disabled":
        is_cancelled = listed & is_in(rows["certificate_status"], ("cancelled",))
        return {Evidence.CERTIFICATE: listed & _is_severe(rows, rules) & ~is_cancelled}
    return {Evidence.LIST: listed}


def _weigh_ticks(ticked: "Mask", scene: _Scene) -> "Mask":
    """Which ticks of 重残 stand beside what the person's certificate says."""
    elders, person = scene.elders, scene.person
    of_person = {f: elders[f] for f in ("disability_category", "disability_level", "certificate_status")}
    has_certificate = (is_filled(elders["disability_certificate_number"]) | is_filled(elders["disability_level"]))[
        person
    ]
    cancelled = is_in(of_person["certificate_status"], ("cancelled",))[person]
    severe = _is_severe(pd.DataFrame(of_person), scene.rules)[person]
    level_known = is_filled(elders["disability_level"])[person]
    says_cancelled = cancelled & is_in(scene.rows["certificate_status"], ("cancelled",))
    scene.contradict(ticked & cancelled, says_cancelled, "certificate_status")
    unproven, too_light = ticked & ~has_certificate, ticked & ~cancelled & level_known & ~severe
    number = "disability_certificate_number"
    scene.find(Finding.SEVERELY_DISABLED_WITHOUT_CERTIFICATE, unproven, number)
    scene.find(Finding.SEVERELY_DISABLED_LEVEL, too_light, number)
    return ticked & ~cancelled & ~too_light


def _is_severe(rows: pd.DataFrame, rules: Rules) -> "Mask":
    severe = is_in(rows["disability_level"], rules.severe_levels)
    if rules.severe_extended_categories:
        severe |= is_in(rows["disability_level"], rules.severe_extended_levels) & is_in(
            rows["disability_category"], rules.severe_extended_categories
        )
    return severe


def _small(values: pd.Series) -> "NDArray[np.int64]":
    """Digits as numbers, -1 where missing."""
    return np.asarray(pc.fill_null(to_arrow(values).cast(pa.int64()), -1))
