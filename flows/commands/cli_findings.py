"""The command line of findings: as a file, what a person decides of them, and the register of what went back to senders."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from flows.commands.cli_common import COMMON, GREEN, YELLOW, Common, Positive, config_of, give, home_of

__all__ = ["add_findings_commands"]

findings_app = App(name="findings", help="What was found, as a file; and what a person decides of it.")

Flag = Annotated[bool, Parameter(negative="")]


def add_findings_commands(app: App) -> None:
    """Hangs the commands of this module into the command line."""
    app.command(findings_app)
    app.command(dispatches)


@Parameter(name="*")
@dataclass(frozen=True)
class Filter:
    """Findings that are not named by number."""

    code: Annotated[str, Parameter(help="All of this code, instead of numbers.")] = ""
    source: Annotated[str, Parameter(help="Only this source's.")] = ""
    run: Annotated[Positive | None, Parameter(help="Only those that stood after this run.")] = None


EVERYTHING = Filter()


@findings_app.default
def findings(run: Positive, *, to: Path, common: Common = COMMON) -> int:
    """Every finding that stands after a run, as a file; a workbook can be filled in and given to `findings import`.

    Args:
        run: number of the run.
        to: file to write: .csv, .xlsx, .parquet or .json.
        common: options every command takes.
    """
    from flows.accounts.export import export_findings
    from flows.commands.print_findings import print_written

    give(export_findings(home_of(common), config_of(common), run, to), common, print_written)
    return GREEN


@findings_app.command
def confirm(
    *finding: Positive, by: str, reason: str, chosen: Filter = EVERYTHING, yes: Flag = False, common: Common = COMMON
) -> int:
    """Says that what was found is right as it is; it is not reported again until the row changes, and holds no row.

    All of a --code are only said in numbers without --yes.

    Args:
        finding: numbers of findings.
        by: name of the person who decides.
        reason: why, and which document shows it.
        chosen: findings that are not named by number.
        yes: do it.
        common: options every command takes.
    """
    return _close("confirmed", finding, chosen, by, reason, common, yes=yes)


@findings_app.command
def waive(
    *finding: Positive, by: str, reason: str, chosen: Filter = EVERYTHING, yes: Flag = False, common: Common = COMMON
) -> int:
    """Does without a correction of what holds no row; it is shown as waived until the row changes.

    All of a --code are only said in numbers without --yes.

    Args:
        finding: numbers of findings.
        by: name of the person who decides.
        reason: why.
        chosen: findings that are not named by number.
        yes: do it.
        common: options every command takes.
    """
    return _close("waived", finding, chosen, by, reason, common, yes=yes)


@findings_app.command
def withdraw(
    *finding: Positive, by: str, reason: str, chosen: Filter = EVERYTHING, yes: Flag = False, common: Common = COMMON
) -> int:
    """Says that a sender left a returned row out on purpose; whom only this row stated leaves with the next night.

    All of a --code are only said in numbers without --yes.

    Args:
        finding: numbers of findings whose rows have vanished.
        by: name of the person who decides.
        reason: why, and who of the sender said so.
        chosen: findings that are not named by number.
        yes: do it.
        common: options every command takes.
    """
    return _close("withdrawn", finding, chosen, by, reason, common, yes=yes)


@findings_app.command(name="import")
def import_(file: Path, *, by: str = "", yes: Flag = False, common: Common = COMMON) -> int:
    """Reads the filled-in workbook of `findings`: says in numbers what counts and row by row what does not, records with --yes.

    Args:
        file: the workbook.
        by: name of the person who decides, where a row names nobody.
        yes: record it.
        common: options every command takes.
    """
    from flows.commands.print_findings import print_imported_decisions
    from flows.returning.finding_import import import_decisions

    found = import_decisions(home_of(common), config_of(common), file, by=by, write=yes)
    give(found, common, print_imported_decisions)
    waits = found["faults"] or found["refused"] or (found["decided"] and not yes)
    return YELLOW if waits else GREEN


@findings_app.command
def reopen(
    *finding: Positive, by: str, reason: str, chosen: Filter = EVERYTHING, yes: Flag = False, common: Common = COMMON
) -> int:
    """Takes back what was decided; who decided it and why stays recorded.

    All of a --code are only said in numbers without --yes.

    Args:
        finding: numbers of findings.
        by: name of the person who decides.
        reason: why.
        chosen: findings that are not named by number.
        yes: do it.
        common: options every command takes.
    """
    from flows.commands.print_findings import print_decision
    from flows.people.at_rest import Decider
    from flows.returning.finding_desk import Choice, reopen_findings

    choice = Choice(finding, chosen.code, chosen.source, chosen.run)
    is_meant = yes or bool(finding)
    found = reopen_findings(home_of(common), config_of(common), choice, Decider(by, reason), write=is_meant)
    give(found, common, print_decision)
    return GREEN if is_meant else YELLOW


def dispatches(*, source: str = "", limit: Positive = 50, common: Common = COMMON) -> int:
    """Letters to senders, the newest first: what went back under which number, until when, and what still waits.

    Args:
        source: only this source's.
        limit: how many.
        common: options every command takes.
    """
    from flows.commands.print_findings import print_dispatches
    from flows.returning.dispatches import list_dispatches

    give(list_dispatches(home_of(common), config_of(common), limit=limit, source=source), common, print_dispatches)
    return GREEN


def _close(
    kind: str, finding: tuple[int, ...], chosen: Filter, by: str, reason: str, common: Common, *, yes: bool
) -> int:
    from flows.commands.print_findings import print_decision
    from flows.people.at_rest import Decider
    from flows.returning.finding_desk import Choice, close_findings
    from schemas.finding_states import Closing

    choice = Choice(finding, chosen.code, chosen.source, chosen.run)
    is_meant = yes or bool(finding)
    found = close_findings(
        home_of(common), config_of(common), choice, Closing(kind), Decider(by, reason), write=is_meant
    )
    give(found, common, print_decision)
    return GREEN if is_meant else YELLOW
