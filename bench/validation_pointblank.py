"""The forty rules for Pointblank: steps on a polars frame, their failing rows as extracts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pointblank as pb
import polars as pl

from bench.validation_compared import FORM, NUMBER
from bench.validation_rules import DATE, RULES, WEIGHTS, BenchRule

__all__ = ["prepare"]


def prepare(folder: Path) -> tuple[Callable[[], pd.DataFrame], Any]:
    """What validates the rows of a folder, and the rows."""
    table = pl.read_parquet(folder / "rows.parquet")

    def run() -> pd.DataFrame:
        steps = pb.Validate(table)
        for rule in RULES:
            steps = _with_step(steps, rule)
        done = steps.interrogate(extract_limit=table.height)
        parts = []
        for place, rule in enumerate(RULES, start=1):
            extract = done.get_data_extracts(place, frame=True)
            rows = extract["_row_num_"].to_numpy().astype("int64") - 1
            parts.append(pd.DataFrame({"code": rule.name, "row": rows, "column": rule.column}))
        return pd.concat(parts, ignore_index=True)

    return run, table


def _with_step(steps: Any, rule: BenchRule) -> Any:
    value = pl.col(rule.column)
    match rule.kind:
        case "filled":
            return steps.col_vals_not_null(rule.column)
        case "form":
            return steps.col_vals_regex(rule.column, rule.value, na_pass=True)
        case "one_of":  # its in_set knows no na_pass
            return steps.col_vals_expr(value.is_in(list(rule.value)) | value.is_null())
        case "at_most":
            return steps.col_vals_le(rule.column, rule.value, na_pass=True)
        case "unique":
            return steps.col_vals_expr(value.is_null() | ~value.is_duplicated())
        case _:
            return steps.col_vals_expr(~pl.coalesce(_broken(rule), pl.lit(value=False)))


def _broken(rule: BenchRule) -> pl.Expr:
    value, number = pl.col(rule.column), pl.col("id_number")
    sound = number.str.contains(NUMBER)
    if rule.kind == "not_after":
        return value.str.contains(DATE) & (value > rule.value)
    if rule.kind == "checksum":
        digits = [
            number.str.slice(place, 1).cast(pl.Int32, strict=False) * weight for place, weight in enumerate(WEIGHTS)
        ]
        characters = {"X": 10, **{str(digit): digit for digit in range(10)}}
        last = number.str.slice(17, 1).replace_strict(characters, default=None, return_dtype=pl.Int32)
        return sound & ((pl.sum_horizontal(digits) + last) % 11 != 1)
    if rule.kind == "order":
        other = pl.col(rule.other)
        return value.str.contains(DATE) & other.str.contains(DATE) & (value < other)
    if rule.column == "sex":
        is_male = number.str.slice(16, 1).is_in(list("13579"))
        return sound & value.is_in(["male", "female"]) & (is_male != (value == "male"))
    if rule.column == "birth_date":
        parts = [number.str.slice(6, 4), number.str.slice(10, 2), number.str.slice(12, 2)]
        return sound & value.str.contains(DATE) & (pl.concat_str(parts, separator="-") != value)
    return sound & value.str.contains(FORM[rule.column]) & (value.str.slice(0, 18) != number)
