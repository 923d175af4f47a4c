"""Rules of cells that say what a person's contact, dates, amounts and places are, most of them judged while they are read."""

from typing import TYPE_CHECKING

import numpy as np

from schemas.codes import CODE_LISTS
from schemas.fields import FIELDS, LIFE_FIELDS, MEMBER_FIELDS, STATED_FIELDS, Kind
from schemas.findings import Finding
from schemas.rules_declared import Form, Rule, Stage
from schemas.rules_facts import RowFacts

if TYPE_CHECKING:
    from schemas.rules_declared import Mask

__all__ = ["CELL_RULES"]

_F = Finding
_READ = tuple(dict.fromkeys((*STATED_FIELDS, *LIFE_FIELDS, *MEMBER_FIELDS)))
_OWN_CODES = {"family_planning_type", "relation_to_head"}  # unknown words of these have findings of their own
_PLACED = tuple(
    f"{place}_{part}" for place in ("household", "residence") for part in ("county", "town", "village", "address")
)


def _fields_of(kind: Kind) -> tuple[str, ...]:
    return tuple(field for field in _READ if FIELDS[field].kind == kind)


def _all_of_form(fields: tuple[str, ...], form: Form) -> tuple[tuple[str, Form], ...]:
    return tuple((field, form) for field in fields)


def _is_empty(facts: RowFacts, field: str) -> "Mask":
    return facts.is_empty(field)


def _is_nowhere(facts: RowFacts, field: str) -> "Mask":
    """Rows without any address, said of the first place the table has."""
    places = [name for name in facts.rows.columns if name in _PLACED]
    if field != places[0]:
        return facts.none
    nowhere: Mask = np.logical_and.reduce([~facts.is_filled(name) for name in places])
    return nowhere


_DATES, _AMOUNTS, _NAMES, _PHONES = _fields_of("date"), _fields_of("fen"), tuple(
    field for field in _READ if FIELDS[field].kind == "text" and field.endswith("name")
), _fields_of("phone")  # fmt: skip
_CODES = tuple(field for field in _fields_of("code") if field not in _OWN_CODES)
_DIVISIONS = tuple(field for field in _PLACED if field in _READ)
_ONE_OF = tuple((field, Form(choices=tuple(CODE_LISTS[FIELDS[field].codes or ""]))) for field in _CODES)
_TWELVE_DIGITS = Form(pattern=r"^\d{12}$")

CELL_RULES: tuple[Rule, ...] = (
    Rule(
        _F.DATE_FORMAT, Stage.PARSE, _DATES, forms=_all_of_form(_DATES, Form(pattern=r"^\d{4}-\d{2}-\d{2}$")),
        judged_in="transforms.dates",
    ),
    Rule(
        _F.AMOUNT_FORMAT, Stage.PARSE, _AMOUNTS, forms=_all_of_form(_AMOUNTS, Form(pattern=r"^\d+$")),
        judged_in="transforms.amounts",
    ),
    Rule(_F.CODE_UNKNOWN, Stage.PARSE, _CODES, forms=_ONE_OF, judged_in="transforms.words"),
    Rule(
        _F.DIVISION_UNKNOWN, Stage.PARSE, _DIVISIONS, judged_in="transforms.places",
        forms=_all_of_form(("household_division_code", "residence_division_code"), _TWELVE_DIGITS),
    ),
    Rule(_F.NAME_MISSING, Stage.CELL, ("name",), _is_empty),
    Rule(_F.NAME_CHARACTERS, Stage.CELL, _NAMES, judged_in="transforms.standardise"),
    Rule(_F.PHONE_FORMAT, Stage.CELL, _PHONES, judged_in="transforms.phones"),
    Rule(_F.DATE_FUTURE, Stage.CELL, _DATES, judged_in="transforms.dates"),
    Rule(_F.AMOUNT_NEGATIVE, Stage.CELL, _AMOUNTS, judged_in="transforms.amounts"),
    Rule(_F.DIVISION_INCONSISTENT, Stage.ROW, _DIVISIONS, judged_in="transforms.places"),
    Rule(_F.ADDRESS_MISSING, Stage.ROW, _DIVISIONS, _is_nowhere),
)  # fmt: skip
