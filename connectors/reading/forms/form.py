"""附件1 filled in: pages of forms become the same tables as a list, one row for each form.

A page may hold several forms, one below the other. A form whose labels are not all there refuses the file: half a person
is none. What the cells mean is not known here; values go out as written, under our field names.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from connectors.reading.contents import DeliveryRefusedError, FileFinding, ReadingNote, TableContents, shown
from connectors.reading.forms.cells import FormCell, FormCells
from connectors.reading.forms.labels import REQUIRED, Labels, form_starts
from connectors.reading.forms.members import Member, read_member, unknown_heads
from connectors.reading.forms.statements import Line, Statements, collect, divide
from connectors.reading.forms.values import values_of
from connectors.reading.grid import column_letter
from connectors.reading.layout import DeliveryLayout, TableLayout
from connectors.reading.layouts.rowhash import row_hashes
from schemas.findings import Finding
from schemas.reading_notes import ReadingNoteKind

__all__ = ["FormRecord", "FormsRead", "read_forms"]

_OF_THE_ELDER = (
    "name", "id_number", "phone", "emergency_contact_name", "emergency_contact_phone", "categories",
    "disability_certificate_number",
)  # fmt: skip
"""A form that has none of these, and no member of the household, was not filled in; the rest may be printed on it."""


@dataclass(slots=True, repr=False)
class FormRecord:
    """One form: where the person's name stands on it, its fields as written, and the household."""

    place: str
    row_number: int
    values: dict[str, str] = field(default_factory=dict)
    numbers: set[str] = field(default_factory=set)
    members: list[Member] = field(default_factory=list)

    @property
    def is_blank(self) -> bool:
        """Whether nobody filled it in."""
        return not self.members and not any(name in self.values for name in _OF_THE_ELDER)


class FormsRead(NamedTuple):
    """The tables of all forms, the cells nobody agreed on, and how the pages were read."""

    tables: dict[str, TableContents]
    findings: list[FileFinding]
    notes: list[ReadingNote]


def read_forms(pages: Sequence[FormCells], layout: DeliveryLayout) -> FormsRead:
    """The records of all forms on the given pages.

    Args:
        pages: sheets or a document, each of which ``looks_like_form``.
        layout: the source's tables; only their fields are read.

    Raises:
        DeliveryRefusedError: a form lacks the label of a field without which it says nothing, or has one twice.
    """
    labels = Labels(layout)
    records: list[FormRecord] = []
    findings: list[FileFinding] = []
    received = 0
    for page in pages:
        lines = list(page.lines())
        starts = form_starts(lines, labels)
        received += _count_names(lines, labels)
        for number, (first, last) in enumerate(pairwise([*starts, len(lines)]), 1):
            form = [Line(index, lines[index]) for index in range(first, last)]
            record, said = _read_form(form, page, number, labels, layout)
            records.append(record)
            findings += said
    if not records:
        raise DeliveryRefusedError(FileFinding(Finding.HEADER_NOT_FOUND, seen="没有找到登记表"))
    tables, notes = _tables(records, layout, received)
    return FormsRead(tables, findings, notes)


def _count_names(lines: Sequence[Sequence[FormCell]], labels: Labels) -> int:
    """How many forms there are, counted by the label of the ID number instead of the form's beginning."""
    return sum(
        any(said.label == "id_number" and said.cell.row == index for said in labels.said(line))
        for index, line in enumerate(lines)
        if not labels.is_member_header(line)
    )


def _read_form(
    form: Sequence[Line], page: FormCells, number: int, labels: Labels, layout: DeliveryLayout
) -> tuple[FormRecord, list[FileFinding]]:
    where = _Places(page, number, form[0].row)
    household, lines = divide(form, labels)
    said = collect(lines, labels)
    _check_labels(said, where, layout.tables["main"])
    values = values_of(said, tuple(layout.tables["main"].columns))
    record = FormRecord(where.sheet, where.row(said.rows["name"]), values.fields, values.numbers)
    findings = [where.finding(Finding.COLUMN_UNKNOWN, cell) for cell in values.left]
    if "members" in layout.tables:
        findings += [
            where.finding(Finding.COLUMN_UNKNOWN, head, seen=shown(head.text))
            for head in unknown_heads(household, labels)
        ]
        members = (read_member(line, household[0], where.row(line.row), labels) for line in household[1:])
        record.members = [member for member in members if member]
        _name_elder(record, layout.tables["members"])
    return record, findings


class _Places:
    """Where things are on a form: on a sheet by its rows, in a document by the form's number and the rows of its tables."""

    def __init__(self, page: FormCells, number: int, first: int) -> None:
        self.sheet = page.place or f"第{number}份"
        self._numbers = page.row_numbers
        self._before = 0 if page.place else page.row_numbers[first] - 1

    def row(self, index: int) -> int:
        """The number of a row as a person counts it."""
        return self._numbers[index] - self._before

    def finding(self, code: Finding, cell: FormCell, name: str | None = None, seen: str = "") -> FileFinding:
        """A finding about a cell."""
        return FileFinding(code, shown(self.sheet), self.row(cell.row), column_letter(cell.column), name, seen)


def _name_elder(record: FormRecord, table: TableLayout) -> None:
    for member in record.members:
        member.values = {name: value for name, value in member.values.items() if name in table.columns}
        member.numbers &= member.values.keys()
        if "id_number" in record.values:
            member.values["elder_id_number"] = record.values["id_number"]
            member.numbers |= {"elder_id_number"} if "id_number" in record.numbers else set()


def _check_labels(said: Statements, where: _Places, table: TableLayout) -> None:
    first = min(said.rows.values(), default=None)
    row = None if first is None else where.row(first)
    faults = [
        FileFinding(Finding.COLUMN_MISSING, shown(where.sheet), row, field=name, seen=table.columns[name][0])
        for name in REQUIRED
        if name not in said.rows
    ]
    faults += [
        where.finding(Finding.COLUMN_DUPLICATED, cell, label, table.columns[label][0])
        for label, cell in said.twice
        if label in REQUIRED
    ]
    if faults:
        raise DeliveryRefusedError(*faults)


def _tables(
    records: Sequence[FormRecord], layout: DeliveryLayout, received: int
) -> tuple[dict[str, TableContents], list[ReadingNote]]:
    filled = [record for record in records if not record.is_blank]
    blank = [record for record in records if record.is_blank]
    if received != len(records):
        raise DeliveryRefusedError(FileFinding(Finding.FILE_UNREADABLE, seen="两次清点的份数不一致"))
    rows = [(record.place, record.row_number, record.values, record.numbers) for record in filled]
    tables = {"main": TableContents(_table(rows, layout.tables["main"]), received, len(blank), 0)}
    members = [
        (record.place, member.row_number, member.values, member.numbers)
        for record in filled
        for member in record.members
    ]
    if members:
        tables["members"] = TableContents(_table(members, layout.tables["members"]), len(members), 0, 0)
    notes = _notes(ReadingNoteKind.FORM, filled) + _notes(ReadingNoteKind.BLANK_FORM, blank)
    return tables, notes


def _notes(kind: ReadingNoteKind, records: Iterable[FormRecord]) -> list[ReadingNote]:
    rows: dict[str, list[int]] = {}
    for record in records:
        rows.setdefault(record.place, []).append(record.row_number)
    return [ReadingNote.of_rows(kind, shown(place), numbers) for place, numbers in rows.items()]


def _table(rows: Sequence[tuple[str, int, dict[str, str], set[str]]], layout: TableLayout) -> pa.Table:
    columns = {
        name: pa.array([values.get(name) for _, _, values, _ in rows], pa.large_string()) for name in layout.columns
    }
    numbers = {
        name: pa.array([name in stored for _, _, _, stored in rows], pa.bool_())
        for name in layout.columns
        if any(name in stored for _, _, _, stored in rows)
    }
    made = {
        "sheet": pa.array([place for place, _, _, _ in rows], pa.string()).dictionary_encode(),
        "row_number": pa.array(np.array([number for _, number, _, _ in rows], np.int32)),
        "row_hash": row_hashes(columns, numbers, len(rows)),
        **columns,
    }
    return pa.table(made | {f"{name}__number": flags for name, flags in numbers.items()})
