"""What is remembered of a platform as a whole: keys' secret and epoch, the circuit breaker, whether and why nothing is sent."""

import secrets
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from registry.tables import platform

__all__ = [
    "PlatformState", "begin_epoch", "clear_stop", "key_material", "note_failure", "note_first_push", "note_reconciled",
    "note_success", "note_target", "open_breaker", "read", "stop",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class PlatformState:
    """A platform as we have it; the secret is not part of it.

    ``failures``: calls without an answer one after the other. ``open_until``: nothing is sent before (the circuit breaker).
    ``stopped_by``: why nothing is sent before a person has looked. ``must_reconcile``: the registry was restored and may
    not know what the platform was told. ``target``: how it was told last without hands, and where outcomes are asked for.
    """

    profile: str
    epoch: int
    fence: int
    must_reconcile: bool
    first_push_run: int | None
    failures: int
    open_until: datetime | None
    stopped_at: datetime | None
    stopped_by: str | None
    target: str | None


def read(connection: sa.Connection, profile: str) -> PlatformState:
    """A platform's state; one that is met for the first time gets a secret of its own."""
    return PlatformState(*_of(connection, profile, *(platform.c[field.name] for field in fields(PlatformState))))


def key_material(connection: sa.Connection, profile: str) -> tuple[bytes, int]:
    """The secret and the epoch that make a platform's idempotency keys."""
    found = _of(connection, profile, platform.c.secret, platform.c.epoch)
    return bytes.fromhex(found.secret), int(found.epoch)


def begin_epoch(connection: sa.Connection, profile: str) -> int:
    """After a restore: keys are made anew and nothing is sent before the two sides are reconciled; returns the epoch."""
    _of(connection, profile, platform.c.epoch)
    query = _change(profile, epoch=platform.c.epoch + 1, must_reconcile=True).returning(platform.c.epoch)
    return int(connection.execute(query).scalar_one())


def note_reconciled(connection: sa.Connection, profile: str) -> None:
    """The two sides are reconciled: it is known again what the platform was told."""
    connection.execute(_change(profile, must_reconcile=False))


def note_target(connection: sa.Connection, profile: str, target: str) -> None:
    """Remembers by which way the platform is told from now on."""
    _of(connection, profile, platform.c.target)
    connection.execute(_change(profile, target=target).where(platform.c.target.is_distinct_from(target)))


def note_failure(connection: sa.Connection, profile: str) -> int:
    """Counts a call that the platform did not answer; returns how many it is in a row."""
    _of(connection, profile, platform.c.failures)
    query = _change(profile, failures=platform.c.failures + 1).returning(platform.c.failures)
    return int(connection.execute(query).scalar_one())


def note_success(connection: sa.Connection, profile: str) -> None:
    """The platform answers: failures are forgotten, and the breaker closes."""
    is_noted = sa.or_(platform.c.failures > 0, platform.c.open_until.is_not(None))
    connection.execute(_change(profile, failures=0, open_until=None).where(is_noted))


def open_breaker(connection: sa.Connection, profile: str, until: datetime) -> None:
    """Nothing is sent until an instant; what comes first then finds out whether the platform is back."""
    _of(connection, profile, platform.c.profile)
    connection.execute(_change(profile, open_until=until))


def stop(connection: sa.Connection, profile: str, now: datetime, words: str) -> None:
    """Nothing is sent until a person has looked; ``words`` say why and hold nothing of a person. A second stop replaces the first."""
    _of(connection, profile, platform.c.profile)
    connection.execute(_change(profile, stopped_at=now, stopped_by=words))


def clear_stop(connection: sa.Connection, profile: str) -> bool:
    """A person has looked: sending goes on, and what the breaker knew is forgotten; whether it was stopped."""
    stopped = _change(profile, stopped_at=None, stopped_by=None, failures=0, open_until=None)
    return connection.execute(stopped.where(platform.c.stopped_at.is_not(None))).rowcount > 0


def note_first_push(connection: sa.Connection, profile: str, run_id: int) -> None:
    """Remembers the run whose plan was the first to be released; later ones change nothing."""
    _of(connection, profile, platform.c.profile)
    connection.execute(_change(profile, first_push_run=run_id).where(platform.c.first_push_run.is_(None)))


def _of(connection: sa.Connection, profile: str, *columns: sa.Column[Any]) -> sa.Row[Any]:
    query = sa.select(*columns).where(platform.c.profile == profile)
    found = connection.execute(query).first()
    if found is None:
        values = {"profile": profile, "secret": secrets.token_hex(32)}
        connection.execute(insert(platform).values(values).on_conflict_do_nothing())
        found = connection.execute(query).one()
    return found


def _change(profile: str, **values: object) -> sa.Update:
    return platform.update().where(platform.c.profile == profile).values(**values)
