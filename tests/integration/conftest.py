"""One real PostgreSQL for all integration tests, and a database of its own for each test that asks."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from copied_databases import EMPTY, database, make_tables

from registry.embedded import running_server
from registry.engine import connect_registry


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
    make_tables(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def fresh_url(server_engine: sa.Engine) -> Iterator[str]:
    """A database with the registry's tables and nobody in them, gone after the test."""
    with database(server_engine) as url:
        yield url


@pytest.fixture
def empty_url(server_engine: sa.Engine) -> Iterator[str]:
    """A database without anything, gone after the test."""
    with database(server_engine, like=EMPTY) as url:
        yield url


@pytest.fixture
def fresh_engine(fresh_url: str, registry_home: Path) -> Iterator[sa.Engine]:
    with connect_registry(registry_home, fresh_url) as engine:
        yield engine


@pytest.fixture
def empty_engine(empty_url: str, registry_home: Path) -> Iterator[sa.Engine]:
    with connect_registry(registry_home, empty_url) as engine:
        yield engine
