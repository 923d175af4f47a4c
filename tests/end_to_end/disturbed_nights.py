"""Nights that are disturbed, in copies of one evening, and everything they leave behind, to be compared with a night that was left alone."""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import made_up_lists as lists
from shared_server import Database, Launcher, SharedServer

from registry.tables import metadata

__all__ = [
    "FIRST", "SECOND", "Outcome", "Place", "Tries", "elders", "left_behind", "made_evening", "outcome", "registered", "state", "told",
]  # fmt: skip

FIRST, SECOND = "2026-11-20", "2026-11-21"
TIMES = {
    "started_at", "finished_at", "received_at", "planned_at", "released_at", "first_sent_at", "settled_at", "seconds",
}  # fmt: skip
GREEN, USAGE, YELLOW = 0, 2, 3

_OF_A_KIND = re.compile(r"((?:body|town|rule)-|reading/reading-).*")


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

    def run(self, place: Place, *arguments: str, die: dict[str, Any] | None = None, plant: str = "") -> dict[str, Any]:
        return self.launcher.run(
            *arguments, "--home", str(place.home), die=die, plant=plant, stderr=str(place.home / "stderr"),
            environment={"ELDERSYNC_DATABASE_URL": place.database.url},
        )  # fmt: skip

    def resume(self, place: Place) -> dict[str, Any]:
        """``resume`` where the ledger knows of the run, ``run`` where it was killed before that."""
        self.server.wait_until_nobody_is_in(place.database)
        [latest] = place.database.ask("SELECT run_id, status FROM run ORDER BY run_id DESC LIMIT 1")
        if latest["run_id"] == 1:
            return self.run(place, "run", "--date", SECOND)
        answer = self.run(place, "resume", str(latest["run_id"]))
        if latest["status"] in {"green", "yellow"}:
            assert answer["code"] == USAGE
            return {"code": {"green": GREEN, "yellow": YELLOW}[latest["status"]]}
        return answer


def made_evening(server: SharedServer, migrated: Database, launcher: Launcher, folder: Path) -> Tries:
    """The evening after a first night: people new, changed, gone and unchanged lie in the inbox, two lists as they were."""
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


def state(place: Place) -> str:
    """What a dead night has left, told apart from any other by all that its resumption finds.

    That is every row but times, and every file but logs; of report pages of one kind (bodies, towns, rules), whether there are any.
    """
    found = outcome(place)
    names = {
        _OF_A_KIND.sub(r"\1", str(path.relative_to(place.home)))
        for path in place.home.rglob("*")
        if path.is_file() and path.parent.name != "logs" and path.parent != place.home
    }
    return repr((found.tables, found.files, sorted(names)))


def timeless(row: dict[str, Any]) -> dict[str, Any]:
    """A row without times, and without what differs from try to try: where the report lies, and which flow run began it."""
    kept = {name: value for name, value in row.items() if name not in {*TIMES, "report", "flow_run"}}
    for name in ("summary", "result", "requested"):
        if kept.get(name):
            kept[name] = timeless(kept[name])
    return kept


def left_behind(home: Path) -> list[str]:
    """Half-written files, and whatever lies where files are read."""
    return [
        str(path.relative_to(home)) for path in home.rglob("*") if ".part" in path.name or "reading" in path.parts[-2]
    ]


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
