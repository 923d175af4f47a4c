"""The test of the killed senders would find a bug: each of these is found by it, and without them the same kills are clean."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from push_bugs import BUGS
from push_harness import BAD_DAY, ONE_CALL_A_NIGHT, STEP, Killing, Place, Senders, killing_in, say, senders

from registry.engine import connect_registry, transaction
from schemas.errors import ConfigurationInvalid
from simulator.province.fault_script import Chance

SEED = 20_240_701
MOST_KILLS = 500
AT_A_TIME = 10
WITHOUT_A_BUG = 20


@dataclass(frozen=True)
class Planted:
    """A bug, by what it must show itself, and where it can do harm."""

    bug: str
    shows: str
    kinds: tuple[str, ...] = ()
    api: dict[str, Any] = field(default_factory=dict)
    behaviour: dict[str, Any] = field(default_factory=dict)
    step: float = STEP
    people: int = 40
    probability: float = 0.2
    at_points: bool = False  # the instant it shows at is too short to be hit by chance


NO_LOOK_UP: dict[str, Any] = {"api": {"paths": {"query": "", "list": ""}}, "behaviour": {"offers_lookup": False}}
"""Nothing but the keys keeps effects from doubling."""

PLANTED = (
    Planted("marks-before-it-sends", "lost"),
    Planted("new-key-for-each-attempt", "doubled", **NO_LOOK_UP),
    Planted("person-and-entry-in-two-transactions", "lost", at_points=True),
    Planted("key-of-the-person-alone", "waiting"),
    Planted("forgets-what-was-under-way", "waiting"),
    Planted("takes-200-for-all-accepted", "believed", kinds=("item-missing",)),
    Planted("tries-the-old-again-after-the-new", "out_of_order", kinds=("reset",), step=3, people=4, probability=0.5),
    Planted("sends-again-however-old-the-key-is", "doubled", behaviour={"keys": "one-day"}, step=90_000),
    Planted("follows-redirects", "strayed", kinds=("redirect",)),
)


@pytest.fixture(scope="module")
def place(registry_home: Path, server_engine: sa.Engine) -> Place:
    return Place.at(registry_home, server_engine)


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Senders]:
    with senders(tmp_path_factory.mktemp("senders")) as started:
        yield started


@pytest.fixture(scope="module")
def wrong_without(place, nursery, tmp_path_factory):
    """What the same kills find where no bug is planted; several bugs are planted in the same town, which is killed in once."""
    found: dict[str, dict[str, int]] = {}

    def wrong(planted: Planted) -> dict[str, int]:
        town = repr(replace(planted, bug="", shows=""))
        if town not in found:
            found[town], _ = wrong_of(
                place, nursery, tmp_path_factory.mktemp("clean"), planted, bug="", most=WITHOUT_A_BUG
            )
        return found[town]

    return wrong


def test_every_bug_is_planted() -> None:
    assert [planted.bug for planted in PLANTED] == list(BUGS)


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.bug)
def test_the_kills_find_a_planted_bug_and_find_nothing_without_it(
    place, nursery, wrong_without, tmp_path, capsys, planted
):
    if not planted.at_points:  # of the points the test of the kills says so
        assert not wrong_without(planted), nursery.said()
    wrong, words = wrong_of(place, nursery, tmp_path / "planted", planted, bug=planted.bug, most=MOST_KILLS)
    say(capsys, f"{planted.bug}: {words}  {wrong}")
    assert planted.shows in wrong


def wrong_of(
    place: Place, nursery: Senders, folder: Path, planted: Planted, *, bug: str, most: int
) -> tuple[dict[str, int], str]:
    """What is wrong after as few kills as show the bug, or after the most; and how many they were."""
    with killing_in(
        place,
        nursery,
        folder,
        seed=SEED,
        bug=bug,
        faults=0 if planted.at_points else BAD_DAY,
        town={**(ONE_CALL_A_NIGHT if planted.at_points else {"api": planted.api}), "people": planted.people},
        **planted.behaviour,
    ) as killing:
        if bug == "key-of-the-person-alone":  # the database would refuse it already
            with killing.engine.begin() as connection:
                connection.exec_driver_sql("ALTER TABLE outbox DROP CONSTRAINT uq_outbox_key")
        if planted.kinds:
            killing.platform.script.set_chance(Chance(probability=planted.probability, seed=SEED, kinds=planted.kinds))
        wrong: dict[str, int] = {}
        for _ in killed(killing, planted, most):
            wrong = killing.settled().faults
            if planted.shows in wrong:
                break
        if not bug:
            wrong |= {
                name: count for name, count in {"ended": killing.ended, "status": killing.status}.items() if count
            }
        return wrong, f"found after {killing.kills} kills, {killing.seconds:.0f} s"


def killed(killing: Killing, planted: Planted, most: int) -> Iterator[None]:
    """Kills, and waits to be asked for more."""
    if planted.at_points:
        for _ in killing.kill_at_each_point():
            yield
        return
    while killing.kills < most:
        killing.kill(AT_A_TIME, step=planted.step)
        yield


def test_a_database_that_may_lose_what_was_committed_is_refused(place, registry_home):
    with place.database() as url:
        name = sa.make_url(url).database
        with place.server.connect() as connection:
            connection.exec_driver_sql(f"ALTER DATABASE {name} SET synchronous_commit = off")
        with (
            pytest.raises(ConfigurationInvalid, match="synchronous_commit is off"),
            connect_registry(registry_home, url) as engine,
            transaction(engine),
        ):
            pass
