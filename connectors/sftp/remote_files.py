"""The few SFTP requests we make (draft-ietf-secsh-filexfer-02, version 3): list, look, open, read, close, rename.

paramiko brings the packets. The requests are ours because its client takes every name for UTF-8, so that one name in GBK ends a
listing, repeats a server's words in its errors, and writes names to its log.
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from stat import S_ISREG
from typing import Any, NamedTuple

import paramiko
from paramiko.sftp import (
    CMD_ATTRS,
    CMD_CLOSE,
    CMD_DATA,
    CMD_FSTAT,
    CMD_HANDLE,
    CMD_LSTAT,
    CMD_NAME,
    CMD_OPEN,
    CMD_OPENDIR,
    CMD_READ,
    CMD_READDIR,
    CMD_RENAME,
    CMD_STATUS,
    SFTP_EOF,
    SFTP_FLAG_READ,
    SFTP_NO_SUCH_FILE,
    SFTP_OK,
    SFTPError,
    int64,
)

__all__ = ["RemoteFiles", "RemoteState", "ServerRefuses"]

READ_AT_ONCE = 32_768
"""Bytes every server gives in one answer (§3 of the draft)."""

_ON_THEIR_WAY = 32
_SMALLEST_ENTRY = 12  # two lengths and the flags
_MOST_EXTENSIONS = 64


class ServerRefuses(OSError):
    """A request was not answered with success; of the server's answer only the code is kept."""

    def __init__(self, code: int) -> None:
        super().__init__()
        self.code = code

    @property
    def is_missing(self) -> bool:
        """Whether there is no such file or folder."""
        return self.code == SFTP_NO_SUCH_FILE


class RemoteState(NamedTuple):
    """What a server tells of a file; what it does not tell is None. Seconds since 1970 by its own clock."""

    size: int | None
    modified: int | None
    mode: int | None

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file, as far as the server tells; a link is none."""
        return self.mode is None or S_ISREG(self.mode)


class RemoteFiles(paramiko.SFTPClient):
    """Files on a server; paths and names are bytes as the server spells them.

    Every request raises ``ServerRefuses`` where the server says no, ``TimeoutError`` where it says nothing, and
    ``SSHException`` or ``SFTPError`` where the connection ends or what comes is no SFTP.
    """

    _request: Callable[..., tuple[int, paramiko.Message]]
    _async_request: Callable[..., int]
    _read_response: Callable[[], object]

    def listing(self, folder: bytes) -> Iterator[tuple[bytes, RemoteState]]:
        """Names in a folder, as they come, with what the server tells of each."""
        handle = self._asked(CMD_HANDLE, CMD_OPENDIR, folder).get_string()
        while True:
            try:
                answer = self._asked(CMD_NAME, CMD_READDIR, handle)
            except EOFError:
                break
            yield from _entries(answer)
        self._request(CMD_CLOSE, handle)

    def look(self, path: bytes) -> RemoteState:
        """What the server tells of a path, links not followed."""
        return _state(self._asked(CMD_ATTRS, CMD_LSTAT, path))

    @contextmanager
    def opened(self, path: bytes) -> Iterator[bytes]:
        """A file opened for reading, by its handle."""
        no_attributes = 0
        handle = self._asked(CMD_HANDLE, CMD_OPEN, path, SFTP_FLAG_READ, no_attributes).get_string()
        try:
            yield handle
        except ServerRefuses:
            self._request(CMD_CLOSE, handle)
            raise
        self._request(CMD_CLOSE, handle)

    def look_at(self, handle: bytes) -> RemoteState:
        """What the server tells of an open file."""
        return _state(self._asked(CMD_ATTRS, CMD_FSTAT, handle))

    def read(self, handle: bytes, start: int, size: int) -> bytes:
        """At most ``size`` bytes of an open file; none at its end."""
        try:
            data = self._asked(CMD_DATA, CMD_READ, handle, int64(start), min(size, READ_AT_ONCE)).get_string()
        except EOFError:
            return b""
        return data[:size]

    def read_on(self, handle: bytes, start: int, end: int) -> Iterator[bytes]:
        """Bytes of an open file from ``start`` to ``end`` in order, less where it ends before.

        Several requests are on their way at once, so that the distance to the server costs little; how many is bounded,
        and with it what is held here.
        """
        answers, asked, ahead, at_once = _Answers(), deque[tuple[int, int]](), start, READ_AT_ONCE
        while start < end:
            while ahead < end and len(asked) < _ON_THEIR_WAY:
                size = min(at_once, end - ahead)
                asked.append((self._async_request(answers, CMD_READ, handle, int64(ahead), size), size))
                ahead += size
            number, size = asked.popleft()
            data = self._data(answers, number)[:size]
            if not data:
                break
            yield data
            start += len(data)
            if len(data) < size:  # a server may give less than it is asked for; what was asked beyond is forgotten
                answers, asked, ahead, at_once = _Answers(), deque(), start, len(data)

    def _data(self, answers: "_Answers", number: int) -> bytes:
        while number not in answers.come:
            self._read_response()
        kind, answer = answers.come.pop(number)
        try:
            if kind == CMD_STATUS:
                self._convert_status(answer)
            return self._checked(CMD_DATA, kind, answer).get_string()
        except EOFError:
            return b""

    def move(self, path: bytes, to: bytes) -> None:
        """Renames a file; a server refuses where the new name is taken (§6.5)."""
        self._request(CMD_RENAME, path, to)

    def _asked(self, expected: int, request: int, *arguments: object) -> paramiko.Message:
        return self._checked(expected, *self._request(request, *arguments))

    def _checked(self, expected: int, kind: int, answer: paramiko.Message) -> paramiko.Message:
        if kind != expected:
            raise SFTPError(f"packet {kind} instead of {expected}")
        return answer

    def _convert_status(self, message: paramiko.Message) -> None:
        code = message.get_int()
        if code == SFTP_EOF:
            raise EOFError
        if code != SFTP_OK:
            raise ServerRefuses(code)

    def _log(self, *_: Any) -> None:
        """Nothing: paramiko would log names."""


class _Answers:
    """Answers to requests that were not waited for, by the request's number; those to a forgotten request are dropped."""

    def __init__(self) -> None:
        self.come: dict[int, tuple[int, paramiko.Message]] = {}

    def _async_response(self, kind: int, answer: paramiko.Message, number: int) -> None:
        self.come[number] = (kind, answer)


def _entries(answer: paramiko.Message) -> Iterator[tuple[bytes, RemoteState]]:
    number = answer.get_int()
    if number > len(answer.asbytes()) // _SMALLEST_ENTRY:
        raise SFTPError("more names are announced than come")
    for _ in range(number):
        name = answer.get_string()
        answer.get_string()  # the line ls would print
        yield name, _state(answer)


def _state(answer: paramiko.Message) -> RemoteState:
    """Attributes of version 3 (§5 of the draft), read to their end."""
    flags = answer.get_int()
    size = answer.get_int64() if flags & 1 else None
    if flags & 2:
        answer.get_bytes(8)  # owner and group
    mode = answer.get_int() if flags & 4 else None
    modified = None
    if flags & 8:
        answer.get_int()
        modified = answer.get_int()
    if flags & 0x8000_0000:
        number = answer.get_int()
        if number > _MOST_EXTENSIONS:
            raise SFTPError("attributes without end")
        for _ in range(2 * number):
            answer.get_string()
    return RemoteState(size, modified, mode)
