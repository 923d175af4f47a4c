"""``make run``: a finished night from nothing, on sample deliveries, as a Prefect flow against a server of its own."""

import argparse
import os
import sys

from flows.cli_common import EXIT_CODE
from flows.context import Home, default_config, default_home
from flows.operate import make_sample, run_night
from flows.prefect_server import running_prefect_server
from flows.print_night import print_summary
from schemas.configuration import load_configuration
from schemas.errors import EldersyncError

__all__ = ["main"]


def main() -> int:
    """Makes samples where the inbox is empty, runs a night, prints what it came to; 0 unless the night failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=2000)
    people = parser.parse_args().people
    home, config = default_home().expanduser().resolve(), default_config()
    try:
        rooms = Home(home)
        rooms.prepare(list(load_configuration(config).sources))
        if not any(path.is_file() for path in rooms.inbox.rglob("*")):
            print(f"Making sample deliveries of {people:,} elders in {rooms.inbox}", flush=True)  # noqa: T201
            make_sample(rooms.inbox, config, people=people, seed=1)
        print("Starting a local Prefect server and running the night", flush=True)  # noqa: T201
        with running_prefect_server(home) as environment:
            os.environ.update(environment)
            summary = run_night(home, config, None, None, send=True)
            _send_last_log_lines()
    except EldersyncError as error:
        print(f"eldersync: {error}", file=sys.stderr)  # noqa: T201
        return EXIT_CODE["red"]
    print_summary(summary)
    print(f"\nOpen the report in a browser: file://{summary['report']}")  # noqa: T201
    return 0


def _send_last_log_lines() -> None:
    """Lets Prefect send what it still has to tell its server, before the server is stopped."""
    from prefect.logging.handlers import APILogHandler

    APILogHandler().flush()


if __name__ == "__main__":
    sys.exit(main())
