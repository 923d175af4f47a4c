"""How many requests the platform takes in a time: a bucket of tokens that fills at its rate."""

import math
from collections.abc import Callable

__all__ = ["Pace"]


class Pace:
    """A bucket; without a rate it never runs dry."""

    def __init__(self, per_second: float | None, burst: int, clock: Callable[[], float]) -> None:
        self._per_second, self._burst, self._clock = per_second, burst, clock
        self._tokens, self._at = float(burst), clock()

    def seconds_to_wait(self) -> int:
        """Takes a token: 0. Where there is none, the whole seconds until there is one."""
        if self._per_second is None:
            return 0
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + max(0.0, now - self._at) * self._per_second)
        self._at = now
        if self._tokens >= 1:
            self._tokens -= 1
            return 0
        return max(1, math.ceil((1 - self._tokens) / self._per_second))
