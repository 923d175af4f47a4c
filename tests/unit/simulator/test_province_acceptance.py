"""What becomes of items: keys that come again, people who are held or not, revisions that are too old, outcomes that come later."""

import pytest
from province_items import desk, id_number_of, item_of

from simulator.province.acceptance import BatchRefused

ACCEPTED = ("accepted", "")
DAY = 86_400


def test_an_item_takes_effect_and_is_held(tmp_path):
    with desk(tmp_path) as province:
        assert province.take(item_of(1), item_of(2)) == [ACCEPTED, ACCEPTED]
        assert province.take(item_of(1, 2, "changed", 姓名="测试乙")) == [ACCEPTED]
        assert province.take(item_of(2, 5, "withdrawn")) == [ACCEPTED]
        assert province.happened == [(1, 1), (2, 1), (1, 2), (2, 5)]
        assert province.held == {1: (2, True), 2: (5, False)}
        assert province.ledger.view.state()["1"].fields["姓名"] == "测试乙"
        assert [effect.revision for effect in province.ledger.view.history("2")] == [1, 5]


def test_part_of_a_batch_is_rejected_item_by_item(tmp_path):
    with desk(tmp_path) as province:
        assert province.take(item_of(1), item_of(2, 姓名=""), item_of(3)) == [ACCEPTED, ("rejected", "1001"), ACCEPTED]
        assert province.happened == [(1, 1), (3, 1)]


def test_one_bad_item_can_refuse_the_batch(tmp_path):
    with desk(tmp_path, bad_item_refuses_batch=True) as province:
        with pytest.raises(BatchRefused) as refused:
            province.take(item_of(1), item_of(2, 姓名=""), item_of(3))
        assert (refused.value.status, refused.value.code) == (400, "1001")
        assert province.happened == []
        assert province.held == {}
        assert [seen.status for seen in province.ledger.view.requests()] == [400]
        assert province.take(item_of(1), item_of(3)) == [ACCEPTED, ACCEPTED]


# Idempotency keys


@pytest.mark.parametrize("later", [0, DAY, 400 * DAY], ids=["at once", "the next day", "the next year"])
def test_a_key_kept_for_ever_has_one_effect(tmp_path, later):
    with desk(tmp_path) as province:
        first = province.take(item_of(1))
        province.now += later
        assert province.take(item_of(1)) == first
        assert province.happened == [(1, 1)]
        assert [seen.known for seen in province.ledger.view.requests()] == [0, 1]


def test_the_same_receipt_is_given_again(tmp_path):
    with desk(tmp_path) as province:
        province.take(item_of(1))
        receipt = province.ledger.view.state()["1"].receipt
        known = province.ledger.known_key("1-1", since=0)
        assert known.answer.receipt == receipt
        assert province.ledger.receipts([receipt, "R-none"]) == [known.answer]


def test_a_key_is_forgotten_after_a_day(tmp_path):
    with desk(tmp_path, keys="one-day", checks_existence=False, accepts_stale=True) as province:
        province.take(item_of(1))
        province.now += DAY
        province.take(item_of(1))
        assert province.happened == [(1, 1)]
        province.now += 1
        province.take(item_of(1))
        assert province.happened == [(1, 1), (1, 1)]


def test_a_forgotten_key_can_be_used_for_something_else(tmp_path):
    with desk(tmp_path, keys="one-day") as province:
        province.take(item_of(1, key="k"))
        province.now += DAY + 1
        assert province.take(item_of(2, key="k")) == [ACCEPTED]


@pytest.mark.parametrize(("rules", "again"), [
    ({"checks_existence": False, "accepts_stale": True}, ACCEPTED),
    ({"checks_existence": False}, ("rejected", "2005")),
    ({}, ("rejected", "2001")),
], ids=["nothing stops it", "the revision stops it", "the person stops it"])  # fmt: skip
def test_without_keys_a_repeated_item_happens_twice_unless_another_rule_stops_it(tmp_path, rules, again):
    with desk(tmp_path, keys="none", **rules) as province:
        province.take(item_of(1))
        assert province.take(item_of(1)) == [again]
        assert len(province.happened) == (2 if again == ACCEPTED else 1)


@pytest.mark.parametrize("changed", [
    {"person": 2}, {"revision": 2}, {"operation": "changed"}, {"姓名": "测试丙"},
], ids=["another person", "another revision", "another operation", "other fields"])  # fmt: skip
def test_a_key_with_another_payload_refuses_the_batch(tmp_path, changed):
    with desk(tmp_path) as province:
        province.take(item_of(1, key="k"))
        with pytest.raises(BatchRefused) as refused:
            province.take(item_of(9), item_of(**{"person": 1, "key": "k"} | changed))
        assert (refused.value.status, refused.value.code) == (422, "3001")
        assert province.happened == [(1, 1)]


def test_a_key_twice_in_one_batch_has_one_effect(tmp_path):
    with desk(tmp_path) as province:
        assert province.take(item_of(1), item_of(1)) == [ACCEPTED, ACCEPTED]
        assert province.happened == [(1, 1)]


def test_what_was_rejected_may_come_again_under_its_key(tmp_path):
    with desk(tmp_path) as province:
        assert province.take(item_of(1, 2, "changed")) == [("rejected", "2002")]
        province.take(item_of(1, 1))
        assert province.take(item_of(1, 2, "changed")) == [ACCEPTED]


# Who is held, and since when


def test_new_is_for_people_who_are_not_held_and_the_rest_for_those_who_are(tmp_path):
    with desk(tmp_path) as province:
        assert province.take(item_of(1, 1, "changed")) == [("rejected", "2002")]
        assert province.take(item_of(1, 1, "withdrawn")) == [("rejected", "2002")]
        assert province.take(item_of(1, 1)) == [ACCEPTED]
        assert province.take(item_of(1, 2)) == [("rejected", "2001")]
        assert province.take(item_of(1, 2, "withdrawn", key="w")) == [ACCEPTED]
        assert province.take(item_of(1, 3, "withdrawn")) == [("rejected", "2002")]
        assert province.take(item_of(1, 3, "changed")) == [("rejected", "2002")]
        assert province.take(item_of(1, 3)) == [ACCEPTED]


def test_two_people_cannot_have_one_number_unless_one_has_left(tmp_path):
    with desk(tmp_path) as province:
        province.take(item_of(1))
        twin = item_of(2, 证件号码=id_number_of(1))
        assert province.take(twin) == [("rejected", "2004")]
        province.take(item_of(1, 2, "withdrawn"))
        assert province.take(twin) == [ACCEPTED]
        assert province.take(item_of(1, 3)) == [("rejected", "2004")]


def test_a_stale_revision_is_rejected_and_changes_nothing(tmp_path):
    with desk(tmp_path) as province:
        province.take(item_of(1, 1), item_of(1, 5, "changed"))
        assert province.take(item_of(1, 4, "changed")) == [("rejected", "2003")]
        assert province.take(item_of(1, 5, "changed", key="other")) == [("rejected", "2005")]
        assert province.held == {1: (5, True)}


def test_a_platform_that_accepts_stale_revisions_is_overwritten(tmp_path):
    with desk(tmp_path, accepts_stale=True) as province:
        province.take(item_of(1, 1), item_of(1, 5, "changed"))
        assert province.take(item_of(1, 4, "changed")) == [ACCEPTED]
        assert province.held == {1: (4, True)}


# Outcomes that come later


def test_a_later_outcome_takes_effect_when_it_is_due(tmp_path):
    with desk(tmp_path, answers="later", processing_seconds=30) as province:
        assert province.take(item_of(1), item_of(2, 姓名="")) == [("processing", ""), ("rejected", "1001")]
        province.now += 29
        province.settle()
        assert province.happened == []
        assert province.take(item_of(1)) == [("processing", "")]
        province.now += 1
        province.settle()
        assert province.happened == [(1, 1)]
        assert province.take(item_of(1)) == [ACCEPTED]
        assert province.ledger.receipts(["R0000000100000"])[0].status == "accepted"


def test_a_later_outcome_can_be_a_rejection(tmp_path):
    with desk(tmp_path) as province:
        province.take(item_of(1))
        assert province.take(item_of(1, 2), is_later=True, due=0) == [("processing", "")]
        province.settle()
        outcome = province.ledger.receipts(["R0000000200000"])[0]
        assert (outcome.status, outcome.code, outcome.reason) == ("rejected", "2001", "该人员已登记")
        assert province.happened == [(1, 1)]


def test_effects_can_neither_be_altered_nor_removed(tmp_path):
    with desk(tmp_path) as province:
        province.take(item_of(1))
        for statement in ("UPDATE effect SET revision = 9", "DELETE FROM effect"):
            with pytest.raises(Exception, match="effects stay"):
                province.ledger._connection.execute(statement)
