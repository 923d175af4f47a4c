"""Faults that put another answer in the place of the platform's: pages, refusals, and answers cut short."""

import re
from collections.abc import Callable
from dataclasses import replace

from simulator.province.answers import Answers
from simulator.province.faults import Fault, Kind
from simulator.province.platform_clock import PlatformClock
from simulator.province.signature import FAILED
from simulator.province.wire import Reply

__all__ = ["FaultReplies"]

_HTML = "text/html;charset=UTF-8"
_LOGIN = "<!DOCTYPE html><html><head><title>统一身份认证</title></head><body><form action='/login' method='post'>登录</form></body></html>"
_GATEWAY = "<html><body><center><h1>{}</h1></center><hr><center>nginx</center></body></html>"
_FRONT = {
    Kind.BAD_GATEWAY: "502 Bad Gateway",
    Kind.UNAVAILABLE: "503 Unavailable",
    Kind.GATEWAY_TIMEOUT: "504 Time-out",
}
_WORDS = {
    Kind.IN_PROGRESS: (3002, "相同请求正在处理，请稍后再试"),
    Kind.ALREADY_EXISTS: (2001, "该人员已登记"),
    Kind.KEY_REUSED: (3001, "幂等键已用于其他内容"),
}
_FROM_NOW = re.compile(r"date([+-][0-9]{1,9})")


class FaultReplies:
    """Makes wrong replies out of right ones."""

    def __init__(self, answers: Answers, clock: PlatformClock, trap_url: Callable[[], str]) -> None:
        self._answers, self._clock, self._trap_url = answers, clock, trap_url
        self._makers: dict[Kind, Callable[[Fault, Reply], Reply]] = {
            Kind.BUSINESS_CODE: self._business_code,
            Kind.LOGIN_PAGE: self._login_page,
            Kind.EMPTY_BODY: self._empty,
            Kind.NO_CONTENT: self._empty,
            Kind.TRUNCATED_JSON: self._truncated,
            Kind.INVALID_JSON: self._invalid,
            Kind.REDIRECT: self._redirect,
            Kind.TOO_MANY: self._too_many,
            Kind.SIGNATURE_REFUSED: self._signature,
            **dict.fromkeys(_FRONT, self._front),
            Kind.SKEWED_DATE: self._skewed,
        }

    def instead_of(self, good: Reply, fault: Fault) -> Reply:
        """The reply that a fault puts in the place of a good one; the good one where it puts none."""
        if maker := self._makers.get(fault.kind):
            return maker(fault, good)
        if fault.facts.statuses and not fault.facts.needs_batch:
            code, words = _WORDS.get(fault.kind, (None, ""))
            return self._answers.refused(fault.http_status, code=code, words=words)
        return good

    def too_many(self, retry_after: str | None) -> Reply:
        """429, with a ``Retry-After`` as a script has it: none, ``date+30``, or anything as it stands."""
        return replace(self._answers.refused(429), headers=self._retry_after(retry_after))

    def _retry_after(self, text: str | None) -> dict[str, str]:
        if text is None:
            return {}
        found = _FROM_NOW.fullmatch(text)
        return {"Retry-After": self._clock.http_date(float(found[1])) if found else text}

    def _business_code(self, fault: Fault, _: Reply) -> Reply:
        return replace(self._answers.refused(500, code=fault.code, words="业务处理失败"), status=200)

    def _login_page(self, fault: Fault, _: Reply) -> Reply:
        return Reply(fault.http_status, _LOGIN.encode(), _HTML)

    def _empty(self, fault: Fault, _: Reply) -> Reply:
        return Reply(fault.http_status)

    def _truncated(self, _: Fault, good: Reply) -> Reply:
        return replace(good, body=good.body[: len(good.body) * 2 // 3])

    def _invalid(self, _: Fault, good: Reply) -> Reply:
        return replace(good, body=good.body.replace(b'":', b"':", 1))

    def _redirect(self, fault: Fault, _: Reply) -> Reply:
        return Reply(fault.http_status, b"", _HTML, {"Location": self._trap_url()})

    def _too_many(self, fault: Fault, _: Reply) -> Reply:
        return self.too_many(fault.retry_after)

    def _signature(self, _: Fault, __: Reply) -> Reply:
        return self._answers.unsigned(FAILED)

    def _front(self, fault: Fault, _: Reply) -> Reply:
        page = _GATEWAY.format(_FRONT[fault.kind]).encode()
        return Reply(fault.http_status, page, _HTML, self._retry_after(fault.retry_after))

    def _skewed(self, fault: Fault, good: Reply) -> Reply:
        return replace(good, date_ahead=300.0 if fault.seconds is None else fault.seconds)
