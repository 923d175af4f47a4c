"""What can become of a change on its way to the platform, and what one call said of each of its items."""

from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["OPEN_STATES", "ItemOutcome", "PushState"]


class PushState(StrEnum):
    """Where an outbox entry stands. The first five are open: the platform has not heard, or we do not know."""

    PENDING = "pending"
    INFLIGHT = "inflight"
    PROCESSING = "processing"
    UNKNOWN = "unknown"
    HELD = "held"
    SENT = "sent"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"


OPEN_STATES = (PushState.PENDING, PushState.INFLIGHT, PushState.PROCESSING, PushState.UNKNOWN, PushState.HELD)


@dataclass(frozen=True, slots=True)
class ItemOutcome:
    """What is known of one item after a call.

    ``words`` are the platform's own and may quote a cell; ``retry_after`` is in seconds; ``largest_batch`` is the size of
    the batch it may next travel in, where a batch was refused whole.
    """

    key: str
    state: PushState
    code: str = ""
    words: str = field(default="", repr=False)
    receipt: str | None = None
    retry_after: float | None = None
    largest_batch: int | None = None
