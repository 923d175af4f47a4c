"""Plans: what a change is to the platform, in which bytes and under which key it is told, and what it makes superfluous."""

import pandas as pd
import pytest
import sqlalchemy as sa
from outbox_world import HELD_STATES, MINUTE, NOW, PROFILE, World, digest_of, ids, payload_of, planned, set_state

from registry import approvals, outbox, outbox_plan, platform_state
from registry.engine import transaction
from registry.tables import elder, elder_history
from registry.tables import outbox as entries


@pytest.fixture
def world(fresh_engine: sa.Engine) -> World:
    return World(fresh_engine)


# What a change is to the platform


TOLD = {
    "nothing": None,
    "new": "new",
    "changed": "changed",
    "withdrawn": "withdrawn",
}


@pytest.mark.parametrize("told_state", ["accepted", "sent"])
@pytest.mark.parametrize(
    ("told", "now", "operation", "reason"),
    [
        ("nothing", "active", "new", None),
        ("nothing", "withdrawn", "nothing", None),
        ("nothing", "no-category", "nothing", None),
        ("new", "active", "changed", None),
        ("new", "withdrawn", "withdrawn", "not-listed"),
        ("changed", "no-category", "withdrawn", "no-category"),
        ("withdrawn", "active", "new", None),
        ("withdrawn", "withdrawn", "nothing", None),
    ],
)
def test_what_a_change_is_depends_on_what_the_platform_was_told_last(
    world: World, told_state: str, told: str, now: str, operation: str, reason: str | None
) -> None:
    world.people(1)
    told_payload = payload_of("前") if TOLD[told] else None
    set_state(world, 1, 1, told_state if TOLD[told] else "rejected", sent_as=TOLD[told] or "new", payload=told_payload)
    world.change(1, **{"active": {}, "withdrawn": {"status": "withdrawn"}, "no-category": {"categories": ""}}[now])
    (found,) = world.read().to_dict("records")
    assert (found["revision"], found["operation"]) == (2, operation)
    assert (None if pd.isna(found["reason"]) else found["reason"]) == reason
    assert (None if pd.isna(found["told_as"]) else found["told_as"]) == TOLD[told]
    assert (None if pd.isna(found["told_payload"]) else found["told_payload"]) == told_payload


def test_people_are_read_page_by_page_with_the_day_of_their_change(world: World) -> None:
    world.people(5)
    with transaction(world.engine) as connection:
        connection.execute(
            sa.text(
                "INSERT INTO run (run_id, business_date, started_at, status, rules_digest, requested) "
                "VALUES (1, '2026-03-01', now(), 'green', '', '{}')"
            )
        )
        pages = [outbox_plan.plannable(connection, PROFILE, after=after, limit=2) for after in (0, 2, 4, 5)]
    assert [ids(page) for page in pages] == [[1, 2], [3, 4], [5], []]
    assert pages[0].loc[0, ["changed_on", "run_id", "name", "status"]].tolist() == ["2026-03-01", 1, "测试1", "active"]


@pytest.mark.parametrize("state", HELD_STATES)
def test_nobody_of_whom_something_is_under_way_is_planned(world: World, state: str) -> None:
    world.people(2)
    set_state(world, 1, 1, state)
    world.change(1)
    assert ids(world.read()) == [2]


def test_our_own_value_when_the_platform_was_told_last_is_found_again(world: World) -> None:
    world.people(2)
    world.change(1, phone="13900000001")
    world.plan()
    world.deliver()
    with transaction(world.engine) as connection:
        connection.execute(sa.insert(elder_history).from_select(
            [column.name for column in elder_history.columns], sa.select(elder, sa.literal(1)).where(elder.c.person_id == 1)
        ))  # fmt: skip
    world.change(1, phone="13900000002")
    world.change(1, phone="13900000003")
    world.change(2, name="新")
    with transaction(world.engine) as connection:
        found = outbox_plan.plannable(connection, PROFILE, after=0, limit=10, told_fields=["phone", "no_such_field"])
    assert found.columns[-1] == "told_phone"
    assert found.set_index("person_id")["phone"].tolist()[0] == "13900000003"
    assert found.set_index("person_id")["told_phone"].tolist()[0] == "13900000001"


# Plans and keys


def test_a_plan_gives_every_entry_its_bytes_and_a_key(world: World) -> None:
    world.people(2)
    world.plan(release=False)
    rows = world.rows()
    assert [row["payload"] for row in rows] == [payload_of("测试1"), payload_of("测试2")]
    assert [row["digest"] for row in rows] == [digest_of("new", row["payload"]) for row in rows]
    assert all(len(row["key"]) == 64 and row["plan_run"] == 2 and not row["is_released"] for row in rows)
    assert len({row["key"] for row in rows}) == 2


def test_planning_the_same_again_keeps_key_attempts_and_release(world: World) -> None:
    world.people(1)
    world.plan()
    world.take_over()
    world.settle(world.claim(), "pending", next_at=NOW + MINUTE, largest_batch=25)
    before = world.row(1, 1)
    world.plan(release=False)
    after = world.row(1, 1)
    assert after == before | {"plan_run": 3}
    assert (after["attempts"], after["next_at"], after["largest_batch"], after["is_released"]) == (
        1,
        NOW + MINUTE,
        25,
        True,
    )


def test_a_plan_that_says_something_else_begins_anew_and_is_not_released(world: World) -> None:
    world.people(1)
    world.plan()
    world.take_over()
    world.settle(world.claim(), "pending", next_at=NOW + MINUTE, largest_batch=25, code="503", words="忙")
    before = world.row(1, 1)
    with transaction(world.engine) as connection:
        connection.execute(sa.text("UPDATE elder SET name = '改名'"))
    world.plan(release=False)
    after = world.row(1, 1)
    assert after["key"] != before["key"]
    assert after["payload"] == payload_of("改名")
    assert [after[name] for name in ("attempts", "next_at", "largest_batch", "is_released", "code", "words", "first_sent_at")] == [
        0, None, None, False, None, None, None,
    ]  # fmt: skip


def test_a_key_survives_the_loss_of_the_row(world: World) -> None:
    world.people(1)
    world.plan()
    key = world.row(1, 1)["key"]
    with transaction(world.engine) as connection:
        connection.execute(entries.delete())
        assert outbox.enqueue_everyone(connection, PROFILE, 9) == 1
    world.plan()
    assert world.row(1, 1)["key"] == key


def test_a_key_is_another_with_another_epoch_platform_revision_person_or_content(world: World) -> None:
    world.people(2)
    World(world.engine, profile="other")
    keys = set()
    for _ in range(2):
        world.plan()
        keys |= {row["key"] for row in world.rows()}
        with transaction(world.engine) as connection:
            platform_state.begin_epoch(connection, PROFILE)
    with transaction(world.engine) as connection:
        outbox.enqueue_everyone(connection, "other", 9)
    World(world.engine, profile="other").plan()
    world.change(1)
    world.plan()
    keys |= {row["key"] for row in world.rows() if row["key"]}
    assert len(keys) == 2 + 2 + 2 + 2, (
        "two people: twice at first, at the other platform, and all anew in a third epoch"
    )


def test_what_the_platform_need_not_hear_or_holds_already_is_superseded(world: World) -> None:
    world.people(3)
    world.deliver()
    world.change(1)  # says the same
    world.change(2, name="改名")
    world.people(1, first=4)
    world.change(4, status="withdrawn")
    found = world.plan()
    assert found["operation"].tolist() == ["changed", "changed", "nothing"]
    assert world.states(1) == ["accepted", "superseded"]
    assert world.row(1, 2)["code"] == "told-already"
    assert world.states(2) == ["accepted", "pending"]
    assert world.states(4) == ["superseded", "superseded"]
    assert world.row(4, 2)["code"] == "nothing-to-tell"


def test_telling_again_what_was_told_before_a_withdrawal_is_something_to_tell(world: World) -> None:
    world.people(1)
    world.deliver()
    world.change(1, status="withdrawn")
    world.deliver()
    world.change(1, status="active")
    assert world.deliver()["sent_as"].tolist() == ["new"]
    assert world.states(1) == ["accepted", "accepted", "accepted"]


def test_planning_supersedes_older_revisions_by_itself(world: World) -> None:
    world.people(1)
    world.change(1)
    with transaction(world.engine) as connection:
        found = outbox_plan.plannable(connection, PROFILE, after=0, limit=10)
        assert outbox_plan.store_plan(connection, PROFILE, 2, planned(found)) == 1
    assert world.states(1) == ["superseded", "pending"]


def test_an_entry_claimed_while_a_plan_was_made_stays_as_it_is_and_the_newer_one_waits(world: World) -> None:
    world.people(1)
    world.plan()
    world.take_over()
    world.change(1)
    found = world.read()
    world.claim()
    with transaction(world.engine) as connection:
        assert outbox_plan.store_plan(connection, PROFILE, 3, planned(found)) == 0
    assert world.states(1) == ["inflight", "pending"]
    assert world.row(1, 2)["payload"] is None


def test_a_plan_is_stored_in_parts(world: World) -> None:
    world.people(4)
    with transaction(world.engine) as connection:
        for after in (0, 2):
            part = outbox_plan.plannable(connection, PROFILE, after=after, limit=2)
            assert outbox_plan.store_plan(connection, PROFILE, 2, planned(part)) == 2
        faults = pd.DataFrame(
            {"person_id": [1, 1, 2], "revision": [1, 1, 1], "code": ["incomplete", "other", "incomplete"]}
        )
        assert outbox_plan.unplannable(connection, PROFILE, faults.iloc[:2]) == 1
        assert outbox_plan.unplannable(connection, PROFILE, faults.iloc[2:]) == 1
        assert outbox_plan.unplannable(connection, PROFILE, faults.iloc[:0]) == 0
        assert outbox_plan.store_plan(connection, PROFILE, 2, planned(part.iloc[:0])) == 0


def test_what_cannot_be_said_waits_without_a_plan_and_can_be_planned_later(world: World) -> None:
    world.people(1)
    world.plan()
    with transaction(world.engine) as connection:
        fault = pd.DataFrame({"person_id": [1], "revision": [1], "code": ["incomplete"]})
        outbox_plan.unplannable(connection, PROFILE, fault)
    world.take_over()
    assert world.claim().empty
    row = world.row(1, 1)
    assert (row["state"], row["code"], row["payload"], row["key"], row["is_released"]) == ("pending", "incomplete", None, None, False)  # fmt: skip
    world.plan()
    assert world.row(1, 1)["code"] is None
    assert len(world.claim()) == 1


def test_a_plan_can_be_read_and_its_digest_is_of_what_waits_to_be_released(world: World) -> None:
    world.people(2)
    world.deliver()
    world.change(1, name="改名")
    world.people(1, first=3)
    world.plan(release=False)
    with transaction(world.engine) as connection:
        approvals.hold_person(connection, 3, by="张三", reason="核实", at=NOW)
        (page,) = outbox_plan.plan_rows(connection, PROFILE, world.run)
        digest = outbox_plan.plan_digest(connection, PROFILE)
        assert outbox_plan.plan_digest(connection, PROFILE) == digest
    assert page[["person_id", "sent_as", "told_as", "told_payload", "is_held"]].astype(object).where(page.notna(), None).to_numpy().tolist() == [
        [1, "changed", "new", payload_of("测试1"), False], [3, "new", None, None, True],
    ]  # fmt: skip
    world.change(1, name="又改名")
    world.plan(release=False)
    with transaction(world.engine) as connection:
        assert outbox_plan.plan_digest(connection, PROFILE) != digest
        assert outbox_plan.release(connection, PROFILE, world.run - 1) == 0, "a plan that another has replaced"
        assert outbox_plan.release(connection, PROFILE, world.run) == 2
        empty = outbox_plan.plan_digest(connection, PROFILE)
        assert outbox_plan.plan_digest(connection, "other") == empty
