"""The registry schema (附件1) as pandera schemas, made from ``schemas.fields`` and the forms that rules declare.

They stand between stages: what passes the judgement of rows, and what is merged, must fit them. A row that does not is
no finding any more but a fault of ours, so the run stops; the message counts by column and check and quotes nothing.
"""

from functools import cache
from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.engines.pandas_engine import STRING

from schemas.errors import ContractBroken
from schemas.fields import ELDER_FIELDS
from schemas.findings import Finding
from schemas.rules_catalogue import form_of
from schemas.rules_declared import Form

__all__ = ["elders_schema", "staged_schema", "validated"]

_ALWAYS_THERE = frozenset({"id_number", "birth_date"})


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
    columns["id_number"].unique = True
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


class _Text(STRING):  # type: ignore[misc]  # pandera does not say of what type it is
    """Text; where all cells are, that is one answer: of an answer for each cell pandera makes a frame, for every column."""

    def check(self, pandera_dtype: Any, data_container: Any = None) -> Any:
        """As pandera's own, in as few words."""
        answers = super().check(pandera_dtype, data_container)
        return True if not isinstance(answers, bool) and answers.all() else answers


def _column(field: str, *, nullable: bool) -> pa.Column:
    declared = form_of(field)
    return pa.Column(_Text(), checks=[_check(*declared)] if declared else [], nullable=nullable)


def _check(code: Finding, form: Form) -> pa.Check:
    """The form as a check that bears the code under which another value would have been found."""
    if form.choices:
        return pa.Check.isin(list(form.choices), error=str(code))
    if form.pattern:
        return pa.Check.str_matches(form.pattern, error=str(code))
    return pa.Check(form.holds, error=str(code))
