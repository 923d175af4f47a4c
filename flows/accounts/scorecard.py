"""The monthly scorecard of sources: counted from the registry as it stood after the month's last night, written as page and workbook.

How each measure is defined is said to officers in ``docs/officers.md``.
"""

import calendar
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import sqlalchemy as sa

from flows.context import Home, open_registry
from flows.people.places import town_codes, town_names
from registry.engine import transaction
from registry.report_figures import filled_columns, newest_files
from registry.scorecard_figures import answered_letters, faulty_rows, last_run_until, newest_rows, returned_problems
from reports.page_words import NO_VILLAGE
from reports.scorecard import RETURN_COUNTS, Score, Scorecard, ScoreLine, write_scorecard, write_scorecard_workbook
from schemas.configuration import Configuration, load_configuration
from schemas.errors import ConfigurationInvalid
from schemas.expected_fields import expected_of_list
from schemas.findings import CATALOGUE, Finding, Severity
from schemas.masking import mask_column

__all__ = ["DAYS_WITHOUT_AGREEMENT", "measured_codes", "scorecard"]

DAYS_WITHOUT_AGREEMENT = 31
"""How old a list may be where ``fresh_days`` of its source says nothing."""

_UNIQUE = (
    Finding.DUPLICATE_EXACT, Finding.DUPLICATE_CONFLICTING, Finding.SAME_NUMBER_DIFFERENT_PERSON,
    Finding.SAME_PERSON_DIFFERENT_NUMBER,
)  # fmt: skip
_CONSISTENT = (
    Finding.SEX_MISMATCH, Finding.BIRTH_DATE_MISMATCH, Finding.DIVISION_INCONSISTENT, Finding.CERTIFICATE_ID_MISMATCH,
    Finding.CERTIFICATE_CATEGORY_MISMATCH, Finding.CERTIFICATE_LEVEL_MISMATCH, Finding.SEVERELY_DISABLED_LEVEL,
    Finding.SOURCES_CONTRADICT,
)  # fmt: skip
_ROW_MEASURES = ("validity", "uniqueness", "consistency")
_MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])", re.ASCII)
_KEYS = ["source", "town_code", "town", "village"]


def measured_codes() -> dict[str, list[str]]:
    """The codes by which a row fails each measure of rows.

    A column left empty is completeness' business, and what only a note says is no fault.
    """
    valid = [
        code
        for code, rule in CATALOGUE.items()
        if rule.group in {"identity", "person", "category"} and rule.severity is not Severity.NOTE
        and code not in {*_UNIQUE, *_CONSISTENT} and not code.endswith("-missing")
    ]  # fmt: skip
    return {
        name: [str(code) for code in codes]
        for name, codes in zip(_ROW_MEASURES, (valid, _UNIQUE, _CONSISTENT), strict=True)
    }


def scorecard(home: Path, config: Path, month: str | None = None, to: Path | None = None) -> dict[str, Any]:
    """Writes the scorecard of a month under ``<home>/reports/scorecard/YYYY-MM/``, and as a workbook where asked.

    Args:
        home: of the installation.
        config: the configuration folder.
        month: ``YYYY-MM``; this month if left out.
        to: a further workbook.

    Returns:
        ``month run_id page workbook sources villages``; ``run_id`` is ``None`` where no night of the month finished.

    Raises:
        ConfigurationInvalid: the month is none, or ``to`` is no workbook or cannot be written there.
    """
    configuration = load_configuration(config)
    asked = month or f"{datetime.now(ZoneInfo(configuration.bureau.timezone)):%Y-%m}"
    if not _MONTH.fullmatch(asked):
        raise ConfigurationInvalid("--month: a month is written as YYYY-MM")
    if to is not None and (to.suffix.lower() != ".xlsx" or not to.parent.is_dir()):
        raise ConfigurationInvalid("--to: the scorecard is written as .xlsx, into a folder that exists")
    rooms = Home(home.expanduser().resolve())
    with open_registry(rooms, configuration) as engine, transaction(engine) as connection:
        card = _card(connection, configuration, asked)
    folder = rooms.path / "reports" / "scorecard" / asked
    page = write_scorecard(card, folder)
    if to is not None:
        write_scorecard_workbook(card, to)
    return {
        "month": asked, "run_id": card.run_id, "page": str(page), "workbook": str(to or folder / "scorecard.xlsx"),
        "sources": len(card.sources), "villages": len(card.villages),
    }  # fmt: skip


def _card(connection: sa.Connection, configuration: Configuration, month: str) -> Scorecard:
    year, number = map(int, month.split("-"))
    first, last = date(year, number, 1), date(year, number, calendar.monthrange(year, number)[1])
    night = last_run_until(connection, first, last)
    if night is None:
        return Scorecard(month, configuration.bureau.name, None, None)
    run_id, until = night
    counted = _Counted(configuration, until, _counts(connection, configuration, run_id, first, until))
    files = {row["source"]: row["received_at"] for row in newest_files(connection, run_id).to_dict("records")}
    return Scorecard(
        month, configuration.bureau.name, run_id, until, counted.sources(files),
        counted.villages(_placed(newest_rows(connection, run_id), configuration)),
    )  # fmt: skip


def _counts(
    connection: sa.Connection, configuration: Configuration, run_id: int, first: date, until: date
) -> pd.DataFrame:
    """Everything that is counted, by source and village."""
    parts = [
        faulty_rows(connection, run_id, measured_codes()),
        *(_filled(connection, configuration, run_id, name) for name in configuration.sources),
        returned_problems(connection, run_id, until),
        answered_letters(connection, first, until),
    ]
    columns = ["rows", *_ROW_MEASURES, "asked", "filled", *RETURN_COUNTS, "due", "closed"]
    together = pd.concat([_placed(part, configuration) for part in parts], ignore_index=True)
    sums = together.reindex(columns=[*_KEYS, *columns]).groupby(_KEYS)[columns].sum()
    return sums.astype("int64").reset_index()


def _filled(connection: sa.Connection, configuration: Configuration, run_id: int, source: str) -> pd.DataFrame:
    expected = expected_of_list(configuration.sources[source].main.columns)
    filled = filled_columns(connection, run_id, expected, source=source)
    return filled[["division_code", "town", "village"]].assign(
        source=source,
        asked=filled[[f"asked:{name}" for name in expected]].sum(axis=1),
        filled=filled[[f"filled:{name}" for name in expected]].sum(axis=1),
    )


def _placed(counts: pd.DataFrame, configuration: Configuration) -> pd.DataFrame:
    code = town_codes(counts["division_code"].fillna(""))
    village = mask_column(counts["village"].fillna(""), "place").replace("", NO_VILLAGE)
    town = town_names(code, counts["town"].fillna(""), configuration)
    return counts.drop(columns="division_code").assign(town_code=code, town=town, village=village)


@dataclass(frozen=True, slots=True, repr=False)
class _Counted:
    """Counts by source and village, and the day they are of."""

    configuration: Configuration
    until: date
    counts: pd.DataFrame

    def sources(self, files: Mapping[str, pd.Timestamp]) -> list[ScoreLine]:
        """A line for every list, also where nothing came."""
        sums = {str(name): line for name, line in self.counts.groupby("source").sum(numeric_only=True).iterrows()}
        bodies = self.configuration.bureau.bodies
        return [
            self._line(source.label, bodies[source.body], sums.get(name), files.get(name), [name])
            for name, source in self.configuration.sources.items()
        ]

    def villages(self, newest: pd.DataFrame) -> list[ScoreLine]:
        """A line for every village of the lists that villages hand in themselves."""
        names = [
            name for name, source in self.configuration.sources.items() if source.full_within == "household_village"
        ]
        own = self.counts[self.counts["source"].isin(names)]
        keys = ["town_code", "town", "village"]
        last = newest[newest["source"].isin(names)].groupby(keys)["received_at"].max().to_dict()
        lines = [
            (key, sums) for key, sums in own.groupby(keys).sum(numeric_only=True).iterrows() if isinstance(key, tuple)
        ]
        return [
            self._line(str(key[2]), str(key[1]), sums, last.get(key), names)
            for key, sums in sorted(lines, key=lambda line: (not line[0][0], line[0]))
        ]

    def _line(
        self, label: str, group: str, sums: "pd.Series[int] | None", newest: pd.Timestamp | None, names: Sequence[str]
    ) -> ScoreLine:
        count = dict.fromkeys(self.counts.columns, 0) if sums is None else {str(k): int(v) for k, v in sums.items()}
        days = None if newest is None else self._days(newest)
        limit = min(self.configuration.sources[name].fresh_days or DAYS_WITHOUT_AGREEMENT for name in names)
        rows = count["rows"]
        scores = {
            "completeness": Score(count["filled"], count["asked"]),
            **{name: Score(rows - count[name], rows) for name in _ROW_MEASURES},
            "timeliness": Score() if days is None else Score(limit, max(days, limit)),
            "repeated": Score(count["repeated"], count["returned"]),
            "closed": Score(count["closed"], count["due"]),
        }
        return ScoreLine(label, group, rows, days, scores, {name: count[name] for name in RETURN_COUNTS})

    def _days(self, newest: pd.Timestamp) -> int:
        day = newest.astimezone(ZoneInfo(self.configuration.bureau.timezone)).date()
        return max((self.until - day).days, 0)
