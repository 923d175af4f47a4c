"""What prefect.yaml declares: when each deployment runs, what happens when two meet, what its form asks for, and that it asks for nobody's data."""

import importlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.flows import Flow

from flows.schedule.flow_endings import Ending, ended
from flows.schedule.prefect_server import POOL
from flows.schedule.server_setup import DEPLOYMENTS, OUR_TAG
from schemas.configuration import load_configuration
from schemas.errors import SourceUnavailable

ROOT = Path(__file__).resolve().parents[2]
DECLARED: list[dict[str, Any]] = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
NAMES = [deployment["name"] for deployment in DECLARED]


def flow_of(deployment: dict[str, Any]) -> Flow[..., Any]:
    module, _, name = deployment["entrypoint"].rpartition(".")
    found: Flow[..., Any] = getattr(importlib.import_module(module), name)
    return found


def test_what_is_declared_is_what_the_program_knows() -> None:
    assert sorted(NAMES) == sorted(DEPLOYMENTS)


@pytest.mark.parametrize("deployment", DECLARED, ids=NAMES)
def test_every_deployment_is_ours_described_in_both_languages_and_one_at_a_time(deployment: dict[str, Any]) -> None:
    chinese, english = deployment["description"].strip().split("\n")
    assert any("一" <= sign <= "鿿" for sign in chinese)
    assert english.isascii()
    assert deployment["tags"][0] == OUR_TAG
    assert deployment["work_pool"]["name"] == POOL
    assert deployment["parameters"] == {}
    assert deployment["concurrency_limit"]["limit"] == 1


def test_what_a_person_asked_for_waits_its_turn_and_all_else_gives_way() -> None:
    strategies = {deployment["name"]: deployment["concurrency_limit"]["collision_strategy"] for deployment in DECLARED}
    assert strategies == {name: "ENQUEUE" if name == "source" else "CANCEL_NEW" for name in NAMES}


def test_the_night_begins_at_two_and_everything_else_at_another_time() -> None:
    crons = {deployment["name"]: [schedule["cron"] for schedule in deployment["schedules"]] for deployment in DECLARED}
    assert crons == {
        "nightly": ["0 2 * * *"],
        "source": [],
        "push": ["5-55/10 0,3-23 * * *"],
        "reconcile": ["30 12 * * 0"],
        "scorecard": ["0 7 1 * *"],
        "backup": ["40 6 * * *"],
    }
    assert {schedule["timezone"] for deployment in DECLARED for schedule in deployment["schedules"]} == {
        "Asia/Shanghai"
    }


@pytest.mark.parametrize("deployment", DECLARED, ids=NAMES)
def test_a_form_explains_every_parameter_and_asks_for_dates_names_and_numbers_only(deployment: dict[str, Any]) -> None:
    flow = flow_of(deployment)
    properties = flow.parameters.properties
    assert list(properties) == list(inspect.signature(flow.fn).parameters)
    assert [name for name, asked in properties.items() if not asked.get("description")] == []
    assert set(properties) <= {"business_date", "sources", "source", "push", "resume_run", "month"}


def test_the_form_of_one_source_offers_the_configured_ones() -> None:
    [deployment] = [deployment for deployment in DECLARED if deployment["name"] == "source"]
    asked = flow_of(deployment).parameters
    assert asked.properties["source"]["enum"] == sorted(load_configuration(ROOT / "config").sources)
    assert asked.required == ["source"]


@pytest.mark.parametrize("deployment", DECLARED, ids=NAMES)
def test_no_flow_keeps_results_or_repeats_itself(deployment: dict[str, Any]) -> None:
    flow = flow_of(deployment)
    assert flow.persist_result is False
    assert flow.retries == 0
    assert flow.flow_run_name  # people read it


def raising(error: Exception) -> Callable[[], Ending]:
    def work() -> Ending:
        raise error

    return work


@pytest.mark.parametrize(
    ("work", "state"),
    [
        (lambda: Ending("yellow", "run 3: 2 differ"), ("COMPLETED", "Yellow", "run 3: 2 differ")),
        (raising(SourceUnavailable("away")), ("FAILED", "Failed", "SourceUnavailable: away")),
        (
            raising(ValueError("张三 4414")),
            ("FAILED", "Failed", "StageFailed: ValueError at"),
        ),
    ],
    ids=["done", "stopped on purpose", "unforeseen"],
)
def test_a_flow_ends_in_a_state_that_tells_counts_and_places_only(
    work: Callable[[], Ending], state: tuple[str, str, str]
) -> None:
    found = ended(work)
    kind, name, message = state
    assert (found.type.value, found.name) == (kind, name)
    assert found.message is not None
    assert found.message.startswith(message)
    assert "张三" not in found.message
    assert found.data is None


def test_the_systemd_units_begin_what_the_command_line_has() -> None:
    from flows.cli import app

    commands = set(app)
    for unit in (ROOT / "scripts" / "systemd").glob("*.service"):
        [line] = [line for line in unit.read_text().splitlines() if line.startswith("ExecStart=")]
        assert line.split("/eldersync ")[1].split()[0] in commands


def test_the_decision_about_collisions_names_every_deployment() -> None:
    page = (ROOT / "docs" / "decisions" / "0032-one-supervisor.md").read_text(encoding="utf-8")
    assert [name for name in NAMES if f"`{name}`" not in page] == []
