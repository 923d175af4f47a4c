"""Workbooks of ours that come back with decisions filled in: read by the limited child, row by row, or said what is wrong.

What a decision is, and whether it can be taken, is the business of who asked: ``flows.people.decide_import``, ``flows.returning.finding_import``.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from connectors.reading import DeliveryLayout, TableLayout
from connectors.reading.layouts.header import normal_header
from connectors.reading.looks.inspection import InspectedSheet, Inspection
from connectors.reading.parent import inspect_delivery
from flows.drafting.source_look import existing_file, reading_room
from flows.intake.deliveries import limits_of
from schemas.configuration import Rules
from schemas.findings import CATALOGUE

__all__ = ["FilledIn", "FilledRow", "FormHeaders", "half_filled", "read_filled_in"]


class FormHeaders(NamedTuple):
    """What the columns are called: the one rows are told by, and those somebody fills in."""

    key: str
    opinion: str
    reason: str
    by: str


class FilledRow(NamedTuple):
    """A row in which something is filled in."""

    row_number: int
    key: str | None
    opinion: str | None
    reason: str | None
    by: str | None


class FilledIn(NamedTuple):
    """What was read: rows, or ``faults`` (``code label seen``) of a file that cannot be used; which headers it had."""

    rows: list[FilledRow]
    faults: list[dict[str, Any]]
    headers: FormHeaders


def read_filled_in(file: Path, home: Path, rules: Rules, *forms: FormHeaders) -> FilledIn:
    """Reads a workbook of ours, moved columns and sorted rows or not; a row nobody wrote in is no decision.

    Args:
        file: the workbook; it is only read.
        home: of the installation, where the child works.
        rules: how much a file may be.
        forms: the headers it may have; the first that some sheet has all of is meant.

    Raises:
        ConfigurationInvalid: there is no such file.
    """
    path = existing_file(file)
    for form in forms:
        with reading_room(home) as room:
            layout = DeliveryLayout(
                {"main": TableLayout({name: (said,) for name, said in form._asdict().items()}, ("key",))}
            )
            found = inspect_delivery(path, layout, limits=limits_of(rules), workspace=room)
        sheets = [sheet for sheet in found.sheets if _places(sheet, form).keys() == set(form._fields)]
        if sheets and not found.refused:
            return FilledIn([row for sheet in sheets for row in _rows(sheet, form)], [], form)
    return FilledIn([], _faults(found, forms[0]), forms[0])


def half_filled(row: FilledRow, by: str, headers: FormHeaders, words: Sequence[str]) -> str:
    """What is missing in a row, or not among what can be chosen; empty where nothing is.

    Args:
        row: as it was read.
        by: who decides where a row does not say.
        headers: as an officer reads them.
        words: what can be chosen.
    """
    missing = [
        header
        for header, said in ((headers.opinion, row.opinion), (headers.reason, row.reason), (headers.by, row.by or by))
        if not any(letter.isalnum() for letter in said or "")
    ]
    if missing:
        return "没有填" + "、".join(f"“{header}”" for header in missing)
    return "" if row.opinion in words else f"“{headers.opinion}”不是下拉列表中的内容"


def _faults(found: Inspection, form: FormHeaders) -> list[dict[str, Any]]:
    said = [
        {"code": str(finding.code), "label": CATALOGUE[finding.code].label, "seen": finding.seen}
        for finding in found.findings
    ]
    nothing_ours = {
        "code": "header-not-found",
        "label": "找不到表头",
        "seen": f"没有一张表有“{form.key}”和三个填写列",
    }
    return said or [nothing_ours]


def _places(sheet: InspectedSheet, form: FormHeaders) -> dict[str, int]:
    """Where our columns are on a sheet, which may have been moved."""
    headers = {normal_header(header): place for place, header in enumerate(sheet.header)}
    return {
        name: headers[normal_header(said)] for name, said in form._asdict().items() if normal_header(said) in headers
    }


def _rows(sheet: InspectedSheet, form: FormHeaders) -> list[FilledRow]:
    """Rows in which somebody has written something; those left empty are no answers."""
    texts = {name: _texts(sheet.cells[str(place)]) for name, place in _places(sheet, form).items()}
    rows = [
        FilledRow(row_number, *(texts[name][place] for name in form._fields))
        for place, row_number in enumerate(sheet.cells["row_number"].to_pylist())
    ]
    return [row for row in rows if row.opinion or row.reason or row.by]


def _texts(column: pa.ChunkedArray) -> list[str | None]:
    return [(text or "").strip() or None for text in column.to_pylist()]
