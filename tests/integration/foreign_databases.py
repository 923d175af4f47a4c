"""Another body's databases for tests, a schema ``share`` in a real PostgreSQL and a real MariaDB, and pulls of its views."""

# ruff: noqa: S608 - statements are written here, with names and values of these tests only

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from connectors.database.view import fetch_view
from connectors.keeping import Fetched
from schemas.channels import DatabaseChannel

AfterStatement = Callable[[str, Callable[[], object]], None]
NOW = datetime(2026, 1, 31, 18, 0, tzinfo=UTC)  # 02:00 in Beijing


@dataclass(frozen=True, slots=True)
class Database:
    """Another body's database: ``admin`` may do everything in schema ``share``, the account of ``url`` may read there."""

    kind: str
    admin: sa.Engine
    account: str
    url: str

    def run(self, *statements: str) -> None:
        with self.admin.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement.replace("%", "%%"))

    def our_sessions(self, end: str) -> list[int]:
        """Ids of the sessions of our account; they are ended by ``connection`` or ``query``, or left alone."""
        if self.kind == "postgresql":
            query = f"SELECT pid FROM pg_stat_activity WHERE usename = '{self.account}'"
            statement = {"connection": "SELECT pg_terminate_backend({})"}.get(end)
        else:
            query = f"SELECT id FROM information_schema.processlist WHERE user = '{self.account}'"
            statement = {"connection": "KILL {}", "query": "KILL QUERY {}"}.get(end)
        with self.admin.connect() as connection:
            sessions = list(connection.exec_driver_sql(query).scalars())
            for session in sessions if statement else []:
                connection.exec_driver_sql(statement.format(session))
        return sessions


def channel_of(view: str = "share.v_elders", **keys: Any) -> DatabaseChannel:
    return DatabaseChannel.model_validate(
        {"kind": "database", "url_secret": "other_body", "view": view, "key_columns": ["id"], **keys}
    )


def pull(
    database: Database, received: Path, position: dict[str, object] | None = None, *, now: datetime = NOW, **keys: Any
) -> Fetched:
    channel = channel_of(**keys)
    return fetch_view(channel, received, url=database.url, name="other_body", position=position or {}, now=now)


def lines_of(fetched: Fetched) -> list[str]:
    """The records of a pull's only delivery, its header first."""
    (delivery,) = fetched.deliveries
    return delivery.kept_path.read_bytes().decode().removesuffix("\r\n").split("\r\n")


def nothing_is_kept(received: Path) -> bool:
    return not received.exists() or list(received.iterdir()) == []
