"""The stand-in platform for tests: started with what a test needs, and people nobody else uses."""

import itertools
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from province_client import TOKEN

from schemas.platform_profile import load_profile
from simulator.province.behaviour import Behaviour
from simulator.province.running import RunningProvince, running_province
from simulator.province.server import ProvinceSettings

__all__ = ["PROFILE", "people", "province"]

PROFILE = load_profile(Path(__file__).resolve().parents[2] / "config/platform/example.toml")
_unused = itertools.count(1)


def people(count: int) -> list[int]:
    """People no other test of this session uses."""
    return list(itertools.islice(_unused, count))


def province(folder: Path, *, clock: Any = time.time, **more: Any) -> AbstractContextManager[RunningProvince]:
    """A running platform; keywords are those of its settings or of its behaviour."""
    of_settings = {name: more.pop(name) for name in ("script", "tls", "tell", "port") if name in more}
    settings = ProvinceSettings(
        profile=PROFILE, ledger=folder / "ledger.sqlite", token=TOKEN, clock=clock,
        behaviour=Behaviour(**more), **of_settings,
    )  # fmt: skip
    return running_province(settings)
