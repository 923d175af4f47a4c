"""The site around a night's page: front page, pages of a body, township and rule, catalogue of rules, monthly scorecard."""

import html
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from test_listing import listing
from test_night import HOSTILE, text_of

from reports.figures import Figures
from reports.front import FrontPage, NightLine, SourceFreshness, write_front_page
from reports.night import TREND_COLUMNS, PageLink, SourceLine
from reports.rule_pages import RuleEntry, write_rule_catalogue
from reports.scorecard import MEASURES, Score, Scorecard, ScoreLine, write_scorecard
from reports.slices import Letter, SlicePage, write_slice
from schemas.findings import CATALOGUE

DAY = date(2026, 1, 5)
NO_NIGHTS = pd.DataFrame(columns=list(TREND_COLUMNS))


def rule(text: str = "校验码不符") -> RuleEntry:
    return RuleEntry(
        "id-number-checksum",
        "identity",
        text,
        text,
        text,
        text,
        text,
        "hold",
        "reject",
        text,
        text,
        parameters=text,
        findings=4,
    )


def line(text: str = "三葵村", days: int | None = 3) -> ScoreLine:
    scores = {measure: Score(3, 4) for measure in MEASURES} | {"closed": Score()}
    return ScoreLine(text, text, 12, days, scores)


def front(text: str, path: Path) -> Path:
    nights = [
        NightLine(3, DAY, "yellow", "3/index.html", 10, 8, 2, 5, 100, 1, 2, 3, note=text),
        NightLine(2, DAY, text, ""),
    ]
    sources = [
        SourceFreshness(text, text, datetime(2026, 1, 2, tzinfo=UTC), 4, 3, 2),
        SourceFreshness(text, text, None, 0, None, 30),
    ]
    page = FrontPage(
        text, nights, NO_NIGHTS, sources, 3, [PageLink("town", text, "town-1.html", 7)], ["2026-01"], [text]
    )
    return write_front_page(page, path / "index.html")


def body(text: str, path: Path) -> Path:
    page = SlicePage(
        "body", text, 3, DAY, listing(40), Figures(5, completeness=[(text, 1, 2)]), sources=[SourceLine(text, text, text, "green", 1, 3, 3, 0, 0, 0)],
        letters=[Letter(text, text, 2, 3, 1, DAY)], nights=[("2026-01-04", 3), ("2026-01-05", 4)],
    )  # fmt: skip
    return write_slice(page, path / "body-1.html")


def town(text: str, path: Path) -> Path:
    figures = Figures(9, [(text, 4, 5)], [(text, 1, 2)], [(text, 1, 2)])
    return write_slice(
        SlicePage("town", text, 3, DAY, listing(40), figures, villages=[(text, 5), ("", 4)]), path / "town-1.html"
    )


def of_rule(text: str, path: Path) -> Path:
    return write_slice(SlicePage("rule", text, 3, DAY, listing(40), rule=rule(text)), path / "rule-x.html")


def catalogue(text: str, path: Path) -> Path:
    return write_rule_catalogue([rule(text)], path / "rules.html", run_id=3, digest=text)


def scorecard(text: str, path: Path) -> Path:
    return write_scorecard(Scorecard("2026-01", text, 3, DAY, [line(text)], [line(text)]), path)


def attributes_of(page: str) -> set[str]:
    """The names of all attributes of a page's elements."""
    names: set[str] = set()

    class Reader(HTMLParser):
        def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
            names.update(name for name, _ in attrs)

    Reader().feed(page)
    return names


PAGES = [front, body, town, of_rule, catalogue, scorecard]
Write = Callable[[str, Path], Path]


@pytest.mark.parametrize("write", PAGES, ids=lambda write: write.__name__)
@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_hostile_text_is_data_on_every_page(tmp_path: Path, write: Write, text: str) -> None:
    page = write(text, tmp_path).read_text(encoding="utf-8")
    assert page.count("<script") == (2 if "findings-data" in page.partition("<script>")[0] else 1)
    assert "<img" not in page
    assert "<script>boom" not in page
    assert html.escape(text, quote=False).replace("'", "&#39;").replace('"', "&#34;") in page
    assert not [name for name in attributes_of(page) if name.startswith("on")]
    assert "script-src 'unsafe-inline' 'sha256-" in page


@pytest.mark.parametrize("write", PAGES, ids=lambda write: write.__name__)
def test_a_page_written_twice_is_the_same_bytes(tmp_path: Path, write: Write) -> None:
    first = write("三葵村", tmp_path).read_bytes()
    assert write("三葵村", tmp_path).read_bytes() == first


def test_the_front_page_says_how_old_lists_are_and_what_did_not_come(tmp_path: Path) -> None:
    words = text_of(front("名单", tmp_path))
    assert "2026-01-02 00:00 3 4 超过约定的 2 天" in words
    assert "没有收到资料" in words
    assert "来源质量月报 2026-01" in words


def test_a_front_page_without_nights_says_so(tmp_path: Path) -> None:
    words = text_of(write_front_page(FrontPage("局", [], NO_NIGHTS, []), tmp_path / "index.html"))
    assert "还没有运行记录。" in words


def test_a_body_that_sent_nothing_and_has_nothing_to_do_reads_so(tmp_path: Path) -> None:
    sources = [SourceLine("a", "名单", "卫健", "absent", 0, 0, 0, 0, 0, 0)]
    page = SlicePage("body", "卫健", 3, DAY, listing(0), sources=sources)
    words = text_of(write_slice(page, tmp_path / "body-1.html"))
    assert "没有收到资料。" in words
    assert words.count("没有需要处理的事项。") == 2


def test_every_village_of_a_town_is_there_with_its_elders_also_without_findings(tmp_path: Path) -> None:
    page = SlicePage("town", "扶大镇", 3, DAY, listing(40), villages=[("三葵村", 50), ("所里村", 20)])
    html = write_slice(page, tmp_path / "town-1.html").read_text(encoding="utf-8")
    section = html.split('id="villages"')[1].split("</section>")[0]
    assert re.findall(r'<tr id="(v\d)"', section) == [
        "v1",
        "v2",
        "v3",
        "v4",
    ]  # two of the findings, 所里村, and none stated
    assert 'data-village="三葵村"' in section
    assert 'data-village="所里村"' not in section


def test_the_catalogue_has_every_rule_with_its_weight_and_version(tmp_path: Path) -> None:
    entries = [
        RuleEntry(
            str(code),
            one.group,
            one.label,
            one.meaning,
            one.expected,
            one.remedy,
            "单位",
            "note",
            str(one.severity),
            "ab12",
        )
        for code, one in CATALOGUE.items()
    ]
    page = write_rule_catalogue(entries, tmp_path / "rules.html").read_text(encoding="utf-8")
    assert re.findall(r'<tr id="([\w-]+)">', page) == [str(code) for code in CATALOGUE]
    assert page.count("通常为") == sum(one.severity != "note" for one in CATALOGUE.values())
    assert page.count(">ab12<") == len(CATALOGUE)


def test_the_scorecard_is_a_page_and_a_workbook_of_the_same_figures(tmp_path: Path) -> None:
    card = Scorecard("2026-01", "局", 3, DAY, [line("失能名单"), line("计生名单", days=None)], [line()])
    words = text_of(write_scorecard(card, tmp_path / "2026-01"))
    assert "失能名单 失能名单 12 3 75.0% 75.0% 75.0% 75.0% 75.0% 75.0% — 0 0 0" in words
    assert "计生名单 计生名单 12 没有收到资料 75.0%" in words
    book = openpyxl.load_workbook(tmp_path / "2026-01" / "scorecard.xlsx")
    assert book.sheetnames == ["按来源", "按村居", "指标说明"]
    assert list(book["按来源"].values)[1] == ("失能名单", "失能名单", 12, 3, 75, 75, 75, 75, 75, 75, None, 0, 0, 0)


def test_a_month_without_nights_says_that_nothing_came(tmp_path: Path) -> None:
    words = text_of(write_scorecard(Scorecard("2026-01", "局", None, None), tmp_path))
    assert words.count("没有收到资料。") == 2
