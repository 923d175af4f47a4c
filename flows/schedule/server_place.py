"""Where a server of ours stands: its home with the lock of the only supervisor, its port, its password, the logs of its processes."""

import os
import shutil
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from flows.schedule.prefect_server import temporary_folder
from schemas.errors import AnotherRunIsActive, ConfigurationInvalid
from schemas.file_locks import try_lock

__all__ = ["Installation", "alone", "assert_port_is_free", "is_supervised", "keep_small"]

_LOG_BYTES = 5_000_000


@dataclass(frozen=True)
class Installation:
    """What a supervisor works for: a home, its server's port and password, and the environment of each of its processes."""

    home: Path
    port: int
    password: str
    environments: Mapping[str, Mapping[str, str]]

    @property
    def url(self) -> str:
        """Address of the server's interface."""
        return f"http://127.0.0.1:{self.port}/api"

    def log(self, name: str) -> Path:
        """The log of one of its processes."""
        return self.home / "logs" / f"prefect-{name}.log"


def is_supervised(home: Path) -> bool:
    """Whether a supervisor of this home lives."""
    path = home / "prefect" / "supervisor.lock"
    if not path.exists():
        return False
    with path.open("rb") as file:
        return not try_lock(file, shared=True)


def assert_port_is_free(port: int) -> None:
    """Refuses a port that another program listens on.

    Raises:
        ConfigurationInvalid: naming the key.
    """
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            is_taken = True
        else:
            is_taken = False
    if is_taken:
        raise ConfigurationInvalid(f"operations.toml: server.port: another program listens on {port}; choose another")


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Holds the lock of the only supervisor; its file stays."""
    temporary_folder(home).mkdir(mode=0o700, parents=True, exist_ok=True)
    with (home / "prefect" / "supervisor.lock").open("ab") as file:
        if not try_lock(file):
            raise AnotherRunIsActive("the server of this home is up already, or about to be: eldersync down")
        yield


def keep_small(path: Path) -> None:
    """Puts a long log aside; who writes it appends, and so goes on at the beginning."""
    if path.exists() and path.stat().st_size > _LOG_BYTES:
        shutil.copyfile(path, path.with_suffix(".log.1"))
        os.truncate(path, 0)
