"""Fixtures of the tests that pull views: another body's PostgreSQL and MariaDB, each with an empty schema ``share``."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from foreign_databases import AfterStatement, Database
from mariadb_server import Mariadb, running_mariadb

_numbers = count(1)


@pytest.fixture(scope="session")
def mariadb() -> Iterator[Mariadb]:
    with running_mariadb() as server:
        yield server


@pytest.fixture
def at_mariadb(mariadb: Mariadb) -> Database:
    database = Database("mariadb", mariadb.root, "reader", mariadb.url("reader", "secret"))
    database.run(
        "SET GLOBAL sql_mode = DEFAULT",
        "DROP DATABASE IF EXISTS share",
        "CREATE DATABASE share",
        "CREATE OR REPLACE USER reader IDENTIFIED BY 'secret'",
        "GRANT SELECT ON share.* TO reader",
    )
    return database


@pytest.fixture
def at_postgresql(fresh_url: str) -> Iterator[Database]:
    admin = sa.create_engine(fresh_url, isolation_level="AUTOCOMMIT")
    account = f"reader_{next(_numbers)}"
    url = admin.url.set(username=account).render_as_string(hide_password=False)
    database = Database("postgresql", admin, account, url)
    database.run(
        "CREATE SCHEMA share",
        f"CREATE ROLE {account} LOGIN",
        f"GRANT USAGE ON SCHEMA share TO {account}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA share GRANT SELECT ON TABLES TO {account}",
    )
    yield database
    database.run(f"DROP OWNED BY {account} CASCADE", f"DROP ROLE {account}")
    admin.dispose()


@pytest.fixture(params=["postgresql", "mariadb"])
def database(request: pytest.FixtureRequest) -> Database:
    found: Database = request.getfixturevalue(f"at_{request.param}")
    return found


@pytest.fixture
def received(tmp_path: Path) -> Path:
    return tmp_path / "received"


@pytest.fixture
def after_statement() -> Iterator[AfterStatement]:
    """Has something happen at the server after the first statement of ours that contains a text."""
    listening: list[Callable[..., None]] = []

    def register(text: str, happen: Callable[[], object]) -> None:
        def look(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if text in statement and look in listening:
                listening.remove(look)
                happen()

        listening.append(look)
        sa.event.listen(sa.Engine, "after_cursor_execute", look)
        registered.append(look)

    registered: list[Callable[..., None]] = []
    yield register
    for look in registered:
        sa.event.remove(sa.Engine, "after_cursor_execute", look)
