"""What goes back to a sender is entered in the register, numbered, and gets its letter; and the register as a list."""

import getpass
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pandas as pd
import sqlalchemy as sa

from flows.context import Home, open_registry
from registry import runs
from registry.dispatches import dispatches, record_dispatch, times_before
from registry.engine import transaction
from reports.return_letter import write_return_letter
from reports.return_letter_words import ReturnLetter
from schemas.configuration import Configuration, load_configuration
from schemas.errors import ConfigurationInvalid
from schemas.finding_states import AWAITING, FindingState
from schemas.findings import CATALOGUE, Finding, Severity
from schemas.return_letters import load_return_letters
from schemas.working_days import load_working_days

__all__ = ["SentBack", "awaiting_sender", "list_dispatches", "send_back", "with_times"]

_GRAVEST_FIRST = {str(severity): place for place, severity in enumerate(Severity)}


class SentBack(NamedTuple):
    """A letter that is written and registered; ``is_new`` unless the same findings of the run had one already."""

    reference: str
    due_on: date
    rows: int
    findings: int
    is_new: bool
    files: list[Path]


def awaiting_sender(findings: pd.DataFrame) -> pd.DataFrame:
    """Those findings of a run that a sender is asked to correct: neither closed nor ended, graver than a note, the sender's.

    Args:
        findings: as ``registry.findings.findings_of_run`` gives them.
    """
    owners = {str(code): rule.owner for code, rule in CATALOGUE.items()}
    is_his = (findings["code"].map(owners) == "sender") & (findings["severity"] != Severity.NOTE)
    return findings[is_his & findings["state"].isin(list(AWAITING))]


def send_back(
    connection: sa.Connection, configuration: Configuration, *, run_id: int, source: str, findings: pd.DataFrame,
    folder: Path, attachments: list[str], now: datetime,
) -> SentBack:  # fmt: skip
    """Registers that findings of one source go back to its body, and writes the letter; again, it is the same letter.

    Args:
        connection: in a transaction: if the letter cannot be written, it is not registered either.
        configuration: names of sources and bodies, working days, how letters are numbered.
        run_id: the run after which the findings stood.
        source: whose they are.
        findings: rows of :func:`awaiting_sender`, at least one.
        folder: where the letter is put.
        attachments: names of the files that go with it.
        now: the instant, in the bureau's time zone.

    Raises:
        ConfigurationInvalid: there is no such run, or ``returns.toml`` or ``holidays.csv`` is wrong.
    """
    record = runs.run_record(connection, run_id)
    if record is None:
        raise ConfigurationInvalid(f"there is no run {run_id}; `eldersync runs` lists them")
    style, days = load_return_letters(configuration.folder), load_working_days(configuration.folder)
    body = configuration.sources[source].body
    entry = record_dispatch(
        connection, prefix=style.reference, run_id=run_id, body=body, source=source, finding_ids=findings["finding_id"],
        due_on=days.after(now.date(), style.working_days), made_at=now, made_by=getpass.getuser(),
    )  # fmt: skip
    findings = with_times(findings, times_before(connection, run_id))
    has_vanished = findings["state"] == FindingState.VANISHED
    made_on = entry.made_at.astimezone(now.tzinfo).date()
    letter = ReturnLetter(
        office=configuration.bureau.name,
        reference=entry.reference,
        addressee=style.names.get(body, configuration.bureau.bodies[body]),
        source_label=configuration.sources[source].label,
        deliveries=sorted(findings["delivery"].dropna().unique()),
        business_date=record["business_date"],
        rows=entry.rows,
        problems=_problems(findings),
        again=_again(findings[~has_vanished]),
        vanished=len(findings[has_vanished].drop_duplicates(["delivery", "sheet", "row_number"])),
        due_on=entry.due_on,
        working_days=style.working_days,
        is_provisional=days.is_provisional(made_on, entry.due_on),
        made_on=made_on,
        attachments=attachments,
        contact=style.contact,
        telephone=style.telephone,
    )
    files = write_return_letter(letter, folder, f"数据退回函-{made_on.year}-{entry.number:03}")
    return SentBack(entry.reference, entry.due_on, entry.rows, entry.findings, entry.is_new, files)


def with_times(findings: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Findings with ``times``: how often each goes back now, this time included."""
    times = findings["finding_id"].map(before.set_index("finding_id")["times"]).fillna(0).astype("int64")
    return findings.assign(times=times + 1)


def list_dispatches(home: Path, config: Path, *, limit: int, source: str = "") -> dict[str, Any]:
    """The newest letters: ``dispatches`` with how many of their findings still wait, and whether they are overdue today."""
    configuration = load_configuration(config)
    now = datetime.now(ZoneInfo(configuration.bureau.timezone))
    if source and source not in configuration.sources:
        raise ConfigurationInvalid(f"there is no source named {source}; known: {', '.join(configuration.sources)}")
    with open_registry(Home(home.expanduser().resolve()), configuration) as engine, transaction(engine) as connection:
        found = dispatches(connection, limit=limit, source=source or None)
    lines = [
        {**line, "made_at": line["made_at"].astimezone(now.tzinfo), "is_overdue": bool(line["waiting"]) and line["due_on"] < now.date()}
        for line in found
    ]  # fmt: skip
    return {"dispatches": lines}


def _problems(findings: pd.DataFrame) -> pd.DataFrame:
    """Columns of a letter's problems, the gravest first and then the most frequent."""
    counted = findings.assign(
        rank=findings["severity"].map(_GRAVEST_FIRST).astype("int64"),
        again=findings["times"].gt(1).astype("int64"),
    )
    by_code = counted.groupby("code").agg(count=("rank", "size"), again=("again", "sum"), rank=("rank", "min"))
    by_code = by_code.reset_index().sort_values(["rank", "count", "code"], ascending=[True, False, True])
    rules = [CATALOGUE[Finding(code)] for code in by_code["code"]]
    return by_code.assign(
        label=[rule.label for rule in rules],
        remedy=[rule.remedy for rule in rules],
        is_held=by_code["rank"] <= _GRAVEST_FIRST[Severity.HOLD],
    ).reset_index(drop=True)


def _again(findings: pd.DataFrame) -> list[tuple[int, int]]:
    """How many go back for the second, third, … time: (which time, how many)."""
    counts = findings.loc[findings["times"] > 1, "times"].value_counts().sort_index()
    return [(int(str(times)), int(count)) for times, count in counts.items()]
