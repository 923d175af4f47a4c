"""Pages of one night about one body, one township or one rule: what was found there, what it comes to, and the list.

A township's villages are sections of its page, to be jumped to and filtered by; with a page each, several hundred villages
would be several hundred files a night.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from reports import charts
from reports.causes import by_cause, counted
from reports.figures import Figures, figure_values
from reports.findings_data import MOST_FINDINGS, list_json
from reports.listing import Listing
from reports.night import SourceLine
from reports.night_view import PARTS, funnel_row
from reports.page_words import NO_VILLAGE, SEVERITY_WORDS
from reports.pages import LIST_SCRIPTS, write_page
from reports.rule_pages import RuleEntry

__all__ = ["Letter", "SlicePage", "write_slice"]

_KINDS: Mapping[str, str] = {"body": "报送单位", "town": "乡镇（街道）", "rule": "规则"}


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter that went back to the body: its number, the list, what it asks for, and how much of it still waits."""

    reference: str
    source_label: str
    rows: int
    findings: int
    waiting: int
    due_on: date


@dataclass(frozen=True, eq=False)
class SlicePage:
    """One page in plain data.

    Args:
        kind: ``body``, ``town`` or ``rule``.
        title: what it is about, as officers call it.
        listing: the findings of this page.
        figures: of a town's elders, or of the rows of a body's lists.
        villages: name of a village, elders in it; of a town.
        sources: the lists of a body.
        letters: what went back to a body, newest first.
        nights: day and number of findings standing then, oldest first.
        rule: of a rule.
    """

    kind: str
    title: str
    run_id: int
    business_date: date
    listing: Listing
    figures: Figures | None = None
    villages: Sequence[tuple[str, int]] = ()
    sources: Sequence[SourceLine] = ()
    letters: Sequence[Letter] = ()
    nights: Sequence[tuple[str, int]] = ()
    rule: RuleEntry | None = None


def write_slice(page: SlicePage, path: Path) -> Path:
    """Writes the page; its folder exists."""
    listing = page.listing
    values = {
        "page": page,
        "kind": _KINDS[page.kind],
        "row_parts": PARTS,
        "funnel": [funnel_row(line) for line in page.sources],
        "severity_counts": {key: listing.count("severity", key) for key in SEVERITY_WORDS},
        "finding_total": len(listing),
        "finding_most": MOST_FINDINGS,
        "by_source": counted(listing, ["source", "source_label"]),
        "villages": _villages(listing, page.villages),
        "causes": by_cause(listing),
        "states": listing.tally("state"),
        "figures": figure_values(page.figures),
        "charts": _trend(page.nights),
        "findings_json": list_json(listing),
    }
    return write_page(path, "slice.html.j2", values, LIST_SCRIPTS)


def _villages(listing: Listing, people: Sequence[tuple[str, int]]) -> list[dict[str, Any]]:
    """Every village with its elders and findings, the most findings first; ``percent`` of the most."""
    found = {row["label"]: row for row in counted(listing, ["village"])}
    elders = {name or NO_VILLAGE: count for name, count in people}
    none = dict.fromkeys([*SEVERITY_WORDS, "total"], 0)
    rows = [
        {**none, **found.get(name, {}), "label": name, "people": elders.get(name, 0)}
        for name in dict.fromkeys([*found, *elders])
    ]
    most = max((row["total"] for row in rows), default=0) or 1
    ordered = sorted(rows, key=lambda row: (-row["total"], -row["people"], row["label"]))
    return [{**row, "percent": round(100 * row["total"] / most, 1)} for row in ordered]


def _trend(nights: Sequence[tuple[str, int]]) -> list[charts.Lines]:
    if not nights:
        return []
    values: dict[str, tuple[int, Sequence[int]]] = {"问题": (2, [count for _, count in nights])}
    return [charts.lines("各次运行后尚存的问题（条）", [day[5:] for day, _ in nights], values, from_zero=True)]
