"""The page of the morning in a real browser: it loads nothing, fits a telephone, and a command is selected by one click."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from made_up_night import CHROMIUM
from playwright.sync_api import Browser, Page, expect

from flows.watching.card_words import CARD_WORDS
from flows.watching.cards import as_lines, card
from reports.status_page import StatusBillLine, StatusCard, StatusPage, write_status_page

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed")


@pytest.fixture(scope="module")
def status(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every card there is, at once."""
    at = datetime(2026, 1, 31, 2, tzinfo=UTC)
    cards = [card(code, "共 12 处。", since=at, run=12, source="village_survey") for code in CARD_WORDS]
    line = StatusBillLine("收到", 2032, "行", (("纳入", 1955), ("暂缓", 40), ("重复", 30), ("空白", 7)), "✓ 相符", 0)
    page = StatusPage(
        "某某区民政局", "red", "● 红  第 12 次运行", at, [line], [StatusCard(**one) for one in as_lines(cards)]
    )
    return write_status_page(page, tmp_path_factory.mktemp("status") / "status.html")


@pytest.mark.parametrize("width", [1280, 400], ids=["a screen", "a telephone"])
def test_it_loads_nothing_complains_about_nothing_and_is_no_wider_than_the_screen(
    browser: Browser, status: Path, width: int
) -> None:
    complaints: list[str] = []
    page = browser.new_page(viewport={"width": width, "height": 800}, locale="zh-CN")
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: complaints.append(request.url) if not request.is_navigation_request() else None)
    page.goto(status.as_uri())
    expect(page.locator(".card")).to_have_count(len(CARD_WORDS))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert complaints == []
    page.close()


def test_one_click_selects_a_whole_command(browser: Browser, status: Path) -> None:
    page: Page = browser.new_page()
    page.goto(status.as_uri())
    command = page.locator("[id^=night-stopped] .command")
    command.click()
    assert page.evaluate("getSelection().toString()") == "eldersync resume 12"
    page.close()
