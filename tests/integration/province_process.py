"""The stand-in platform in a process of its own, to be killed."""

import asyncio
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from province_client import TOKEN
from province_fixtures import PROFILE

from simulator.province.server import ProvinceServer, ProvinceSettings

__all__ = ["KilledProvince", "killed_province"]

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["simulator.province.server"])


class KilledProvince:
    """A platform that lives until it is killed."""

    def __init__(self, ledger: Path) -> None:
        here, there = _PROCESSES.Pipe(duplex=False)
        self._process = _PROCESSES.Process(target=_serve, args=(ledger, there), daemon=True)
        self._process.start()
        there.close()
        with here:
            self.port: int = here.recv()

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()
        self._process.join()
        self._process.close()


@contextmanager
def killed_province(ledger: Path) -> Iterator[KilledProvince]:
    """A platform that is killed at the end of the block at the latest."""
    platform = KilledProvince(ledger)
    try:
        yield platform
    finally:
        platform.kill()


def _serve(ledger: Path, told: Connection) -> None:
    asyncio.run(_serve_for_ever(ledger, told))


async def _serve_for_ever(ledger: Path, told: Connection) -> None:
    settings = ProvinceSettings(profile=PROFILE, ledger=ledger, token=TOKEN, clock=time.time)
    async with ProvinceServer(settings) as server:
        told.send(server.ports[0])
        told.close()
        await asyncio.Event().wait()
