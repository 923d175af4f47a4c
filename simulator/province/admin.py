"""The rehearsal's remote control, on a loopback port of its own: faults, chance, the clock, and counts. It tells nothing of a person.

``GET /counts``; ``POST /faults`` with ``{"faults": […], "chance": {…}}`` as in a rehearsal file; ``DELETE /faults``;
``POST /clock`` with ``{"ahead": seconds}``.
"""

import json
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from simulator.province.answers import as_json
from simulator.province.behaviour import Strict
from simulator.province.fault_script import FaultScript, Rehearsal, first_mistake
from simulator.province.platform_clock import PlatformClock
from simulator.province.wire import Line, Reply, Request, RequestRefused

__all__ = ["Admin"]


class _Clock(Strict):
    ahead: float


class Admin:
    """Serves the remote control."""

    def __init__(self, script: FaultScript, clock: PlatformClock, counts: Callable[[], dict[str, int]]) -> None:
        self._script, self._clock, self._counts = script, clock, counts

    async def serve(self, line: Line) -> None:
        """Serves one connection."""
        try:
            async for request in line.requests():
                await line.send(self._reply(request), self._clock.http_date())
        except RequestRefused as refused:
            await line.refuse(Reply(refused.status), self._clock.http_date())

    def _reply(self, request: Request) -> Reply:
        try:
            match request.method, request.path:
                case "GET", "/counts":
                    return self._done()
                case "POST", "/faults":
                    return self._add_faults(_document(request))
                case "DELETE", "/faults":
                    self._script.clear()
                    return self._done()
                case "POST", "/clock":
                    self._clock.ahead = _Clock.model_validate(_document(request)).ahead
                    return self._done()
                case _:
                    return Reply(404)
        except ValidationError as invalid:
            return Reply(400, as_json({"error": first_mistake(invalid)}))

    def _add_faults(self, document: Any) -> Reply:
        wanted = Rehearsal.model_validate(document)
        self._script.add(*wanted.faults)
        if wanted.chance:
            self._script.set_chance(wanted.chance)
        return self._done()

    def _done(self) -> Reply:
        return Reply(body=as_json(self._counts()))


def _document(request: Request) -> Any:
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        return None  # which the model then refuses, naming what it wants
