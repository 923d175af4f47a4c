"""What an answer says as a whole, before any item of it is looked at: the table of everything that can come back.

In doubt an item is ``unknown`` and is read back, never ``accepted``. It stays ``pending`` only where nothing can have
happened: not a byte was sent, or the status says that the request was turned away.

=============================================  ==============  ========================================================
what came back                                 items           and then
=============================================  ==============  ========================================================
200 201 202 207, success, as agreed            one by one      ``item_answers``
the same, without items or not readable        unknown         later
200, a web page                                unknown         stop
204                                            as declared     ok
another 2xx                                    unknown         later
3xx                                            unknown         stop; never followed
400                                            pending         in halves; alone: rejected
401 403                                        pending         once more with a new signature, then stop
404 405 415                                    pending         stop
408, 409 with a code of no meaning             unknown         later
413                                            pending         in halves; alone: stop
422                                            unknown         stop: the key was used for something else
425 429                                        pending         later, after ``Retry-After``
another 4xx                                    unknown         stop
5xx                                            unknown         later, after ``Retry-After``
any but 3xx with a code that has a meaning     of the meaning  of the meaning (``schemas.platform_api_parts.CodeMeaning``)
200, not success, a code of no meaning         unknown         later
no answer, nothing was sent                    pending         later; bad certificate or TLS: stop
no answer, something was sent                  unknown         later; bad certificate or TLS: stop
=============================================  ==============  ========================================================
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from connectors.http_calls.call import Answer, NoAnswer, Why
from connectors.http_calls.signing import http_date
from connectors.platform_api.answers import (
    NotReadable,
    as_text,
    at_path,
    clean,
    is_one_of,
    is_web_page,
    read_document,
    safe_code,
)
from connectors.platform_api.outcomes import BatchOutcome, Verdict
from connectors.rest.outcome import retry_after
from schemas.platform_api import ApiFormat
from schemas.platform_api_parts import CodeMeaning
from schemas.push import ItemOutcome, PushState

__all__ = ["CODES", "STATUSES", "Decided", "Rule", "Told", "decide"]

_PENDING, _UNKNOWN = PushState.PENDING, PushState.UNKNOWN
LONGEST_RETRY_AFTER = 900.0


class Rule(NamedTuple):
    """What becomes of the items, and whether to go on.

    ``renews``: what may let us in at once, a new signature or only a new secret. ``alone``: what becomes of an item that was
    sent by itself, if something else.
    """

    state: PushState
    verdict: Verdict
    words: str
    call_failed: bool = False
    renews: Literal["", "secret", "signature"] = ""
    alone: tuple[PushState, Verdict] | None = None


_REFUSED_WHOLE = Rule(_PENDING, Verdict.SPLIT, "the batch is refused whole", alone=(PushState.REJECTED, Verdict.OK))
_NOT_US = Rule(_PENDING, Verdict.STOP, "we are not let in: application, token or permission", renews="signature")
_NO_SUCH = Rule(_PENDING, Verdict.STOP, "the platform does not know this interface; path or format have changed")
_BUSY = Rule(_PENDING, Verdict.LATER, "the platform wants fewer requests")
_ILL = Rule(_UNKNOWN, Verdict.LATER, "the platform fails", call_failed=True)
_REDIRECT = Rule(_UNKNOWN, Verdict.STOP, "the platform redirects, which is never followed")
_STRANGE = Rule(_UNKNOWN, Verdict.STOP, "the platform answers with a status that was not agreed on")
_ODD_SUCCESS = Rule(_UNKNOWN, Verdict.LATER, "the answer is not one that was agreed on", call_failed=True)

STATUSES: Mapping[int, Rule] = MappingProxyType(
    {
        400: _REFUSED_WHOLE, 401: _NOT_US, 403: _NOT_US, 404: _NO_SUCH, 405: _NO_SUCH,
        408: _ILL, 409: Rule(_UNKNOWN, Verdict.LATER, "the platform says that something conflicts"),
        413: _REFUSED_WHOLE._replace(words="the batch is too large", alone=(_PENDING, Verdict.STOP)), 415: _NO_SUCH,
        422: Rule(_UNKNOWN, Verdict.STOP, "the platform knows one of our keys with another content"), 425: _BUSY, 429: _BUSY,
    }
)  # fmt: skip
_BY_HUNDREDS: Mapping[int, Rule] = MappingProxyType({2: _ODD_SUCCESS, 3: _REDIRECT, 4: _STRANGE, 5: _ILL})

CODES: Mapping[CodeMeaning, Rule] = MappingProxyType(
    {
        "later": Rule(_PENDING, Verdict.LATER, "the platform says that it may come again later"),
        "stop": Rule(_UNKNOWN, Verdict.STOP, "the platform says something that a person has to look at"),
        "split": _REFUSED_WHOLE,
        "unknown": Rule(_UNKNOWN, Verdict.OK, "the platform says that something is there already"),
        "auth": Rule(
            _PENDING, Verdict.STOP, "our signature is not accepted: clock, token or application", renews="secret"
        ),
    }
)
_WITHOUT_MEANING = Rule(_UNKNOWN, Verdict.LATER, "the platform does not say that it succeeded", call_failed=True)

_UNREADABLE = Rule(_UNKNOWN, Verdict.LATER, "the answer is not whole JSON", call_failed=True)
_WEB_PAGE = Rule(_UNKNOWN, Verdict.STOP, "a web page came where an answer was expected; a login page, perhaps")
_NO_CONTENT: Mapping[str, Rule] = MappingProxyType(
    {
        "unknown": Rule(_UNKNOWN, Verdict.OK, "the platform answers without content"),
        "accepted": Rule(PushState.ACCEPTED, Verdict.OK, ""),
    }
)
_JUDGED_BY_CONTENT = {200, 201, 202, 207}
_CLOSED_DOORS = {Why.BAD_CERTIFICATE: Verdict.STOP, Why.BAD_TLS: Verdict.STOP}


@dataclass(frozen=True, slots=True)
class Told:
    """A good answer, to be looked at item by item."""

    document: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class Decided:
    """An answer that settles the whole; ``said`` is the platform's message and may quote a cell."""

    rule: Rule
    code: str
    words: str
    said: str = field(default="", repr=False)
    retry_after: float | None = None

    def of_batch(self, keys: Sequence[str]) -> BatchOutcome:
        """What it says of the items of a batch."""
        state, verdict, half = self.rule.state, self.rule.verdict, None
        if self.rule.alone and len(keys) <= 1:
            state, verdict = self.rule.alone
        elif verdict == Verdict.SPLIT:
            half = len(keys) // 2
        said = self.said if len(keys) == 1 else ""
        items = [ItemOutcome(key, state, self.code, said, None, self.retry_after, half) for key in keys]
        is_fine = state == PushState.ACCEPTED
        return self._outcome(items, verdict, code="" if is_fine else self.code)

    def of_question(self, keys: Sequence[str], state: PushState) -> BatchOutcome:
        """What it says when nothing was sent and something was only asked: all stays as it is."""
        verdict = Verdict.STOP if self.rule.verdict == Verdict.SPLIT else self.rule.verdict
        if verdict == Verdict.OK:
            verdict = Verdict.LATER
        items = [ItemOutcome(key, state, self.code, retry_after=self.retry_after) for key in keys]
        return self._outcome(items, verdict, code=self.code)

    def _outcome(self, items: list[ItemOutcome], verdict: Verdict, *, code: str) -> BatchOutcome:
        return BatchOutcome(
            items, verdict, code, self.words, retry_after=self.retry_after, call_failed=self.rule.call_failed
        )


def decide(reply: Answer | NoAnswer, api: ApiFormat, *, at: datetime) -> Told | Decided:
    """What a reply says as a whole.

    Args:
        reply: to a request that was signed and sent once.
        api: what a good answer looks like, and what codes mean.
        at: our clock, for a ``Retry-After`` that is a date where the answer has none of its own.
    """
    if isinstance(reply, NoAnswer):
        state = _UNKNOWN if reply.was_sent else _PENDING
        verdict = _CLOSED_DOORS.get(reply.why, Verdict.LATER)
        rule = Rule(state, verdict, reply.why, call_failed=verdict == Verdict.LATER)
        return Decided(rule, reply.why.name.lower().replace("_", "-"), reply.why)
    if reply.status == 204:
        return _decided(reply, _NO_CONTENT[api.no_content], "http-204", "", at)
    try:
        document = read_document(reply)
    except NotReadable:
        document = None
    failing = [rule for rule in api.answer.success if not is_one_of(at_path(document, rule.path), rule.values)]
    if reply.status in _JUDGED_BY_CONTENT and document is not None and not failing:
        return Told(document)
    return _refused(reply, document, [rule.path for rule in failing], api, at)


def _refused(reply: Answer, document: Any, failing: Sequence[str], api: ApiFormat, at: datetime) -> Decided:
    codes = list(
        filter(None, (as_text(at_path(document, path)) for path in (*failing, *_paths(api.answer.business_code))))
    )
    said = clean(at_path(document, api.answer.message)) if api.answer.message else ""
    is_redirect = 300 <= reply.status < 400
    known = next((code for code in codes if code in api.codes), None)
    if known is not None and not is_redirect:
        rule = CODES[api.codes[known]]
        if rule.renews and reply.status in STATUSES:
            rule = rule._replace(renews=STATUSES[reply.status].renews or rule.renews)
        return _decided(reply, rule, safe_code([known]), said, at)
    if reply.status in _JUDGED_BY_CONTENT:
        return _decided(reply, _of_body(reply, document), safe_code(codes), said, at)
    rule = STATUSES.get(reply.status) or _BY_HUNDREDS.get(reply.status // 100, _STRANGE)
    return _decided(reply, rule, safe_code(codes), said, at)


def _of_body(reply: Answer, document: Any) -> Rule:
    if document is not None:
        return _WITHOUT_MEANING
    return _WEB_PAGE if is_web_page(reply) else _UNREADABLE


def _decided(reply: Answer, rule: Rule, code: str, said: str, at: datetime) -> Decided:
    wait = retry_after(reply.headers.get("retry-after"), now=http_date(reply.headers.get("date")) or at)
    words = f"HTTP {reply.status}{f' with code {code}' if code else ''}: {rule.words}"
    wait = None if wait is None else min(wait, LONGEST_RETRY_AFTER)
    return Decided(rule, code or f"http-{reply.status}", words if rule.words else "", said, wait)


def _paths(path: str) -> tuple[str, ...]:
    return (path,) if path else ()
