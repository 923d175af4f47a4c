"""How the flows beside the night end: a state's name and words, which Prefect keeps as they are and so tell nobody's data.

A flow that finds another run at work waits for its end, half an hour at most. ``flow`` and ``State`` are
Prefect's, loaded with our settings.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from flows.context import default_config
from flows.schedule.prefect_server import quieten_telemetry
from flows.unforeseen import place_of
from schemas.configuration import load_configuration
from schemas.errors import AnotherRunIsActive, EldersyncError, StageFailed

quieten_telemetry()  # before Prefect is loaded: it reads its settings then

from prefect import flow, runtime  # noqa: E402
from prefect.client.schemas.objects import State  # noqa: E402
from prefect.states import Completed, Failed  # noqa: E402

__all__ = ["Ending", "State", "bureau_now", "ended", "flow", "named"]

log = logging.getLogger("eldersync")

_PATIENCE_SECONDS = 1800
_LOOK_SECONDS = 15


class Ending(NamedTuple):
    """What became of a flow: the name of its state (``green``, ``yellow``, ``skipped``) and counts."""

    name: str
    words: str


def ended(work: Callable[[], Ending]) -> State[None]:
    """Does the work of a flow and says what became of it."""
    try:
        ending = _in_turn(work)
    except EldersyncError as error:
        message = f"{type(error).__name__}: {error}"
    except Exception as error:  # what a flow raises Prefect pickles into its storage; only the place may be told
        message = f"{StageFailed.__name__}: {place_of(error)}"
    else:
        return Completed(name=ending.name.capitalize(), message=ending.words)
    return Failed(message=message)


def _in_turn(work: Callable[[], Ending]) -> Ending:
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return work()
        except AnotherRunIsActive as error:
            if time.monotonic() > until:
                raise
            log.info("waiting: %s", error)
        time.sleep(_LOOK_SECONDS)


def named(flow: str, instant: str = "%Y-%m-%d") -> Callable[[], str]:
    """A name for a flow's runs that people can read: the flow and the day, or instant, it is for."""

    def name() -> str:
        due = runtime.flow_run.scheduled_start_time
        return f"{flow} {due.astimezone(_zone()):{instant}}"

    return name


def bureau_now() -> datetime:
    """The instant in the bureau's time zone."""
    return datetime.now(_zone())


def _zone() -> ZoneInfo:
    return ZoneInfo(load_configuration(default_config()).bureau.timezone)
