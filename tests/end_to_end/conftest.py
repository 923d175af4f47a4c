"""One real PostgreSQL and one launcher for all end-to-end tests; of the caller's environment only the tests' own configuration reaches a night."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from shared_server import Database, Launcher, SharedServer, running_launcher

from flows.prefect_server import running_prefect_server
from registry import migrations
from registry.embedded import running_server

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True, scope="session")
def _plain_environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("ELDERSYNC_HOME", "ELDERSYNC_DATABASE_URL", "PREFECT_API_URL"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedServer]:
    with running_server(tmp_path_factory.mktemp("server")) as url:
        admin = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        yield SharedServer(admin)
        admin.dispose()


@pytest.fixture(scope="session")
def migrated(server: SharedServer) -> Database:
    """A database with the registry's tables and nothing in them, to be copied."""
    database = server.new()
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


@dataclass(frozen=True)
class Prefect:
    """A Prefect server of its own: the home its files lie in, and the environment of whoever works with it."""

    home: Path
    environment: dict[str, str]

    def command(self, *arguments: str, **environment: str) -> str:
        """A command of Prefect's that succeeds."""
        done = subprocess.run(
            [str(Path(sys.executable).with_name("prefect")), "--no-prompt", *arguments],
            env={**self.environment, **environment}, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def ask(self, path: str, question: dict[str, Any] | None = None) -> Any:
        """What the server's API answers to a question posted to it."""
        request = urllib.request.Request(  # noqa: S310  our own loopback address
            f"{self.environment['PREFECT_API_URL']}/{path}",
            data=json.dumps(question or {}).encode(), headers={"Content-Type": "application/json"},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            return json.loads(answer.read())


@pytest.fixture(scope="session")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prefect]:
    home = tmp_path_factory.mktemp("prefect")
    with running_prefect_server(home) as environment:
        yield Prefect(home, environment)
