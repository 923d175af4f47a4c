"""The platform on the line: three loopback ports of one event loop, and the life of each connection.

One event loop does everything, so that requests are taken one at a time and the ledger has one writer.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from schemas.platform_profile import PlatformProfile
from simulator.province.acceptance import Acceptance
from simulator.province.admin import Admin
from simulator.province.answers import Answers
from simulator.province.behaviour import Behaviour
from simulator.province.fault_replies import FaultReplies
from simulator.province.fault_script import FaultScript
from simulator.province.fault_sending import effect_delay, send
from simulator.province.item_rules import ItemRules
from simulator.province.ledger import Ledger
from simulator.province.ledger_view import Seen
from simulator.province.lookups import Lookups
from simulator.province.pace import Pace
from simulator.province.platform_clock import PlatformClock
from simulator.province.reception import Admitted, Reception
from simulator.province.shared_flush import SharedFlush
from simulator.province.signature import SignatureCheck
from simulator.province.trap import RedirectTrap
from simulator.province.wire import Line, Request, RequestRefused

__all__ = ["ProvinceServer", "ProvinceSettings"]

_HOST = "127.0.0.1"
_READ_AHEAD = 1 << 20


def _tell_nobody(_: Seen) -> None:
    pass


@dataclass(frozen=True, slots=True)
class ProvinceSettings:
    """What a platform is started with. ``clock`` gives Unix seconds; port 0 is any that is free."""

    profile: PlatformProfile = field(repr=False)
    ledger: Path
    token: str = field(repr=False)
    clock: Callable[[], float] = field(repr=False)
    behaviour: Behaviour = field(default_factory=Behaviour)
    script: FaultScript = field(default_factory=FaultScript, repr=False)
    port: int = 0
    admin_port: int = 0
    tls: ssl.SSLContext | None = None
    tell: Callable[[Seen], None] = field(default=_tell_nobody, repr=False)


class ProvinceServer:
    """The platform. Use as an asynchronous context; it serves until the context ends."""

    def __init__(self, settings: ProvinceSettings) -> None:
        """Nothing is opened yet."""
        self._settings = settings
        self._script = settings.script
        self.clock = PlatformClock(settings.clock)
        self.trap = RedirectTrap(self.clock)
        self.ports: tuple[int, int, int] = (0, 0, 0)
        self._counts = {"requests": 0, "accepted": 0, "rejected": 0, "processing": 0}
        self._connections: set[asyncio.Task[None]] = set()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "ProvinceServer":
        async with AsyncExitStack() as opening:
            ledger = opening.enter_context(Ledger(self._settings.ledger))
            self._reception = self._furnished(ledger)
            self._flush = SharedFlush(ledger)
            admin = Admin(self._script, self.clock, self.counts)
            opening.push_async_callback(self._hang_up)
            self.ports = (
                await self._listen(opening, self._serve, self._settings.port, self._settings.tls),
                await self._listen(opening, admin.serve, self._settings.admin_port, None),
                await self._listen(opening, self.trap.serve, 0, None),
            )
            self._stack = opening.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def counts(self) -> dict[str, int]:
        """What happened since the start, how often a redirect was followed, and how many scripted faults are to come."""
        return {**self._counts, "trap_hits": self.trap.hits, "faults_left": self._script.left}

    def _furnished(self, ledger: Ledger) -> Reception:
        settings, behaviour = self._settings, self._settings.behaviour
        answers = Answers(behaviour.envelope)
        gate = SignatureCheck(
            paas_id=behaviour.paas_id, token=settings.token, clock=self.clock,
            window=behaviour.window_seconds, nonce_life=behaviour.nonce_seconds,
        )  # fmt: skip
        return Reception(
            acceptance=Acceptance(ledger, ItemRules(settings.profile), behaviour),
            lookups=Lookups(ledger, behaviour),
            answers=answers,
            behaviour=behaviour,
            gate=gate,
            pace=Pace(behaviour.requests_per_second, behaviour.burst, self.clock),
            script=self._script,
            replies=FaultReplies(answers, self.clock, lambda: f"http://{_HOST}:{self.ports[2]}/ebus/elders/elsewhere"),
            clock=self.clock,
            tell=self._tell,
        )

    async def _listen(
        self, stack: AsyncExitStack, serve: Callable[[Line], Awaitable[None]], port: int, tls: ssl.SSLContext | None
    ) -> int:
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._attend(serve, reader, writer)

        server = await asyncio.start_server(connected, _HOST, port, limit=_READ_AHEAD, ssl=tls)
        stack.callback(server.close)
        return int(server.sockets[0].getsockname()[1])

    async def _attend(
        self, serve: Callable[[Line], Awaitable[None]], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine that runs is in a task
        self._connections.add(task)
        try:
            # A client may go when it likes, in the middle of a request or of an answer; what took effect stays.
            with suppress(OSError, asyncio.IncompleteReadError):
                await serve(Line(reader, writer))
        finally:
            self._connections.discard(task)
            writer.close()

    async def _hang_up(self) -> None:
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, line: Line) -> None:
        if self._script.refuses_connection():
            line.reset()
            return
        try:
            async for request in line.requests():
                if not await self._answer(line, request):
                    return
        except RequestRefused as refused:
            await line.refuse(self._reception.unreadable(refused.status), self.clock.http_date())

    async def _answer(self, line: Line, request: Request) -> bool:
        admitted = self._reception.admit(request)
        if not isinstance(admitted, Admitted):
            await self._flush.done()
            await line.send(admitted, self.clock.http_date())
            return True
        try:
            if delay := effect_delay(admitted.fault):
                await asyncio.sleep(delay)
            reply = self._reception.perform(admitted)
            await self._flush.done()
        finally:
            self._reception.release(admitted)
        return await send(line, reply, self.clock.http_date(reply.date_ahead), admitted.fault)

    def _tell(self, seen: Seen) -> None:
        self._counts["requests"] += 1
        for name in ("accepted", "rejected", "processing"):
            self._counts[name] += getattr(seen, name)
        self._settings.tell(seen)
