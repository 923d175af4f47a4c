"""The fields of one form from the cells behind its labels."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from connectors.reading.forms.answers import (
    plain,
    read_assistance,
    read_benefits,
    read_categories,
    read_date,
    read_one,
    written,
)
from connectors.reading.forms.cells import FormCell
from connectors.reading.forms.labels import BENEFITS, HOUSEHOLD, RESIDENCE
from connectors.reading.forms.places import is_same_place, read_place
from connectors.reading.forms.statements import ALL_CELLS, Statements
from connectors.reading.grid import BLANKS

__all__ = ["Values", "values_of"]

_Cells = Mapping[str, Sequence[FormCell]]

_SAFE = ("drinking_water_safe", "electricity_safe", "gas_safe", "housing_safe")
_LEVELS = ("county", "town", "village")
_AMOUNTS = ("household_monthly_income_fen", "monthly_pension_fen", "monthly_subsidy_fen")
_WITHIN = {
    "monthly_pension_fen": BENEFITS, "monthly_subsidy_fen": BENEFITS, "disability_certificate_number": "categories",
}  # fmt: skip
"""Fields whose value may stand in a cell behind another label."""
_BOXES = 15  # an ID number has this many characters or more


class Values(NamedTuple):
    """The fields that have a value, those of them stored as numbers, and the cells of which something was left over."""

    fields: dict[str, str]
    numbers: set[str]
    left: list[FormCell]


def values_of(said: Statements, fields: Sequence[str]) -> Values:
    """The given fields as they were written on the form."""
    cells, left = said.cells, list(said.stray)
    found: dict[str, str | None] = {}
    for label, behind in cells.items():
        if label not in ALL_CELLS:
            found[label] = plain(behind[0].text) if behind else None
    found["id_number"] = _id_number(cells.get("id_number", []), left)
    found["sex"] = read_one(cells.get("sex", []), "sex")
    found["registered_date"] = read_date(cells.get("registered_date", []))
    found |= {name: read_one(cells.get(name, []), "yes_no") for name in _SAFE}
    found |= read_benefits(cells.get(BENEFITS, []))
    found |= {name: written(cells[name]) for name in _AMOUNTS if name in cells}
    found["categories"], certificate = read_categories(cells.get("categories", []))
    found["disability_certificate_number"] = found.get("disability_certificate_number") or certificate
    found["assistance_organisation"], found["assistance_measures"] = read_assistance(
        cells.get("assistance_organisation", []), cells.get("assistance_measures", [])
    )
    found["remarks"] = written([cell for cell in cells.get("remarks", []) if "一式" not in cell.text])
    found |= dict(_places(cells, fields, left))
    values = {name: value for name, value in found.items() if value and name in fields}
    return Values(values, {name for name, value in values.items() if _is_number(name, value, cells)}, left)


def _is_number(name: str, value: str, cells: _Cells) -> bool:
    behind = [*cells.get(name, []), *cells.get(_WITHIN.get(name, ""), [])]
    return any(cell.stored_as_number and plain(cell.text) == value for cell in behind)


def _id_number(cells: Sequence[FormCell], left: list[FormCell]) -> str | None:
    """The number in the cell behind its label, or a character in each of many; anything more is left over."""
    filled = [cell for cell in cells if not cell.is_blank]
    if len(filled) >= _BOXES and all(len(cell.text.strip(BLANKS)) == 1 for cell in filled):
        return "".join(cell.text.strip(BLANKS) for cell in filled)
    left += [cell for cell in filled if cell is not cells[0]]
    return plain(cells[0].text) if cells else None


def _places(cells: _Cells, fields: Sequence[str], left: list[FormCell]) -> Iterator[tuple[str, str | None]]:
    """Both addresses; the second may say that it is the same as the first.

    One that cannot be divided is the address on one line where the source has such a field, else the county, which no
    division table knows by that name: it is reported.
    """
    household = read_place(cells.get(HOUSEHOLD, []))
    residence = read_place(cells.get(RESIDENCE, []))
    if is_same_place(cells.get(RESIDENCE, [])):
        residence = household._replace(rest="")
    for label, place in ((HOUSEHOLD, household), (RESIDENCE, residence)):
        if label not in cells:
            continue
        yield from ((f"{label}_{level}", getattr(place, level)) for level in _LEVELS)
        if place.whole:
            yield f"{label}_address" if f"{label}_address" in fields else f"{label}_county", place.whole
        if place.rest:
            left.append(next(cell for cell in reversed(cells[label]) if not cell.is_blank))
