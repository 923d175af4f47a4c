"""Taking in the platform's result workbook: what it would settle, in numbers, and then the settling with its findings."""

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from connectors.platform_results import PlatformResults, read_handed_in, read_results
from connectors.reading import FileFinding
from connectors.reading.contents import row_ranges
from flows.context import Night, opened_night
from flows.drafting.source_look import existing_file, reading_room
from flows.intake.deliveries import limits_of
from registry.engine import transaction
from registry.outbox import adopt_profile
from registry.push_results import (
    refused_changes,
    replace_push_findings,
    settle_results,
    statements_of_people,
    told_changes,
)
from registry.runs import latest_run
from schemas.errors import ConfigurationInvalid, RunStopped
from schemas.findings import CATALOGUE
from schemas.platform_profile import PlatformProfile
from transforms.columns import texts
from transforms.platform_findings import platform_findings
from transforms.receipts import BIN_WORDS, Bin, Matched, match_receipts

__all__ = ["import_receipts", "say_push_findings"]

_NEED_A_LOOK = (Bin.CONTRADICTS, Bin.AMBIGUOUS, Bin.UNKNOWN_PERSON, Bin.UNREADABLE, Bin.BLANK)


def import_receipts(home: Path, config: Path, file: Path, *, run: int | None = None, write: bool) -> dict[str, Any]:
    """Matches a result workbook with what was handed in, and settles it when told to.

    Args:
        home: of the installation.
        config: the configuration folder.
        file: the workbook; it is only read.
        run: whose files it answers, if somebody says so.
        write: settle; else it is only said what would be.

    Returns:
        ``rows`` (read below the headers), ``bins`` (each with ``bin label remedy rows numbers``), ``settled`` by outcome,
        ``unmentioned`` (open changes the file does not mention), ``broken`` lines, ``left_sheets``, ``faults`` of a file
        that cannot be used, ``findings`` begun and ended, ``waits`` (rows that need a look) and ``is_settled``.

    Raises:
        ConfigurationInvalid: the profile says nothing of receipts, or there is no such file.
        AnotherRunIsActive: a run is going on.
    """
    path = existing_file(file)
    with opened_night(home, config, None) as night:
        night.lock.announce("receipts")
        receipts = night.profile.receipts
        if receipts is None:
            raise ConfigurationInvalid(f"platform/{night.profile.name}.toml: receipts: the profile has no such section")
        limits = limits_of(night.configuration.rules)
        with reading_room(home) as room:
            headers = night.profile.headers
            results = read_results(path, receipts, repeated=headers, limits=limits, workspace=room)
            lines = _handed_in(night, run, room) if _names_nobody(results.rows) else None
        if results.refused:
            return {**_nothing(results), "faults": list(map(_fault, results.findings))}
        with transaction(night.engine) as connection:
            adopt_profile(connection, night.profile.name)
            sent = told_changes(connection, night.profile.name, _id_number_headers(night.profile))
            matched = match_receipts(_frame(results.rows), sent, night.profile, run=run, handed_in=lines)
            said = _said(results, matched)
            return {**said, **_settle(night, connection, matched)} if write else said


def say_push_findings(night: Night, connection: sa.Connection) -> tuple[int, int]:
    """Brings the findings of the push in line with what the platform refused; how many began and ended."""
    refused = refused_changes(connection, night.profile.name)
    statements = statements_of_people(connection, refused["person_id"])
    found = platform_findings(refused, statements, night.profile, night.configuration)
    return replace_push_findings(connection, night.run_id, found)


def _settle(night: Night, connection: sa.Connection, matched: Matched) -> dict[str, Any]:
    newest = latest_run(connection)
    if newest is None:
        return {"is_settled": True}  # no run, so nothing was ever handed in
    night.run_id = newest["run_id"]
    count = settle_results(connection, night.profile.name, night.now(), matched.outcomes)
    if count != len(matched.outcomes):
        raise RunStopped(
            f"{len(matched.outcomes)} changes were to be settled, {count} could be; a push is asking about the others: "
            "nothing was settled, try again when it has ended"
        )
    began, ended = say_push_findings(night, connection)
    return {"is_settled": True, "findings": {"begun": began, "ended": ended}}


def _names_nobody(rows: pa.Table) -> bool:
    """Whether some rows say whom they are about by a row of the file handed in, if by anything."""
    nobody = pc.and_(pc.is_null(rows["person_number"]), pc.is_null(rows["id_number"]))
    return bool(pc.any(nobody).as_py())


def _handed_in(night: Night, run: int | None, room: Path) -> pd.DataFrame | None:
    """Who stood in which row of the workbook of a run, if it has one alone: of several nobody says which is answered."""
    files = sorted((night.home.path / "outgoing").glob(f"{run}*/*.xlsx")) if run is not None else []
    files = [file for file in files if file.parent.name.partition("-")[0] == str(run)]
    if len(files) != 1:
        return None
    limits = limits_of(night.configuration.rules)
    lines = read_handed_in(files[0], night.profile, limits=limits, workspace=room)
    return None if lines is None else _frame(lines)


def _frame(rows: pa.Table) -> pd.DataFrame:
    frame = pd.DataFrame({name: texts(rows[name]) for name in rows.column_names if name != "row_number"})
    frame["row_number"] = rows["row_number"].to_numpy()
    return frame


def _id_number_headers(profile: PlatformProfile) -> list[str]:
    return [name for column in profile.columns if column.field == "id_number" for name in (column.header, column.key)]


def _said(results: PlatformResults, matched: Matched) -> dict[str, Any]:
    counts = matched.counts
    rows = _frame(results.rows)[["sheet", "row_number"]].assign(bin=matched.bins.to_numpy())
    bins = [
        {
            "bin": str(kind), "label": words.label, "remedy": words.remedy, "rows": counts[kind],
            "numbers": _numbers(rows[rows["bin"] == str(kind)]),
        }
        for kind, words in BIN_WORDS.items() if counts[kind]
    ]  # fmt: skip
    settled = matched.outcomes["state"].value_counts()
    return {
        **_nothing(results),
        "rows": len(rows),
        "bins": bins,
        "settled": {str(state): int(count) for state, count in settled.items()},
        "unmentioned": matched.unmentioned,
        "waits": sum(counts[kind] for kind in _NEED_A_LOOK) + results.broken,
        "is_settled": matched.outcomes.empty,
    }


def _nothing(results: PlatformResults) -> dict[str, Any]:
    return {
        "rows": 0, "bins": [], "settled": {}, "unmentioned": 0, "broken": results.broken,
        "left_sheets": results.left_sheets, "faults": [], "findings": {"begun": 0, "ended": 0}, "waits": 0,
        "is_settled": False,
    }  # fmt: skip


def _numbers(rows: pd.DataFrame) -> list[str]:
    """The numbers of rows, a text for each sheet, in the order of the sheets."""
    return [row_ranges(sorted(of_sheet["row_number"].tolist())) for _, of_sheet in rows.groupby("sheet", sort=False)]


def _fault(finding: FileFinding) -> dict[str, Any]:
    rule = CATALOGUE[finding.code]
    return {"code": str(finding.code), "label": rule.label, "seen": finding.seen, "row_number": finding.row_number}
