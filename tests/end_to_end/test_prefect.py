"""The night as Prefect runs it: deployed from prefect.yaml, scheduled, performed by a worker, retried where that may help."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import made_up_lists as lists
import pytest
import waiting
from private_prefect import Prefect
from shared_server import Database, SharedServer

from registry.engine import connect_registry
from registry.lock import run_lock

SCRIPT = str(Path(sys.executable).with_name("eldersync"))
CONFIG = Path(os.environ["ELDERSYNC_CONFIG"])
wait_until = partial(waiting.wait_until, seconds=60)
DAY = "2026-11-20"
STAGES = Counter({"receive": 4, "take": 4, "merge": 1, "plan": 1, "push": 1, "report": 1})


@dataclass(frozen=True)
class Deployed:
    """A deployment on a server, the home its nights work in, and their database."""

    prefect: Prefect
    deployment_id: str
    home: Path
    database: Database
    config: Path
    push_id: str

    @property
    def environment(self) -> dict[str, str]:
        return {"ELDERSYNC_DATABASE_URL": self.database.url, "ELDERSYNC_CONFIG": str(self.config)}

    def order(self, *, deployment_id: str = "", **parameters: Any) -> str:
        """Asks for a run now, as `prefect deployment run` does; its id."""
        asked = {"parameters": parameters, "state": {"type": "SCHEDULED"}}
        ordered = self.prefect.ask(f"deployments/{deployment_id or self.deployment_id}/create_flow_run", asked)
        run_id: str = ordered["id"]
        return run_id

    def flow_run(self, run_id: str) -> dict[str, Any]:
        [found] = self.prefect.ask("flow_runs/filter", {"flow_runs": {"id": {"any_": [run_id]}}})
        return dict(found)

    def task_runs(self, run_id: str) -> list[dict[str, Any]]:
        return list(self.prefect.ask("task_runs/filter", {"flow_runs": {"id": {"any_": [run_id]}}}))


@pytest.fixture(scope="module")
def deployed(
    prefect: Prefect, server: SharedServer, migrated: Database, tmp_path_factory: pytest.TempPathFactory
) -> Deployed:
    home = tmp_path_factory.mktemp("home")
    home.chmod(0o700)
    lists.deliver(home, lists.clean_lists(lists.make_people(12)))
    config = tmp_path_factory.mktemp("config") / "config"
    shutil.copytree(CONFIG, config)
    prefect.command("work-pool", "create", "eldersync", "--type", "process")
    prefect.command("deploy", "--name", "nightly", "--name", "push", ELDERSYNC_HOME=str(home))
    ids = {deployment["name"]: deployment["id"] for deployment in prefect.ask("deployments/filter")}
    # Due while a test's night is active, it would only say so, or the night would.
    prefect.patch(f"deployments/{ids['push']}", {"schedules": []})
    return Deployed(prefect, ids["nightly"], home, server.new(like=migrated), config, ids["push"])


def test_the_schedule_creates_runs_for_two_in_the_morning(deployed: Deployed) -> None:
    scheduled = {
        "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}, "tags": {"all_": ["auto-scheduled"]}},
        "deployments": {"id": {"any_": [deployed.deployment_id]}},
    }
    runs = wait_until(lambda: deployed.prefect.ask("flow_runs/filter", scheduled))
    times = {datetime.fromisoformat(run["expected_start_time"]).strftime("%H:%M %Z") for run in runs}
    assert times == {"18:00 UTC"}  # 02:00 in Shanghai


def test_a_worker_performs_a_night_as_one_task_a_stage_and_source(deployed: Deployed) -> None:
    run_id = deployed.order(business_date=DAY)
    deployed.prefect.command("worker", "start", "--pool", "eldersync", "--run-once", **deployed.environment)
    run = deployed.flow_run(run_id)
    assert (run["state"]["type"], run["state"]["name"]) == ("COMPLETED", "Green")
    assert (run["name"], run["state"]["message"]) == (f"nightly {DAY}", "run 1: green")
    tasks = deployed.task_runs(run_id)
    assert Counter(task["name"].split()[0] for task in tasks) == STAGES
    assert {task["name"] for task in tasks} >= {f"take {source}" for source in lists.SOURCES}
    assert {task["state"]["type"] for task in tasks} == {"COMPLETED"}
    assert (deployed.home / "reports" / "1" / "index.html").is_file()
    assert "run 1: merge" in (deployed.home / "logs" / "eldersync.log").read_text()
    logs = deployed.prefect.ask("logs/filter", {"logs": {"flow_run_id": {"any_": [run_id]}}})
    assert any("run 1: push done" in line["message"] for line in logs)


def test_the_run_shows_counts_and_where_the_report_lies(deployed: Deployed) -> None:
    # Other tests' nights are on the same server.
    nights = {"deployments": {"id": {"any_": [deployed.deployment_id]}}}
    [night] = [run for run in deployed.prefect.ask("flow_runs/filter", nights) if run["state"]["name"] == "Green"]
    artifacts = {
        found["key"]: found
        for found in deployed.prefect.ask("artifacts/filter", {"flow_runs": {"id": {"any_": [night["id"]]}}})
    }
    assert set(artifacts) == {"night-funnel", "night-progress", "night-report"}
    assert (artifacts["night-progress"]["data"], artifacts["night-progress"]["description"]) == (
        100,
        "第 1 次运行：已完成",
    )
    report = (deployed.home / "reports" / "1" / "index.html").resolve()
    assert f"]({report.as_uri()})" in artifacts["night-report"]["data"]
    assert report.is_file()
    rows = json.loads(artifacts["night-funnel"]["data"])
    assert [row["来源"] for row in rows] == [*sorted(lists.SOURCES), "合计"]
    assert all(row["收到"] == row["纳入"] + row["暂缓"] + row["重复"] + row["空白"] for row in rows)
    people = lists.make_people(12)
    everything = json.dumps([found["data"] for found in artifacts.values()], ensure_ascii=False)
    assert not [person for person in people if person.name in everything or person.number in everything]
    assert not {village for village in (person.village for person in people) if village in everything}


def test_a_worker_performs_a_push_between_nights(deployed: Deployed) -> None:
    run_id = deployed.order(deployment_id=deployed.push_id)
    deployed.prefect.command("worker", "start", "--pool", "eldersync", "--run-once", **deployed.environment)
    run = deployed.flow_run(run_id)
    assert (run["state"]["type"], run["state"]["name"]) == ("COMPLETED", "Green")
    assert run["state"]["message"].startswith("run 1: 0 planned, 0 sent")


def test_one_source_failing_is_a_failed_task_of_a_completed_night_and_only_what_may_pass_is_tried_again(
    deployed: Deployed,
) -> None:
    # The kept original of a list is lost, and changed rules ask for its rows to be judged again: that cannot pass.
    row = deployed.database.ask("SELECT sha256 FROM delivery WHERE source = 'health_incapacity'")[0]
    (deployed.home / "received" / row["sha256"][:2] / row["sha256"]).unlink()
    (deployed.home / "inbox" / "health_incapacity" / "名单.csv").unlink()
    rules = deployed.config / "rules.toml"
    rules.write_text(rules.read_text().replace("assessment_valid_months = 12", "assessment_valid_months = 11"))
    # A share is away, and comes back.
    share = deployed.home / "inbox" / "health_family_planning"
    share.rename(share.with_name("away"))
    share.write_text("")

    run_id = deployed.order(business_date=DAY)
    worker = subprocess.Popen(
        [str(Path(sys.executable).with_name("prefect")), "worker", "start", "--pool", "eldersync", "--run-once"],
        env={**deployed.prefect.environment, **deployed.environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    wait_until(
        lambda: any(task["state"] and task["state"]["name"] == "AwaitingRetry" for task in deployed.task_runs(run_id))
    )
    share.unlink()
    share.with_name("away").rename(share)
    assert worker.wait(timeout=90) == 0

    run = deployed.flow_run(run_id)
    assert (run["state"]["type"], run["state"]["name"]) == ("COMPLETED", "Yellow")
    tasks = {task["name"]: task for task in deployed.task_runs(run_id)}
    states = {name: (task["state"]["type"], task["run_count"]) for name, task in tasks.items()}
    assert states.pop("receive health_family_planning") == ("COMPLETED", 2)
    assert states.pop("take health_incapacity") == ("FAILED", 1)
    assert set(states.values()) == {("COMPLETED", 1)}


def test_prefect_is_told_dates_and_names_only(deployed: Deployed) -> None:
    deployed.order(business_date=DAY, sources=["village_survey"], push=False)
    runs = [run for run in deployed.prefect.ask("flow_runs/filter") if run["deployment_id"] is not None]
    told = {json.dumps(value) for run in runs for value in run["parameters"].values()}
    assert told == {f'"{DAY}"', '["village_survey"]', "false"}
    results = [run["state"]["data"] for run in runs + deployed.prefect.ask("task_runs/filter") if run["state"]["data"]]
    assert {result.get("type") for result in results} <= {"unpersisted"} or {
        result.get("storage_block_id") for result in results
    } == {None}
    assert not any((deployed.prefect.home / "prefect" / "storage").glob("*"))


def test_a_night_begun_by_hand_is_a_flow_of_the_server_with_the_same_answers(deployed: Deployed) -> None:
    environment = {**os.environ, **deployed.prefect.environment, **deployed.environment}
    command = [SCRIPT, "run", "--date", DAY, "--home", str(deployed.home), "--json"]
    before = {run["id"] for run in deployed.prefect.ask("flow_runs/filter")}
    with connect_registry(deployed.home, deployed.database.url) as engine, run_lock(engine, "run 17"):
        refused = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert refused.returncode == 4
    assert "eldersync run 17" in json.loads(refused.stdout)["error"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    summary = json.loads(done.stdout)
    assert summary["status"] == "yellow"
    names = {run["state"]["name"] for run in deployed.prefect.ask("flow_runs/filter") if run["id"] not in before}
    assert names == {"Failed", "Yellow"}
