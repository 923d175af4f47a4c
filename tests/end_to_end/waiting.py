"""Waiting until something has come about, for so long and no longer."""

import time
from collections.abc import Callable
from typing import Any

__all__ = ["wait_until"]


def wait_until(true: Callable[[], Any], *, seconds: float, pause: float = 0.2) -> Any:
    """What ``true`` gives once it gives something."""
    deadline = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < deadline
        time.sleep(pause)
    return found
