"""Read back: what the platform turned out to hold of a person, and what we then take for told."""

import pandas as pd
import pytest
import sqlalchemy as sa
from outbox_world import NOW, PROFILE, World, ids, payload_of, records, set_state

from registry import outbox_observed, outbox_plan
from registry.engine import transaction


@pytest.fixture
def world(fresh_engine: sa.Engine) -> World:
    return World(fresh_engine)


def test_what_was_read_back_is_what_was_told_last(world: World) -> None:
    world.people(4)
    world.deliver()
    found = records([
        (1, 1, True, payload_of("他们的")),  # the same revision, other content
        (2, 6, True, payload_of("他们的")),  # a revision we never told
        (3, 1, False, None),
        (4, None, True, payload_of("测试4")),  # a platform that tells no revision
        (9, None, True, payload_of("陌生")),
    ])  # fmt: skip
    with transaction(world.engine) as connection:
        outbox_observed.observe(connection, PROFILE, 5, NOW, found)
        outbox_observed.observe(connection, PROFILE, 5, NOW, found.iloc[:0])
        told = outbox_observed.told_people(connection, PROFILE, after=0, limit=10)
        assert outbox_observed.told_people(connection, PROFILE, after=9, limit=10).empty
    seen = told.astype(object).where(told.notna(), None).to_numpy().tolist()
    assert seen == [
        [1, 1, "new", payload_of("他们的"), 1], [2, 6, "changed", payload_of("他们的"), 1], [3, 1, "withdrawn", None, 1],
        [4, 1, "new", payload_of("测试4"), 1], [9, 0, "changed", payload_of("陌生"), None],
    ]  # fmt: skip
    assert world.row(1, 1)["key"] is None, "the key is of other bytes"
    assert world.row(4, 1)["key"] is not None
    assert world.row(2, 1)["payload"] is None
    assert {row["operation"] for row in world.rows(1)} == {"observed"}


def test_an_older_revision_read_back_takes_the_place_of_what_was_accepted_but_not_of_a_workbook(world: World) -> None:
    world.people(2)
    world.deliver()
    for person in (1, 2):
        world.change(person, name="改名")
    world.deliver()
    set_state(world, 2, 2, "sent")
    with transaction(world.engine) as connection:
        found = records([(person, 1, True, payload_of(f"测试{person}")) for person in (1, 2)])
        outbox_observed.observe(connection, PROFILE, 5, NOW, found)
        told = outbox_observed.told_people(connection, PROFILE, after=0, limit=10)
    assert told["revision"].tolist() == [1, 2]
    assert world.states(1) == ["accepted", "superseded"]
    assert world.row(1, 2)["code"] == "not-held"


def test_an_open_entry_of_the_revision_read_back_is_settled_by_it(world: World) -> None:
    world.people(1)
    world.plan()
    world.take_over()
    claimed = world.claim()
    with transaction(world.engine) as connection:
        assert ids(outbox_observed.open_people(connection, PROFILE).to_frame()) == [1]
        outbox_observed.observe(connection, PROFILE, 5, NOW, records([(1, 1, True, payload_of("测试1"))]))
        assert outbox_observed.open_people(connection, PROFILE).empty
    assert world.states(1) == ["accepted"]
    assert world.settle(claimed, "pending") == 0


def test_changes_under_a_number_the_platform_has_seen_are_raised_above_it_and_told(world: World) -> None:
    world.people(2)
    world.change(1, name="改名")
    with transaction(world.engine) as connection:
        outbox_observed.observe(connection, PROFILE, 5, NOW, records([(1, 7, True, payload_of("他们的"))]))
        assert outbox_plan.plannable(connection, PROFILE, after=0, limit=10)["person_id"].tolist() == [2]
        people = outbox_observed.overtaken(connection, PROFILE)
        assert people.tolist() == [1]
        assert outbox_observed.raise_revisions(connection, PROFILE, 6, people) == 1
        assert outbox_observed.raise_revisions(connection, PROFILE, 6, []) == 0
        assert outbox_observed.overtaken(connection, PROFILE).empty
        kept = connection.execute(sa.text("SELECT revision, to_run FROM elder_history")).all()
        now = connection.execute(sa.text("SELECT revision, from_run FROM elder WHERE person_id = 1")).one()
    assert ([tuple(row) for row in kept], tuple(now)) == ([(2, 6)], (8, 6))
    world.plan()
    world.take_over()
    claimed = world.claim()
    assert claimed[["person_id", "revision", "sent_as"]].to_numpy().tolist() == [[1, 8, "changed"], [2, 1, "new"]]
    assert world.states(1) == ["superseded", "superseded", "accepted", "inflight"]


def test_raising_twice_in_a_run_keeps_the_record_before_it_once(world: World) -> None:
    world.people(1)
    with transaction(world.engine) as connection:
        for _ in range(2):
            assert outbox_observed.raise_revisions(connection, PROFILE, 6, pd.Series([1, 1])) == 1
        kept = connection.execute(sa.text("SELECT revision FROM elder_history")).scalars().all()
    assert kept == [1]
    assert [(row["revision"], row["operation"]) for row in world.rows(1)] == [(1, "new"), (2, "resent"), (3, "resent")]
