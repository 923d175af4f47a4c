"""A made-up night as the reports know one, and the browser it is looked at in."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
from playwright.sync_api import Browser, sync_playwright

from reports.figures import Figures
from reports.night import HouseholdLine, NightReport, PageLink, SourceLine
from schemas.findings import CATALOGUE

CHROMIUM = shutil.which("chromium")

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
            "meaning": [rule.meaning for rule in picked],
            "expected": [rule.expected for rule in picked],
            "seen": [f"4414**********{place % 1000:03d}X" if place % 3 else None for place in range(count)],
            "remedy": [rule.remedy for rule in picked],
            "town": random.choice(np.array(["扶大镇", "程江镇", None], dtype=object), count),
            "village": random.choice(np.array(VILLAGES, dtype=object), count),
            "since": random.choice(["2026-01-05", "2025-12-28", "2025-12-31"], count),
            "times_returned": (times := random.choice([0, 0, 0, 1, 2], count)),
            "state": np.where(times == 0, "open", np.where(np.arange(count) % 3 == 0, "reopened", "returned")),
            "row_key": pd.array(random.integers(1, max(count, 2), count), dtype="Int64"),
            "evidence": [f"{place:064x}" for place in range(count)],
        }
    ).assign(message=message)


def message(findings: pd.DataFrame) -> pd.Series:
    """As ``reports.wording`` says it."""
    seen = ("看到“" + findings["seen"].astype("str") + "”，").where(findings["seen"].notna(), "")
    label, meaning, expected = (findings[name].astype("str") for name in ("label", "meaning", "expected"))
    return label + "：" + meaning + seen + "应为：" + expected


def made_up_rows(count: int) -> pd.DataFrame:
    keys = range(1, max(count, 2))
    return pd.DataFrame(
        {"姓名": [f"{'张王李赵'[key % 4]}*" for key in keys], "性别": "女", "身份证号码": [f"4414**********{key % 9973:04d}" for key in keys],
         "联系电话": [f"138****{key % 10_000:04d}" for key in keys], "户籍村(居)": "三葵村", "对象类型": "独居、失能"},
        index=keys,
    )  # fmt: skip


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
        context=made_up_rows(count),
        figures=Figures(3145, [("60–64 岁", 300, 340), ("65–69 岁", 500, 420), ("95 岁及以上", 3, 12)], [("独居", 400, 412)], [("联系电话", 3000, 3145)]),
        pages=[PageLink("town", "扶大镇", "town-441403133.html", 12)],
        seconds={"receive": 4.2, "standardise": 11.8, "judge": 17.3, "merge": 9.4, "compare": 3.1, "push": 31.6, "report": 2.2},
    )  # fmt: skip


@contextmanager
def running_browser() -> Iterator[Browser]:
    """Debian's Chromium, which asks nobody for anything."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
                  "--disable-component-update", "--disable-sync"],
        )  # fmt: skip
        yield running
        running.close()
