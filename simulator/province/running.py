"""A platform running beside its user: in a thread of its own, with a handle to its faults, its clock and its ledger."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from simulator.province.fault_script import FaultScript
from simulator.province.ledger_view import LedgerView, open_view
from simulator.province.platform_clock import PlatformClock
from simulator.province.server import ProvinceServer, ProvinceSettings

__all__ = ["RunningProvince", "running_province"]


class RunningProvince:
    """A platform that is there."""

    def __init__(self, server: ProvinceServer, settings: ProvinceSettings) -> None:
        self._server = server
        scheme = "https" if settings.tls else "http"
        self.port, self.admin_port, self.trap_port = server.ports
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        self.admin_url = f"http://127.0.0.1:{self.admin_port}"
        self.script: FaultScript = settings.script
        self.clock: PlatformClock = server.clock
        self.ledger: Path = settings.ledger

    @property
    def trap_hits(self) -> int:
        """How often a redirect was followed."""
        return self._server.trap.hits

    def view(self) -> AbstractContextManager[LedgerView]:
        """The ledger as it stands."""
        return open_view(self.ledger)


@contextmanager
def running_province(settings: ProvinceSettings) -> Iterator[RunningProvince]:
    """Starts a platform, and ends it with the block.

    Raises:
        ConfigurationInvalid: the ledger cannot be one, or another platform writes it.
        OSError: the port is taken.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="province")
    thread.start()
    try:
        server = asyncio.run_coroutine_threadsafe(_opened(settings), loop).result()
        try:
            yield RunningProvince(server, settings)
        finally:
            asyncio.run_coroutine_threadsafe(server.__aexit__(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


async def _opened(settings: ProvinceSettings) -> ProvinceServer:
    return await ProvinceServer(settings).__aenter__()
