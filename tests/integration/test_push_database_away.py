"""The database goes away in the middle of a push: it stops cleanly, says why and nothing of a person, and the next push goes on."""

import os
import random
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from push_account import account_of
from push_harness import BAD_DAY, Place, say, town_in
from push_town import Town

from registry.cluster import Cluster
from registry.embedded import running_server
from registry.server_account import server_account
from schemas.errors import DatabaseUnavailable, RunStopped
from simulator.province.fault_script import Chance

SEED = 20_240_702
END_SESSIONS = sa.text(
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
    "WHERE datname = :database AND application_name LIKE 'eldersync%'"
)
OF_A_PERSON = re.compile("测试|种帮扶|[0-9]{17}|postgresql:|SELECT|UPDATE|INSERT")


class Stops(Counter[str]):
    """How pushes ended, by the kind of error; each said in words that hold nothing of a person."""

    def of(self, work: Callable[[], object]) -> None:
        """Does some work that the loss of the database may stop."""
        try:
            work()
        except RunStopped as stopped:
            failure = stopped
        else:
            self["went through"] += 1
            return
        assert failure.__cause__ is None
        assert not OF_A_PERSON.search(str(failure))
        self[type(failure).__name__] += 1


def night(town: Town, draw: random.Random) -> None:
    with town.at_work():
        town.work(draw.choice(("push", "push", "plan", "night")), draw)


def first_nights(town: Town, draw: random.Random) -> float:
    """Two undisturbed nights; the seconds of the second, within which later ones are disturbed."""
    with town.at_work():
        town.work("night", draw)
        began = time.monotonic()
        town.work("night", draw)
    return time.monotonic() - began


@contextmanager
def meanwhile(seconds: float, happens: Callable[[], object]) -> Iterator[None]:
    """Something that happens after a moment, whatever is done meanwhile."""
    timer = threading.Timer(seconds, happens)
    timer.start()
    try:
        yield
    finally:
        timer.join()


def settled(town: Town) -> None:
    with town.at_work():
        town.push_until_told()


def test_sessions_ended_at_a_hundred_moments_of_a_push_cost_nothing(registry_home, server_engine, tmp_path, capsys):
    place, draw, stops = Place.at(registry_home, server_engine), random.Random(SEED), Stops()  # noqa: S311
    with town_in(place, tmp_path) as (town, platform):
        longest = first_nights(town, draw)
        platform.script.set_chance(Chance(probability=BAD_DAY, seed=SEED))
        database = town.engine.url.database

        def end_sessions() -> None:
            with server_engine.connect() as connection:
                connection.execute(END_SESSIONS, {"database": database})

        while stops.total() < 100:
            with meanwhile(draw.uniform(0, longest), end_sessions):
                stops.of(lambda: night(town, draw))
            town.board.pass_time(700)
        platform.script.clear()
        settled(town)
        account = account_of(town.engine, platform)
        say(capsys, f"sessions ended: {dict(stops)}  {account.words()}")
        assert account.faults == {}
        assert stops["DatabaseUnavailable"] >= 20


class OwnServer:
    """An embedded PostgreSQL that this test alone uses, to be stopped at once and started again."""

    def __init__(self, home: Path, folder: str) -> None:
        self._cluster, self._folder = Cluster(home, server_account(home)), folder

    def stop_at_once(self) -> None:
        """Immediate shutdown: no goodbye, and the log is replayed at the next start."""
        pid = int((self._cluster.data / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, signal.SIGQUIT)
        while Path("/proc", str(pid)).exists():
            time.sleep(0.002)

    def start(self) -> None:
        self._cluster.start(self._folder)

    def restart(self) -> None:
        self.stop_at_once()
        self.start()


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[OwnServer, Place]]:
    home = tmp_path_factory.mktemp("own")
    with running_server(home) as url:
        engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", pool_pre_ping=True)
        yield OwnServer(home, str(engine.url.query["host"])), Place.at(home, engine)
        engine.dispose()


def test_a_server_stopped_at_once_twenty_times_and_started_again_costs_nothing(own, tmp_path, capsys):
    (server, place), draw, stops = own, random.Random(SEED), Stops()  # noqa: S311
    with town_in(place, tmp_path) as (town, platform):
        longest = first_nights(town, draw)
        platform.script.set_chance(Chance(probability=BAD_DAY, seed=SEED))
        while stops.total() < 20:
            with meanwhile(draw.uniform(0, longest), server.restart):
                stops.of(lambda: night(town, draw))
            town.board.pass_time(700)
        platform.script.clear()
        settled(town)
        account = account_of(town.engine, platform)
        say(capsys, f"server stopped: {dict(stops)}  {account.words()}")
        assert account.faults == {}


def test_a_database_that_refuses_connections_for_five_minutes_is_named_and_then_all_goes_on(own, tmp_path):
    (server, place), draw, stops = own, random.Random(SEED), Stops()  # noqa: S311
    with town_in(place, tmp_path) as (town, platform):
        with town.at_work():
            town.tell(town.changes(draw))
            waiting = town.commit(town.changes(draw))
        server.stop_at_once()
        for _ in range(5):
            stops.of(lambda: night(town, draw))
            town.board.pass_time(60)
        with pytest.raises(DatabaseUnavailable, match="PostgreSQL is not available: nothing listens at that address"):
            night(town, draw)
        server.start()
        assert dict(stops) == {"DatabaseUnavailable": 5}
        settled(town)
        assert town.newest_run() == waiting
        assert account_of(town.engine, platform).faults == {}
