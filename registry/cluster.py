"""One PostgreSQL cluster of ours: making its data directory, starting and stopping the server on it.

All that is here is done by one process at a time; how several share a server is ``registry.embedded``'s.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import psycopg

from registry.server_account import SERVER_ENVIRONMENT, ServerAccount, open_private, postgres_programs
from schemas.durable import flush_folder
from schemas.errors import ConfigurationInvalid, DatabaseUnavailable

__all__ = ["SETTINGS", "Cluster"]

SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "cluster_name": "eldersync",
        # Reached through a socket inside the private data directory, never through the network.
        "listen_addresses": "",
        "unix_socket_directories": ".",
        "unix_socket_permissions": "0700",
        # Committed means committed after a power cut.
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        # Error messages quote cells even when terse, so statements' errors are not logged at all; the caller gets them.
        "log_min_messages": "log",
        "log_error_verbosity": "terse",
        "log_min_error_statement": "panic",
        "log_parameter_max_length_on_error": "0",
        "log_checkpoints": "off",
        "log_timezone": "UTC",
        "timezone": "UTC",
        # One machine, one nightly load.
        "shared_buffers": "128MB",
        "work_mem": "64MB",
        "maintenance_work_mem": "256MB",
        "max_wal_size": "2GB",
        # Nobody copies this server by its log, so tables filled in the transaction that made or emptied them skip it.
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "autovacuum": "on",
        "jit": "off",
        # systemd deletes POSIX shared memory of a user who logs out (RemoveIPC), also under a running server.
        "dynamic_shared_memory_type": "mmap",
        # The end of a killed client is noticed while its statement still runs, so its locks do not linger.
        "client_connection_check_interval": "10s",
    }
)
"""What the server is started with, whatever its ``postgresql.conf`` says."""

_SOCKET = ".s.PGSQL.5432"
_LONGEST_SOCKET_PATH = 107  # sun_path holds 108 bytes with its final NUL (unix(7))
_POLL_SECONDS = 0.02
_SECONDS_TO_START = 15.0  # while the server ends at once, e.g. because the processes of a killed one still run
_SECONDS_TO_RECOVER = 600.0  # while it is alive, replaying its log after a crash
_SECONDS_TO_STOP = 60.0
_LARGEST_LOG_BYTES = 10_000_000


@dataclass(frozen=True)
class Cluster:
    """One data directory and the server on it; it belongs to ``account`` where we are root."""

    home: Path
    account: ServerAccount | None

    @property
    def data(self) -> Path:
        """The data directory, 0700, of which ``account`` is the owner."""
        return self.home / "postgres"

    @contextmanager
    def short_folder(self) -> Iterator[str]:
        """A path to the data directory that is short enough for the socket in it, and that libpq does not take apart.

        A deep home is reached through a symbolic link in a private temporary folder; the socket stays where it is.
        """
        path = str(self.data)
        if _fits(path) and "," not in path:  # libpq reads a comma as a list of hosts
            yield path
            return
        shallow = tempfile.gettempdir()
        with tempfile.TemporaryDirectory(
            prefix="eldersync-",
            dir=shallow if _fits(f"{shallow}/eldersync-12345678/db") else "/tmp",  # noqa: S108
        ) as private:
            link = Path(private, "db")
            link.symlink_to(self.data)
            yield str(link)

    def start(self, folder: str) -> None:
        """Returns when the server accepts connections, be it a new one or one that was running."""
        if not (self.data / "PG_VERSION").exists():
            self._create()
        process: subprocess.Popen[bytes] | None = None
        began, pause = time.monotonic(), _POLL_SECONDS
        while not self._is_ready(folder):
            is_started = process is not None and process.poll() is None
            is_alive = is_started or _listens(folder) or self._postmaster() is not None
            if time.monotonic() - began > (_SECONDS_TO_RECOVER if is_alive else _SECONDS_TO_START):
                raise DatabaseUnavailable(f"the embedded PostgreSQL does not start; see {self._log}")
            if not is_alive:
                if process is not None:  # it ended by itself; later it may not
                    time.sleep(pause)
                    pause = min(2 * pause, 1.0)
                process = self._spawn()
            time.sleep(_POLL_SECONDS)
        if process is not None:
            # Collects the exit status whenever the server ends, so that no zombie stays behind.
            threading.Thread(target=process.wait, name="postgres-ended", daemon=True).start()

    def stop(self) -> None:
        """Ends the server in an orderly way (fast shutdown); one that needs too long is left to end by itself."""
        pid = self._postmaster()
        if pid is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
        deadline = time.monotonic() + _SECONDS_TO_STOP
        while self._postmaster() is not None and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS / 4)

    def _create(self) -> None:
        """Makes the cluster beside its place and moves it there whole, so a killed attempt leaves nothing half-made."""
        for left_behind in self.home.glob("postgres.new-*"):
            shutil.rmtree(left_behind, ignore_errors=True)
        new = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=self.home))  # 0700
        if self.account:
            os.chown(new, self.account.uid, self.account.gid)
        arguments = ["--username=eldersync", "--encoding=UTF8", "--auth-local=trust", "--auth-host=reject"]
        arguments += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-instructions"]
        with _open_log(self._log) as log:
            made = subprocess.run(
                [postgres_programs() / "initdb", "-D", self._data_argument(new), *arguments],
                check=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log, **self._as_account(new),
            )  # fmt: skip
        if made.returncode:
            shutil.rmtree(new, ignore_errors=True)
            raise DatabaseUnavailable(f"initdb could not create the embedded PostgreSQL; see {self._log}")
        new.rename(self.data)
        flush_folder(self.home)

    def _spawn(self) -> subprocess.Popen[bytes]:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        ours = postgres_programs().parent.name.removeprefix("pginstall")
        if made_by != ours:
            raise ConfigurationInvalid(f"{self.data}: made by PostgreSQL {made_by}, but {ours} is installed")
        self._forget_reused_pid()
        settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        with _open_log(self._log) as log:
            return subprocess.Popen(
                [postgres_programs() / "postgres", "-D", self._data_argument(self.data), *settings],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **self._as_account(self.data),
            )  # fmt: skip

    def _is_ready(self, folder: str) -> bool:
        """Whether the server accepts connections; it is asked only after its pid file says so, for it logs refusals."""
        lines = self._pid_file_lines()
        if len(lines) < 8 or lines[7].strip() != "ready":
            return False
        try:
            psycopg.connect(host=folder, user="eldersync", dbname="postgres", connect_timeout=10).close()
        except psycopg.OperationalError:
            return False
        return True

    def _postmaster(self) -> int | None:
        """Process id of the running server, known by its working directory: numbers are used again after a restart."""
        lines = self._pid_file_lines()
        if not lines or not lines[0].isdecimal():
            return None
        try:
            is_ours = os.path.samestat(Path("/proc", lines[0], "cwd").stat(), self.data.stat())
        except OSError:  # ended, or another user's and so not ours
            return None
        return int(lines[0]) if is_ours else None

    def _forget_reused_pid(self) -> None:
        """Removes a stale pid file whose number some other process has now, which PostgreSQL would wait for in vain.

        Processes of a killed server that still run are found by PostgreSQL all the same, by its shared memory.
        """
        lines = self._pid_file_lines()
        if lines and Path("/proc", lines[0]).exists() and self._postmaster() is None:
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _pid_file_lines(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    @property
    def _log(self) -> Path:
        return self.home / "logs" / "postgres.log"

    def _data_argument(self, data: Path) -> str:
        # The other account may not pass through the folders above, but a process keeps the working directory it is given.
        return "/proc/self/cwd" if self.account else str(data)

    def _as_account(self, data: Path) -> dict[str, Any]:
        options: dict[str, Any] = {"cwd": data, "env": SERVER_ENVIRONMENT, "umask": 0o077}
        if self.account:
            options |= {"user": self.account.uid, "group": self.account.gid, "extra_groups": []}
        return options


@contextmanager
def _open_log(path: Path) -> Iterator[int]:
    if not path.parent.exists():
        path.parent.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(path.parent, path.parent.parent.stat().st_uid, path.parent.parent.stat().st_gid)
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_size > _LARGEST_LOG_BYTES:
            path.replace(path.with_name("postgres.log.1"))
    log = open_private(path, os.O_WRONLY | os.O_APPEND)
    try:
        yield log
    finally:
        os.close(log)


def _listens(folder: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(f"{folder}/{_SOCKET}")
        except (FileNotFoundError, ConnectionRefusedError):
            return False
    return True


def _fits(folder: str) -> bool:
    return len(os.fsencode(f"{folder}/{_SOCKET}")) <= _LONGEST_SOCKET_PATH
