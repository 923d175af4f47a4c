"""Runs declared rules over a table, stage after stage, and says which findings are in force.

No rule sees what another one found, but for the reading of cells: a cell that could not be read is not missing as well.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from schemas.codes import CODE_LISTS
from schemas.configuration import Rules
from schemas.field_masks import mask_kind
from schemas.fields import FIELDS
from schemas.findings import Finding
from schemas.masking import mask_column
from schemas.rules_catalogue import rule_version
from schemas.rules_declared import Rule, Shown
from schemas.rules_facts import MemberFacts, RowFacts
from transforms.columns import map_distinct, take_distinct, texts, to_arrow
from transforms.noted import Notes
from transforms.text import clean_column

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]
    Positions = NDArray[np.int64]

__all__ = ["findings_in_force", "noted_cells", "run_rules"]


def run_rules(declared: Iterable[Rule], facts: RowFacts | MemberFacts, rules: Rules, notes: Notes) -> None:
    """Notes what the rules that have a check and are on find in a table.

    Args:
        declared: in the order of their stages.
        facts: what is known of the table.
        rules: switches in force.
        notes: where to note it.
    """
    for rule in declared:
        if rule.check is None or not rules.is_on(rule.code):
            continue
        for field in rule.fields:
            if field in facts and len(positions := np.flatnonzero(rule.check(facts, field))):
                notes.add_seen(rule.code, positions, field, _seen(facts.rows[field], field, positions, rule.shown))


def noted_cells(notes: Notes, count: int) -> "Callable[[str], Mask]":
    """For each field the rows in which its cell has been found wrong so far."""
    found = notes.frame()
    places = dict(iter(found.groupby("field")["position"])) if len(found) else {}

    def is_noted(field: str) -> "Mask":
        mask = np.zeros(count, dtype=bool)
        mask[places.get(field, [])] = True
        return mask

    return is_noted


def findings_in_force(notes: Notes, rules: Rules) -> pd.DataFrame:
    """The findings with ``severity`` and ``rule`` (the version of theirs), without those of rules that are switched off."""
    found = notes.frame()
    found = found[~found["code"].isin(list(rules.off))].reset_index(drop=True)
    codes = [Finding(code) for code in found["code"].unique()]
    return found.assign(
        severity=found["code"].map({code: str(rules.severity(code)) for code in codes}).astype("str"),
        rule=found["code"].map({code: rule_version(code, rules) for code in codes}).astype("str"),
    )


def _seen(values: pd.Series, field: str, positions: "Positions", shown: Shown) -> pd.Series | None:
    if shown == "nothing":
        return None
    chosen = texts(to_arrow(values).take(pa.array(positions)))
    if shown == "as_it_is":
        return chosen
    if shown == "label":
        labels = CODE_LISTS[FIELDS[field].codes or ""]
        return take_distinct(*map_distinct(chosen, lambda code: labels[code]))
    kind = mask_kind(field)
    if kind is None:
        raise ValueError(f"{field} has no mask")
    return mask_column(clean_column(chosen), kind)
