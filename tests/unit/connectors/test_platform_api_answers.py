"""Everything that can come back says exactly one thing of a batch as a whole; in doubt that is unknown, never accepted."""

import datetime as dt
import json

import pytest
from api_answers import API, NOW, answer, answered, api_with, judged, told

from connectors.http_calls.call import NoAnswer, Why
from connectors.platform_api.decisions import CODES, STATUSES
from connectors.platform_api.outcomes import BatchOutcome

KEYS = [f"k{number}" for number in range(50)]
GOOD = answered(*map(told, KEYS))
ONE = answered(told("k0"))


def failure(code, msg="业务处理失败"):
    return {"code": code, "msg": msg, "data": None}


PAGE = b"<!DOCTYPE html><html><head><title>x</title>"

# What came back: the state of every item of fifty, the verdict, whether the call counts as failed; and of a single item.
WHOLE = {
    "success": (answer(GOOD), "accepted", "ok", False),
    "success in GBK": (
        answer(
            json.dumps(GOOD, ensure_ascii=False).encode("gbk"), **{"content-type": "application/json;charset=GBK"}
        ), "accepted", "ok", False,
    ),
    "success with a byte order mark": (answer(b"\xef\xbb\xbf" + json.dumps(GOOD).encode()), "accepted", "ok", False),
    "201": (answer(GOOD, status=201), "accepted", "ok", False),
    "202": (answer(GOOD, status=202), "accepted", "ok", False),
    "207": (answer(GOOD, status=207), "accepted", "ok", False),
    "203 with success": (answer(GOOD, status=203), "unknown", "later", True),
    "206 with success": (answer(GOOD, status=206), "unknown", "later", True),
    "success as text": (answer({**GOOD, "code": "200"}), "unknown", "later", True),
    "success as fraction": (answer({**GOOD, "code": 200.0}), "unknown", "later", True),
    "success as a flag": (answer({**GOOD, "code": True}), "unknown", "later", True),
    "no code at all": (answer({"data": GOOD["data"]}), "unknown", "later", True),
    "two codes": (answer(json.dumps(GOOD).replace("{", '{"code": 500, ', 1).encode()), "unknown", "later", True),
    "a code without meaning": (answer(failure(5001)), "unknown", "later", True),
    "a code of another session": (answer(failure(401)), "pending", "stop", False),
    "a busy code": (answer(failure(429)), "pending", "later", False),
    "a code in progress": (answer(failure(3002)), "pending", "later", False),
    "a code there already": (answer(failure(2001)), "unknown", "ok", False),
    "a code of another payload": (answer(failure("3001")), "unknown", "stop", False),
    "a list": (answer([GOOD]), "unknown", "later", True),
    "null": (answer(b"null"), "unknown", "later", True),
    "a login page": (answer(PAGE), "unknown", "stop", False),
    "a login page after blanks": (answer(b"\xef\xbb\xbf \r\n" + PAGE), "unknown", "stop", False),
    "nothing": (answer(b""), "unknown", "later", True),
    "half an answer": (answer(json.dumps(GOOD).encode()[:-9]), "unknown", "later", True),
    "an answer and more": (answer(json.dumps(GOOD).encode() + b"}"), "unknown", "later", True),
    "words": (answer(b"Service Unavailable"), "unknown", "later", True),
    "not UTF-8": (answer(b'{"code": 200, "msg": "\xff"}'), "unknown", "later", True),
    "an encoding nobody declared": (
        answer(GOOD, **{"content-type": "application/json; charset=big5"}), "unknown", "later", True,
    ),
    "nested without end": (answer(b"[" * 100_000), "unknown", "later", True),
    "an endless number": (answer(b'{"code": ' + b"9" * 5000 + b"}"), "unknown", "later", True),
    "not a number": (answer(b'{"code": 200, "data": NaN}'), "unknown", "later", True),
    "no list of items": (answer({"code": 200, "data": {"batch": "b-1"}}), "unknown", "later", True),
    "items are null": (answer({"code": 200, "data": {"batch": "b-1", "items": None}}), "unknown", "later", True),
    "data is null": (answer({"code": 200, "data": None}), "unknown", "later", True),
    "no batch": (answer({"code": 200, "data": {"items": GOOD["data"]["items"]}}), "unknown", "stop", False),
    "another batch without items": (answer({"code": 200, "data": {"batch": "b-2"}}), "unknown", "stop", False),
    "another batch": (answer(answered(*map(told, KEYS), batch="b-2")), "unknown", "stop", False),
    "a batch as a number": (answer(answered(*map(told, KEYS), batch=1)), "unknown", "stop", False),
    "204": (answer(b"", status=204), "unknown", "ok", False),
    **{str(status): (answer(PAGE, status=status), "unknown", "stop", False) for status in (300, 301, 302, 303, 307, 308)},
    "302 with success": (answer(GOOD, status=302), "unknown", "stop", False),
    "302 with a code": (answer(failure(3002), status=302), "unknown", "stop", False),
    "400": (answer(failure(400), status=400), "pending", "split", False),
    "401": (answer(failure(401), status=401), "pending", "stop", False),
    "401 with a page": (answer(PAGE, status=401), "pending", "stop", False),
    "402": (answer(b"", status=402), "unknown", "stop", False),
    "403": (answer(failure(403), status=403), "pending", "stop", False),
    "404": (answer(PAGE, status=404), "pending", "stop", False),
    "405": (answer(failure(405), status=405), "pending", "stop", False),
    "408": (answer(b"", status=408), "unknown", "later", True),
    "409 in progress": (answer(failure(3002), status=409), "pending", "later", False),
    "409 there already": (answer(failure(2001), status=409), "unknown", "ok", False),
    "409 without a word": (answer(b"", status=409), "unknown", "later", False),
    "413": (answer(PAGE, status=413), "pending", "split", False),
    "415": (answer(failure(415), status=415), "pending", "stop", False),
    "418": (answer(GOOD, status=418), "unknown", "stop", False),
    "422": (answer(failure(3001), status=422), "unknown", "stop", False),
    "422 without a word": (answer(b"", status=422), "unknown", "stop", False),
    "425": (answer(b"", status=425), "pending", "later", False),
    "429": (answer(failure(429), status=429), "pending", "later", False),
    "500": (answer(failure(500), status=500), "unknown", "later", True),
    "500 with success": (answer(GOOD, status=500), "unknown", "later", True),
    "500 with the gateway's code": (answer(failure(400001, "鉴权失败，鉴权信息有误。"), status=500), "pending", "stop", False),
    "500 with the gateway's code as text": (answer(failure("400001"), status=500), "pending", "stop", False),
    "502": (answer(PAGE, status=502), "unknown", "later", True),
    "503": (answer(PAGE, status=503), "unknown", "later", True),
    "504": (answer(PAGE, status=504), "unknown", "later", True),
    "599": (answer(b"", status=599), "unknown", "later", True),
    "700": (answer(b"", status=700), "unknown", "stop", False),
    "unreachable": (NoAnswer(Why.UNREACHABLE, was_sent=False), "pending", "later", True),
    "no connection in time": (NoAnswer(Why.TOO_SLOW, was_sent=False), "pending", "later", True),
    "no answer in time": (NoAnswer(Why.TOO_SLOW, was_sent=True), "unknown", "later", True),
    "broken off": (NoAnswer(Why.BROKEN_OFF, was_sent=True), "unknown", "later", True),
    "too large": (NoAnswer(Why.TOO_LARGE, was_sent=True), "unknown", "later", True),
    "a bad certificate": (NoAnswer(Why.BAD_CERTIFICATE, was_sent=False), "pending", "stop", False),
    "bad TLS": (NoAnswer(Why.BAD_TLS, was_sent=False), "pending", "stop", False),
    "bad TLS in the middle": (NoAnswer(Why.BAD_TLS, was_sent=True), "unknown", "stop", False),
}  # fmt: skip


@pytest.mark.parametrize("case", WHOLE)
def test_whatever_comes_back_says_one_thing_of_a_batch(case):
    reply, state, verdict, call_failed = WHOLE[case]
    outcome = judged(reply, KEYS)
    assert {item.state for item in outcome.items} == {state}
    assert [item.key for item in outcome.items] == KEYS
    assert (outcome.verdict, outcome.call_failed) == (verdict, call_failed)
    assert bool(outcome.words) == bool(outcome.code) == (outcome.verdict != "ok" or state != "accepted")


@pytest.mark.parametrize("case", WHOLE)
def test_what_is_said_of_a_batch_quotes_nothing_of_the_answer(case):
    reply, *_ = WHOLE[case]
    outcome = judged(reply, KEYS)
    for word in ("鉴权失败", "业务处理失败", "DOCTYPE"):
        assert word not in f"{outcome.words} {outcome.code} {outcome!r}"


def test_every_status_and_every_meaning_of_the_table_is_among_the_cases():
    seen = {reply.status for reply, *_ in WHOLE.values() if not isinstance(reply, NoAnswer)}
    assert set(STATUSES) <= seen
    assert set(CODES) - {"split"} <= {API.codes.get(str(code)) for code in (401, 429, 2001, 3001)}
    assert {reply.why for reply, *_ in WHOLE.values() if isinstance(reply, NoAnswer)} == set(Why)


@pytest.mark.parametrize(("count", "half"), [(50, 25), (25, 12), (3, 1), (2, 1)])
@pytest.mark.parametrize("status", [400, 413])
def test_a_batch_refused_whole_comes_again_in_halves(status, count, half):
    outcome = judged(answer(b"", status=status), KEYS[:count])
    assert {(item.state, item.largest_batch) for item in outcome.items} == {("pending", half)}


def test_an_item_refused_by_itself_is_rejected_with_the_platforms_words():
    outcome = judged(answer(failure(1001, "「姓名」为必填项"), status=400), ["k0"])
    (item,) = outcome.items
    assert (item.state, item.code, item.words, outcome.verdict) == ("rejected", "1001", "「姓名」为必填项", "ok")
    assert "姓名" not in outcome.words


def test_an_item_that_is_too_large_by_itself_stops():
    outcome = judged(answer(b"", status=413), ["k0"])
    assert (outcome.items[0].state, outcome.verdict) == ("pending", "stop")


def test_a_code_that_means_split_halves_whatever_the_status():
    api = api_with(codes={"40001": "split"})
    for status in (200, 400, 500):
        assert judged(answer(failure(40001), status=status), KEYS, api=api).items[0].largest_batch == 25
        assert judged(answer(failure(40001), status=status), ["k0"], api=api).items[0].state == "rejected"


def test_no_content_is_what_the_profile_says():
    outcome = judged(answer(b"", status=204), KEYS, api=api_with(no_content="accepted"))
    assert {item.state for item in outcome.items} == {"accepted"}
    assert (outcome.verdict, outcome.code) == ("ok", "")


DOUBLE = api_with(
    answer={
        "success": [{"path": "code", "values": ["0"]}, {"path": "data.code", "values": [0]}],
        "business_code": "data.code", "batch": "data.data.batch", "items": "data.data.items",
    }
)  # fmt: skip


@pytest.mark.parametrize(("outer", "inner", "state", "code"), [
    ("0", 0, "accepted", ""), ("0", "0", "unknown", "0"), (0, 0, "unknown", "0"), ("0", 5001, "unknown", "5001"),
    ("0", None, "unknown", "http-200"), ("0", 3002, "pending", "3002"), ("1", 3002, "pending", "3002"),
])  # fmt: skip
def test_of_double_codes_both_must_agree_and_the_inner_one_explains(outer, inner, state, code):
    document = {"code": outer, "data": {"code": inner, "data": ONE["data"]}}
    outcome = judged(answer(document), ["k0"], api=DOUBLE)
    assert (outcome.items[0].state, outcome.code) == (state, code)


@pytest.mark.parametrize(("text", "seconds"), [
    ("30", 30), ("0", 0), ("-30", None), ("9999999999", 900), ("soon", None), ("", None), ("1e9", None), ("３０", None),
    ("Mon, 02 Mar 2026 02:01:00 GMT", 60), ("Mon, 02 Mar 2026 01:00:00 GMT", 0), ("Mon, 02 Mar 2099 01:00:00 GMT", 900),
], ids=str)  # fmt: skip
@pytest.mark.parametrize("status", [429, 503])
def test_the_platform_may_ask_to_be_left_alone_but_not_for_ever(status, text, seconds):
    outcome = judged(answer(b"", status=status, **{"retry-after": text}), KEYS)
    assert outcome.retry_after == seconds
    assert {item.retry_after for item in outcome.items} == {seconds}


def test_an_instant_to_come_back_at_is_seen_by_the_platforms_own_clock():
    headers = {"retry-after": "Mon, 02 Mar 2026 03:00:30 GMT", "date": "Mon, 02 Mar 2026 03:00:00 GMT"}
    assert judged(answer(b"", status=429, **headers), KEYS).retry_after == 30


@pytest.mark.parametrize(
    "code", ["11010519491231002X", "13800001234", "张三", "a b", "x" * 40, {"a": 1}], ids=["id", "phone", "name", "blank", "long", "object"]
)  # fmt: skip
def test_a_code_that_could_be_somebody_is_not_repeated(code):
    outcome = judged(answer(failure(code)), KEYS)
    assert outcome.code == "other"
    assert str(code) not in repr(outcome)


@pytest.mark.parametrize(("seconds", "verdict"), [(0, "ok"), (121, "ok"), (170, "ok"), (171, "stop"), (3600, "stop")])
def test_clocks_too_far_apart_stop_what_is_signed(seconds, verdict):
    outcome = BatchOutcome([]).at_skew(dt.timedelta(seconds=seconds), signs=True)
    assert (outcome.verdict, outcome.skew.total_seconds()) == (verdict, seconds)
    assert BatchOutcome([]).at_skew(dt.timedelta(seconds=seconds), signs=False).verdict == "ok"


def test_a_refused_signature_beside_a_wrong_clock_says_both():
    reply = answer(failure(400001), status=500)
    outcome = judged(reply, KEYS).at_skew(dt.timedelta(seconds=200), signs=True)
    assert "400001" in outcome.words
    assert "200 s apart" in outcome.words
    assert NOW.tzinfo is dt.UTC
