"""A night that failed, was cancelled or is finished, tried again from Prefect's page, its command line or a browser: it does what is left of *its* run."""

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import made_up_lists as lists
import pytest
from disturbed_nights import SECOND, Outcome, Place, Tries, left_behind, outcome, registered, told
from planted_faults import failing, hanging, wait_until_it_hangs
from playwright.sync_api import Browser, Page
from private_prefect import Prefect
from worked_nights import CHROMIUM, Nights, running_worker, wait_until

from registry.engine import connect_registry
from registry.lock import holder

YELLOW = 3
STAGES = ("receive", "take", "merge", "plan", "push", "report")
TRIED_AGAIN_BY = {**dict.fromkeys(STAGES, "page"), "plan": "command"}

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed")


@pytest.fixture(scope="module")
def undisturbed(tries: Tries) -> Outcome:
    place = tries.copy()
    assert tries.run(place, "run", "--date", SECOND)["code"] == YELLOW
    return outcome(place)


@pytest.fixture(scope="module")
def nights(prefect: Prefect, tries: Tries) -> Iterator[Nights]:
    prefect.command("work-pool", "create", "eldersync", "--type", "process", "--overwrite")
    prefect.command("deploy", "--name", "nightly", ELDERSYNC_HOME=str(tries.evening.home))
    [deployment] = [found for found in prefect.ask("deployments/filter") if found["name"] == "nightly"]
    # Nights in homes of their own are not in each other's way; in one home the registry's lock lets one work.
    prefect.patch(f"deployments/{deployment['id']}", {"schedules": [], "concurrency_limit": None})
    with running_worker(prefect):
        yield Nights(prefect, deployment["id"])


@pytest.fixture(scope="module")
def page(browser: Browser) -> Page:
    return browser.new_page(viewport={"width": 1400, "height": 900})


@pytest.fixture(scope="module")
def tried_again(tries: Tries, nights: Nights, page: Page) -> dict[str, tuple[Place, str]]:
    """Nights that stopped, each in another stage, by where: their place and flow run. What stopped them is mended, and they are tried again."""
    places = {stage: tries.copy() for stage in STAGES}
    with ExitStack() as faults:
        for stage, place in places.items():
            faults.enter_context(failing(place.database.engine, stage))
        flow_runs = {stage: nights.order(place, business_date=SECOND) for stage, place in places.items()}
        assert {nights.ended(flow_run)[0] for flow_run in flow_runs.values()} == {"Failed"}
    for stage, flow_run in flow_runs.items():
        run = the_run(places[stage])
        assert (run["status"], run["requested"]["flow_run"]) == ("red", flow_run)
        if TRIED_AGAIN_BY[stage] == "page":
            nights.press(page, flow_run, "Retry", "Retry")
        else:
            nights.prefect.command("flow-run", "retry", flow_run)
    return {stage: (places[stage], flow_runs[stage]) for stage in STAGES}


def the_run(place: Place) -> dict[str, Any]:
    [found] = place.database.ask("SELECT run_id, status, stopped_by, requested FROM run WHERE run_id > 1")
    return dict(found)


@pytest.mark.parametrize("stage", STAGES)
def test_a_failed_night_that_is_tried_again_ends_as_one_left_alone(
    nights: Nights, tried_again: dict[str, tuple[Place, str]], undisturbed: Outcome, stage: str
) -> None:
    place, flow_run = tried_again[stage]
    assert nights.ended(flow_run, tries=2) == ("Yellow", "run 2: yellow")
    assert nights.flow_run(flow_run)["name"] == f"nightly {SECOND}"
    assert outcome(place) == undisturbed
    assert told(place) == registered(place)
    assert left_behind(place.home) == []


def test_a_finished_night_that_is_tried_again_gives_its_result_again_and_repeats_nothing(
    nights: Nights, tries: Tries, undisturbed: Outcome
) -> None:
    place = tries.copy()
    flow_run = nights.order(place, business_date=SECOND)
    assert nights.ended(flow_run) == ("Yellow", "run 2: yellow")
    finished = place.database.ask("SELECT finished_at FROM run WHERE run_id = 2")
    nights.prefect.command("flow-run", "retry", flow_run)
    assert nights.ended(flow_run, tries=2) == ("Yellow", "run 2: yellow")
    assert place.database.ask("SELECT finished_at FROM run WHERE run_id = 2") == finished
    assert outcome(place) == undisturbed


def test_a_night_that_a_later_one_has_overtaken_says_which_did_the_rest(nights: Nights, tries: Tries) -> None:
    place = tries.copy()
    with failing(place.database.engine, "merge"):
        flow_run = nights.failed(place)
    tries.server.wait_until_nobody_is_in(place.database)
    assert tries.run(place, "run", "--date", SECOND)["code"] == YELLOW
    before = outcome(place)
    nights.prefect.command("flow-run", "retry", flow_run)
    assert nights.ended(flow_run, tries=2) == (
        "Superseded", "run 2 was overtaken by run 3 (yellow), which did the rest",
    )  # fmt: skip
    assert outcome(place) == before


def test_a_night_cancelled_on_its_page_stops_cleanly_and_is_tried_again(
    nights: Nights, tries: Tries, undisturbed: Outcome, page: Page
) -> None:
    place = tries.copy()
    with hanging(place.database.engine, "push"):
        flow_run = nights.order(place, business_date=SECOND)
        wait_until_it_hangs(place.database.engine)
        wait_until(lambda: "上报，尚余" in (nights.artifact(flow_run, "night-progress") or {}).get("description", ""))
        nights.press(page, flow_run, "Cancel", "Confirm")
        assert nights.ended(flow_run)[0] == "Cancelled"
    assert (the_run(place)["status"], the_run(place)["stopped_by"]) == ("red", "cancelled")
    assert place.database.ask("SELECT 1 FROM stage WHERE run_id = 2 AND name = 'push'") == []
    with connect_registry(place.home, place.database.url) as engine:
        assert holder(engine) is None
    tries.server.wait_until_nobody_is_in(place.database)
    nights.press(page, flow_run, "Retry", "Retry")
    assert nights.ended(flow_run, tries=2) == ("Yellow", "run 2: yellow")
    assert outcome(place) == undisturbed


def two_in_the_morning() -> timezone:
    """Where it is between two and three in the morning now, so that a cut-off of the morning is ahead."""
    return timezone(timedelta(hours=(2 - datetime.now(UTC).hour + 11) % 24 - 11))


def test_a_night_waits_visibly_for_a_source_until_something_new_has_come(
    nights: Nights, tries: Tries, tmp_path: Path
) -> None:
    zone, place = two_in_the_morning(), tries.copy()
    config = Path(shutil.copytree(Path(__file__).parents[2] / "config", tmp_path / "config"))
    hours = round(zone.utcoffset(None) / timedelta(hours=1))
    bureau = config / "bureau.toml"
    bureau.write_text(
        bureau.read_text(encoding="utf-8").replace('"Asia/Shanghai"', f'"Etc/GMT{-hours:+d}"'), encoding="utf-8"
    )
    survey = config / "sources" / "village_survey.toml"
    survey.write_text('cut_off = "11:59"\n' + survey.read_text(encoding="utf-8"), encoding="utf-8")
    assert tries.run(place, "run", "--date", SECOND)["code"] == YELLOW  # what lies there is taken, and nothing new
    flow_run = nights.order(place, config=str(config))
    waiting = wait_until(lambda: nights.artifact(flow_run, "night-waiting"))
    assert "（最迟 11:59）" in waiting["description"]
    assert 0 <= waiting["data"] < 100
    [task] = nights.prefect.ask("task_runs/filter", {"flow_runs": {"id": {"any_": [flow_run]}}})
    assert (task["name"], task["state"]["type"]) == ("wait for sources", "RUNNING")
    # The lock is free meanwhile, for a push.
    with connect_registry(place.home, place.database.url) as engine:
        assert holder(engine) is None
    lists.deliver(place.home, lists.spoilt_lists(lists.make_people(31)), ("village_survey",))
    assert nights.ended(flow_run)[0] == "Yellow"
    assert (
        nights.artifact(flow_run, "night-waiting")["description"] == "等待结束：1 个来源已到，0 个到截止时间没有新文件"
    )
    assert place.database.ask("SELECT 1 FROM run WHERE run_id = 3 AND status = 'yellow'")
    assert json.dumps(nights.flow_run(flow_run)["parameters"]) == "{}"
