"""A platform whose answers quote the people it refuses: name, number and telephone in reasons, messages and pages."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["QuotingPlatform", "quoting_platform"]


@dataclass
class QuotingPlatform:
    """How it answers a batch is ``answers_with``: ``reasons`` of each item, a ``page``, or the ``message`` of a whole refusal."""

    url: str
    answers_with: str = "reasons"
    quoted: list[str] = field(default_factory=list)

    def answer(self, path: str, document: dict[str, Any]) -> tuple[str, bytes]:
        """Content type and body."""
        if not path.endswith(("/upsert", "/withdraw")):
            return "application/json", _envelope(200, "操作成功", {"records": [], "items": [], "total": 0})
        everyone = "；".join(_quoted(item["fields"]) for item in document["items"])
        self.quoted.append(everyone)
        if self.answers_with == "page":
            return "text/html", f"<html><body>登录已失效：{everyone}</body></html>".encode()
        if self.answers_with == "message":
            return "application/json", _envelope(5001, f"以下人员重复：{everyone}", None)
        items = [
            {
                "key": item["key"],
                "status": "rejected",
                "receipt": None,
                "code": "9099",
                "reason": _quoted(item["fields"]),
            }
            for item in document["items"]
        ]
        return "application/json", _envelope(200, everyone, {"batch": document["batch"], "items": items})


def _quoted(fields: dict[str, str]) -> str:
    return f"{fields['姓名']}（证件号码{fields['证件号码']}，电话{fields.get('联系电话', '')}）与公安库不一致"


def _envelope(code: int, message: str, data: object) -> bytes:
    return json.dumps({"code": code, "msg": message, "data": data}, ensure_ascii=False).encode()


@contextmanager
def quoting_platform() -> Iterator[QuotingPlatform]:
    """The platform, on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            kind, body = platform.answer(self.path, document)
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """It says nothing of its own."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    platform = QuotingPlatform(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield platform
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
