"""One PostgreSQL for all end-to-end tests, a database for each try, and a process that runs command lines quickly."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import sqlalchemy as sa

__all__ = ["Database", "Launcher", "SharedServer", "running_launcher"]

_LAUNCHER = Path(__file__).with_name("launcher.py")
_numbers = count(1)


@dataclass(frozen=True)
class Database:
    """One database of the shared server; ``engine`` is for looking into it."""

    name: str
    url: str
    engine: sa.Engine

    def ask(self, query: str) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(sa.text(query)).mappings())


@dataclass
class SharedServer:
    """Makes databases, empty or as copies of another."""

    admin: sa.Engine
    tries: set[str] = field(default_factory=set)

    def new(self, like: Database | None = None) -> Database:
        name = f"try_{next(_numbers)}"
        self.tries.add(name)
        with self.admin.connect() as connection:
            if like is not None:
                self.wait_until_nobody_is_in(like)
            connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {like.name if like else 'template1'}")
        url = self.admin.url.set(database=name)
        # Nobody stays connected, so that the database can be copied.
        engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
        return Database(name, url.render_as_string(hide_password=False), engine)

    def keep(self, database: Database) -> Database:
        """The database, which is no try but stays."""
        self.tries.remove(database.name)
        return database

    def drop_tries(self) -> None:
        with self.admin.connect() as connection:
            while self.tries:
                connection.exec_driver_sql(f"DROP DATABASE {self.tries.pop()} WITH (FORCE)")

    def wait_until_nobody_is_in(self, database: Database) -> None:
        """Until the sessions of a killed process have ended."""
        query = sa.text("SELECT count(*) FROM pg_stat_activity WHERE datname = :name")
        deadline = time.monotonic() + 20
        with self.admin.connect() as connection:
            while connection.scalar(query, {"name": database.name}):
                assert time.monotonic() < deadline, "the sessions of a killed process are still there after 20 seconds"
                time.sleep(0.01)


@dataclass
class Launcher:
    """The process of ``launcher.py``; see there."""

    process: subprocess.Popen[str]

    def run(self, *arguments: str, **request: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"arguments": arguments, **request}) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer


@contextmanager
def running_launcher() -> Iterator[Launcher]:
    with subprocess.Popen([sys.executable, str(_LAUNCHER)], stdin=-1, stdout=-1, text=True) as process:
        yield Launcher(process)
        assert process.stdin is not None
        process.stdin.close()
