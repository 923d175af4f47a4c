"""A line to one server: its sockets keep a deadline by the wall clock, whatever the server does with them.

A read timeout only bounds silence: a server that sends a byte every few seconds holds a call for ever. Here every wait for
the network asks first how much of the call is left, from the first byte of the handshake to the last of the body. What
is said over the line is ``connectors.http_calls.call``.
"""

import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ProtocolError

__all__ = ["Line", "LineAdapter", "Origin", "Resolve", "look_up"]

_PORTS = {"http": 80, "https": 443}

Address = tuple[Any, ...]
Resolve = Callable[[str, int], Sequence[tuple[int, Address]]]
"""Family and address of every way to a host."""


class Origin(NamedTuple):
    """The one server that is called: ``https://host:port``."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Self:
        """The server of an address.

        Raises:
            ValueError: it has a port that is none.

        >>> str(Origin.of("https://gateway.example/ebus"))
        'https://gateway.example:443'
        """
        parts = urlsplit(url)
        return cls(
            parts.scheme.lower(), (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme.lower(), 0)
        )

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def look_up(host: str, port: int) -> list[tuple[int, Address]]:
    """The ways to a host, as this machine's resolver knows them."""
    return [(family, address) for family, _, _, _, address in socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)]


class Line:
    """How much of the present call is left, and whether any of it was sent; shared with the sockets that serve it."""

    def __init__(self, origin: Origin, resolve: Resolve = look_up) -> None:
        self.origin = origin
        self.was_sent = False
        self._resolve = resolve
        self._ends_at = self._silence = self._connect = 0.0

    def begin(self, *, seconds: float, silence: float, connect: float) -> None:
        """A new call of at most ``seconds``; within it no wait for a sign of life or for the connection is longer."""
        self._ends_at, self._silence, self._connect = time.monotonic() + seconds, silence, connect
        self.was_sent = False

    def patience(self) -> float:
        """Seconds that the next wait may take.

        Raises:
            TimeoutError: the call is over.
        """
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the call is over")
        return min(left, self._silence)

    def dial(self) -> "TimedSocket":
        """A connection to the server.

        Raises:
            OSError: there is no way to it.
        """
        failure = OSError("the host has no address")
        for family, address in self._addresses():
            connection = TimedSocket(family, socket.SOCK_STREAM)
            connection.line = self
            try:
                connection.settimeout(min(self.patience(), self._connect))
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.connect(address)
            except OSError as error:
                connection.close()
                failure = error
            else:
                return connection
        raise failure

    def _addresses(self) -> Sequence[tuple[int, Address]]:
        # A resolver has no timeout of its own, so it is left behind when it takes too long.
        found: queue.SimpleQueue[Sequence[tuple[int, Address]]] = queue.SimpleQueue()
        threading.Thread(target=self._resolve_into, args=(found,), daemon=True).start()
        try:
            addresses = found.get(timeout=min(self.patience(), self._connect))
        except queue.Empty:
            raise TimeoutError("the host's address was not found in time") from None
        if self.origin.scheme == "http":  # without TLS nothing but the address tells who answers
            return [way for way in addresses if ipaddress.ip_address(way[1][0]).is_loopback]
        return addresses

    def _resolve_into(self, found: "queue.SimpleQueue[Sequence[tuple[int, Address]]]") -> None:
        try:
            found.put(self._resolve(self.origin.host, self.origin.port))
        except (OSError, UnicodeError):
            found.put([])


class TimedSocket(socket.socket):
    """A socket that never waits longer than its call may."""

    line: Line

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(self.line.patience())
        return super().recv_into(*args, **kwargs)

    def send(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(self.line.patience())
        self.line.was_sent = True
        return super().send(*args, **kwargs)

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        self.settimeout(self.line.patience())
        self.line.was_sent = True
        super().sendall(*args, **kwargs)


class _TimedTlsSocket(TimedSocket, ssl.SSLSocket):
    pass


class _Connection(HTTPConnection):
    def __init__(self, *args: Any, line: Line, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._line = line

    def _new_conn(self) -> socket.socket:
        try:
            return self._line.dial()
        except OSError as error:
            failure = error
        # urllib3 takes a reset while connecting for one while sending, and goes on without a connection.
        raise ProtocolError("no connection", failure)


class _TlsConnection(HTTPSConnection):
    def __init__(self, *args: Any, line: Line, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._line = line

    def _new_conn(self) -> socket.socket:
        return self._line.dial()

    def connect(self) -> None:
        super().connect()
        if isinstance(self.sock, _TimedTlsSocket):
            self.sock.line = self._line


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class LineAdapter(HTTPAdapter):
    """Carries calls to one server and to no other, with its certificate verified whatever a call asks for."""

    def __init__(self, line: Line, ca_file: Path | None) -> None:
        super().__init__()
        host, port = line.origin.host, line.origin.port
        self._pool: HTTPConnectionPool = (
            _TlsPool(host, port, line=line, ssl_context=_verifying(ca_file))
            if line.origin.scheme == "https"
            else _Pool(host, port, line=line)
        )

    def get_connection_with_tls_context(self, *_args: Any, **_kwargs: Any) -> HTTPConnectionPool:
        """The line; there is no other."""
        return self._pool

    def cert_verify(self, *_args: Any, **_kwargs: Any) -> None:
        """Nothing to choose: the context verifies."""

    def close(self) -> None:
        """Hangs up."""
        self._pool.close()
        super().close()


def _verifying(ca_file: Path | None) -> ssl.SSLContext:
    # Not ``create_default_context``: it obeys SSLKEYLOGFILE of the environment and would write down the keys of our calls.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cafile=ca_file or DEFAULT_CA_BUNDLE_PATH)
    context.sslsocket_class = _TimedTlsSocket
    return context
