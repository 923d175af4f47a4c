"""What every command has in common: options, exit codes, where the home and the configuration are, one way to answer."""

import json
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter, validators

__all__ = [
    "BUSY", "COMMON", "EXIT_CODE", "GREEN", "RED", "USAGE", "YELLOW", "Common", "Positive", "config_of", "give", "home_of",
]  # fmt: skip

GREEN, RED, USAGE, YELLOW, BUSY = 0, 1, 2, 3, 4
EXIT_CODE = {"green": GREEN, "yellow": YELLOW, "red": RED, "running": RED}


@Parameter(name="*")
@dataclass(frozen=True)
class Common:
    """Options every command takes."""

    home: Annotated[Path | None, Parameter(help="Folder of this installation [$ELDERSYNC_HOME, else ./var].")] = None
    config: Annotated[
        Path | None, Parameter(help="Configuration folder [$ELDERSYNC_CONFIG, else the shipped one].")
    ] = None
    json: Annotated[bool, Parameter(help="Print one JSON object on standard output.", negative="")] = False


COMMON = Common()

Positive = Annotated[int, Parameter(validator=validators.Number(gte=1, lt=1 << 63))]


def home_of(common: Common) -> Path:
    """The home asked for; logs of the command go to standard error from here on."""
    from flows.context import default_home

    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("eldersync").setLevel(logging.WARNING if common.json else logging.INFO)
    return common.home or default_home()


def config_of(common: Common) -> Path:
    """The configuration folder asked for."""
    from flows.context import default_config

    return common.config or default_config()


def give(found: dict[str, Any], common: Common, show_to_people: Callable[[dict[str, Any]], None]) -> None:
    """Answers: one JSON object for programs, or what ``show_to_people`` prints."""
    if common.json:
        print(json.dumps(found, ensure_ascii=False, default=str))  # noqa: T201
    else:
        show_to_people(found)
