"""One person's changes, two to five of them, among failures: told in their order, and what is held last is what was last."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from push_account import account_of
from push_changes import VARIANTS, Change
from push_harness import Place, say, town_in
from push_town import Town

from simulator.province.fault_script import ScriptedFault
from simulator.province.faults import KINDS, PASSING

PEOPLE = 100
ROUNDS = 10 * (10 if os.environ.get("ELDERSYNC_DEEP") else 1)


NIGHTS = 6
History = Mapping[int, int | None]
"""By night, what is stated of a person from then on; None where nobody states the person any more."""


def _history(variants: Sequence[int | None], nights: Sequence[int]) -> History:
    changes = [variant for variant, before in zip(variants, [None, *variants], strict=False) if variant != before]
    return dict(zip(sorted(nights), changes, strict=False))


HISTORIES = st.builds(
    _history,
    st.lists(st.sampled_from([*range(VARIANTS), None]), min_size=2, max_size=8),
    st.sets(st.integers(0, NIGHTS - 1), min_size=2, max_size=5),
).filter(lambda history: len(history) >= 2)
FAULTS = st.lists(
    st.sampled_from([(kind, moment) for kind in PASSING for moment in KINDS[kind].moments]), min_size=5, max_size=20
)
HOURS_BETWEEN = st.lists(st.sampled_from([0.0, 0.02, 0.2, 24.0]), min_size=NIGHTS, max_size=NIGHTS)


@pytest.fixture(scope="module")
def place(registry_home: Path, server_engine: sa.Engine) -> Place:
    return Place.at(registry_home, server_engine)


def test_a_thousand_histories_among_failures_keep_their_order(place, tmp_path, capsys):
    seen = {"histories": 0, "changes": 0, "effects": 0, "faults": 0}
    town_settings = {"api": {"batch_items": 3, "connections": 2}}
    with town_in(place, tmp_path, town=town_settings) as (town, platform), town.at_work():
        first = iter(range(1, 10_000_000, PEOPLE))

        @settings(
            max_examples=ROUNDS, deadline=None, database=None, derandomize=True,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(st.lists(HISTORIES, min_size=PEOPLE, max_size=PEOPLE), FAULTS, HOURS_BETWEEN)
        def told_in_order(histories, faults, hours):
            platform.script.clear()
            platform.script.add(*(ScriptedFault(kind=kind, moment=moment, least_items=1) for kind, moment in faults))
            live(town, next(first), histories, hours)
            seen["faults"] += len(faults) - platform.script.left
            platform.script.clear()
            town.push_until_told()
            account = account_of(town.engine, platform)
            assert account.faults == {}
            seen.update(histories=seen["histories"] + PEOPLE, changes=account.changes, effects=account.effects)

        told_in_order()
    say(capsys, f"{seen}")
    assert seen["histories"] >= 1_000


def live(town: Town, first: int, histories: Sequence[History], hours: Sequence[float]) -> None:
    """Lets the nights of these histories pass, each with its push."""
    for night in range(NIGHTS):
        people = enumerate(histories, first)
        changes = [Change(person, history[night]) for person, history in people if night in history]
        town.tell(changes) if changes else town.push_until_told(most=1, pause=0)
        town.board.pass_time(3600 * hours[night])
