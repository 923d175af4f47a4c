"""The supervisor: starts a home's Prefect server and its worker, starts again what dies, and stops them in order, the worker first.

It runs in the foreground (systemd, ``make server``) or detached (``eldersync up``). One at a time per home: a lock the kernel gives back.
What lives of a supervisor that was killed is taken over, not started twice, so that a night that runs goes on running.
"""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from flows.schedule.missed_runs import skip_missed_runs
from flows.schedule.prefect_api import PrefectApi
from flows.schedule.prefect_server import POOL
from flows.schedule.server_place import Installation, alone, assert_port_is_free, keep_small
from flows.schedule.server_processes import (
    ServerProcesses,
    forget_processes,
    process_of,
    read_processes,
    remember_processes,
)
from flows.schedule.server_setup import open_pool, prepare, register
from flows.schedule.server_work import cancel_active_runs, crash_dead_runs, is_worker_online, next_night
from flows.stop_signals import AskedToStop, StopSignals
from schemas.errors import ConfigurationInvalid, PrefectUnavailable

__all__ = ["supervise"]

log = logging.getLogger("eldersync")

_START_SECONDS = 180
_STOP_SECONDS = {"worker": 60, "server": 20}
_BACKOFF_SECONDS = (1, 2, 5, 15, 30, 60)
_STEADY_SECONDS = 300
_LOOK_SECONDS = 5
_COMMANDS = {
    "server": ["server", "start"],
    "worker": ["worker", "start", "--pool", POOL, "--type", "process", "--limit", "2", "--name", "eldersync"],
}


def supervise(installation: Installation, ready: Callable[[], None]) -> None:
    """Runs server and worker until SIGTERM or SIGINT; ``ready`` is called once, when everything stands.

    Raises:
        AnotherRunIsActive: a supervisor of this home lives.
        ConfigurationInvalid: the port belongs to another program.
        PrefectUnavailable: the server did not start, or could not be prepared; its log says why.
    """
    with alone(installation.home), StopSignals() as signals:
        supervisor = _Supervisor(installation, signals)
        supervisor.take_over()
        try:
            supervisor.begin()
            ready()
            supervisor.watch()
        except AskedToStop:
            log.info("the server is stopped")
        finally:
            supervisor.end()


class _Supervisor:
    def __init__(self, installation: Installation, signals: StopSignals) -> None:
        self._installation, self._signals = installation, signals
        self._api = PrefectApi(installation.url, installation.password)
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._begun: dict[str, float] = {}
        self._failures = dict.fromkeys(_COMMANDS, 0)
        me = process_of(os.getpid())
        assert me is not None  # noqa: S101  we live
        self._noted = ServerProcesses(
            installation.port, "starting", datetime.now(UTC).isoformat(timespec="seconds"), {"supervisor": me}
        )

    def take_over(self) -> None:
        """Makes what lives of a supervisor that was killed our own."""
        left = read_processes(self._installation.home)
        alive = left.alive() if left is not None else {}
        ours = {name: process for name, process in alive.items() if name in _COMMANDS}
        if left is not None and ours and left.port != self._installation.port:
            raise ConfigurationInvalid(f"the server of this home still runs on port {left.port}: eldersync down")
        self._noted = replace(self._noted, processes=self._noted.processes | ours)

    def begin(self) -> None:
        """Server, what it must hold, worker; returns when a worker polls and the next night is scheduled."""
        self._note()
        if not self._lives("server"):
            assert_port_is_free(self._installation.port)
            self._start("server")
        self._wait_for("the server answers", "server", self._api.is_healthy)
        began = datetime.now(UTC)
        prepare(self._api)
        self._begin_worker()  # it takes its time to load, meanwhile there is other work
        register(self._api, self._installation.environments["worker"], self._installation.log("setup"))
        open_pool(self._api)
        self._wait_for("the worker polls", "worker", lambda: is_worker_online(self._api, began))
        self._wait_for("a night is scheduled", "server", lambda: next_night(self._api) is not None)
        self._note(state="ready")

    def watch(self) -> None:
        """Starts again what dies, later each time it dies soon; returns never."""
        while True:
            self._signals.wait(_LOOK_SECONDS)
            for name in _COMMANDS:
                self._look_after(name)
                keep_small(self._installation.log(name))
            keep_small(self._installation.home / "logs" / "server.log")

    def end(self) -> None:
        """Cancels what is at work, so that it can be resumed; stops the worker, then the server."""
        self._note(state="stopping")
        if self._lives("worker") and self._api.is_healthy():
            try:
                cancel_active_runs(self._api, self._pause)
            except PrefectUnavailable as error:
                log.warning("what is at work could not be cancelled: %s", error)
        for name in ("worker", "server"):
            self._stop(name)
        forget_processes(self._installation.home)

    def _look_after(self, name: str) -> None:
        if self._lives(name):
            if time.monotonic() - self._begun.get(name, 0) > _STEADY_SECONDS:
                self._failures[name] = 0
            return
        pause = _BACKOFF_SECONDS[min(self._failures[name], len(_BACKOFF_SECONDS) - 1)]
        self._failures[name] += 1
        log.warning("the %s has ended; it is started again in %d s", name, pause)
        self._signals.wait(pause)
        self._note(restarts=self._noted.restarts + 1)
        if name == "worker":
            self._begin_worker()
        else:
            self._start(name)

    def _begin_worker(self) -> None:
        if self._lives("worker"):
            return
        try:
            self._clear_up_after_worker()
        except PrefectUnavailable as error:  # late flows find out themselves, and of dead ones nothing is heard
            log.warning("missed and dead runs were not looked for: %s", error)
        self._start("worker")

    def _clear_up_after_worker(self) -> None:
        for run in crash_dead_runs(self._api):
            log.warning("%s (%s) was at work and is dead", run.deployment, run.id)
        for deployment, count in skip_missed_runs(self._api, datetime.now(UTC)).items():
            if count:
                log.info("%d missed runs of %s are skipped; the newest is performed", count, deployment)

    def _start(self, name: str) -> None:
        with self._installation.log(name).open("ab") as file:
            child = subprocess.Popen(
                [sys.executable, "-m", "prefect", *_COMMANDS[name]], env=dict(self._installation.environments[name]),
                cwd=self._installation.home, stdin=subprocess.DEVNULL, stdout=file, stderr=file, umask=0o077,
                start_new_session=True,  # Ctrl-C is for us: we stop them in order
            )  # fmt: skip
        self._children[name], self._begun[name] = child, time.monotonic()
        if (process := process_of(child.pid)) is not None:
            self._note(processes=self._noted.processes | {name: process})

    def _lives(self, name: str) -> bool:
        if (child := self._children.get(name)) is not None:
            return child.poll() is None
        process = self._noted.processes.get(name)
        return process is not None and process.is_alive()

    def _stop(self, name: str) -> None:
        process = self._noted.processes.get(name)
        if process is None:
            return
        for number, seconds in ((signal.SIGTERM, _STOP_SECONDS[name]), (signal.SIGKILL, 10)):
            process.signal(number)
            until = time.monotonic() + seconds
            while self._lives(name) and time.monotonic() < until:
                self._pause(0.1)
        if (child := self._children.get(name)) is not None:
            child.wait()

    def _pause(self, seconds: float) -> None:
        """Waits while we stop, whatever signals come."""
        self._signals.pause(seconds)

    def _wait_for(self, what: str, name: str, true: Callable[[], bool]) -> None:
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until and self._lives(name):
            try:
                if true():
                    return
            except PrefectUnavailable:
                log.info("waiting until %s", what)
            self._signals.wait(0.2)
        raise PrefectUnavailable(f"it did not come about that {what}; see {self._installation.log(name)}")

    def _note(self, **changes: object) -> None:
        self._noted = replace(self._noted, **changes)  # type: ignore[arg-type]
        try:
            remember_processes(self._installation.home, self._noted)
        except OSError as error:  # a full disk must not end what runs
            log.warning("what runs could not be noted: %s", error.strerror)
