"""A real SFTP server on loopback, in a thread of its own, that can be told how to misbehave."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import BinaryIO

import asyncssh

from schemas.channels import SftpChannel

__all__ = ["PASSWORD", "USER", "Faults", "SftpHouse", "key_pair", "key_text", "public_line", "sftp_house"]

USER, PASSWORD = "bureau", "Kennwort-7f3a"


@dataclass
class Faults:
    """What the server does wrong; all of it may be changed while it runs."""

    stall_from: int | None = None  # reads from this offset on are never answered
    drop_from: int | None = None  # … end the connection
    on_read: Callable[[int], None] | None = None  # told each read's offset before it is answered
    names: Iterable[bytes] | None = None  # listed instead of what is there
    endless_names: bool = False
    one_byte_each: bool = False
    told_size: int | None = None  # instead of what every file has
    silent_about: str | None = None  # "size" or "time", in all attributes
    refuse_moves: bool = False


@dataclass
class SftpHouse:
    """A running server: where it is, what it has sent, and what it was asked to change."""

    folder: Path
    port: int
    host_key: str
    faults: Faults = field(default_factory=Faults)
    bytes_sent: int = 0
    changes: list[str] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    opened: list[BinaryIO] = field(default_factory=list)

    def channel(self, **settings: object) -> SftpChannel:
        """A channel to this server, logging in by password."""
        given = {"host": "127.0.0.1", "port": self.port, "username": USER, "host_keys": (self.host_key,)}
        by = {} if "private_key" in settings else {"password": "sftp"}
        return SftpChannel.model_validate({"kind": "sftp", **given, **by, "folder": "/lists", **settings})


@cache
def key_pair(kind: str = "ssh-ed25519", number: int = 0) -> asyncssh.SSHKey:
    """A key of a type; the same for the same number."""
    return asyncssh.generate_private_key(kind)


def key_text(key: asyncssh.SSHKey, passphrase: str | None = None, form: str = "openssh") -> str:
    """A private key as ``ssh-keygen`` (openssh) or OpenSSL (pkcs8-pem) writes it."""
    rounds = {"rounds": 50} if form == "openssh" else {}
    text: str = key.export_private_key(form, passphrase=passphrase, **rounds).decode()
    return text


def public_line(key: asyncssh.SSHKey) -> str:
    """A key's public half as known_hosts has it."""
    line: str = key.export_public_key("openssh").decode().strip()
    return line


@contextmanager
def sftp_house(
    folder: Path,
    *,
    host_keys: Iterable[asyncssh.SSHKey] = (),
    client_key: asyncssh.SSHKey | None = None,
    serves_files: bool = True,
) -> Iterator[SftpHouse]:
    """A server that shows ``folder`` as its root, and takes the password or the key."""
    keys = list(host_keys) or [key_pair()]
    house = SftpHouse(folder, 0, public_line(keys[0]))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    gate = _Gate(house, client_key)
    try:
        server = asyncio.run_coroutine_threadsafe(gate.open(keys, serves_files=serves_files), loop).result(timeout=30)
        house.port = server.get_port()
        yield house
        asyncio.run_coroutine_threadsafe(gate.shut(server), loop).result(timeout=30)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=30)
        loop.close()


class _Gate:
    """Lets clients in, and ends what is left of them when the server ends."""

    def __init__(self, house: SftpHouse, client_key: asyncssh.SSHKey | None) -> None:
        self.house = house
        self.client_key = client_key
        self.connections: set[asyncssh.SSHServerConnection] = set()

    async def open(self, keys: list[asyncssh.SSHKey], *, serves_files: bool) -> asyncssh.SSHAcceptor:
        return await asyncssh.create_server(
            lambda: _Doorkeeper(self),
            "127.0.0.1",
            0,
            server_host_keys=keys,
            sftp_factory=(lambda channel: _Shelf(channel, self.house)) if serves_files else None,
        )

    async def shut(self, server: asyncssh.SSHAcceptor) -> None:
        server.close()
        await server.wait_closed()
        for connection in list(self.connections):
            connection.abort()
            await connection.wait_closed()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for file in self.house.opened:
            file.close()


class _Doorkeeper(asyncssh.SSHServer):
    def __init__(self, gate: _Gate) -> None:
        self.gate = gate

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.connection = conn
        self.gate.connections.add(conn)

    def connection_lost(self, _exc: Exception | None) -> None:
        self.gate.connections.discard(self.connection)

    def begin_auth(self, _username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        self.gate.house.logins.append("password")
        return (username, password) == (USER, PASSWORD)

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        self.gate.house.logins.append("key")
        mine = self.gate.client_key
        return mine is not None and username == USER and key.public_data == mine.public_data


class _Shelf(asyncssh.SFTPServer):
    def __init__(self, channel: asyncssh.SSHServerChannel, house: SftpHouse) -> None:
        super().__init__(channel, chroot=str(house.folder))
        self.house = house

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        faults = self.house.faults
        if faults.endless_names or faults.names is not None:
            told = asyncssh.SFTPAttrs(size=1, permissions=0o100644, atime=1, mtime=1)
            while True:
                for number, name in enumerate(faults.names or [b"list.csv"]):
                    if number % 128 == 0:
                        await asyncio.sleep(0)
                    yield asyncssh.SFTPName(name, longname=b"-", attrs=told)
                if not faults.endless_names:
                    return
        async for name in super().scandir(path):
            name.attrs = self._told(name.attrs)
            yield name

    def lstat(self, path: bytes) -> asyncssh.SFTPAttrs:
        return self._told(asyncssh.SFTPAttrs.from_local(super().lstat(path)))

    def fstat(self, file_obj: object) -> asyncssh.SFTPAttrs:
        return self._told(asyncssh.SFTPAttrs.from_local(super().fstat(file_obj)))

    def _told(self, attrs: asyncssh.SFTPAttrs) -> asyncssh.SFTPAttrs:
        faults = self.house.faults
        if faults.told_size is not None:
            attrs.size = faults.told_size
        if faults.silent_about == "size":
            attrs.size = None
        if faults.silent_about == "time":
            attrs.atime = attrs.mtime = None
        return attrs

    async def read(self, file_obj: object, offset: int, size: int) -> bytes:
        faults = self.house.faults
        if faults.on_read is not None:
            faults.on_read(offset)
        if faults.stall_from is not None and offset >= faults.stall_from:
            await asyncio.Event().wait()
        if faults.drop_from is not None and offset >= faults.drop_from:
            self.connection.abort()
        if faults.one_byte_each:
            await asyncio.sleep(0.02)
            size = 1
        data: bytes = super().read(file_obj, offset, size)
        self.house.bytes_sent += len(data)
        return data

    def rename(self, oldpath: bytes, newpath: bytes) -> None:
        self.house.changes.append("rename")
        if self.house.faults.refuse_moves:
            raise asyncssh.SFTPPermissionDenied("the name of 张三 is refused")
        super().rename(oldpath, newpath)

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        if pflags != asyncssh.FXF_READ:
            self.house.changes.append("open for writing")
        file: BinaryIO = super().open(path, pflags, attrs)
        self.house.opened.append(file)
        return file

    def remove(self, path: bytes) -> None:
        self.house.changes.append("remove")
        super().remove(path)

    def mkdir(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        self.house.changes.append("mkdir")
        super().mkdir(path, attrs)

    def setstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        self.house.changes.append("setstat")
        super().setstat(path, attrs)
