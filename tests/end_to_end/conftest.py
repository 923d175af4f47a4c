"""One real PostgreSQL and one launcher for all end-to-end tests; of the caller's environment only the tests' own configuration reaches a night."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from disturbed_nights import Tries, made_evening
from playwright.sync_api import Browser
from private_prefect import Prefect
from shared_server import Database, Launcher, SharedServer, running_launcher
from worked_nights import running_browser

from flows.schedule.prefect_server import running_prefect_server
from registry import migrations
from registry.embedded import running_server


@pytest.fixture(autouse=True, scope="session")
def _plain_environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("ELDERSYNC_HOME", "ELDERSYNC_DATABASE_URL", "PREFECT_API_URL"):
            patch.delenv(name, raising=False)
        yield


_SERVERS: list[SharedServer] = []


@pytest.fixture(autouse=True, scope="module")
def _databases_end_with_their_module() -> Iterator[None]:
    yield
    for server in _SERVERS:
        server.drop_tries()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedServer]:
    with running_server(tmp_path_factory.mktemp("server")) as url:
        admin = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        _SERVERS.append(SharedServer(admin))
        yield _SERVERS[-1]
        _SERVERS.clear()
        admin.dispose()


@pytest.fixture(scope="session")
def migrated(server: SharedServer) -> Database:
    """A database with the registry's tables and nothing in them, to be copied."""
    database = server.keep(server.new())
    with database.engine.begin() as connection:
        migrations.upgrade(connection)
    return database


@pytest.fixture(scope="session")
def launcher() -> Iterator[Launcher]:
    with running_launcher() as running:
        yield running


@pytest.fixture
def home(tmp_path: Path) -> Path:
    made = tmp_path / "home"
    made.mkdir(mode=0o700)
    return made


@pytest.fixture(scope="session")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prefect]:
    home = tmp_path_factory.mktemp("prefect")
    with running_prefect_server(home) as environment:
        yield Prefect(home, environment)


@pytest.fixture(scope="module")
def tries(
    server: SharedServer, migrated: Database, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory
) -> Tries:
    return made_evening(server, migrated, launcher, tmp_path_factory.mktemp("tries"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as running:
        yield running
