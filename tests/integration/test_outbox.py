"""The outbox: what each person's newest change is to the platform, what gives way to it, and what waits."""

import os
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa
from outbox_world import (
    HELD_STATES,
    LEASE,
    MINUTE,
    NOW,
    PROFILE,
    World,
    set_state,
)

from registry import approvals, outbox, outbox_delivery
from registry.engine import transaction
from registry.explain import explain_person
from schemas.configuration import load_configuration
from schemas.errors import ConfigurationInvalid


@pytest.fixture
def world(fresh_engine: sa.Engine) -> World:
    return World(fresh_engine)


# Entering


def test_a_night_enters_its_changes_for_the_platform_it_was_given(world: World) -> None:
    world.people(1, enter=False)
    with transaction(world.engine) as connection:
        nobody = pd.read_sql(sa.text("SELECT * FROM elder WHERE false"), connection)
    nobody = nobody.assign(operation=[]).astype({"person_id": "int64", "revision": "int64", "id_key": "int64"})
    texts, numbers = ("category", "source", "evidence", "from_date"), ("id_key", "row_id")
    none = {name: pd.Series(dtype="str") for name in texts} | {name: pd.Series(dtype="int64") for name in numbers}
    world.apply_night(nobody, pd.DataFrame({"person_id": [1], "revision": [2]}), pd.DataFrame(none))
    world.apply_night(nobody, nobody[["person_id", "revision"]], pd.DataFrame(none))
    assert [(row["profile"], row["revision"], row["operation"], row["state"]) for row in world.rows(1)] == [
        (PROFILE, 2, "withdrawn", "pending")
    ]


def test_entries_from_before_profiles_become_the_profiles_own(world: World) -> None:
    before = World(world.engine, profile="")
    before.people(2)
    with transaction(world.engine) as connection:
        assert outbox.adopt_profile(connection, PROFILE) == 2
        assert outbox.adopt_profile(connection, PROFILE) == 0
    assert {row["profile"] for row in world.rows()} == {PROFILE}


def test_a_platform_that_was_told_nothing_hears_of_every_active_elder_of_a_category(world: World) -> None:
    world.people(4, enter=False)
    world.change(2, status="withdrawn")
    world.change(3, categories="")
    other = World(world.engine, profile="other")
    with transaction(world.engine) as connection:
        connection.execute(sa.text("UPDATE elder SET revision = 7 WHERE person_id = 1"))
        assert outbox.enqueue_everyone(connection, "other", 5) == 2
        assert outbox.enqueue_everyone(connection, "other", 5) == 0, "in the same run again"
        assert outbox.enqueue_everyone(connection, "other", 6) == 0, "in a later run"
    told = [(row["person_id"], row["revision"], row["operation"]) for row in other.rows() if row["profile"] == "other"]
    assert told == [(1, 7, "new"), (4, 1, "new")]


def test_what_this_run_entered_already_does_not_keep_the_others_from_being_entered(world: World) -> None:
    world.people(1)
    world.people(2, first=2, enter=False)
    with transaction(world.engine) as connection:
        assert outbox.enqueue_everyone(connection, PROFILE, world.run) == 2


# Giving way


def test_of_several_revisions_nobody_sent_only_the_newest_stays(world: World) -> None:
    world.people(2)
    for _ in range(2):
        world.change(1)
    with transaction(world.engine) as connection:
        assert outbox.coalesce(connection, PROFILE) == 2
        assert outbox.coalesce(connection, PROFILE) == 0
    assert world.states(1) == ["superseded", "superseded", "pending"]
    assert world.states(2) == ["pending"]


@pytest.mark.parametrize("state", HELD_STATES)
def test_what_is_under_way_does_not_give_way_to_something_newer(world: World, state: str) -> None:
    world.people(1)
    set_state(world, 1, 1, state)
    world.change(1)
    world.change(1)
    with transaction(world.engine) as connection:
        assert outbox.coalesce(connection, PROFILE) == 1
    assert world.states(1) == [state, "superseded", "pending"]


# Again, and what waits


@pytest.mark.parametrize("state", ["held", "rejected"])
def test_what_is_held_or_rejected_can_be_told_again_under_the_same_key(world: World, state: str) -> None:
    world.people(1)
    world.plan()
    world.take_over()
    first = world.claim()
    world.settle(first, state, code="E1", words="说明")
    assert world.claim().empty
    with transaction(world.engine) as connection:
        assert outbox.resend(connection, PROFILE, 1, now=NOW) == 1
    again = world.claim()
    assert again[["key", "fields"]].equals(first[["key", "fields"]])
    assert again["attempts"].tolist() == [1]
    assert world.row(1, 1)["code"] is None


def test_a_held_entry_told_again_gives_way_to_a_newer_change(world: World) -> None:
    world.people(1)
    world.plan()
    world.take_over()
    world.settle(world.claim(), "held")
    world.change(1, name="改名")
    world.plan()
    assert world.claim().empty
    with transaction(world.engine) as connection:
        assert outbox.resend(connection, PROFILE, 1, now=NOW) == 1
    world.plan()
    assert world.states(1) == ["superseded", "pending"]
    assert world.claim()["sent_as"].tolist() == ["new"]


@pytest.mark.parametrize(
    "state", ["pending", "inflight", "processing", "unknown", "sent", "accepted", "superseded", "none"]
)
def test_nothing_else_can_be_told_again(world: World, state: str) -> None:
    if state != "none":
        world.people(1)
        set_state(world, 1, 1, "rejected")
        world.change(1)
        set_state(world, 1, 2, state)
    if state == "superseded":
        set_state(world, 1, 1, state)
    with pytest.raises(ConfigurationInvalid, match="person 1"), transaction(world.engine) as connection:
        outbox.resend(connection, PROFILE, 1, now=NOW)


def test_people_who_wait_are_counted_by_state(world: World) -> None:
    world.people(5)
    world.change(1)
    for person, state in ((2, "unknown"), (3, "held"), (4, "accepted")):
        set_state(world, person, 1, state)
    with transaction(world.engine) as connection:
        counts = outbox.waiting(connection, PROFILE)
        assert counts == {"pending": 2, "inflight": 0, "processing": 0, "unknown": 1, "held": 1}
        assert outbox.waiting_count(connection, PROFILE) == 4
        assert outbox.waiting_count(connection, "other") == 0


def test_the_next_instant_is_of_what_can_be_done_then(world: World) -> None:
    world.people(3)

    def next_due() -> object:
        with transaction(world.engine) as connection:
            return outbox_delivery.next_due(connection, PROFILE, NOW)

    assert next_due() is None, "nothing is planned"
    world.plan()
    assert next_due() == NOW
    world.take_over()
    claimed = world.claim()
    assert next_due() == LEASE, "when the sender is given up"
    world.settle(claimed.iloc[:1], "pending", next_at=NOW + timedelta(minutes=5))
    world.settle(claimed.iloc[1:2], "unknown", next_at=NOW + timedelta(minutes=7))
    world.settle(claimed.iloc[2:], "accepted")
    assert next_due() == NOW + timedelta(minutes=5)
    with transaction(world.engine) as connection:
        approvals.hold_person(connection, 1, by="张三", reason="核实", at=NOW)
    assert next_due() == NOW + timedelta(minutes=7)
    set_state(world, 2, 1, "unknown", next_at=NOW - MINUTE)
    assert next_due() == NOW
    set_state(world, 2, 1, "unknown", next_at=None)
    assert next_due() == NOW
    set_state(world, 2, 1, "held", next_at=None)
    assert next_due() is None


def test_a_persons_history_says_what_was_told_without_saying_it(world: World) -> None:
    world.people(1)
    world.deliver("rejected")
    world.change(1, name="改名")
    with transaction(world.engine) as connection:
        history = outbox.history(connection, 1)
        explained = explain_person(connection, 1, load_configuration(Path(os.environ["ELDERSYNC_CONFIG"])))
    assert [(row["revision"], row["state"], row["sent_as"], row["code"]) for row in history] == [
        (1, "rejected", "new", "00"), (2, "pending", None, None),
    ]  # fmt: skip
    assert history[0]["settled_at"] == NOW
    assert not {"payload", "sent_fields", "words"} & set(history[0])
    assert explained is not None
    assert [push["state"] for push in explained["pushes"]] == ["rejected", "pending"]
    assert "测试" not in repr(explained["pushes"])
