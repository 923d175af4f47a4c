"""The page of the morning: it says whose job each problem is, adds up, and runs nothing that stands in it."""

import re
from datetime import UTC, datetime
from pathlib import Path

from test_night import HOSTILE

from reports.status_page import StatusBillLine, StatusCard, StatusPage, write_status_page

NOW = datetime(2026, 1, 31, 7, 50, tzinfo=UTC)


def card(text: str, owner: str = "我方", lamp: str = "red") -> StatusCard:
    return StatusCard("disk-low", lamp, text, "2026-01-30T02:00:00+08:00", owner, text, text, text)


def written(folder: Path, *cards: StatusCard, text: str = "一切正常", difference: int = 0) -> str:
    verdict = "✓ 相符" if not difference else f"相差 {difference}"
    bill = [StatusBillLine("收到", 10, "行", (("纳入", 8), ("暂缓", 2 - difference)), verdict, difference)]
    page = StatusPage(text, "red" if cards else "green", text, NOW, bill, cards, "3/index.html")
    return write_status_page(page, folder / "status.html").read_text(encoding="utf-8")


def test_hostile_text_is_shown_and_never_run(tmp_path: Path) -> None:
    text = " ".join(HOSTILE[:3])
    html = written(tmp_path, card(text), text=text)
    assert "<script>boom()" not in html
    assert "<img src=x" not in html
    assert "&lt;script&gt;boom()" in html
    assert "default-src 'none'" in html
    assert (tmp_path / "status.html").stat().st_mode & 0o777 == 0o600


def test_cards_stand_under_whose_job_they_are(tmp_path: Path) -> None:
    html = written(tmp_path, card("磁盘满"), card("名单没来", "来源单位", "yellow"), card("备份旧"))
    assert re.findall(r"<h3>(.+?)</h3>", html) == ["我方", "来源单位"]
    ours, theirs = html.split("<h3>来源单位</h3>")
    assert "磁盘满" in ours
    assert "备份旧" in ours
    assert "名单没来" in theirs
    assert "自 2026-01-30 02:00<" in html


def test_without_problems_it_says_so_and_the_bill_agrees(tmp_path: Path) -> None:
    html = written(tmp_path)
    assert "没有需要处理的事项。" in html
    assert 'class="agrees">✓ 相符' in html
    assert 'href="3/index.html"' in html


def test_a_bill_that_does_not_add_up_is_seen(tmp_path: Path) -> None:
    assert 'class="differs">相差 1' in written(tmp_path, difference=1)
