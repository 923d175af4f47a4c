"""The platform's answers as replies: wrapped in its envelope, and the refusals it gives on purpose."""

import json
from collections.abc import Sequence
from typing import Any

from simulator.province import envelopes
from simulator.province.behaviour import EnvelopeName
from simulator.province.items import ItemAnswer
from simulator.province.wire import Reply

__all__ = ["SIGNATURE_CODE", "Answers", "as_json"]

SIGNATURE_CODE = 400001

_WORDS = {
    400: "请求报文有误", 401: "未登录或登录已失效", 403: "没有访问权限", 404: "接口不存在", 405: "请求方式不支持",
    409: "请求冲突", 411: "缺少报文长度", 413: "批次过大", 415: "报文格式不支持", 422: "报文内容冲突",
    429: "请求过于频繁，请稍后再试", 431: "请求头过长", 500: "系统内部错误", 502: "网关错误", 503: "系统维护中，暂停服务",
    504: "网关超时", 505: "协议版本不支持",
}  # fmt: skip


def as_json(document: Any) -> bytes:
    """A document as it goes over the line."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


class Answers:
    """Makes replies in one envelope."""

    def __init__(self, envelope: EnvelopeName) -> None:
        self._envelope = envelope

    def done(self, data: Any, *, status: int = 200) -> Reply:
        """It went well."""
        return Reply(status, as_json(envelopes.success(self._envelope, data)))

    def of_batch(self, batch: str, items: Sequence[ItemAnswer], *, status: int = 200) -> Reply:
        """A batch was looked at: an answer for every item."""
        return self.done({"batch": batch, "items": [item._asdict() for item in items]}, status=status)

    def refused(self, status: int, *, code: int | None = None, words: str = "") -> Reply:
        """It did not go well; the code is the status where there is no better one."""
        document = envelopes.failure(self._envelope, status if code is None else code, words or _WORDS[status])
        return Reply(status, as_json(document))

    @staticmethod
    def unsigned(words: str) -> Reply:
        """What the gateway in front says of signatures, whatever the envelope behind it: HTTP 500."""
        return Reply(500, as_json({"code": SIGNATURE_CODE, "msg": words}))
