"""What nobody knows the outcome of is found out, never hoped for: with keys, with a look-up, with receipts, or by a person."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from push_account import account_of
from push_changes import Change
from push_harness import Place, say, town_in
from push_town import Town

from simulator.province.fault_script import ScriptedFault
from simulator.province.running import RunningProvince

UNKNOWN = 200
HOUR = 3600.0
NO_LOOK_UP = {"query": "", "list": ""}


class Habit(NamedTuple):
    """What a platform offers, what the profile says of it, and how long nobody looks."""

    api: dict[str, Any]
    behaviour: dict[str, Any]
    ahead: float


KEYS_FOR_EVER = Habit(
    {"paths": NO_LOOK_UP, "keys_hours": 1_000_000}, {"keys": "for-ever", "offers_lookup": False}, HOUR
)
KEYS_FOR_A_DAY = Habit({"paths": NO_LOOK_UP, "keys_hours": 24}, {"keys": "one-day", "offers_lookup": False}, 23 * HOUR)
LOOK_UP_ONLY = Habit({"keys_hours": 0}, {"keys": "none"}, HOUR)
KEYS_GONE = KEYS_FOR_A_DAY._replace(ahead=25 * HOUR)
NEITHER = Habit({"paths": NO_LOOK_UP, "keys_hours": 0}, {"keys": "none", "offers_lookup": False}, HOUR)


@pytest.fixture(scope="module")
def place(registry_home: Path, server_engine: sa.Engine) -> Place:
    return Place.at(registry_home, server_engine)


@contextmanager
def unknown(place: Place, folder: Path, habit: Habit) -> Iterator[tuple[Town, RunningProvince]]:
    """A town of which two hundred people were told and nothing is known: half of them took effect, half did not."""
    api = {"batch_items": 50, "connections": 1, **habit.api}
    with town_in(place, folder, town={"api": api}, **habit.behaviour) as (town, platform), town.at_work():
        after, before = (
            ScriptedFault(kind="reset", moment=moment, times=2, least_items=1) for moment in ("after", "before")
        )
        platform.script.add(after, before)
        told = town.tell([Change(person, person % 3) for person in range(1, UNKNOWN + 1)])
        assert dict(told.settled) == {"unknown": UNKNOWN}
        with platform.view() as view:
            assert len(view.effects()) == UNKNOWN // 2
        town.board.pass_time(habit.ahead)
        yield town, platform


@pytest.mark.parametrize(
    "habit",
    [KEYS_FOR_EVER, KEYS_FOR_A_DAY, LOOK_UP_ONLY],
    ids=["keys-for-ever", "keys-for-a-day", "look-up-and-no-keys"],
)
def test_two_hundred_unknown_outcomes_are_found_out_without_a_double(place, tmp_path, capsys, habit):
    with unknown(place, tmp_path, habit) as (town, platform):
        town.push_until_told(most=3)
        account = account_of(town.engine, platform)
        say(capsys, f"{account.words()}")
        assert (account.faults, account.effects) == ({}, UNKNOWN)


@pytest.mark.parametrize("habit", [KEYS_GONE, NEITHER], ids=["keys-forgotten", "neither-keys-nor-look-up"])
def test_what_nobody_can_find_out_is_held_and_is_never_tried_again_by_itself(place, tmp_path, habit):
    with unknown(place, tmp_path, habit) as (town, platform):
        town.push(town.newest_run())
        with platform.view() as view:
            asked = len(view.requests())
        for _ in range(20):
            town.board.pass_time(HOUR)
            town.plan(town.newest_run())
            town.push(town.newest_run())
        assert town.waiting()["held"] == UNKNOWN
        with platform.view() as view:
            assert len(view.requests()) == asked
        account = account_of(town.engine, platform)
        assert (account.doubled, account.effects, account.refused) == (0, UNKNOWN // 2, UNKNOWN)


@pytest.mark.parametrize("habit", [KEYS_FOR_EVER, LOOK_UP_ONLY], ids=["keys-for-ever", "look-up-and-no-keys"])
def test_who_is_changed_back_while_an_outcome_is_unknown_is_told_so(place, tmp_path, habit):
    api = {"batch_items": 50, "connections": 1, **habit.api}
    with town_in(place, tmp_path, town={"api": api}, **habit.behaviour) as (town, platform), town.at_work():
        town.tell([Change(1, 0), Change(2, 0)])
        platform.script.add(ScriptedFault(kind="reset", moment="after", least_items=1))
        town.tell([Change(1, 1), Change(2, 1), Change(3, 0)])  # takes effect, and nobody knows
        town.tell([Change(1, 0), Change(2, None), Change(3, None)])
        town.board.pass_time(HOUR)
        platform.script.add(ScriptedFault(kind="unauthorised", times=2, least_items=1))
        town.push(town.newest_run())
        town.push_until_told(most=5)
        account = account_of(town.engine, platform)
        assert account.faults == {}


@pytest.mark.parametrize("keys", ["for-ever", "none"])
def test_a_platform_that_answers_later_is_asked_until_it_says(place, tmp_path, keys):
    api = {"batch_items": 50, "connections": 1}
    with (
        town_in(place, tmp_path, town={"api": api}, answers="later", processing_seconds=2 * HOUR, keys=keys) as (
            town,
            platform,
        ),
        town.at_work(),
    ):
        told = town.tell([Change(person, 0) for person in range(1, UNKNOWN + 1)])
        assert dict(told.settled) == {"processing": UNKNOWN}
        town.tell([Change(person, 1) for person in range(1, 51)])
        waits = town.push_until_told(most=60)
        account = account_of(town.engine, platform)
        assert (account.faults, account.effects) == ({}, UNKNOWN + 50)
        assert waits <= 30


SAID = {
    "code-200": {},
    "code-0": {"answer": {"success": [{"path": "code", "values": [0]}]}},
    "code-text-0": {"answer": {"success": [{"path": "code", "values": ["0"]}]}},
    "status-1": {"answer": {"success": [{"path": "status", "values": [1]}], "message": "message"}},
    "double-code": {
        "answer": {
            "success": [{"path": "code", "values": ["0"]}, {"path": "data.code", "values": [0]}],
            "business_code": "data.code", "message": "data.msg", "batch": "data.data.batch", "items": "data.data.items",
        },
        "lookup": {"records": "data.data.records"},
        "receipts": {"items": "data.data.items"},
    },
}  # fmt: skip


@pytest.mark.parametrize("envelope", SAID)
def test_however_success_is_said_faults_lose_nothing(place, tmp_path, envelope):
    kinds = Counter[str]()
    with town_in(place, tmp_path, town={"api": SAID[envelope]}, envelope=envelope) as (town, platform), town.at_work():
        for kind in ("processing", "reset", "in-progress", "too-many", "business-code", "item-missing"):
            platform.script.add(ScriptedFault(kind=kind, moment="after", least_items=1))
        for variant in range(3):
            kinds.update(town.tell([Change(person, variant) for person in range(1, 13)]).settled)
            town.board.pass_time(HOUR)
        town.push_until_told(most=8)
        account = account_of(town.engine, platform)
        assert account.faults == {}
        assert platform.script.left == 0
    assert {"accepted", "unknown", "processing"} <= set(kinds)


def test_what_is_told_again_in_a_batch_that_is_refused_whole_is_told_in_halves(place, tmp_path):
    api = {"batch_items": 12, "connections": 1, **KEYS_FOR_EVER.api}
    with town_in(place, tmp_path, town={"api": api}, **KEYS_FOR_EVER.behaviour) as (town, platform), town.at_work():
        platform.script.add(ScriptedFault(kind="reset", moment="after", least_items=1))
        assert dict(town.tell([Change(person, 0) for person in range(1, 13)]).settled) == {"unknown": 12}
        platform.script.add(ScriptedFault(kind="bad-request", moment="before", person="5", times=100))
        town.board.pass_time(HOUR)
        assert dict(town.push(town.newest_run()).settled) == {"accepted": 11, "rejected": 1}
        assert account_of(town.engine, platform).faults == {"refused": 1}
