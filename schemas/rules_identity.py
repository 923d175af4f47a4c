"""Rules of who somebody is: the ID number by itself, the age it gives, and what stands beside it.

One ID number's own faults are judged in order and only the first is reported, since later ones cannot be judged
(``schemas.idnumber_values.judge``); everything else of a row is reported side by side.
"""

from datetime import date
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from schemas.findings import ID_NUMBER_JUDGED_IN_ORDER, Finding
from schemas.idnumber_columns import judge_column
from schemas.idnumber_values import fault_of
from schemas.rules_declared import Form, Rule, Stage
from schemas.rules_facts import RowFacts, have, months_later

if TYPE_CHECKING:
    from schemas.rules_declared import Days, Mask

__all__ = ["IDENTITY_RULES", "is_valid_number"]

_F = Finding
_LAST_DAY = date.max


def is_valid_number(id_numbers: pd.Series) -> pd.Series:
    """Whether each is an ID number by itself, whenever its holder was born.

    One that ends like a spreadsheet's ruin is one, too: it comes this far only where a person has accepted it.
    """
    none = np.zeros(len(id_numbers), dtype=bool)
    judged = judge_column(id_numbers, none, today=_LAST_DAY)
    valid = np.asarray(judged.key >= 0)
    ruined = np.flatnonzero(np.asarray(judged.fault == _F.ID_NUMBER_STORED_AS_NUMBER, dtype=bool))
    if len(ruined):
        valid = valid.copy()
        valid[ruined] = [fault_of(text, today=_LAST_DAY) is None for text in id_numbers.iloc[ruined]]
    return pd.Series(valid, index=id_numbers.index)


def _has_fault(fault: Finding, facts: RowFacts, field: str) -> "Mask":
    del field
    return facts.has_fault(fault)


def _is_upgraded(facts: RowFacts, field: str) -> "Mask":
    del field
    return np.asarray(facts.numbers.upgraded)


def _is_repaired(facts: RowFacts, field: str) -> "Mask":
    del field
    return np.asarray(facts.numbers.repaired)


def _is_region_unknown(facts: RowFacts, field: str) -> "Mask":
    del field
    return np.asarray(facts.has_number & ~facts.numbers.is_region_known)


def _is_too_young(facts: RowFacts, field: str) -> "Mask":
    del field
    return np.asarray((facts.age >= 0) & (facts.age < facts.rules.minimum_age))


def _is_too_old(facts: RowFacts, field: str) -> "Mask":
    del field
    return np.asarray(facts.age > facts.rules.implausible_age)


def _comes_of_age(facts: RowFacts) -> "Days":
    return months_later(facts.numbers.birth_date, facts.rules.minimum_age * 12)


def _becomes_too_old(facts: RowFacts) -> "Days":
    return months_later(facts.numbers.birth_date, (facts.rules.implausible_age + 1) * 12)


def _differs_in_sex(facts: RowFacts, field: str) -> "Mask":
    stated = np.select([have(facts.rows[field], "male"), have(facts.rows[field], "female")], [1, 2], 0)
    return np.asarray((stated > 0) & (facts.numbers.sex > 0) & (stated != facts.numbers.sex))


def _differs_in_birth(facts: RowFacts, field: str) -> "Mask":
    stated, born = facts.days(field), facts.numbers.birth_date
    return np.asarray(~np.isnat(stated) & ~np.isnat(born) & (stated != born))


_NUMBER = ("id_number",)
_VALID = (("id_number", Form(holds=is_valid_number)),)

IDENTITY_RULES: tuple[Rule, ...] = (
    *(
        Rule(
            fault, Stage.CELL, _NUMBER, partial(_has_fault, fault), shown="masked",
            forms=_VALID if fault is _F.ID_NUMBER_CHECKSUM else (),
        )
        for fault in (*ID_NUMBER_JUDGED_IN_ORDER, _F.ID_TYPE_UNSUPPORTED)
    ),
    Rule(_F.ID_NUMBER_UPGRADED, Stage.CELL, _NUMBER, _is_upgraded, shown="masked"),
    Rule(_F.ID_NUMBER_REPAIRED, Stage.CELL, _NUMBER, _is_repaired, shown="masked"),
    Rule(_F.ID_NUMBER_REGION_UNKNOWN, Stage.CELL, _NUMBER, _is_region_unknown, shown="masked"),
    Rule(_F.AGE_UNDER_SIXTY, Stage.CELL, _NUMBER, _is_too_young, ("minimum_age",), _comes_of_age),
    Rule(_F.AGE_IMPLAUSIBLE, Stage.CELL, _NUMBER, _is_too_old, ("implausible_age",), _becomes_too_old),
    Rule(_F.SEX_MISMATCH, Stage.ROW, ("sex",), _differs_in_sex, shown="label"),
    Rule(_F.BIRTH_DATE_MISMATCH, Stage.ROW, ("birth_date",), _differs_in_birth, shown="masked"),
)  # fmt: skip
