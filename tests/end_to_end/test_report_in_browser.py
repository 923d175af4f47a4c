"""The report's pages in a real browser: they load nothing, run nothing of the data's, filter, sort, export, and print on A4."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import made_up_lists as lists
import numpy as np
import openpyxl
import pandas as pd
import pytest
import python_calamine as calamine
from made_up_night import CHROMIUM, made_up_night
from playwright.sync_api import Browser, Page, expect
from shared_server import Database, Launcher, SharedServer

from reports.causes import ranked
from reports.figures import Figures
from reports.night import (
    READING_COLUMNS,
    PageLink,
    SourceLine,
    write_night_page,
    write_night_report,
)
from reports.page_words import FINDING_LABELS
from schemas.finding_answers import ANSWER_HEADERS
from schemas.finding_states import state_in_words as said

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed")

PATIENCE = 3
"""How many times longer than promised a test machine that does other things besides may take."""


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def page(browser: Browser, complaints: list[str]) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1280, "height": 900}, locale="zh-CN", reduced_motion="reduce")
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("dialog", lambda dialog: (complaints.append("dialog"), dialog.dismiss()))
    opened.on(
        "request", lambda request: complaints.append(request.url) if not request.is_navigation_request() else None
    )
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_night_report(made_up_night(), tmp_path_factory.mktemp("night"))


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A night of 50,000 findings."""
    return write_night_page(made_up_night(50_000), tmp_path_factory.mktemp("many") / "index.html")


def found(page: Page) -> int:
    """How many findings match."""
    return int(re.findall(r"[\d,]+", page.locator("#shown").inner_text())[1].replace(",", ""))


def test_the_page_loads_only_itself_and_complains_about_nothing(page: Page, night: Path, complaints: list[str]) -> None:
    page.goto(night.as_uri())
    assert found(page) == 3000
    assert 0 < page.locator("#rows tr[data-place]").count() < 60
    assert complaints == []


def test_filters_and_search_narrow_the_list_and_reset_widens_it(page: Page, night: Path) -> None:
    findings = made_up_night().findings
    page.goto(night.as_uri())
    page.locator("#by-source").select_option("health_incapacity")
    assert found(page) == int((findings["source"] == "health_incapacity").sum())
    page.locator("#by-severity").select_option("reject")
    both = findings[(findings["source"] == "health_incapacity") & (findings["severity"] == "reject")]
    assert found(page) == len(both)
    page.get_by_role("button", name="清除").click()
    expect(page.locator("#shown")).to_contain_text("符合条件 3,000 条")
    page.locator("#by-village").select_option("（未写明村居）")
    assert found(page) == int(findings["village"].isna().sum())
    page.get_by_role("button", name="清除").click()
    state = "退回后仍未更正，待第三次退回"
    page.locator("#by-state").select_option(state)
    wanted = int(((findings["state"] == "reopened") & (findings["times_returned"] == 2)).sum())
    expect(page.locator("#shown")).to_contain_text(f"符合条件 {wanted} 条")
    assert "退回后仍未更正\n待第三次退回" in page.locator("#rows").inner_text()
    page.get_by_role("button", name="清除").click()
    page.get_by_label("搜索").fill("三葵村 4414**********001x")
    wanted = int(((findings["village"] == "三葵村") & (findings["seen"] == "4414**********001X")).sum())
    expect(page.locator("#shown")).to_contain_text(f"符合条件 {wanted} 条")
    page.get_by_label("搜索").fill("没有这样的问题")
    expect(page.get_by_text("没有符合条件的问题")).to_be_visible()


def test_lines_come_into_sight_as_one_scrolls_and_columns_sort_both_ways(page: Page, night: Path) -> None:
    page.goto(night.as_uri())
    by_number = page.locator("[data-sort=row_number]")
    by_number.focus()
    page.keyboard.press("Enter")
    rows = np.sort(made_up_night().findings["row_number"].to_numpy("int64")).tolist()
    assert numbers_shown(page) == rows[: len(numbers_shown(page))]
    page.locator("#window").evaluate("pane => { pane.scrollTop = pane.scrollHeight; }")
    page.wait_for_selector(f"#rows tr[data-place='{len(rows) - 1}']")
    assert numbers_shown(page) == rows[-len(numbers_shown(page)) :]
    page.keyboard.press("Enter")
    assert numbers_shown(page)[0] == rows[-1]
    assert page.locator("#findings th[aria-sort=descending]").inner_text().startswith("行号")


def numbers_shown(page: Page) -> list[int]:
    return [int(text) for text in page.locator("#rows tr[data-place] td:nth-child(4)").all_inner_texts()]


def test_the_keyboard_alone_leads_to_a_whole_row_with_masked_cells(page: Page, night: Path) -> None:
    page.goto(night.as_uri())
    page.locator("#window").focus()
    for key in ("End", "Home", "PageDown", "ArrowDown", "ArrowUp", "Enter"):
        page.keyboard.press(key)
    assert page.locator("#rows tr[aria-selected=true]").get_attribute("aria-rowindex") == "12"
    first = ranked(made_up_night().findings).iloc[10]
    detail = page.locator("#detail").inner_text()
    assert f"第 {first['finding_id']} 号问题" in detail
    assert first["message"] in detail
    assert f"4414**********{first['row_key'] % 9973:04d}" in detail


def test_a_cause_leads_to_its_findings(page: Page, night: Path) -> None:
    page.goto(night.as_uri())
    pick = page.locator(".pick").first
    code, column = pick.get_attribute("data-code"), pick.get_attribute("data-column") or None
    pick.click()
    findings = made_up_night().findings
    of_code = findings["code"] == code
    assert found(page) == int((of_code & (findings["column"] == column)).sum() if column else of_code.sum())


def test_what_is_filtered_leaves_as_a_workbook_without_anything_live(page: Page, night: Path, tmp_path: Path) -> None:
    page.goto(night.as_uri())
    page.locator("#by-severity").select_option("hold")
    page.locator("[data-sort=finding_id]").click()
    with page.expect_download() as download:
        page.locator("#export").click()
    assert download.value.suggested_filename == "问题清单-第24次.xlsx"
    download.value.save_as(tmp_path / "list.xlsx")
    book = openpyxl.load_workbook(tmp_path / "list.xlsx")
    header, *rows = book.worksheets[0].iter_rows(values_only=True)
    assert header == (*FINDING_LABELS.values(), *ANSWER_HEADERS)
    findings = made_up_night().findings
    held = findings[findings["severity"] == "hold"].sort_values("finding_id")
    held = held.assign(
        severity="待定", state=[said(*pair) for pair in zip(held["state"], held["times_returned"], strict=True)]
    )
    held = held[list(FINDING_LABELS)].astype(object)
    assert [row[:-3] for row in rows] == [
        tuple(row) for row in held.where(held.notna(), None).itertuples(index=False, name=None)
    ]
    assert {row[-3:] for row in rows} == {(None, None, None)}
    kinds = {cell.data_type for row in book.worksheets[0].iter_rows() for cell in row if cell.value is not None}
    assert kinds <= {"s", "inlineStr", "n"}


def test_a_table_of_figures_sorts_and_leaves_as_it_stands(page: Page, night: Path, tmp_path: Path) -> None:
    page.goto(night.as_uri())
    table = page.locator("table[data-name=按来源]")
    table.get_by_role("button", name="合计").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="按来源：导出 Excel").click()
    download.value.save_as(tmp_path / "table.xlsx")
    header, *rows = openpyxl.load_workbook(tmp_path / "table.xlsx").worksheets[0].iter_rows(values_only=True)
    assert header == ("来源", "退回", "待定", "提醒", "说明", "合计")
    counts = made_up_night().findings["source_label"].value_counts(ascending=True)
    assert [(row[0], row[-1]) for row in rows] == list(counts.items())


@pytest.mark.parametrize("width", [400, 768, 1280], ids=["phone", "tablet", "desk"])
def test_nothing_sticks_out_of_the_window(page: Page, night: Path, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(night.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_fifty_thousand_findings_are_painted_filtered_and_sorted_in_a_blink(
    page: Page, many: Path, record_property: Callable[[str, object], None]
) -> None:
    page.goto(many.as_uri())
    painted = page.evaluate(
        "() => new Promise(done => requestAnimationFrame(() => setTimeout(() => done(performance.now()))))"
    )
    took = page.evaluate(
        """() => {
            const timed = (work) => { const start = performance.now(); work(); return performance.now() - start; };
            const form = document.querySelector('#filters');
            const search = (words) => { document.querySelector('#search').value = words; form.requestSubmit(); };
            return {
                search: Math.max(...['铁炉村 校验码', '4414**********001x', '社区'].map((words) => timed(() => search(words)))),
                filter: timed(() => { const by = document.querySelector('#by-severity'); by.value = 'reject'; by.dispatchEvent(new Event('change')); }),
                sort: timed(() => document.querySelector('[data-sort=village]').click()),
            };
        }"""
    )
    assert 0 < found(page) < 50_000
    record_property("milliseconds", {"painted": round(painted), **{name: round(time) for name, time in took.items()}})
    assert painted < 2000 * PATIENCE
    assert max(took["search"], took["filter"]) < 200 * PATIENCE
    assert took["sort"] < 1000 * PATIENCE


def test_fifty_thousand_findings_leave_as_a_workbook(page: Page, many: Path, tmp_path: Path) -> None:
    page.goto(many.as_uri())
    with page.expect_download() as download:
        page.locator("#export").click()
    download.value.save_as(tmp_path / "all.xlsx")
    rows = calamine.load_workbook(tmp_path / "all.xlsx").get_sheet_by_index(0).to_python()
    assert [row[0] for row in rows[1:]] == ranked(made_up_night(50_000).findings)["finding_id"].to_list()


@pytest.fixture(scope="module")
def site(
    server: SharedServer, migrated: Database, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The reports of a real night on lists with defects, and the month's scorecard."""
    home = tmp_path_factory.mktemp("site")
    lists.deliver(home, lists.spoilt_lists(lists.make_people(30)))
    asked = {"environment": {"ELDERSYNC_DATABASE_URL": server.new(like=migrated).url}}
    assert launcher.run("run", "--date", "2026-11-20", "--home", str(home), **asked)["code"] == 3
    assert launcher.run("scorecard", "--month", "2026-11", "--home", str(home), **asked)["code"] == 0
    assert launcher.run("report", "1", "--home", str(home), **asked)["code"] == 0
    return home / "reports"


def test_one_walks_from_the_front_page_to_a_night_a_town_a_village_and_a_rule(
    page: Page, site: Path, complaints: list[str]
) -> None:
    page.goto((site / "index.html").as_uri())
    page.get_by_role("link", name="2026-11-20").first.click()
    page.get_by_role("link", name="扶大镇").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("扶大镇")
    village = page.locator(".pick[data-village]").first
    wanted, row = village.inner_text(), page.locator("#villages tbody tr").first
    village.click()
    assert page.locator("#by-village").input_value() == wanted
    assert found(page) == int(row.locator("td").last.inner_text() or row.locator("td.strong").inner_text())
    page.get_by_role("link", name="这条规则的全部问题").first.click()
    assert page.locator("#rule").is_visible()
    page.get_by_role("link", name="规则目录").click()
    assert page.locator("table.rules tr:target").count() == 1
    page.get_by_role("link", name="特殊困难老年人数据归集").click()
    page.get_by_role("link", name="规则目录").first.click()
    assert complaints == []


def test_every_page_of_the_site_fits_a_telephone_prints_and_asks_nobody(
    page: Page, site: Path, complaints: list[str]
) -> None:
    pages = sorted(site.rglob("*.html"))
    kinds = {re.sub(r"-.*", "", path.stem) + ("" if path.parent == site else "*"): path for path in pages}
    assert set(kinds) == {"index", "rules", "status", "index*", "rules*", "body*", "town*", "rule*"}
    page.set_viewport_size({"width": 400, "height": 900})
    for path in [*kinds.values(), site / "1" / "index.html"]:
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 400, path.name
        assert b"/MediaBox" in page.pdf(prefer_css_page_size=True)
        unnamed = page.evaluate(
            "[...document.querySelectorAll('button, a, input, select, [role=region], svg')].filter(one => !one.closest('[aria-hidden]') &&"
            " !(one.textContent.trim() || one.getAttribute('aria-label') || one.labels?.[0]?.textContent.trim())).length"
        )
        assert unnamed == 0, path.name
    assert complaints == []


PAYLOADS = [
    template.replace("BOOM", f"window.boomed=(window.boomed||0)+1;/*{number}*/")
    for number in range(25)
    for template in (
        "</script><script>BOOM</script>", "<img src=x onerror=\"BOOM\">", "<svg/onload=BOOM>", "'\"><body onload=BOOM>",
        "<iframe srcdoc='<script>parent.BOOM</script>'></iframe>", "<!--<script>BOOM", "]]><script>BOOM</script>",
        "javascript:BOOM", "{{ ''.__class__ }}${BOOM}", "\u2028BOOM\u2029", "<a href=javascript:BOOM>点</a>", "\\u003cscript>BOOM",
        "</style><script>BOOM</script>", "<math><mtext><img src=x onerror=BOOM>", "</textarea><script>BOOM</script>",
        "\" autofocus onfocus=BOOM x=\"", "<details open ontoggle=BOOM>", "\u202e<script>BOOM</script>", "<base href=//x.invalid>",
        "<style>@import '//x.invalid'</style>",
    )
]  # fmt: skip


def test_five_hundred_hostile_texts_run_nothing(page: Page, tmp_path: Path, complaints: list[str]) -> None:
    assert len(PAYLOADS) == 500
    night = made_up_night(len(PAYLOADS))
    numbers = {"finding_id", "row_number", "times_returned", "row_key", "state", "evidence"}
    hostile = {column: PAYLOADS for column in night.findings.columns if column not in numbers}
    reading = pd.DataFrame(dict.fromkeys(READING_COLUMNS, PAYLOADS)).assign(count=1)
    report = replace(
        night,
        status_reasons=PAYLOADS,
        sources=[SourceLine(text, text, text, text, 1, 1, 1, 0, 0, 0, text) for text in PAYLOADS],
        categories=[(text, 1) for text in PAYLOADS],
        files=PAYLOADS,
        findings=night.findings.assign(**hostile),
        seconds=dict.fromkeys(PAYLOADS, 1.0),
        context=pd.DataFrame(dict.fromkeys(PAYLOADS[:40], PAYLOADS), index=range(1, 501)),
        figures=Figures(1, [(text, 1, 1) for text in PAYLOADS], [], [(text, 1, 2) for text in PAYLOADS]),
        pages=[PageLink("town", text, "town-1.html", 1) for text in PAYLOADS],
        reading=reading,
    )
    page.goto(write_night_report(report, tmp_path).as_uri())
    assert found(page) == 500
    page.locator("#rows tr[data-place]").first.click()
    assert "BOOM" not in page.locator("#detail").inner_text()
    assert page.locator("#detail").inner_text().count("window.boomed") > 40
    with page.expect_download() as download:
        page.locator("#export").click()
    download.value.save_as(tmp_path / "list.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "list.xlsx").worksheets[0]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None} <= {
        "s",
        "inlineStr",
        "n",
    }
    for control in page.locator("summary, .pick").all()[:20]:
        control.click()
    page.mouse.move(300, 300)
    page.get_by_role("button", name="清除").click()
    expect(page.locator("#shown")).to_contain_text("符合条件 500 条")
    assert page.evaluate("window.boomed || 0") == 0
    assert complaints == []
    assert page.locator("script").count() == 2
    assert page.locator("img, iframe, base, math").count() == 0
    assert all(str(link).startswith("./") for link in page.evaluate(
        "[...document.querySelectorAll('.files a')].map((link) => link.getAttribute('href'))"
    ))  # fmt: skip
    assert page.locator("#rows").inner_text().count("BOOM") == 0
    assert page.locator("#rows").inner_text().count("window.boomed") > 20


def test_it_prints_on_a4_with_the_table_head_on_every_page_of_the_list(page: Page, night: Path) -> None:
    page.goto(night.as_uri())
    pdf = page.pdf(prefer_css_page_size=True, print_background=True)
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert len(boxes) > 3
    assert {(round(float(width)), round(float(height))) for width, height in boxes} == {(595, 842)}
    page.emulate_media(media="print")
    assert page.locator("#filters").is_hidden()
    assert page.locator("#rows tr").count() == 300
    assert page.locator("#findings thead").evaluate("head => getComputedStyle(head).display") == "table-header-group"
    # A button in the head would be printed on the first page only.
    displays = page.locator("#findings thead button").evaluate_all(
        "all => all.map(one => getComputedStyle(one).display)"
    )
    assert set(displays) == {"contents"}


def test_a_quiet_night_says_so(page: Page, tmp_path: Path, complaints: list[str]) -> None:
    night = made_up_night(0)
    quiet = replace(
        night, status="green", status_reasons=[], household=None, push={}, files=[], trend=night.trend.head(0), seconds={},
        sources=[replace(line, status="green", held=0, admitted=line.admitted + line.held, message="") for line in night.sources],
    )  # fmt: skip
    page.goto(write_night_report(quiet, tmp_path).as_uri())
    assert page.get_by_text("没有需要处理的事项。").count() == 4
    assert page.get_by_text("还没有以往的运行记录。").is_visible()
    assert complaints == []
