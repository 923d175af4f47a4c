"""Where a night happens: the home, the configuration in force, the database, and the clock. One per process and run."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from connectors.reading import PendingRead
from flows.settings.installation import check_installation, mark_installation
from registry import migrations
from registry.engine import connect_registry, transaction
from registry.lock import RunLock, run_lock
from schemas.configuration import Configuration, load_configuration
from schemas.errors import ConfigurationInvalid
from schemas.platform_profile import PlatformProfile, profile_in_force

__all__ = ["Home", "Night", "default_config", "default_home", "open_registry", "opened_night"]


@dataclass(frozen=True, slots=True)
class Home:
    """The folders of one installation (all 0700): what is dropped, kept, written, logged."""

    path: Path

    @property
    def inbox(self) -> Path:
        """Where offices' files are dropped, one folder a source."""
        return self.path / "inbox"

    @property
    def received(self) -> Path:
        """Kept originals by SHA-256."""
        return self.path / "received"

    @property
    def reading(self) -> Path:
        """Where files are while they are read; empty between nights."""
        return self.path / "reading"

    def outgoing(self, name: str) -> Path:
        """A folder of platform files: called like its run, or ``RUN-2`` for files that the run wrote later."""
        return self._made(self.path / "outgoing" / name)

    def outgoing_besides(self, known: set[str], newest: int) -> list[Path]:
        """Folders of platform files that are none of these: their push was never done."""
        folder = self.path / "outgoing"
        found = list(folder.iterdir()) if folder.is_dir() else []
        ours = re.compile(r"([1-9][0-9]{0,17})(-[1-9][0-9]*)?")
        named = [(path, ours.fullmatch(path.name)) for path in found if path.name not in known]
        return [path for path, name in named if name and int(name[1]) <= newest]

    def reports(self, run_id: int) -> Path:
        """The report of a run."""
        return self._made(self.path / "reports" / str(run_id))

    @property
    def logs(self) -> Path:
        """Log files."""
        return self._made(self.path / "logs")

    def prepare(self, sources: list[str]) -> None:
        """Makes the folders, open to their owner only.

        Raises:
            ConfigurationInvalid: the home is no folder, or not ours to write in.
        """
        os.umask(0o077)
        try:
            self._made(self.path)
            self.path.chmod(0o700)
            for folder in (self.inbox, self.received, self.reading):
                self._made(folder)
        except OSError as error:
            problem = error.strerror
        else:
            problem = None
        if problem:
            raise ConfigurationInvalid(f"{self.path} cannot be the home: {problem}")
        for name in sources:
            with suppress(OSError):  # what stands in its place, or a share that is away, is that source's trouble alone
                self._made(self.inbox / name)

    def clear_leftovers(self) -> None:
        """Removes what a killed process left where it read, and what it had half written; other files are not touched."""
        for folder in self.reading.glob("reading-*"):
            shutil.rmtree(folder)
        for pattern in (
            "received/.*.part",
            "outgoing/*/.*.part",
            "reports/.*.part",
            "reports/*/.*.part",
            "reports/*/*/.*.part",
            "reports/*/*/*/.*.part",
        ):
            for half_written in self.path.glob(pattern):
                half_written.unlink()

    @staticmethod
    def _made(folder: Path) -> Path:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder


@dataclass(slots=True)
class Night:
    """Everything a stage may use.

    ``readings`` holds files whose reading was begun ahead of their stage, ``unread`` how to begin those whose turn has not
    come, both by delivery.
    """

    home: Home
    configuration: Configuration
    profile: PlatformProfile
    engine: sa.Engine
    lock: RunLock
    business_date: date
    run_id: int = 0
    readings: dict[int, PendingRead] = field(default_factory=dict)
    unread: dict[int, Callable[[], PendingRead]] = field(default_factory=dict)

    def now(self) -> datetime:
        """The instant, in the bureau's time zone."""
        return datetime.now(ZoneInfo(self.configuration.bureau.timezone))


def default_home() -> Path:
    """``$ELDERSYNC_HOME``, else ``./var``."""
    return Path(os.environ.get("ELDERSYNC_HOME") or "var")


def default_config() -> Path:
    """``$ELDERSYNC_CONFIG``, else the configuration shipped beside the program."""
    return Path(os.environ.get("ELDERSYNC_CONFIG") or Path(__file__).resolve().parents[1] / "config")


@contextmanager
def open_registry(home: Home, configuration: Configuration) -> Iterator[sa.Engine]:
    """The registry of a home with its tables up to date; ``$ELDERSYNC_DATABASE_URL`` names another server.

    Raises:
        ConfigurationInvalid: test and production would be mixed up, or others can write the configuration or read secrets.
    """
    check_installation(home.path, configuration)
    home.prepare(list(configuration.sources))
    mark_installation(home.path, configuration)
    with connect_registry(home.path, os.environ.get("ELDERSYNC_DATABASE_URL") or None) as engine:
        with transaction(engine) as connection:
            current = migrations.is_current(connection)
        if not current:
            with transaction(engine) as connection:
                migrations.upgrade(connection)
        yield engine


@contextmanager
def opened_night(home: Path, config: Path, business_date: date | None) -> Iterator[Night]:
    """A night that holds the run lock of its registry.

    Raises:
        ConfigurationInvalid: naming file and key.
        AnotherRunIsActive: saying who holds the lock and since when.
    """
    configuration = load_configuration(config)
    day = business_date or datetime.now(ZoneInfo(configuration.bureau.timezone)).date()
    profile = profile_in_force(configuration.folder, configuration.bureau.platform, day)
    rooms = Home(home.expanduser().resolve())
    with open_registry(rooms, configuration) as engine, run_lock(engine) as lock:
        night = Night(rooms, configuration, profile, engine, lock, day)
        rooms.clear_leftovers()
        try:
            yield night
        finally:
            for pending in night.readings.values():
                pending.cancel()
