"""What an answer of a REST source is: a page to take, a reason to try again, a token run out, a refusal, or not to be believed.

The HTTP status alone is never trusted: success is said by the envelope, and a gateway says "wrong signature" with HTTP 500.
Messages name statuses, codes and paths; codes are short, and nothing else of an answer is quoted.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connectors.http_calls.call import Answer, NoAnswer, Why
from connectors.http_calls.signing import http_date
from connectors.rest.envelope import MISSING, NotAsAgreed, Page, at_path, plain_value, split_page
from schemas.channel_rest_parts import Envelope

__all__ = ["Outcome", "Step", "judge", "retry_after"]


class Step(StrEnum):
    """What follows from an answer."""

    TAKE = "take"
    AGAIN = "again"
    RENEW = "renew"
    REFUSED = "refused"
    DISBELIEVED = "disbelieved"


@dataclass(frozen=True, slots=True)
class Outcome:
    """An answer judged. ``wait``: seconds the server asks to wait for before it is tried again."""

    step: Step
    words: str = ""
    page: Page | None = None
    wait: float | None = None


_NO_ANSWER = {Why.BAD_CERTIFICATE: Step.REFUSED, Why.BAD_TLS: Step.REFUSED, Why.TOO_LARGE: Step.DISBELIEVED}
_PASSING = {408, 425, 429}
_UNAUTHORISED = {401, 403}
_CHARSETS = {"": "utf-8-sig", "utf-8": "utf-8-sig", "utf8": "utf-8-sig"} | dict.fromkeys(
    ("gbk", "gb2312", "gb18030"), "gb18030"
)
_CODE = re.compile(r"[A-Za-z0-9_-]{1,10}")
_MEDIA_TYPE = re.compile(r"""\s*([^;\s]*)\s*(?:;.*?charset\s*=\s*"?([\w-]+))?.*""", re.IGNORECASE)


def judge(
    reply: Answer | NoAnswer, envelope: Envelope, *, now: datetime, note: Sequence[str] = (), has_records: bool = True
) -> Outcome:
    """What to do about a reply.

    Args:
        reply: to a call.
        envelope: what a good answer looks like.
        now: our clock.
        note: paths within records to remember the values of.
        has_records: whether a good answer carries records; that of a token call does not.
    """
    if isinstance(reply, NoAnswer):
        return Outcome(_NO_ANSWER.get(reply.why, Step.AGAIN), reply.why)
    if reply.status != 200:
        return _judge_status(reply, envelope, now)
    page = _page(reply, envelope, note, has_records=has_records)
    return page if isinstance(page, Outcome) else _judge_page(page, envelope, has_records=has_records)


def _page(reply: Answer, envelope: Envelope, note: Sequence[str], *, has_records: bool) -> Page | Outcome:
    if refusal := _not_json(reply, envelope):
        return Outcome(Step.DISBELIEVED, refusal)
    try:
        return split_page(_text(reply), envelope.records if has_records else "", note=note)
    except NotAsAgreed as problem:
        return Outcome(Step.DISBELIEVED, str(problem))
    except UnicodeError:
        return Outcome(Step.DISBELIEVED, "an answer is not in the encoding it says")
    except json.JSONDecodeError:
        return Outcome(Step.AGAIN, "an answer is not whole JSON")


def _judge_status(reply: Answer, envelope: Envelope, now: datetime) -> Outcome:
    status, said = reply.status, f"HTTP {reply.status}"
    codes = _codes(reply, envelope)
    for code in codes & _plain(envelope.refusing):
        return Outcome(Step.REFUSED, f"{said} with code {code}: our signature is not accepted (clock or token)")
    if status in _UNAUTHORISED or codes & _plain(envelope.token_expired):
        return Outcome(Step.RENEW, f"{said}: not authorised")
    if status in _PASSING or status >= 500:
        wait = retry_after(reply.headers.get("retry-after"), now=http_date(reply.headers.get("date")) or now)
        return Outcome(Step.AGAIN, said, wait=wait)
    if 300 <= status < 400:
        return Outcome(Step.REFUSED, f"{said}: redirects are not followed")
    if status >= 400:
        return Outcome(Step.REFUSED, said)
    return Outcome(Step.DISBELIEVED, f"{said} where a page was expected")


def _codes(reply: Answer, envelope: Envelope) -> set[str]:
    """The codes that the body of a failed call tells, if it is JSON at all."""
    try:
        said = json.loads(_text(reply), parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return set()
    paths = {"code", *(rule.path for rule in envelope.success)}
    return {code for path in paths if (code := plain_value(at_path(said, path))) is not None}


def _judge_page(page: Page, envelope: Envelope, *, has_records: bool) -> Outcome:
    for rule in envelope.success:
        found = at_path(page.envelope, rule.path)
        code = plain_value(found)
        if code is None:
            return Outcome(Step.DISBELIEVED, f"an answer has no {rule.path}")
        if code in _plain(rule.values):
            continue
        shown = f"the answer's {rule.path} is {code if _CODE.fullmatch(code) else 'another'}"
        if code in _plain(envelope.token_expired):
            return Outcome(Step.RENEW, shown)
        if code in _plain(envelope.busy):
            return Outcome(Step.AGAIN, shown)
        return Outcome(Step.REFUSED, shown)
    if page.records is None and has_records:
        there = at_path(page.envelope, envelope.records) if envelope.records else page.envelope
        if not (there is None and envelope.null_is_empty):
            what = "nothing" if there is MISSING else "no list"
            return Outcome(Step.DISBELIEVED, f"an answer has {what} at {envelope.records or 'its top'}")
        page.records = []
    return Outcome(Step.TAKE, page=page)


def _not_json(reply: Answer, envelope: Envelope) -> str:
    """Why an answer is no JSON of ours, by its header and its first letter; empty where it may be."""
    media_type, charset = _content_type(reply)
    if reply.body.lstrip()[:1] == b"<":
        return "a web page came where JSON was expected; a login page, perhaps"
    if media_type and media_type not in {allowed.lower() for allowed in envelope.content_types}:
        return "an answer is of a content type that was not agreed on"
    if charset not in _CHARSETS:
        return "an answer is in an encoding that was not agreed on"
    return ""


def _content_type(reply: Answer) -> tuple[str, str]:
    found = _MEDIA_TYPE.fullmatch(reply.headers.get("content-type", ""))
    return (found[1].lower(), (found[2] or "").lower()) if found else ("", "")


def _text(reply: Answer) -> str:
    return reply.body.decode(_CHARSETS.get(_content_type(reply)[1], "utf-8-sig"))


def _plain(values: Sequence[str | int]) -> set[str]:
    return {plain for value in values if (plain := plain_value(value)) is not None}


def retry_after(text: str | None, *, now: datetime) -> float | None:
    """Seconds that a server asks to wait for; None where it asks for nothing that makes sense.

    Args:
        text: the header: seconds, or an instant.
        now: the server's clock, else ours.
    """
    if text is None:
        return None
    seconds = text.strip()
    if re.fullmatch(r"[0-9]{1,20}", seconds):
        return float(seconds)
    instant = http_date(text)
    return None if instant is None else max(0.0, (instant - now).total_seconds())
