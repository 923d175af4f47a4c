"""The push without hands, over an interface or exchange tables: claim, call, settle, in short transactions, until nothing is due or the platform is away.

Nothing is waited for: what must be tried again later gets an instant in the outbox, and a later push finds it due. A process
killed anywhere leaves entries claimed by a sender who is gone; the next sender reads back what became of them.
"""

import logging
import secrets
from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from queue import SimpleQueue
from typing import Any, Protocol, Self

import pandas as pd
import sqlalchemy as sa

from connectors.platform_api.outcomes import BatchOutcome, Verdict
from flows.telling.push_pace import PROBE_AFTER, is_left_alone, wait_for
from registry import outbox_delivery as outbox
from registry import platform_state
from registry.engine import transaction
from schemas.errors import PushFailed
from schemas.push import ItemOutcome, PushState

__all__ = ["Client", "Delivered", "Pace", "Sender", "deliver"]

log = logging.getLogger("eldersync")

LEASE_MARGIN = timedelta(seconds=5)
"""How much longer than its call a claim lasts: afterwards nothing of the call is under way on our side."""

_ASKED = {"look-up": PushState.UNKNOWN, "poll": PushState.PROCESSING}
_TOLD = {"withdraw": ("withdrawn",), "tell": ("new", "changed")}
_KINDS = (*_ASKED, *_TOLD)
_LOOK_AGAIN = timedelta(seconds=5)

FAILURES_THAT_OPEN = 5
MOST_ATTEMPTS = 50


class Client(Protocol):
    """One way to the platform, used by one call at a time. Each answer has exactly one outcome for each item."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...

    def check(self, *, now: Callable[[], datetime]) -> BatchOutcome:
        """Whether the platform is there, lets us in, and has the time we have; of no items."""

    def send(self, items: pd.DataFrame, *, batch: str, now: Callable[[], datetime]) -> BatchOutcome:
        """Tells entries as ``registry.outbox_delivery.claim`` gives them."""

    def look_up(self, items: pd.DataFrame, *, now: Callable[[], datetime]) -> BatchOutcome:
        """Reads back what became of entries nobody knows the outcome of; ``pending`` where they had no effect."""

    def poll(self, items: pd.DataFrame, *, now: Callable[[], datetime]) -> BatchOutcome:
        """Asks what became of entries that are being processed."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How many entries a call takes, how many calls at a time, how long one may last, and how often outcomes are asked for."""

    batch_items: int
    connections: int
    call_seconds: float
    poll_seconds: float
    lease_margin: timedelta = LEASE_MARGIN


@dataclass(frozen=True, slots=True)
class Sender:
    """Everything a push without hands uses; ``guard`` fences each of its transactions."""

    engine: sa.Engine
    profile: str
    pace: Pace
    open_client: Callable[[], Client]
    now: Callable[[], datetime]
    run_id: int
    guard: Callable[[sa.Connection], None]


@dataclass(slots=True)
class Delivered:
    """What a push came to: calls made, entries settled by what they came to, and why it ended before everything was told."""

    calls: int = 0
    settled: Counter[str] = field(default_factory=Counter)
    stopped_by: str = ""
    is_away: bool = False


def deliver(sender: Sender) -> Delivered:
    """Tells the platform what is released and due, and finds out what became of what it was told before.

    Raises:
        PushFailed: after a restore, before the registry has been reconciled with the platform.
    """
    with transaction(sender.engine) as connection:
        sender.guard(connection)
        state = platform_state.read(connection, sender.profile)
        is_away = is_left_alone(state.open_until, sender.now())
        if not is_away and not state.must_reconcile:
            fence = outbox.take_over(connection, sender.profile, sender.now())
            due = outbox.next_due(connection, sender.profile, sender.now())
    if state.must_reconcile:
        raise PushFailed("the registry was restored: run `eldersync reconcile` before anything is pushed")
    if is_away:
        return Delivered(is_away=True)
    if due is None or due > sender.now():
        return Delivered()
    return _Session(sender, fence, failures=state.failures).run()


@dataclass(frozen=True, slots=True)
class _Job:
    """Entries of ours that are asked about, or told, in one call."""

    kind: str  # send, look-up, poll
    items: pd.DataFrame
    batch: str
    lease_until: datetime


class _Session:
    """One sender, from its first claim to its last settlement."""

    def __init__(self, sender: Sender, fence: int, *, failures: int) -> None:
        self._sender, self._fence, self._failures = sender, fence, failures
        self._delivered = Delivered()
        self._is_wide = self._has_ended = False
        self._clients: SimpleQueue[Client] = SimpleQueue()
        self._name, self._batches = secrets.token_hex(4), 0
        self._rests_until: dict[str, datetime] = {}

    def run(self) -> Delivered:
        connections = self._sender.pace.connections
        with ExitStack() as stack, ThreadPoolExecutor(connections, "push") as pool:
            for _ in range(connections):
                self._clients.put(stack.enter_context(self._sender.open_client()))
            if not self._is_let_in():
                return self._delivered
            running: dict[Future[BatchOutcome], _Job] = {}
            while True:
                for job in self._next_jobs(self._width() - len(running)):
                    running[pool.submit(self._perform, job)] = job
                if not running:
                    return self._delivered
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                self._settle([(running.pop(future), future.result()) for future in done])

    def _is_let_in(self) -> bool:
        """Asks once before anything is sent: a clock that is off, or a platform that is away, is found out without a claim."""
        client = self._clients.get()
        outcome = client.check(now=self._sender.now)
        self._clients.put(client)
        with transaction(self._sender.engine) as connection:
            self._sender.guard(connection)
            self._note(connection, outcome, self._sender.now())
        return outcome.verdict == Verdict.OK

    def _width(self) -> int:
        """Calls at a time: one until the platform has answered well, so that a dead one is not knocked at by eight."""
        if self._has_ended:
            return 0
        return self._sender.pace.connections if self._is_wide else 1

    def _next_jobs(self, most: int) -> list[_Job]:
        """What may be done now, for so many calls at most, claimed in one transaction."""
        jobs: list[_Job] = []
        if most <= 0:
            return jobs
        now = self._sender.now()
        with transaction(self._sender.engine) as connection:
            self._sender.guard(connection)
            while len(jobs) < most and (job := self._next_job(connection, now)) is not None:
                jobs.append(job)
        return jobs

    def _next_job(self, connection: sa.Connection, now: datetime) -> _Job | None:
        """What was left open comes first, then withdrawals, then everybody else; each person has one open entry at most.

        Of what there was nothing a moment ago is asked last, since to find nothing costs as much as to find something.
        """
        for kind in sorted(_KINDS, key=lambda kind: self._rests_until.get(kind, now) > now):
            job = self._claimed(connection, kind, now)
            if job is not None:
                return job
            self._rests_until[kind] = now + _LOOK_AGAIN
        return None

    def _claimed(self, connection: sa.Connection, kind: str, now: datetime) -> _Job | None:
        pace, profile = self._sender.pace, self._sender.profile
        lease_until = now + timedelta(seconds=pace.call_seconds) + pace.lease_margin
        how: dict[str, Any] = {"fence": self._fence, "now": now, "lease_until": lease_until, "most": pace.batch_items}
        if kind in _ASKED:
            items = outbox.claim_open(connection, profile, state=_ASKED[kind], **how)
            return _Job(kind, items, "", lease_until) if len(items) else None
        batch = f"{self._sender.run_id}-{self._name}-{self._batches + 1}"
        items = outbox.claim(connection, profile, batch=batch, operations=_TOLD[kind], **how)
        if items.empty:
            return None
        self._batches += 1
        return _Job("send", items, batch, lease_until)

    def _perform(self, job: _Job) -> BatchOutcome:
        client = self._clients.get()
        try:
            if job.kind == "send":
                return client.send(job.items, batch=job.batch, now=self._sender.now)
            if job.kind == "poll":
                return client.poll(job.items, now=self._sender.now)
            return client.look_up(job.items, now=self._sender.now)
        finally:
            self._clients.put(client)

    def _settle(self, done: list[tuple[_Job, BatchOutcome]]) -> None:
        now = self._sender.now()
        frames = [self._outcomes(job, outcome, now) for job, outcome in done]
        with transaction(self._sender.engine) as connection:
            self._sender.guard(connection)
            for frame in frames:
                outbox.settle(
                    connection, self._sender.profile, fence=self._fence, now=now, outcomes=frame,
                    run_id=self._sender.run_id,
                )  # fmt: skip
            for _, outcome in done:
                self._note(connection, outcome, now)
        for frame in frames:
            self._delivered.settled.update(frame["state"])

    def _note(self, connection: sa.Connection, outcome: BatchOutcome, now: datetime) -> None:
        """What the call says of the platform as a whole: whether it is there, and whether to go on."""
        profile = self._sender.profile
        self._delivered.calls += 1
        if outcome.call_failed:
            self._failures = platform_state.note_failure(connection, profile)
            self._is_wide = False
            if self._failures >= FAILURES_THAT_OPEN:
                platform_state.open_breaker(connection, profile, now + PROBE_AFTER)
                self._delivered.is_away = self._has_ended = True
        elif outcome.verdict != Verdict.STOP:
            platform_state.note_success(connection, profile)
            platform_state.clear_stop(connection, profile)
            self._failures, self._is_wide = 0, True
        if outcome.retry_after is not None and outcome.verdict == Verdict.LATER:
            # It asks everybody to stay away for a time, not this batch alone.
            platform_state.open_breaker(connection, profile, now + wait_for(1, outcome.retry_after))
            self._delivered.is_away = self._has_ended = True
        if outcome.verdict == Verdict.STOP:
            platform_state.stop(connection, profile, now, outcome.words)
            self._delivered.stopped_by, self._has_ended = outcome.words, True
            log.error("push: nothing more is sent: %s", outcome.words)

    def _outcomes(self, job: _Job, outcome: BatchOutcome, now: datetime) -> pd.DataFrame:
        """One row per item of a job, with the instant at which it may be looked at again."""
        by_key = {item.key: item for item in outcome.items}
        rows = [
            (person, revision, *self._settled(job, by_key[key], int(attempts), now, outcome))
            for person, revision, key, attempts in zip(
                job.items["person_id"], job.items["revision"], job.items["key"], job.items["attempts"], strict=True
            )
        ]
        columns = ["person_id", "revision", "state", "code", "words", "receipt", "next_at", "largest_batch"]
        return pd.DataFrame(rows, columns=columns)

    def _settled(
        self, job: _Job, item: ItemOutcome, attempts: int, now: datetime, outcome: BatchOutcome
    ) -> tuple[str, str, str, str | None, datetime | None, int | None]:
        state, code, next_at, away = item.state, item.code, None, outcome.call_failed
        if state == PushState.PENDING and attempts >= MOST_ATTEMPTS and not away:
            state, code = PushState.HELD, "too-many-attempts"
        elif job.kind == "send" and state == PushState.PENDING and outcome.verdict == Verdict.LATER and not away:
            # "Later" and "in progress" do not say that nothing happened. What waits as pending may give way to a newer
            # revision, so first it is read back.
            return PushState.UNKNOWN, code, item.words, item.receipt, self._after(job, now, attempts, item), None
        if state == PushState.PENDING and item.largest_batch is None and not (job.kind == "look-up" and not away):
            next_at = now + wait_for(attempts, item.retry_after)
        elif state == PushState.UNKNOWN:
            next_at = job.lease_until if job.kind == "send" else now + wait_for(attempts, item.retry_after)
        elif state == PushState.PROCESSING:
            next_at = now + timedelta(seconds=self._sender.pace.poll_seconds)
        return state, code, item.words, item.receipt, next_at, item.largest_batch

    @staticmethod
    def _after(job: _Job, now: datetime, attempts: int, item: ItemOutcome) -> datetime:
        return max(job.lease_until, now + wait_for(attempts, item.retry_after))
