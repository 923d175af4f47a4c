"""HTTP/1.1 on a connection, by hand: requests as they come, replies as they should be, and the ways to break off.

By hand because a server library would not let us misbehave.
"""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Self

__all__ = ["JSON", "Line", "Reply", "Request", "RequestRefused"]

JSON = "application/json;charset=UTF-8"
_LARGEST_BODY = 64 << 20
_LINGER = 1.0
_RESET_AT_CLOSE = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Request:
    """One request; header names in lower case, the path without its query."""

    method: str
    path: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered. ``date_ahead``: seconds by which its ``Date`` is wrong."""

    status: int = 200
    body: bytes = field(default=b"", repr=False)
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    date_ahead: float = 0.0

    def with_headers(self, **headers: str) -> Self:
        """The reply with more headers; underscores stand for hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers={**self.headers, **named})


class RequestRefused(Exception):
    """A request that cannot be read: with the status it deserves. The connection ends after the answer."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status


class Line:
    """One connection of a client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def requests(self) -> AsyncIterator[Request]:
        """The requests of a client one after the other, until it hangs up or asks for the end.

        Raises:
            RequestRefused: the next one cannot be read.
        """
        while True:
            try:
                head = await self._reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                return
            except asyncio.LimitOverrunError:
                raise RequestRefused(431) from None
            method, target, headers = _parse_head(head)
            yield Request(method, target.partition("?")[0], headers, await self._body(headers))
            if headers.get("connection", "").lower() == "close":
                return

    async def _body(self, headers: Mapping[str, str]) -> bytes:
        if "transfer-encoding" in headers:
            raise RequestRefused(411)
        length = headers.get("content-length", "0")
        if not length.isdecimal():
            raise RequestRefused(400)
        if len(length) > 12 or int(length) > _LARGEST_BODY:
            raise RequestRefused(413)
        if headers.get("expect", "").lower() == "100-continue":
            await self.send_bytes(b"HTTP/1.1 100 Continue\r\n\r\n")
        return await self._reader.readexactly(int(length))

    async def send(self, reply: Reply, date: str) -> None:
        """Sends a whole reply."""
        await self.send_bytes(head_of(reply, date) + reply.body)

    async def send_bytes(self, data: bytes) -> None:
        """Sends bytes as they are, waiting until the client takes them."""
        self._writer.write(data)
        await self._writer.drain()

    def reset(self) -> None:
        """Breaks the connection off so that the client sees a reset and no orderly end."""
        end: socket.socket = self._writer.get_extra_info("socket")
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
        self._writer.transport.abort()

    async def refuse(self, reply: Reply, date: str) -> None:
        """Sends a reply to a request that was not read to its end, and lets what still comes run out.

        Hanging up at once would break the reply off with a reset.
        """
        await self.send(reply, date)
        if self._writer.can_write_eof():
            self._writer.write_eof()
        with suppress(TimeoutError):  # long enough for an honest client
            await asyncio.wait_for(self.until_hung_up(), _LINGER)

    async def until_hung_up(self) -> None:
        """Waits until the client has gone, however much it still sends."""
        while await self._reader.read(1 << 16):
            pass


def head_of(reply: Reply, date: str, *, length: int | None = None) -> bytes:
    """Status line and headers of a reply; ``length`` where another than the body's is to be claimed."""
    headers = {"Date": date, "Content-Type": reply.content_type, "Content-Length": str(length or len(reply.body))}
    if reply.status == HTTPStatus.NO_CONTENT:
        headers = {"Date": date}
    return head_with(reply.status, {**headers, **reply.headers})


def head_with(status: int, headers: Mapping[str, str]) -> bytes:
    """A status line with exactly these headers."""
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _parse_head(head: bytes) -> tuple[str, str, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")[:-2]
    parts = first.split(" ")
    if len(parts) != 3:
        raise RequestRefused(400)
    if parts[2] != "HTTP/1.1":
        raise RequestRefused(505)
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise RequestRefused(400)
        headers[name.lower()] = value.strip()
    return parts[0], parts[1], headers
