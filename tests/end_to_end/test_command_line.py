"""Every command as people and programs use it: what it prints, in which shape, and how it exits."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import made_up_lists as lists
import pandas as pd
import pytest
from shared_server import Database, Launcher, SharedServer

from flows.cli import call
from registry.engine import connect_registry
from registry.lock import run_lock
from schemas.fields import ELDER_FIELDS
from schemas.finding_answers import ANSWER_HEADERS, KEY_HEADER

GREEN, RED, USAGE, YELLOW, BUSY = 0, 1, 2, 3, 4
SCRIPT = str(Path(sys.executable).with_name("eldersync"))
CONFIG = Path(os.environ["ELDERSYNC_CONFIG"])
DAY = "2026-11-20"

SUMMARY = {"run_id", "business_date", "status", "sources", "elders", "push", "report", "seconds"}
SOURCE = {"name", "status", "deliveries", "received", "admitted", "held", "duplicate", "blank"}
ELDERS = {"new", "changed", "unchanged", "withdrawn", "total"}
PUSH = {"planned", "sent", "accepted", "rejected", "unknown", "waiting"}
FINDING = [
    "finding_id", "run_id", "source", "delivery", "sheet", "row_number", "column", "field", "code", "severity", "owner",
    "message", "state",
]  # fmt: skip
PROMISED_FIELDS = {
    "person_id", "name", "sex", "id_number", "birth_date", "phone", "emergency_contact_name",
    "emergency_contact_phone", "household_county", "household_town", "household_village", "household_division_code",
    "residence_county", "residence_town", "residence_village", "residence_division_code", "categories",
    "disability_certificate_number", "disability_category", "disability_level", "ability_level", "ability_standard",
    "ability_assessed_date", "family_planning_type", "registered_date", "status",
}  # fmt: skip


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one JSON object on standard output."""
        lines = self.out.splitlines()
        assert len(lines) == 1
        found: dict[str, Any] = json.loads(lines[0])
        return found


Command = Callable[..., Answer]


@dataclass(frozen=True)
class Place:
    home: Path
    database: Database
    people: list[lists.Person]


@pytest.fixture(scope="module")
def yellow(
    server: SharedServer, migrated: Database, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory
) -> Place:
    """A home after one night with defects; tests only look at it."""
    place = Place(tmp_path_factory.mktemp("yellow"), server.new(like=migrated), lists.make_people(30))
    lists.deliver(place.home, lists.spoilt_lists(place.people))
    environment = {"ELDERSYNC_DATABASE_URL": place.database.url}
    assert launcher.run("run", "--date", DAY, "--home", str(place.home), environment=environment)["code"] == YELLOW
    return place


@pytest.fixture
def fresh(server: SharedServer, migrated: Database, home: Path) -> Place:
    """A home with clean deliveries that nobody has taken."""
    place = Place(home, server.new(like=migrated), lists.make_people(12))
    lists.deliver(place.home, lists.clean_lists(place.people))
    return place


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs a command line in this process."""

    def run(place: Place, *arguments: str, stdin: str = "") -> Answer:
        monkeypatch.setenv("ELDERSYNC_DATABASE_URL", place.database.url)
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capsys.readouterr()
        code = call([*arguments, "--home", str(place.home)])
        return Answer(code, *capsys.readouterr())

    return run


def script(*arguments: str, stdin: str = "", **environment: str) -> Answer:
    """Runs the installed script."""
    done = subprocess.run(
        [SCRIPT, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
    return Answer(done.returncode, done.stdout, done.stderr)


def test_a_night_of_clean_lists_is_green_and_prints_one_object(fresh: Place) -> None:
    answer = script("run", "--json", "--home", str(fresh.home), ELDERSYNC_DATABASE_URL=fresh.database.url)
    assert answer.code == GREEN
    found = answer.json
    assert set(found) >= SUMMARY
    assert found["status"] == "green"
    assert set(found["elders"]) == ELDERS
    assert set(found["push"]) == PUSH
    assert [set(line) >= SOURCE for line in found["sources"]] == [True] * 4
    assert found["elders"] == {"new": 12, "changed": 0, "unchanged": 0, "withdrawn": 0, "total": 12}
    assert found["push"]["planned"] == found["push"]["sent"] == 12
    assert Path(found["report"]).is_file()
    assert "run 1: merge" in answer.err


def test_a_night_with_a_rejected_row_is_yellow_and_every_row_is_accounted_for(yellow: Place, command: Command) -> None:
    answer = command(yellow, "show", "1", "--json")
    assert answer.code == GREEN
    found = answer.json
    assert found["status"] == "yellow"
    by_name = {line["name"]: line for line in found["sources"]}
    for line in by_name.values():
        assert line["received"] == line["admitted"] + line["held"] + line["duplicate"] + line["blank"]
    assert by_name["village_survey"]["received"] == 36
    assert by_name["health_incapacity"]["blank"] == 1
    assert {stage["stage"] for stage in found["stages"]} == {"receive", "take", "merge", "plan", "push", "report"}
    assert command(yellow, "status", "--json").code == YELLOW


def test_the_same_deliveries_again_change_and_push_nothing(fresh: Place, command: Command) -> None:
    assert command(fresh, "run", "--date", DAY, "--json").code == GREEN
    again = command(fresh, "run", "--date", DAY, "--json")
    assert again.code == GREEN
    assert again.json["elders"] == {"new": 0, "changed": 0, "unchanged": 12, "withdrawn": 0, "total": 12}
    assert again.json["push"]["planned"] == 0
    assert not (fresh.home / "outgoing" / "2").exists()


def test_without_push_the_changes_wait_and_the_next_night_sends_them(fresh: Place, command: Command) -> None:
    held_back = command(fresh, "run", "--date", DAY, "--no-push", "--json").json["push"]
    assert (held_back["sent"], held_back["waiting"]) == (0, 12)
    assert command(fresh, "status", "--json").json["outbox_waiting"] == 12
    sent = command(fresh, "run", "--date", DAY, "--json").json["push"]
    assert (sent["sent"], sent["waiting"]) == (12, 0)


def test_a_single_source_can_be_taken(fresh: Place, command: Command) -> None:
    found = command(fresh, "run", "--source", "health_incapacity", "--source", "village_survey", "--json").json
    assert [line["name"] for line in found["sources"]] == ["health_incapacity", "village_survey"]
    assert found["elders"]["total"] == 12


def test_a_night_that_cannot_write_for_the_platform_is_red_and_is_resumed(fresh: Place, command: Command) -> None:
    (fresh.home / "outgoing").write_text("in the way")
    answer = command(fresh, "run", "--date", DAY, "--json")
    assert answer.code == RED
    assert answer.json["exit_code"] == RED
    status = command(fresh, "status", "--json")
    assert status.code == RED
    assert status.json["resume"] == "eldersync resume 1"
    assert command(fresh, "show", "1", "--json").json["stages"][-1]["status"] == "failed"
    (fresh.home / "outgoing").unlink()
    resumed = command(fresh, "resume", "1", "--json")
    assert resumed.code == GREEN
    assert resumed.json["push"]["sent"] == 12
    assert command(fresh, "resume", "1").code == USAGE


def test_a_source_whose_inbox_is_away_is_red_and_the_others_go_on(fresh: Place, command: Command) -> None:
    inbox = fresh.home / "inbox" / "disability_federation"
    shutil.rmtree(inbox)
    inbox.symlink_to("/nonexistent")
    answer = command(fresh, "run", "--date", DAY, "--json")
    assert answer.code == YELLOW
    status = {line["name"]: line["status"] for line in answer.json["sources"]}
    assert status.pop("disability_federation") == "red"
    assert set(status.values()) == {"green"}
    assert answer.json["elders"]["total"] == 12
    stages = command(fresh, "show", "1", "--json").json["stages"]
    [failed] = [stage for stage in stages if stage["status"] == "failed"]
    assert (failed["stage"], failed["source"]) == ("receive", "disability_federation")
    assert "an inbox cannot be listed" in failed["error"]


def test_a_database_that_does_not_answer_is_red(fresh: Place) -> None:
    answer = script(
        "status", "--json", "--home", str(fresh.home), ELDERSYNC_DATABASE_URL="postgresql://u:canary@127.0.0.1:1/x"
    )
    assert answer.code == RED
    assert answer.json == {
        "error": "PostgreSQL is not available: nothing listens at that address", "exit_code": RED,
    }  # fmt: skip
    assert "canary" not in answer.err


def test_a_second_run_is_told_who_is_at_work_and_since_when(fresh: Place, command: Command) -> None:
    with connect_registry(fresh.home, fresh.database.url) as engine, run_lock(engine, "run 17"):
        answer = command(fresh, "run", "--json")
        active = command(fresh, "status", "--json").json["active"]
    assert answer.code == BUSY
    expected = rf"eldersync run 17 pid {os.getpid()} host \S+ is at work since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d UTC"
    assert re.fullmatch(expected, answer.json["error"])
    assert re.fullmatch(expected, active)


WRONG = {
    "an unknown command": ["bogus"],
    "an unknown option": ["status", "--bogus"],
    "no run number": ["show"],
    "a run number that is none": ["show", "x"],
    "a run number past all numbers": ["show", "99999999999999999999"],
    "a run that is not there": ["show", "99"],
    "a run that is not there to resume": ["resume", "99"],
    "findings of a run that is not there": ["findings", "99", "--to", "{folder}/f.csv"],
    "a report of a run that is not there": ["report", "99"],
    "an unknown source": ["run", "--source", "bogus"],
    "a day that is none": ["run", "--date", "2026-02-30"],
    "a limit below one": ["runs", "--limit", "-1"],
    "an unknown suffix": ["elders", "--to", "{folder}/elders.doc"],
    "a folder that is not there": ["elders", "--to", "{folder}/none/elders.csv"],
    "a folder in the place of the file": ["elders", "--to", "{folder}/taken.csv"],
    "unmasked without a reason": ["elders", "--to", "{folder}/elders.csv", "--unmasked"],
    "unmasked with a blank reason": ["elders", "--to", "{folder}/elders.csv", "--unmasked", "--reason", " "],
    "explain unmasked without a reason": ["explain", "1", "--unmasked"],
    "a person who is not there": ["explain", "99"],
    "a number of nobody": ["explain", lists.id_number("44142119330303333")],
    "a number that is none": ["explain", "a b"],
    "an empty number": ["explain", ""],
    "a configuration that is not there": ["status", "--config", "{folder}/none"],
    "people below one": ["sample", "--people", "0", "--to", "{folder}"],
}


@pytest.mark.parametrize("arguments", WRONG.values(), ids=WRONG)
def test_wrong_usage_exits_with_2_and_a_sentence(
    yellow: Place, command: Command, tmp_path: Path, arguments: list[str]
) -> None:
    (tmp_path / "taken.csv").mkdir()
    answer = command(yellow, *(argument.format(folder=tmp_path) for argument in arguments), "--json")
    assert answer.code == USAGE
    assert answer.json["exit_code"] == USAGE
    assert answer.json["error"]
    assert answer.err == f"eldersync: {answer.json['error']}\n"
    assert [path.name for path in tmp_path.iterdir()] == ["taken.csv"]


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("rules.toml", "minimum_age = 60", "minimum_age = 'sixty'", "rules.toml: minimum_age"),
        ("rules.toml", "people = 10", "peple = 10", "rules.toml: brake.peple"),
        ("bureau.toml", 'platform = "example"', 'platform = "none"', "bureau.toml: platform"),
        ("sources/health_incapacity.toml", 'body = "health"', 'body = "none"', "health_incapacity.toml: body"),
        ("platform/example.toml", "row_limit = 5000", "row_limit = -1", "example.toml: workbook.row_limit"),
        ("survivorship.toml", "otherwise =", "otherwise = =", "survivorship.toml: not readable as TOML"),
    ],
    ids=["type", "unknown key", "missing profile", "unknown body", "platform", "syntax"],
)
def test_a_bad_configuration_is_told_by_file_and_key(
    yellow: Place, command: Command, tmp_path: Path, file: str, old: str, new: str, says: str
) -> None:
    folder = tmp_path / "config"
    shutil.copytree(CONFIG, folder)
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    answer = command(yellow, "run", "--config", str(folder), "--json")
    assert answer.code == USAGE
    assert says in answer.json["error"]


def test_a_home_that_is_a_file_is_wrong_usage(yellow: Place, command: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    answer = command(Place(tmp_path / "file", yellow.database, []), "status", "--json")
    assert answer.code == USAGE
    assert "cannot be the home" in answer.json["error"]


READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    ".csv": lambda path: pd.read_csv(path, dtype="str", encoding="utf-8-sig"),
    ".xlsx": lambda path: pd.read_excel(path, dtype="str", engine="calamine"),
    ".parquet": pd.read_parquet,
    ".json": lambda path: pd.DataFrame(json.loads(path.read_text(encoding="utf-8"))),
}


@pytest.mark.parametrize("suffix", READERS)
def test_elders_and_findings_are_written_in_the_format_their_name_asks_for(
    yellow: Place, command: Command, tmp_path: Path, suffix: str
) -> None:
    to = tmp_path / f"list{suffix}"
    answer = command(yellow, "findings", "1", "--to", str(to), "--json")
    assert (answer.code, answer.json["rows"]) == (GREEN, 19)
    found = READERS[suffix](to)
    behind = [*ANSWER_HEADERS, KEY_HEADER] if suffix == ".xlsx" else []  # a workbook can be answered in
    assert list(found.columns) == [*FINDING, *behind]
    assert set(found["code"]) >= {"id-number-checksum", "age-under-sixty", "same-number-different-person"}
    checksum = found[found["code"] == "id-number-checksum"].iloc[0]
    assert (checksum["source"], checksum["sheet"], str(checksum["row_number"])) == ("village_survey", "服务对象", "32")
    answer = command(yellow, "elders", "--to", str(to), "--json")
    assert (answer.code, answer.json["rows"]) == (GREEN, 30)
    elders = READERS[suffix](to)
    assert list(elders.columns) == list(ELDER_FIELDS)
    assert set(elders.columns) >= PROMISED_FIELDS
    assert set(elders["sex"]) == {"male", "female"}
    assert "living_alone|empty_nest" in set(elders["categories"])
    assert elders["registered_date"].dropna().astype("str").str.fullmatch(r"\d{4}-\d\d-\d\d").all()
    assert to.stat().st_mode & 0o777 == 0o600


def test_elders_are_masked_unless_a_reason_is_given_which_is_recorded(
    yellow: Place, command: Command, tmp_path: Path
) -> None:
    to = tmp_path / "elders.csv"
    command(yellow, "elders", "--to", str(to))
    masked = to.read_text(encoding="utf-8")
    clear = [text for person in yellow.people for text in (person.number, person.name, person.phone, person.address)]
    assert [text for text in clear if text in masked] == []
    before = len(yellow.database.ask("SELECT 1 FROM audit"))
    command(yellow, "elders", "--to", str(to), "--unmasked", "--reason", "年度核对")
    unmasked = to.read_text(encoding="utf-8")
    assert yellow.people[0].number in unmasked
    assert yellow.people[0].name in unmasked
    entries = yellow.database.ask("SELECT * FROM audit ORDER BY audit_id")
    assert len(entries) == before + 1
    assert {name: entries[-1][name] for name in ("action", "reason", "people")} == {
        "action": "elders-unmasked", "reason": "年度核对", "people": 30,
    }  # fmt: skip
    assert entries[-1]["actor"]


def test_a_person_is_found_by_their_own_id_and_by_a_number_in_every_form(yellow: Place, command: Command) -> None:
    person = yellow.people[0]
    first = command(yellow, "explain", "1", "--json")
    assert first.code == GREEN
    number = person.number
    for wanted in (number, number[:6] + number[8:17], f" {number.lower()} "):
        assert command(yellow, "explain", wanted, "--json").out == first.out
        assert command(yellow, "explain", "-", "--json", stdin=f"{wanted}\n").out == first.out
    assert script(
        "explain", "-", "--json", "--home", str(yellow.home), stdin=number, ELDERSYNC_DATABASE_URL=yellow.database.url
    ).out == first.out  # fmt: skip


def test_an_explanation_names_the_place_of_every_winner_and_masks_every_value(yellow: Place, command: Command) -> None:
    person = yellow.people[0]
    answer = command(yellow, "explain", "1", "--json")
    fields = {field["field"]: field for field in answer.json["fields"]}
    phone = fields["phone"]
    place = {name: phone["winner"][name] for name in ("source", "delivery", "sheet", "row_number")}
    assert place == {"source": "village_survey", "delivery": "登记表.xlsx", "sheet": "服务对象", "row_number": 2}
    assert phone["rule"].startswith("source-order: village_survey")
    assert {loser["source"] for loser in phone["losers"]} >= {"health_incapacity", "disability_federation"}
    shown = command(yellow, "explain", "1").out + answer.out
    assert [text for text in (person.number, person.name, person.phone, person.address) if text in shown] == []


def test_an_unmasked_explanation_is_recorded(yellow: Place, command: Command) -> None:
    answer = command(yellow, "explain", "1", "--unmasked", "--reason", "来访核对", "--json")
    assert yellow.people[0].number in answer.out
    [*_, entry] = yellow.database.ask("SELECT * FROM audit ORDER BY audit_id")
    assert (entry["action"], entry["reason"], entry["people"]) == ("explain-unmasked", "来访核对", 1)


def test_a_report_is_where_the_command_says_and_is_written_again_if_it_is_gone(yellow: Place, command: Command) -> None:
    page = Path(command(yellow, "report", "1", "--json").json["report"])
    assert "<html" in page.read_text(encoding="utf-8")
    shutil.rmtree(page.parent)
    assert Path(command(yellow, "report", "1").out.strip()).is_file()


def test_runs_are_listed_newest_first(fresh: Place, command: Command) -> None:
    assert command(fresh, "status", "--json").json["status"] == "none"
    assert command(fresh, "runs", "--json").json == {"runs": []}
    for _ in range(2):
        command(fresh, "run", "--date", DAY, "--json")
    found = command(fresh, "runs", "--json").json["runs"]
    assert [(run["run_id"], run["status"], run["business_date"]) for run in found] == [
        (2, "green", DAY), (1, "green", DAY),
    ]  # fmt: skip
    assert [run["run_id"] for run in command(fresh, "runs", "--limit", "1", "--json").json["runs"]] == [2]


def test_words_for_people_come_where_no_json_is_asked_for(yellow: Place, command: Command) -> None:
    for arguments, says in (
        (["status"], "● 黄  第 1 次运行"),
        (["runs"], "2026-11-20"),
        (["show", "1"], "received = admitted + held + duplicate + blank"),
        (["explain", "1"], "Person 1: active"),
        (["doctor"], "ok   database"),
    ):
        answer = command(yellow, *arguments)
        assert says in answer.out
        assert not answer.out.startswith("{")


def test_brackets_in_names_and_places_are_printed_as_they_are(
    fresh: Place, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    person = fresh.people[0]
    spelled = dict(zip(lists.INCAPACITY, lists.incapacity_row(person), strict=True))
    spelled |= {"户籍地址": "梅县区[/red][bold]三葵村一二三四五六七八", "评估机构": "[/]医院"}
    rows = lists.clean_lists(fresh.people) | {"health_incapacity": [lists.INCAPACITY, tuple(spelled.values())]}
    lists.deliver(fresh.home, rows)
    (fresh.home / "inbox" / "health_incapacity" / "名单.csv").rename(
        fresh.home / "inbox" / "health_incapacity" / "[bold]名单.csv"
    )
    assert command(fresh, "run", "--date", DAY).code == GREEN
    answer = command(fresh, "explain", person.number)
    assert answer.code == GREEN
    assert "[/]医院" in answer.out
    assert "[bold]名单.csv" in answer.out


def test_the_doctor_says_what_it_sees_and_what_is_wrong(yellow: Place, command: Command, tmp_path: Path) -> None:
    answer = command(yellow, "doctor", "--json")
    assert answer.code == GREEN
    assert {check["name"] for check in answer.json["checks"]} >= {"configuration", "database", "clock", "disk", "home"}
    shutil.copytree(CONFIG, tmp_path / "config")
    (tmp_path / "config" / "rules.toml").write_text("minimum_age = 'x'")
    sick = command(yellow, "doctor", "--config", str(tmp_path / "config"), "--json")
    assert sick.code == RED
    [wrong] = [check for check in sick.json["checks"] if not check["ok"]]
    assert "rules.toml" in wrong["seen"]
    assert wrong["remedy"]


def test_samples_are_the_same_for_the_same_seed_and_make_a_night(
    server: SharedServer, migrated: Database, command: Command, tmp_path: Path
) -> None:
    place = Place(tmp_path / "home", server.new(like=migrated), [])
    first = command(place, "sample", "--people", "40", "--to", str(place.home / "inbox"), "--seed", "7", "--json")
    command(place, "sample", "--people", "40", "--to", str(tmp_path / "again"), "--seed", "7")
    assert set(first.json["rows"]) == set(lists.SOURCES)
    for path in (place.home / "inbox").rglob("*.*"):
        twin = tmp_path / "again" / path.relative_to(place.home / "inbox")
        assert twin.read_bytes() == path.read_bytes()
    assert Path(first.json["answer_key"]).is_file()
    night = command(place, "run", "--json")
    assert night.code in {GREEN, YELLOW}
    assert night.json["elders"]["total"] > 20


def test_everything_a_night_leaves_in_a_home_is_its_owners_alone(home: Path, launcher: Launcher) -> None:
    lists.deliver(home, lists.clean_lists(lists.make_people(6)))
    assert launcher.run("run", "--home", str(home))["code"] == GREEN
    assert launcher.run("elders", "--to", str(home / "elders.csv"), "--home", str(home))["code"] == GREEN
    made = [path for path in home.rglob("*") if not path.is_relative_to(home / "inbox")]
    assert {path.parts[len(home.parts)] for path in made} >= {"postgres", "received", "reports", "outgoing", "logs"}
    modes = {(path.is_dir(), oct(path.stat().st_mode & 0o777)) for path in made}
    assert modes == {(True, "0o700"), (False, "0o600")}
    # Run by root, the database's own account passes through the home and reads nothing of it.
    assert home.stat().st_mode & 0o777 in {0o700, 0o711}


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A folder to be called from."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    before = Path.cwd()
    os.chdir(folder)
    yield folder
    os.chdir(before)


def test_the_home_and_the_configuration_come_from_the_environment_else_from_here(
    yellow: Place, elsewhere: Path
) -> None:
    url = {"ELDERSYNC_DATABASE_URL": yellow.database.url}
    assert script("status", "--json", **url).json["elders"] == 30
    assert (elsewhere / "var" / "inbox" / "village_survey").is_dir()
    script("status", "--json", ELDERSYNC_HOME=str(elsewhere / "other"), **url)
    assert (elsewhere / "other" / "inbox").is_dir()
    script("status", "--home", str(elsewhere / "third"), ELDERSYNC_HOME=str(elsewhere / "fourth"), **url)
    assert (elsewhere / "third").is_dir()
    assert not (elsewhere / "fourth").exists()
    missing = script("status", "--json", ELDERSYNC_CONFIG=str(elsewhere / "none"), **url)
    assert missing.code == USAGE
    assert "none" in missing.json["error"]


def test_help_names_every_command_and_costs_little(elsewhere: Path) -> None:
    answer = script("--help")
    assert answer.code == GREEN
    for name in (
        "run",
        "resume",
        "status",
        "show",
        "runs",
        "findings",
        "elders",
        "explain",
        "report",
        "sample",
        "doctor",
    ):
        assert re.search(rf"│ {name} ", answer.out)
        assert script(name, "--help").code == GREEN if name == "run" else True
    assert list(elsewhere.iterdir()) == []


def test_a_reader_who_goes_early_is_no_accident(yellow: Place) -> None:
    there = {"ELDERSYNC_DATABASE_URL": yellow.database.url}
    with subprocess.Popen(
        [SCRIPT, "show", "1", "--json", "--home", str(yellow.home)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **there},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, b"Traceback" in said, b"unforeseen" in said) == (RED, False, False)
