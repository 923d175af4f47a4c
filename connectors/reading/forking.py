"""The process that forks a reader for each file: ``python -m connectors.reading.forking``, its orders on standard input.

An order is a message on a socket with two descriptors: where the reader's request is to be read from, and a line to whoever
waits for it. On the line it says that the reader runs, and in the end the code it ended with; when the line is cut it ends
the reader. It ends itself, and all readers with it, when nobody can give orders any more. ``readers`` starts it.
"""

import ctypes
import gc
import os
import selectors
import signal
import socket
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from connectors.reading import child

__all__ = ["main"]

_PR_SET_PDEATHSIG = 1  # prctl(2)
_NEEDED = ("connectors.reading.read", "connectors.reading.looks.inspect_file", "python_calamine", "encodings.gb18030")
_ORDERS, _END = 0, 3  # descriptors: the second is a reader's alone, and closes when it ends


class Forking:
    """Readers that run, each with the line of whoever waits for it."""

    def __init__(self, orders: socket.socket) -> None:
        self._orders = orders
        self._events = selectors.DefaultSelector()
        self._events.register(orders, selectors.EVENT_READ)
        self._pids: set[int] = set()

    def obey(self) -> None:
        """Until there is nobody to give orders."""
        while True:
            for key, _ in self._events.select():
                if key.fileobj is not self._orders:
                    key.data()
                elif not self._fork():
                    return

    def _fork(self) -> bool:
        """Obeys one order; whether there was one."""
        _, descriptors, _, _ = socket.recv_fds(self._orders, 16, 2)
        if not descriptors:
            return False
        requests, line = descriptors[0], socket.socket(fileno=descriptors[1])
        end, of_reader = os.pipe()
        parent, pid = os.getpid(), os.fork()
        if pid == 0:
            _be_a_reader(parent, requests, of_reader)
        self._pids.add(pid)
        os.close(of_reader)
        os.close(requests)
        self._events.register(line, selectors.EVENT_READ, lambda: self._cut(line, pid))
        self._events.register(end, selectors.EVENT_READ, lambda: self._ended(end, line, pid))
        with suppress(OSError):  # nobody waits any more
            line.send(b"+")
        return True

    def _cut(self, line: socket.socket, pid: int) -> None:
        if pid in self._pids:  # its number is its own until we have waited for it
            self._events.unregister(line)
            os.kill(pid, signal.SIGKILL)

    def _ended(self, end: int, line: socket.socket, pid: int) -> None:
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        self._pids.remove(pid)
        for watched in (end, line):
            if watched in self._events.get_map():
                self._events.unregister(watched)
        os.close(end)
        with suppress(OSError), line:
            line.send(str(code).encode())


def _be_a_reader(parent: int, requests: int, end: int) -> None:
    """Reads what the request says and ends, with nothing in hand but the request and its own end."""
    code = 1
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        os.dup2(requests, _ORDERS)
        if end != _END:
            os.dup2(end, _END)
        for descriptor in [int(path.name) for path in Path("/proc/self/fd").iterdir()]:
            if descriptor > _END:
                with suppress(OSError):  # the one they were listed with has been closed
                    os.close(descriptor)
        if os.getppid() == parent:  # else it has died before its death was a signal to us
            code = child.main()
    finally:
        os._exit(code)  # without the second that freeing millions of cells takes


def main() -> None:
    """Obeys orders until there is nobody to give any."""
    sys.meta_path.insert(0, child.NoPandas())
    for name in _NEEDED:
        import_module(name)
    gc.disable()  # millions of cells, no cycles among them, and a short life
    gc.freeze()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    with socket.socket(fileno=_ORDERS) as orders:
        Forking(orders).obey()


if __name__ == "__main__":
    main()
