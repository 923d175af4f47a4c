"""Which columns somebody is expected to fill in, and of whom: what completeness is measured by.

A column that may rightly be empty (remarks, a guardian, a spouse) is not among them.
"""

from collections.abc import Iterable
from types import MappingProxyType

__all__ = ["EXPECTED_OF_ELDERS", "expected_of_list"]

_OF_EVERYONE = (
    "sex", "phone", "emergency_contact_name", "emergency_contact_phone", "household_town", "household_village", "categories",
    "drinking_water_safe", "electricity_safe", "gas_safe", "housing_safe", "household_monthly_income_fen",
    "monthly_pension_fen", "monthly_subsidy_fen", "assistance_organisation", "assistance_person", "assistance_measures",
    "registered_date",
)  # fmt: skip
_OF_A_CATEGORY = {
    "disability_certificate_number": "severely_disabled", "disability_category": "severely_disabled",
    "disability_level": "severely_disabled", "ability_level": "incapacitated", "ability_standard": "incapacitated",
    "ability_assessed_date": "incapacitated", "family_planning_type": "family_planning_special",
}  # fmt: skip
_MAY_BE_EMPTY = frozenset(
    {
        "remarks", "guardian_name", "guardian_phone", "spouse_name", "spouse_id_number", "birth_date", "life_status",
        "life_status_date",
    }
)  # fmt: skip

EXPECTED_OF_ELDERS: MappingProxyType[str, str | None] = MappingProxyType(
    {**dict.fromkeys(_OF_EVERYONE), **_OF_A_CATEGORY}
)
"""Columns of 附件1 to the category whose elders are asked for them; ``None``: all are."""


def expected_of_list(columns: Iterable[str]) -> dict[str, str | None]:
    """The columns of a list that are expected to be filled in, to the category whose rows are asked for them.

    A list that says no categories is about one kind of person, and asks everybody on it.

    >>> expected_of_list(["name", "ability_level", "remarks"])
    {'name': None, 'ability_level': None}
    >>> expected_of_list(["categories", "disability_certificate_number"])
    {'categories': None, 'disability_certificate_number': 'severely_disabled'}
    """
    asked = [column for column in columns if column not in _MAY_BE_EMPTY]
    says_categories = "categories" in asked
    return {column: _OF_A_CATEGORY.get(column) if says_categories else None for column in asked}
