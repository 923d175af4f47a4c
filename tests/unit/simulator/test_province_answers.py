"""Answers are wrapped in one of five envelopes; a bucket of tokens says how long to wait."""

import json

import pytest

from simulator.province.answers import Answers
from simulator.province.items import ItemAnswer
from simulator.province.pace import Pace
from simulator.province.platform_clock import PlatformClock


def documents(envelope):
    answers = Answers(envelope)
    return [json.loads(reply.body) for reply in (answers.done([1]), answers.refused(422, code=3001, words="冲突"))]


@pytest.mark.parametrize(("envelope", "good", "bad"), [
    ("code-200", {"code": 200, "msg": "操作成功", "data": [1]}, {"code": 3001, "msg": "冲突", "data": None}),
    ("code-0", {"code": 0, "msg": "操作成功", "data": [1]}, {"code": 3001, "msg": "冲突", "data": None}),
    ("code-text-0", {"code": "0", "msg": "操作成功", "data": [1]}, {"code": "3001", "msg": "冲突", "data": None}),
    ("status-1", {"status": 1, "message": "操作成功", "data": [1]},
     {"status": 0, "message": "冲突", "code": 3001, "data": None}),
    ("double-code", {"code": "0", "msg": "", "data": {"code": 0, "msg": "操作成功", "data": [1]}},
     {"code": "0", "msg": "", "data": {"code": 3001, "msg": "冲突", "data": None}}),
], ids=lambda value: value if isinstance(value, str) else "")  # fmt: skip
def test_success_and_failure_are_said_in_the_same_place(envelope, good, bad):
    assert documents(envelope) == [good, bad]


def test_an_item_is_answered_with_key_status_receipt_reason_and_code():
    reply = Answers("code-200").of_batch("b-1", [ItemAnswer("7-2", "rejected", None, "1001", "「姓名」为必填项")])
    item = {"key": "7-2", "status": "rejected", "receipt": None, "code": "1001", "reason": "「姓名」为必填项"}
    assert json.loads(reply.body)["data"] == {"batch": "b-1", "items": [item]}


def test_the_gateway_has_an_envelope_of_its_own():
    reply = Answers("status-1").unsigned("鉴权失败，鉴权信息有误。")
    assert reply.status == 500
    assert reply.body.decode() == '{"code":400001,"msg":"鉴权失败，鉴权信息有误。"}'


def test_a_bucket_runs_dry_and_fills_again():
    now = [0.0]
    pace = Pace(0.5, 2, lambda: now[0])
    assert [pace.seconds_to_wait() for _ in range(4)] == [0, 0, 2, 2]
    now[0] = 1.0
    assert pace.seconds_to_wait() == 1
    now[0] = 2.0
    assert [pace.seconds_to_wait(), pace.seconds_to_wait()] == [0, 2]
    now[0] = 1000.0
    assert [pace.seconds_to_wait() for _ in range(3)] == [0, 0, 2]


def test_a_bucket_does_not_mind_a_clock_set_back():
    now = [100.0]
    pace = Pace(1, 1, lambda: now[0])
    assert pace.seconds_to_wait() == 0
    now[0] = 50.0
    assert pace.seconds_to_wait() == 1
    now[0] = 51.0
    assert pace.seconds_to_wait() == 0


def test_without_a_rate_nobody_waits():
    pace = Pace(None, 1, lambda: 0.0)
    assert [pace.seconds_to_wait() for _ in range(5)] == [0] * 5


def test_the_platforms_clock_can_be_set_ahead():
    clock = PlatformClock(lambda: 784111777.0)
    assert clock.http_date() == "Sun, 06 Nov 1994 08:49:37 GMT"
    clock.ahead = 86_400
    assert clock() == 784198177.0
    assert clock.http_date(-30) == "Mon, 07 Nov 1994 08:49:07 GMT"
