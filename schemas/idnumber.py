"""Identity numbers (GB 11643-1999), the one source of truth: import everything about them from here.

``schemas.idnumber_values`` knows what one number is; ``schemas.idnumber_columns`` applies the same rules to a column.
"""

from schemas.idnumber_columns import ID_NUMBER_FAULTS, NO_KEY, JudgedColumn, judge_column
from schemas.idnumber_values import (
    IdNumber,
    Judged,
    birth_date,
    check_character,
    is_region_known,
    judge,
    repair,
    sex,
)

__all__ = [
    "ID_NUMBER_FAULTS",
    "NO_KEY",
    "IdNumber",
    "Judged",
    "JudgedColumn",
    "birth_date",
    "check_character",
    "is_region_known",
    "judge",
    "judge_column",
    "repair",
    "sex",
]
