"""Forty rules over typed rows of elders, said once for every way: what each checks, of which column, and beside which other.

Nothing here needs the product, so that a way can run in an environment of its own.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

__all__ = ["CATEGORIES", "COLUMNS", "DATE", "RULES", "WEIGHTS", "BenchRule", "check_characters"]

Kind = Literal["filled", "form", "one_of", "at_most", "unique", "not_after", "checksum", "agrees", "order"]

YES_NO = ("yes", "no")
DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
CATEGORIES = (
    "living_alone",
    "empty_nest",
    "left_behind",
    "incapacitated",
    "severely_disabled",
    "family_planning_special",
)
_ANY = "|".join(CATEGORIES)


@dataclass(frozen=True)
class BenchRule:
    """One rule: a value that is missing breaks ``filled`` and nothing else."""

    name: str
    kind: Kind
    column: str
    value: Any = None
    other: str = ""


def _forms() -> list[BenchRule]:
    forms = {
        "name": "^[一-鿿]{2,8}(·[一-鿿]{1,8})?$", "id_number": r"^[1-9][0-9]{16}[0-9X]$",
        "phone": r"^(1[3-9][0-9]{9}|0[0-9]{2,3}-?[0-9]{7,8})$",
        "emergency_contact_phone": r"^(1[3-9][0-9]{9}|0[0-9]{2,3}-?[0-9]{7,8})$",
        "household_division_code": r"^[0-9]{12}$", "residence_division_code": r"^[0-9]{12}$",
        "disability_certificate_number": r"^[1-9][0-9]{16}[0-9X][1-7][1-4](B[0-9])?$",
        "categories": rf"^({_ANY})(\|({_ANY}))*$",
        **dict.fromkeys(
            ("birth_date", "certificate_issued_date", "certificate_expiry_date", "ability_assessed_date", "registered_date"), DATE
        ),
    }  # fmt: skip
    return [BenchRule(f"{column}-form", "form", column, form) for column, form in forms.items()]


def _choices() -> list[BenchRule]:
    choices = {
        "sex": ("male", "female"), "disability_category": tuple("1234567"), "disability_level": tuple("1234"),
        "certificate_status": ("valid", "expired", "cancelled", "moved", "suspended"), "ability_level": tuple("01234"),
        "family_planning_type": ("bereaved", "disabled_child"), "status": ("active", "withdrawn"),
        **dict.fromkeys(("drinking_water_safe", "electricity_safe", "gas_safe", "housing_safe"), YES_NO),
    }  # fmt: skip
    return [BenchRule(f"{column}-word", "one_of", column, words) for column, words in choices.items()]


RULES: tuple[BenchRule, ...] = (
    *(BenchRule(f"{column}-filled", "filled", column) for column in ("name", "id_number", "sex", "birth_date", "categories", "status")),
    *_forms(),
    *_choices(),
    *(BenchRule(f"{column}-high", "at_most", column, 5_000_000) for column in ("household_monthly_income_fen", "monthly_pension_fen", "monthly_subsidy_fen")),
    BenchRule("id_number-unique", "unique", "id_number"),
    BenchRule("birth_date-young", "not_after", "birth_date", "1964-06-30"),
    BenchRule("id_number-checksum", "checksum", "id_number"),
    BenchRule("sex-number", "agrees", "sex", other="id_number"),
    BenchRule("birth_date-number", "agrees", "birth_date", other="id_number"),
    BenchRule("certificate-number", "agrees", "disability_certificate_number", other="id_number"),
    BenchRule("certificate-order", "order", "certificate_expiry_date", other="certificate_issued_date"),
)  # fmt: skip
"""A unique number is broken by every row that shares it; comparisons are only made where both sides are there."""

COLUMNS = tuple(dict.fromkeys(rule.column for rule in RULES))

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHARACTERS = np.array(list("10X98765432"))


def check_characters(numbers: pd.Series) -> pd.Series:
    """The check character that belongs to the first 17 digits of numbers of the right form (GB 11643), in pandas."""
    total = sum(numbers.str[place].astype("int64") * weight for place, weight in enumerate(WEIGHTS))
    return pd.Series(_CHARACTERS[np.asarray(total % 11)], index=numbers.index, dtype="str")
