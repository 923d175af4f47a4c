"""An installation of the tests' own: a home, a configuration with a port of its own, its commands and its server."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import waiting

from flows.schedule.prefect_api import PrefectApi
from flows.schedule.server_processes import ServerProcesses, read_processes

__all__ = ["Installation", "Told", "configuration_with", "installed", "wait_until"]

_SCRIPT = str(Path(sys.executable).with_name("eldersync"))


@dataclass(frozen=True)
class Told:
    """What a command said."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def answer(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found


wait_until = partial(waiting.wait_until, seconds=240)


@dataclass(frozen=True)
class Installation:
    """A home with its configuration, and the environment of whoever works with it."""

    home: Path
    config: Path
    port: int
    environment: dict[str, str]

    def command(self, *arguments: str) -> Told:
        began = time.monotonic()
        done = subprocess.run(
            [_SCRIPT, *arguments, "--home", str(self.home), "--config", str(self.config)],
            env={**os.environ, **self.environment}, capture_output=True, text=True, check=False, timeout=400,
        )  # fmt: skip
        return Told(done.returncode, done.stdout, done.stderr, time.monotonic() - began)

    @property
    def password(self) -> str:
        return (self.home / "secrets" / "prefect_password").read_text().strip()

    @property
    def api(self) -> PrefectApi:
        return PrefectApi(f"http://127.0.0.1:{self.port}/api", self.password)

    @property
    def processes(self) -> ServerProcesses:
        found = read_processes(self.home)
        assert found is not None
        return found

    def deployment_id(self, name: str) -> str:
        found: str = self.api.get(f"deployments/name/{name}/{name}")["id"]
        return found

    def order(self, name: str, parameters: dict[str, Any] | None = None, **more: Any) -> str:
        """Asks for a run of a deployment; its id."""
        asked = {"parameters": parameters or {}, "state": {"type": "SCHEDULED"}, **more}
        run_id: str = self.api.post(f"deployments/{self.deployment_id(name)}/create_flow_run", asked)["id"]
        return run_id

    def run(self, run_id: str) -> dict[str, Any]:
        with self.api as api:
            found: dict[str, Any] = api.get(f"flow_runs/{run_id}")
        return found

    def ended(self, run_id: str) -> tuple[str, str]:
        """Type and name of the state a run ends in."""
        final = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
        state = wait_until(lambda: (found := self.run(run_id)["state"])["type"] in final and found)
        return state["type"], state["name"]


def configuration_with(folder: Path, port: int, more: str = "") -> Path:
    """A copy of the tests' configuration whose server has a port of its own; ``more`` goes into ``[server]``."""
    config = shutil.copytree(os.environ["ELDERSYNC_CONFIG"], folder / "config")
    config.chmod(0o755)
    operations = config / "operations.toml"
    text = operations.read_text(encoding="utf-8")
    assert "port = 4200\n" in text
    operations.write_text(text.replace("port = 4200\n", f"port = {port}\n{more}"), encoding="utf-8")
    return config


@contextmanager
def installed(folder: Path, database_url: str, more: str = "") -> Iterator[Installation]:
    """An installation, whose server is ended with the block, in order or not."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    home = folder / "home"
    home.mkdir(mode=0o700)
    installation = Installation(
        home, configuration_with(folder, port, more), port, {"ELDERSYNC_DATABASE_URL": database_url}
    )
    try:
        yield installation
    finally:
        left = read_processes(home)
        installation.command("down", "--now")
        for process in left.alive().values() if left else ():
            process.signal(signal.SIGKILL)
