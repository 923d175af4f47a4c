"""The forty rules for Great Expectations: complete results; comparisons as columns of answers made before, in the same time."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.validation_compared import compared
from bench.validation_rules import RULES, BenchRule

os.environ["GX_ANALYTICS_ENABLED"] = "false"
import great_expectations as gx
import great_expectations.expectations as gxe

__all__ = ["prepare"]


def prepare(folder: Path) -> tuple[Callable[[], pd.DataFrame], Any]:
    """What validates the rows of a folder, and the rows."""
    table = pd.read_parquet(folder / "rows.parquet")
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    batches = (
        context.data_sources.add_pandas("rows")
        .add_dataframe_asset("elders")
        .add_batch_definition_whole_dataframe("all")
    )
    suite = gx.ExpectationSuite("rules")
    rule_of = {}
    for rule in RULES:
        expected = suite.add_expectation(_expectation(rule))
        rule_of[expected.expectation_type, expected.column] = rule

    def run() -> pd.DataFrame:
        wide = [rule for rule in RULES if rule.kind in {"not_after", "checksum", "agrees", "order"}]
        frame = table.assign(**{f"is {rule.name}": compared(table, rule) for rule in wide})
        batch = batches.get_batch({"dataframe": frame})
        result = batch.validate(suite, result_format={"result_format": "COMPLETE"})
        parts = []
        for each in result.results:
            rule = rule_of[each.expectation_config.type, each.expectation_config.kwargs["column"]]
            rows = np.asarray(each.result.get("unexpected_index_list") or [], dtype=np.int64)
            parts.append(pd.DataFrame({"code": rule.name, "row": rows, "column": rule.column}))
        return pd.concat(parts, ignore_index=True)

    return run, table


def _expectation(rule: BenchRule) -> Any:
    match rule.kind:
        case "filled":
            return gxe.ExpectColumnValuesToNotBeNull(column=rule.column)
        case "form":
            return gxe.ExpectColumnValuesToMatchRegex(column=rule.column, regex=rule.value)
        case "one_of":
            return gxe.ExpectColumnValuesToBeInSet(column=rule.column, value_set=list(rule.value))
        case "at_most":
            return gxe.ExpectColumnValuesToBeBetween(column=rule.column, max_value=rule.value)
        case "unique":
            return gxe.ExpectColumnValuesToBeUnique(column=rule.column)
        case _:
            return gxe.ExpectColumnValuesToBeInSet(column=f"is {rule.name}", value_set=[False])
