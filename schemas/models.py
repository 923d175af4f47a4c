"""The registry schema (附件1) as pandera schemas, made from ``schemas.fields`` and ``schemas.codes``.

They stand between stages: what passes the judgement of rows, and what is merged, must fit them. A row that does not is
no finding any more but a fault of ours, so the run stops; the message counts by column and check and quotes nothing.
"""

from datetime import date
from functools import cache

import numpy as np
import pandas as pd
import pandera.pandas as pa

from schemas.codes import CATEGORIES, CODE_LISTS
from schemas.errors import ContractBroken
from schemas.fields import ELDER_FIELDS, FIELDS
from schemas.findings import Finding
from schemas.idnumber import judge_column

__all__ = ["elders_schema", "staged_schema", "validated"]

_ISO_DATE = r"^\d{4}-\d{2}-\d{2}$"
_ALWAYS_THERE = frozenset({"id_number", "birth_date"})
_DIGITS = r"^\d+$"
_DIVISION_CODE = r"^\d{12}$"
_CATEGORIES = rf"^({'|'.join(CATEGORIES)})(\|({'|'.join(CATEGORIES)}))*$"


@cache
def staged_schema(fields: tuple[str, ...]) -> pa.DataFrameSchema:
    """Rows of a source in the registry's vocabulary, judged and not held.

    Args:
        fields: what the source states, of ``STATED_FIELDS``, and the division codes found for it.
    """
    columns = {field: _column(field, nullable=field not in _ALWAYS_THERE) for field in fields}
    return pa.DataFrameSchema(columns, name="staged rows")


@cache
def elders_schema() -> pa.DataFrameSchema:
    """Merged elders: one row per person, every value of the registry's vocabulary, a valid ID number each."""
    fields = [field for field in ELDER_FIELDS if field not in {"person_id", "status"}]
    columns = {field: _column(field, nullable=field not in _ALWAYS_THERE) for field in fields}
    columns["id_number"] = pa.Column(
        str,
        checks=pa.Check(_is_valid_number, error=str(Finding.ID_NUMBER_CHECKSUM)),
        unique=True,
    )
    return pa.DataFrameSchema(columns, name="elders")


def validated(frame: pd.DataFrame, schema: pa.DataFrameSchema) -> pd.DataFrame:
    """The frame, if it fits the schema.

    Raises:
        ContractBroken: with how many values failed which check of which column.
    """
    try:
        schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as failure:
        counts = failure.failure_cases.groupby(["column", "check"], dropna=False).size()
    else:
        return frame
    told = ", ".join(f"{column}: {check}: {count}" for (column, check), count in counts.items())
    raise ContractBroken(f"{schema.name}: {told}")


def _column(field: str, *, nullable: bool) -> pa.Column:
    checks = {
        "date": [_matches(_ISO_DATE, Finding.DATE_FORMAT)],
        "fen": [_matches(_DIGITS, Finding.AMOUNT_FORMAT)],
        "categories": [_matches(_CATEGORIES, Finding.CATEGORY_UNKNOWN)],
    }.get(FIELDS[field].kind, [])
    if FIELDS[field].kind == "code":
        checks = [pa.Check.isin(list(CODE_LISTS[FIELDS[field].codes or ""]), error=str(Finding.CODE_UNKNOWN))]
    if field.endswith("_division_code"):
        checks = [_matches(_DIVISION_CODE, Finding.DIVISION_UNKNOWN)]
    return pa.Column(str, checks=checks, nullable=nullable)


def _matches(pattern: str, name: Finding) -> pa.Check:
    return pa.Check.str_matches(pattern, error=str(name))


def _is_valid_number(id_numbers: pd.Series) -> pd.Series:
    """Whether each is an ID number by itself; that birth dates lie in the past was judged with the rows."""
    none = np.zeros(len(id_numbers), dtype=bool)
    judged = judge_column(id_numbers, none, today=date.max)
    return pd.Series(judged.key >= 0, index=id_numbers.index)
