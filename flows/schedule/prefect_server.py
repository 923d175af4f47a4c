"""The environment of everything that belongs to a home's Prefect server, and a server for as long as a block lasts.

On loopback, without telemetry, its files under the home. The server that stays is ``flows.schedule.server_supervisor``'s.
"""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from schemas.errors import RunStopped

__all__ = [
    "HEARTBEAT_SECONDS", "POOL", "client_environment", "prefect_environment", "quieten_telemetry", "running_prefect_server",
    "server_environment",
    "temporary_folder",
]  # fmt: skip

POOL = "eldersync"
"""The work pool of all deployments; ``prefect.yaml`` says the same."""

HEARTBEAT_SECONDS = 30
"""How often a running flow says that it lives; Prefect allows no less."""

_QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_V2_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "eldersync",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",  # what is logged before and after a flow run is in our own file
}
_START_SECONDS = 90


def quieten_telemetry() -> None:
    """Switches off everything in Prefect that would leave the machine or persist results."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)


def prefect_environment(home: Path, port: int) -> dict[str, str]:
    """The environment of everything that belongs to the server of this home on this port."""
    return {
        **os.environ,
        **_QUIET,
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_API_HOST": "127.0.0.1",
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_UI_API_URL": "/api",
    }


def temporary_folder(home: Path) -> Path:
    """Where the worker and its flows put temporary files.

    The worker's are in a folder of a fixed name, which in a common place belongs to the account that came first.
    """
    return home / "prefect" / "tmp"


def client_environment(home: Path, config: Path, port: int, password: str) -> dict[str, str]:
    """The environment of who works with the server that stays: its worker, their flows, Prefect's own commands."""
    return {
        **prefect_environment(home, port),
        "ELDERSYNC_HOME": str(home),
        "ELDERSYNC_CONFIG": str(config),
        "TMPDIR": str(temporary_folder(home)),
        "PREFECT_API_AUTH_STRING": password,
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(HEARTBEAT_SECONDS),
        "PREFECT_WORKER_QUERY_SECONDS": "5",
    }


def server_environment(home: Path, port: int, password: str, database: str | None) -> dict[str, str]:
    """The environment of the server that stays.

    It wants its password, and a token against requests that a page of somebody else's slips in; it answers pages of its own address only.
    """
    own = {
        "PREFECT_SERVER_API_AUTH_STRING": password,
        "PREFECT_API_AUTH_STRING": password,
        "PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED": "true",
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": f"http://127.0.0.1:{port}",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,orphans",  # logs and artifacts of runs that retention let go
    }
    if database is not None:
        own["PREFECT_API_DATABASE_CONNECTION_URL"] = database
    return {**prefect_environment(home, port), **own}


@contextmanager
def running_prefect_server(home: Path, port: int | None = None) -> Iterator[dict[str, str]]:
    """Starts a server for as long as the block lasts and yields its environment.

    Raises:
        RunStopped: the server did not answer within 90 seconds; its log says why.
    """
    environment = prefect_environment(home, port or _free_port())
    (home / "prefect").mkdir(mode=0o700, parents=True, exist_ok=True)
    (home / "logs").mkdir(mode=0o700, parents=True, exist_ok=True)
    log_path = home / "logs" / "prefect-server.log"
    with log_path.open("ab") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "prefect", "server", "start"],
            env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, umask=0o077,
        )  # fmt: skip
    try:
        _wait_until_healthy(environment["PREFECT_API_URL"], server, log_path)
        yield environment
    finally:
        server.terminate()
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_until_healthy(api: str, server: subprocess.Popen[bytes], log_path: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{api}/health", timeout=2) as answer:  # noqa: S310  our own loopback address
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise RunStopped(f"the local Prefect server did not start; see {log_path}")


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
