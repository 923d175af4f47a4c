"""``eldersync up`` and ``down``: the Prefect server of this home with its worker and schedule, begun by one command and ended by one."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flows.context import Home
from flows.schedule.prefect_api import PrefectApi
from flows.schedule.prefect_server import client_environment, server_environment
from flows.schedule.server_place import Installation, assert_port_is_free, is_supervised
from flows.schedule.server_processes import Process, forget_processes, read_processes
from flows.schedule.server_secrets import database_of, password_of, where_password_is
from flows.schedule.server_supervisor import supervise
from flows.schedule.server_work import active_runs, cancel_active_runs, next_night
from flows.settings.installation import check_installation, mark_installation
from schemas.configuration import load_configuration, load_operations
from schemas.errors import AnotherRunIsActive, PrefectUnavailable

__all__ = ["begin_detached", "begin_in_foreground", "end", "run_prefect_command"]

_READY_SECONDS = 480
_ENDED_SECONDS = 240


def begin_in_foreground(home: Path, config: Path, tell: Any) -> None:
    """Runs server and worker until a signal; ``tell`` is given what :func:`begin_detached` gives, once everything stands.

    Raises:
        AnotherRunIsActive: they are up already.
    """
    installation = _installation(home, config)
    supervise(installation, lambda: tell(_standing(installation, config, was_up=False)))


def begin_detached(home: Path, config: Path) -> dict[str, Any]:
    """Begins server and worker so that they stay when this process ends, and waits until everything stands.

    Returns:
        ``was_up url user password_in next_night log``; ``next_night`` in the bureau's time zone.

    Raises:
        ConfigurationInvalid: of the configuration, the port, or the database that is named for Prefect.
        SecretMissing: of the password or database that is named.
        PrefectUnavailable: it did not come to stand; names the log that says why.
    """
    home, config = _resolved(home), _resolved(config)
    was_up = is_supervised(home)
    installation = _installation(home, config, prepares=not was_up)
    if not was_up:
        left = read_processes(home)
        if left is None or "server" not in left.alive():
            assert_port_is_free(installation.port)
    _wait_until_ready(home, None if was_up else _detached_supervisor(home, config))
    return _standing(installation, config, was_up=was_up)


def end(home: Path, config: Path, *, now: bool, wait_seconds: float) -> dict[str, Any]:
    """Stops the worker, then the server; what is at work is waited for, or cancelled with ``now``.

    Returns:
        ``stopped``: names of what was stopped; empty where nothing ran.

    Raises:
        AnotherRunIsActive: something is at work still; nothing was stopped.
        PrefectUnavailable: they do not end.
    """
    home = _resolved(home)
    noted = read_processes(home)
    alive = noted.alive() if noted is not None else {}
    if noted is None or not alive:
        forget_processes(home)
        return {"stopped": []}
    with PrefectApi(f"http://127.0.0.1:{noted.port}/api", password_of(home, load_operations(config).server)) as api:
        if not now and "worker" in alive:
            _wait_until_idle(api, wait_seconds)
        if "supervisor" in alive:
            _stop("supervisor", alive["supervisor"])
        else:
            _stop_orphans(home, alive, api)
    return {"stopped": [name for name in ("worker", "server") if name in alive]}


def run_prefect_command(home: Path, config: Path, arguments: list[str]) -> int:
    """Runs one of Prefect's own commands against the server of this home; its exit code."""
    installation = _installation(home, config, prepares=False)
    command = [sys.executable, "-m", "prefect", *arguments]
    return subprocess.run(command, env=dict(installation.environments["worker"]), check=False).returncode


def _installation(home: Path, config: Path, *, prepares: bool = True) -> Installation:
    """What a supervisor needs to know, after everything in it was looked at that can be wrong."""
    home, config = _resolved(home), _resolved(config)
    server = load_operations(config).server
    database = None
    if prepares:
        configuration = load_configuration(config)
        check_installation(home, configuration)
        Home(home).prepare(list(configuration.sources))
        mark_installation(home, configuration)
        (home / "logs").mkdir(mode=0o700, exist_ok=True)
        database = database_of(home, server)
    password = password_of(home, server)
    environments = {
        "server": server_environment(home, server.port, password, database),
        "worker": client_environment(home, config, server.port, password),
    }
    return Installation(home, server.port, password, environments)


def _detached_supervisor(home: Path, config: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "flows.cli", "up", "--foreground", "--home", str(home), "--config", str(config)]
    with _log(home).open("ab") as log:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, umask=0o077, cwd=home
        )


def _wait_until_ready(home: Path, supervisor: subprocess.Popen[bytes] | None) -> None:
    until = time.monotonic() + _READY_SECONDS
    while time.monotonic() < until:
        noted = read_processes(home)
        if noted is not None and noted.state == "ready" and "supervisor" in noted.alive():
            if supervisor is not None:
                supervisor.returncode = 0  # it stays: nobody waits for its end
            return
        if supervisor is not None and supervisor.poll() is not None:
            raise PrefectUnavailable(f"the server did not start; see the end of {_log(home)}")
        if supervisor is None and not is_supervised(home):
            raise PrefectUnavailable(f"the server was being started, and was not; see the end of {_log(home)}")
        time.sleep(0.1)
    raise PrefectUnavailable(f"the server does not come to stand; see the end of {_log(home)}")


def _standing(installation: Installation, config: Path, *, was_up: bool) -> dict[str, Any]:
    server = load_operations(config).server
    zone = ZoneInfo(load_configuration(config).bureau.timezone)
    with PrefectApi(installation.url, installation.password) as api:
        night = next_night(api)
    variable = f"ELDERSYNC_SECRET_{server.password_secret.upper()}"
    return {
        "was_up": was_up,
        "url": installation.url.removesuffix("/api"),
        "user": installation.password.partition(":")[0],
        "password_in": f"${variable}"
        if os.environ.get(variable)
        else str(where_password_is(installation.home, server)),
        "next_night": night.astimezone(zone).isoformat(timespec="minutes") if night else None,
        "log": str(_log(installation.home)),
    }


def _wait_until_idle(api: PrefectApi, seconds: float) -> None:
    """Returns when nothing is at work, or the server cannot tell."""
    until = time.monotonic() + seconds
    while api.is_healthy() and (active := active_runs(api)):
        if time.monotonic() > until:
            raise AnotherRunIsActive(
                f"{', '.join(run.told() for run in active)}; wait for it, or: eldersync down --now "
                "(it is cancelled, and the next night or `eldersync resume` goes on from there)"
            )
        time.sleep(0.5)


def _stop_orphans(home: Path, alive: dict[str, Process], api: PrefectApi) -> None:
    """Does what their supervisor would have done, had it not been killed."""
    if {"server", "worker"} <= alive.keys() and api.is_healthy():
        cancel_active_runs(api, time.sleep)
    for name in ("worker", "server"):
        if name in alive:
            _stop(name, alive[name])
    forget_processes(home)


def _stop(name: str, process: Process) -> None:
    process.signal(signal.SIGTERM)
    until = time.monotonic() + _ENDED_SECONDS
    while process.is_alive():
        if time.monotonic() > until:
            raise PrefectUnavailable(
                f"the {name} (process {process.pid}) does not end; eldersync down again, or kill -9 {process.pid}"
            )
        time.sleep(0.1)


def _log(home: Path) -> Path:
    return home / "logs" / "server.log"


def _resolved(path: Path) -> Path:
    return path.expanduser().resolve()
