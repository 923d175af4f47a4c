"""What people decide about the push: two different ones approve a plan, and a person can be held back."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from outbox_world import NOW, PROFILE, World

from registry import approvals
from registry.engine import transaction
from registry.tables import person_hold
from schemas.errors import ConfigurationInvalid


@pytest.fixture
def world(fresh_engine: sa.Engine) -> World:
    return World(fresh_engine)


def approve(world: World, approver: str, **given: Any) -> int:
    values = {"subject": "plan", "digest": "d", "run_id": 1, "account": "office", "reason": "核对无误", "at": NOW}
    with transaction(world.engine) as connection:
        return approvals.record_approval(connection, approver=approver, **(values | given))


def is_approved(world: World, subject: str = "plan", digest: str = "d") -> bool:
    with transaction(world.engine) as connection:
        return approvals.is_approved(connection, subject, digest)


def test_two_different_people_approve(world: World) -> None:
    assert not is_approved(world)
    assert approve(world, "张三") == 1
    assert not is_approved(world)
    assert approve(world, "李四") == 2
    assert is_approved(world)


@pytest.mark.parametrize(
    ("first", "again"),
    [
        pytest.param("张三", "张三", id="the same"),
        pytest.param("张三", " 张　三 ", id="with blanks"),
        pytest.param("Wang Fang", "ＷＡＮＧＦＡＮＧ", id="in full-width capitals"),
        pytest.param("Straße", "STRASSE", id="in capitals of another length"),
        pytest.param("张三", "张\u200b三", id="with something nobody sees"),
    ],
)
def test_one_person_counts_once_however_the_name_is_written(world: World, first: str, again: str) -> None:
    approve(world, first)
    assert approve(world, again) == 1
    with transaction(world.engine) as connection:
        assert approvals.approvers(connection, "plan", "d") == [first]


def test_an_approval_is_of_exactly_one_thing(world: World) -> None:
    approve(world, "张三")
    assert approve(world, "李四", digest="e") == 1
    assert approve(world, "李四", subject="delivery") == 1
    assert not is_approved(world)


@pytest.mark.parametrize("blank", ["", " ", "　\t", "\u200b"])
def test_an_approval_names_a_person_and_a_reason(world: World, blank: str) -> None:
    with pytest.raises(ConfigurationInvalid, match="named"):
        approve(world, blank)
    with pytest.raises(ConfigurationInvalid, match="reason"):
        approve(world, "张三", reason=blank)
    assert approve(world, "张三") == 1


def test_a_plan_is_recorded_read_and_released(world: World) -> None:
    given = {"counts": {"new": 3}, "brakes": ["first-push"], "planned_at": NOW}
    with transaction(world.engine) as connection:
        assert approvals.read_plan(connection, PROFILE) is None
        approvals.record_plan(connection, PROFILE, 4, digest="d", **given)
        approvals.record_plan(connection, PROFILE, 5, digest="e", counts={}, brakes=[], planned_at=NOW)
        approvals.record_plan(connection, "other", 6, digest="f", **given)
        approvals.note_plan_released(connection, 4, NOW)
        assert approvals.read_plan(connection, PROFILE, 4) == (4, PROFILE, "d", {"new": 3}, ["first-push"], NOW, NOW)
        newest = approvals.read_plan(connection, PROFILE)
        assert newest is not None
        assert (newest.run_id, newest.brakes, newest.released_at) == (5, [], None)
        approvals.record_plan(connection, PROFILE, 4, digest="g", **given)
        again = approvals.read_plan(connection, PROFILE, 4)
    assert again is not None
    assert (again.digest, again.released_at) == ("g", None), "made again, it is another plan"


def test_who_is_held_is_known_with_who_did_it_and_why(world: World) -> None:
    world.people(2)
    with transaction(world.engine) as connection:
        approvals.hold_person(connection, 2, by=" 张三 ", reason="家属来访", at=NOW)
        approvals.hold_person(connection, 1, by="张三", reason="核实", at=NOW)
        assert approvals.held_people(connection) == [(1, NOW, "张三", "核实"), (2, NOW, "张三", "家属来访")]
        approvals.release_person(connection, 1, by="李四", reason="已核实", at=NOW + timedelta(days=1))
        assert [held.person_id for held in approvals.held_people(connection)] == [2]
        approvals.hold_person(connection, 1, by="李四", reason="又有疑问", at=NOW + timedelta(days=2))
        kept = connection.execute(
            sa.select(person_hold.c.released_by).order_by(person_hold.c.held_at, person_hold.c.person_id)
        )
        assert kept.scalars().all() == ["李四", None, None]


def test_nobody_is_held_twice_or_released_unheld_and_only_people_there_are(world: World) -> None:
    world.people(1)
    said = {"by": "张三", "reason": "核实", "at": datetime(2026, 1, 1, tzinfo=UTC)}
    with transaction(world.engine) as connection:
        with pytest.raises(ConfigurationInvalid, match="person 1 is not held"):
            approvals.release_person(connection, 1, **said)
        with pytest.raises(ConfigurationInvalid, match="no person 7"):
            approvals.hold_person(connection, 7, **said)
        approvals.hold_person(connection, 1, **said)
        with pytest.raises(ConfigurationInvalid, match="held already"):
            approvals.hold_person(connection, 1, **(said | {"at": NOW}))
        for name in ("by", "reason"):
            with pytest.raises(ConfigurationInvalid):
                approvals.release_person(connection, 1, **(said | {name: " "}))
