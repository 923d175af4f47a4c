"""The time one pull or call may take, also where a server neither answers nor closes the connection."""

import os
import socket
import threading
import time
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from schemas.errors import SourceUnavailable

__all__ = ["Deadline"]


class Deadline:
    """Begins when it is made; left as a context, it watches nothing any more."""

    def __init__(self, seconds: int, name: str) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds
        self._message = f"{name}: the pull took longer than deadline_seconds = {seconds}"
        self._watched = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._watched.close()

    @property
    def is_over(self) -> bool:
        """Whether no time is left."""
        return time.monotonic() >= self._end

    def check(self) -> None:
        """Nothing, while there is time left.

        Raises:
            SourceUnavailable: there is none.
        """
        if self.is_over:
            raise SourceUnavailable(self._message)

    def watch(self, descriptor: int) -> None:
        """Shuts a socket when the time is up, so that whoever waits for an answer is told that the connection is lost."""
        watched = self._watched.enter_context(socket.socket(fileno=os.dup(descriptor)))
        timer = threading.Timer(max(0.0, self._end - time.monotonic()), watched.shutdown, [socket.SHUT_RDWR])
        timer.daemon = True
        timer.start()
        self._watched.callback(timer.join)
        self._watched.callback(timer.cancel)
