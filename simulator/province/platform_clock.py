"""The platform's own clock, which can be set ahead or back: keys grow old and signatures go stale without waiting."""

from collections.abc import Callable
from email.utils import formatdate

__all__ = ["PlatformClock"]


class PlatformClock:
    """Unix seconds of a base clock, and how far ahead of it the platform is."""

    def __init__(self, base: Callable[[], float]) -> None:
        self._base = base
        self.ahead = 0.0

    def __call__(self) -> float:
        """The instant."""
        return self._base() + self.ahead

    def http_date(self, ahead: float = 0.0) -> str:
        """The instant, or one so many seconds ahead, as HTTP writes it."""
        return formatdate(self() + ahead, usegmt=True)
