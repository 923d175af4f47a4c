"""The night's page in a real browser: it loads nothing, runs nothing of the data's, filters, and prints on A4."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from reports.night import HouseholdLine, NightReport, SourceLine, write_night_report
from schemas.findings import CATALOGUE

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed")

SOURCES = {
    "village_survey": "村（居）登记表",
    "health_incapacity": "失能老年人名单",
    "health_family_planning": "计划生育特殊家庭名单",
    "disability_federation": "残疾老年人名单",
}
VILLAGES = ["三葵村", "铁炉村", "扶贵村", "新联村", "扶外社区", "程江村", "湾下村", "大和村", "长滩村", "葵岗村",
            "书坑村", "横岗村", "车上村", "浮桥村", None]  # fmt: skip
HEADERS = ["身份证号码", "姓名", "联系电话", "户籍村(居)", "对象类型", "残疾人证号", "建档日期", None]


def made_up_findings(count: int) -> pd.DataFrame:
    random = np.random.default_rng(20260105)
    rules = list(CATALOGUE.values())
    weights = random.pareto(1.2, len(rules)) + 0.05
    picked = [rules[place] for place in random.choice(len(rules), count, p=weights / weights.sum())]
    sources = random.choice(list(SOURCES), count, p=[0.7, 0.12, 0.05, 0.13])
    return pd.DataFrame(
        {
            "finding_id": np.arange(1, count + 1),
            "source": sources,
            "source_label": [SOURCES[name] for name in sources],
            "delivery": [f"{SOURCES[name]}2026年1月.xlsx" for name in sources],
            "sheet": "服务对象",
            "row_number": pd.array(random.integers(2, 3200, count), dtype="Int64"),
            "column": random.choice(np.array(HEADERS, dtype=object), count),
            "code": [rule.code.value for rule in picked],
            "label": [rule.label for rule in picked],
            "severity": [rule.severity.value for rule in picked],
            "owner_label": [
                {"sender": "报送单位", "civil_affairs": "民政部门", "platform": "省平台"}[r.owner] for r in picked
            ],
            "message": [
                f"4414**********{place % 1000:03d}X：{rule.meaning}" if place % 3 else rule.meaning
                for place, rule in enumerate(picked)
            ],
            "remedy": [rule.remedy for rule in picked],
            "village": random.choice(np.array(VILLAGES, dtype=object), count),
            "state": "open",
        }
    )


def made_up_trend(nights: int) -> pd.DataFrame:
    random = np.random.default_rng(7)
    received = 4100 + random.integers(0, 60, nights).cumsum()
    held = random.integers(90, 210, nights)
    return pd.DataFrame(
        {
            "business_date": [date(2026, 1, 5) - timedelta(days=nights - 1 - night) for night in range(nights)],
            "run_id": range(1, nights + 1),
            "received": received,
            "admitted": received - held - 37,
            "held": held,
            "findings": held * 6 + random.integers(0, 300, nights),
            "elders_total": 3120 + random.integers(-3, 9, nights).cumsum(),
            "new": random.integers(0, 25, nights),
            "changed": random.integers(5, 70, nights),
            "withdrawn": random.integers(0, 6, nights),
        }
    )


def made_up_night(count: int = 3000) -> NightReport:
    started = datetime(2026, 1, 5, 2, 0, 3)  # noqa: DTZ001 - the bureau's own time, as the page shows it
    return NightReport(
        run_id=24,
        business_date=date(2026, 1, 5),
        started_at=started,
        finished_at=started + timedelta(seconds=83),
        status="yellow",
        status_reasons=["有 181 行数据暂缓，等待更正或核定。", "残联名单比上次减少 31%，退出的人员等待两人批准。"],
        sources=[
            SourceLine("village_survey", "村（居）登记表", "民政", "yellow", 14, 3204, 3002, 151, 39, 12),
            SourceLine("health_incapacity", "失能老年人名单", "卫健", "green", 1, 611, 590, 14, 6, 1),
            SourceLine("health_family_planning", "计划生育特殊家庭名单", "卫健", "absent", 0, 0, 0, 0, 0, 0, "本期没有收到报送文件，沿用上次名单。"),
            SourceLine("disability_federation", "残疾老年人名单", "残联", "yellow", 1, 704, 688, 16, 0, 0, "名单比上次减少 31%，等待批准。"),
        ],
        household=HouseholdLine(received=5120, linked=5081, held=27, blank=12),
        elders={"new": 18, "changed": 46, "unchanged": 3081, "withdrawn": 4, "total": 3145},
        categories=[("独居", 812), ("空巢", 1204), ("留守", 391), ("失能", 588), ("重残", 431), ("计划生育特殊家庭", 96)],
        push={"planned": 68, "sent": 64, "accepted": 61, "rejected": 2, "unknown": 1, "waiting": 4},
        files=["../../outgoing/24/特殊困难老年人导入.xlsx", "returns/health/失能老年人名单 退回表.xlsx"],
        findings=made_up_findings(count),
        trend=made_up_trend(24),
        seconds={"receive": 4.2, "standardise": 11.8, "judge": 17.3, "merge": 9.4, "compare": 3.1, "push": 31.6, "report": 2.2},
    )  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
                  "--disable-component-update", "--disable-sync"],
        )  # fmt: skip
        yield running
        running.close()


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


def shown(page: Page) -> tuple[int, int]:
    """How many findings match and how many rows stand in the table."""
    words = page.locator("#shown").inner_text()
    return int(re.findall(r"[\d,]+", words)[1].replace(",", "")), page.locator("#rows tr").count()


def test_the_page_loads_only_itself_and_complains_about_nothing(page: Page, night: Path, complaints: list[str]) -> None:
    page.goto(night.as_uri())
    assert shown(page) == (3000, 200)
    assert complaints == []


def test_filters_and_search_narrow_the_list_and_reset_widens_it(page: Page, night: Path) -> None:
    findings = made_up_night().findings
    page.goto(night.as_uri())
    page.get_by_label("来源").first.select_option("health_incapacity")
    of_source = int((findings["source"] == "health_incapacity").sum())
    assert shown(page) == (of_source, min(200, of_source))
    page.get_by_label("程度").first.select_option("reject")
    both = findings[(findings["source"] == "health_incapacity") & (findings["severity"] == "reject")]
    assert shown(page)[0] == len(both)
    page.get_by_role("button", name="清除").click()
    expect(page.locator("#shown")).to_contain_text("符合条件 3,000 条")
    page.get_by_label("搜索").fill("三葵村 4414**********001x")
    wanted = int(((findings["village"] == "三葵村") & findings["message"].str.contains("*001X", regex=False)).sum())
    expect(page.locator("#shown")).to_contain_text(f"符合条件 {wanted} 条")
    page.get_by_label("搜索").fill("没有这样的问题")
    expect(page.get_by_text("没有符合条件的问题")).to_be_visible()


def test_more_rows_come_on_request_and_columns_sort_both_ways(page: Page, night: Path) -> None:
    page.goto(night.as_uri())
    page.get_by_role("button", name="更多").click()
    assert shown(page) == (3000, 400)
    by_number = page.locator("[data-sort=row_number]")
    by_number.focus()
    page.keyboard.press("Enter")
    rows = [int(text) for text in page.locator("#rows tr td:nth-child(4)").all_inner_texts()]
    assert rows == sorted(rows)
    page.keyboard.press("Enter")
    rows = [int(text) for text in page.locator("#rows tr td:nth-child(4)").all_inner_texts()]
    assert rows == sorted(rows, reverse=True)
    assert page.locator("th[aria-sort=descending]").inner_text().startswith("行号")


def test_a_rule_leads_to_its_findings(page: Page, night: Path) -> None:
    page.goto(night.as_uri())
    pick = page.locator(".pick").first
    code = pick.get_attribute("data-code")
    pick.click()
    expect(page.locator("#shown")).not_to_contain_text("符合条件 3,000 条")
    assert shown(page)[0] == int((made_up_night().findings["code"] == code).sum())


@pytest.mark.parametrize("width", [400, 768, 1280], ids=["phone", "tablet", "desk"])
def test_nothing_sticks_out_of_the_window(page: Page, night: Path, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(night.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_fifty_thousand_findings_are_searched_and_sorted_in_a_blink(page: Page, tmp_path: Path) -> None:
    page.goto(write_night_report(made_up_night(50_000), tmp_path).as_uri())
    seconds = page.evaluate(
        """() => {
            const start = performance.now();
            const village = document.querySelector('#search');
            village.value = '铁炉村 校验码';
            document.querySelector('#filters').requestSubmit();
            document.querySelector('[data-sort=village]').click();
            return (performance.now() - start) / 1000;
        }"""
    )
    assert 0 < shown(page)[0] < 50_000
    assert seconds < 2


PAYLOADS = [
    template.replace("BOOM", f"window.boomed=(window.boomed||0)+1;/*{number}*/")
    for number in range(10)
    for template in (
        "</script><script>BOOM</script>", "<img src=x onerror=\"BOOM\">", "<svg/onload=BOOM>", "'\"><body onload=BOOM>",
        "<iframe srcdoc='<script>parent.BOOM</script>'></iframe>", "<!--<script>BOOM", "]]><script>BOOM</script>",
        "javascript:BOOM", "{{ ''.__class__ }}${BOOM}", "\u2028BOOM\u2029", "<a href=javascript:BOOM>点</a>", "\\u003cscript>BOOM",
        "</style><script>BOOM</script>", "<math><mtext><img src=x onerror=BOOM>", "</textarea><script>BOOM</script>",
        "\" autofocus onfocus=BOOM x=\"", "<details open ontoggle=BOOM>", "\u202e<script>BOOM</script>", "<base href=//x.invalid>",
        "<style>@import '//x.invalid'</style>",
    )
]  # fmt: skip


def test_two_hundred_hostile_texts_run_nothing(page: Page, tmp_path: Path, complaints: list[str]) -> None:
    assert len(PAYLOADS) == 200
    night = made_up_night(len(PAYLOADS))
    hostile = {column: PAYLOADS for column in night.findings.columns if night.findings[column].dtype.kind not in "iu"}
    report = replace(
        night,
        status_reasons=PAYLOADS,
        sources=[SourceLine(text, text, text, text, 1, 1, 1, 0, 0, 0, text) for text in PAYLOADS],
        categories=[(text, 1) for text in PAYLOADS],
        files=PAYLOADS,
        findings=night.findings.assign(**hostile),
        seconds=dict.fromkeys(PAYLOADS, 1.0),
    )
    page.goto(write_night_report(report, tmp_path).as_uri())
    assert shown(page) == (200, 200)
    for control in page.locator("summary, .pick").all()[:20]:
        control.click()
    page.mouse.move(300, 300)
    page.get_by_role("button", name="清除").click()
    expect(page.locator("#shown")).to_contain_text("显示 200 条")
    assert page.evaluate("window.boomed || 0") == 0
    assert complaints == []
    assert page.locator("script").count() == 2
    assert page.locator("img, iframe, base, math").count() == 0
    assert all(str(link).startswith("./") for link in page.evaluate(
        "[...document.querySelectorAll('.files a')].map((link) => link.getAttribute('href'))"
    ))  # fmt: skip
    assert page.locator("#rows").inner_text().count("BOOM") == 0
    assert page.locator("#rows").inner_text().count("window.boomed") > 200


def test_it_prints_on_a4_with_the_table_head_on_every_page_of_the_list(page: Page, night: Path) -> None:
    page.goto(night.as_uri())
    pdf = page.pdf(prefer_css_page_size=True, print_background=True)
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert len(boxes) > 3
    assert {(round(float(width)), round(float(height))) for width, height in boxes} == {(595, 842)}
    page.emulate_media(media="print")
    assert page.locator("#filters").is_hidden()
    assert page.locator("#rows tr").count() == 200
    assert page.locator("#findings thead").evaluate("head => getComputedStyle(head).display") == "table-header-group"


def test_a_quiet_night_says_so(page: Page, tmp_path: Path, complaints: list[str]) -> None:
    night = made_up_night(0)
    quiet = replace(
        night, status="green", status_reasons=[], household=None, push={}, files=[], trend=night.trend.head(0), seconds={},
        sources=[replace(line, status="green", held=0, admitted=line.admitted + line.held, message="") for line in night.sources],
    )  # fmt: skip
    page.goto(write_night_report(quiet, tmp_path).as_uri())
    assert page.get_by_text("没有需要处理的问题。").count() == 3
    assert page.get_by_text("还没有以往的运行记录。").is_visible()
    assert complaints == []
