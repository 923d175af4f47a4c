"""The night's report: the page an operator opens in the morning and the workbook a data officer takes away.

What they say is declared here as plain data; how the page's parts are counted is `reports.night_view`'s business.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Literal

import pandas as pd

from reports.figures import Figures
from reports.finding_workbook import add_finding_sheet, answer_keys
from reports.findings_data import list_json
from reports.listing import listing_of
from reports.night_view import FINDINGS_SHEET, listed, page_values, workbook_sheets
from reports.page_words import FINDING_LABELS
from reports.pages import LIST_SCRIPTS, write_page
from reports.workbook import add_sheet, open_workbook
from schemas.durable import replace_file
from schemas.errors import ContractBroken

__all__ = [
    "FINDING_COLUMNS", "READING_COLUMNS", "TREND_COLUMNS", "HouseholdLine", "NightReport", "PageLink", "SourceLine",
    "write_night_page", "write_night_report",
]  # fmt: skip

Lamp = Literal["green", "yellow", "red"]

FINDING_COLUMNS: tuple[str, ...] = (
    "finding_id", "source", "source_label", "delivery", "sheet", "row_number", "column", "code", "label", "severity",
    "owner_label", "meaning", "expected", "seen", "message", "remedy", "town", "village", "state", "since", "times_returned",
    "row_key", "evidence",
)  # fmt: skip
"""Columns of `NightReport.findings`; `column` is the header as the sender wrote it, `since` the day it was first found,
`row_key` names the row of `NightReport.context`, `evidence` is a digest of what was found. Identifiers arrive masked."""

READING_COLUMNS: tuple[str, ...] = ("source_label", "delivery", "sheet", "kind", "rows", "count", "column", "seen")
"""Columns of `NightReport.reading`: how files were read; `kind` is a word of `schemas.reading_notes`."""

TREND_COLUMNS: tuple[str, ...] = (
    "business_date", "run_id", "received", "admitted", "held", "findings", "elders_total", "new", "changed", "withdrawn",
)  # fmt: skip
"""Columns of `NightReport.trend`, one row a night, this one included."""


@dataclass(frozen=True, slots=True)
class SourceLine:
    """What became of one source's rows: ``received == admitted + held + duplicate + blank``, or the page says it is not.

    Args:
        status: ``green``, ``yellow``, ``red`` or ``absent`` (nothing was delivered); another word is shown as it stands.
        deliveries: Files or pulls that came.
        message: One sentence in Chinese on why the status is not green; empty otherwise.
    """

    name: str
    label: str
    body_label: str
    status: str
    deliveries: int
    received: int
    admitted: int
    held: int
    duplicate: int
    blank: int
    message: str = ""


@dataclass(frozen=True, slots=True)
class HouseholdLine:
    """What became of the rows of the sheet 家庭成员: ``received == linked + held + blank``."""

    received: int
    linked: int
    held: int
    blank: int


@dataclass(frozen=True, slots=True)
class PageLink:
    """Another page of the night: ``kind`` is ``body``, ``town`` or ``rule``, ``file`` lies beside the night's page."""

    kind: str
    label: str
    file: str
    findings: int


@dataclass(frozen=True, eq=False)
class NightReport:
    """One night in plain data; instants in the bureau's own time, identifiers already masked.

    Args:
        status_reasons: Sentences in Chinese on why the lamp is not green.
        elders: ``new changed unchanged withdrawn total``.
        categories: Label and number of elders of each category.
        push: ``planned sent accepted rejected unknown waiting``.
        files: Files written for this night, relative to the report's folder.
        findings: `FINDING_COLUMNS`; severity is ``reject``, ``hold``, ``warn`` or ``note``.
        trend: `TREND_COLUMNS`, oldest night first or not.
        reading: `READING_COLUMNS`; None where nothing was read.
        seconds: Stage to seconds, in the order the stages ran.
        context: masked cells of rows in which something was found, by ``row_key``, under the headers an officer reads.
        figures: the elders in the registry, counted.
        pages: the night's other pages.
    """

    run_id: int
    business_date: date
    started_at: datetime
    finished_at: datetime
    status: Lamp
    status_reasons: Sequence[str]
    sources: Sequence[SourceLine]
    elders: Mapping[str, int]
    findings: pd.DataFrame
    trend: pd.DataFrame
    household: HouseholdLine | None = None
    categories: Sequence[tuple[str, int]] = ()
    push: Mapping[str, int] = field(default_factory=dict)
    files: Sequence[str] = ()
    reading: pd.DataFrame | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    context: pd.DataFrame | None = None
    figures: Figures | None = None
    pages: Sequence[PageLink] = ()


def write_night_report(report: NightReport, folder: Path) -> Path:
    """Write ``findings.xlsx`` and then ``index.html`` into the folder (made 0700 if missing), each whole, mode 0600.

    Returns:
        The path of ``index.html``.

    Raises:
        ContractBroken: `findings`, `trend` or `reading` lacks a column.
    """
    _check_columns("findings", report.findings, FINDING_COLUMNS)
    _check_columns("trend", report.trend, TREND_COLUMNS)
    if report.reading is not None:
        _check_columns("reading", report.reading, READING_COLUMNS)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with replace_file(folder / "findings.xlsx") as temporary, open_workbook(temporary) as book:
        for name, (rows, labels) in workbook_sheets(report).items():
            if name == FINDINGS_SHEET:
                add_finding_sheet(book, name, rows[list(FINDING_LABELS)], answer_keys(rows), labels)
            else:
                add_sheet(book, name, rows, labels)
    return write_night_page(report, folder / "index.html")


def write_night_page(report: NightReport, path: Path) -> Path:
    """Writes the page alone: one file that loads nothing, from here or elsewhere, and runs only the script it was written with."""
    listing = listing_of(listed(report.findings), report.context)
    values = {"report": report, "findings_json": list_json(listing), **page_values(report, listing)}
    return write_page(path, "night.html.j2", values, LIST_SCRIPTS)


def _check_columns(what: str, frame: pd.DataFrame, columns: tuple[str, ...]) -> None:
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise ContractBroken(f"the report's {what} lack the columns {', '.join(missing)}")
