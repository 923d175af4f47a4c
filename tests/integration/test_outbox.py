"""The outbox: what each person's newest change is to the platform, and that it leaves once, in order, by one sender."""

import os
import threading
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa
from outbox_world import LEASE, MINUTE, NOW, PROFILE, World, digest_of, ids, outcomes_of, payload_of, planned, records

from registry import approvals, outbox, outbox_delivery, outbox_observed, outbox_plan, platform_state
from registry.engine import transaction
from registry.explain import explain_person
from registry.push_results import settle_results
from registry.tables import elder, elder_history, platform
from registry.tables import outbox as entries
from schemas.configuration import load_configuration
from schemas.errors import ConfigurationInvalid, ContractBroken, StageFailed
from schemas.push import PushState

HELD_STATES = ["inflight", "processing", "unknown", "held"]


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


def set_state(world: World, person: int, revision: int, state: str, **values: object) -> None:
    with transaction(world.engine) as connection:
        here = sa.and_(entries.c.person_id == person, entries.c.revision == revision)
        connection.execute(entries.update().where(here).values(state=state, **values))


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


# Read back from the platform


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


# The platform as a whole


def test_a_platform_is_given_a_secret_of_its_own_once(world: World) -> None:
    with transaction(world.engine) as connection:
        state = platform_state.read(connection, PROFILE)
        assert platform_state.key_material(connection, PROFILE) == platform_state.key_material(connection, PROFILE)
        platform_state.read(connection, "other")
        secrets = connection.execute(sa.select(platform.c.secret)).scalars().all()
    assert [len(secret) for secret in secrets] == [64, 64]
    assert len(set(secrets)) == 2
    assert (state.epoch, state.fence, state.failures, state.must_reconcile, state.open_until) == (1, 0, 0, False, None)
    assert not any(secret in repr(state) for secret in secrets)


def test_after_a_restore_keys_are_new_and_the_sides_must_be_reconciled(world: World) -> None:
    with transaction(world.engine) as connection:
        assert platform_state.begin_epoch(connection, PROFILE) == 2
        assert platform_state.read(connection, PROFILE).must_reconcile
        platform_state.note_reconciled(connection, PROFILE)
        state = platform_state.read(connection, PROFILE)
    assert (state.epoch, state.must_reconcile) == (2, False)


def test_the_breaker_counts_failures_until_the_platform_answers(world: World) -> None:
    with transaction(world.engine) as connection:
        platform_state.note_success(connection, PROFILE)
        assert [platform_state.note_failure(connection, PROFILE) for _ in range(3)] == [1, 2, 3]
        platform_state.open_breaker(connection, PROFILE, LEASE)
        assert platform_state.read(connection, PROFILE).open_until == LEASE
        platform_state.note_success(connection, PROFILE)
        state = platform_state.read(connection, PROFILE)
    assert (state.failures, state.open_until) == (0, None)


def test_a_stop_stands_until_a_person_has_looked(world: World) -> None:
    with transaction(world.engine) as connection:
        assert not platform_state.clear_stop(connection, PROFILE)
        platform_state.stop(connection, PROFILE, NOW, "it refuses our certificate")
        platform_state.note_success(connection, PROFILE)
        state = platform_state.read(connection, PROFILE)
        assert (state.stopped_at, state.stopped_by) == (NOW, "it refuses our certificate")
        assert platform_state.clear_stop(connection, PROFILE)
        assert platform_state.read(connection, PROFILE).stopped_by is None


def test_the_first_push_is_remembered(world: World) -> None:
    with transaction(world.engine) as connection:
        for run in (4, 5):
            platform_state.note_first_push(connection, PROFILE, run)
        assert platform_state.read(connection, PROFILE).first_push_run == 4


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
