"""A platform that is away, or asks for time, is left alone: few questions, nothing lost, and a short while after it is back all is told."""

import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from push_account import account_of
from push_changes import Change
from push_harness import Place, say, town_in

from registry import platform_state
from registry.engine import transaction
from schemas.push import PushState
from simulator.province.fault_script import ScriptedFault

PEOPLE = 200
EVERY = 600.0
HOURS = 8


@pytest.fixture(scope="module")
def place(registry_home: Path, server_engine: sa.Engine) -> Place:
    return Place.at(registry_home, server_engine)


def asked_at(platform):
    with platform.view() as view:
        return [seen.at for seen in view.requests()]


def failures_and_breaker(town):
    with transaction(town.engine) as connection:
        state = platform_state.read(connection, town.profile.name)
    return state.failures, state.open_until


@pytest.mark.parametrize("kind", ["reset", "unavailable", "server-error"])
def test_a_platform_dead_for_eight_hours_is_asked_little_and_told_everything_when_it_is_back(
    place, tmp_path, capsys, kind
):
    api = {"batch_items": 50, "connections": 8}
    with town_in(place, tmp_path, town={"api": api}) as (town, platform), town.at_work():
        town.tell([Change(person, 0) for person in range(1, 21)])
        alive = len(asked_at(platform))
        platform.script.add(ScriptedFault(kind=kind, moment="before", times=100_000))
        run_id = town.commit([Change(person, 1) for person in range(1, PEOPLE + 1)])
        opened_after = None
        for _ in range(int(HOURS * 3600 / EVERY)):
            town.plan(run_id)
            town.push(run_id)
            failures, open_until = failures_and_breaker(town)
            if open_until is not None and opened_after is None:
                opened_after = failures
            town.board.pass_time(EVERY)
        asked = len(asked_at(platform)) - alive
        assert sum(town.waiting().values()) == PEOPLE
        platform.script.clear()
        town.plan(run_id)
        town.push(run_id)
        account = account_of(town.engine, platform)
        say(
            capsys,
            f"{kind}: {asked} requests in {HOURS} hours, circuit open after {opened_after} failures; {account.words()}",
        )
        assert (account.faults, account.effects) == ({}, 20 + PEOPLE)
        assert asked <= 60
        assert opened_after is not None
        assert opened_after <= 5


def test_a_platform_that_dies_in_the_middle_of_a_push_is_asked_no_more_than_was_under_way(place, tmp_path):
    connections = 8
    api = {"batch_items": 5, "connections": connections}
    with town_in(place, tmp_path, town={"api": api}) as (town, platform), town.at_work():
        platform.script.add(ScriptedFault(kind="bad-gateway", moment="before", times=100_000, least_items=1))
        town.tell([Change(person, 0) for person in range(1, PEOPLE + 1)])
        assert len(asked_at(platform)) <= 1 + connections
        assert failures_and_breaker(town)[1] is not None


RETRY_AFTER = {
    "seconds": ("120", 120, 120),
    "date": ("date+300", 300, 300),
    "negative": ("-5", 20, 480),
    "nothing": ("0", 20, 480),
    "ten-digits": ("9999999999", 900, 900),
    "garbage": ("soon", 20, 480),
}


@pytest.mark.parametrize("asks", RETRY_AFTER)
def test_time_that_a_platform_asks_for_is_given_or_capped_and_never_slept(place, tmp_path, asks):
    given, least, most = RETRY_AFTER[asks]
    step = 10
    with town_in(place, tmp_path, town={"api": {"connections": 1}}) as (town, platform), town.at_work():
        fault = ScriptedFault(kind="too-many", moment="before", retry_after=given, least_items=1)
        platform.script.add(fault)
        began = time.monotonic()
        run_id = town.commit([Change(1, 0)])
        town.plan(run_id)
        town.push(run_id)
        assert time.monotonic() - began < least
        refused = asked_at(platform)
        while len(asked_at(platform)) == len(refused):
            town.board.pass_time(step)
            town.push(run_id)
        waited = asked_at(platform)[len(refused)] - refused[-1]
        assert least - step < waited < most + 2 * step
        town.push_until_told(most=3)
        assert account_of(town.engine, platform).faults == {}
        assert town.waiting()[PushState.HELD] == 0
