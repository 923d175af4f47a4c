"""The household on a form: a row for each member, under the headers of its table."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors.reading.forms.answers import plain, read_boxed, read_one
from connectors.reading.forms.cells import FormCell
from connectors.reading.forms.labels import Labels, is_heading
from connectors.reading.forms.statements import Line, is_over
from connectors.reading.layouts.header import normal_header

__all__ = ["Member", "read_member", "unknown_heads"]

_HEAD = "户主"
_NUMBERING = frozenset({"", "序号", "编号"})


@dataclass(slots=True, repr=False)
class Member:
    """A member of a household: the number of the row, its fields as written, those stored as numbers."""

    row_number: int
    values: dict[str, str] = field(default_factory=dict)
    numbers: set[str] = field(default_factory=set)


def unknown_heads(household: Sequence[Line], labels: Labels) -> list[FormCell]:
    """The headers of the household's table that nobody agreed on, its numbering and a heading at its side apart."""
    heads = household[0].cells if household else []
    unknown = (head for head in heads if not labels.of_member(head.text))
    return [head for head in unknown if normal_header(head.text) not in _NUMBERING and not is_heading(head.text)]


def read_member(line: Line, header: Line, row_number: int, labels: Labels) -> Member | None:
    """A household member; the row printed for the head of the household says so where the relation is left empty."""
    member = Member(row_number)
    for head in header.cells:
        name = labels.of_member(head.text)
        cells = [cell for cell in line.cells if cell.row == line.row and is_over(cell, head)]
        if not name or not cells:
            continue
        value = read_one(cells, "sex") if name == "sex" else read_boxed(cells)
        if value:
            member.values[name] = value
            member.numbers |= {name} if any(cell.stored_as_number for cell in cells) else set()
    if not member.values:
        return None
    if "relation_to_head" not in member.values and _is_head(line, header, labels):
        member.values["relation_to_head"] = _HEAD
    return member


def _is_head(line: Line, header: Line, labels: Labels) -> bool:
    first = min(head.column for head in header.cells if labels.of_member(head.text))
    return any(plain(cell.text) == _HEAD for cell in line.cells if cell.column < first)
