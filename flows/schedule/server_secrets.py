"""What the Prefect server is guarded by and keeps its data in: the password of its interface, and its database."""

import secrets
from pathlib import Path

import psycopg
import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from flows.settings.secret_store import read_secret
from schemas.durable import replace_file
from schemas.errors import ConfigurationInvalid, SecretMissing
from schemas.operations import Server

__all__ = ["USER", "database_of", "password_of", "where_password_is"]

USER = "eldersync"
"""Whom the page of the server asks for where the password was made by us."""

_EXTENSION = "pg_trgm"
_HAS_EXTENSION = sa.text("SELECT count(*) FROM pg_catalog.pg_extension WHERE extname = :name")
_HOW = f"connected to that database as its administrator, run once: CREATE EXTENSION IF NOT EXISTS {_EXTENSION};"


def password_of(home: Path, server: Server) -> str:
    """``user:password`` of the server's interface; made, random, where there is none.

    Raises:
        SecretMissing: others can read the file, or it holds no ``user:password``.
    """
    path = where_password_is(home, server)
    try:
        password = read_secret(home, server.password_secret)
    except SecretMissing:
        if path.exists():
            raise
        password = f"{USER}:{secrets.token_urlsafe(18)}"
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with replace_file(path) as temporary:
            temporary.write_text(password + "\n", encoding="utf-8")
    user, colon, secret = password.partition(":")
    if not (user and colon and secret):
        raise SecretMissing(f"{path} must hold user:password; remove it and `eldersync up` makes one")
    return password


def where_password_is(home: Path, server: Server) -> Path:
    """The file of the password."""
    return home / "secrets" / server.password_secret


def database_of(home: Path, server: Server) -> str | None:
    """Where Prefect keeps its own data, as its driver wants it said; ``None`` for a SQLite file under the home.

    Raises:
        SecretMissing: the secret that is named is not in the store.
        ConfigurationInvalid: it is no address of a PostgreSQL that we may use, or the extension Prefect needs cannot be made there.
    """
    if server.database_secret is None:
        return None
    try:
        url = sa.make_url(read_secret(home, server.database_secret))
    except ArgumentError:
        url = sa.URL.create("none")
    if url.get_backend_name() != "postgresql":
        raise ConfigurationInvalid(
            f"the secret {server.database_secret} must be postgresql://user:password@host:port/database"
        )
    _prepare(url, server.database_secret)
    return url.set(drivername="postgresql+asyncpg").render_as_string(hide_password=False)


def _prepare(url: sa.URL, name: str) -> None:
    """Sees to the extension that Prefect's tables need, before Prefect fails half way through making them."""
    problem = f"the database of the secret {name} does not let us in; check address, user, password and its pg_hba.conf"
    engine = sa.create_engine(
        url.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool,
        connect_args={"connect_timeout": 10}, hide_parameters=True,
    )  # fmt: skip
    try:
        with engine.connect() as connection:
            problem = f"{_EXTENSION} is not in the database of the secret {name}, and we may not make it: {_HOW}"
            if not connection.scalar(_HAS_EXTENSION, {"name": _EXTENSION}):
                connection.exec_driver_sql(f"CREATE EXTENSION IF NOT EXISTS {_EXTENSION}")
            return
    except (SQLAlchemyError, psycopg.Error):
        pass
    raise ConfigurationInvalid(problem)
