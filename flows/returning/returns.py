"""Returning lists: for each file with something wrong, the sender's own rows in a workbook to correct; for each list a letter.

The rows are read again from the kept original, by the limited child process, in the sender's layout and order. How the
workbook looks is ``reports.return_workbook``'s, the letter ``flows.returning.dispatches``'; how a corrected workbook is taken back,
``flows.intake.corrections``'.
"""

import getpass
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pandas as pd
import sqlalchemy as sa

from connectors.keeping import is_kept
from connectors.reading import DeliveryContents, read_delivery
from connectors.reading.looks.inspection import Inspection
from connectors.reading.parent import inspect_delivery
from flows.context import Home, open_registry
from flows.drafting.source_look import reading_room
from flows.intake.deliveries import layout_of, limits_of, password_of
from flows.returning.dispatches import awaiting_sender, send_back, with_times
from flows.returning.return_sheets import Wanted, return_sheets
from registry import runs
from registry.audit import record_disclosure
from registry.dispatches import times_before
from registry.engine import transaction
from registry.findings import findings_of_run
from registry.returns import findings_with_places, rows_at
from registry.statements import current_rows
from registry.tables import member_row
from reports.return_workbook import ReturnBook, ReturnSheet, write_return_workbook
from schemas.configuration import Configuration, Source, load_configuration
from schemas.errors import ConfigurationInvalid, ContractBroken
from schemas.finding_states import AWAITING, FindingState

__all__ = ["Returned", "write_returns"]


@dataclass(frozen=True, slots=True, repr=False)
class Returned:
    """A file that goes back.

    Attributes:
        body: who sent it.
        source: the list it is one of.
        delivery_id: our number of the file.
        findings: how many are to be corrected.
        rows: how many rows are in the workbook.
        workbook: where it lies; where the file could not be read, it only says why.
    """

    body: str
    source: str
    delivery_id: int
    findings: int
    rows: int
    workbook: Path


def write_returns(
    home: Path, config: Path, run_id: int, *, source: str | None = None, body: str | None = None, all_rows: bool = False
) -> dict[str, Any]:
    """Writes the return workbooks of a run under ``<home>/reports/<run>/returns/<body>/``.

    Args:
        home: of the installation.
        config: the configuration folder.
        run_id: the run after which the findings stand.
        source: only this source's files.
        body: only this body's.
        all_rows: every row of a file that goes back, and not only those in which something was found.

    Raises:
        ConfigurationInvalid: there is no such run, source or body.
    """
    configuration = load_configuration(config)
    _check(configuration, source, body)
    rooms = Home(home.expanduser().resolve())
    with open_registry(rooms, configuration) as engine, reading_room(rooms.path) as room:
        with transaction(engine) as connection:
            if runs.run_record(connection, run_id) is None:
                raise ConfigurationInvalid(f"there is no run {run_id}; `eldersync runs` lists them")
            waiting = _waiting(findings_of_run(connection, run_id), configuration, source, body)
            places = with_times(findings_with_places(connection, run_id), times_before(connection, run_id))
            found = _of_files(places, waiting)
        desk = _Desk(rooms, configuration, engine, room, run_id, all_rows)
        returned = [desk.give_back(key, of_file) for key, of_file in found.groupby(["source", "delivery_id"])]
        letters = [desk.write_letter(str(name), asked, returned) for name, asked in waiting.asked.groupby("source")]
    return {"run_id": run_id, "returns": [_told(one) for one in returned], "letters": letters}


class _Waiting(NamedTuple):
    """Findings of a run that wait for somebody, and those among them that a sender is asked to correct."""

    all: pd.DataFrame
    asked: pd.DataFrame


def _check(configuration: Configuration, source: str | None, body: str | None) -> None:
    if source is not None and source not in configuration.sources:
        raise ConfigurationInvalid(f"there is no source {source}; `eldersync source list` lists them")
    if body is not None and body not in configuration.bureau.bodies:
        raise ConfigurationInvalid(f"there is no body {body}; known: {', '.join(configuration.bureau.bodies)}")


def _waiting(findings: pd.DataFrame, configuration: Configuration, source: str | None, body: str | None) -> _Waiting:
    """The findings of the lists asked for."""
    wanted = [
        name
        for name, one in configuration.sources.items()
        if (source is None or name == source) and (body is None or one.body == body)
    ]
    of_lists = findings[findings["source"].isin(wanted) & findings["state"].isin(list(AWAITING))]
    return _Waiting(of_lists, awaiting_sender(of_lists))


def _of_files(found: pd.DataFrame, waiting: _Waiting) -> pd.DataFrame:
    """What waits in the files that go back, notes among it; ``is_asked`` where the sender is asked for a correction."""
    stands = found[found["finding_id"].isin(waiting.all["finding_id"])]
    vanished = waiting.all.loc[waiting.all["state"] == FindingState.VANISHED, "finding_id"]
    stands = stands.assign(
        is_asked=stands["finding_id"].isin(waiting.asked["finding_id"]),
        has_vanished=stands["finding_id"].isin(vanished),
    )
    return stands[stands.groupby(["source", "delivery_id"])["is_asked"].transform("any").astype(bool)]


def _told(one: Returned) -> dict[str, Any]:
    return {
        "body": one.body, "source": one.source, "delivery_id": one.delivery_id, "rows": one.rows,
        "findings": one.findings, "workbook": str(one.workbook),
    }  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class _Desk:
    """Where files are made ready to go back."""

    home: Home
    configuration: Configuration
    engine: sa.Engine
    room: Path
    run_id: int
    all_rows: bool

    def give_back(self, key: Any, found: pd.DataFrame) -> Returned:
        """The workbook of one file, with its findings."""
        source, delivery_id = self.configuration.sources[key[0]], int(key[1])
        kept = self.home.received / found["sha256"].iloc[0][:2] / found["sha256"].iloc[0]
        if not is_kept(kept, found["sha256"].iloc[0]):
            raise ContractBroken(f"{source.name}: the kept original of delivery {delivery_id} is gone or altered")
        contents, inspection = self._read(source, kept)
        sheets = [] if contents.refused else self._sheets(source, delivery_id, found, contents, inspection)
        rows = sum(len(sheet.row_numbers) for sheet in sheets)
        of_file = found[(found["origin"] == "file") & found["is_asked"]]
        workbook = self._write(source, delivery_id, sheets, of_file, rows)
        return Returned(source.body, source.name, delivery_id, int(found["is_asked"].sum()), rows, workbook)

    def write_letter(self, source: str, asked: pd.DataFrame, returned: list[Returned]) -> dict[str, Any]:
        """The letter that a list goes back with, entered in the register."""
        workbooks = [one.workbook.name for one in returned if one.source == source]
        folder = self.home.reports(self.run_id) / "returns" / self.configuration.sources[source].body
        with transaction(self.engine) as connection:
            sent = send_back(
                connection, self.configuration, run_id=self.run_id, source=source, findings=asked, folder=folder,
                attachments=workbooks, now=self._now(),
            )  # fmt: skip
        return {
            "source": source, "reference": sent.reference, "due_on": sent.due_on.isoformat(), "rows": sent.rows,
            "findings": sent.findings, "files": [str(file) for file in sent.files],
        }  # fmt: skip

    def _now(self) -> datetime:
        return datetime.now(ZoneInfo(self.configuration.bureau.timezone))

    def _read(self, source: Source, kept: Path) -> tuple[DeliveryContents, Inspection]:
        layout = layout_of(source, password=password_of(self.home, source))
        limits = limits_of(self.configuration.rules)
        return (
            read_delivery(kept, layout, limits=limits, workspace=self.room),
            inspect_delivery(kept, layout, limits=limits, workspace=self.room),
        )

    def _sheets(
        self, source: Source, delivery_id: int, found: pd.DataFrame, contents: DeliveryContents, inspection: Inspection
    ) -> list[ReturnSheet]:
        standing = None
        if self.all_rows:
            with transaction(self.engine) as connection:
                standing = {
                    "main": current_rows(connection, source.name).to_pandas(),
                    "members": rows_at(connection, member_row, delivery_id),
                }
        return return_sheets(source, contents, inspection, Wanted(found, found["sha256"].iloc[0], standing))

    def _write(
        self, source: Source, delivery_id: int, sheets: list[ReturnSheet], of_file: pd.DataFrame, rows: int
    ) -> Path:
        """Writes the workbook, once it is on record that unmasked data leaves for its sender."""
        if rows:
            self._record(source, delivery_id, rows)
        folder = self.home.reports(self.run_id) / "returns" / source.body
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / f"{source.name}-run-{self.run_id}-delivery-{delivery_id}.xlsx"
        about: Mapping[str, str] = {
            "名单": source.label, "报送单位": self.configuration.bureau.bodies[source.body],
            "报送编号": str(delivery_id), "运行": f"第 {self.run_id} 次", "退回行数": str(rows),
        }  # fmt: skip
        write_return_workbook(path, ReturnBook(f"{source.label} 退回更正", list(about.items()), sheets, of_file))
        return path

    def _record(self, source: Source, delivery_id: int, rows: int) -> None:
        reason = f"退回报送单位更正，第 {self.run_id} 次运行，{source.name} 第 {delivery_id} 号报送"
        with transaction(self.engine) as connection:
            record_disclosure(
                connection,
                at=self._now(),
                actor=getpass.getuser(),
                action="returns-unmasked",
                reason=reason,
                people=rows,
            )
