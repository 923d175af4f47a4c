"""Places a client must not go or cannot reach: the end of a redirect, which counts who comes, and a port that never answers a call."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from simulator.province.answers import as_json
from simulator.province.platform_clock import PlatformClock
from simulator.province.wire import Line, Reply, RequestRefused

__all__ = ["RedirectTrap", "full_port"]

_FOOTHOLD = 8


class RedirectTrap:
    """Answers whoever follows a redirect as if all were well, and counts them. What they bring is not kept."""

    def __init__(self, clock: PlatformClock) -> None:
        self._clock = clock
        self.hits = 0

    async def serve(self, line: Line) -> None:
        """Serves one connection."""
        with suppress(RequestRefused):  # whoever speaks no HTTP has not followed a redirect
            async for _ in line.requests():
                self.hits += 1
                await line.send(
                    Reply(body=as_json({"code": 200, "msg": "操作成功", "data": None})), self._clock.http_date()
                )


@contextmanager
def full_port() -> Iterator[int]:
    """A port of this machine on which connecting takes for ever: its queue is full and nobody takes from it."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        waiting = [socket.socket() for _ in range(_FOOTHOLD)]
        try:
            for one in waiting:
                one.settimeout(0)
                one.connect_ex(listener.getsockname())
            yield listener.getsockname()[1]
        finally:
            for one in waiting:
                one.close()
