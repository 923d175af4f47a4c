"""A night that is killed at any boundary ends, resumed or on the next night, exactly as one that was left alone."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import made_up_lists as lists
import pytest
from disturbed_nights import SECOND, Outcome, Tries, elders, left_behind, outcome, registered, state, told
from shared_server import Launcher, SharedServer

GREEN, RED, USAGE, YELLOW, BUSY, KILLED = 0, 1, 2, 3, 4, -9


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
    gone_on_from = set()
    for die in deaths:
        killed = tries.copy()
        assert tries.run(killed, "run", "--date", SECOND, die=die)["code"] == KILLED, die
        tries.server.wait_until_nobody_is_in(killed.database)
        if (left := state(killed)) in gone_on_from:  # most often before a COMMIT, and after the one before
            continue
        gone_on_from.add(left)
        # Before a COMMIT the database is as it was after the one before; only files may have come.
        differs = "after" in die or (killed.home / "outgoing" / "2").exists()
        next_night = tries.copy(of=killed) if differs else None
        assert tries.resume(killed)["code"] == YELLOW, die
        assert outcome(killed) == expected, die
        assert told(killed) == registered(killed), die
        if next_night:
            assert tries.run(next_night, "run", "--date", SECOND)["code"] == YELLOW, die
            assert elders(next_night) == expected_elders, die
            assert told(next_night) == registered(next_night), die
            assert left_behind(next_night.home) == [], die
    assert len(gone_on_from) > len(deaths) / 2
    with capsys.disabled():
        print(  # noqa: T201
            f"\nkilled at all K = {len(deaths)} boundaries of {len(commits)} commits, gone on from each of the"
            f" {len(gone_on_from)} states they left"
        )


FORGETS_FILES_OF_DEAD_NIGHTS = """
import types, flows.telling.push_workbook
flows.telling.push_workbook.shutil = types.SimpleNamespace(rmtree=lambda *_: None)
"""


def test_a_planted_bug_is_noticed(tries: Tries, undisturbed: tuple[Outcome, list[dict[str, Any]], list[bool]]) -> None:
    place = tries.copy()
    *_, push, _report = [number for number, wrote in enumerate(undisturbed[2], start=1) if wrote]
    assert tries.run(place, "run", "--date", SECOND, die={"before": push})["code"] == KILLED
    tries.server.wait_until_nobody_is_in(place.database)
    assert tries.run(place, "run", "--date", SECOND, plant=FORGETS_FILES_OF_DEAD_NIGHTS)["code"] == YELLOW
    with pytest.raises(AssertionError, match="pushed twice"):
        told(place)


def test_a_night_killed_with_files_half_in_place_leaves_no_other_files(
    tries: Tries, undisturbed: tuple[Outcome, list[dict[str, Any]], list[bool]], capsys: pytest.CaptureFixture[str]
) -> None:
    expected, _, _ = undisturbed
    gone_on_from = set()
    number = 0
    while True:
        number += 1
        killed = tries.copy()
        answer = tries.run(killed, "run", "--date", SECOND, die={"rename": number})
        if answer["code"] != KILLED:
            break
        tries.server.wait_until_nobody_is_in(killed.database)
        if (left := state(killed)) in gone_on_from:
            continue
        gone_on_from.add(left)
        assert tries.resume(killed)["code"] == YELLOW, number
        assert outcome(killed) == expected, number
    assert number > len(["two kept", "two for the platform", "two of the report"]) * 2
    with capsys.disabled():
        print(f"\nkilled at all K = {number - 1} files, gone on from {len(gone_on_from)} states")  # noqa: T201


def test_a_night_killed_while_it_reads_leaves_nothing_where_it_read(
    tries: Tries, undisturbed: tuple[Outcome, list[dict[str, Any]], list[bool]]
) -> None:
    killed = tries.copy()
    assert tries.run(killed, "run", "--date", SECOND, die={"reading": 1})["code"] == KILLED
    assert any((killed.home / "reading").iterdir())
    assert tries.resume(killed)["code"] == YELLOW
    assert outcome(killed) == undisturbed[0]


def test_a_file_whose_reader_is_killed_is_read_again_on_the_next_night(
    tries: Tries, undisturbed: tuple[Outcome, list[dict[str, Any]], list[bool]]
) -> None:
    place = tries.copy()
    assert tries.run(place, "run", "--date", SECOND, die={"readers": 1})["code"] == YELLOW
    [failed] = place.database.ask("SELECT source, result FROM stage WHERE run_id = 2 AND status = 'failed'")
    assert failed["source"] == "disability_federation"
    assert "ended from outside" in failed["result"]["error"]
    assert place.database.ask("SELECT 1 FROM delivery WHERE state = 'refused'") == []
    assert tries.run(place, "run", "--date", SECOND)["code"] == YELLOW
    # One night later, some have changed twice.
    now, expected = (
        [{**row, "revision": 0} for row in rows if row["status"] == "active"]
        for rows in (elders(place), undisturbed[1])
    )
    assert now == expected
    assert told(place) == registered(place)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9], ids=["receiving", "taking", "finishing"])
def test_a_night_whose_sessions_are_ended_stops_cleanly_and_is_resumed(
    tries: Tries, undisturbed: tuple[Outcome, list[dict[str, Any]], list[bool]], share: float
) -> None:
    place = tries.copy()
    number = int(share * len(undisturbed[2]))
    assert tries.run(place, "run", "--date", SECOND, die={"sessions": number})["code"] == RED
    last_words = (place.home / "stderr").read_text(encoding="utf-8").splitlines()[-1]
    assert "lost the registry's run lock" in last_words or "PostgreSQL is not available" in last_words
    assert tries.resume(place)["code"] == YELLOW
    assert outcome(place) == undisturbed[0]


def test_a_night_whose_database_server_is_killed_stops_cleanly_and_is_resumed(
    home: Path, launcher: Launcher, undisturbed: tuple[Outcome, list[dict[str, Any]], list[bool]]
) -> None:
    lists.deliver(home, lists.spoilt_lists(lists.make_people(30)))
    die = {"server": int(0.7 * len(undisturbed[2])), "pid_file": str(home / "postgres" / "postmaster.pid")}
    words = home.parent / "stderr"
    assert launcher.run("run", "--home", str(home), die=die, stderr=str(words))["code"] == RED
    assert "PostgreSQL is not available" in words.read_text(encoding="utf-8").splitlines()[-1]
    state = home.parent / "status.json"
    assert launcher.run("status", "--home", str(home), "--json", stdout=str(state))["code"] == RED
    status = json.loads(state.read_text(encoding="utf-8"))
    assert (status["status"], status["resume"]) == ("red", "eldersync resume 1")
    assert launcher.run("resume", "1", "--home", str(home))["code"] == YELLOW
    assert launcher.run("elders", "--to", str(home / "elders.json"), "--home", str(home))["code"] == GREEN
    assert len(json.loads((home / "elders.json").read_text(encoding="utf-8"))) == 30


def test_a_killed_migration_leaves_no_tables_and_is_made_by_the_next_command(
    server: SharedServer, launcher: Launcher, home: Path
) -> None:
    database = server.new()
    request = {"environment": {"ELDERSYNC_DATABASE_URL": database.url}}
    answer = launcher.run("status", "--home", str(home), die={"before": 2}, **request)
    assert answer["code"] == KILLED
    server.wait_until_nobody_is_in(database)
    assert database.ask("SELECT 1 FROM pg_tables WHERE schemaname = 'public'") == []
    assert launcher.run("status", "--home", str(home), **request)["code"] == GREEN


def test_of_nights_begun_at_once_on_an_empty_database_one_works_and_the_others_say_why_not(
    server: SharedServer, home: Path
) -> None:
    lists.deliver(home, lists.clean_lists(lists.make_people(30)))
    environment = {**os.environ, "ELDERSYNC_DATABASE_URL": server.new().url}
    command = [str(Path(sys.executable).with_name("eldersync")), "run", "--home", str(home)]
    started = [
        subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=-1, text=True) for _ in range(3)
    ]
    said = [(process.communicate(timeout=60)[1], process.returncode) for process in started]
    codes = sorted(code for _, code in said)
    assert codes == [GREEN, BUSY, BUSY]
    assert all("is at work since" in words for words, code in said if code == BUSY)
