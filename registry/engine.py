"""Connecting to the registry's PostgreSQL, and transactions whose failures can be told without telling a person's data.

Where the server comes from when none is configured is ``registry.embedded``'s. What is stored is ``registry.tables``'s.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from registry.embedded import running_server
from schemas.errors import ConfigurationInvalid, DatabaseUnavailable, RunStopped, StageFailed

__all__ = ["connect_registry", "safe_error", "transaction"]

_CONNECT_ARGUMENTS = {
    "application_name": "eldersync",
    "client_encoding": "utf8",
    "connect_timeout": 10,
    # A firewall that forgets the connection, or a server that lost its power, is noticed within a minute.
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}

# Formats that COPY and comparisons rely on are set by us; what a commit is worth is only asked.
_PREPARE_SESSION = """
    SELECT set_config('timezone', 'UTC', false), set_config('datestyle', 'ISO, YMD', false),
           set_config('intervalstyle', 'iso_8601', false), set_config('bytea_output', 'hex', false),
           set_config('extra_float_digits', '1', false)
"""
_ASK_DURABILITY = """
    SELECT name, setting FROM pg_catalog.pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')
"""
_FLUSHED_LOCALLY = frozenset({"on", "local", "remote_write", "remote_apply"})

# Failed connections carry no SQLSTATE, only words; these are recognised and said in our own.
_CONNECTION_REASONS = (
    ("authentication failed", "it refuses the user name or password"),
    ("no password supplied", "it wants a password"),
    ("does not exist", "the database or the user does not exist there"),
    ("pg_hba.conf", "its pg_hba.conf does not admit us"),
    ("too many", "it has no connection left"),
    ("connection refused", "nothing listens at that address"),
    ("no such file", "nothing listens at that address"),
    ("timeout", "it did not answer in time"),
    ("could not translate host", "the host name is unknown"),
    ("name or service not known", "the host name is unknown"),
)
_SQLSTATE_REASONS = {
    "40001": "two transactions collided",
    "40P01": "two transactions waited for each other",
    "53100": "the disk of the database is full",
    "53200": "the database is out of memory",
    "53300": "it has no connection left",
    "55P03": "a lock was not to be had in time",
    "57014": "the statement was cancelled",
    "57P01": "the connection was ended by an administrator or a shutdown",
    "57P02": "the server crashed",
    "57P03": "the server is starting or stopping",
}


@contextmanager
def connect_registry(home: Path, database_url: str | None = None) -> Iterator[sa.Engine]:
    """An engine on ``database_url``, else on the home's embedded server; its connections are closed at the end.

    Statements' parameters never appear in errors or logs. Every new connection asserts that a commit survives a power cut.

    Raises:
        ConfigurationInvalid: the URL is not one of PostgreSQL, or the server trades durability for speed (on connecting).
        DatabaseUnavailable: the embedded server does not start.
    """
    with ExitStack() as stack:
        url = _parse_url(database_url) if database_url else sa.make_url(stack.enter_context(running_server(home)))
        engine = sa.create_engine(
            url, hide_parameters=True, pool_size=2, max_overflow=6, pool_pre_ping=True, connect_args=_CONNECT_ARGUMENTS
        )
        sa.event.listen(engine, "connect", _prepare_session)
        stack.callback(engine.dispose)
        yield engine


@contextmanager
def transaction(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection in one transaction: committed when the block ends, rolled back when it raises.

    Raises:
        DatabaseUnavailable: the server does not answer or closed the connection; it may pass.
        StageFailed: PostgreSQL refused a statement; names SQLSTATE, table, column and constraint only.
    """
    try:
        with engine.begin() as connection:
            yield connection
    except (SQLAlchemyError, psycopg.Error) as error:
        failure = safe_error(error)
    else:
        return
    raise failure from None


def safe_error(error: SQLAlchemyError | psycopg.Error) -> RunStopped:
    """What a database error says, in our words: drivers and servers quote cells in theirs.

    >>> str(safe_error(psycopg.errors.UniqueViolation("Key (name)=(...) already exists")))
    'PostgreSQL refused a statement (SQLSTATE 23505)'
    """
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    if isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError | PoolTimeout):
        return DatabaseUnavailable(f"PostgreSQL is not available: {_reason(cause)}")
    if isinstance(cause, psycopg.Error):
        place = {
            "table": cause.diag.table_name,
            "column": cause.diag.column_name,
            "constraint": cause.diag.constraint_name,
        }
        words = [f"SQLSTATE {cause.sqlstate or 'unknown'}", *(f"{kind} {name}" for kind, name in place.items() if name)]
        return StageFailed(f"PostgreSQL refused a statement ({', '.join(words)})")
    return StageFailed(f"a statement could not be made or its answer not read ({type(cause).__name__})")


def _reason(cause: psycopg.OperationalError | psycopg.InterfaceError | PoolTimeout) -> str:
    if isinstance(cause, PoolTimeout):
        return "all our connections are in use"
    if cause.sqlstate:
        return f"{_SQLSTATE_REASONS.get(cause.sqlstate, 'it gave up')} (SQLSTATE {cause.sqlstate})"
    text = str(cause).lower()
    return next((reason for phrase, reason in _CONNECTION_REASONS if phrase in text), "the connection was lost")


def _parse_url(database_url: str) -> sa.URL:
    """The URL with our driver named: a bare ``postgresql://`` means another one to SQLAlchemy 2.0."""
    try:
        url = sa.make_url(database_url)
    except (ArgumentError, ValueError):
        url = None
    # The URL itself is not quoted: it may hold a password.
    if url is None or url.drivername not in {"postgresql", "postgres", "postgresql+psycopg"}:
        raise ConfigurationInvalid("ELDERSYNC_DATABASE_URL: must be like postgresql://user:password@host:5432/database")
    return url.set(drivername="postgresql+psycopg")


def _prepare_session(connection: Any, _record: Any) -> None:
    """Sets this session's formats and refuses a server on which a commit may be lost."""
    with connection.cursor() as cursor:
        cursor.execute(_PREPARE_SESSION)
        cursor.execute(_ASK_DURABILITY)
        settings = dict(cursor.fetchall())
    connection.commit()
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        if settings.get(name, "on") not in _FLUSHED_LOCALLY:
            connection.close()
            raise ConfigurationInvalid(f"the database may lose what was committed when the power fails: {name} is off")
