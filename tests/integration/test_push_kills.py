"""Senders killed at any instant lose nothing, double nothing and change no order, as the platform's own ledger has it."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from push_board import PHASES
from push_harness import ONE_CALL_A_NIGHT, Place, Senders, killing_in, say, senders

DEEP = bool(os.environ.get("ELDERSYNC_DEEP"))
KILLS = 5_000 if DEEP else 500
SEED = 20_240_630
SURE_BY: dict[str, dict[str, Any]] = {
    "keys-alone": {"town": {"api": {"paths": {"query": "", "list": ""}}}, "offers_lookup": False},
    "look-up-alone": {"town": {"api": {"keys_hours": 0}}, "keys": "none"},
    "both": {},
    "both-and-refusals": {"checks_existence": True, "accepts_stale": False},
}
"""How a sender can find out what became of what it sent. All but the last take whatever they are told, so that it would show."""


@pytest.fixture(scope="module")
def place(registry_home: Path, server_engine: sa.Engine) -> Place:
    return Place.at(registry_home, server_engine)


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Senders]:
    with senders(tmp_path_factory.mktemp("senders")) as started:
        yield started


@pytest.mark.parametrize("sure_by", SURE_BY)
def test_killed_at_any_instant_nothing_is_lost_doubled_or_out_of_order(place, nursery, tmp_path, capsys, sure_by):
    with killing_in(place, nursery, tmp_path / "town", seed=SEED, **SURE_BY[sure_by]) as killing:
        killing.kill(KILLS // len(SURE_BY))
        account = killing.settled()
        kills = f"{sure_by}: {killing.kills} kills in {killing.seconds:.0f} s"
        say(capsys, f"{kills}  {account.words()}", f"killed while: {killing.histogram()}")
        assert (killing.status, killing.ended, account.faults) == (0, 0, {}), nursery.said()
        assert len(killing.phases) >= 6


def test_killed_at_every_commit_and_at_every_step_of_a_call_nothing_is_lost(place, nursery, tmp_path, capsys):
    with killing_in(place, nursery, tmp_path / "town", seed=SEED, faults=0, town=ONE_CALL_A_NIGHT) as killing:
        for told in killing.kill_at_each_point():
            account = killing.settled()
            assert (killing.status, account.faults) == (0, {}), (killing.kills, told, nursery.said())
    assert set(killing.phases) == set(PHASES[1:])
    say(capsys, f"killed at each of {killing.kills} points: {dict(killing.phases)}  {account.words()}")
