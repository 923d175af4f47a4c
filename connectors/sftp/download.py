"""One file of an SFTP server brought here whole, over several nights where the connection breaks.

Which files are wanted, and what becomes of them, is in ``connectors.sftp.fetch``.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from connectors.sftp.remote_files import RemoteFiles, RemoteState, ServerRefuses
from schemas.errors import SourceUnavailable

__all__ = ["download"]

_COMPARED = 65_536  # bytes at the end of what is here that are asked for again


def _is_same(one: RemoteState, other: RemoteState) -> bool:
    """Whether a file is as it was, as far as a server tells: its size and when it was modified."""
    return (one.size, one.modified) == (other.size, other.modified)


def download(server: RemoteFiles, path: bytes, state: RemoteState, place: Path) -> bool:
    """Brings a file to ``place``, going on where an earlier download ended if its last bytes there are the server's.

    Returns:
        Whether the file is here whole, and was before and after, under the same name, what was looked at; else nothing of it
        is left here.

    Raises:
        SourceUnavailable: it cannot be written here.
    """
    try:
        with server.opened(path) as handle:
            whole = _is_same(server.look_at(handle), state) and _fill(server, handle, state.size or 0, place)
        whole = whole and _is_same(server.look(path), state)
    except ServerRefuses:  # taken away, or locked by the program that writes it
        whole = False
    if not whole:
        place.unlink(missing_ok=True)
    return whole


def _fill(server: RemoteFiles, handle: bytes, size: int, place: Path) -> bool:
    with _writable(place) as file:
        here = _agreed(server, handle, file)
        for chunk in server.read_on(handle, here, size):
            _write(file, chunk)
            here += len(chunk)
    return here == size and not server.read(handle, size, 1)  # some servers tell a file's size late


def _write(file: FileIO, chunk: bytes) -> None:
    with _telling_of_disk():
        while chunk:
            chunk = chunk[file.write(chunk) :]


@contextmanager
def _writable(place: Path) -> Iterator[FileIO]:
    with _telling_of_disk():
        descriptor = os.open(place, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with FileIO(descriptor, "rb+") as file:
        yield file


def _agreed(server: RemoteFiles, handle: bytes, file: FileIO) -> int:
    """How many bytes are here already; none where the last of them are not the server's."""
    here = file.seek(0, os.SEEK_END)
    start = max(here - _COMPARED, 0)
    file.seek(start)
    ours = file.read(_COMPARED)
    while ours and (theirs := server.read(handle, start, len(ours))) and ours.startswith(theirs):
        ours, start = ours[len(theirs) :], start + len(theirs)
    if ours:
        here = 0
        file.truncate(0)
    file.seek(here)
    return here


@contextmanager
def _telling_of_disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SourceUnavailable(f"a fetched file cannot be kept: {os.strerror(error.errno or 0)}") from None
