"""The command line: its words, exit codes and JSON. What the commands do is elsewhere; nothing heavy loads before it is asked for.

Exit codes: 0 green, 1 red (failed), 2 wrong usage or configuration, 3 yellow (finished, something waits for a person),
4 another run is active.
"""

import json
import logging
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, CycloptsError, Parameter, validators

from schemas.errors import AnotherRunIsActive, ConfigurationInvalid, EldersyncError

__all__ = ["app", "main"]

GREEN, RED, USAGE, YELLOW, BUSY = 0, 1, 2, 3, 4
EXIT_CODE = {"green": GREEN, "yellow": YELLOW, "red": RED, "running": RED}

app = App(
    name="eldersync",
    help="Merges lists of elders every night, checks them, and pushes the changes.",
    version_flags=["--version"],
)


@Parameter(name="*")
@dataclass(frozen=True)
class Common:
    """Options every command takes."""

    home: Annotated[Path | None, Parameter(help="Folder of this installation [$ELDERSYNC_HOME, else ./var].")] = None
    config: Annotated[
        Path | None, Parameter(help="Configuration folder [$ELDERSYNC_CONFIG, else the shipped one].")
    ] = None
    json: Annotated[bool, Parameter(help="Print one JSON object on standard output.", negative="")] = False


_COMMON = Common()

Positive = Annotated[int, Parameter(validator=validators.Number(gte=1, lt=1 << 63))]


@app.command
def run(
    *, date: date | None = None, source: tuple[str, ...] = (), no_push: Annotated[bool, Parameter(negative="")] = False,
    common: Common = _COMMON,
) -> int:  # fmt: skip
    """One night now.

    Args:
        date: business date, YYYY-MM-DD [today].
        source: take only this source; may be repeated.
        no_push: leave the changes in the outbox.
        common: options every command takes.
    """
    from flows.operate import run_night

    return _tell_night(run_night(_home(common), _config(common), date, list(source) or None, send=not no_push), common)


@app.command
def resume(run: Positive, *, common: Common = _COMMON) -> int:
    """Continue a failed run from its first stage that is not done.

    Args:
        run: number of the run.
        common: options every command takes.
    """
    from flows.operate import resume_night

    return _tell_night(resume_night(_home(common), _config(common), run), common)


@app.command
def status(*, common: Common = _COMMON) -> int:
    """What ran last, and what waits."""
    from flows.inspect_runs import current_status
    from flows.print_lists import print_status

    found = current_status(_home(common), _config(common))
    _give(found, common, print_status)
    return EXIT_CODE.get(found["status"], GREEN)


@app.command
def show(run: Positive, *, common: Common = _COMMON) -> int:
    """One run: funnel, changes, push.

    Args:
        run: number of the run.
        common: options every command takes.
    """
    from flows.inspect_runs import one_run
    from flows.print_night import print_run

    found = one_run(_home(common), _config(common), run)
    _give(found, common, print_run)
    return GREEN


@app.command
def runs(*, limit: Positive = 20, common: Common = _COMMON) -> int:
    """The newest runs, a line each.

    Args:
        limit: how many.
        common: options every command takes.
    """
    from flows.inspect_runs import newest_runs
    from flows.print_lists import print_runs

    _give({"runs": newest_runs(_home(common), _config(common), limit)}, common, print_runs)
    return GREEN


@app.command
def findings(run: Positive, *, to: Path, common: Common = _COMMON) -> int:
    """Every finding that stands after a run, as a file.

    Args:
        run: number of the run.
        to: file to write: .csv, .xlsx, .parquet or .json.
        common: options every command takes.
    """
    from flows.export import export_findings

    _give(export_findings(_home(common), _config(common), run, to), common, _print_written)
    return GREEN


@app.command
def elders(
    *, to: Path, unmasked: Annotated[bool, Parameter(negative="")] = False, reason: str = "", common: Common = _COMMON
) -> int:
    """The registry, one row per elder, as a file; identifiers masked unless asked for with a reason.

    Args:
        to: file to write: .csv, .xlsx, .parquet or .json.
        unmasked: write identifiers in full; recorded with the reason.
        reason: why they are needed.
        common: options every command takes.
    """
    from flows.export import export_elders

    _give(export_elders(_home(common), _config(common), to, unmasked=unmasked, reason=reason), common, _print_written)
    return GREEN


@app.command
def explain(
    person: Annotated[str, Parameter(allow_leading_hyphen=True)],
    *,
    unmasked: Annotated[bool, Parameter(negative="")] = False,
    reason: str = "",
    common: Common = _COMMON,
) -> int:
    """Where each field of an elder's record comes from, and what lost.

    Args:
        person: person_id, or an ID number ('-' reads it from standard input, so that no process list shows it).
        unmasked: show identifiers in full; recorded with the reason.
        reason: why they are needed.
        common: options every command takes.
    """
    from flows.export import explanation
    from flows.print_lists import print_explanation

    wanted = sys.stdin.readline().strip() if person == "-" else person
    _give(
        explanation(_home(common), _config(common), wanted, unmasked=unmasked, reason=reason), common, print_explanation
    )
    return GREEN


@app.command
def report(run: Positive, *, common: Common = _COMMON) -> int:
    """Where the HTML report of a run lies; written again if it is gone.

    Args:
        run: number of the run.
        common: options every command takes.
    """
    from flows.inspect_runs import report_path

    found = {"report": str(report_path(_home(common), _config(common), run))}
    _give(found, common, lambda found: print(found["report"]))  # noqa: T201
    return GREEN


@app.command
def sample(*, people: int, to: Path, seed: int = 1, common: Common = _COMMON) -> int:
    """Made-up deliveries with planted defects, and the answer key.

    Args:
        people: how many elders.
        to: folder to write to; a home's inbox will do.
        seed: the same seed makes the same files.
        common: options every command takes.
    """
    from flows.operate import make_sample

    _give(make_sample(to, _config(common), people=people, seed=seed), common, _print_sample)
    return GREEN


@app.command
def doctor(*, common: Common = _COMMON) -> int:
    """Checks configuration, database, clock, disk and platform profile, and says what to do."""
    from flows.doctor import examine
    from flows.print_lists import print_checks

    checks = examine(_home(common), _config(common))
    _give({"checks": checks}, common, print_checks)
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


def _home(common: Common) -> Path:
    from flows.context import default_home

    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("eldersync").setLevel(logging.WARNING if common.json else logging.INFO)
    return common.home or default_home()


def _config(common: Common) -> Path:
    from flows.context import default_config

    return common.config or default_config()


def _give(found: dict[str, Any], common: Common, show_to_people: Any) -> None:
    if common.json:
        print(json.dumps(found, ensure_ascii=False, default=str))  # noqa: T201
    else:
        show_to_people(found)


def _tell_night(summary: dict[str, Any], common: Common) -> int:
    from flows.print_night import print_summary

    _give(summary, common, print_summary)
    return EXIT_CODE[summary["status"]]


def _print_written(found: dict[str, Any]) -> None:
    print(f"{found['rows']} rows written to {found['file']}")  # noqa: T201


def _print_sample(found: dict[str, Any]) -> None:
    for name, count in found["rows"].items():
        print(f"{name:24} {count:>9,} rows")  # noqa: T201
    print(f"answer key: {found['answer_key']}")  # noqa: T201


if __name__ == "__main__":
    main()
