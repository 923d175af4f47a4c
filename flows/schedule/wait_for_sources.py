"""Waiting for offices that may still deliver: until something new of each has come, or its cut-off is past.

A night waits before it takes the run lock, so that a push may run meanwhile. Inboxes are looked at without taking anything; a server is not asked
before the night itself asks it, so for a source of a server the night waits until its cut-off, or until a file is dropped by hand.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from datetime import time as time_of_day
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.folder.arrived import InboxView
from schemas.channels import FolderChannel
from schemas.configuration import Configuration
from schemas.errors import SourceUnavailable

__all__ = ["Awaited", "awaited_sources", "wait_for_sources"]

log = logging.getLogger("eldersync")

POLL_SECONDS = 10.0
_NOON = time_of_day(12)
_UNTAKEN = frozenset({"received", "withdrawn"})


@dataclass(frozen=True, slots=True)
class Awaited:
    """A source that may still deliver for the night, until an instant; ``known`` is what of its inbox is nothing new."""

    name: str
    label: str
    until: datetime
    view: InboxView
    known: frozenset[str]

    def has_come(self) -> bool:
        """Whether something new lies in its inbox, whole.

        Raises:
            SourceUnavailable: the inbox cannot be listed.
        """
        return not self.view.fingerprints() <= self.known


def awaited_sources(
    configuration: Configuration,
    inbox: Path,
    delivered: Mapping[str, Mapping[str, str]],
    *,
    business_date: date,
    sources: list[str],
    now: datetime,
) -> list[Awaited]:
    """The sources whose cut-off for a night is still ahead.

    A ``cut_off`` before noon is of the morning of the business date; one from noon on is of the evening before, and past when a night begins.

    Args:
        configuration: the one in force.
        inbox: ``<home>/inbox``.
        delivered: of each source, the state of every delivery by its SHA-256.
        business_date: the day the night is for.
        sources: names of those the night takes.
        now: the instant.
    """
    zone, found = ZoneInfo(configuration.bureau.timezone), []
    for name in sources:
        source = configuration.sources[name]
        if source.cut_off is None or source.cut_off >= _NOON:
            continue
        until = datetime.combine(business_date, source.cut_off, zone)
        if now < until:
            channel = source.channel if isinstance(source.channel, FolderChannel) else FolderChannel()
            known = frozenset(sha256 for sha256, state in delivered[name].items() if state not in _UNTAKEN)
            found.append(Awaited(name, source.label, until, InboxView(inbox / name, channel), known))
    return found


def wait_for_sources(
    awaited: list[Awaited],
    *,
    now: Callable[[], datetime],
    tell: Callable[[list[Awaited]], None],
    sleep: Callable[[float], None] = time.sleep,
) -> list[str]:
    """Returns when something new of every source has come or its cut-off is past; gives the names of those of which nothing has.

    ``tell`` is told, every few seconds, what is still waited for.
    """
    waiting, late, away = list(awaited), [], set[str]()
    while True:
        waiting = [one for one in waiting if not _has_come(one, away)]
        late += [one.name for one in waiting if now() >= one.until]
        waiting = [one for one in waiting if one.name not in late]
        if not waiting:
            return late
        tell(waiting)
        until_next = min(one.until for one in waiting) - now()
        sleep(min(max(until_next.total_seconds(), 0.0), POLL_SECONDS))


def _has_come(one: Awaited, away: set[str]) -> bool:
    """Whether a source has come; an inbox that is away has not, which is said once."""
    try:
        return one.has_come()
    except SourceUnavailable as unavailable:  # it may be back before the cut-off; if not, the night says so
        if one.name not in away:
            log.warning("waiting for %s: %s", one.name, unavailable)
        away.add(one.name)
        return False
