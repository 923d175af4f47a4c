"""Rows after they were judged: numbers in their standard form, and what a number or certificate says where nothing else does."""

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from schemas.rules_facts import RowFacts
from transforms.columns import iso_dates, texts, to_arrow
from transforms.text import clean_column

__all__ = ["completed"]


def completed(facts: RowFacts) -> pd.DataFrame:
    """The rows with standard numbers, the number's day of birth, and category and level of a sound certificate.

    A faulty number stays as delivered, for an officer to compare; its key is missing, so nothing joins it.
    """
    rows = facts.rows.copy(deep=False)
    rows["id_number"] = _else(facts.numbers.id_number, clean_column(rows["id_number"]))
    rows["birth_date"] = iso_dates(facts.numbers.birth_date)
    if "spouse_id_number" in rows:
        rows["spouse_id_number"] = clean_column(rows["spouse_id_number"])
    if "disability_certificate_number" in rows:
        _complete_disability(rows, facts)
    return rows


def _complete_disability(rows: pd.DataFrame, facts: RowFacts) -> None:
    """What the source states of category and level stands, whatever the certificate says."""
    sound = pa.array(facts.certificates.is_well_formed)
    number = pc.if_else(sound, to_arrow(facts.certificates.number), None)
    rows["disability_certificate_number"] = _else(texts(number), clean_column(rows["disability_certificate_number"]))
    for field, digits in (
        ("disability_category", facts.certificates.category),
        ("disability_level", facts.certificates.level),
    ):
        rows[field] = _else(rows[field], digits) if field in rows else texts(to_arrow(digits))


def _else(values: pd.Series, other: pd.Series) -> pd.Series:
    return texts(pc.coalesce(to_arrow(values), to_arrow(other)))
