"""What the ``doctor`` looks at, each with what was seen and what to do."""

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from connectors.platform_api.outcomes import Verdict
from flows.context import Home, open_registry
from flows.targets import exchange_tables_of, platform_api_of
from registry.engine import transaction
from schemas.configuration import Configuration, load_configuration
from schemas.errors import EldersyncError, PushFailed
from schemas.platform_profile import PlatformProfile, profile_in_force

__all__ = ["examine"]

_FREE_GIGABYTES = 2
_BUILT_IN = datetime(2026, 1, 1, tzinfo=UTC)


def examine(home: Path, config: Path) -> list[dict[str, Any]]:
    """Checks configuration, database, clock, disk, permissions and platform profile; a failed check never stops the others."""
    rooms = Home(home.expanduser().resolve())
    checks: list[dict[str, Any]] = []

    def check(name: str, look: Callable[[], str], remedy: str) -> bool:
        try:
            seen, ok = look(), True
        except EldersyncError as problem:
            seen, ok = str(problem), False
        except OSError as problem:
            seen, ok = problem.strerror or type(problem).__name__, False
        checks.append({"name": name, "ok": ok, "seen": seen, "remedy": "" if ok else remedy})
        return ok

    loaded: list[Configuration] = []

    def look_at_configuration() -> str:
        loaded.append(load_configuration(config))
        return f"{len(loaded[0].sources)} sources, {len(loaded[0].divisions)} divisions, rules {loaded[0].digest}"

    if not check("configuration", look_at_configuration, "correct the file and key named above"):
        return checks
    configuration = loaded[0]
    check("platform profile", lambda: _profile(configuration), "correct the profile, or name another in bureau.toml")
    check("home", lambda: _home(rooms, configuration), "give the home to the account eldersync runs as: chmod 700")
    check("disk", lambda: _disk(rooms.path), f"free at least {_FREE_GIGABYTES} GB, or move the home to a larger disk")
    check("clock", lambda: _clock(configuration), "set the clock (timedatectl); the business date depends on it")
    check(
        "database",
        lambda: _database(rooms, configuration),
        "see logs/postgres.log under the home, or ELDERSYNC_DATABASE_URL",
    )
    check(
        "platform",
        lambda: _platform(rooms, configuration),
        "see docs/push.md: the address and names of [api] or [exchange], the secret, the network, this machine's clock",
    )
    return checks


def _profile_today(configuration: Configuration) -> PlatformProfile:
    today = datetime.now(ZoneInfo(configuration.bureau.timezone)).date()
    return profile_in_force(configuration.folder, configuration.bureau.platform, today)


def _profile(configuration: Configuration) -> str:
    profile = _profile_today(configuration)
    return f"{profile.name} {profile.version}" + (
        " (an example: not the platform's own format)" if profile.is_example else ""
    )


def _home(rooms: Home, configuration: Configuration) -> str:
    rooms.prepare(list(configuration.sources))
    mode = rooms.path.stat().st_mode & 0o777
    if mode & 0o066:
        raise PermissionError(0, f"{rooms.path} can be read or written by others (mode {mode:o})")
    if not os.access(rooms.path, os.W_OK):
        raise PermissionError(0, f"{rooms.path} cannot be written")
    return str(rooms.path)


def _disk(path: Path) -> str:
    free = shutil.disk_usage(path).free / 1e9
    if free < _FREE_GIGABYTES:
        raise OSError(0, f"{free:.1f} GB free")
    return f"{free:.0f} GB free"


def _clock(configuration: Configuration) -> str:
    now = datetime.now(ZoneInfo(configuration.bureau.timezone))
    if now < _BUILT_IN:
        raise OSError(0, f"the clock says {now:%Y-%m-%d}, before this program was written")
    return f"{now:%Y-%m-%d %H:%M} {configuration.bureau.timezone}"


def _platform(rooms: Home, configuration: Configuration) -> str:
    """Whether the platform is there and lets us in; nothing has an effect on it."""
    profile = _profile_today(configuration)
    match configuration.bureau.target:
        case "workbook":
            return "told by workbooks that somebody hands in"
        case "api":
            with platform_api_of(rooms, profile)() as platform:
                outcome = platform.check(now=lambda: datetime.now(UTC))
            if outcome.verdict != Verdict.OK:
                raise PushFailed(outcome.words)
            return f"answers; clocks {outcome.skew.total_seconds():.0f} s apart"
        case "exchange":
            if faults := exchange_tables_of(rooms, profile).check():
                raise PushFailed("; ".join(faults))
            return "the exchange table is as it must be"


def _database(rooms: Home, configuration: Configuration) -> str:
    with open_registry(rooms, configuration) as engine, transaction(engine) as connection:
        version = connection.execute(sa.text("SHOW server_version")).scalar_one()
        durable = [connection.execute(sa.text(f"SHOW {name}")).scalar_one() for name in ("fsync", "synchronous_commit")]
    if durable != ["on", "on"]:
        raise OSError(0, "fsync or synchronous_commit is off: what is committed could be lost")
    return f"PostgreSQL {version}, durable"
