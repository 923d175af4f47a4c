"""The watchdog: what goes wrong while nobody looks, seen from outside Prefect, also where database, server or configuration are gone.

It is started every few minutes (a systemd timer), looks, tells of what is new, and ends. It mends nothing and changes nothing in the registry.
"""

import os
import threading
from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any
from zoneinfo import ZoneInfo

from flows.accounts.inspect_runs import status_of
from flows.settings.installation import check_installation
from flows.unforeseen import place_of
from flows.watching.bill import bill_of
from flows.watching.cards import Card, as_lines, card, in_order
from flows.watching.clock_watch import ask_platform_clock, compare_clocks, read_clocks
from flows.watching.machine_cards import machine_cards
from flows.watching.night_cards import ledger_cards, missed_night
from flows.watching.notify import Post, tell_night, tell_problems
from flows.watching.server_cards import server_cards, server_since
from flows.watching.situation import Situation, nothing_yet, read_situation
from flows.watching.status_page import write_status
from flows.watching.told import Clocks, Told, read_told, remembering
from registry import migrations
from registry.engine import connect_registry, transaction
from registry.lock import holder
from schemas.configuration import Configuration, load_configuration, load_operations
from schemas.errors import ConfigurationInvalid, EldersyncError, RunStopped
from schemas.operations import Operations
from schemas.platform_profile import PlatformProfile, profile_in_force

__all__ = ["ALARMS", "look"]

ALARMS = frozenset({
    "night-missed", "night-late", "night-stopped", "night-cancelled", "night-killed", "night-hung", "configuration-invalid", "database-down",
    "registry-schema", "server-down", "server-silent", "worker-dead", "supervisor-dead", "schedule-empty", "disk-low", "clock-off", "clock-jumped", "backup-old",
    "message-failed", "watch-state",
})  # fmt: skip
"""Cards the watchdog alarms for; the others wait for the morning, in the message of the night."""

_TOLD_WITH_THE_NIGHT = frozenset({"night-stopped", "message-failed"})
_ENDED_BY_SOMEBODY = "cancelled"  # as flows.night writes it
_WITHOUT_CONFIGURATION = "Asia/Shanghai"
_DATABASE_SECONDS = 60.0
_NEWS_FOR = timedelta(hours=24)
_NOON = time(12)  # a later cut-off is of the evening before: no night waits for it
_AFTER_CUT_OFF = timedelta(hours=1)


def look(home: Path, config: Path, *, clocks: Clocks | None = None) -> dict[str, Any]:
    """Looks once, and tells of what is new.

    Args:
        home: of the installation.
        config: its configuration.
        clocks: what the clocks say, if not this machine's.

    Returns:
        ``at``, ``problems`` (cards, the gravest first), and ``told``: what was sent now, ``night`` or ``problems``.

    Raises:
        ConfigurationInvalid: ``operations.toml`` is wrong, so that nobody knows what to look for and whom to tell.
    """
    home, operations = home.expanduser().resolve(), load_operations(config)
    clocks = clocks or read_clocks()
    watched = _Watched(home, config, operations, clocks)
    cards = watched.look_around()
    problems = in_order(one for one in cards if one.code in ALARMS)
    return {
        "at": watched.now.isoformat(timespec="seconds"), "problems": as_lines(problems), "told": watched.tell(cards, problems),
    }  # fmt: skip


class _Watched:
    """One look at an installation."""

    def __init__(self, home: Path, config: Path, operations: Operations, clocks: Clocks) -> None:
        self.home, self.operations, self.clocks = home, operations, clocks
        self.configuration, self.profile, self.invalid = _configured(home, config, clocks.wall)
        zone = self.configuration.bureau.timezone if self.configuration else _WITHOUT_CONFIGURATION
        self.now = clocks.wall.astimezone(ZoneInfo(zone))
        self.found: Situation | None = None
        self.told = Told()

    def look_around(self) -> list[Card]:
        cards = [card("configuration-invalid", self.invalid)] if self.invalid else []
        ledger = self._ledger()
        if isinstance(ledger, Card):
            cards.append(ledger)
        else:
            self.found = ledger
        cards += self._remember()
        nights = self.found.nights if self.found else ()
        cards += machine_cards(self.home, self.operations, now=self.now, told=self.told, nights=nights)
        cards += server_cards(self.home, self.operations, now=self.now, is_thorough=True)
        if self.found is not None:
            stuck = self.told.stuck_since(self.found, minutes=self.operations.watch.hung_minutes)
            cards += ledger_cards(self.found, stuck_since=stuck)
            missed = missed_night(self.found, due=self._due(self.found), expected_since=server_since(self.home))
            cards += [missed] if missed else []
        return cards

    def _due(self, found: Situation) -> datetime:
        """The instant of today by which the night must be over: ``done_by``, or an hour after the last source it waits for."""
        waits = [one.cut_off for one in found.configuration.sources.values() if one.cut_off and one.cut_off < _NOON]
        times = [datetime.combine(self.now.date(), one, self.now.tzinfo) + _AFTER_CUT_OFF for one in waits]
        return max([datetime.combine(self.now.date(), self.operations.watch.done_by, self.now.tzinfo), *times])

    def tell(self, cards: list[Card], problems: list[Card]) -> list[str]:
        """Writes the page, tells of a night nobody was told of, and of new problems; what was sent."""
        bureau = self.configuration.bureau.name if self.configuration else "特殊困难老年人数据归集"
        post, sent = Post(self.home, self.operations.notify, bureau, self.now), []
        if self.found is not None:
            status = status_of(self.found, in_order(cards), bill_of(self.found))
            write_status(self.home, bureau, status, self.now)
            if self._is_news(self.found) and tell_night(post, status):
                sent.append("night")
        if tell_problems(post, [one for one in problems if one.code not in _TOLD_WITH_THE_NIGHT]):
            sent.append("problems")
        return sent

    def _is_news(self, found: Situation) -> bool:
        """Whether the newest run ended by itself, and not long ago; who begins to be told is not told of what was."""
        run = found.latest
        if run is None or found.active is not None or run["stopped_by"] == _ENDED_BY_SOMEBODY:
            return False
        return run["finished_at"] is not None and self.now - run["finished_at"] < _NEWS_FOR

    def _remember(self) -> list[Card]:
        """Compares with the last look, and remembers this one."""
        asked = ask_platform_clock(self.home, self.configuration, self.profile, read_told(self.home), self.now)
        try:
            with remembering(self.home) as told:
                compare_clocks(told, self.clocks, limit=self.operations.watch.skew_seconds)
                told.skew = asked
                if self.found is not None:
                    told.note_progress(self.found)
                told.forget_old(self.now.date())
                self.told = told.model_copy(deep=True)
        except OSError as error:
            self.told = read_told(self.home)
            return [card("watch-state", f"{self.home / 'watch'}：{error.strerror or type(error).__name__}。")]
        return []

    def _ledger(self) -> Situation | Card | None:
        """What the ledger says; a card where it does not answer, nothing where nobody knows how to read it."""
        configuration, profile = self.configuration, self.profile
        url = os.environ.get("ELDERSYNC_DATABASE_URL") or None
        if configuration is None or profile is None:
            return None
        if not (url or (self.home / "postgres").is_dir()):
            return nothing_yet(configuration, self.now)
        try:
            return _within(_DATABASE_SECONDS, lambda: _read(self.home, url, configuration, profile, self.now))
        except EldersyncError as error:
            return card("database-down", str(error))


def _read(
    home: Path, url: str | None, configuration: Configuration, profile: PlatformProfile, now: datetime
) -> Situation | Card:
    """Reads the ledger without making or changing a table."""
    with connect_registry(home, url) as engine:
        with transaction(engine) as connection:
            version = migrations.version_of(connection)
        if version is None:
            return nothing_yet(configuration, now)
        if version != migrations.HEAD:
            return card("registry-schema", f"登记册结构为 {version}，程序要求 {migrations.HEAD}。")
        active = holder(engine)
        with transaction(engine) as connection:
            return read_situation(connection, configuration, profile, active=active, now=now)


def _within(seconds: float, ask: Callable[[], Situation | Card]) -> Situation | Card:
    """What is answered in time: a server that has been stopped, rather than ended, answers never.

    Raises:
        RunStopped: nothing came in time, or something unforeseen.
    """
    answers: SimpleQueue[Situation | Card | EldersyncError] = SimpleQueue()

    def work() -> None:
        try:
            answers.put(ask())
        except EldersyncError as error:
            answers.put(error)
        except Exception as error:  # its text may quote a cell
            answers.put(RunStopped(place_of(error)))

    threading.Thread(target=work, daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except Empty:
        answer = RunStopped(f"PostgreSQL did not answer within {seconds:.0f} s")
    if isinstance(answer, EldersyncError):
        raise answer
    return answer


def _configured(home: Path, config: Path, wall: datetime) -> tuple[Configuration | None, PlatformProfile | None, str]:
    """The configuration, the platform's format of today, and why a night would refuse to start with them."""
    configuration = profile = None
    try:
        configuration = load_configuration(config)
        today = wall.astimezone(ZoneInfo(configuration.bureau.timezone)).date()
        profile = profile_in_force(configuration.folder, configuration.bureau.platform, today)
        check_installation(home, configuration)
    except ConfigurationInvalid as error:
        return configuration, profile, str(error)
    return configuration, profile, ""
