"""What officers decide of findings: said in numbers first, closed or reopened with a name and a reason, never during a run."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from flows.people.at_rest import AtRest, Decider, registry_at_rest
from registry.finding_closures import Chosen, choose_findings, close_chosen, reopen_chosen
from schemas.configuration import Configuration, load_configuration
from schemas.errors import ConfigurationInvalid
from schemas.finding_states import Closing, NotClosable, why_not_closable
from schemas.findings import CATALOGUE, Finding, Severity

_WHY = {
    NotClosable.ONLY_THE_SENDER: "no person can make it right by saying so",
    NotClosable.HOLDS_ITS_ROW: "they hold their rows",
    NotClosable.HAS_VANISHED: "their rows have vanished since they were returned; the sender lists them again, or `findings withdraw`",
    NotClosable.STILL_LISTED: "their rows have not vanished from the sender's list",
}

__all__ = ["Choice", "close_findings", "judged_from", "reopen_findings"]


@dataclass(frozen=True, slots=True)
class Choice:
    """Which findings: by number, or all of a code, narrowed to a source and to what stood after a run."""

    finding_ids: tuple[int, ...] = ()
    code: str = ""
    source: str = ""
    run_id: int | None = None


class _Desk(NamedTuple):
    connection: sa.Connection
    now: datetime
    judge_on: date


def close_findings(
    home: Path, config: Path, choice: Choice, kind: Closing, decider: Decider, *, write: bool
) -> dict[str, Any]:
    """Closes findings as confirmed or waived; without ``write`` it only says how many there would be.

    Returns:
        ``decision chosen[] findings already rows_judged_again is_done``; ``chosen``: ``source code label severity findings``.

    Raises:
        ConfigurationInvalid: nobody or no reason is named, nothing or too much is chosen, or one of them cannot be closed so.
        AnotherRunIsActive: a run is judging rows at this moment.
    """
    with _at_desk(home, config, choice, decider) as desk:
        # What is chosen by what was found is of rows that were looked at, or of such as have gone: never of both.
        vanished = None if choice.finding_ids else kind is Closing.WITHDRAWN
        chosen = _chosen(desk.connection, choice, vanished=vanished)
        waiting = [line for line in chosen if line.closed_as is None]
        _check_closable(waiting, kind)
        rows = 0
        if write and waiting:
            rows = close_chosen(
                desk.connection, kind, by=decider.by.strip(), account=getpass.getuser(), reason=decider.reason.strip(),
                at=desk.now, judge_on=desk.judge_on,
            )  # fmt: skip
    already = sum(line.findings for line in chosen if line.closed_as is not None)
    return _told(str(kind), waiting, already, rows, is_done=write)


def reopen_findings(home: Path, config: Path, choice: Choice, decider: Decider, *, write: bool) -> dict[str, Any]:
    """Takes back what was decided of findings; same answer as :func:`close_findings`."""
    with _at_desk(home, config, choice, decider) as desk:
        chosen = _chosen(desk.connection, choice)
        closed = [line for line in chosen if line.closed_as is not None]
        rows = 0
        if write and closed:
            rows = reopen_chosen(
                desk.connection, by=decider.by.strip(), reason=decider.reason.strip(), at=desk.now, judge_on=desk.judge_on
            )  # fmt: skip
    already = sum(line.findings for line in chosen if line.closed_as is None)
    return _told("reopened", closed, already, rows, is_done=write)


@contextmanager
def _at_desk(home: Path, config: Path, choice: Choice, decider: Decider) -> Iterator[_Desk]:
    """A transaction while no run judges rows: one that does would not see what is decided meanwhile."""
    configuration = load_configuration(config)
    _check_choice(choice, configuration)
    with registry_at_rest(home, configuration, decider, "decisions on findings") as at_rest:
        yield _Desk(at_rest.connection, at_rest.now, judged_from(at_rest))


def judged_from(at_rest: AtRest) -> date:
    """A business date that every coming night has reached: the night after may be of any later day, or of the same."""
    return at_rest.latest["business_date"] if at_rest.latest else at_rest.now.date()


def _check_choice(choice: Choice, configuration: Configuration) -> None:
    if choice.finding_ids and (choice.code or choice.source or choice.run_id):
        raise ConfigurationInvalid("findings are chosen by number or by --code, --source and --run, not both")
    if not choice.finding_ids and not choice.code:
        raise ConfigurationInvalid("name findings by number, or all of a --code: one reason is for one kind of problem")
    if choice.code and choice.code not in set(map(str, Finding)):
        raise ConfigurationInvalid(f"--code: there is no finding code {choice.code}")
    if choice.source and choice.source not in configuration.sources:
        raise ConfigurationInvalid(f"--source: there is no source {choice.source}")


def _chosen(connection: sa.Connection, choice: Choice, *, vanished: bool | None = None) -> list[Chosen]:
    return choose_findings(
        connection, finding_ids=list(choice.finding_ids) or None, code=choice.code or None,
        source=choice.source or None, run_id=choice.run_id, vanished=vanished,
    )  # fmt: skip


def _check_closable(chosen: list[Chosen], kind: Closing) -> None:
    """Raises unless every finding may be closed in this way: a decision is taken whole or not at all."""
    for line in chosen:
        if why := why_not_closable(Finding(line.code), Severity(line.severity), kind, is_vanished=line.is_vanished):
            raise ConfigurationInvalid(
                f"{line.findings} of {line.code} ({line.severity}) cannot be {kind}: {_WHY[why]}"
            )


def _told(decision: str, chosen: list[Chosen], already: int, rows: int, *, is_done: bool) -> dict[str, Any]:
    return {
        "decision": decision,
        "chosen": [
            {"source": line.source, "code": line.code, "label": CATALOGUE[Finding(line.code)].label,
             "severity": line.severity, "findings": line.findings}
            for line in chosen
        ],
        "findings": sum(line.findings for line in chosen),
        "already": already,
        "rows_judged_again": rows,
        "is_done": is_done,
    }  # fmt: skip
