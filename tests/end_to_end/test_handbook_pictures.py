"""Pictures for the operators' handbook: the server's pages and the page of the status, after a night that stopped."""

from collections.abc import Iterator
from typing import NamedTuple

import made_up_lists as lists
import pytest
from installation import Installation, installed
from made_up_night import CHROMIUM, running_browser
from pictures import assert_is_kept
from planted_faults import failing
from playwright.sync_api import Page
from shared_server import Database, Launcher, SharedServer

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed")

GREEN, RED, YELLOW = 0, 1, 3
SIZE = (1280, 900)


class Stopped(NamedTuple):
    """An office that is up, the flow run of its night that stopped, and a browser of somebody who may look at it."""

    office: Installation
    flow_run: str
    page: Page


@pytest.fixture(scope="module")
def stopped(
    server: SharedServer, migrated: Database, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stopped]:
    database = server.new(like=migrated)
    with installed(tmp_path_factory.mktemp("office"), database.url) as office, running_browser() as browser:
        lists.deliver(office.home, lists.spoilt_lists(lists.make_people(60)))
        night = launcher.run(
            "run", "--date", "2026-01-30", "--home", str(office.home), "--config", str(office.config),
            environment=office.environment,
        )  # fmt: skip
        assert night["code"] == YELLOW
        assert office.command("up").code == GREEN
        with failing(database.engine, "merge"):
            flow_run = office.order("nightly", {"business_date": "2026-01-31"})
            assert office.ended(flow_run) == ("FAILED", "Failed")
        page = browser.new_page(
            viewport={"width": SIZE[0], "height": SIZE[1]},
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
        )
        page.set_default_timeout(120_000)
        page.goto(f"http://127.0.0.1:{office.port}/deployments")
        page.locator("input").first.fill(office.password)
        page.keyboard.press("Enter")
        yield Stopped(office, flow_run, page)


def test_the_page_of_deployments_shows_what_is_scheduled(stopped: Stopped) -> None:
    page = stopped.page
    page.goto(f"http://127.0.0.1:{stopped.office.port}/deployments")
    page.get_by_role("link", name="scorecard", exact=True).first.wait_for()
    page.wait_for_load_state("networkidle")
    assert_is_kept("prefect-deployments", page.screenshot(), title=page.title(), size=SIZE)


def test_the_page_of_a_night_that_stopped_has_a_button_to_try_again(stopped: Stopped) -> None:
    page = stopped.page
    page.goto(f"http://127.0.0.1:{stopped.office.port}/runs/flow-run/{stopped.flow_run}")
    page.get_by_role("button", name="Retry", exact=True).wait_for()
    page.wait_for_load_state("networkidle")
    assert_is_kept("prefect-run", page.screenshot(), title=page.title(), size=SIZE)


def test_the_page_of_the_status_says_whose_job_it_is(stopped: Stopped) -> None:
    assert stopped.office.command("status").code == RED
    page = stopped.page
    page.goto((stopped.office.home / "reports" / "status.html").as_uri())
    assert_is_kept("status", page.screenshot(), title=page.title(), size=SIZE)
