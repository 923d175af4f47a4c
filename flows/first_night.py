"""``make run``: a finished night from nothing, on sample deliveries, as a Prefect flow against a server of its own.

``make run-api`` (``--api``) is the same at the stand-in for the provincial platform, as operators train on it, up to a first
push that is held, approved, told and reckoned.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from flows.commands.cli_common import EXIT_CODE
from flows.commands.print_night import print_summary
from flows.context import Home, default_config, default_home, open_registry
from flows.operate import make_sample, run_night
from flows.province import TRIAL_TOKEN
from flows.schedule.prefect_server import running_prefect_server
from flows.schedule.server_place import is_supervised
from flows.settings.installation import refuse_made_up_deliveries
from flows.training import StandIn, prepare_configuration, running_stand_in, token_variable, train_a_push
from schemas.configuration import load_configuration
from schemas.errors import EldersyncError, RunStopped

__all__ = ["main"]


def main() -> int:
    """Makes samples where the inbox is empty, runs a night, prints what it came to; 0 unless the night failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--api", action="store_true", help="tell the stand-in for the provincial platform")
    options = parser.parse_args()
    home, config = default_home().expanduser().resolve(), default_config()
    try:
        if is_supervised(home):
            raise RunStopped(
                f"the server of {home} is up and has this home's nights; `eldersync run` is a night beside them"
            )
        _make_sample_deliveries(home, config, options.people)
        is_well = _train(home, config) if options.api else _run(home, config)
    except EldersyncError as error:
        print(f"eldersync: {error}", file=sys.stderr)  # noqa: T201
        return EXIT_CODE["red"]
    return EXIT_CODE["green" if is_well else "red"]


def _make_sample_deliveries(home: Path, config: Path, people: int) -> None:
    rooms = Home(home)
    rooms.prepare(list(load_configuration(config).sources))
    if not any(path.is_file() for path in rooms.inbox.rglob("*")):
        refuse_made_up_deliveries(home, config, rooms.inbox)
        print(f"Making sample deliveries of {people:,} elders in {rooms.inbox}", flush=True)  # noqa: T201
        make_sample(rooms.inbox, config, people=people, seed=1)


def _run(home: Path, config: Path) -> bool:
    with _prefect(home):
        summary = run_night(home, config, None, None, send=True)
        _send_last_log_lines()
    _print_night(summary)
    return True


def _train(home: Path, config: Path) -> bool:
    """A night at the stand-in; whether its ledger has lost and doubled nothing."""
    training = prepare_configuration(home, config)
    with ExitStack() as stack:
        platform = stack.enter_context(running_stand_in(home, training))
        print(f"The stand-in for the provincial platform listens at {platform.url}; it is not the real one.")  # noqa: T201
        print(f"Its configuration is {training}: a copy of {config}, which stays as it is.")  # noqa: T201
        stack.enter_context(_prefect(home))
        # Not before: the servers started above have no use for it.
        os.environ[token_variable(training)] = TRIAL_TOKEN
        stack.enter_context(open_registry(Home(home), load_configuration(training)))  # stays open between the commands
        summary = run_night(home, training, None, None, send=True)
        _print_night(summary)
        is_well = train_a_push(home, platform, summary["run_id"])
        _send_last_log_lines()
    _print_how_to_go_on(home, platform)
    return is_well


@contextmanager
def _prefect(home: Path) -> Iterator[None]:
    """A Prefect server for the time of the block, known to this process."""
    print("Starting a local Prefect server and running the night", flush=True)  # noqa: T201
    with running_prefect_server(home) as environment:
        os.environ.update(environment)
        yield


def _print_night(summary: dict[str, Any]) -> None:
    print_summary(summary)
    print(f"\nOpen the report in a browser: file://{summary['report']}\n", flush=True)  # noqa: T201


def _print_how_to_go_on(home: Path, platform: StandIn) -> None:
    eldersync = Path(sys.executable).with_name("eldersync")
    there = f"--home {home} --config {platform.config}"
    print(  # noqa: T201
        f"""
Go on: start the stand-in again where the training configuration expects it ({platform.url}), and leave it running
  {eldersync} simulate-province --port {platform.port} {there}
and in a second terminal, with the token that opens nothing but the stand-in,
  export {token_variable(platform.config)}={TRIAL_TOKEN}
  {eldersync} run {there}
after changing a list in {home / "inbox"}; then plan, approve, push, push status and reconcile, each with the same two options."""
    )


def _send_last_log_lines() -> None:
    """Lets Prefect send what it still has to tell its server, before the server is stopped."""
    from prefect.logging.handlers import APILogHandler

    APILogHandler().flush()


if __name__ == "__main__":
    sys.exit(main())
