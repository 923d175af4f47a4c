"""When something is tried again: later each time, never while somebody waits, and for a dead platform only now and then."""

import random
from datetime import datetime, timedelta

__all__ = ["LONGEST_WAIT", "PROBE_AFTER", "backoff", "is_left_alone", "wait_for"]

LONGEST_WAIT = timedelta(minutes=15)
"""However long a platform asks us to stay away."""

PROBE_AFTER = timedelta(minutes=10)
"""How long nothing is sent to a platform that has not answered several times in a row."""

_FIRST, _LONGEST = timedelta(seconds=30), timedelta(minutes=8)


def backoff(attempts: int) -> timedelta:
    """How long an item rests after so many attempts: twice as long each time, up to eight minutes, a little scattered."""
    doublings = min(max(attempts - 1, 0), 10)
    return min(_LONGEST, _FIRST * (1 << doublings)) * random.uniform(0.8, 1.0)  # noqa: S311 - scatters, keeps no secret


def wait_for(attempts: int, asked: float | None) -> timedelta:
    """How long an item rests where the platform may have asked for a time (seconds); what it asks is kept or capped."""
    if asked is None:
        return backoff(attempts)
    # However little is asked for: a platform that says 0 must not be asked again and again in the same second.
    return max(backoff(attempts), min(timedelta(seconds=max(asked, 0.0)), LONGEST_WAIT))


def is_left_alone(until: datetime | None, now: datetime) -> bool:
    """Whether nothing is sent before ``until``; an instant further away was written by a clock that has been set back."""
    return until is not None and now < until <= now + max(LONGEST_WAIT, PROBE_AFTER)
