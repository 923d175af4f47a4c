"""One real PostgreSQL for all integration tests, and an empty database of its own for each test that asks."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from registry.embedded import running_server
from registry.engine import connect_registry

_numbers = count(1)


@pytest.fixture(scope="session")
def registry_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home", numbered=True)


@pytest.fixture(scope="session")
def registry_url(registry_home: Path) -> Iterator[str]:
    with running_server(registry_home) as url:
        yield url


@pytest.fixture(scope="session")
def server_engine(registry_url: str) -> Iterator[sa.Engine]:
    """Connected to the server's own database; for what concerns the server, not for tables."""
    engine = sa.create_engine(registry_url, isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


@pytest.fixture
def fresh_url(server_engine: sa.Engine) -> Iterator[str]:
    """An empty database, gone after the test."""
    name = f"test_{next(_numbers)}"
    with server_engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield server_engine.url.set(database=name).render_as_string(hide_password=False)
    with server_engine.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def fresh_engine(fresh_url: str, registry_home: Path) -> Iterator[sa.Engine]:
    with connect_registry(registry_home, fresh_url) as engine:
        yield engine
