"""A night that is killed at any boundary ends, resumed or on the next night, exactly as one that was left alone."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import made_up_lists as lists
import pytest
from shared_server import Database, Launcher, SharedServer

from registry.tables import metadata

FIRST, SECOND = "2026-11-20", "2026-11-21"
TIMES = {"started_at", "finished_at", "received_at", "seconds"}
GREEN, RED, USAGE, YELLOW, KILLED = 0, 1, 2, 3, -9


@dataclass(frozen=True)
class Place:
    """A home and its database at some moment; copied for every try."""

    home: Path
    database: Database


class Tries:
    """Copies of the evening before the second night, and what a night in one of them came to."""

    def __init__(self, server: SharedServer, launcher: Launcher, evening: Place, folder: Path) -> None:
        self.server, self.launcher, self.evening, self.folder = server, launcher, evening, folder
        self.count = 0

    def copy(self, of: Place | None = None) -> Place:
        of = of or self.evening
        self.count += 1
        home = self.folder / f"home_{self.count}"
        database = self.server.new(like=of.database)  # waits for the sessions of a killed process
        shutil.copytree(of.home, home)
        return Place(home, database)

    def run(self, place: Place, *arguments: str, die: dict[str, Any] | None = None) -> dict[str, Any]:
        return self.launcher.run(
            *arguments, "--home", str(place.home), die=die, stderr=str(place.home / "stderr"),
            environment={"ELDERSYNC_DATABASE_URL": place.database.url},
        )  # fmt: skip

    def resume(self, place: Place) -> dict[str, Any]:
        """``resume`` where the ledger knows of the run, ``run`` where it was killed before that."""
        self.server.wait_until_nobody_is_in(place.database)
        [latest] = place.database.ask("SELECT run_id, status FROM run ORDER BY run_id DESC LIMIT 1")
        if latest["run_id"] == 1:
            return self.run(place, "run", "--date", SECOND)
        answer = self.run(place, "resume", str(latest["run_id"]))
        if latest["status"] != "running":
            assert answer["code"] == USAGE
            return {"code": {"green": GREEN, "yellow": YELLOW}[latest["status"]]}
        return answer


@pytest.fixture(scope="module")
def tries(
    server: SharedServer, migrated: Database, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory
) -> Tries:
    """The evening after a first night: people new, changed, gone and unchanged lie in the inbox, two lists as they were."""
    folder = tmp_path_factory.mktemp("tries")
    evening = Place(folder / "evening", server.new(like=migrated))
    people = lists.make_people(30)
    lists.deliver(evening.home, lists.spoilt_lists(people))
    found = Tries(server, launcher, evening, folder)
    assert found.run(evening, "run", "--date", FIRST)["code"] == YELLOW
    moved = [lists.replace(people[6], phone="13700000006"), lists.replace(people[12], village="所里村")]
    tomorrow = [*people[:5], moved[0], *people[7:12], moved[1], *people[13:], *lists.make_people(3, first=30)]
    lists.deliver(evening.home, lists.spoilt_lists(tomorrow), ("village_survey", "disability_federation"))
    return found


@dataclass(frozen=True)
class Outcome:
    """Everything a night leaves behind but times."""

    tables: dict[str, list[dict[str, Any]]]
    files: dict[str, bytes]
    left_behind: list[str]


def outcome(place: Place) -> Outcome:
    tables = {}
    with place.database.engine.connect() as connection:
        for table in metadata.sorted_tables:
            rows = connection.execute(table.select().order_by(*table.primary_key.columns)).mappings()
            tables[table.name] = [timeless(dict(row)) for row in rows]
    outgoing = sorted((place.home / "outgoing").rglob("*.*"))
    return Outcome(
        tables, {str(path.relative_to(place.home)): path.read_bytes() for path in outgoing}, left_behind(place.home)
    )


def timeless(row: dict[str, Any]) -> dict[str, Any]:
    """A row without times, and without where the report lies, which differs from try to try."""
    kept = {name: value for name, value in row.items() if name not in {*TIMES, "report"}}
    for name in ("summary", "result"):
        if kept.get(name):
            kept[name] = timeless(kept[name])
    return kept


def left_behind(home: Path) -> list[str]:
    """Half-written files, and whatever lies where files are read."""
    return [str(path.relative_to(home)) for path in home.rglob("*") if ".part" in path.name or "reading" in path.parts[-2]]


def elders(place: Place) -> list[dict[str, Any]]:
    """The registry without the numbers of runs and rows, which differ where a night was not resumed."""
    rows = place.database.ask("SELECT * FROM elder ORDER BY person_id")
    return [{name: row[name] for name in row if name not in {"from_run", "row_ids"}} for row in rows]


def told(place: Place) -> dict[str, str]:
    """What a platform holds that was handed every file still there, in order: one effect for every change, and no other."""
    held: dict[str, str] = {}
    keys: set[str] = set()
    for path in sorted((place.home / "outgoing").glob("*/*.jsonl"), key=lambda path: int(path.parent.name)):
        for line in path.read_text(encoding="utf-8").splitlines():
            change = json.loads(line)
            person = change["fields"]["人员编号"]
            assert change["key"] not in keys, "a change was pushed twice"
            assert (change["operation"] == "new") == (person not in held), "a change was pushed that has no ground"
            keys.add(change["key"])
            if change["operation"] == "withdrawn":
                del held[person]
            else:
                held[person] = change["fields"]["证件号码"] + change["fields"]["联系电话"]
    return held


def registered(place: Place) -> dict[str, str]:
    query = "SELECT person_id, id_number, phone FROM elder WHERE status = 'active' AND categories IS NOT NULL"
    return {str(row["person_id"]): f"{row['id_number']}{row['phone'] or ''}" for row in place.database.ask(query)}


@pytest.fixture(scope="module")
def undisturbed(tries: Tries) -> tuple[Outcome, list[dict[str, Any]], list[bool]]:
    """The outcome of a night that was left alone, its elders, and which of its COMMITs had something to commit."""
    place = tries.copy()
    answer = tries.run(place, "run", "--date", SECOND)
    assert answer["code"] == YELLOW
    assert told(place) == registered(place)
    found = outcome(place)
    operations = {row["operation"] for row in found.tables["outbox"] if row["run_id"] == 2}
    assert operations == {"new", "changed", "withdrawn"}
    return found, elders(place), answer["commits"]


def boundaries(commits: list[bool]) -> Iterator[dict[str, int]]:
    """Before and after each COMMIT of a transaction that wrote; between two of them nothing is recorded."""
    for number, wrote in enumerate(commits, start=1):
        if wrote:
            yield from ({"before": number}, {"after": number})


def test_a_night_killed_at_any_commit_ends_as_one_left_alone(
    tries: Tries, undisturbed: tuple[Outcome, list[dict[str, Any]], list[bool]], capsys: pytest.CaptureFixture[str]
) -> None:
    expected, expected_elders, commits = undisturbed
    deaths = list(boundaries(commits))
    for die in deaths:
        killed = tries.copy()
        assert tries.run(killed, "run", "--date", SECOND, die=die)["code"] == KILLED, die
        next_night = tries.copy(of=killed)
        assert tries.resume(killed)["code"] == YELLOW, die
        assert outcome(killed) == expected, die
        assert told(killed) == registered(killed), die
        assert tries.run(next_night, "run", "--date", SECOND)["code"] == YELLOW, die
        assert elders(next_night) == expected_elders, die
        assert told(next_night) == registered(next_night), die
        assert left_behind(next_night.home) == [], die
    with capsys.disabled():
        print(f"\nkilled at all K = {len(deaths)} boundaries of {len(commits)} commits")  # noqa: T201


def test_a_night_killed_with_files_half_in_place_leaves_no_other_files(
    tries: Tries, undisturbed: tuple[Outcome, list[dict[str, Any]], list[bool]], capsys: pytest.CaptureFixture[str]
) -> None:
    expected, _, _ = undisturbed
    number = 0
    while True:
        number += 1
        killed = tries.copy()
        answer = tries.run(killed, "run", "--date", SECOND, die={"rename": number})
        if answer["code"] != KILLED:
            break
        assert tries.resume(killed)["code"] == YELLOW, number
        assert outcome(killed) == expected, number
    assert number > len(["two kept", "two for the platform", "two of the report"]) * 2
    with capsys.disabled():
        print(f"\nkilled at all K = {number - 1} files")  # noqa: T201
