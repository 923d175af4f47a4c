"""`eldersync up` and `down`: one command to a page with a scheduled night, what dies is begun again, missed nights are one, and one command ends it."""

import os
import shutil
import signal
import sqlite3
import stat
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import made_up_lists as lists
import pytest
import requests
from installation import Installation, configuration_with, installed, wait_until
from playwright.sync_api import Page, expect, sync_playwright
from shared_server import Database, SharedServer

from flows.schedule.server_processes import Process, process_of
from flows.schedule.server_setup import DEPLOYMENTS, open_pool, prepare

CHROMIUM = shutil.which("chromium")
PATIENCE = 4
"""How many times longer than promised a test machine that does other things besides may take."""

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture(scope="module")
def database(server: SharedServer, migrated: Database) -> Database:
    return server.new(like=migrated)


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory, database: Database) -> Iterator[Installation]:
    """An installation that is up, and stays so from test to test."""
    with installed(tmp_path_factory.mktemp("installation"), database.url) as installation:
        lists.deliver(installation.home, lists.clean_lists(lists.make_people(12)))
        begun = installation.command("up", "--json")
        assert begun.code == 0, begun.err + "".join(
            log.read_text() for log in (installation.home / "logs").glob("*.log")
        )
        assert begun.seconds < 60 * PATIENCE
        without_pushes(installation)
        yield installation


def test_one_command_gives_a_page_a_password_and_a_night_at_two(up: Installation) -> None:
    again = up.command("up", "--json")
    assert again.code == 0
    found = again.answer
    assert found["was_up"] is True
    assert found["url"] == f"http://127.0.0.1:{up.port}"
    password = Path(found["password_in"])
    assert password.read_text().startswith(f"{found['user']}:")
    assert stat.S_IMODE(password.stat().st_mode) == 0o600
    night = datetime.fromisoformat(found["next_night"])
    assert (night.hour, night.minute, night.utcoffset()) == (2, 0, timedelta(hours=8))
    assert night > datetime.now(UTC)


def test_up_says_the_same_to_people_and_never_the_password(up: Installation) -> None:
    told = up.command("up")
    assert "服务早已启动" in told.out
    assert f"http://127.0.0.1:{up.port}" in told.out
    assert up.password.partition(":")[2] not in told.out + told.err


def test_a_second_supervisor_leaves_and_says_so(up: Installation) -> None:
    refused = up.command("up", "--foreground")
    assert refused.code == 4
    assert "is up already" in refused.err


def test_a_port_of_another_program_is_refused_before_anything_runs(up: Installation, tmp_path: Path) -> None:
    config = configuration_with(tmp_path, up.port)
    refused = replace(up, home=tmp_path / "home", config=config).command("up")
    assert refused.code == 2
    assert f"another program listens on {up.port}" in refused.err
    assert not (tmp_path / "home" / "prefect").exists()


def test_three_processes_run_and_only_their_owner_can_read_what_they_leave(up: Installation) -> None:
    assert set(up.processes.alive()) == {"supervisor", "server", "worker"}
    assert up.processes.state == "ready"
    files = [path for path in (up.home / "prefect").rglob("*") if path.is_file()] + list((up.home / "logs").iterdir())
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_temporary_files_are_of_this_home_so_that_another_account_of_the_machine_is_in_nobodys_way(
    up: Installation,
) -> None:
    assert (up.home / "prefect" / "tmp" / "runner_storage").is_dir()


def test_no_process_list_shows_the_password(up: Installation) -> None:
    secret = up.password.partition(":")[2].encode()
    for process in up.processes.alive().values():
        assert secret not in Path(f"/proc/{process.pid}/cmdline").read_bytes()


def test_the_server_listens_on_this_machine_only(up: Installation) -> None:
    address, listening = f"{up.port:04X}", "0A"
    lines = [
        line.split() for file in ("tcp", "tcp6") for line in Path(f"/proc/net/{file}").read_text().splitlines()[1:]
    ]
    ours = {line[1].partition(":")[0] for line in lines if line[1].endswith(f":{address}") and line[3] == listening}
    assert ours == {"0100007F"}


def test_the_interface_wants_the_password_and_a_token_for_every_change(up: Installation) -> None:
    url, (user, _, secret) = f"http://127.0.0.1:{up.port}/api", up.password.partition(":")
    assert requests.get(f"{url}/health", timeout=10).status_code == 200
    assert requests.get(f"{url}/admin/version", timeout=10).status_code == 401
    assert requests.get(f"{url}/admin/version", auth=(user, secret), timeout=10).status_code == 200
    assert requests.post(f"{url}/flow_runs/count", json={}, auth=(user, secret), timeout=10).status_code == 403
    assert up.api.post("flow_runs/count") >= 0
    allowed = requests.get(f"{url}/health", headers={"Origin": "http://elsewhere.example"}, timeout=10).headers
    assert allowed.get("access-control-allow-origin") != "*"


def test_every_deployment_is_registered_with_its_schedule(up: Installation) -> None:
    found = {deployment["name"]: deployment for deployment in up.api.all("deployments/filter", {})}
    assert sorted(found) == sorted(DEPLOYMENTS)
    assert {name for name, deployment in found.items() if not deployment["schedules"]} == {"source", "push"}
    assert {deployment["work_pool_name"] for deployment in found.values()} == {"eldersync"}


@pytest.fixture
def page(up: Installation) -> Iterator[Page]:
    if CHROMIUM is None:
        pytest.skip("Debian's chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.set_default_timeout(60_000)
        yield page
        browser.close()


def test_the_page_asks_for_the_password_offers_the_sources_and_begins_a_run(up: Installation, page: Page) -> None:
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(request.url.split("/")[2]))
    page.goto(f"http://127.0.0.1:{up.port}/deployments")
    page.locator("input").first.fill(up.password)
    page.keyboard.press("Enter")
    page.get_by_role("link", name="source", exact=True).first.click()
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_text("Custom run").click()
    expect(page.get_by_text("来源。The source to take.")).to_be_visible(timeout=60_000)
    choice = page.locator(".schema-form-property", has_text="来源。").last.locator(".p-select-button__control")
    option = page.locator(".p-select-option__text", has_text="village_survey")
    wait_until(lambda: option.count() or choice.press("ArrowDown"))
    option.click()
    # A form that is still being filled in is not sent.
    expect(page.locator(".schema-form-property", has_text="来源。").last).to_contain_text("village_survey")
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url(lambda address: "/run?" not in address)
    question = {"deployments": {"name": {"any_": ["source"]}}}
    [run] = wait_until(lambda: up.api.all("flow_runs/filter", question))
    assert run["parameters"] == {"source": "village_survey", "business_date": None, "push": True}
    assert up.ended(run["id"])[0] == "COMPLETED"
    assert up.run(run["id"])["name"] == "source village_survey"
    assert asked == {f"127.0.0.1:{up.port}"}


def test_a_source_that_is_none_of_ours_cannot_even_be_asked_for(up: Installation) -> None:
    identifier = up.deployment_id("source")
    asked = {"parameters": {"source": "nobody"}, "state": {"type": "SCHEDULED"}, "enforce_parameter_schema": True}
    with pytest.raises(Exception, match="answers 4"):
        up.api.post(f"deployments/{identifier}/create_flow_run", asked)


def test_the_worker_performs_backup_scorecard_and_comparison(up: Installation) -> None:
    month = f"{datetime.now(SHANGHAI):%Y-%m}"
    assert up.ended(up.order("source", {"source": "village_survey"}))[0] == "COMPLETED"  # there is a night to score
    ordered = {
        "scorecard": up.order("scorecard", {"month": month}),
        "reconcile": up.order("reconcile"),
        "backup": up.order("backup"),
    }
    assert {name: up.ended(run_id) for name, run_id in ordered.items()} == {
        "scorecard": ("COMPLETED", "Green"),
        "reconcile": ("COMPLETED", "Skipped"),  # import workbooks offer no list
        "backup": ("COMPLETED", "Green"),
    }
    day = f"{datetime.now(SHANGHAI):%Y-%m-%d}"
    assert up.run(ordered["backup"])["name"] in {f"backup {day}", f"backup {datetime.now(SHANGHAI):%Y-%m-%d}"}
    assert (up.home / "reports" / "scorecard" / month / "index.html").is_file()


def test_a_prefect_command_is_asked_of_this_server(up: Installation) -> None:
    told = up.command("prefect", "deployment", "ls")
    assert told.code == 0
    assert "nightly/nightly" in told.out


def test_nights_missed_for_a_week_become_one_night(up: Installation, database: Database) -> None:
    before = {row["run_id"] for row in database.ask("SELECT run_id FROM run")}
    up.api.patch("work_pools/eldersync", {"is_paused": True})
    today = datetime.now(SHANGHAI).replace(hour=2, minute=0, second=0, microsecond=0)
    missed = [
        up.order(
            "nightly",
            state={
                "type": "SCHEDULED",
                "state_details": {"scheduled_time": (today - timedelta(days=days)).isoformat()},
            },
            tags=["auto-scheduled"],
        )
        for days in range(1, 8)
    ]
    worker = up.processes.processes["worker"]
    worker.signal(signal.SIGKILL)
    begun = wait_until(lambda: (now := up.processes.alive().get("worker")) not in {worker, None} and now)
    assert isinstance(begun, Process)
    open_pool(up.api)

    ended = Counter(up.ended(run_id)[1] for run_id in missed)
    assert ended.pop("Skipped") == 6
    assert set(ended) <= {"Green", "Yellow"}
    assert up.ended(missed[0])[1] != "Skipped"  # the newest
    nights = {row["run_id"] for row in database.ask("SELECT run_id FROM run")} - before
    assert len(nights) == 1
    # And one that comes late after all finds in the ledger that its night has been.
    late = up.order(
        "nightly",
        state={"type": "SCHEDULED", "state_details": {"scheduled_time": (today - timedelta(days=1)).isoformat()}},
        tags=["auto-scheduled"],
    )
    assert up.ended(late) == ("COMPLETED", "Skipped")
    assert {row["run_id"] for row in database.ask("SELECT run_id FROM run")} - before == nights


def test_a_server_that_is_killed_is_begun_again(up: Installation) -> None:
    killed = up.processes.processes["server"]
    killed.signal(signal.SIGKILL)
    wait_until(lambda: up.processes.alive().get("server") not in {killed, None})
    wait_until(up.api.is_healthy)
    assert up.processes.restarts >= 2


def test_a_supervisor_that_is_killed_leaves_both_at_work_and_the_next_takes_them_over(up: Installation) -> None:
    before = up.processes.processes
    os.kill(before["supervisor"].pid, signal.SIGKILL)
    wait_until(lambda: process_of(before["supervisor"].pid) is None)
    assert set(up.processes.alive()) == {"server", "worker"}
    assert up.command("up").code == 0
    without_pushes(up)
    assert {name: up.processes.alive()[name] for name in ("server", "worker")} == {
        name: before[name] for name in ("server", "worker")
    }
    assert up.processes.alive()["supervisor"] != before["supervisor"]


def begun_night(up: Installation) -> str:
    """A night of the day after tomorrow that waits for a list; its flow run is at work when this returns."""
    source = up.config / "sources" / "village_survey.toml"
    if "cut_off" not in source.read_text():
        source.write_text("cut_off = 11:00:00\n" + source.read_text())
    run_id = up.order("nightly", {"business_date": f"{datetime.now(SHANGHAI) + timedelta(days=2):%Y-%m-%d}"})
    wait_until(lambda: up.run(run_id)["state"]["type"] == "RUNNING")
    return run_id


def flow_process(up: Installation, run_id: str) -> int:
    """The process in which the worker performs a flow run."""
    children = Path(f"/proc/{up.processes.processes['worker'].pid}/task").glob("*/children")
    named = f"PREFECT__FLOW_RUN_ID={run_id}".encode()
    pids = [pid for file in children for pid in file.read_text().split()]
    [found] = [int(pid) for pid in pids if named in Path(f"/proc/{pid}/environ").read_bytes()]
    return found


def without_pushes(up: Installation) -> None:
    """Takes the schedule from the push, which would be at work when a test wants nothing to be."""
    up.api.patch(f"deployments/{up.deployment_id('push')}", {"schedules": []})


def test_a_flow_of_which_nothing_is_heard_is_called_crashed(up: Installation) -> None:
    prepare(up.api, silent_seconds=45)  # minutes, for those who wait
    open_pool(up.api)
    run_id = begun_night(up)
    beats = {"event": {"name": ["prefect.flow-run.heartbeat"]}, "any_resource": {"id": [f"prefect.flow-run.{run_id}"]}}
    wait_until(lambda: up.api.post("events/filter", {"filter": beats})["events"])
    flow = flow_process(up, run_id)
    os.kill(flow, signal.SIGSTOP)
    try:
        assert up.ended(run_id) == ("CRASHED", "Crashed")
    finally:
        os.kill(flow, signal.SIGKILL)
    prepare(up.api)
    open_pool(up.api)
    wait_until(lambda: process_of(flow) is None)


def test_what_a_loss_of_power_ended_is_called_crashed_as_soon_as_the_server_is_up(up: Installation) -> None:
    run_id = begun_night(up)
    flow = flow_process(up, run_id)
    for process in (up.processes.alive()["supervisor"], *up.processes.alive().values()):
        process.signal(signal.SIGKILL)
    os.kill(flow, signal.SIGKILL)
    assert up.command("up").code == 0
    without_pushes(up)
    assert up.run(run_id)["state"]["name"] == "Crashed"


def test_down_names_what_is_at_work_and_leaves_it_be_until_told_otherwise(up: Installation) -> None:
    run_id = begun_night(up)
    refused = up.command("down", "--wait", "0")
    assert refused.code == 4
    assert "nightly is at work since" in refused.err
    assert set(up.processes.alive()) == {"supervisor", "server", "worker"}
    was, flow = up.processes.alive(), flow_process(up, run_id)

    told = up.command("down", "--now", "--json")
    assert (told.code, told.answer) == (0, {"stopped": ["worker", "server"]})
    assert not [process for process in was.values() if process.is_alive()]
    assert process_of(flow) is None
    assert not (up.home / "prefect" / "processes.json").exists()

    with closing(sqlite3.connect(up.home / "prefect" / "prefect.db")) as prefect:
        [state] = prefect.execute("SELECT state_name FROM flow_run WHERE id = ?", [run_id])
    assert state == ("Cancelled",)

    again = up.command("down")
    assert (again.code, again.out) == (0, "服务本未运行 (nothing was running)\n")
