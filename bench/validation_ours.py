"""The forty rules as declarations of ours, run by the runner that judges the rows of a night."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from bench.validation_rules import CATEGORIES, DATE, RULES, BenchRule
from schemas.arrow_strings import byte_lengths, fixed_width_bytes, flat_strings
from schemas.configuration import Rules
from schemas.rules_declared import Rule, Stage
from schemas.rules_facts import have
from transforms.columns import texts
from transforms.noted import Notes
from transforms.rule_runner import run_rules

__all__ = ["prepare"]

Mask = np.ndarray[Any, np.dtype[np.bool_]]
_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2, 1], dtype=np.uint16)


@dataclass(frozen=True)
class Facts:
    """What the checks ask of the rows; numbers and dates are taken apart once."""

    rows: pd.DataFrame

    def __contains__(self, field: str) -> bool:
        return field in self.rows

    @cached_property
    def arrays(self) -> dict[str, Any]:
        return {name: flat_strings(column) for name, column in self.rows.items() if column.dtype == "str"}

    @cached_property
    def number(self) -> tuple[Mask, Any]:
        """Which numbers have the right form, and the digits of these (X is 10) by place."""
        return _shaped(self.arrays["id_number"], 18, last_x=True)

    def day(self, field: str) -> tuple[Mask, Any]:
        """Which texts have the form of a day, and these as numbers like 19400506."""
        if field not in self._days:
            self._days[field] = _days(self.arrays[field])
        return self._days[field]

    @cached_property
    def _days(self) -> dict[str, tuple[Mask, Any]]:
        return {}


def prepare(folder: Path) -> tuple[Callable[[], pd.DataFrame], Any]:
    """The runner of ``transforms.rule_runner`` over the rows."""
    table = parquet.read_table(folder / "rows.parquet")
    rows = pd.DataFrame({
        name: texts(column) if pa.types.is_string(column.type) or pa.types.is_large_string(column.type) else column.to_pandas()
        for name, column in zip(table.column_names, table.columns, strict=True)
    })  # fmt: skip
    rules: Any = [Rule(rule.name, Stage.CELL, (rule.column,), partial(_CHECKS[rule.kind], rule)) for rule in RULES]  # type: ignore[arg-type]

    def run() -> pd.DataFrame:
        notes = Notes()
        run_rules(rules, Facts(rows), Rules(), notes)  # type: ignore[arg-type]
        found = notes.frame()
        return found.rename(columns={"position": "row", "field": "column"})

    return run, table


def _is_missing(rule: BenchRule, facts: Facts, field: str) -> Mask:
    del rule
    return np.asarray(facts.arrays[field].is_null().to_numpy(zero_copy_only=False))


def _has_no_form(rule: BenchRule, facts: Facts, field: str) -> Mask:
    column = facts.arrays[field]
    if rule.value == DATE:
        good = facts.day(field)[0]
    elif field == "id_number":
        good = facts.number[0]
    elif field.endswith("_division_code"):
        good = _shaped(column, 12)[0]
    elif field == "categories":
        return _not_among(column, lambda text: set(text.split("|")) <= set(CATEGORIES))
    else:
        good = np.asarray(pc.fill_null(pc.match_substring_regex(column, rule.value), True))  # noqa: FBT003
        return ~good
    return ~good & ~_is_missing(rule, facts, field)


def _is_no_word(rule: BenchRule, facts: Facts, field: str) -> Mask:
    known = pc.is_in(facts.arrays[field], pa.array(rule.value, pa.large_string()))
    return ~np.asarray(known) & ~_is_missing(rule, facts, field)


def _is_too_high(rule: BenchRule, facts: Facts, field: str) -> Mask:
    return np.asarray(facts.rows[field] > rule.value)


def _is_shared(rule: BenchRule, facts: Facts, field: str) -> Mask:
    """Sound numbers are compared as integers, the few others as the texts they are."""
    del rule
    sound, digits = facts.number
    keys = (_joined(digits[:8]).astype(np.int64) * 10**9 + _joined(digits[8:17])) * 11 + digits[17]
    shared = _put(sound, pd.Series(keys).duplicated(keep=False).to_numpy())
    others = facts.rows[field][~sound]
    shared[~sound] = others.duplicated(keep=False).to_numpy() & others.notna().to_numpy()
    return shared


def _is_after(rule: BenchRule, facts: Facts, field: str) -> Mask:
    is_day, days = facts.day(field)
    return _put(is_day, days > int(rule.value.replace("-", "")))


def _has_wrong_check(rule: BenchRule, facts: Facts, field: str) -> Mask:
    del rule, field
    sound, digits = facts.number
    return _put(sound, np.einsum("i,ij->j", _WEIGHTS, digits.astype(np.uint16)) % 11 != 1)


def _differs_from_number(rule: BenchRule, facts: Facts, field: str) -> Mask:
    del rule
    sound, digits = facts.number
    if field == "sex":
        is_male, is_female = have(facts.rows[field], "male"), have(facts.rows[field], "female")
        is_odd = _put(sound, digits[16] % 2 == 1)
        return sound & ((is_male & ~is_odd) | (is_female & is_odd))
    if field == "birth_date":
        is_day, days = facts.day(field)
        said, stated = np.zeros(len(sound), np.int32), np.zeros(len(sound), np.int32)
        said[sound], stated[is_day] = _joined(digits[6:14]), days
        return sound & is_day & (said != stated)
    column = facts.arrays[field]
    same = pc.equal(pc.utf8_slice_codeunits(column, 0, 18), facts.arrays["id_number"])
    broken = np.asarray(pc.fill_null(pc.invert(same), False)) & sound  # noqa: FBT003
    at = np.flatnonzero(broken)
    form = next(other.value for other in RULES if other.kind == "form" and other.column == field)
    broken[at] = np.asarray(pc.match_substring_regex(column.take(pa.array(at)), form))
    return broken


def _is_in_wrong_order(rule: BenchRule, facts: Facts, field: str) -> Mask:
    (is_day, days), (is_other, others) = facts.day(field), facts.day(rule.other)
    later, earlier = np.zeros(len(is_day), np.int32), np.zeros(len(is_day), np.int32)
    later[is_day], earlier[is_other] = days, others
    return is_day & is_other & (later < earlier)


_CHECKS: dict[str, Callable[[BenchRule, Any, str], Mask]] = {
    "filled": _is_missing, "form": _has_no_form, "one_of": _is_no_word, "at_most": _is_too_high, "unique": _is_shared,
    "not_after": _is_after, "checksum": _has_wrong_check, "agrees": _differs_from_number, "order": _is_in_wrong_order,
}  # fmt: skip


def _shaped(column: Any, width: int, *, last_x: bool = False) -> tuple[Mask, Any]:
    """Which texts are ``width`` digits, the first none of 0 and the last perhaps X where it may be; and their digits by place."""
    right = byte_lengths(column) == width
    digits = fixed_width_bytes(column if right.all() else column.filter(pa.array(right)), width) - ord("0")
    if last_x:
        digits[-1][digits[-1] == ord("X") - ord("0")] = 10
        good = (digits[:-1].max(axis=0, initial=0) <= 9) & (digits[-1] <= 10) & (digits[0] > 0)
    else:
        good = digits.max(axis=0, initial=0) <= 9
    return _put(right, good), digits if good.all() else digits[:, good]


def _days(column: Any) -> tuple[Mask, Any]:
    right = byte_lengths(column) == 10
    parts = fixed_width_bytes(column if right.all() else column.filter(pa.array(right)), 10) - ord("0")
    digits = parts[[0, 1, 2, 3, 5, 6, 8, 9]]
    dash = np.uint8(256 + ord("-") - ord("0"))
    good = (digits.max(axis=0, initial=0) <= 9) & (parts[4] == dash) & (parts[7] == dash)
    return _put(right, good), _joined(digits if good.all() else digits[:, good])


def _joined(digits: Any) -> Any:
    numbers = digits[0].astype(np.int32)
    for digit in digits[1:]:
        numbers *= 10
        numbers += digit
    return numbers


def _put(rows: Mask, answers: Any) -> Mask:
    """Answers about some rows as answers about all, false for the others."""
    if rows.all():
        return np.asarray(answers)
    mask = np.zeros(len(rows), dtype=bool)
    mask[rows] = answers
    return mask


def _not_among(column: Any, is_good: Callable[[str], bool]) -> Mask:
    """Rows whose text is not good; each distinct text is asked once."""
    encoded = column.dictionary_encode()
    bad = np.array([not is_good(text) for text in encoded.dictionary.to_pylist()] + [False])
    return bad[np.asarray(pc.fill_null(encoded.indices, len(bad) - 1))]
