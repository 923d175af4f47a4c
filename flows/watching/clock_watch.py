"""Whether this machine's clock can be believed: against the clock that nobody can set, and against the platform's."""

import logging
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flows.watching.told import Clocks, Jump, Skew, Told
from schemas.configuration import Configuration
from schemas.errors import EldersyncError
from schemas.platform_profile import PlatformProfile

__all__ = ["ask_platform_clock", "compare_clocks", "read_clocks"]

log = logging.getLogger("eldersync")

_ASK_AGAIN = timedelta(hours=1)


def read_clocks() -> Clocks:
    """What the clocks of this machine say; the elapsed time goes on while it sleeps, and begins anew with a boot."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return Clocks(boot=boot, wall=datetime.now(UTC), elapsed=time.clock_gettime(time.CLOCK_BOOTTIME))


def compare_clocks(told: Told, clocks: Clocks, *, limit: float) -> None:
    """Notes a jump of the wall clock since the last look: more than ``limit`` seconds, or backwards over a boot."""
    before, told.clocks = told.clocks, clocks
    if before is None:
        return
    passed = (clocks.wall - before.wall).total_seconds()
    is_same_boot = before.boot == clocks.boot
    seconds = passed - (clocks.elapsed - before.elapsed) if is_same_boot else min(passed, 0.0)
    if abs(seconds) > limit:
        told.jump = Jump(at=clocks.wall, seconds=seconds)


def ask_platform_clock(
    home: Path, configuration: Configuration | None, profile: PlatformProfile | None, told: Told, now: datetime
) -> Skew | None:
    """How far the platform's clock and ours are apart, asked once an hour; as it was where it is not asked or does not answer."""
    before = told.skew
    if configuration is None or profile is None or configuration.bureau.target != "api":
        return before
    if before is not None and timedelta(0) <= now - before.asked_at < _ASK_AGAIN:
        return before
    seconds = before.seconds if before is not None else 0.0
    # Loads what speaks to the platform, which is not needed at the other looks of an hour.
    from flows.context import Home
    from flows.telling.targets import platform_api_of

    try:
        with platform_api_of(Home(home), profile)() as platform:
            outcome = platform.check(now=lambda: datetime.now(UTC))
    except EldersyncError as error:
        log.warning("the platform's clock could not be asked: %s", error)
    else:
        if not outcome.call_failed:
            seconds = outcome.skew.total_seconds()
    return Skew(asked_at=now, seconds=seconds)
