"""The command line: its words, exit codes and JSON. What the commands do is elsewhere; nothing heavy loads before it is asked for.

Exit codes: 0 green, 1 red (failed), 2 wrong usage or configuration, 3 yellow (finished, something waits for a person),
4 another run is active.
"""

import json
import os
import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Any, TextIO

from cyclopts import App, CycloptsError, Parameter, validators

from flows.commands.cli_backup import add_backup_commands
from flows.commands.cli_common import (
    BUSY,
    COMMON,
    EXIT_CODE,
    GREEN,
    RED,
    USAGE,
    YELLOW,
    Common,
    Positive,
    config_of,
    give,
    home_of,
)
from flows.commands.cli_config import add_config_commands
from flows.commands.cli_decide import add_decide_commands
from flows.commands.cli_findings import add_findings_commands
from flows.commands.cli_memory import add_memory_commands, rules_app
from flows.commands.cli_push import add_push_commands
from flows.commands.cli_report import add_report_commands
from flows.commands.cli_returns import add_return_commands
from flows.commands.cli_rules import add_rules_commands
from flows.commands.cli_server import add_server_commands
from flows.commands.cli_source import source_app
from flows.commands.cli_watch import add_watch_commands
from schemas.errors import AnotherRunIsActive, ConfigurationInvalid, EldersyncError

__all__ = ["app", "main"]

app = App(
    name="eldersync",
    help="Merges lists of elders every night, checks them, and pushes the changes.",
    version_flags=["--version"],
    suppress_keyboard_interrupt=False,  # `call` says how to go on
)


app.command(source_app)
add_push_commands(app)
add_backup_commands(app)
add_config_commands(app)
add_return_commands(app)
add_report_commands(app)
add_findings_commands(app)
add_decide_commands(app)
add_memory_commands(app)
add_rules_commands(rules_app)
add_server_commands(app)
add_watch_commands(app)
divisions_app = App(name="divisions", help="The table of counties, towns and villages.")
app.command(divisions_app)


@app.command
def run(
    *, date: date | None = None, source: tuple[str, ...] = (), no_push: Annotated[bool, Parameter(negative="")] = False,
    dry_run: Annotated[bool, Parameter(negative="")] = False, common: Common = COMMON,
) -> int:  # fmt: skip
    """One night now; says first what it will do. It waits for nobody.

    Args:
        date: business date, YYYY-MM-DD [today].
        source: take only this source; may be repeated.
        no_push: leave the changes in the outbox.
        dry_run: only say what it would do.
        common: options every command takes.
    """
    from flows.operate import night_to_come, run_night

    home, config, sources = home_of(common), config_of(common), list(source) or None
    if dry_run:
        return _foretold(night_to_come(home, config, date, sources, send=not no_push), common)
    return _tell_night(run_night(home, config, date, sources, send=not no_push, foretell=_say_before), common)


@app.command
def resume(run: Positive, *, dry_run: Annotated[bool, Parameter(negative="")] = False, common: Common = COMMON) -> int:
    """Continue a failed run from its first stage that is not done; says first what is done and what it will do.

    Args:
        run: number of the run.
        dry_run: only say what it would do.
        common: options every command takes.
    """
    from flows.operate import rest_to_come, resume_night

    home, config = home_of(common), config_of(common)
    if dry_run:
        return _foretold(rest_to_come(home, config, run), common)
    return _tell_night(resume_night(home, config, run, foretell=_say_before), common)


@app.command
def status(*, common: Common = COMMON) -> int:
    """What ran last and what waits, a card for each problem; the same as a page under HOME/reports."""
    from flows.accounts.inspect_runs import current_status
    from flows.commands.print_status import print_status

    found = current_status(home_of(common), config_of(common))
    give(found, common, print_status)
    return EXIT_CODE.get(found["lamp"], GREEN)


@app.command
def show(run: Positive, *, common: Common = COMMON) -> int:
    """One run: funnel, changes, push.

    Args:
        run: number of the run.
        common: options every command takes.
    """
    from flows.accounts.inspect_runs import one_run
    from flows.commands.print_night import print_run

    found = one_run(home_of(common), config_of(common), run)
    give(found, common, print_run)
    return GREEN


@app.command
def runs(*, limit: Positive = 20, common: Common = COMMON) -> int:
    """The newest runs, a line each.

    Args:
        limit: how many.
        common: options every command takes.
    """
    from flows.accounts.inspect_runs import newest_runs
    from flows.commands.print_lists import print_runs

    give({"runs": newest_runs(home_of(common), config_of(common), limit)}, common, print_runs)
    return GREEN


@app.command
def elders(
    *, to: Path, at: date | None = None, unmasked: Annotated[bool, Parameter(negative="")] = False, reason: str = "",
    common: Common = COMMON,
) -> int:  # fmt: skip
    """The registry, one row per elder, as a file; identifiers masked unless asked for with a reason.

    Args:
        to: file to write: .csv, .xlsx, .parquet or .json.
        at: as it stood when this business date ended, YYYY-MM-DD; nights that were undone count as never been.
        unmasked: write identifiers in full; recorded with the reason.
        reason: why they are needed.
        common: options every command takes.
    """
    from flows.accounts.export import export_elders

    found = export_elders(home_of(common), config_of(common), to, unmasked=unmasked, reason=reason, at=at)
    give(found, common, _print_written)
    return GREEN


@app.command
def explain(
    person: Annotated[str, Parameter(allow_leading_hyphen=True)],
    *,
    at: date | None = None,
    unmasked: Annotated[bool, Parameter(negative="")] = False,
    reason: str = "",
    common: Common = COMMON,
) -> int:
    """Where each field of an elder's record comes from, what lost, and everything about it in the order of time.

    Args:
        person: person_id, or an ID number ('-' reads it from standard input, so that no process list shows it).
        at: as it stood when this business date ended, YYYY-MM-DD.
        unmasked: show identifiers in full; recorded with the reason.
        reason: why they are needed.
        common: options every command takes.
    """
    from flows.accounts.export import explanation
    from flows.commands.print_person import print_explanation

    wanted = sys.stdin.readline().strip() if person == "-" else person
    give(
        explanation(home_of(common), config_of(common), wanted, unmasked=unmasked, reason=reason, at=at),
        common,
        print_explanation,
    )
    return GREEN


@app.command
def sample(*, people: int, to: Path, seed: int = 1, common: Common = COMMON) -> int:
    """Made-up deliveries with planted defects, and the answer key.

    Args:
        people: how many elders.
        to: folder to write to; a home's inbox will do.
        seed: the same seed makes the same files.
        common: options every command takes.
    """
    from flows.operate import make_sample
    from flows.settings.installation import refuse_made_up_deliveries

    refuse_made_up_deliveries(home_of(common), config_of(common), to)
    give(make_sample(to, config_of(common), people=people, seed=seed), common, _print_sample)
    return GREEN


@app.command
def template(name: str, *, to: Path = Path(), common: Common = COMMON) -> int:
    """Blank templates for senders: the registration form, or the roster of a source.

    Args:
        name: 附件1, or the name of a source.
        to: folder to write to [the current one].
        common: options every command takes.
    """
    from flows.drafting.blank_forms import write_templates

    give(write_templates(config_of(common), name, to), common, _print_files)
    return GREEN


@divisions_app.command(name="import")
def import_(
    file: Path, *, changes: Path | None = None, yes: Annotated[bool, Parameter(negative="")] = False,
    common: Common = COMMON,
) -> int:  # fmt: skip
    """Puts a fuller division table in the place of the one in force; says in numbers what it would change, and asks for --yes.

    Args:
        file: .csv or .xlsx with 代码 and 名称.
        changes: .csv or .xlsx with 原代码 and 现行代码 of retired codes.
        yes: write it.
        common: options every command takes.
    """
    from flows.commands.print_lists import print_division_import
    from flows.drafting.division_import import import_divisions

    found = import_divisions(config_of(common), file, changes, write=yes)
    give(found, common, print_division_import)
    return GREEN if yes else YELLOW


@app.command
def simulate_province(
    *, port: Annotated[int, Parameter(validator=validators.Number(gte=0, lt=1 << 16))] = 8640,
    ledger: Path | None = None, faults: Path | None = None, chance: float | None = None, token: str | None = None,
    common: Common = COMMON,
) -> int:  # fmt: skip
    """The stand-in for the provincial platform, on this machine only, until Ctrl-C.

    Args:
        port: to listen on; 0 is any that is free.
        ledger: file of what took effect [HOME/simulated-province/ledger.sqlite].
        faults: .toml of how it behaves and what goes wrong.
        chance: share of requests with which something goes wrong, 0 to 1.
        token: what requests are signed with [trial-token].
        common: options every command takes.
    """
    from functools import partial

    from flows import province

    def listening(found: dict[str, Any]) -> None:
        give(found, common, province.print_listening)
        sys.stdout.flush()  # who started it waits for this

    province.simulate_province(
        home_of(common),
        config_of(common),
        province.ProvinceOptions(port, ledger, faults, chance, token or province.TRIAL_TOKEN),
        listening=listening,
        say=partial(print, file=sys.stderr if common.json else sys.stdout, flush=True),
    )
    return GREEN


@app.command
def doctor(*, common: Common = COMMON) -> int:
    """Checks everything an installation stands on, and says of each what to do."""
    from flows.commands.print_status import print_checks
    from flows.watching.doctor import examine

    checks = examine(home_of(common), config_of(common))
    give({"checks": checks}, common, print_checks)
    return GREEN if all(check["ok"] for check in checks) else RED


def main() -> None:
    """Entry of the installed script."""
    try:
        code = call(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:  # whoever was to read the answer, `head` for instance, has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = RED
    sys.exit(code)


def call(arguments: list[str]) -> int:
    """Runs a command line and gives its exit code; what went wrong is one line on standard error."""
    try:
        answer = app(arguments, exit_on_error=False, print_error=False, result_action="return_value")
    except BrokenPipeError:
        raise
    except (Exception, KeyboardInterrupt) as error:
        message, code = _told(error)
        return _fail(message, code, wants_json="--json" in arguments)
    return answer if isinstance(answer, int) else GREEN


def _told(error: BaseException) -> tuple[str, int]:
    """What is said of an error, and its exit code; of anything unforeseen not its text, which may quote a cell."""
    match error:
        case CycloptsError():
            return f"{error}  (eldersync --help)", USAGE
        case ConfigurationInvalid():
            return str(error), USAGE
        case AnotherRunIsActive():
            return str(error), BUSY
        case EldersyncError():
            return str(error), RED
        case KeyboardInterrupt():
            return str(error) or "interrupted", RED
        case _:
            from flows.unforeseen import place_of

            return f"something unforeseen: {place_of(error)}", RED


def _fail(message: str, code: int, *, wants_json: bool) -> int:
    print(f"eldersync: {message}", file=sys.stderr)  # noqa: T201
    if wants_json:
        print(json.dumps({"error": message, "exit_code": code}, ensure_ascii=False))  # noqa: T201
    return code


def _tell_night(summary: dict[str, Any], common: Common) -> int:
    from flows.commands.print_night import print_summary

    give(summary, common, print_summary)
    return EXIT_CODE[summary["status"]]


def _foretold(found: dict[str, Any], common: Common) -> int:
    give(found, common, _print_preview)
    return GREEN


def _print_preview(found: dict[str, Any], file: TextIO | None = None) -> None:
    from flows.preview import preview_lines

    for line in preview_lines(found):
        print(line, file=file or sys.stdout)


def _say_before(found: dict[str, Any]) -> None:
    """On standard error, so that what a program reads is the answer alone."""
    _print_preview(found, sys.stderr)
    sys.stderr.flush()


def _print_written(found: dict[str, Any]) -> None:
    print(f"{found['rows']} rows written to {found['file']}")  # noqa: T201


def _print_files(found: dict[str, Any]) -> None:
    for file in found["files"]:
        print(file)  # noqa: T201


def _print_sample(found: dict[str, Any]) -> None:
    for name, count in found["rows"].items():
        print(f"{name:24} {count:>9,} rows")  # noqa: T201
    print(f"answer key: {found['answer_key']}")  # noqa: T201


if __name__ == "__main__":
    main()
