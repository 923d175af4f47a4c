"""Where reading processes come from: one process that has everything loaded (``forking``) forks one for each file.

Loading what files are read with takes a quarter of a second, a fork some milliseconds. The process is started for the first
file, started again where it was found dead, and ends with this one, however this one ends. It knows neither a file nor a
request: those go past it, to the process that was forked.
"""

import atexit
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack, suppress
from pathlib import Path

__all__ = ["Reader", "environment", "start_reader"]

_PACKAGE_ROOT = Path(__file__).parents[2]
_SECONDS_TO_START = 60.0  # on a machine that has much else to do


class Reader:
    """A process that reads one file. It is ended when its line to us is cut, be it by `end` or by our death."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line

    def wait(self, seconds: float) -> int:
        """The code it ended with, negative for a signal; SIGKILL also where it died with the process it was forked from.

        Raises:
            TimeoutError: it has not ended yet.
        """
        self._line.settimeout(max(seconds, 0.001))  # of zero seconds the error would be another
        code = b""
        with suppress(ConnectionError):
            code = self._line.recv(16)
        return int(code) if code else -signal.SIGKILL

    def end(self) -> None:
        """Ends it if it still runs; it has ended afterwards."""
        with suppress(OSError), self._line:  # an error says that it has ended already
            self._line.settimeout(None)
            self._line.shutdown(socket.SHUT_WR)
            while self._line.recv(16):
                pass


class _Forking:
    """The process that readers are forked from."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "connectors.reading.forking"],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,  # libraries quote cells in their messages
                stderr=subprocess.DEVNULL,
                cwd="/",
                env=environment(),
            )

    def fork(self, request: bytes) -> Reader:
        """A reader that was told its request.

        Raises:
            ConnectionError: the process has died.
            OSError: it has not answered for too long, or this machine has too little of something.
        """
        (their_requests, requests), (line, their_line) = os.pipe(), socket.socketpair()
        with ExitStack() as unless_it_runs:
            unless_it_runs.enter_context(line)
            pipe = unless_it_runs.enter_context(os.fdopen(requests, "wb"))
            with os.fdopen(their_requests, "rb"), their_line:
                socket.send_fds(self._control, [b"fork"], [their_requests, their_line.fileno()])
            line.settimeout(_SECONDS_TO_START)
            if not line.recv(1):
                raise ConnectionResetError
            with suppress(BrokenPipeError), pipe:  # a reader that died says why by its code
                pipe.write(request)
            unless_it_runs.pop_all()
        return Reader(line)

    def close(self) -> None:
        """Ends it, and with it the readers that still run."""
        self._control.close()
        self._process.kill()
        self._process.wait()

    def forget(self) -> None:
        """Leaves it to the process that this one was forked from."""
        self._control.close()
        self._process.returncode = 0  # is no child of this one


class _Kept:
    """The forking process of this process: one at a time, whoever asks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: _Forking | None = None

    def running(self) -> _Forking:
        with self._lock:
            self._process = self._process or _Forking()
            return self._process

    def close(self, dead: _Forking | None = None) -> None:
        """Ends it; where ``dead`` is given, only if nobody has started another one since."""
        with self._lock:
            process = self._process
            if process is not None and dead in {None, process}:
                self._process = None
                process.close()

    def forget(self) -> None:
        """In a process that was forked from ours: its readers will be its own."""
        self._lock = threading.Lock()  # may be held by a thread that was not forked
        if self._process is not None:
            self._process.forget()
            self._process = None


_kept = _Kept()
atexit.register(_kept.close)
os.register_at_fork(after_in_child=_kept.forget)


def start_reader(request: bytes) -> Reader:
    """A process that reads what the request says, in the form ``child`` knows.

    Raises:
        OSError: no process can be started.
    """
    process = _kept.running()
    with suppress(ConnectionError):
        return process.fork(request)
    _kept.close(process)
    return _kept.running().fork(request)


def environment() -> dict[str, str]:
    """Nothing of ours: a process that reads files from outside has no use for passwords."""
    return {
        "PYTHONPATH": str(_PACKAGE_ROOT), "PYTHONUTF8": "1", "LC_ALL": "C.UTF-8", "OMP_NUM_THREADS": "2",
        "OPENBLAS_NUM_THREADS": "1",  # a process with threads is not to be forked
        "MIMALLOC_ARENA_RESERVE": "32MiB",  # not the gibibyte that a reader's limit may be smaller than
    }  # fmt: skip
