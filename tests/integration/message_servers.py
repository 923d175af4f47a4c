"""A robot and a mail server on loopback, each real and small: they keep what they were told, and fail as they are asked to."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["MailHouse", "Robot", "mail_house", "robot"]


@dataclass
class Robot:
    """What a robot was told (path with query, body), and what it answers; ``silent`` until the test is over."""

    url: str = ""
    status: int = 200
    body: bytes = b'{"errcode":0,"errmsg":"ok"}'
    location: str = ""
    silent: threading.Event | None = None
    asked: list[tuple[str, bytes]] = field(default_factory=list)


@contextmanager
def robot() -> Iterator[Robot]:
    """A robot that takes everything, until it is told otherwise."""
    known = Robot()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            known.asked.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            if known.silent is not None:
                known.silent.wait(60)
            self.send_response(known.status)
            if known.location:
                self.send_header("Location", known.location)
            self.send_header("Content-Length", str(len(known.body)))
            self.end_headers()
            self.wfile.write(known.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its name there
            """Nothing is written to standard error."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        known.url = f"http://127.0.0.1:{server.server_port}/cgi-bin/webhook/send?key=made-up"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield known
        if known.silent is not None:
            known.silent.set()
        server.shutdown()
        thread.join()


@dataclass
class MailHouse:
    """What a mail server took, and at which command it refuses (``RCPT``, ``DATA`` …) or hangs up."""

    port: int = 0
    refuses: str = ""
    hangs_up: str = ""
    mails: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)


class _MailServer(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, known: MailHouse) -> None:
        super().__init__(("127.0.0.1", 0), _MailHandler)
        self.known = known


class _MailHandler(socketserver.StreamRequestHandler):
    server: _MailServer

    def handle(self) -> None:
        self._say(220, "here")
        while line := self.rfile.readline().decode("ascii").strip():
            verb = line.split()[0].upper()
            self.server.known.commands.append(verb)
            if verb == self.server.known.hangs_up or not self._answer(verb):
                return

    def _answer(self, verb: str) -> bool:
        """Answers a command, and whether to go on."""
        known = self.server.known
        if verb == known.refuses:
            self._say(550, "no, 13800000000")
        elif verb == "EHLO":
            self.wfile.write(b"250-here\r\n250 AUTH PLAIN\r\n")
        elif verb == "DATA":
            self._say(354, "go on")
            known.mails.append(self._mail())
            if known.hangs_up == "END":
                return False
            self._say(250, "taken")
        else:
            self._say(235 if verb == "AUTH" else 250, "well")
        return True

    def _mail(self) -> str:
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line)
        return b"".join(lines).decode("ascii")

    def _say(self, code: int, words: str) -> None:
        self.wfile.write(f"{code} {words}\r\n".encode())


@contextmanager
def mail_house() -> Iterator[MailHouse]:
    """A mail server that speaks as much SMTP as a mail needs."""
    known = MailHouse()
    with _MailServer(known) as server:
        known.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield known
        server.shutdown()
        thread.join()
