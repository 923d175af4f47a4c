"""How fast a source is asked: a bucket of tokens, filled at a steady rate."""

from collections.abc import Callable

__all__ = ["Pace"]


class Pace:
    """Lets ``burst`` calls pass at once and then ``per_second`` of them."""

    def __init__(self, per_second: float, burst: int, *, clock: Callable[[], float]) -> None:
        self._per_second, self._burst, self._clock = per_second, burst, clock
        self._tokens, self._filled_at = float(burst), clock()

    def delay(self) -> float:
        """Takes a token, and says how many seconds to wait until it is there."""
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._per_second) - 1
        self._filled_at = now
        return max(0.0, -self._tokens / self._per_second)
