"""A return letter is one page of official words: what was found, until when it is asked for, and nobody's name."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import docx
import pandas as pd
import pytest

from reports.return_letter import write_return_letter
from reports.return_letter_words import MOST_PROBLEMS, PROBLEM_COLUMNS, ReturnLetter, letter_words
from schemas.errors import ContractBroken
from schemas.findings import CATALOGUE, Severity


def problems(kinds: int = 3, again: int = 0) -> pd.DataFrame:
    rules = sorted(CATALOGUE.values(), key=lambda rule: -len(rule.remedy))[:kinds]
    rows = [(rule.label, 4 + n, again, rule.severity is Severity.REJECT, rule.remedy) for n, rule in enumerate(rules)]
    return pd.DataFrame(rows, columns=list(PROBLEM_COLUMNS))


LETTER = ReturnLetter(
    office="梅州市梅县区民政和人力资源社会保障局", reference="梅县民数退〔2026〕第12号", addressee="梅县区残疾人联合会",
    source_label="持证残疾老年人名单", deliveries=["2026年9月名单.xlsx"], business_date=date(2026, 9, 29), rows=11,
    problems=problems(), due_on=date(2026, 10, 21), working_days=10, is_provisional=False, made_on=date(2026, 9, 30),
    attachments=["持证残疾老年人名单-退回.xlsx"], contact="办公室", telephone="0753-0000000",
)  # fmt: skip


def text_of(letter: ReturnLetter) -> str:
    said = letter_words(letter)
    return "\n".join([said.title, *said.paragraphs, *("|".join(line) for line in said.lines), said.contact])


def test_it_says_what_was_found_and_until_when_it_is_asked_for() -> None:
    letter = replace(LETTER, problems=pd.DataFrame(
        [("身份证号码未填写", 2, 0, True, "请补填。"), ("电话号码格式不对", 9, 6, False, "请核实。")],
        columns=list(PROBLEM_COLUMNS),
    ), again=[(2, 2), (3, 1), (4, 1), (12, 2)], vanished=2)  # fmt: skip
    text = text_of(letter)
    assert "关于退回《持证残疾老年人名单》问题数据的函" in text
    assert "文件“2026年9月名单.xlsx”" in text
    assert "2026年9月29日校验，有 11 行存在问题 11 处，其中 2 处影响采用" in text
    assert "6 处此前已经退回，尚未更正（第二次退回 2 处、第三次退回 1 处、第四次及以上 3 处）" in text
    assert "2 行退回后贵单位名单中已经没有，请逐行答复是注销还是漏报" in text
    assert "请于 2026年10月21日（星期三，10 个工作日内）前，" in text
    assert "1|身份证号码未填写|2|—|暂未采用|请补填。" in text
    assert "2|电话号码格式不对|9|6|已采用|请核实。" in text
    assert "（联系人：办公室，联系电话：0753-0000000）" in text


def test_a_day_that_rests_on_unannounced_holidays_says_so() -> None:
    assert "尚未公布" in text_of(replace(LETTER, is_provisional=True))
    assert "尚未公布" not in text_of(LETTER)


def test_what_there_is_none_of_is_not_mentioned() -> None:
    bare = replace(LETTER, deliveries=[], rows=0, contact="", telephone="", problems=problems(1).assign(is_held=False))
    assert not any(word in text_of(bare) for word in ("文件“", " 行", "影响采用", "此前已经退回", "注销", "联系"))


def test_more_kinds_of_problems_than_a_page_holds_are_one_line_and_none_is_lost() -> None:
    many = problems(len(CATALOGUE), again=1)
    lines = letter_words(replace(LETTER, problems=many)).lines
    assert len(lines) == MOST_PROBLEMS
    assert sum(int(line[2]) for line in lines) == many["count"].sum()
    assert sum(int(line[3]) for line in lines) == many["again"].sum()
    assert lines[-1][1] == f"其他 {len(CATALOGUE) - MOST_PROBLEMS + 1} 类"


@pytest.mark.parametrize(
    "lacking", [problems().drop(columns="remedy"), problems(0)], ids=["a column missing", "no problem"]
)
def test_a_letter_about_nothing_is_not_written(lacking: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(ContractBroken):
        write_return_letter(replace(LETTER, problems=lacking), tmp_path, "letter")
    assert list(tmp_path.iterdir()) == []


def test_both_files_say_the_same_and_are_closed_to_others(tmp_path: Path) -> None:
    document, page = write_return_letter(LETTER, tmp_path / "returns", "数据退回函-2026-012")
    said = letter_words(LETTER)
    opened = docx.Document(str(document))
    words = [paragraph.text.strip() for paragraph in opened.paragraphs]
    cells = [tuple(cell.text for cell in row.cells) for row in opened.tables[0].rows]
    html = page.read_text(encoding="utf-8")
    assert cells == [said.headers, *said.lines]
    for text in (said.title, said.reference, said.addressee, *said.paragraphs, said.office, said.date, said.contact):
        assert text in words
        assert text in html
    assert all(f"<td>{cell}</td>" in html for line in said.lines for cell in line)
    assert {path.stat().st_mode & 0o777 for path in (document, page)} == {0o600}


def test_the_page_loads_and_runs_nothing(tmp_path: Path) -> None:
    hostile = replace(LETTER, deliveries=["<script src=http://x></script>.xlsx"], attachments=['"><img src=x>'])
    html = write_return_letter(hostile, tmp_path, "letter")[1].read_text(encoding="utf-8")
    assert not any(opening in html for opening in ("<script", "<img", "<link", "url(", "@import"))
