"""A client of the stand-in platform by hand: made-up people, batches, signatures, and raw bytes on a socket."""

import hashlib
import http.client
import itertools
import json
import socket
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from schemas.idnumber import check_character

__all__ = ["TOKEN", "Client", "Said", "fields_of", "id_number_of", "item_of", "signed"]

TOKEN = "made-up-token"
_OPERATIONS = {"new": "新增", "changed": "变更", "withdrawn": "退出"}
_nonces = itertools.count()


def id_number_of(person: int) -> str:
    """A valid ID number of a made-up woman, another for every person."""
    born = date(1930, 1, 1) + timedelta(days=person // 500)
    first17 = f"441421{born:%Y%m%d}{person % 500 * 2:03d}"
    return first17 + check_character(first17)


def fields_of(person: int, operation: str = "new", **more: str) -> dict[str, str]:
    """The fields of the example profile that must be there, and more by header."""
    return {
        "操作类型": _OPERATIONS[operation], "人员编号": str(person), "姓名": "测试甲", "性别": "1",
        "证件号码": id_number_of(person), "人员类型": "8,17", **more,
    }  # fmt: skip


def item_of(person: int, revision: int = 1, operation: str = "new", *, key: str | None = None, **more: str) -> Any:
    """An item as a client sends it."""
    return {
        "key": key or f"{person}-{revision}", "person": str(person), "revision": revision, "operation": operation,
        "fields": fields_of(person, operation, **more),
    }  # fmt: skip


def signed(
    family: str = "tif", *, token: str = TOKEN, paas_id: str = "elders", at: float | None = None, nonce: str = ""
) -> dict[str, str]:
    """The headers of the gateway's signature."""
    timestamp, nonce = str(int(time.time() if at is None else at)), nonce or f"nonce-{next(_nonces)}"
    signature = hashlib.sha256(f"{timestamp}{token}{nonce}{timestamp}".encode()).hexdigest().upper()
    values = {"paasid": paas_id, "timestamp": timestamp, "nonce": nonce, "signature": signature}
    return {f"x-{family}-{name}": value for name, value in values.items()}


class Said(NamedTuple):
    """What the platform answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)

    @property
    def items(self) -> dict[str, Any]:
        return {item["key"]: item for item in self.document["data"]["items"]}

    @property
    def statuses(self) -> dict[str, str]:
        return {key: item["status"] for key, item in self.items.items()}


@dataclass
class Client:
    """Talks to a platform over one connection that it keeps."""

    port: int
    at: float | None = None
    timeout: float = 10.0

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def send(self, path: str, document: Any, headers: dict[str, str] | None = None, method: str = "POST") -> Said:
        """One request, signed unless headers say otherwise."""
        body = document if isinstance(document, bytes) else json.dumps(document, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", **(signed(at=self.at) if headers is None else headers)}
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        return Said(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())

    def upsert(self, *items: Any, batch: str = "b-1") -> Said:
        return self.send("/ebus/elders/upsert", {"batch": batch, "items": items})

    def withdraw(self, *items: Any, batch: str = "b-1") -> Said:
        return self.send("/ebus/elders/withdraw", {"batch": batch, "items": items})

    def query(self, **question: list[str]) -> Said:
        return self.send("/ebus/elders/query", question)

    def page(self, **question: Any) -> Said:
        return self.send("/ebus/elders/list", question)

    def receipts(self, *receipts: str) -> Said:
        return self.send("/ebus/elders/receipts", {"receipts": receipts})


def raw_request(port: int, document: Any, path: str = "/ebus/elders/upsert") -> socket.socket:
    """A signed request sent on a socket of its own, for what no client library would stand."""
    body = json.dumps(document, ensure_ascii=False).encode()
    headers = {"Host": "x", "Content-Type": "application/json", "Content-Length": str(len(body)), **signed()}
    head = f"POST {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.sendall(head.encode() + b"\r\n" + body)
    return connection


def read_all(connection: socket.socket, most: int = 1 << 20) -> bytes:
    """What comes until the end, or until it is more than anybody would take."""
    received = bytearray()
    with closing(connection):
        while len(received) < most and (piece := connection.recv(1 << 16)):
            received += piece
    return bytes(received)
