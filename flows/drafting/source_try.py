"""What ``source try`` does: a file read, standardised and judged as a night would, and nothing of it kept.

Duplicates and contradictions between rows and sources are found by a night alone, which has all lists beside each other.
"""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from connectors.reading import DeliveryContents, start_reading
from flows.context import Home
from flows.drafting.source_inspect import file_finding, noted
from flows.drafting.source_look import existing_file, reading_room, today_of
from flows.intake.deliveries import combined, layout_of, limits_of, password_of, without_empty_list
from flows.intake.households import judge_delivered_members
from flows.intake.rows import judge_delivered
from schemas.configuration import Configuration, Source, load_configuration
from schemas.errors import ConfigurationInvalid, FunnelUnbalanced
from schemas.findings import CATALOGUE, Finding

__all__ = ["Progress", "try_file"]

Progress = Callable[[str, int, int], None]
"""Told what is being done, how many rows of it are done, and how many there are (0 while that is not known)."""

_AT_ONCE = 50_000  # rows judged between two words to whoever waits
_FIRST_ROWS = 5


def try_file(
    home: Path, config: Path, name: str, file: Path, *, on: date | None = None, progress: Progress = lambda *_: None
) -> dict[str, Any]:
    """A file's funnel, its findings by code, and how it was read, under the configuration in force.

    Args:
        home: of the installation; the file is read in a private folder there.
        config: the configuration folder.
        name: of the source the file is one of.
        file: to try; it is only read.
        on: the business date; today where it is left out.
        progress: is told how far it is.

    Raises:
        ConfigurationInvalid: there is no such source or file.
        FunnelUnbalanced: rows counted before and after judging differ.
    """
    configuration = load_configuration(config)
    if name not in configuration.sources:
        raise ConfigurationInvalid(f"there is no source {name}; `eldersync source list` lists them")
    source, path, today = configuration.sources[name], existing_file(file), on or today_of(configuration)
    password = password_of(Home(home.expanduser().resolve()), source)
    with reading_room(home) as room:
        progress("reading", 0, 0)
        layout, limits = layout_of(source, password=password), limits_of(configuration.rules)
        contents = start_reading(path, layout, limits=limits, workspace=room).result()
        return _tried(configuration, source, without_empty_list(source, contents), today, progress)


def _tried(
    configuration: Configuration, source: Source, contents: DeliveryContents, today: date, progress: Progress
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "source": source.name, "label": source.label, "business_date": today.isoformat(), "refused": contents.refused,
        "file_findings": [file_finding(finding, configuration) for finding in contents.findings],
        "notes": [noted(note) for note in contents.notes], "funnel": None, "members": None, "findings": [],
    }  # fmt: skip
    if contents.refused:
        return found
    main = contents.tables["main"]
    rows, findings = _judged(configuration, source, combined([(0, main.table)]), today, progress)
    held = int(rows["is_held"].sum())
    found["funnel"] = {
        "received": main.received, "admitted": len(rows) - held, "held": held, "blank": main.blank, "broken": main.broken,
    }  # fmt: skip
    _check_balance(found["funnel"])
    found["findings"] = _by_code(findings, rows)
    if source.members is not None and "members" in contents.tables:
        members = contents.tables["members"]
        numbers = rows.loc[rows["id_key"].notna(), "id_number"].reset_index(drop=True)
        judged = judge_delivered_members(configuration, source, combined([(0, members.table)]), numbers, today=today)
        linked = int(judged.rows["is_linked"].sum())
        found["members"] = {
            "received": members.received, "linked": linked, "held": len(judged.rows) - linked, "blank": members.blank,
            "broken": members.broken, "findings": _by_code(judged.findings, judged.rows),
        }  # fmt: skip
    return found


def _judged(
    configuration: Configuration, source: Source, delivered: pa.Table, today: date, progress: Progress
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All rows with their places, and all findings; each row is judged by itself, so some at a time come to the same."""
    rows, findings = [], []
    for start, part in _slices(delivered):
        judged = judge_delivered(configuration, source, part, today=today)
        rows.append(judged.rows[["sheet", "row_number", "id_number", "id_key", "is_held"]])
        findings.append(judged.findings.assign(position=judged.findings["position"] + start))
        progress("judging", start + len(part), len(delivered))
    return pd.concat(rows, ignore_index=True), pd.concat(findings, ignore_index=True)


def _slices(delivered: pa.Table) -> Iterator[tuple[int, pa.Table]]:
    for start in range(0, max(len(delivered), 1), _AT_ONCE):
        yield start, delivered.slice(start, _AT_ONCE)


def _check_balance(funnel: dict[str, int]) -> None:
    ended = sum(count for part, count in funnel.items() if part != "received")
    if ended != funnel["received"]:
        raise FunnelUnbalanced(f"{funnel['received']} rows were received, {ended} are accounted for")


def _by_code(findings: pd.DataFrame, rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Findings by code and field, the gravest first: how many, in which rows first, what they mean."""
    places = rows[["sheet", "row_number"]].iloc[findings["position"].to_numpy()].reset_index(drop=True)
    placed = pd.concat([findings.reset_index(drop=True), places], axis=1)
    counted = []
    for (code, severity, field), group in placed.groupby(["code", "severity", "field"], dropna=False, sort=False):
        rule = CATALOGUE[Finding(str(code))]
        first = group.head(_FIRST_ROWS)
        counted.append(
            {
                "code": code, "label": rule.label, "severity": severity, "field": field if isinstance(field, str) else None,
                "count": len(group), "remedy": rule.remedy,
                "first_rows": [
                    {"sheet": sheet, "row_number": int(number)}
                    for sheet, number in zip(first["sheet"], first["row_number"], strict=True)
                ],
            }
        )  # fmt: skip
    order = ("reject", "hold", "warn", "note")
    return sorted(counted, key=lambda line: (order.index(line["severity"]), -line["count"], line["code"]))
