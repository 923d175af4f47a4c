"""Requests that come together share one flush of the ledger to the disk: with many connections that is most of the speed."""

import asyncio
import sqlite3

from simulator.province.ledger import Ledger

__all__ = ["SharedFlush"]


class SharedFlush:
    """Flushes a ledger once for everybody who waits."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._next: asyncio.Future[None] | None = None

    async def done(self) -> None:
        """Returns when everything written so far is on the disk."""
        if self._next is None:
            loop = asyncio.get_running_loop()
            self._next = loop.create_future()
            loop.call_soon(self._flush, self._next)  # behind all who are ready to write now
        await asyncio.shield(self._next)

    def _flush(self, waited_for: "asyncio.Future[None]") -> None:
        self._next = None
        try:
            self._ledger.commit()
        except sqlite3.Error as failure:
            waited_for.set_exception(failure)  # so that nobody is answered
        else:
            waited_for.set_result(None)
