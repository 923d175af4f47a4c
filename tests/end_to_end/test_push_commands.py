"""The commands of the push as people and programs use them: what they print, in which shape, and how they exit."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import made_up_lists as lists
import openpyxl
import pytest
import xlsxwriter
from push_office import Office, running_stand_in
from shared_server import Database, Launcher, SharedServer

from registry.engine import connect_registry
from registry.lock import run_lock
from simulator.province import drift

GREEN, RED, USAGE, YELLOW, BUSY, KILLED = 0, 1, 2, 3, 4, -9
DAY, NEXT_DAY = "2026-11-20", "2026-11-21"
PEOPLE = lists.make_people(12)
SAID_OF_A_PERSON = (PEOPLE[0].name, PEOPLE[0].number, PEOPLE[0].phone)
WHO = ("--by", "王芳", "--reason", "正在核实")


@pytest.fixture(scope="module")
def evening(
    server: SharedServer, migrated: Database, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory
) -> Office:
    """After a night whose plan waits for approval, since a platform was never told of anybody; to be copied."""
    office = Office.made(tmp_path_factory.mktemp("evening"), server.new(like=migrated), launcher)
    office.tells("http://127.0.0.1:9")
    lists.deliver(office.home, lists.clean_lists(PEOPLE))
    answer = office.say("run", "--date", DAY, "--json")
    assert (answer.code, answer.json["push"]["waiting"]) == (YELLOW, 12)
    return office


@pytest.fixture
def held(evening: Office, tmp_path: Path, server: SharedServer) -> Iterator[Office]:
    """An office whose first plan is held, and whose platform is there."""
    office = evening.copied(tmp_path, server)
    with running_stand_in(office):
        yield office


@pytest.fixture
def alone(evening: Office, tmp_path: Path, server: SharedServer) -> Office:
    """An office whose first plan is held, and whose platform is away."""
    return evening.copied(tmp_path, server)


@pytest.fixture
def told(held: Office) -> Office:
    """An office whose platform was told of twelve people."""
    held.approve(1)
    assert held.say("push", "--json").code == GREEN
    assert held.effects() == {"new": 12}
    return held


def test_a_held_plan_is_looked_at_approved_by_two_and_pushed(held: Office, tmp_path: Path) -> None:
    answer = held.say("plan", "1", "--to", str(tmp_path / "plan.xlsx"), "--json")
    assert answer.code == YELLOW
    assert set(answer.json) == {
        "run_id", "profile", "target", "digest", "state", "under_way", "new", "changed", "withdrawn", "brakes", "approvers",
        "people", "file",
    }  # fmt: skip
    assert (answer.json["state"], answer.json["new"], answer.json["target"]) == ("held", 12, "api")
    assert answer.json["brakes"][0]["kind"] == "first-push"
    assert openpyxl.load_workbook(tmp_path / "plan.xlsx").sheetnames
    assert held.say("push", "status", "--json").json["unreleased"] == 12
    assert held.say("push", "--json").code == YELLOW
    assert held.effects() == {}
    for by, code in (("王芳", YELLOW), (" 王芳", YELLOW), ("李强", GREEN)):
        answer = held.say("approve", "1", "--by", by, "--reason", "已逐页核对", "--json")
        assert (answer.code, answer.json["is_released"]) == (code, code == GREEN)
    answer = held.say("push", "--json")
    assert answer.code == GREEN
    assert set(answer.json) == {"run_id", "status", "push", "reasons", "files", "next_at", "seconds"}
    assert answer.json["push"] == {
        "planned": 12, "sent": 12, "accepted": 12, "rejected": 0, "unknown": 0, "waiting": 0,
    }  # fmt: skip
    assert held.effects() == {"new": 12}
    answer = held.say("push", "status", "--json")
    assert (answer.code, set(answer.json["waiting"].values()), answer.json["unreleased"]) == (GREEN, {0}, 0)
    answer = held.say("plan", "1", "--json")
    assert (answer.code, answer.json["state"]) == (GREEN, "told")


def test_the_same_in_words(held: Office) -> None:
    words = [
        held.say("plan", "1").out,
        held.say("approve", "1", "--by", "王芳", "--reason", "已逐页核对").out,
        held.say("approve", "1", "--by", "李强", "--reason", "已逐页核对").out,
        held.say("push").out,
        held.say("push", "status").out,
    ]
    told = [
        "held: waits for two approvals",
        "One more person has to approve",
        "Released: 12 people",
        "12 accepted",
        "0 pending",
    ]
    assert [expected in said for expected, said in zip(told, words, strict=True)] == [True] * 5, words
    assert not [one for one in SAID_OF_A_PERSON if one in "".join(words)]


def test_a_night_says_what_was_pushed_and_its_plan_is_green(told: Office) -> None:
    changed = [lists.replace(PEOPLE[0], phone="13700000006"), *PEOPLE[1:], *lists.make_people(2, first=12)]
    lists.deliver(told.home, lists.clean_lists(changed), ("village_survey",))
    answer = told.say("run", "--date", NEXT_DAY, "--json")
    assert (answer.code, answer.json["reasons"], answer.json["files"]) == (GREEN, [], [])
    assert answer.json["push"] == {
        "planned": 3, "sent": 3, "accepted": 3, "rejected": 0, "unknown": 0, "waiting": 0,
    }  # fmt: skip
    assert told.say("plan", "2", "--json").code == GREEN
    assert told.effects() == {"new": 14, "changed": 1}


def test_a_proof_is_asked_for_by_a_number_on_standard_input_and_shows_no_value(told: Office) -> None:
    answer = told.script("push", "proof", "-", "--json", stdin=f"{PEOPLE[0].number}\n")
    assert answer.code == GREEN
    [entry] = answer.json["entries"]
    assert (entry["sent_as"], entry["state"], entry["profile"]) == ("new", "accepted", "example")
    assert all(entry[name] for name in ("digest", "key", "receipt", "first_sent_at", "settled_at"))
    in_words = told.say("push", "proof", str(answer.json["person_id"]))
    assert (in_words.code, "accepted" in in_words.out) == (GREEN, True)
    assert not [one for one in SAID_OF_A_PERSON if one in answer.out + answer.err + in_words.out + in_words.err]


def test_somebody_is_held_and_released(held: Office) -> None:
    answer = held.script("hold", "-", *WHO, "--json", stdin=PEOPLE[0].number)
    assert (answer.code, answer.json["did"]) == (GREEN, "held")
    person = str(answer.json["person_id"])
    held.approve(1)
    answer = held.say("push", "--json")
    assert (answer.code, answer.json["push"]["accepted"], answer.json["push"]["waiting"]) == (YELLOW, 11, 1)
    assert "is held already" in held.say("hold", person, *WHO).err
    assert held.say("release", person, *WHO, "--json").json["did"] == "released"
    assert held.say("push", "--json").code == GREEN
    assert held.effects() == {"new": 12}
    answer = held.say("push", "resend", person, *WHO, "--json")
    assert (answer.code, "was accepted" in answer.json["error"]) == (USAGE, True)


def test_a_result_workbook_is_read_first_and_settles_with_yes(told: Office, tmp_path: Path) -> None:
    told.edit("bureau.toml", 'target = "api"', 'target = "workbook"')
    changed = [lists.replace(PEOPLE[0], phone="13700000006"), *PEOPLE[1:]]
    lists.deliver(told.home, lists.clean_lists(changed), ("village_survey",))
    answer = told.say("run", "--date", NEXT_DAY, "--json")
    assert (answer.code, answer.json["push"]["sent"], len(answer.json["files"])) == (GREEN, 1, 2)
    [line] = (told.home / "outgoing/2/elder-changes.jsonl").read_text(encoding="utf-8").splitlines()
    fields = json.loads(line)["fields"]
    result = tmp_path / "result.xlsx"
    with xlsxwriter.Workbook(result) as book:
        page = book.add_worksheet("导入结果")
        page.write_row(0, 0, [*fields, "处理结果", "失败原因"])
        for place, cell in enumerate([*fields.values(), "失败", "联系电话格式错误"]):
            page.write_string(1, place, cell)
    answer = told.say("receipts", "import", str(result), "--json")
    assert (answer.code, answer.json["is_settled"], answer.json["settled"]) == (YELLOW, False, {"rejected": 1})
    assert told.say("push", "status", "--json").json["refused"] == 0
    answer = told.say("receipts", "import", str(result), "--yes", "--json")
    assert (answer.code, answer.json["is_settled"], answer.json["findings"]["begun"]) == (GREEN, True, 1)
    assert (told.say("push", "status", "--json").code, told.say("receipts", "import", "no.xlsx").code) == (
        YELLOW,
        USAGE,
    )


def test_reconciling_is_green_where_both_sides_agree_and_yellow_where_they_do_not(
    evening: Office, tmp_path: Path, server: SharedServer
) -> None:
    office = evening.copied(tmp_path, server)
    with running_stand_in(office):
        office.approve(1)
        assert office.say("push", "--json").code == GREEN
        answer = office.say("reconcile", "--json")
        assert (answer.code, answer.json["agrees"], answer.json["total"]) == (GREEN, True, 12)
    drift.forget(office.home / "simulated-province/ledger.sqlite", "1")
    with running_stand_in(office):
        answer = office.say("reconcile", "--json")
        assert (answer.code, answer.json["agrees"], answer.json["to_tell_again"]) == (YELLOW, False, 1)
        assert all((office.home / file).is_file() for file in answer.json["files"])
        answer = office.say("reconcile", "--reassert", "--by", "王芳", "--reason", "平台误删", "--yes", "--json")
        assert answer.json["told_again"] == 1
        assert office.say("push", "--json").code == GREEN
        assert office.say("reconcile", "--json").code == GREEN


def test_a_format_is_tried_before_it_is_put_in_force(evening: Office) -> None:
    answer = evening.say("profile", "try", "example_flat", "--json")
    assert answer.code == GREEN
    assert (answer.json["people"], answer.json["elders"], answer.json["ways"]) == (12, 12, ["workbook", "api"])
    assert len(answer.json["rows"]) == 10
    in_words = evening.say("profile", "try", "example_flat")
    assert "12 of 12 people can be told" in in_words.out
    assert not [one for one in SAID_OF_A_PERSON if one in answer.out + in_words.out]
    answer = evening.say("profile", "try", "gazette", "--json")
    assert (answer.code, "known: example, example_flat" in answer.json["error"]) == (USAGE, True)


def test_a_format_of_a_later_day_is_not_used_before_and_file_and_key_are_named(alone: Office) -> None:
    alone.edit("platform/example.toml", "effective_from = 2024-01-01", "effective_from = 2199-01-01")
    for arguments in (["run"], ["push"], ["push", "status"], ["plan", "1"], ["status"], ["simulate-province"]):
        answer = alone.say(*arguments, "--json")
        assert answer.code == USAGE, arguments
        assert "platform/example.toml: effective_from: 2199-01-01 is after" in answer.json["error"], arguments
    [check] = [check for check in alone.say("doctor", "--json").json["checks"] if check["name"] == "platform profile"]
    assert (check["ok"], "effective_from" in check["seen"]) == (False, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["plan", "77"], "run 77 has no plan"),
        (["plan", "0"], "Must be >= 1"),
        (["approve", "77", *WHO], "run 77 has no plan"),
        (["approve", "1", "--by", "王芳"], "requires an argument"),
        (["approve", "1", "--by", "", "--reason", "已核对"], "who approves has to be named"),
        (["approve", "1", *WHO, "--source", "gazette"], "there is no source named gazette"),
        (["approve", "1", *WHO, "--source", "village_survey"], "no list of village_survey is held"),
        (["hold", "44142119360101001X", *WHO], "no elder of the registry has this number"),
        (["release", "1", *WHO], "person 1 is not held"),
        (["push", "proof", "99999"], "there is no person 99999"),
        (["reconcile", "--reassert", "--yes"], ""),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_what_cannot_be_is_said_and_changes_nothing(evening: Office, arguments: list[str], said: str) -> None:
    answer = evening.say(*arguments, "--json")
    assert answer.code == USAGE
    assert said in answer.out + answer.err
    assert evening.database.ask("SELECT 1 FROM approval UNION ALL SELECT 1 FROM person_hold") == []
    assert evening.database.ask("SELECT 1 FROM outbox WHERE first_sent_at IS NOT NULL") == []


def test_before_the_first_night_there_is_nothing_to_push(
    tmp_path: Path, server: SharedServer, migrated: Database, launcher: Launcher
) -> None:
    office = Office.made(tmp_path, server.new(like=migrated), launcher)
    answer = office.say("push", "--json")
    assert (answer.code, "there was no night yet" in answer.json["error"]) == (USAGE, True)
    assert office.say("push", "status", "--json").code == GREEN


def test_a_push_does_not_begin_while_a_night_is_at_work(evening: Office, tmp_path: Path) -> None:
    with connect_registry(tmp_path, evening.database.url) as engine, run_lock(engine, "run 17"):
        answer = evening.say("push", "--json")
        assert (answer.code, "run 17" in answer.json["error"]) == (BUSY, True)
        assert evening.say("push", "status", "--json").code == YELLOW


# By hand, and killed


def handed_in(office: Office) -> Counter[str]:
    """How often each person is in the files to hand in."""
    files = (office.home / "outgoing").glob("*/*.jsonl")
    return Counter(
        json.loads(line)["fields"]["证件号码"] for file in files for line in file.read_text("utf-8").splitlines()
    )


def test_a_push_killed_at_any_commit_or_file_leaves_nobody_out_and_nobody_twice(
    server: SharedServer, migrated: Database, launcher: Launcher, tmp_path: Path
) -> None:
    waiting = Office.made(tmp_path / "waiting", server.new(like=migrated), launcher)
    lists.deliver(waiting.home, lists.clean_lists(PEOPLE))
    assert waiting.say("run", "--date", DAY, "--no-push", "--json").json["push"]["waiting"] == 12
    undisturbed = waiting.copied(tmp_path / "undisturbed", server).say("push", "--json")
    writing = [number for number, wrote in enumerate(undisturbed.commits, start=1) if wrote]
    deaths = [{place: number} for number in writing for place in ("before", "after")]
    deaths += [{"rename": number} for number, _ in enumerate(undisturbed.json["files"], start=1)]
    assert len(deaths) >= 6
    everybody = {person.number: 1 for person in PEOPLE}
    for place, die in enumerate(deaths):
        office = waiting.copied(tmp_path / f"try_{place}", server)
        assert office.say("push", "--json", die=die).code == KILLED, die
        server.wait_until_nobody_is_in(office.database)
        answer = office.say("push", "--json")
        told = answer.json["push"]
        # Killed after the last commit that wrote, the push before has told everybody, and this one nobody.
        assert (answer.code, told["sent"], told["waiting"]) == (GREEN, 0 if die == {"after": writing[-1]} else 12, 0), (
            die
        )
        assert handed_in(office) == everybody, die
        assert [path.name for path in (office.home / "outgoing").iterdir()] == ["1"], die
        assert not list(office.home.rglob(".*.part")), die
