"""Settling: what the platform said of each entry, over its interface or in a workbook's result, is noted once."""

import pandas as pd
import pytest
import sqlalchemy as sa
from outbox_world import LEASE, MINUTE, NOW, PROFILE, World, ids, outcomes_of, payload_of

from registry import outbox_delivery
from registry.engine import transaction
from registry.push_results import settle_results
from schemas.errors import ContractBroken
from schemas.push import PushState


@pytest.fixture
def world(fresh_engine: sa.Engine) -> World:
    return World(fresh_engine)


# Settling


@pytest.mark.parametrize("state", ["accepted", "rejected"])
def test_an_end_is_dated_and_keeps_what_the_platform_said(world: World, state: str) -> None:
    world.people(1)
    world.plan()
    world.take_over()
    assert world.settle(world.claim(), state, code="E1", words="说明", receipt="r", next_at=NOW) == 1
    row = world.row(1, 1)
    assert [row[name] for name in ("state", "code", "words", "receipt", "settled_at", "sent_run", "next_at", "fence")] == [
        state, "E1", "说明", "r", NOW, 2, None, None,
    ]  # fmt: skip


def test_an_outcome_is_settled_once(world: World) -> None:
    world.people(2)
    world.plan()
    world.take_over()
    claimed = world.claim()
    assert world.settle(claimed.iloc[:1], "accepted") == 1
    assert world.settle(claimed, "rejected") == 1
    assert [row["state"] for row in world.rows()] == ["accepted", "rejected"]
    assert world.settle(claimed.iloc[:0], "accepted") == 0


def test_outcomes_of_several_kinds_are_settled_together(world: World) -> None:
    world.people(4)
    world.plan()
    world.take_over()
    claimed = world.claim()
    outcomes = outcomes_of(claimed, "pending").assign(
        state=[PushState.ACCEPTED, PushState.PENDING, PushState.UNKNOWN, PushState.HELD],
        next_at=[None, NOW + MINUTE, LEASE, NOW], largest_batch=[None, 25, None, None],
    )  # fmt: skip
    with transaction(world.engine) as connection:
        assert outbox_delivery.settle(connection, PROFILE, fence=world.fence, now=NOW, outcomes=outcomes, run_id=2) == 4
    assert [(row["state"], row["next_at"], row["largest_batch"]) for row in world.rows()] == [
        ("accepted", None, None), ("pending", NOW + MINUTE, 25), ("unknown", LEASE, None), ("held", None, None),
    ]  # fmt: skip


@pytest.mark.parametrize("state", ["superseded", "sent", "inflight", "done"])
def test_what_no_outcome_can_be_is_refused(world: World, state: str) -> None:
    world.people(1)
    world.plan()
    world.take_over()
    with pytest.raises(ContractBroken):
        world.settle(world.claim(), state)


def test_a_retry_sends_the_same_bytes_under_the_same_key(world: World) -> None:
    world.people(1)
    world.plan()
    world.take_over()
    first = world.claim()
    world.settle(first, "pending", next_at=NOW + MINUTE)
    world.change(1, name="改名")
    again = world.claim(now=NOW + MINUTE)
    assert again[["key", "fields"]].equals(first[["key", "fields"]])
    assert again["attempts"].tolist() == [2]


def test_a_retry_gives_way_to_what_is_newer_when_it_is_planned(world: World) -> None:
    world.people(1)
    world.plan()
    world.take_over()
    world.settle(world.claim(), "pending")
    world.change(1, name="改名")
    world.plan()
    assert world.states(1) == ["superseded", "pending"]
    assert world.claim()["fields"].tolist() == [payload_of("改名")]


def test_what_the_platform_held_before_is_let_go_when_something_newer_is_accepted(world: World) -> None:
    world.people(1)
    world.deliver()
    world.change(1, name="二")
    world.deliver("rejected")
    world.change(1, name="三")
    world.plan()
    assert [row["payload"] for row in world.rows(1)] == [payload_of(name) for name in ("测试1", "二", "三")]
    world.settle(world.claim(), "accepted")
    assert [row["payload"] for row in world.rows(1)] == [None, None, payload_of("三")]
    assert [row["sent_as"] for row in world.rows(1)] == ["new", "changed", "changed"]
    assert all(row["key"] and row["digest"] for row in world.rows(1))


# Workbooks


def test_a_workbook_is_sent_and_its_result_settles_it(world: World) -> None:
    world.people(3)
    world.plan()
    rows = pd.DataFrame({"person_id": [1, 2], "revision": [1, 1]})
    with transaction(world.engine) as connection:
        assert outbox_delivery.mark_sent(connection, PROFILE, world.run, NOW, rows, batch="b") == 2
        assert outbox_delivery.mark_sent(connection, PROFILE, world.run, NOW, rows.iloc[:0], batch="b") == 0
    with pytest.raises(ContractBroken, match="2 entries"), transaction(world.engine) as connection:
        outbox_delivery.mark_sent(connection, PROFILE, world.run, NOW, rows, batch="b")
    world.take_over()
    assert ids(world.claim()) == [3]
    with transaction(world.engine) as connection:
        outcomes = outcomes_of(rows, "accepted").assign(state=["accepted", "rejected"])
        settled = [settle_results(connection, PROFILE, NOW, outcomes) for _ in range(2)]
    assert settled == [2, 0]
    assert [row["state"] for row in world.rows()] == ["accepted", "rejected", "inflight"]
    assert world.row(1, 1)["sent_run"] == world.run


def test_a_late_result_of_an_older_workbook_leaves_the_newest_as_what_is_held(world: World) -> None:
    world.people(1)
    for name in ("一", "二"):
        world.change(1, name=name)
        world.plan()
        with transaction(world.engine) as connection:
            row = pd.DataFrame({"person_id": [1], "revision": [world.rows(1)[-1]["revision"]]})
            outbox_delivery.mark_sent(connection, PROFILE, world.run, NOW, row, batch="b")
    for revision in (3, 2):
        with transaction(world.engine) as connection:
            outcome = outcomes_of(pd.DataFrame({"person_id": [1], "revision": [revision]}), "accepted")
            settle_results(connection, PROFILE, NOW, outcome)
    assert [row["payload"] for row in world.rows(1)] == [None, None, payload_of("二")]
