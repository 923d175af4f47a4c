"""What goes wrong while nobody looks is noticed from outside Prefect, told once a day, and named with whose job it is."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import made_up_lists as lists
import pytest
import requests
from private_prefect import Prefect
from push_office import SCRIPT, Office
from shared_server import Database, Launcher, SharedServer

from flows.cli import call
from flows.schedule.server_processes import ServerProcesses, process_of, read_processes, remember_processes
from flows.watching.clock_watch import read_clocks
from flows.watching.told import Clocks, read_told
from flows.watching.watch import look
from registry import runs
from registry.engine import connect_registry, transaction
from registry.lock import run_lock

GREEN, RED, USAGE, YELLOW = 0, 1, 2, 3
SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass
class Watched:
    """An office whose messages go to a file, and a watchdog whose clock the test sets."""

    office: Office
    base: Clocks

    @property
    def letters(self) -> list[str]:
        file = self.office.home.parent / "messages.txt"
        return file.read_text(encoding="utf-8").split("\n\n")[:-1] if file.is_file() else []

    def at(self, day: int = 0, hour: int | None = None, minute: int = 0, *, drift: float = 0) -> Clocks:
        """The clocks so many days from now at an hour there; ``drift``: seconds by which the wall clock was set."""
        wall = self.base.wall.astimezone(SHANGHAI) + timedelta(days=day)
        if hour is not None:
            wall = wall.replace(hour=hour, minute=minute, second=0, microsecond=0)
        passed = (wall - self.base.wall).total_seconds()
        return Clocks(boot=self.base.boot, wall=wall + timedelta(seconds=drift), elapsed=self.base.elapsed + passed)

    def looks(self, clocks: Clocks | None = None) -> dict[str, Any]:
        return look(self.office.home, self.office.config, clocks=clocks or self.base)

    def codes(self, clocks: Clocks | None = None) -> list[str]:
        return [problem["code"] for problem in self.looks(clocks)["problems"]]


@pytest.fixture(scope="module")
def evening(
    server: SharedServer, migrated: Database, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory
) -> Office:
    """An office after one clean night; tests copy it."""
    office = Office.calm(tmp_path_factory.mktemp("evening"), server.new(like=migrated), launcher)
    lists.deliver(office.home, lists.clean_lists(lists.make_people(12)))
    assert office.say("run").code == GREEN
    return office


@pytest.fixture
def watched(evening: Office, server: SharedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watched:
    office = evening.copied(tmp_path / "office", server)
    office.edit("operations.toml", 'kind = "none"', f'kind = "file"\nfile = "{tmp_path / "office" / "messages.txt"}"')
    monkeypatch.setenv("ELDERSYNC_DATABASE_URL", office.database.url)
    found = Watched(office, read_clocks())
    assert found.codes() == []
    (tmp_path / "office" / "messages.txt").unlink(missing_ok=True)  # of the night itself
    return found


@pytest.fixture
def sleeping() -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Processes that do nothing, in the place of server and worker."""
    made: list[subprocess.Popen[bytes]] = []

    def begin() -> subprocess.Popen[bytes]:
        made.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]))
        return made[-1]

    yield begin
    for process in made:
        process.kill()
        process.wait()


def noted(watched: Watched, port: int, **processes: subprocess.Popen[bytes]) -> None:
    """Notes a server that was started an hour ago, as ``eldersync up`` does."""
    there = {name: found for name, process in processes.items() if (found := process_of(process.pid)) is not None}
    since = (watched.base.wall - timedelta(hours=1)).isoformat()
    remember_processes(watched.office.home, ServerProcesses(port, "ready", since, there))


def test_a_night_that_did_not_happen_is_told_when_it_should_be_over_and_once_a_day(watched: Watched) -> None:
    assert watched.codes(watched.at(1, 5, 59)) == []
    missed = watched.looks(watched.at(1, 6, 0))
    assert [(one["code"], one["owner"], one["command"]) for one in missed["problems"]] == [
        ("night-missed", "我方", "eldersync run")
    ]
    assert missed["told"] == ["problems"]
    again = watched.looks(watched.at(1, 6, 5))
    assert ([one["code"] for one in again["problems"]], again["told"]) == (["night-missed"], [])
    assert len(watched.letters) == 1
    assert "今天的夜间运行没有完成〔我方〕night-missed" in watched.letters[0]
    assert "night-missed" in watched.codes(watched.at(2, 6, 0))
    assert len(watched.letters) == 2


def test_a_night_that_waits_for_a_late_source_is_given_its_time(watched: Watched) -> None:
    for name, cut_off in (("health_incapacity", "07:30:00"), ("village_survey", "18:00:00")):
        path = watched.office.config / "sources" / f"{name}.toml"
        path.write_text(f"cut_off = {cut_off}\n{path.read_text(encoding='utf-8')}", encoding="utf-8")
    assert watched.codes(watched.at(1, 8, 29)) == []
    assert watched.codes(watched.at(1, 8, 30)) == ["night-missed"]


def test_a_night_done_by_hand_is_a_night(watched: Watched) -> None:
    tomorrow = watched.at(1).wall.astimezone(SHANGHAI).date().isoformat()
    assert watched.office.say("run", "--date", tomorrow).code in {GREEN, YELLOW}
    assert watched.codes(watched.at(1, 6, 0)) == []


def test_a_killed_night_is_told_by_the_next_look_and_a_resumed_one_is_over(watched: Watched) -> None:
    assert watched.office.say("run", die={"after": 14}).code == -signal.SIGKILL
    found = watched.looks()
    [killed] = found["problems"]
    assert (killed["code"], killed["command"]) == ("night-killed", "eldersync resume 2")
    assert found["told"] == ["problems"]
    assert watched.office.say("resume", "2").code in {GREEN, YELLOW}
    assert watched.codes() == []


def test_a_run_without_a_finished_stage_for_too_long_hangs(watched: Watched) -> None:
    with connect_registry(watched.office.home, watched.office.database.url) as engine, run_lock(engine, "run 2"):
        with transaction(engine) as connection:
            runs.begin_run(
                connection, business_date=watched.base.wall.date(), started_at=watched.base.wall, rules_digest="x",
                requested={"sources": [], "send": True},
            )  # fmt: skip
        assert watched.codes() == []
        assert "night-hung" not in watched.codes(watched.base.model_copy(
            update={"wall": watched.base.wall + timedelta(minutes=119), "elapsed": watched.base.elapsed + 119 * 60}
        ))  # fmt: skip
        later = {"wall": watched.base.wall + timedelta(minutes=121), "elapsed": watched.base.elapsed + 121 * 60}
        assert "night-hung" in watched.codes(watched.base.model_copy(update=later))
        with transaction(engine) as connection:
            runs.record_stage(connection, 2, "merge", "", status="done", seconds=1, result={})
        assert "night-hung" not in watched.codes(watched.base.model_copy(update=later))


def test_a_night_still_at_work_when_it_should_be_over_is_told_as_late(watched: Watched) -> None:
    tomorrow = watched.at(1, 2).wall
    with connect_registry(watched.office.home, watched.office.database.url) as engine, run_lock(engine, "run 2"):
        with transaction(engine) as connection:
            runs.begin_run(
                connection, business_date=tomorrow.astimezone(SHANGHAI).date(), started_at=tomorrow, rules_digest="x",
                requested={"sources": [], "send": True},
            )  # fmt: skip
        assert watched.codes(watched.at(1, 6, 0)) == ["night-late"]


def test_a_killed_server_and_a_killed_worker_are_told_apart(
    watched: Watched, sleeping: Callable[[], subprocess.Popen[bytes]]
) -> None:
    server, worker = sleeping(), sleeping()
    noted(watched, 1, server=server, worker=worker)
    worker.kill()
    worker.wait()
    assert watched.codes() == ["worker-dead"]
    server.kill()
    server.wait()
    assert watched.codes() == ["server-down"]


def test_a_server_that_nobody_looks_after_is_told(
    watched: Watched, sleeping: Callable[[], subprocess.Popen[bytes]]
) -> None:
    supervisor = sleeping()
    noted(watched, 1, supervisor=supervisor, server=sleeping(), worker=sleeping())
    password(watched.office.home)
    supervisor.kill()
    supervisor.wait()
    assert watched.codes() == ["server-silent", "supervisor-dead"]


def test_a_server_stopped_in_order_or_just_begun_is_no_alarm(
    watched: Watched, sleeping: Callable[[], subprocess.Popen[bytes]]
) -> None:
    server = sleeping()
    noted(watched, 1, supervisor=server)
    found = read_processes(watched.office.home)
    assert found is not None
    remember_processes(watched.office.home, replace(found, state="starting", since=watched.base.wall.isoformat()))
    assert watched.codes() == []
    remember_processes(watched.office.home, replace(found, state="stopping"))
    assert watched.codes() == []


def test_a_server_that_does_not_answer_is_told_as_silent(
    watched: Watched, sleeping: Callable[[], subprocess.Popen[bytes]]
) -> None:
    class Ill(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(503)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its name there
            """Nothing is written to standard error."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Ill) as ill:
        thread = threading.Thread(target=ill.serve_forever)
        thread.start()
        noted(watched, ill.server_port, server=sleeping(), worker=sleeping())
        (watched.office.home / "secrets").mkdir(mode=0o700, exist_ok=True)
        password(watched.office.home)
        assert watched.codes() == ["server-silent"]
        ill.shutdown()
        thread.join()


def password(home: Path) -> None:
    path = home / "secrets" / "prefect_password"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_text("eldersync:made-up")
    path.chmod(0o600)


def test_a_server_without_a_night_in_its_schedule_is_told(
    watched: Watched, prefect: Prefect, sleeping: Callable[[], subprocess.Popen[bytes]]
) -> None:
    port = int(prefect.environment["PREFECT_SERVER_API_PORT"])
    noted(watched, port, server=sleeping(), worker=sleeping())
    password(watched.office.home)
    with nobody_scheduled(prefect):
        found = watched.looks()["problems"]
    [empty] = [one for one in found if one["code"] == "schedule-empty"]
    assert empty["what"] in {"夜间运行没有登记。", "夜间运行的计划已暂停。"}


@contextmanager
def nobody_scheduled(prefect: Prefect) -> Iterator[None]:
    """Pauses the night for the time of the block, where other tests have deployed it."""
    deployed = prefect.ask("deployments/filter", {"deployments": {"name": {"any_": ["nightly"]}}})
    for one in deployed:
        prefect.patch(f"deployments/{one['id']}", {"paused": True})
    yield
    for one in deployed:
        prefect.patch(f"deployments/{one['id']}", {"paused": one["paused"]})


def test_a_full_disk_and_an_old_backup_are_told(watched: Watched) -> None:
    watched.office.edit("operations.toml", "free_gigabytes = 2.0", "free_gigabytes = 1e9")
    assert watched.codes() == ["disk-low"]
    assert watched.codes(watched.at(3, 1)) == ["disk-low", "backup-old"]
    made = watched.at(2).wall
    backup = watched.office.home / "backups" / f"{made:%Y%m%dT%H%M%SZ}"
    backup.mkdir(parents=True)
    assert watched.codes(watched.at(3, 1)) == ["disk-low", "backup-old"]  # it is not whole
    (backup / "manifest.json").write_text("{}")
    assert watched.codes(watched.at(3, 1)) == ["disk-low"]


@pytest.mark.parametrize("seconds", [3600, -3600, 121], ids=["forward", "back", "a little more than allowed"])
def test_a_clock_that_was_set_is_told(watched: Watched, seconds: float) -> None:
    watched.looks(watched.at(0, 23, 0))
    assert "clock-jumped" in watched.codes(watched.at(0, 23, 5, drift=seconds))


def test_a_clock_that_only_went_on_is_not_told(watched: Watched) -> None:
    watched.looks(watched.at(0, 23, 0))
    assert watched.codes(watched.at(0, 23, 5, drift=119)) == []


def test_a_clock_set_back_while_the_machine_was_off_is_told(watched: Watched) -> None:
    booted = watched.base.model_copy(
        update={"boot": "another", "wall": watched.base.wall - timedelta(hours=1), "elapsed": 5.0}
    )
    assert watched.codes(booted) == ["clock-jumped"]


def test_a_platform_with_another_time_is_told_and_asked_once_an_hour(watched: Watched) -> None:
    with stand_in_with_a_clock(watched.office) as set_ahead:
        assert watched.codes() == []
        set_ahead(150)
        half_an_hour = {"wall": watched.base.wall + timedelta(minutes=30), "elapsed": watched.base.elapsed + 1800}
        assert watched.codes(watched.base.model_copy(update=half_an_hour)) == []
        an_hour = {"wall": watched.base.wall + timedelta(minutes=60), "elapsed": watched.base.elapsed + 3600}
        [off] = watched.looks(watched.base.model_copy(update=an_hour))["problems"]
        assert (off["code"], off["command"]) == ("clock-off", "timedatectl")
        assert " 150 秒" in off["what"] or " 149 秒" in off["what"]
    skew = read_told(watched.office.home).skew
    assert skew is not None
    later = {"wall": watched.base.wall + timedelta(minutes=121), "elapsed": watched.base.elapsed + 121 * 60}
    assert watched.codes(watched.base.model_copy(update=later)) == ["clock-off"]  # nobody answers: as it was seen last


@contextmanager
def stand_in_with_a_clock(office: Office) -> Iterator[Callable[[float], None]]:
    """The stand-in platform, whose clock may be set so many seconds ahead."""
    command = [SCRIPT, "simulate-province", "--home", str(office.home), "--port", "0", "--json"]
    with subprocess.Popen(
        command, env={**os.environ, **office.environment}, stdout=-1, stderr=-3, text=True
    ) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        office.tells(told["url"])

        def set_ahead(seconds: float) -> None:
            requests.post(f"{told['admin_url']}/clock", json={"ahead": seconds}, timeout=20).raise_for_status()

        try:
            yield set_ahead
        finally:
            process.send_signal(signal.SIGTERM)


def test_a_database_that_is_away_is_told_and_the_rest_is_still_looked_at(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ELDERSYNC_DATABASE_URL", "postgresql://u:canary-7f3@127.0.0.1:1/x")
    watched.office.edit("operations.toml", "free_gigabytes = 2.0", "free_gigabytes = 1e9")
    found = watched.looks()
    assert [one["code"] for one in found["problems"]] == ["database-down", "disk-low"]
    assert "canary" not in json.dumps(found)
    assert len(watched.letters) == 1


def test_a_broken_configuration_is_told_by_what_is_left_of_it(watched: Watched) -> None:
    watched.office.edit("bureau.toml", 'platform = "example"', 'platform = "nobody"')
    [problem] = watched.looks()["problems"]
    assert (problem["code"], "bureau.toml" in problem["what"] or "nobody" in problem["what"]) == (
        "configuration-invalid",
        True,
    )
    assert "configuration-invalid" in watched.letters[0]


def test_secrets_that_others_can_read_would_stop_the_night_and_are_told_before(watched: Watched) -> None:
    password(watched.office.home)
    assert watched.codes() == []
    (watched.office.home / "secrets" / "prefect_password").chmod(0o644)
    [problem] = watched.looks()["problems"]
    assert (problem["code"], "prefect_password" in problem["what"]) == ("configuration-invalid", True)
    assert "made-up" not in problem["what"]


def test_a_registry_of_another_program_is_left_alone(watched: Watched) -> None:
    with watched.office.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    assert watched.codes() == ["registry-schema"]


def test_where_nothing_can_be_remembered_nobody_is_told_every_five_minutes(watched: Watched) -> None:
    shutil.rmtree(watched.office.home / "watch")
    (watched.office.home / "watch").write_text("in the way")
    watched.office.edit("operations.toml", "free_gigabytes = 2.0", "free_gigabytes = 1e9")
    for minute in range(0, 60, 5):
        assert set(watched.codes(watched.at(0, 23, minute))) == {"disk-low", "watch-state"}
    assert len([letter for letter in watched.letters if "disk-low" in letter]) == 1


def test_a_message_that_cannot_leave_is_a_problem_until_it_does(watched: Watched, tmp_path: Path) -> None:
    watched.office.edit(
        "operations.toml", f'file = "{tmp_path / "office" / "messages.txt"}"', f'file = "{tmp_path / "none" / "m.txt"}"'
    )
    watched.office.edit("operations.toml", "free_gigabytes = 2.0", "free_gigabytes = 1e9")
    assert watched.codes() == ["disk-low"]
    assert watched.codes() == ["disk-low", "message-failed"]
    (tmp_path / "none").mkdir()
    watched.looks()
    assert "disk-low" in (tmp_path / "none" / "m.txt").read_text(encoding="utf-8")
    assert watched.codes() == ["disk-low"]


def test_a_home_where_nothing_ran_yet_is_quiet_and_no_registry_is_made(
    watched: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ELDERSYNC_DATABASE_URL")
    home = tmp_path / "fresh"
    home.mkdir(mode=0o700)
    assert look(home, watched.office.config)["problems"] == []
    assert not (home / "postgres").exists()


def test_a_server_meant_to_run_since_yesterday_without_any_night_is_a_missed_night(
    watched: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sleeping: Callable[[], subprocess.Popen[bytes]]
) -> None:
    monkeypatch.delenv("ELDERSYNC_DATABASE_URL")
    office = replace(watched.office, home=tmp_path / "fresh")
    office.home.mkdir(mode=0o700)
    fresh = Watched(office, watched.base)
    noted(fresh, 1, server=sleeping(), worker=sleeping())
    assert "night-missed" in fresh.codes(watched.at(1, 6, 0))
    assert "night-missed" not in fresh.codes(watched.at(1, 5, 59))


def test_the_command_exits_with_three_where_something_is_wrong(
    watched: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--home", str(watched.office.home), "--config", str(watched.office.config)]
    assert call(["watch", *where]) == GREEN
    assert "没有问题" in capsys.readouterr().out
    watched.office.edit("operations.toml", "free_gigabytes = 2.0", "free_gigabytes = 1e9")
    assert call(["watch", *where, "--json"]) == YELLOW
    assert json.loads(capsys.readouterr().out)["problems"][0]["code"] == "disk-low"
    assert call(["watch", *where]) == YELLOW
    assert "✗ 磁盘空间不足" in capsys.readouterr().out
    watched.office.edit("operations.toml", "done_by = 06:00:00", "done_by = 'six'")
    assert call(["watch", *where]) == USAGE
