"""Receipts and lists: asked again until they are told, and believed only where they add up."""

import datetime as dt

import pytest
from api_answers import API, NOW, answer, api_with, items_of

from connectors.http_calls.call import NoAnswer, Why
from connectors.platform_api.asking import Heard
from connectors.platform_api.decisions import decide
from connectors.platform_api.listing import list_pages
from connectors.platform_api.receipts import settle_receipts, stays_processing
from schemas.errors import SourceNotBelieved, SourceRefusesUs, SourceUnavailable


def told(receipt, status, key="41-1", code="", reason=""):
    return {"key": key, "status": status, "receipt": receipt, "code": code, "reason": reason}


def polled(*answers, api=API, document=None, **of_item):
    document = {"code": 200, "data": {"items": list(answers)}} if document is None else document
    return settle_receipts(document, api, items_of(41, **of_item), at=NOW)


@pytest.mark.parametrize(("answers", "state", "code"), [
    ([told("R41", "accepted")], "accepted", ""), ([told("R41", "rejected", code="1001")], "rejected", "1001"),
    ([told("R41", "rejected", code="2005")], "unknown", "2005"), ([told("R41", "processing")], "processing", ""),
    ([told("R41", "unknown", key="", code="2006")], "unknown", "receipt-unknown"), ([], "processing", ""),
    ([told("R41", "accepted"), told("R41", "accepted")], "accepted", ""),
    ([told("R41", "accepted"), told("R41", "rejected")], "unknown", "contradicted"),
    ([told("R41", "accepted", key="42-1")], "unknown", "other-key"), ([told("R41", "accepted", key=None)], "accepted", ""),
    ([told("R41", "?")], "unknown", "unknown-status"),
], ids=str)  # fmt: skip
def test_a_receipt_says_what_became_of_its_item(answers, state, code):
    outcome = polled(*answers)
    (item,) = outcome.items
    assert (item.key, item.state, item.code, outcome.verdict) == ("41-1", state, code, "ok")


def test_a_receipt_nobody_asked_for_stops_and_settles_nothing():
    outcome = polled(told("R41", "accepted"), told("R-other", "accepted"))
    assert (outcome.items[0].state, outcome.verdict) == ("processing", "stop")


def test_an_answer_without_receipts_settles_nothing():
    outcome = polled(document={"code": 200, "data": {}})
    assert (outcome.items[0].state, outcome.verdict, outcome.call_failed) == ("processing", "later", True)


@pytest.mark.parametrize(("hours", "state"), [(0, "processing"), (47, "processing"), (48, "unknown"), (900, "unknown")])
def test_what_is_processed_for_too_long_is_read_back(hours, state):
    (item,) = stays_processing(items_of(41, sent=NOW - dt.timedelta(hours=hours)), API, at=NOW)
    assert (item.state, item.receipt) == (state, "R41")
    assert item.retry_after == (API.poll_seconds if state == "processing" else None)


def record(person):
    return {"person": str(person), "revision": 1, "state": "present", "receipt": "R", "fields": {"姓名": "测试甲"}}


def page(people, total=None):
    return answer({"code": 200, "data": {"total": total, "records": [record(person) for person in people]}})


def listed(*replies, api=API):
    """The people of all pages, and how often was asked."""
    asked, left = [], list(replies)

    def ask(body):
        asked.append(body)
        return Heard(decide(left.pop(0), api, at=NOW))

    people = [person for found in list_pages(ask, api, "present") for person in found.records["person"]]
    assert left == []
    return people, asked


BUSY, ILL, AWAY = answer(b"", status=429), answer(b"", status=503), NoAnswer(Why.TOO_SLOW, was_sent=True)


def test_pages_are_followed_until_everybody_was_seen():
    people, asked = listed(page([1, 2], 3), page([3], "3"))
    assert people == ["1", "2", "3"]
    assert asked == [b'{"page":1,"size":500,"state":"present"}', b'{"page":2,"size":500,"state":"present"}']


def test_nobody_is_one_empty_page():
    assert listed(page([], 0)) == ([], [b'{"page":1,"size":500,"state":"present"}'])


def test_somebody_on_two_pages_is_passed_on():
    assert listed(page([1, 2], 4), page([2, 3], 4))[0] == ["1", "2", "2", "3"]


def test_without_a_total_an_empty_page_is_the_end():
    assert listed(page([1]), page([2]), page([]), api=api_with(listing={"total": ""}))[0] == ["1", "2"]


def test_a_page_that_is_not_answered_is_asked_for_again():
    assert listed(AWAY, page([1], 2), ILL, answer(b""), page([2], 2))[0] == ["1", "2"]


@pytest.mark.parametrize(("replies", "error", "words"), [
    ([page([1], 2), page([1], 2)], SourceNotBelieved, "page 2 repeats another page"),
    ([page([1], 3), page([2], 4)], SourceNotBelieved, "the total changed"),
    ([page([1], 2), page([], 2)], SourceNotBelieved, "2 records were announced, and 1 came"),
    ([page([1, 2], 1)], SourceNotBelieved, "1 records were announced, and 2 came"),
    ([page([], 1)], SourceNotBelieved, "1 records were announced, and 0 came"),
    ([page([1], None)], SourceNotBelieved, "no total"), ([page([1], -1)], SourceNotBelieved, "no total"),
    ([page([1], True)], SourceNotBelieved, "no total"),
    ([answer({"code": 200, "data": {"total": 1}})], SourceNotBelieved, "no list at data.records"),
    ([ILL, ILL, ILL], SourceUnavailable, "HTTP 503"), ([AWAY, AWAY, AWAY], SourceUnavailable, "in time"),
    ([BUSY], SourceUnavailable, "HTTP 429"), ([answer(b"", status=404)], SourceRefusesUs, "HTTP 404"),
    ([answer(b"", status=302)], SourceRefusesUs, "redirects"), ([answer(b"", status=400)], SourceRefusesUs, "HTTP 400"),
    ([answer(b"<html>")], SourceRefusesUs, "web page"),
], ids=[
    "repeats", "total changes", "too few", "too many", "none", "no total", "negative", "a flag", "no list", "ill", "away",
    "busy", "no such list", "redirect", "not understood", "login page",
])  # fmt: skip
def test_a_list_that_does_not_add_up_is_not_believed(replies, error, words):
    with pytest.raises(error, match=words):
        listed(*replies)
