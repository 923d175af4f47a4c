"""A half-accepted batch is settled item by item: whatever an answer leaves out, repeats or makes up."""

import json

import pytest
from api_answers import API, NOW, answer, answered, api_with, judged, told
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.platform_api.decisions import Told, decide

KEYS = ["k0", "k1", "k2"]

STATUSES = {
    "accepted": ("accepted", "R1", "", "accepted"),
    "rejected": ("rejected", None, "1001", "rejected"),
    "read-back": ("rejected", None, "2005", "unknown"),
    "processing": ("processing", "R2", "", "processing"),
    "processing without receipt": ("processing", None, "", "unknown"),
    "a status of no meaning": ("done", "R3", "", "unknown"),
    "no status": (None, None, "", "unknown"),
}


def one(key, kind):
    status, receipt, code, _ = STATUSES[kind]
    return told(key, status, receipt, code, reason="原因")


def expected_state(kinds):
    """A dozen lines that the code must agree with: what the answers for one item come to."""
    if not kinds:
        return "unknown"
    said = {STATUSES[kind][:3] for kind in kinds}
    return STATUSES[kinds[0]][3] if len(said) == 1 else "unknown"


@st.composite
def patterns(draw):
    """The answers for each of up to 60 items, in any order, and perhaps one for somebody else."""
    size = draw(st.integers(1, 60))
    kinds = st.sampled_from(list(STATUSES))
    same = st.integers(0, 3).flatmap(lambda count: kinds.map(lambda kind: [kind] * count))
    by_key = {f"k{number}": draw(st.one_of(same, st.lists(kinds, max_size=3))) for number in range(size)}
    foreign = draw(st.none() | st.sampled_from(["k-not-ours", "", None, 7, "K0", "k0 "]))
    answers = [one(key, kind) for key, said in by_key.items() for kind in said]
    if foreign is not None or draw(st.integers(0, 9)) == 0:
        answers.append(one(foreign, "accepted"))
        return by_key, draw(st.permutations(answers)), True
    return by_key, draw(st.permutations(answers)), False


@settings(max_examples=500)
@given(patterns())
def test_every_item_ends_in_its_own_right_state(pattern):
    by_key, answers, is_foreign = pattern
    outcome = judged(answer(answered(*answers)), list(by_key))
    assert [item.key for item in outcome.items] == list(by_key)
    if is_foreign:
        assert {item.state for item in outcome.items} == {"unknown"}
        assert (outcome.verdict, outcome.code) == ("stop", "foreign-item")
        return
    assert {item.key: item.state for item in outcome.items} == {
        key: expected_state(said) for key, said in by_key.items()
    }
    assert outcome.verdict == "ok"


@settings(max_examples=200)
@given(patterns(), st.binary(max_size=40), st.integers(0, 400), st.sampled_from([200, 202, 207, 400, 500]))
def test_an_answer_damaged_anywhere_accepts_nothing_that_a_whole_one_would_not(pattern, junk, place, status):
    by_key, answers, _ = pattern
    whole = answer(answered(*answers), status=status)
    damaged = answer(whole.body[:place] + junk + whole.body[place + len(junk) :], status=status)
    outcome = judged(damaged, list(by_key))
    assert len(outcome.items) == len(by_key)
    if not isinstance(decide(damaged, API, at=NOW), Told):
        assert "accepted" not in {item.state for item in outcome.items}


@pytest.mark.parametrize("order", [1, -1], ids=["in order", "in reverse"])
def test_the_order_of_answers_does_not_matter(order):
    answers = [told("k0"), told("k1", "rejected", None, "1001"), told("k2", "processing", "R9")][::order]
    outcome = judged(answer(answered(*answers)), KEYS)
    assert [item.state for item in outcome.items] == ["accepted", "rejected", "processing"]
    assert [item.receipt for item in outcome.items] == ["R1", None, "R9"]


def test_an_item_that_is_not_answered_is_unknown_and_no_other():
    outcome = judged(answer(answered(told("k0"), told("k2"))), KEYS)
    assert [(item.state, item.code) for item in outcome.items] == [
        ("accepted", ""), ("unknown", "not-answered"), ("accepted", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("second", [
    told("k1", "rejected", None, "5002"), told("k1", "accepted", "R-other"), told("k1", "processing"), told("k1", "?"),
], ids=["rejected", "another receipt", "processing", "no status"])  # fmt: skip
def test_an_item_answered_twice_unlike_is_unknown(second):
    outcome = judged(answer(answered(*map(told, KEYS), second)), KEYS)
    assert [(item.state, item.code) for item in outcome.items] == [
        ("accepted", ""), ("unknown", "contradicted"), ("accepted", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(("meaning", "state", "verdict"), [
    ("rejected", "rejected", "ok"), ("later", "pending", "ok"), ("read-back", "unknown", "ok"), ("stop", "pending", "stop"),
])  # fmt: skip
def test_the_code_of_a_rejected_item_means_what_the_profile_says(meaning, state, verdict):
    api = api_with(item_codes={"77": meaning})
    outcome = judged(answer(answered(told("k0"), told("k1", "rejected", None, 77), told("k2"))), KEYS, api=api)
    assert [item.state for item in outcome.items] == ["accepted", state, "accepted"]
    assert outcome.items[1].code == "77"
    assert outcome.verdict == verdict


def test_a_code_beside_an_acceptance_changes_nothing():
    outcome = judged(answer(answered(told("k0", code="2005"))), ["k0"])
    assert outcome.items[0].state == "accepted"


def test_statuses_are_compared_by_type():
    api = api_with(answer={"accepted": [1], "rejected": ["1"], "processing": [True]})
    outcome = judged(answer(answered(told("k0", 1), told("k1", "1"), told("k2", status=True))), KEYS, api=api)
    assert [item.state for item in outcome.items] == ["accepted", "rejected", "processing"]


@pytest.mark.parametrize(("status", "state"), [("E1", "rejected"), (7, "rejected"), (None, "unknown"), ([], "unknown")])
def test_a_profile_may_say_that_every_other_status_is_a_refusal(status, state):
    api = api_with(answer={"accepted": ["0"], "rejected": [], "processing": [], "otherwise": "rejected"})
    assert judged(answer(answered(told("k0", status))), ["k0"], api=api).items[0].state == state


@pytest.mark.parametrize(("reason", "words"), [
    ("「姓名」为必填项", "「姓名」为必填项"), (None, ""), ("a\x00b", "a b"), ("\ud800", "?"), ("x" * 9999, "x" * 500), (7, "7"),
], ids=["words", "none", "NUL", "half a character", "endless", "number"])  # fmt: skip
def test_a_reason_is_kept_in_a_form_that_a_database_takes(reason, words):
    document = answered(told("k0", "rejected", None, "1001", reason))
    body = json.dumps(document).encode()
    assert judged(answer(body), ["k0"]).items[0].words == words


@pytest.mark.parametrize("receipt", ["", "a\nb", "x" * 201, [], {}, None, "a\x00"], ids=repr)
def test_a_receipt_that_cannot_be_sent_back_is_none(receipt):
    outcome = judged(answer(answered(told("k0", "processing", receipt))), ["k0"])
    assert (outcome.items[0].state, outcome.items[0].receipt) == ("unknown", None)


def test_words_of_the_platform_are_in_no_printed_form():
    outcome = judged(answer(answered(told("k0", "rejected", None, "1001", "测试甲的号码有误"))), ["k0"])
    assert "测试甲" not in repr(outcome)
    assert outcome.items[0].words == "测试甲的号码有误"


def test_a_platform_that_names_no_batch_is_taken_by_its_items():
    api = api_with(request={"batch": ""}, answer={"batch": ""})
    assert judged(answer({"code": 200, "data": {"items": [told("k0")]}}), ["k0"], api=api).items[0].state == "accepted"
