"""Judges standardised rows by the rules declared for them (``schemas.rules_catalogue``), each row on its own.

Cells were judged when they were read; here come the cells' rules that need no reading, then those that compare cells of
a row. Rules that need other rows of a person live in ``transforms.between``, those of other lists in ``transforms.merge``.
"""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from schemas.configuration import Rules, Source
from schemas.idnumber import JudgedColumn, judge_column
from schemas.rules_catalogue import MEMBER_RULES, ROW_RULES
from schemas.rules_declared import Rule
from schemas.rules_facts import MemberFacts, RowFacts
from transforms.columns import texts, to_arrow
from transforms.completed import completed
from transforms.judged_keys import recheck_days, with_keys
from transforms.noted import Notes
from transforms.rule_runner import findings_in_force, noted_cells, run_rules
from transforms.standardise import Standardised
from transforms.text import clean_column

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

__all__ = ["JudgedMembers", "JudgedRows", "judge", "judge_members"]


class JudgedRows(NamedTuple):
    """Every row that came in, with what is needed to compare it with others, and all findings.

    ``rows`` has the standardised fields plus ``id_key`` (missing where the number is faulty), ``name_birth_key``,
    ``name_place_key``, ``stated_date``, ``filled_count``, ``recheck_on`` (the first later day on which the judgement
    may change, missing if none) and ``is_held``.
    """

    rows: pd.DataFrame
    findings: pd.DataFrame


class JudgedMembers(NamedTuple):
    """Household members with ``elder_id_number`` in its standard form, ``is_linked``, and their findings."""

    rows: pd.DataFrame
    findings: pd.DataFrame


def judge(
    standardised: Standardised,
    stored_as_number: "dict[str, Mask]",
    source: Source,
    rules: Rules,
    *,
    today: date,
    declared: Sequence[Rule] = ROW_RULES,
) -> JudgedRows:
    """Judges a source's main table.

    Args:
        standardised: rows in the registry's vocabulary and their cells' findings, which are kept.
        stored_as_number: for ID and certificate columns, which cells the spreadsheet held as numbers.
        source: whose rows these are.
        rules: thresholds, severities and switches in force.
        today: the business date, on which ages and validity are reckoned.
        declared: the rules, in the order of their stages.
    """
    notes = Notes(standardised.notes)
    numbers = _judged_numbers(standardised.rows, "id_number", stored_as_number, today)
    is_noted = noted_cells(notes, len(standardised.rows))
    facts = RowFacts(standardised.rows, numbers, is_noted, rules, today)
    run_rules(declared, facts, rules, notes)
    findings = findings_in_force(notes, rules)
    rows = with_keys(completed(facts), facts, source, findings, recheck_days(declared, facts))
    return JudgedRows(rows, findings)


def judge_members(
    standardised: Standardised,
    stored_as_number: "dict[str, Mask]",
    elder_numbers: pd.Series,
    rules: Rules,
    *,
    today: date,
    declared: Sequence[Rule] = MEMBER_RULES,
) -> JudgedMembers:
    """Judges the sheet 家庭成员 and links each member to an elder of the same delivery.

    Args:
        standardised: members in the registry's vocabulary.
        stored_as_number: which number cells the spreadsheet held as numbers.
        elder_numbers: the valid ID numbers of the delivery's main table.
        rules: severities and switches in force.
        today: the business date.
        declared: the rules, in the order of their stages.
    """
    rows, notes = standardised.rows.copy(deep=False), Notes(standardised.notes)
    elders = _judged_numbers(rows, "elder_id_number", stored_as_number, today)
    members = _judged_numbers(rows, "id_number", stored_as_number, today) if "id_number" in rows else None
    rows["elder_id_number"] = _standard(elders, rows["elder_id_number"])
    if members is not None:
        rows["id_number"] = _standard(members, rows["id_number"])
    known = pc.is_in(to_arrow(elders.id_number), to_arrow(elder_numbers), skip_nulls=True)
    linked = np.asarray(known.to_numpy(zero_copy_only=False), dtype=bool)
    run_rules(declared, MemberFacts(rows, members, linked), rules, notes)
    return JudgedMembers(rows.assign(is_linked=linked), findings_in_force(notes, rules))


def _judged_numbers(rows: pd.DataFrame, field: str, stored_as_number: "dict[str, Mask]", today: date) -> JudgedColumn:
    none = np.zeros(len(rows), dtype=bool)
    return judge_column(rows[field], stored_as_number.get(field, none), today=today)


def _standard(numbers: JudgedColumn, delivered: pd.Series) -> pd.Series:
    """Numbers in their standard form; a faulty one as delivered."""
    return texts(pc.coalesce(to_arrow(numbers.id_number), to_arrow(clean_column(delivered))))
