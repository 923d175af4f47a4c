"""One run at a time: a lock in PostgreSQL that ends with its holder, and a fence against a holder that has lost it.

The lock belongs to a database session kept for the whole run, so a killed process or a machine without power gives it back
without anybody's help. A process that slept through the loss of its lock must not commit afterwards: each stage asserts the
lock inside its own transaction, and a new holder first waits until such transactions of its predecessor have ended.
A connection pooler that shares sessions between clients (pgbouncer in transaction mode) cannot carry this lock.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

import psycopg
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from registry.engine import safe_error, transaction
from schemas.errors import AnotherRunIsActive, StageFailed

__all__ = ["RunLock", "assert_lock_held", "holder", "run_lock"]

# Two keys of our own among the database's advisory locks: (this number, 1) is held by a run all through, (…, 2) is held
# shared by each of its transactions, and taken alone for a moment by the next run before it begins.
_NUMBER = 0x656C6465  # "elde"
_RUN, _FENCE = 1, 2

_PREPARE = sa.text("""
    SELECT set_config('lock_timeout', :patience, false), set_config('idle_session_timeout', '0', false),
           set_config('client_connection_check_interval', '10s', false),
           set_config('tcp_keepalives_idle', '30', false), set_config('tcp_keepalives_interval', '10', false),
           set_config('tcp_keepalives_count', '3', false)
""")
_NAME = sa.text("SELECT set_config('application_name', :name, false)")
_TRY = sa.text("SELECT pg_catalog.pg_try_advisory_lock(:number, :key)")
_WAIT = sa.text("SELECT pg_catalog.pg_advisory_lock(:number, :key)")
_UNLOCK = sa.text("SELECT pg_catalog.pg_advisory_unlock(:number, :key)")
_SHARE_FENCE = sa.text("SELECT pg_catalog.pg_advisory_xact_lock_shared(:number, :key)")
_MYSELF = sa.text("SELECT pid, backend_start FROM pg_catalog.pg_stat_activity WHERE pid = pg_catalog.pg_backend_pid()")
_HOLDER = sa.text("""
    SELECT session.pid, session.backend_start, session.application_name
    FROM pg_catalog.pg_locks AS lock JOIN pg_catalog.pg_stat_activity AS session USING (pid)
    WHERE lock.locktype = 'advisory' AND lock.granted AND lock.objsubid = 2
      AND lock.classid = CAST(:number AS oid) AND lock.objid = CAST(:key AS oid)
      AND lock.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
""")


@dataclass(frozen=True)
class RunLock:
    """The lock while it is held; a process id of PostgreSQL and its start name the session, so no later one is mistaken."""

    backend_pid: int
    backend_start: datetime
    _connection: sa.Connection

    def still_held(self) -> bool:
        """Whether the session that holds the lock lives and holds it."""
        try:
            return _is_holder(self._connection, self)
        except (SQLAlchemyError, psycopg.Error):
            return False

    def announce(self, doing: str) -> None:
        """Tells others what this run is, e.g. ``run 17``: they read it when they find the lock taken."""
        self._connection.execute(_NAME, {"name": _session_name(doing)})


@contextmanager
def run_lock(engine: sa.Engine, doing: str = "run", *, patience_seconds: float = 20) -> Iterator[RunLock]:
    """Holds the registry's run lock; ``doing`` says what for, in words without personal data.

    A lock held by another is not waited for. ``patience_seconds`` is for the last transaction of a run that lost its lock.

    Raises:
        AnotherRunIsActive: someone else holds it; says who, on which host, and since when.
        DatabaseUnavailable: the database does not answer.
    """
    connection = _own_session(engine)
    try:
        try:
            lock = _take(connection, doing, patience_seconds)
        except (SQLAlchemyError, psycopg.Error) as error:
            failure = safe_error(error)
        else:
            yield lock
            return
        raise failure
    finally:
        with suppress(SQLAlchemyError, psycopg.Error):
            # The session's end would release it too, but only when the server has noticed.
            connection.execute(_UNLOCK, {"number": _NUMBER, "key": _RUN})
        connection.invalidate()  # the session ends instead of going back to the pool
        connection.close()


def assert_lock_held(connection: sa.Connection, lock: RunLock) -> None:
    """Fences a stage's transaction: after this, no other run can begin before the transaction has ended.

    Raises:
        StageFailed: the run has lost its lock; the transaction must be rolled back.
    """
    connection.execute(_SHARE_FENCE, {"number": _NUMBER, "key": _FENCE})
    if not _is_holder(connection, lock):
        raise StageFailed("this run has lost the registry's run lock; nothing of this stage was committed, resume it")


def holder(engine: sa.Engine) -> str | None:
    """Who holds the run lock and since when, in words; ``None`` where nobody does."""
    with transaction(engine) as connection:
        held = connection.execute(_HOLDER, {"number": _NUMBER, "key": _RUN}).first()
        return _who_holds(connection) if held is not None else None


def _own_session(engine: sa.Engine) -> sa.Connection:
    try:
        return engine.execution_options(isolation_level="AUTOCOMMIT").connect()
    except (SQLAlchemyError, psycopg.Error) as error:
        failure = safe_error(error)
    raise failure


def _take(connection: sa.Connection, doing: str, patience_seconds: float) -> RunLock:
    connection.execute(_PREPARE, {"patience": f"{1000 * patience_seconds:.0f}ms"})
    connection.execute(_NAME, {"name": _session_name(doing)})
    if not connection.scalar(_TRY, {"number": _NUMBER, "key": _RUN}):
        raise AnotherRunIsActive(_who_holds(connection))
    _wait_for_predecessor(connection)
    mine = connection.execute(_MYSELF).one()
    return RunLock(mine.pid, mine.backend_start, connection)


def _wait_for_predecessor(connection: sa.Connection) -> None:
    """Returns when no transaction of a run that has lost its lock is open."""
    fence = {"number": _NUMBER, "key": _FENCE}
    try:
        connection.execute(_WAIT, fence)
    except SQLAlchemyError as error:
        if not isinstance(getattr(error, "orig", None), psycopg.errors.LockNotAvailable):
            raise
    else:
        connection.execute(_UNLOCK, fence)
        return
    raise AnotherRunIsActive("a run that has lost its lock has not ended its transaction yet; try again when it has")


def _who_holds(connection: sa.Connection) -> str:
    holder = connection.execute(_HOLDER, {"number": _NUMBER, "key": _RUN}).first()
    if holder is None:
        return "another run held the registry until just now; try again"
    # Another role's sessions are shown without name and start.
    name = holder.application_name or f"session {holder.pid}"
    since = f" since {holder.backend_start:%Y-%m-%d %H:%M:%S} UTC" if holder.backend_start else ""
    return f"{name} is at work{since}"


def _is_holder(connection: sa.Connection, lock: RunLock) -> bool:
    holder = connection.execute(_HOLDER, {"number": _NUMBER, "key": _RUN}).first()
    return holder is not None and (holder.pid, holder.backend_start) == (lock.backend_pid, lock.backend_start)


def _session_name(doing: str) -> str:
    """What others see; PostgreSQL keeps 63 bytes, and replaces what is not ASCII."""
    return f"eldersync {doing[:20]} pid {os.getpid()} host {socket.gethostname()}"[:63]
