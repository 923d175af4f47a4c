"""The night's page and workbook: what they say, and that no data becomes markup."""

import json
import re
import stat
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from reports.charts import change_bars, lines
from reports.figures import Figures
from reports.night import (
    FINDING_COLUMNS,
    READING_COLUMNS,
    TREND_COLUMNS,
    HouseholdLine,
    NightReport,
    PageLink,
    SourceLine,
    write_night_report,
)
from schemas.errors import ContractBroken

HOSTILE = [
    "</script><script>boom()</script>",
    "<img src=x onerror=boom()>",
    "\"'&<b>",
    "\u2028boom()\u2029",
    "=1+1",
    "{{ 7*7 }}",
]


def findings(**columns: list[object]) -> pd.DataFrame:
    rows = {
        "finding_id": [3, 1, 2],
        "source": ["village_survey", "village_survey", "health_incapacity"],
        "source_label": ["村（居）登记表", "村（居）登记表", "失能老年人名单"],
        "delivery": ["一月.xlsx", "一月.xlsx", "失能.csv"],
        "sheet": ["服务对象", "服务对象", None],
        "row_number": pd.array([9, None, 4], dtype="Int64"),
        "column": ["联系电话", None, "身份证号"],
        "code": ["phone-format", "delivery-repeated", "id-number-checksum"],
        "label": ["电话号码格式不对", "重复报送", "身份证号码校验码不符"],
        "severity": ["warn", "note", "reject"],
        "owner_label": ["报送单位"] * 3,
        "meaning": ["可能漏位。", "没有重复处理。", "至少有一位填错。"],
        "expected": ["11 位手机号码", "内容有更新的文件", "末位与前 17 位算出的校验码一致"],
        "seen": ["138****1234", None, "4414**********001X"],
        "message": ["138****1234", "", "4414**********001X"],
        "remedy": ["请核实。"] * 3,
        "town": ["扶大镇", None, "扶大镇"],
        "village": ["三葵村", None, ""],
        "state": ["open", "open", "waived"],
        "since": ["2026-01-03", "2026-01-05", "2026-01-05"],
        "times_returned": pd.array([2, 0, 0], dtype="Int64"),
        "row_key": pd.array([31, None, 12], dtype="Int64"),
        "evidence": [f"{letter * 64}" for letter in "abc"],
    }
    return pd.DataFrame({**rows, **columns})


NIGHT = NightReport(
    run_id=7,
    business_date=date(2026, 1, 5),
    started_at=datetime(2026, 1, 5, 2, 0),  # noqa: DTZ001 - the bureau's own time
    finished_at=datetime(2026, 1, 5, 2, 0, 42),  # noqa: DTZ001
    status="yellow",
    status_reasons=["有 1 行暂缓。"],
    sources=[
        SourceLine("village_survey", "村（居）登记表", "民政", "green", 1, 1010, 1000, 0, 7, 3),
        SourceLine("health_incapacity", "失能老年人名单", "卫健", "yellow", 1, 20, 18, 1, 0, 0, "有一行没有去处。"),
    ],
    household=HouseholdLine(5, 3, 1, 1),
    elders={"new": 2, "changed": 1, "unchanged": 1005, "withdrawn": 0, "total": 1008},
    categories=[("独居", 600), ("失能", 500)],
    push={"planned": 3, "sent": 3, "accepted": 2, "rejected": 1, "unknown": 0, "waiting": 0},
    files=["returns/卫健/退回 1.xlsx"],
    findings=findings(),
    context=pd.DataFrame({"姓名": ["张*", "李**"], "性别": ["女", None]}, index=[12, 31]),
    trend=pd.DataFrame([[date(2026, 1, 5), 7, 1030, 1018, 1, 3, 1008, 2, 1, 0]], columns=list(TREND_COLUMNS)),
    seconds={"receive": 1.25, "merge": 40.0},
)


def text_of(page: Path) -> str:
    """The page's words without markup, style and script."""
    html = re.sub(r"(?s)<(style|script)\b.*?</\1>", "", page.read_text(encoding="utf-8"))
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def embedded(page: Path) -> dict[str, object]:
    html = page.read_text(encoding="utf-8")
    found = re.search(r'(?s)<script type="application/json" id="findings-data">(.*?)</script>', html)
    assert found is not None
    return json.loads(found[1])  # type: ignore[no-any-return]


def test_the_page_refers_to_nothing_outside_itself(tmp_path: Path) -> None:
    html = write_night_report(NIGHT, tmp_path / "7").read_text(encoding="utf-8")
    # Names of XML, which nothing is loaded from.
    assert "http:" not in html.replace("http://www.w3.org/2000/svg", "").replace(
        "http://schemas.openxmlformats.org/", ""
    )
    assert "https:" not in html
    assert not re.search(r"\ssrc=|@import|url\(", html)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline' 'sha256-")
    assert set(re.findall(r'href="([^#"][^"]*)"', html)) == {
        "data:,",
        "../index.html",
        "findings.xlsx",
        "./returns/%E5%8D%AB%E5%81%A5/%E9%80%80%E5%9B%9E%201.xlsx",
    }


def test_files_are_for_the_owner_only(tmp_path: Path) -> None:
    page = write_night_report(NIGHT, tmp_path / "reports" / "7")
    assert page == tmp_path / "reports" / "7" / "index.html"
    assert stat.S_IMODE(page.parent.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in page.parent.iterdir()}
    assert modes == {"index.html": 0o600, "findings.xlsx": 0o600}


def test_the_funnel_adds_up_or_says_by_how_much_it_does_not(tmp_path: Path) -> None:
    words = text_of(write_night_report(NIGHT, tmp_path))
    assert "1,030 收到 = 1,018 纳入 + 1 暂缓 + 7 重复 + 3 空白 相差 1" in words
    assert "1,010 1,000 0 7 3 ✓ 相符" in words
    assert "收到 5 行 = 对应到服务对象 3 + 暂缓 1 + 空白 1" in words


def test_a_cause_has_an_example_a_reason_and_what_to_do(tmp_path: Path) -> None:
    words = text_of(write_night_report(NIGHT, tmp_path))
    assert "身份证号码校验码不符（身份证号） 至少有一位填错。 身份证号码是认定同一人的唯一依据" in words
    assert "看到“138****1234” 应为：11 位手机号码 一月.xlsx · 服务对象 · 第 9 行" in words
    assert "2026-01-03 最多已退回 2 次" in words
    assert "2026-01-05 尚未退回" in words


def test_what_waits_is_said_in_words(tmp_path: Path) -> None:
    words = text_of(write_night_report(NIGHT, tmp_path))
    assert "失能老年人名单：有一行没有去处。" in words
    assert "失能老年人名单：1 行暂缓，未纳入登记，也不推送。 身份证号码校验码不符 1 条。" in words
    assert "1 条变更被省平台退回。" in words


def test_findings_travel_gravest_first_with_every_value_in_its_place(tmp_path: Path) -> None:
    data = embedded(write_night_report(NIGHT, tmp_path))
    assert data["count"] == 3
    assert data["numbers"] == {
        "finding_id": [2, 3, 1], "row_number": [4, 9, -1], "times_returned": [0, 2, 0], "row": [0, 1, -1],
    }  # fmt: skip
    words, at = data["words"], data["at"]
    assert [words["severity"][place] for place in at["severity"]] == ["reject", "warn", "note"]  # type: ignore[index]
    assert at["column"][2] == -1  # type: ignore[index]
    assert words["state"] == ["免予更正", "未处理"]  # type: ignore[index]
    assert data["rows"] == {"words": {"姓名": ["张*", "李**"], "性别": ["女"]}, "at": {"姓名": [0, 1], "性别": [0, -1]}}


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_hostile_text_is_data_wherever_it_stands(tmp_path: Path, text: str) -> None:
    everywhere = {
        column: [text] * 3
        for column in FINDING_COLUMNS
        if column not in {"finding_id", "row_number", "severity", "times_returned", "row_key", "state", "evidence"}
    }
    report = replace(
        NIGHT, status_reasons=[text], categories=[(text, 1)], files=[text], findings=findings(**everywhere), seconds={text: 1.0},
        sources=[SourceLine(text, text, text, text, 1, 1, 1, 0, 0, 0, text)],
        context=pd.DataFrame({text: [text]}, index=[12]), pages=[PageLink("town", text, "town-1.html", 1)],
        figures=Figures(1, [(text, 1, 1)], [(text, 1, 1)], [(text, 1, 2)]),
    )  # fmt: skip
    page = write_night_report(report, tmp_path)
    html = page.read_text(encoding="utf-8")
    assert html.count("<script") == 2
    assert "<img" not in html
    assert "<b>" not in html.replace("<b>1</b>", "").replace("<b>0</b>", "").replace("<b>5</b>", "").replace(
        "<b>3</b>", ""
    )
    block = html.partition('id="findings-data">')[2].partition("</script>")[0]
    assert not set("<>&\u2028\u2029") & set(block)
    assert embedded(page)["words"]["seen"] == [text]  # type: ignore[index]
    assert embedded(page)["rules"] == {text: dict.fromkeys(("label", "meaning", "expected", "remedy"), text)}
    sheet = openpyxl.load_workbook(tmp_path / "findings.xlsx")["问题清单"]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None} <= {
        "s",
        "inlineStr",
        "n",
    }


def test_the_workbook_is_the_pages_twin(tmp_path: Path) -> None:
    write_night_report(NIGHT, tmp_path)
    book = openpyxl.load_workbook(tmp_path / "findings.xlsx")
    assert book.sheetnames == ["概况", "每个来源的漏斗", "问题清单", "文件读取说明"]
    summary = {row[0]: row[1] for row in book["概况"].iter_rows(values_only=True)}
    assert (summary["收到"], summary["在册总数"], summary["问题"]) == (1030, 1008, 3)
    funnel = list(book["每个来源的漏斗"].iter_rows(values_only=True))
    assert funnel[0][:5] == ("来源", "提供单位", "状态", "报送份数", "收到")
    assert funnel[-1][3:10] == (2, 1030, 1018, 1, 7, 3, 1)
    listed = list(book["问题清单"].iter_rows(values_only=True))
    assert listed[0][:2] == ("编号", "程度")
    assert listed[0][-4:] == ("处理", "理由", "经办人", "问题键")
    assert [row[-1] for row in listed[1:]] == [f"F2-{'c' * 16}", f"F3-{'a' * 16}", f"F1-{'b' * 16}"]
    assert [row[:2] for row in listed[1:]] == [(2, "退回"), (3, "提醒"), (1, "说明")]


def test_a_quiet_first_night_has_words_for_everything_empty(tmp_path: Path) -> None:
    quiet = replace(
        NIGHT, status="green", status_reasons=[], sources=[], household=None, elders={}, categories=[], push={}, files=[],
        findings=findings().head(0), trend=NIGHT.trend.head(0), seconds={},
    )  # fmt: skip
    words = text_of(write_night_report(quiet, tmp_path))
    assert words.count("没有需要处理的事项。") == 4
    assert "没有收到资料。" in words
    assert "还没有以往的运行记录。" in words


def test_a_missing_column_is_a_fault_of_ours(tmp_path: Path) -> None:
    with pytest.raises(ContractBroken, match="remedy, village"):
        write_night_report(replace(NIGHT, findings=findings().drop(columns=["remedy", "village"])), tmp_path)


@pytest.mark.parametrize("numbers", [[0], [5, 5, 5], [0, 1_000_000], [3, 0, 7]], ids=str)
def test_charts_stay_inside_their_frame(numbers: list[int]) -> None:
    nights = [f"01-{day:02}" for day in range(1, len(numbers) + 1)]
    line = lines("人", nights, {"在册": (0, numbers)}, from_zero=False)
    assert all(52 <= x <= 432 and 10 <= y <= 148 for x, y in line.series[0].points)
    assert [value for _, value in line.ticks] == sorted({value for _, value in line.ticks})
    bars = change_bars("人", nights, {"新增": (0, numbers), "退出": (1, numbers)})
    assert all(
        x >= 52 and x + width <= 432 and y >= 9 and y + height <= 149 for x, y, width, height, *_ in bars.rectangles
    )


def test_how_files_were_read_is_on_the_page_and_in_the_workbook_in_officers_words(tmp_path: Path) -> None:
    notes = [
        ("村（居）登记表", "一月.xlsx", "三葵村", "footer", "12、14–16", 4, "", ""),
        (
            "村（居）登记表",
            "<b>.xlsx",
            "=1+1",
            "numbers-typed",
            "",
            40,
            "身份证号码",
            "</script><script>boom()</script>",
        ),
    ]
    write_night_report(replace(NIGHT, reading=pd.DataFrame(notes, columns=list(READING_COLUMNS))), tmp_path)
    page = tmp_path / "index.html"
    assert "三葵村 表尾说明，不作记录 12、14–16 4" in text_of(page)
    assert "<script>boom" not in page.read_text(encoding="utf-8")
    listed = list(openpyxl.load_workbook(tmp_path / "findings.xlsx")["文件读取说明"].iter_rows(values_only=True))
    assert listed[0][:5] == ("来源", "文件", "工作表", "说明", "行号")
    assert [row[2:6] for row in listed[1:]] == [
        ("三葵村", "表尾说明，不作记录", "12、14–16", 4),
        ("=1+1", "整列号码曾以数值格式录入，后几位已丢失", "", 40),
    ]


def test_a_night_in_which_nothing_was_read_has_no_notes_of_reading(tmp_path: Path) -> None:
    write_night_report(NIGHT, tmp_path)
    assert "文件读取说明" not in (tmp_path / "index.html").read_text(encoding="utf-8")
