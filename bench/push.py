"""``python -m bench.push``: planning, the interface and the exchange tables, our push beside a loop of ``requests`` with the same bytes.

The platform is the stand-in, in a process of its own; every measurement is a new process on a copy of the same registry and an
empty ledger; ways take turns; medians are shown.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import sqlalchemy as sa

from bench.contract import CONFIG
from bench.ours import release_every_plan
from bench.pending_people import change_some, fill_registry
from bench.push_page import Results, render
from bench.push_work import TOKEN, Settings, request_of
from connectors.exchange_tables.ddl import create_table
from connectors.platform_api.batch import make_batch
from registry.embedded import running_server
from registry.engine import connect_registry, transaction
from registry.migrations import upgrade
from registry.outbox_plan import plan_rows
from registry.platform_state import note_first_push
from schemas.platform_profile import load_profile
from simulator.province.ledger_view import open_view

WAYS = ("ours", "threads", "loop")
TODAY, SEED = date(2026, 3, 2), 7
CHANGED_EVERY = 100
PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance-push.md"
PROFILE = load_profile(CONFIG / "platform" / "example.toml")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.push", description=__doc__)
    parser.add_argument("--people", type=int, nargs="+", default=[20_000, 100_000])
    parser.add_argument("--rows", type=int, default=10_000, help="told over exchange tables")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(PAGE.parents[1])}")
    options = parser.parse_args()
    results = Results(options.rounds)
    with tempfile.TemporaryDirectory(prefix="bench-push-") as folder, running_server(Path(folder) / "home") as url:
        bench = Bench(Path(folder), sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool), results)
        for people in options.people:
            bench.measure_people(people, options.rounds)
        bench.measure_exchange(options.rows, options.rounds)
    page = render(results)
    print(page)
    if options.write:
        PAGE.write_text(page, encoding="utf-8")
    return 0


@dataclass
class Bench:
    """A PostgreSQL with a registry for each size, and what was measured with it."""

    folder: Path
    server: sa.Engine
    results: Results

    def __post_init__(self) -> None:
        self.config = self.folder / "config"
        shutil.copytree(CONFIG, self.config)
        release_every_plan(self.config)

    def measure_people(self, people: int, rounds: int) -> None:
        """Planning them, telling the platform of them by every way, and planning what has changed of some of them."""
        waiting, planned = f"waiting_{people}", f"planned_{people}"
        settings = self.registered(people, waiting)
        for turn in range(rounds):
            with self.copy(settings, waiting, "trial" if turn else planned, keep=not turn) as copied:
                self.measure("plan", people, turn, copied)
        settings = replace(settings, bodies=str(self.folder / f"{people}.bodies"))
        self.write_bodies(planned, settings)
        for turn in range(rounds):
            for way in (*WAYS[turn % len(WAYS) :], *WAYS[: turn % len(WAYS)]):
                with self.copy(settings, planned, "trial") as copied:
                    self.push(way, people, turn, copied)
                    if way == "ours":
                        self.plan_changes(people, turn, copied)
        for name in (waiting, planned):
            self.drop(name)

    def push(self, way: str, people: int, turn: int, settings: Settings) -> None:
        ledger = self.folder / f"ledger-{way}" / "ledger.sqlite"
        with stand_in(self.config, ledger) as platform:
            measured = self.measure(way, people, turn, replace(settings, platform_url=platform.url))
            spent = platform.worked()
        self.results.note_platform(way, people, spent)
        with open_view(ledger) as view:
            happened = len(view.effects()), view.page(1, 1, is_present=True).total
        assert measured["people"] == people, (way, measured)
        assert happened == (people, people), (way, happened)
        shutil.rmtree(ledger.parent)

    def plan_changes(self, people: int, turn: int, settings: Settings) -> None:
        """One in a hundred has changed since everybody was told."""
        with connect_registry(self.folder / "home", settings.database_url) as engine, transaction(engine) as connection:
            run_id = change_some(connection, PROFILE.name, CHANGED_EVERY, today=TODAY + timedelta(days=1))
        self.measure("plan", people // CHANGED_EVERY, turn, replace(settings, run_id=run_id), of=people)

    def measure_exchange(self, rows: int, rounds: int) -> None:
        """Telling them over exchange tables in the same PostgreSQL."""
        waiting = f"exchange_{rows}"
        settings = self.registered(rows, waiting)
        self.run(request_of("plan", settings))
        for turn in range(rounds):
            with self.copy(settings, waiting, "trial") as copied, self.copy(settings, "template1", "qzk") as platform:
                engine = sa.create_engine(platform.database_url, isolation_level="AUTOCOMMIT")
                with engine.connect() as connection:
                    for statement in filter(None, create_table(PROFILE, "postgresql").split(";\n")):
                        connection.exec_driver_sql(statement.replace("%", "%%"))
                engine.dispose()
                self.measure("exchange", rows, turn, replace(copied, exchange_url=platform.database_url))
        self.drop(waiting)

    def measure(self, way: str, people: int, turn: int, settings: Settings, of: int = 0) -> dict[str, Any]:
        measured = self.run(request_of(way, settings))
        what = f"{people:,} people, round {turn + 1}, {way}: {measured['seconds']:.1f} s"
        print(
            f"{what}, {measured['worked']:.1f} of our processor, {measured['megabytes']:.0f} MB",
            file=sys.stderr,
            flush=True,
        )
        self.results.add(way, people, of or people, measured)
        return measured

    def run(self, command: list[str]) -> dict[str, Any]:
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        return dict(json.loads(done.stdout.splitlines()[-1]))

    def registered(self, people: int, name: str) -> Settings:
        """A new database in which everybody waits to be planned; the platform has been told of others before."""
        self.statement(f"CREATE DATABASE {name}")
        url = self.url(name)
        with connect_registry(self.folder / "home", url) as engine:
            with transaction(engine) as connection:
                upgrade(connection)
            with transaction(engine) as connection:
                run_id = fill_registry(connection, PROFILE.name, people, today=TODAY, seed=SEED)
                note_first_push(connection, PROFILE.name, 0)
        return Settings(str(self.folder / "home"), str(self.config), url, run_id)

    @contextmanager
    def copy(self, settings: Settings, name: str, to: str, *, keep: bool = False) -> Iterator[Settings]:
        self.statement(f"CREATE DATABASE {to} TEMPLATE {name}")
        yield replace(settings, database_url=self.url(to))
        if not keep:
            self.drop(to)

    def write_bodies(self, name: str, settings: Settings) -> None:
        """The batches as we would send them, a line each."""
        assert PROFILE.api is not None
        api, number = PROFILE.api, 0
        with (
            connect_registry(self.folder / "home", self.url(name)) as engine,
            Path(settings.bodies).open("wb") as file,
            transaction(engine) as connection,
        ):
            keys = dict(connection.execute(sa.text("SELECT person_id, key FROM outbox")).tuples().all())
            for rows in plan_rows(connection, PROFILE.name, settings.run_id):
                items = rows.assign(key=rows["person_id"].map(keys), fields=rows["payload"])
                for first in range(0, len(items), api.batch_items):
                    number += 1
                    batch = make_batch(items.iloc[first : first + api.batch_items], api, name=f"1-bench-{number}")
                    file.write(batch.body + b"\n")

    def url(self, name: str) -> str:
        return self.server.url.set(database=name).render_as_string(hide_password=False)

    def statement(self, text: str) -> None:
        with self.server.connect() as connection:
            connection.exec_driver_sql(text)

    def drop(self, name: str) -> None:
        self.statement(f"DROP DATABASE {name} WITH (FORCE)")


@dataclass
class StandIn:
    url: str
    process: psutil.Process

    def worked(self) -> float:
        """Processor seconds it has spent."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


@contextmanager
def stand_in(config: Path, ledger: Path) -> Iterator[StandIn]:
    """The platform's stand-in in a process of its own, with an empty ledger."""
    command = [str(Path(sys.executable).with_name("eldersync")), "simulate-province", "--port", "0", "--json"]
    command += ["--home", str(ledger.parent), "--ledger", str(ledger), "--config", str(config), "--token", TOKEN]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            yield StandIn(json.loads(process.stdout.readline())["url"], psutil.Process(process.pid))
        finally:
            process.terminate()


if __name__ == "__main__":
    sys.exit(main())
