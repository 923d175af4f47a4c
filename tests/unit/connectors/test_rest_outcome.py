"""Every way a server can answer has one consequence."""

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.http_calls.call import Answer, NoAnswer, Why
from connectors.rest.outcome import Step, judge, retry_after
from schemas.channel_rest_parts import Envelope

NOW = dt.datetime(2025, 11, 3, 2, 0, tzinfo=dt.UTC)
ENVELOPE = Envelope.model_validate(
    {
        "records": "data.list",
        "success": [{"path": "code", "values": [200, 0]}],
        "token_expired": [401, "A0230"],
        "busy": ["A0501"],
    }
)
GOOD = {"code": 200, "data": {"list": [{"name": "张三"}]}}


def answer(document=GOOD, *, status=200, content_type="application/json", **headers):
    body = document if isinstance(document, bytes) else json.dumps(document, ensure_ascii=False).encode()
    return Answer(status, {"content-type": content_type, **headers}, body)


CASES = {
    "good": (answer(), Step.TAKE),
    "good, code as text": (answer({**GOOD, "code": "0"}), Step.TAKE),
    "good, code as fraction": (answer({**GOOD, "code": 200.0}), Step.TAKE),
    "good, in GBK": (
        answer(json.dumps(GOOD, ensure_ascii=False).encode("gbk"), content_type="application/json; charset=GBK"),
        Step.TAKE,
    ),
    "good, with byte order mark": (answer(b"\xef\xbb\xbf" + json.dumps(GOOD).encode()), Step.TAKE),
    "good, no content type": (answer(content_type=""), Step.TAKE),
    "good, quoted charset": (answer(content_type='Application/JSON;charset="UTF-8"'), Step.TAKE),
    "no records": (answer({"code": 200, "data": {"list": []}}), Step.TAKE),
    "business error": (answer({"code": 500, "msg": "x", "data": None}), Step.REFUSED),
    "token expired by code": (answer({"code": "401", "msg": "认证失败"}), Step.RENEW),
    "token expired by another code": (answer({"code": "A0230"}), Step.RENEW),
    "busy by code": (answer({"code": "A0501"}), Step.AGAIN),
    "no code": (answer({"data": {"list": []}}), Step.DISBELIEVED),
    "code is no code": (answer({"code": [], "data": {"list": []}}), Step.DISBELIEVED),
    "no list": (answer({"code": 200, "data": {}}), Step.DISBELIEVED),
    "list is null": (answer({"code": 200, "data": {"list": None}}), Step.DISBELIEVED),
    "records are no objects": (answer({"code": 200, "data": {"list": [1, 2]}}), Step.DISBELIEVED),
    "login page": (answer(b"<!DOCTYPE html><html>", content_type="text/html"), Step.DISBELIEVED),
    "login page said to be JSON": (answer(b"\n <html>"), Step.DISBELIEVED),
    "JSON said to be a page": (answer(content_type="text/html;charset=UTF-8"), Step.DISBELIEVED),
    "unknown encoding": (answer(content_type="application/json;charset=big5"), Step.DISBELIEVED),
    "undecodable": (answer(b'{"code": "\xff\xfe"}'), Step.DISBELIEVED),
    "empty": (answer(b""), Step.AGAIN),
    "truncated": (answer(json.dumps(GOOD).encode()[:-3]), Step.AGAIN),
    "no JSON": (answer(b"Service Unavailable"), Step.AGAIN),
    "created": (answer(status=201), Step.DISBELIEVED),
    "accepted": (answer(status=202), Step.DISBELIEVED),
    "no content": (answer(b"", status=204), Step.DISBELIEVED),
    "partial": (answer(status=206), Step.DISBELIEVED),
    "moved": (answer(b"", status=301, location="https://elsewhere.example"), Step.REFUSED),
    "found": (answer(b"", status=302), Step.REFUSED),
    "moved temporarily": (answer(b"", status=307), Step.REFUSED),
    "moved for good": (answer(b"", status=308), Step.REFUSED),
    "bad request": (answer(b"", status=400), Step.REFUSED),
    "unauthorised": (answer(b"", status=401), Step.RENEW),
    "forbidden": (answer(b"", status=403), Step.RENEW),
    "not found": (answer(b"", status=404), Step.REFUSED),
    "wrong method": (answer(b"", status=405), Step.REFUSED),
    "wrong media type": (answer(b"", status=415), Step.REFUSED),
    "too many": (answer(b"", status=429), Step.AGAIN),
    "server error": (answer(b"oops", status=500), Step.AGAIN),
    "bad gateway": (answer(b"<html>", status=502), Step.AGAIN),
    "unavailable": (answer(b"", status=503), Step.AGAIN),
    "gateway timeout": (answer(b"", status=504), Step.AGAIN),
    "wrong signature": (answer({"code": 400001, "msg": "鉴权失败，鉴权信息有误。"}, status=500), Step.REFUSED),
    "wrong signature as text": (answer({"code": "400001"}, status=500), Step.REFUSED),
    "token expired with HTTP 500": (answer({"code": 401}, status=500), Step.RENEW),
    "unreachable": (NoAnswer(Why.UNREACHABLE, was_sent=False), Step.AGAIN),
    "too slow": (NoAnswer(Why.TOO_SLOW, was_sent=True), Step.AGAIN),
    "broken off": (NoAnswer(Why.BROKEN_OFF, was_sent=True), Step.AGAIN),
    "too large": (NoAnswer(Why.TOO_LARGE, was_sent=True), Step.DISBELIEVED),
    "bad certificate": (NoAnswer(Why.BAD_CERTIFICATE, was_sent=False), Step.REFUSED),
    "bad TLS": (NoAnswer(Why.BAD_TLS, was_sent=False), Step.REFUSED),
}


@pytest.mark.parametrize(("reply", "step"), CASES.values(), ids=CASES)
def test_every_answer_has_one_consequence(reply, step):
    outcome = judge(reply, ENVELOPE, now=NOW)
    assert outcome.step is step
    assert (outcome.page is None) == (step is not Step.TAKE)
    assert outcome.words or step is Step.TAKE


@pytest.mark.parametrize("reply", [reply for reply, _ in CASES.values()], ids=CASES)
def test_no_words_quote_an_answer(reply):
    words = judge(reply, ENVELOPE, now=NOW).words
    assert not any(quoted in words for quoted in ("张三", "鉴权", "认证", "oops", "elsewhere", "html>"))


def test_a_long_code_could_be_a_person_and_is_not_told():
    words = judge(answer({"code": "441421194503120018"}), ENVELOPE, now=NOW).words
    assert words == "the answer's code is another"


def test_two_codes_must_both_mean_success():
    double = Envelope.model_validate(
        {"records": "data.rows", "success": [{"path": "code", "values": ["0"]}, {"path": "data.code", "values": [0]}]}
    )
    for outer, inner, step in (("0", 0, Step.TAKE), ("0", 1, Step.REFUSED), ("1", 0, Step.REFUSED)):
        assert judge(answer({"code": outer, "data": {"code": inner, "rows": []}}), double, now=NOW).step is step


def test_null_is_an_empty_page_only_where_that_is_declared():
    lenient = ENVELOPE.model_copy(update={"null_is_empty": True})
    outcome = judge(answer({"code": 200, "data": {"list": None}}), lenient, now=NOW)
    assert outcome.page.records == []
    assert judge(answer({"code": 200, "data": {}}), lenient, now=NOW).step is Step.DISBELIEVED


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("0\x1f", 0.0),
        ("٣", None),
        ("9999999999", 9999999999.0),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("9" * 400, None),
        ("Mon, 03 Nov 2025 02:00:30 GMT", 30.0),
        ("Mon, 03 Nov 2025 01:00:00 GMT", 0.0),
        ("Mon, 99 Nov 2025 01:00:00 GMT", None),
    ],
)
def test_a_wait_that_is_asked_for_is_understood_or_ignored(header, seconds):
    assert retry_after(header, now=NOW) == seconds


def test_a_date_to_come_back_is_counted_by_the_servers_own_clock():
    reply = answer(
        b"", status=503, date="Mon, 03 Nov 2025 03:00:00 GMT", **{"retry-after": "Mon, 03 Nov 2025 03:00:10 GMT"}
    )
    assert judge(reply, ENVELOPE, now=NOW).wait == 10.0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["code", "data", "list", "x"]), inner),
    max_leaves=8,
)


@given(
    st.sampled_from([200, 200, 204, 302, 400, 401, 429, 500, 503, 999]),
    st.binary() | JSON.map(lambda document: json.dumps(document).encode()),
    st.sampled_from(
        ["application/json", "application/json;charset=gbk", ";;;", "x" * 1000, 'application/json; charset="']
    ),
    st.text(max_size=20),
)
def test_whatever_is_answered_has_a_consequence(status, body, content_type, wait):
    reply = Answer(status, {"content-type": content_type, "retry-after": wait}, body)
    outcome = judge(reply, ENVELOPE, now=NOW)
    assert (outcome.step is Step.TAKE) == (outcome.page is not None)
    assert outcome.page is None or status == 200
