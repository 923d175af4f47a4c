"""The site of reports: the pages of a night by body, township and rule, the catalogue of rules, and the front page.

What a night's own page says is ``flows.accounts.reporting``'s; how pages look, ``reports``'.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import sqlalchemy as sa

from flows.accounts.reported_findings import Reported
from flows.accounts.rule_entries import rule_entries
from flows.accounts.site_figures import ElderFigures, body_figures, elder_figures
from flows.context import Home
from registry import runs
from registry.dispatches import dispatches
from registry.report_figures import findings_by_night, newest_files
from reports.front import FrontPage, NightLine, SourceFreshness, write_front_page
from reports.listing import Listing, listing_of
from reports.night import NightReport, PageLink, write_night_report
from reports.night_view import NIGHTS_SHOWN, listed
from reports.page_words import NO_TOWN
from reports.rule_pages import RuleEntry, write_rule_catalogue
from reports.slices import Letter, SlicePage, write_slice
from schemas.configuration import Configuration

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Site", "missing_pages", "night_site", "write_front", "write_site"]

_PAGES = ("body-*.html", "town-*.html", "rule-*.html")
_NIGHTS_LISTED = 400


@dataclass(frozen=True, slots=True, repr=False)
class Site:
    """The pages of a night, by the names of their files, and what links to them."""

    report: NightReport
    slices: Mapping[str, SlicePage]
    rules: list[RuleEntry]
    digest: str
    rules_have_changed: bool


def night_site(
    connection: sa.Connection, configuration: Configuration, report: NightReport, found: Reported, judged_by: str
) -> Site:
    """Collects what the pages of a night say beside its own; ``judged_by`` is the version of the rules it was judged by."""
    day = pd.Timestamp(report.business_date)
    elders = elder_figures(connection, configuration, report.run_id, day)
    rules = rule_entries(configuration, found.findings)
    findings = listed(found.findings)
    listing = listing_of(findings, found.context)
    of_night = _Night(connection, configuration, report, findings, listing, _nights(connection, report))
    slices = {**of_night.bodies(), **of_night.towns(elders), **of_night.rules(rules)}
    links = [PageLink(page.kind, page.title, file, len(page.listing)) for file, page in slices.items()]
    return Site(
        replace(report, figures=elders.of_all(), pages=links),
        slices,
        rules,
        configuration.digest,
        judged_by != configuration.digest,
    )


def write_site(site: Site, folder: Path) -> Path:
    """Writes the pages of a night, each whole, and takes away those of an earlier writing that it no longer has."""
    page = write_night_report(site.report, folder)
    for file, part in site.slices.items():
        write_slice(part, folder / file)
    write_rule_catalogue(
        site.rules, folder / "rules.html", run_id=site.report.run_id, digest=site.digest,
        have_changed=site.rules_have_changed,
    )  # fmt: skip
    for pattern in _PAGES:
        for written in folder.glob(pattern):
            if written.name not in site.slices:
                written.unlink()
    return page


def missing_pages(folder: Path) -> bool:
    """Whether something of a night's pages is gone."""
    page = folder / "index.html"
    if not page.is_file() or not (folder / "findings.xlsx").is_file() or not (folder / "rules.html").is_file():
        return True
    html = page.read_text(encoding="utf-8")
    links = (part.partition('"')[0] for part in html.split('<li><a href="')[1:])
    ours = [link for link in links if link.startswith(("body-", "town-", "rule-"))]
    return not all((folder / link).is_file() for link in ours)


def write_front(home: Home, configuration: Configuration, connection: sa.Connection, site: Site) -> Path:
    """Writes the front page and the catalogue of rules in force, beside the folders of the runs.

    Args:
        home: of the installation.
        configuration: names of sources and bodies.
        connection: in a transaction.
        site: of the newest run that finished.
    """
    folder = home.path / "reports"
    write_rule_catalogue(rule_entries(configuration), folder / "rules.html", digest=configuration.digest)
    front = FrontPage(
        bureau=configuration.bureau.name,
        nights=[_line(record, folder) for record in runs.runs(connection, limit=_NIGHTS_LISTED)],
        trend=site.report.trend,
        sources=_freshness(connection, configuration, site.report),
        newest=site.report.run_id,
        pages=site.report.pages,
        scorecards=sorted((page.parent.name for page in folder.glob("scorecard/*/index.html")), reverse=True),
        waiting=site.report.status_reasons,
    )
    return write_front_page(front, folder / "index.html")


@dataclass(frozen=True, slots=True, repr=False)
class _Night:
    """What the pages of a night are made from."""

    connection: sa.Connection
    configuration: Configuration
    report: NightReport
    findings: pd.DataFrame
    listing: Listing
    nights: pd.DataFrame

    def bodies(self) -> dict[str, SlicePage]:
        """A page for each body that delivers, numbered as ``bureau.toml`` lists them."""
        return {
            f"body-{number}.html": self._body(body, label)
            for number, (body, label) in enumerate(self.configuration.bureau.bodies.items(), start=1)
            if any(source.body == body for source in self.configuration.sources.values())
        }

    def towns(self, elders: ElderFigures) -> dict[str, SlicePage]:
        """A page for each town that has elders or findings, called by its code; 0 is for those who state none."""
        # What is wrong with a file as a whole is nowhere at home.
        of_people = self.findings[self.findings["row_key"].notna()]
        found = of_people.groupby("town_code").indices
        named = of_people.drop_duplicates("town_code")
        names = elders.town_names() | dict(zip(named["town_code"], named["town"], strict=True))
        figures, villages = elders.of_towns(), elders.villages()
        places, none = of_people.index.to_numpy(), np.empty(0, np.int64)
        return {
            f"town-{code or 0}.html": self._page(
                "town", names[code] if code else NO_TOWN, places[found.get(code, none)], figures=figures.get(code),
                villages=villages.get(code, ()),
            )
            for code in sorted(names)
        }  # fmt: skip

    def rules(self, entries: list[RuleEntry]) -> dict[str, SlicePage]:
        """A page for each rule of which something was found, called by its code."""
        found = self.findings.groupby("code").indices
        return {
            f"rule-{rule.code}.html": self._page(
                "rule", rule.label, np.asarray(found[rule.code]), rule=rule,
                nights=self._trend(self.nights["code"] == rule.code),
            )
            for rule in entries
            if rule.code in found
        }  # fmt: skip

    def _body(self, body: str, label: str) -> SlicePage:
        names = [name for name, source in self.configuration.sources.items() if source.body == body]
        lines = {line.name: line for line in self.report.sources}
        return self._page(
            "body", label, np.flatnonzero(self.findings["source"].isin(names)),
            figures=body_figures(self.connection, self.configuration, self.report.run_id, body),
            sources=[lines[name] for name in names if name in lines], letters=self._letters(body),
            nights=self._trend(self.nights["source"].isin(names)),
        )  # fmt: skip

    def _letters(self, body: str) -> list[Letter]:
        labels = {name: source.label for name, source in self.configuration.sources.items()}
        return [
            Letter(
                reference=sent["reference"], source_label=labels.get(sent["source"], sent["source"]), rows=sent["rows"],
                findings=sent["findings"], waiting=sent["waiting"], due_on=sent["due_on"],
            )
            for sent in dispatches(self.connection, limit=200)
            if sent["body"] == body and sent["run_id"] <= self.report.run_id
        ]  # fmt: skip

    def _trend(self, of_page: pd.Series) -> list[tuple[str, int]]:
        counts = self.nights[of_page].groupby("run_id")["findings"].sum()
        newest = self.report.trend.sort_values("run_id").tail(NIGHTS_SHOWN)
        return [
            (day.isoformat(), int(counts.get(run, 0)))
            for run, day in zip(newest["run_id"], newest["business_date"], strict=True)
        ]

    def _page(self, kind: str, title: str, rows: "NDArray[Any]", **parts: Any) -> SlicePage:
        return SlicePage(
            kind, title, self.report.run_id, self.report.business_date, self.listing.take(rows), **parts
        )  # fmt: skip


def _nights(connection: sa.Connection, report: NightReport) -> pd.DataFrame:
    return findings_by_night(connection, sorted(report.trend["run_id"])[-NIGHTS_SHOWN:])


def _line(record: sa.RowMapping, folder: Path) -> NightLine:
    page = f"{record['run_id']}/index.html"
    summary, elders = record["summary"], (record["summary"] or {}).get("elders", {})
    counts: dict[str, int] = {}
    if summary and "sources" in summary:
        counts = {part: sum(line[part] for line in summary["sources"]) for part in ("received", "admitted", "held")}
        counts |= {"findings": sum(summary["findings"].values()), "elders": elders["total"]}
        counts |= {part: elders[part] for part in ("new", "changed", "withdrawn")}
    note = f"已由第 {record['undone_by']} 次运行撤销" if record["undone_by"] else ""
    return NightLine(
        run_id=record["run_id"], business_date=record["business_date"], status=record["status"],
        page=page if (folder / page).is_file() else "", note=note, **counts,
    )  # fmt: skip


def _freshness(connection: sa.Connection, configuration: Configuration, report: NightReport) -> list[SourceFreshness]:
    zone = ZoneInfo(configuration.bureau.timezone)
    newest = {row["source"]: row for row in newest_files(connection, report.run_id).to_dict("records")}
    return [
        _fresh(
            source.label,
            configuration.bureau.bodies[source.body],
            newest.get(name),
            source.fresh_days,
            report.business_date,
            zone,
        )
        for name, source in configuration.sources.items()
    ]


def _fresh(
    label: str, body: str, newest: Mapping[Any, Any] | None, limit: int | None, on: date, zone: ZoneInfo
) -> SourceFreshness:
    if newest is None:
        return SourceFreshness(label, body, None, 0, None, limit)
    at = newest["received_at"].astimezone(zone).to_pydatetime()
    return SourceFreshness(label, body, at, int(newest["files"]), max((on - at.date()).days, 0), limit)
