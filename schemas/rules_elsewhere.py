"""Rules that are judged where their evidence is made: files, household sheets, other rows, other lists, the registry, the platform."""

from typing import TYPE_CHECKING

import numpy as np

from schemas.codes import CODE_LISTS
from schemas.findings import Finding
from schemas.rules_declared import Form, Rule, Stage
from schemas.rules_facts import MemberFacts, have, is_filled

if TYPE_CHECKING:
    from schemas.rules_declared import Mask

__all__ = ["BETWEEN_RULES", "FILE_RULES", "HOUSEHOLD_RULES", "PUSH_RULES"]

_F = Finding
_READING = "connectors.reading"
_LIMITS = ("reading.file_megabytes", "reading.memory_megabytes", "reading.cpu_seconds", "reading.wall_seconds")
_BRAKE = ("brake.people", "brake.share", "brake.village_people", "brake.village_share")

FILE_RULES: tuple[Rule, ...] = (
    *(
        Rule(code, Stage.FILE, judged_in=_READING)
        for code in (
            _F.FILE_UNREADABLE, _F.FILE_ENCRYPTED, _F.FILE_EMPTY, _F.FILE_HOSTILE, _F.ENCODING_UNDECODABLE,
            _F.HEADER_NOT_FOUND, _F.COLUMN_MISSING, _F.COLUMN_DUPLICATED, _F.COLUMN_UNKNOWN, _F.LINE_BROKEN,
        )
    ),
    Rule(_F.FILE_TOO_LARGE, Stage.FILE, parameters=_LIMITS, judged_in=_READING),
    Rule(_F.DELIVERY_REPEATED, Stage.FILE, judged_in="flows.intake.file_notes"),
    Rule(_F.DELIVERY_SHRUNK, Stage.REGISTRY, parameters=_BRAKE, judged_in="flows.intake.file_notes"),
)  # fmt: skip


def _is_no_number(facts: MemberFacts, field: str) -> "Mask":
    """Numbers that are none, and numbers of elders who are not in the list; a member's may be left out."""
    if field == "elder_id_number":
        return ~facts.is_linked
    given = is_filled(facts.rows[field])
    return given & ~is_filled(facts.members.id_number) if facts.members is not None else given


def _has_no_head(facts: MemberFacts, field: str) -> "Mask":
    """The first member of each household in which nobody is the head."""
    household = facts.rows["elder_id_number"]
    headed = household.isin(household[have(facts.rows[field], "head")]).to_numpy()
    return np.asarray(facts.is_linked & ~headed & ~household.duplicated().to_numpy())


HOUSEHOLD_RULES: tuple[Rule, ...] = (
    Rule(
        _F.HOUSEHOLD_RELATION_UNKNOWN, Stage.PARSE, ("relation_to_head",), judged_in="transforms.words",
        forms=(("relation_to_head", Form(choices=tuple(CODE_LISTS["relation"]))),),
    ),
    Rule(
        _F.HOUSEHOLD_MEMBER_ID, Stage.ROWS, ("elder_id_number", "id_number"), _is_no_number, shown="masked",
    ),
    Rule(_F.HOUSEHOLD_HEAD_MISSING, Stage.ROWS, ("relation_to_head",), _has_no_head),
)  # fmt: skip

_CONTRADICTED = (
    "categories",
    "disability_level",
    "certificate_status",
    "ability_level",
    "family_planning_type",
    "life_status",
)

BETWEEN_RULES: tuple[Rule, ...] = (
    Rule(_F.DUPLICATE_EXACT, Stage.ROWS, ("id_number",), judged_in="transforms.between"),
    Rule(_F.DUPLICATE_CONFLICTING, Stage.ROWS, ("id_number",), judged_in="transforms.between"),
    Rule(_F.SAME_NUMBER_DIFFERENT_PERSON, Stage.SOURCES, ("name",), judged_in="transforms.between"),
    Rule(_F.SAME_PERSON_DIFFERENT_NUMBER, Stage.SOURCES, ("id_number",), judged_in="transforms.between"),
    Rule(
        _F.SOURCES_CONTRADICT, Stage.SOURCES, _CONTRADICTED, parameters=("incapacitated_from_level", "unticked_contradicts"),
        judged_in="transforms.merging",
    ),
)  # fmt: skip

PUSH_RULES: tuple[Rule, ...] = (
    Rule(_F.PLATFORM_REJECTED, Stage.PUSH, judged_in="transforms.platform_findings"),
    Rule(_F.PLATFORM_UNKNOWN_OUTCOME, Stage.PUSH, judged_in="transforms.platform_findings"),
)
