"""What a judged row is compared by later: its keys, its date, how full it is, and when it is to be judged again."""

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from schemas.configuration import Source
from schemas.findings import Severity
from schemas.rules_declared import Rule
from schemas.rules_facts import RowFacts
from transforms.columns import hash_texts, is_filled, iso_dates, join_texts, text_scalar, to_arrow

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Days = NDArray[np.datetime64]

__all__ = ["recheck_days", "with_keys"]

_NO_DAY = np.datetime64("NaT", "D")
_LAST_DAY = np.datetime64("9999-12-31")  # written for "for ever"; the day after it is no date of four digits


def recheck_days(declared: Iterable[Rule], facts: RowFacts) -> pd.Series:
    """The first day after today on which a rule that is on may judge a row otherwise; missing where there is none."""
    earliest = np.full(len(facts.rows), _NO_DAY)
    for rule in declared:
        if rule.turns_on is None or not facts.rules.is_on(rule.code):
            continue
        if any(field in facts for field in rule.fields):
            earliest = np.fmin(earliest, _after(rule.turns_on(facts), facts.today))
    return iso_dates(earliest)


def _after(days: "Days", today: date) -> "Days":
    return np.where((days > np.datetime64(today)) & (days <= _LAST_DAY), days, _NO_DAY)


def with_keys(
    rows: pd.DataFrame, facts: RowFacts, source: Source, findings: pd.DataFrame, recheck: pd.Series
) -> pd.DataFrame:
    """The rows with ``id_key name_birth_key name_place_key stated_date filled_count recheck_on is_held``."""
    known = facts.has_number
    usable = known & is_filled(rows["name"])
    number = to_arrow(rows["id_number"])
    issued = pc.binary_join_element_wise(
        pc.utf8_slice_codeunits(number, 0, 6), pc.utf8_slice_codeunits(number, 14, 17), text_scalar("")
    )
    grave = findings.loc[findings["severity"].isin([Severity.REJECT, Severity.HOLD]), "position"].to_numpy()
    held = np.zeros(len(rows), dtype=bool)
    held[grave] = True
    return rows.assign(
        id_key=_keys(facts.numbers.key, known),
        name_birth_key=_keys(hash_texts(join_texts([rows["name"], rows["birth_date"]])), usable),
        name_place_key=_keys(hash_texts(join_texts([rows["name"], issued])), usable),
        stated_date=rows[source.stated_on],
        filled_count=sum(is_filled(rows[field]).astype(np.int32) for field in source.main.columns),
        recheck_on=recheck,
        is_held=held,
    )


def _keys(keys: "NDArray[np.int64]", known: "NDArray[np.bool_]") -> pd.Series:
    return pd.Series(pd.arrays.IntegerArray(np.where(known, keys, 0), ~known))
