"""Pictures of the report for the documents: taken in a browser, and those kept are of the same pages in the same size."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from made_up_night import CHROMIUM, made_up_night
from pictures import assert_is_kept
from playwright.sync_api import Browser, Page

from reports.night import write_night_report

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed")


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_night_report(made_up_night(600), tmp_path_factory.mktemp("night"))


def top_of_the_page(page: Page, _: Path) -> bytes:
    return page.screenshot()


def the_list_with_a_row_opened(page: Page, _: Path) -> bytes:
    page.locator("#by-severity").select_option("reject")
    page.locator("#list").evaluate("list => list.scrollIntoView()")
    page.locator("#rows tr[data-place]").nth(2).click()
    page.locator("#detail").evaluate("detail => detail.scrollIntoView({block: 'end'})")
    return page.screenshot()


def the_list_on_a_telephone(page: Page, _: Path) -> bytes:
    page.locator("#shown").evaluate("line => { line.style.scrollMarginTop = '64px'; line.scrollIntoView(); }")
    return page.screenshot()


def first_printed_page(page: Page, folder: Path) -> bytes:
    (folder / "page.pdf").write_bytes(page.pdf(prefer_css_page_size=True, print_background=True))
    to_png = ["pdftoppm", "-png", "-r", "96", "-f", "1", "-l", "1", "-singlefile", "page.pdf", "page"]
    subprocess.run(to_png, cwd=folder, check=True, capture_output=True, timeout=60)
    return (folder / "page.png").read_bytes()


@pytest.mark.parametrize(
    ("name", "size", "take"),
    [
        pytest.param("report", (1280, 1400), top_of_the_page, id="a night"),
        pytest.param("report-list", (1280, 1000), the_list_with_a_row_opened, id="its list"),
        pytest.param("report-phone", (400, 900), top_of_the_page, id="on a telephone"),
        pytest.param("report-phone-list", (400, 900), the_list_on_a_telephone, id="its list on a telephone"),
        pytest.param(
            "report-print", (794, 1123), first_printed_page, id="printed",
            marks=pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="poppler-utils is not installed"),
        ),
    ],
)  # fmt: skip
def test_the_picture_that_is_kept_is_of_this_page_in_this_size(
    browser: Browser,
    night: Path,
    tmp_path: Path,
    name: str,
    size: tuple[int, int],
    take: Callable[[Page, Path], bytes],
) -> None:
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, locale="zh-CN", reduced_motion="reduce")
    page.goto(night.as_uri())
    assert_is_kept(name, take(page, tmp_path), title=page.title(), size=size)
    page.close()
