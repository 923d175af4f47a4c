"""Rules of the six types and their evidence: what is ticked, certificates, assessments, special families."""

from typing import TYPE_CHECKING

import numpy as np

from schemas.codes import CATEGORIES, CODE_LISTS
from schemas.findings import Finding
from schemas.rules_declared import Form, Rule, Stage
from schemas.rules_facts import RowFacts, months_later, same

if TYPE_CHECKING:
    from schemas.rules_declared import Days, Mask

__all__ = ["CATEGORY_RULES"]

_F = Finding
_CERTIFICATE = ("disability_certificate_number",)
_ONE_DAY = np.timedelta64(1, "D")


def _is_empty(facts: RowFacts, field: str) -> "Mask":
    return facts.is_empty(field)


def _is_no_certificate(facts: RowFacts, field: str) -> "Mask":
    del field
    given = facts.certificates.number.notna().to_numpy()
    return np.asarray(given & ~facts.certificates.is_well_formed)


def _is_of_another(facts: RowFacts, field: str) -> "Mask":
    del field
    certificates = facts.certificates
    return certificates.is_well_formed & facts.has_number & ~same(certificates.id_part, facts.numbers.id_number)


def _differs_in_category(facts: RowFacts, field: str) -> "Mask":
    return _differs(facts, field, "category")


def _differs_in_level(facts: RowFacts, field: str) -> "Mask":
    return _differs(facts, field, "level")


def _differs(facts: RowFacts, field: str, part: str) -> "Mask":
    """Rows that state something else than the last digits of their own certificate."""
    if "disability_certificate_number" not in facts:
        return facts.none
    digits = getattr(facts.certificates, part)
    return facts.certificates.is_well_formed & facts.is_filled(field) & ~same(digits, facts.rows[field])


def _has_expired(facts: RowFacts, field: str) -> "Mask":
    """A cancelled certificate has no validity left to expire."""
    is_over = (facts.days(field) < np.datetime64(facts.today)) | facts.have("certificate_status", "expired")
    return np.asarray(is_over & ~facts.have("certificate_status", "cancelled"))


def _day_after_expiry(facts: RowFacts) -> "Days":
    return facts.days("certificate_expiry_date") + _ONE_DAY


def _is_cancelled(facts: RowFacts, field: str) -> "Mask":
    return facts.have(field, "cancelled")


def _is_assessed_long_ago(facts: RowFacts, field: str) -> "Mask":
    del field
    return np.asarray(_last_day_of_assessment(facts) < np.datetime64(facts.today))


def _day_after_assessment(facts: RowFacts) -> "Days":
    return _last_day_of_assessment(facts) + _ONE_DAY


def _last_day_of_assessment(facts: RowFacts) -> "Days":
    return months_later(facts.days("ability_assessed_date"), facts.rules.assessment_valid_months)


_NAMES = "|".join(CATEGORIES)
_SEVERE = ("severe_levels", "severe_extended_categories", "severe_extended_levels")

CATEGORY_RULES: tuple[Rule, ...] = (
    Rule(
        _F.CATEGORY_UNKNOWN, Stage.PARSE, ("categories",), judged_in="transforms.words",
        forms=(("categories", Form(pattern=rf"^({_NAMES})(\|({_NAMES}))*$")),),
    ),
    Rule(_F.CERTIFICATE_FORMAT, Stage.CELL, _CERTIFICATE, _is_no_certificate, shown="masked"),
    Rule(_F.CATEGORY_MISSING, Stage.CELL, ("categories",), _is_empty),
    Rule(_F.ABILITY_LEVEL_MISSING, Stage.CELL, ("ability_level",), _is_empty),
    Rule(
        _F.FAMILY_TYPE_UNKNOWN, Stage.CELL, ("family_planning_type",), _is_empty, judged_in="transforms.words",
        forms=(("family_planning_type", Form(choices=tuple(CODE_LISTS["family_planning_type"]))),),
    ),
    Rule(_F.CERTIFICATE_CANCELLED, Stage.CELL, ("certificate_status",), _is_cancelled),
    Rule(
        _F.ABILITY_ASSESSMENT_OLD, Stage.CELL, ("ability_assessed_date",), _is_assessed_long_ago,
        ("assessment_valid_months",), _day_after_assessment, shown="as_it_is",
    ),
    Rule(
        _F.CERTIFICATE_EXPIRED, Stage.ROW, ("certificate_expiry_date",), _has_expired,
        turns_on=_day_after_expiry, shown="as_it_is",
    ),
    Rule(_F.CERTIFICATE_ID_MISMATCH, Stage.ROW, _CERTIFICATE, _is_of_another, shown="masked"),
    Rule(
        _F.CERTIFICATE_CATEGORY_MISMATCH, Stage.ROW, ("disability_category",), _differs_in_category, shown="label"
    ),
    Rule(_F.CERTIFICATE_LEVEL_MISMATCH, Stage.ROW, ("disability_level",), _differs_in_level, shown="label"),
    Rule(
        _F.SEVERELY_DISABLED_WITHOUT_CERTIFICATE, Stage.SOURCES, _CERTIFICATE, judged_in="transforms.merging",
    ),
    Rule(
        _F.SEVERELY_DISABLED_LEVEL, Stage.SOURCES, _CERTIFICATE, parameters=_SEVERE, judged_in="transforms.merging",
    ),
)  # fmt: skip
