"""What one command costs: wall seconds from a cold start, and the most memory its processes held at once."""

import contextlib
import os
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

__all__ = ["Measured", "MeasuredFailed", "measure"]

_EVERY = 0.02  # seconds between two looks


class MeasuredFailed(Exception):
    """A command did not end well; what it said is in the text."""


@dataclass(frozen=True, slots=True)
class Measured:
    """``megabytes`` are of the command and its children, ``server_megabytes`` of the PostgreSQL it started."""

    seconds: float
    megabytes: float
    server_megabytes: float
    said: str


def measure(command: list[str], *, ends: tuple[int, ...] = (0,), server: Path | None = None) -> Measured:
    """Runs a command in a process of its own.

    Args:
        command: program and arguments.
        ends: exit codes that are no failure.
        server: data directory of a PostgreSQL that the command starts; its memory is counted for itself.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ELDERSYNC_", "PREFECT_"))}
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT, env=environment)
        watch = _Watch(process.pid, server)
        watch.start()
        _, status = os.waitpid(process.pid, 0)
        seconds = time.perf_counter() - began
        watch.ended.set()
        watch.join()
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read().decode()
    if process.returncode not in ends:
        raise MeasuredFailed(f"{' '.join(command)} ended with {process.returncode}:\n{text[-2000:]}")
    # Not ru_maxrss: it counts what we held ourselves when the command was forked.
    return Measured(seconds, watch.most / 1e6, watch.most_of_server / 1e6, text)


class _Watch(threading.Thread):
    def __init__(self, pid: int, server: Path | None) -> None:
        super().__init__(daemon=True)
        self.ended = threading.Event()
        self.most = self.most_of_server = 0
        self._pid, self._server = pid, server

    def run(self) -> None:
        while not self.ended.wait(_EVERY):
            postmaster = _postmaster(self._server) if self._server else None
            self.most = max(self.most, sum(memory.rss for memory in _held_by(self._pid, but=postmaster)))
            if postmaster:
                self._look_at_server(postmaster)

    def _look_at_server(self, postmaster: int) -> None:
        held = _held_by(postmaster)
        # The buffers that all of its processes share are counted once.
        own = sum(memory.rss - memory.shared for memory in held)
        self.most_of_server = max(self.most_of_server, own + max((memory.shared for memory in held), default=0))


def _held_by(pid: int, but: int | None = None) -> list[Any]:
    """Memory of a process and of all below it, as far as they are still there; itself first.

    ``but`` leaves out a process and all below it: the server is the command's child and is counted for itself.
    """
    found: list[Any] = []
    try:
        top = psutil.Process(pid)
        left_out = {but}
        for process in (top, *top.children(recursive=True)):
            if process.pid in left_out or (but and process.ppid() in left_out):
                left_out.add(process.pid)
                continue
            with contextlib.suppress(psutil.NoSuchProcess), process.oneshot():
                found.append(process.memory_info())
    except psutil.NoSuchProcess:
        pass
    return found


def _postmaster(data: Path) -> int | None:
    try:
        return int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None
