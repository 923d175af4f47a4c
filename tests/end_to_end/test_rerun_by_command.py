"""A night that stopped, whichever stage it stopped in: `resume` and the next night do what is left, say so beforehand, and repeat nothing."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import made_up_lists as lists
import pytest
import sqlalchemy as sa
from disturbed_nights import SECOND, Outcome, Place, Tries, elders, left_behind, outcome, registered, told
from planted_faults import failing, hanging, wait_until_it_hangs

from registry import migrations
from registry.embedded import running_server

GREEN, RED, USAGE, YELLOW = 0, 1, 2, 3
SCRIPT = str(Path(sys.executable).with_name("eldersync"))
STAGES = ("receive", "take", "merge", "plan", "push", "report")


@pytest.fixture(scope="module")
def undisturbed(tries: Tries) -> tuple[Outcome, list[dict[str, Any]]]:
    place = tries.copy()
    assert tries.run(place, "run", "--date", SECOND)["code"] == YELLOW
    return outcome(place), elders(place)


def asked(tries: Tries, place: Place, *arguments: str) -> dict[str, Any]:
    """The JSON a command line answers with."""
    words = place.home.parent / "asked.json"
    words.unlink(missing_ok=True)
    answer = tries.launcher.run(
        *arguments, "--json", "--home", str(place.home), stdout=str(words),
        environment={"ELDERSYNC_DATABASE_URL": place.database.url},
    )  # fmt: skip
    assert answer["code"] == GREEN
    found: dict[str, Any] = json.loads(words.read_text(encoding="utf-8"))
    return found


def what_is(found: dict[str, Any], will: str) -> set[str]:
    return {stage["stage"] for stage in found["stages"] if stage["will"] == will}


@pytest.mark.parametrize("stage", STAGES)
def test_a_night_that_stops_in_a_stage_ends_resumed_or_on_the_next_night_as_one_left_alone(
    tries: Tries, undisturbed: tuple[Outcome, list[dict[str, Any]]], stage: str
) -> None:
    place = tries.copy()
    with failing(place.database.engine, stage):
        assert tries.run(place, "run", "--date", SECOND)["code"] == RED
    before = outcome(place)
    foretold = asked(tries, place, "resume", "2", "--dry-run")
    assert what_is(foretold, "done") >= set(STAGES[: max(STAGES.index(stage) - 1, 0)])
    assert stage in what_is(foretold, "repeat") | what_is(foretold, "do")
    assert "report" not in what_is(foretold, "done")
    assert foretold["platform"]["tells"] == (stage != "report")
    assert asked(tries, place, "run", "--dry-run", "--date", SECOND)["unfinished_run"] == 2
    assert outcome(place) == before
    next_night = tries.copy(of=place)
    assert tries.run(place, "resume", "2")["code"] == YELLOW
    assert outcome(place) == undisturbed[0]
    assert tries.run(next_night, "run", "--date", SECOND)["code"] == YELLOW
    assert elders(next_night) == undisturbed[1]
    assert told(next_night) == registered(next_night)
    assert left_behind(next_night.home) == []


def test_a_night_says_what_it_will_do_before_it_begins(tries: Tries) -> None:
    place = tries.copy()
    words = place.home / "stderr"
    words.unlink()  # of the evening before
    with failing(place.database.engine, "plan"):
        assert tries.run(place, "run", "--date", SECOND)["code"] == RED
    assert words.read_text(encoding="utf-8").startswith(f"新的一次运行：业务日期 {SECOND}，4 个来源，各阶段从头做起。")
    words.unlink()
    assert tries.run(place, "resume", "2")["code"] == YELLOW
    said = words.read_text(encoding="utf-8").splitlines()
    assert said[:5] == [
        f"续跑第 2 次运行：业务日期 {SECOND}，4 个来源。",
        "  已完成，不重复：接收、读取校验、合并比对",
        "  上次没有做成，重做：编制上报方案",
        "  要做：上报、生成报告",
        said[4],
    ]
    assert said[4].startswith("  上报：写成导入表，由数据员提交；现有")


@pytest.mark.parametrize(
    "arguments",
    [("resume", "1", "--dry-run"), ("resume", "9", "--dry-run"), ("run", "--dry-run", "--source", "nobody")],
    ids=["finished", "unknown", "no such source"],
)
def test_what_cannot_be_done_is_not_foretold(tries: Tries, arguments: tuple[str, ...]) -> None:
    assert tries.run(tries.copy(), *arguments)["code"] == USAGE


def test_a_night_that_is_told_to_end_closes_its_run_stops_its_server_and_can_be_resumed(home: Path) -> None:
    lists.deliver(home, lists.clean_lists(lists.make_people(12)))
    command = [SCRIPT, "run", "--date", SECOND, "--home", str(home), "--json"]
    with running_server(home) as url:
        engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
        with engine.begin() as connection:
            migrations.upgrade(connection)
        with hanging(engine, "merge"):
            night = subprocess.Popen(command, stdout=-1, stderr=-1, text=True, env=os.environ)
            wait_until_it_hangs(engine)
            night.send_signal(signal.SIGTERM)
            out, said = night.communicate(timeout=60)
        assert night.returncode == RED
        assert json.loads(out)["error"] == "run 1 was cancelled; `eldersync resume 1` goes on"
        assert "was cancelled" in said.splitlines()[-1]
        with engine.connect() as connection:
            [run] = connection.execute(sa.text("SELECT status, stopped_by FROM run"))
            assert tuple(run) == ("red", "cancelled")
            assert connection.scalar(sa.text("SELECT count(*) FROM stage WHERE name = 'merge'")) == 0
            assert connection.scalar(sa.text("SELECT count(*) FROM elder")) == 0
            assert connection.scalar(sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")) == 0
    # The night was the server's other user, and has left; nobody needs it now.
    assert not (home / "postgres" / "postmaster.pid").exists()
    resumed = subprocess.run(
        [SCRIPT, "resume", "1", "--home", str(home), "--json"], capture_output=True, text=True, check=False
    )
    assert resumed.returncode == GREEN
    assert json.loads(resumed.stdout)["elders"]["new"] == 12
    assert not (home / "postgres" / "postmaster.pid").exists()
