"""The command line: its words, exit codes and JSON. What the commands do is elsewhere; nothing heavy loads before it is asked for.

Exit codes: 0 green, 1 red (failed), 2 wrong usage or configuration, 3 yellow (finished, something waits for a person),
4 another run is active.
"""

import json
import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, CycloptsError, Parameter, validators

from flows.cli_common import (
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
from flows.cli_decide import add_decide_commands
from flows.cli_findings import add_findings_commands
from flows.cli_memory import add_memory_commands, rules_app
from flows.cli_push import add_push_commands
from flows.cli_report import add_report_commands
from flows.cli_returns import add_return_commands
from flows.cli_rules import add_rules_commands
from flows.cli_source import source_app
from schemas.errors import AnotherRunIsActive, ConfigurationInvalid, EldersyncError

__all__ = ["app", "main"]

app = App(
    name="eldersync",
    help="Merges lists of elders every night, checks them, and pushes the changes.",
    version_flags=["--version"],
)


app.command(source_app)
add_push_commands(app)
add_return_commands(app)
add_report_commands(app)
add_findings_commands(app)
add_decide_commands(app)
add_memory_commands(app)
add_rules_commands(rules_app)
divisions_app = App(name="divisions", help="The table of counties, towns and villages.")
app.command(divisions_app)


@app.command
def run(
    *, date: date | None = None, source: tuple[str, ...] = (), no_push: Annotated[bool, Parameter(negative="")] = False,
    common: Common = COMMON,
) -> int:  # fmt: skip
    """One night now.

    Args:
        date: business date, YYYY-MM-DD [today].
        source: take only this source; may be repeated.
        no_push: leave the changes in the outbox.
        common: options every command takes.
    """
    from flows.operate import run_night

    return _tell_night(
        run_night(home_of(common), config_of(common), date, list(source) or None, send=not no_push), common
    )


@app.command
def resume(run: Positive, *, common: Common = COMMON) -> int:
    """Continue a failed run from its first stage that is not done.

    Args:
        run: number of the run.
        common: options every command takes.
    """
    from flows.operate import resume_night

    return _tell_night(resume_night(home_of(common), config_of(common), run), common)


@app.command
def status(*, common: Common = COMMON) -> int:
    """What ran last, and what waits."""
    from flows.inspect_runs import current_status
    from flows.print_lists import print_status

    found = current_status(home_of(common), config_of(common))
    give(found, common, print_status)
    return EXIT_CODE.get(found["status"], GREEN)


@app.command
def show(run: Positive, *, common: Common = COMMON) -> int:
    """One run: funnel, changes, push.

    Args:
        run: number of the run.
        common: options every command takes.
    """
    from flows.inspect_runs import one_run
    from flows.print_night import print_run

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
    from flows.inspect_runs import newest_runs
    from flows.print_lists import print_runs

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
    from flows.export import export_elders

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
    from flows.export import explanation
    from flows.print_person import print_explanation

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
    from flows.blank_forms import write_templates

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
    from flows.division_import import import_divisions
    from flows.print_lists import print_division_import

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
    """Checks configuration, database, clock, disk and platform profile, and says what to do."""
    from flows.doctor import examine
    from flows.print_lists import print_checks

    checks = examine(home_of(common), config_of(common))
    give({"checks": checks}, common, print_checks)
    return GREEN if all(check["ok"] for check in checks) else RED


def main() -> None:
    """Entry of the installed script."""
    sys.exit(call(sys.argv[1:]))


def call(arguments: list[str]) -> int:
    """Runs a command line and gives its exit code; what went wrong is one line on standard error."""
    try:
        answer = app(arguments, exit_on_error=False, print_error=False, result_action="return_value")
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
            return "interrupted; `eldersync resume RUN` goes on", RED
        case _:
            from flows.unforeseen import place_of

            return f"something unforeseen: {place_of(error)}", RED


def _fail(message: str, code: int, *, wants_json: bool) -> int:
    print(f"eldersync: {message}", file=sys.stderr)  # noqa: T201
    if wants_json:
        print(json.dumps({"error": message, "exit_code": code}, ensure_ascii=False))  # noqa: T201
    return code


def _tell_night(summary: dict[str, Any], common: Common) -> int:
    from flows.print_night import print_summary

    give(summary, common, print_summary)
    return EXIT_CODE[summary["status"]]


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
