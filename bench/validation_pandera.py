"""The forty rules for pandera: column checks by name, comparisons as checks of the whole frame; lazy."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa

from bench.validation_compared import compared
from bench.validation_rules import COLUMNS, RULES

__all__ = ["prepare"]


def prepare(folder: Path) -> tuple[Callable[[], pd.DataFrame], pd.DataFrame]:
    """What validates the rows of a folder, and the rows."""
    table = pd.read_parquet(folder / "rows.parquet")
    checks: dict[str, list[Any]] = {column: [] for column in COLUMNS}
    wide = []
    for rule in RULES:
        if rule.kind == "form":
            checks[rule.column].append(pa.Check.str_matches(rule.value, error=rule.name))
        elif rule.kind == "one_of":
            checks[rule.column].append(pa.Check.isin(list(rule.value), error=rule.name))
        elif rule.kind == "at_most":
            checks[rule.column].append(pa.Check.le(rule.value, error=rule.name))
        elif rule.kind in {"not_after", "checksum", "agrees", "order"}:
            wide.append(pa.Check(lambda frame, rule=rule: ~compared(frame, rule), error=rule.name))
    filled = {rule.column for rule in RULES if rule.kind == "filled"}
    schema = pa.DataFrameSchema(
        {column: pa.Column(checks=checks[column], nullable=column not in filled, unique=column == "id_number") for column in COLUMNS},
        checks=wide,
    )  # fmt: skip

    def run() -> pd.DataFrame:
        try:
            schema.validate(table, lazy=True)
        except pa.errors.SchemaErrors as failure:
            cases = failure.failure_cases
        wide_of = {rule.name: rule.column for rule in RULES}
        code = cases["check"].replace({"not_nullable": "filled", "field_uniqueness": "unique"}).astype("str")
        short = code.isin(["filled", "unique"])
        code = code.where(~short, cases["column"].astype("str") + "-" + code)
        found = pd.DataFrame({"code": code, "row": cases["index"].astype("int64")})
        return found.drop_duplicates().assign(
            column=lambda cases: cases["code"].map(wide_of)
        )  # wide ones come once a column

    return run, table
