"""The points at which a sender is watched, and at which it may be told to die: each commit, and each step of a call."""

import os
import signal
from typing import Any

import sqlalchemy as sa
from push_board import Board

from connectors.http_calls.call import Answer, HttpCaller, NoAnswer
from connectors.http_calls.line import TimedSocket

__all__ = ["watch"]


def watch(board: Board, engine: sa.Engine, *, die_at: int = 0) -> None:
    """Notes on the board what this process is at, counts its points, and kills it at one of them; 0 is none.

    The points are: before and after each commit; before a request is sent, when it was sent and nothing has been read, when
    its answer is there.
    """
    points = _Points(board, die_at)
    _watch_commits(points, engine)
    _watch_calls(points)


class _Points:
    def __init__(self, board: Board, die_at: int) -> None:
        self._board, self._die_at = board, die_at
        board.points = 0

    def pass_one(self) -> None:
        self._board.points += 1
        if self._board.points == self._die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def at(self, phase: str) -> None:
        self._board.phase = phase

    def is_at(self, phase: str) -> bool:
        return self._board.phase == phase


def _watch_commits(points: _Points, engine: sa.Engine) -> None:
    commit = engine.dialect.do_commit

    def do_commit(connection: Any) -> None:
        points.pass_one()
        commit(connection)
        if points.is_at("claiming"):
            points.at("claimed")
        elif points.is_at("settling"):
            points.at("claiming")
        points.pass_one()

    def begins(_: sa.Connection) -> None:
        if points.is_at("answered"):
            points.at("settling")
        elif points.is_at("claimed"):
            points.at("claiming")

    engine.dialect.do_commit = do_commit  # type: ignore[method-assign]
    sa.event.listen(engine, "begin", begins)


def _watch_calls(points: _Points) -> None:
    call, receive = HttpCaller.call, TimedSocket.recv_into

    def watched_call(caller: HttpCaller, *args: Any, **kwargs: Any) -> Answer | NoAnswer:
        points.pass_one()
        points.at("in the call")
        answer = call(caller, *args, **kwargs)
        points.at("answered")
        points.pass_one()
        return answer

    def watched_receive(connection: TimedSocket, *args: Any, **kwargs: Any) -> int:
        points.pass_one()
        return receive(connection, *args, **kwargs)

    HttpCaller.call = watched_call  # type: ignore[method-assign]
    TimedSocket.recv_into = watched_receive  # type: ignore[method-assign]
