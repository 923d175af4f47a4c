"""Being asked to stop by a signal, as an exception where we wait for something: never in the middle of something else."""

import os
import select
import signal
from types import FrameType, TracebackType
from typing import Self

__all__ = ["AskedToStop", "StopSignals"]

_STOPPING = (signal.SIGTERM, signal.SIGINT)


class AskedToStop(Exception):
    """SIGTERM or SIGINT came."""


class StopSignals:
    """While it is entered, SIGTERM and SIGINT only note that we are to stop, and they and the end of a child cut waits short."""

    def __init__(self) -> None:
        self._is_asked = False
        self._reads, self._writes = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._note) for number in (*_STOPPING, signal.SIGCHLD)}
        self._wakes_before = signal.set_wakeup_fd(self._writes, warn_on_full_buffer=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.set_wakeup_fd(self._wakes_before)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._reads)
        os.close(self._writes)

    def wait(self, seconds: float) -> None:
        """Waits at most so long.

        Raises:
            AskedToStop: we are to stop, since now or before.
        """
        if not self._is_asked:
            self.pause(seconds)
        if self._is_asked:
            raise AskedToStop

    def pause(self, seconds: float) -> None:
        """Waits at most so long, whether we are to stop or not."""
        if select.select([self._reads], [], [], seconds)[0]:
            os.read(self._reads, 4096)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._is_asked |= number in _STOPPING
