"""The night's report: the page an operator opens in the morning and the workbook a data officer takes away.

What they say is declared here as plain data; how the page's parts are counted is `reports.night_view`'s business.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Literal

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from reports.findings_data import findings_json
from reports.night_view import STATUS_WORDS, page_findings, page_values, workbook_sheets
from reports.workbook import add_sheet, open_workbook
from schemas.durable import replace_file
from schemas.errors import ContractBroken

__all__ = [
    "FINDING_COLUMNS", "READING_COLUMNS", "TREND_COLUMNS", "HouseholdLine", "NightReport", "SourceLine", "write_night_report",
]  # fmt: skip

Lamp = Literal["green", "yellow", "red"]

FINDING_COLUMNS: tuple[str, ...] = (
    "finding_id", "source", "source_label", "delivery", "sheet", "row_number", "column", "code", "label", "severity",
    "owner_label", "message", "remedy", "village", "state",
)  # fmt: skip
"""Columns of `NightReport.findings`; `column` is the header as the sender wrote it. Identifiers arrive masked."""

READING_COLUMNS: tuple[str, ...] = ("source_label", "delivery", "sheet", "kind", "rows", "count", "column", "seen")
"""Columns of `NightReport.reading`: how files were read; `kind` is a word of `schemas.reading_notes`."""

TREND_COLUMNS: tuple[str, ...] = (
    "business_date", "run_id", "received", "admitted", "held", "findings", "elders_total", "new", "changed", "withdrawn",
)  # fmt: skip
"""Columns of `NightReport.trend`, one row a night, this one included."""

_TEMPLATES = Path(__file__).with_name("templates")


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


def write_night_report(report: NightReport, folder: Path) -> Path:
    """Write ``findings.xlsx`` and then ``index.html`` into the folder (made 0700 if missing), each whole, mode 0600.

    The page is one file that loads nothing, from here or elsewhere, and runs only the script it was written with.

    Returns:
        The path of ``index.html``.

    Raises:
        ContractBroken: `findings` or `trend` lacks a column.
    """
    _check_columns("findings", report.findings, FINDING_COLUMNS)
    _check_columns("trend", report.trend, TREND_COLUMNS)
    if report.reading is not None:
        _check_columns("reading", report.reading, READING_COLUMNS)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with replace_file(folder / "findings.xlsx") as temporary, open_workbook(temporary) as book:
        for name, (rows, labels) in workbook_sheets(report).items():
            add_sheet(book, name, rows, labels)
    page = folder / "index.html"
    html = _html(report)
    with replace_file(page) as temporary:
        temporary.write_text(html, encoding="utf-8", errors="replace")
    return page


def _html(report: NightReport) -> str:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["n"] = lambda number: f"{number:,}"
    script = (_TEMPLATES / "night.js").read_text(encoding="utf-8")
    style = (_TEMPLATES / "night.css").read_text(encoding="utf-8")
    return environment.get_template("night.html.j2").render(
        report=report,
        status_words=STATUS_WORDS,
        script=script,
        # With a hash present, browsers ignore 'unsafe-inline' for scripts: only this very script runs.
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii"),
        style=style,
        findings_json=findings_json(page_findings(report.findings)),
        **page_values(report),
    )


def _check_columns(what: str, frame: pd.DataFrame, columns: tuple[str, ...]) -> None:
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise ContractBroken(f"the report's {what} lack the columns {', '.join(missing)}")
