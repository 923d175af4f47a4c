"""The lines of one form: which cells belong to which label, and which lines are the household's."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from connectors.reading.forms.cells import FormCell
from connectors.reading.forms.choices import has_marks
from connectors.reading.forms.labels import BENEFITS, END, HOUSEHOLD, RESIDENCE, Labels, Said, is_heading

__all__ = ["ALL_CELLS", "Line", "Statements", "collect", "divide", "is_over"]

ALL_CELLS = frozenset({
    HOUSEHOLD, RESIDENCE, BENEFITS, END, "categories", "registered_date", "assistance_organisation", "assistance_measures",
    "drinking_water_safe", "electricity_safe", "gas_safe", "housing_safe", "household_monthly_income_fen",
    "monthly_pension_fen", "monthly_subsidy_fen", "remarks", "id_number",
})  # fmt: skip
"""Labels to which every cell behind them belongs; to any other only the first does."""

_MANY_ROWS = frozenset({"categories", BENEFITS, "assistance_organisation"})
"""Labels whose boxes go on in the rows below, merged with them or not."""

_REPEATABLE = frozenset({"remarks", "registered_date", END, "emergency_contact_name", "assistance_person"})
_NOWHERE = ""


class Line(NamedTuple):
    """A row of a page and the cells it shows, those that reach into it from above included."""

    row: int
    cells: list[FormCell]


@dataclass(slots=True, repr=False)
class Statements:
    """The cells behind each label of a form and the row of the label; labels that came twice, cells that have none."""

    cells: dict[str, list[FormCell]] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    twice: list[tuple[str, FormCell]] = field(default_factory=list)
    stray: list[FormCell] = field(default_factory=list)


def divide(form: Sequence[Line], labels: Labels) -> tuple[list[Line], list[Line]]:
    """The table of household members with its header first, and all other lines."""
    members: list[Line] = []
    rest: list[Line] = []
    is_inside = False
    for line in form:
        if labels.is_member_header(line.cells):
            is_inside = True
            members += [] if members else [line]
            continue
        is_inside = is_inside and not _ends_members(line, members[0], labels)
        (members if is_inside else rest).append(line)
    return members, rest


def _ends_members(line: Line, header: Line, labels: Labels) -> bool:
    if _is_heading(line, labels) or any(said.label for said in labels.said(line.cells)):
        return True
    heads = [head for head in header.cells if labels.of_member(head.text)]
    return any(sum(is_over(cell, head) for head in heads) > 1 for cell in line.cells if not cell.is_blank)


def _is_heading(line: Line, labels: Labels) -> bool:
    """Whether a line heads a part; a heading may also stand at the side, beside labels."""
    first = next((cell for cell in line.cells if not cell.is_blank), None)
    if first is None or first.row != line.row or not is_heading(first.text):
        return False
    return not any(said.label for said in labels.said(line.cells))


def is_over(one: FormCell, other: FormCell) -> bool:
    """Whether two cells have a column in common."""
    return one.column < other.column + other.column_span and other.column < one.column + one.column_span


def collect(lines: Sequence[Line], labels: Labels) -> Statements:
    """The cells behind each label: to its right, and below where its boxes go on."""
    said = Statements()
    going_on: str | None = None
    for line in lines:
        if _is_heading(line, labels):
            going_on = None
            continue
        current, first = going_on, None
        for piece in labels.said(_without_heading(line)):
            begins = piece.cell.row == line.row
            label = _in_context(piece, current, line, said)
            if label is None:
                if begins and current is not None:
                    _add(said, current, piece.cell)
                continue
            current, first = label, first or label
            if begins:
                current = _begin(said, label, piece.cell)
        if first:
            going_on = first if first in _MANY_ROWS else None
    return said


def _without_heading(line: Line) -> list[FormCell]:
    """The cells of a line but for a heading at its side."""
    side = next((cell for cell in line.cells if not cell.is_blank), None)
    return [cell for cell in line.cells if cell is not side or not is_heading(cell.text)]


def _in_context(piece: Said, current: str | None, line: Line, said: Statements) -> str | None:
    """The label as it is meant here: the form has 联系电话 twice, and 残疾人证号 may stand between boxes."""
    label = piece.label
    if label == "disability_certificate_number" and current == "categories":
        first = next(cell for cell in line.cells if not cell.is_blank)
        return label if piece.cell is first else None
    contact_row = said.rows.get("emergency_contact_name")
    if label == "phone" and contact_row is not None and (contact_row == line.row or "phone" in said.rows):
        return "emergency_contact_phone"
    return label


def _begin(said: Statements, label: str, cell: FormCell) -> str:
    """Takes note of a label; a second one of the same name has no cells of its own."""
    if label in said.rows and label not in _REPEATABLE:
        said.twice.append((label, cell))
        return _NOWHERE
    said.rows.setdefault(label, cell.row)
    said.cells.setdefault(label, [])
    return label


def _add(said: Statements, label: str, cell: FormCell) -> None:
    """Gives a cell to its label, or to none where the label has one already."""
    cells = said.cells.get(label)
    is_more = cells is not None and (
        label in ALL_CELLS or not cells or (has_marks(cells[0].text) and has_marks(cell.text))
    )
    if cells is not None and is_more:
        cells.append(cell)
    elif not cell.is_blank:
        said.stray.append(cell)
