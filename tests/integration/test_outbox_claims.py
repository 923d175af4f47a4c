"""Claiming: every entry that is due leaves once, in order, by one sender, whoever else claims or has died."""

import threading

import pandas as pd
import pytest
import sqlalchemy as sa
from outbox_world import HELD_STATES, LEASE, MINUTE, NOW, PROFILE, World, ids, payload_of, planned, records, set_state

from registry import approvals, outbox_delivery, outbox_observed, outbox_plan
from registry.engine import transaction
from schemas.errors import ContractBroken, StageFailed


@pytest.fixture
def world(fresh_engine: sa.Engine) -> World:
    return World(fresh_engine)


# Claiming


def test_only_what_is_planned_released_and_due_is_claimed_in_the_order_of_people(world: World) -> None:
    world.people(5)
    world.plan(release=False)
    world.take_over()
    assert world.claim().empty
    with transaction(world.engine) as connection:
        outbox_plan.release(connection, PROFILE, world.run)
    set_state(world, 2, 1, "pending", next_at=NOW + MINUTE)
    set_state(world, 4, 1, "pending", next_at=NOW)
    claimed = world.claim(2)
    assert (ids(claimed), ids(world.claim()), ids(world.claim())) == ([1, 3], [4, 5], [])
    assert claimed.columns.tolist() == [
        "key", "person_id", "revision", "sent_as", "fields", "attempts", "largest_batch",
    ]  # fmt: skip
    row = world.row(1, 1)
    assert claimed.loc[0, ["key", "sent_as", "fields", "attempts"]].tolist() == [row["key"], "new", row["payload"], 1]
    assert (row["state"], row["fence"], row["lease_until"], row["batch"], row["first_sent_at"]) == ("inflight", 1, LEASE, "b", NOW)  # fmt: skip
    assert ids(world.claim(now=NOW + MINUTE)) == [2]


def test_operations_can_be_claimed_apart(world: World) -> None:
    world.people(2)
    world.deliver()
    world.change(1, status="withdrawn")
    world.change(2, name="改名")
    world.plan()
    assert ids(world.claim(operations=("withdrawn",))) == [1]
    assert ids(world.claim(operations=("new", "changed"))) == [2]


def test_only_the_fields_that_are_sent_are_claimed(world: World) -> None:
    world.people(1)
    with transaction(world.engine) as connection:
        found = outbox_plan.plannable(connection, PROFILE, after=0, limit=10)
        outbox_plan.store_plan(
            connection, PROFILE, 2, planned(found).assign(sent_fields=pd.Series(['{"a":""}'], dtype="str"))
        )
        outbox_plan.release(connection, PROFILE, 2)
    world.take_over()
    assert world.claim()["fields"].tolist() == ['{"a":""}']


def test_an_officers_hold_keeps_a_person_back_until_it_is_released(world: World) -> None:
    world.people(2)
    world.plan()
    world.take_over()
    with transaction(world.engine) as connection:
        approvals.hold_person(connection, 1, by="张三", reason="核实", at=NOW)
    assert ids(world.claim()) == [2]
    with transaction(world.engine) as connection:
        approvals.release_person(connection, 1, by="李四", reason="已核实", at=NOW + MINUTE)
    assert ids(world.claim()) == [1]


@pytest.mark.parametrize("state", HELD_STATES)
def test_nothing_of_a_person_is_sent_while_something_is_under_way(world: World, state: str) -> None:
    world.people(1)
    set_state(world, 1, 1, state)
    world.change(1)
    set_state(world, 1, 2, "pending", payload="{}", sent_as="changed", is_released=True, digest="d", key="k")
    world.take_over()
    assert world.claim().empty
    set_state(world, 1, 1, "sent")
    assert ids(world.claim()) == [1], "a workbook that waits for its result does not keep others back"


def test_nothing_is_sent_under_a_revision_below_one_the_platform_has_seen(world: World) -> None:
    world.people(1)
    world.plan()
    world.take_over()
    with transaction(world.engine) as connection:
        outbox_observed.observe(connection, PROFILE, 2, NOW, records([(1, 7, True, payload_of("他们的"))]))
    assert world.claim().empty


def test_entries_whose_batch_was_refused_travel_in_groups_of_their_own(world: World) -> None:
    world.people(8)
    world.plan()
    world.take_over()
    claimed = world.claim(5)
    assert world.settle(claimed, "pending", largest_batch=2) == 5
    assert [ids(world.claim(100)) for _ in range(5)] == [[1, 2], [3, 4], [5], [6, 7, 8], []]
    world.take_over(NOW + MINUTE)


def test_two_claimers_at_once_never_get_the_same_entry_nor_two_of_one_person(world: World) -> None:
    people = world.people(60)
    for person in people:
        world.change(person)
    with transaction(world.engine) as connection:
        # As no plan ever leaves it: both revisions of everybody ready to be sent.
        connection.execute(
            sa.text(
                "UPDATE outbox SET payload = '{}', sent_as = 'new', is_released = true, key = person_id || '.' || revision"
            )
        )
    world.take_over()
    claims: list[pd.DataFrame] = []
    start = threading.Barrier(4)

    def sender() -> None:
        start.wait()
        while not (claimed := world.claim(7)).empty:
            claims.append(claimed)

    threads = [threading.Thread(target=sender) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    claimed = pd.concat(claims)
    assert sorted(ids(claimed)) == people
    assert set(claimed["revision"]) == {1}


# One sender


def test_who_has_been_taken_over_from_can_neither_claim_nor_settle(world: World) -> None:
    world.people(3)
    world.plan()
    old = world.take_over()
    claimed = world.claim(1)
    new = world.take_over()
    assert new == old + 1
    before = world.rows()
    assert world.settle(claimed, "accepted", fence=old) == 0
    assert world.rows() == before
    for attempt in (lambda: world.claim(fence=old), lambda: world.claim_open("unknown", fence=old)):
        with pytest.raises(StageFailed, match="another sender"):
            attempt()


def test_taking_over_waits_for_a_claim_that_is_being_made(world: World) -> None:
    world.people(1)
    world.plan()
    world.take_over()
    with transaction(world.engine) as connection:
        outbox_delivery.claim(connection, PROFILE, fence=world.fence, now=NOW, lease_until=LEASE, batch="b", most=10)
        other = threading.Thread(target=world.take_over)
        other.start()
        other.join(0.2)
        assert other.is_alive()
    other.join()
    assert world.states(1) == ["unknown"], "the claim was found"


def test_what_a_dead_sender_had_claimed_is_read_back_when_its_time_is_over(world: World) -> None:
    world.people(2)
    world.plan()
    world.take_over()
    world.claim(1)
    world.take_over()
    assert [row["state"] for row in world.rows()] == ["unknown", "pending"]
    assert world.claim_open("unknown").empty
    asked = world.claim_open("unknown", now=LEASE)
    assert asked.columns.tolist() == [
        "key", "person_id", "revision", "sent_as", "payload", "fields", "receipt", "first_sent_at", "attempts", "batch",
    ]  # fmt: skip
    assert asked.loc[0, ["person_id", "sent_as", "payload", "first_sent_at", "attempts", "batch"]].tolist() == [
        1, "new", payload_of("测试1"), NOW, 2, "b",
    ]  # fmt: skip
    assert world.claim_open("unknown", now=LEASE).empty, "leased"
    assert world.settle(asked, "accepted") == 1


def test_what_a_dead_sender_was_asking_about_is_asked_about_when_its_time_is_over(world: World) -> None:
    world.people(1)
    world.plan()
    world.take_over()
    world.settle(world.claim(), "processing", receipt="r-1", next_at=NOW)
    asked = world.claim_open("processing")
    assert asked["receipt"].tolist() == ["r-1"]
    old = world.fence
    world.take_over()
    assert world.settle(asked, "accepted", fence=old) == 0
    assert world.claim_open("processing").empty
    assert len(world.claim_open("processing", now=LEASE)) == 1


def test_only_open_outcomes_can_be_asked_for(world: World) -> None:
    world.take_over()
    with pytest.raises(ContractBroken, match="accepted"):
        world.claim_open("accepted")
