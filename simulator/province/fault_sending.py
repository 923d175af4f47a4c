"""Faults in the sending: an answer that breaks off, comes late, letter by letter, without end, or not at all."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from simulator.province.faults import Fault, Kind, Moment
from simulator.province.wire import Line, Reply, head_of, head_with

__all__ = ["effect_delay", "send"]

_HUGE = 10 << 30
_BLOCK = 16 << 20
_PIECE = b" " * (1 << 16)
_LATE = 60.0
_LETTER = 1.0


@dataclass(frozen=True, slots=True)
class _Sending:
    line: Line
    reply: Reply
    date: str
    seconds: float | None


def effect_delay(fault: Fault | None) -> float:
    """Seconds to wait before anything takes effect."""
    if fault is None or fault.kind is not Kind.LATE_ANSWER or fault.when is not Moment.BEFORE:
        return 0
    return _LATE if fault.seconds is None else fault.seconds


async def send(line: Line, reply: Reply, date: str, fault: Fault | None) -> bool:
    """Sends a reply, well or as the fault will have it; whether the connection goes on afterwards."""
    way = _WAYS.get(fault.kind) if fault else None
    if fault is None or way is None:
        await line.send(reply, date)
        return True
    is_early = fault.kind is Kind.LATE_ANSWER and fault.when is Moment.BEFORE
    await way(_Sending(line, reply, date, 0 if is_early else fault.seconds))
    return fault.kind is Kind.LATE_ANSWER


async def _reset(sending: _Sending) -> None:
    sending.line.reset()


async def _broken_off(sending: _Sending) -> None:
    cut = len(sending.reply.body) // 2
    await sending.line.send_bytes(head_of(sending.reply, sending.date) + sending.reply.body[:cut])


async def _no_answer(sending: _Sending) -> None:
    await sending.line.until_hung_up()


async def _late(sending: _Sending) -> None:
    await asyncio.sleep(_LATE if sending.seconds is None else sending.seconds)
    await sending.line.send(sending.reply, sending.date)


async def _hangs_up(sending: _Sending) -> None:
    await sending.line.send(sending.reply, sending.date)


async def _slow_head(sending: _Sending) -> None:
    await _drip(sending, head_of(sending.reply, sending.date) + sending.reply.body)


async def _slow_body(sending: _Sending) -> None:
    await sending.line.send_bytes(head_of(sending.reply, sending.date))
    await _drip(sending, sending.reply.body)


async def _drip(sending: _Sending, data: bytes) -> None:
    for letter in data:
        await sending.line.send_bytes(bytes((letter,)))
        await asyncio.sleep(_LETTER if sending.seconds is None else sending.seconds)


async def _endless(sending: _Sending) -> None:
    head = {"Date": sending.date, "Content-Type": sending.reply.content_type, "Transfer-Encoding": "chunked"}
    await sending.line.send_bytes(head_with(200, head))
    await sending.line.send_bytes(_chunk(sending.reply.body[:-1]))  # valid JSON but for its last brace
    while True:
        await sending.line.send_bytes(_chunk(_PIECE))
        await asyncio.sleep(0)  # a client that takes everything must not keep the others waiting


async def _gzip_bomb(sending: _Sending) -> None:
    head = {
        "Date": sending.date, "Content-Type": sending.reply.content_type, "Content-Encoding": "gzip",
        "Transfer-Encoding": "chunked",
    }  # fmt: skip
    await sending.line.send_bytes(head_with(200, head))
    start, block = _packed_blanks()
    await sending.line.send_bytes(_chunk(start))
    for _ in range(_HUGE // _BLOCK):
        await sending.line.send_bytes(_chunk(block))
        await asyncio.sleep(0)
    await sending.line.send_bytes(b"0\r\n\r\n")


async def _huge_length(sending: _Sending) -> None:
    await sending.line.send_bytes(head_of(sending.reply, sending.date, length=_HUGE))
    await sending.line.send_bytes(sending.reply.body[:-1])
    for _ in range(_HUGE // len(_PIECE)):
        await sending.line.send_bytes(_PIECE)
        await asyncio.sleep(0)


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


@cache
def _packed_blanks() -> tuple[bytes, bytes]:
    """The start of a gzip stream, and a block of blanks that can follow it any number of times."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    start = packer.compress(b"{") + packer.flush(zlib.Z_FULL_FLUSH)
    return start, packer.compress(b" " * _BLOCK) + packer.flush(zlib.Z_FULL_FLUSH)


_WAYS: Mapping[Kind, Callable[[_Sending], Awaitable[None]]] = MappingProxyType(
    {
        Kind.RESET: _reset,
        Kind.BROKEN_OFF: _broken_off,
        Kind.NO_ANSWER: _no_answer,
        Kind.LATE_ANSWER: _late,
        Kind.HANGS_UP: _hangs_up,
        Kind.SLOW_HEAD: _slow_head,
        Kind.SLOW_BODY: _slow_body,
        Kind.ENDLESS_BODY: _endless,
        Kind.GZIP_BOMB: _gzip_bomb,
        Kind.HUGE_LENGTH: _huge_length,
    }
)
