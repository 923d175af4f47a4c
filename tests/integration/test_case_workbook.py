"""Open questions leave as a workbook and come back answered: what counts is taken, what does not is refused row by row."""

import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
import sqlalchemy as sa
from asked_questions import (
    BY,
    answer,
    as_sets,
    ask,
    cases,
    command,
    damaged,
    evening_after,
    links,
    pair,
    put_aside,
    shared,
)
from nights import DISABILITY, SURVEY, Bureau, copied, disability_row, people, survey_row

from schemas.case_answers import BY_HEADER, KEY_HEADER, OPINION_HEADER, REASON_HEADER
from schemas.identity_decisions import key_of_number

ONE, OTHER, THIRD, FOURTH, *_ = people(9)
OTHERS = people(8, 20)


def first_night(bureau: Bureau) -> None:
    ruined = survey_row(ONE, 身份证号码=ONE.number[:15] + "000", 对象类型="空巢")
    bureau.deliver(SURVEY, [*map(survey_row, (ONE, OTHER, THIRD, FOURTH)), ruined, *map(survey_row, OTHERS)])
    bureau.deliver(DISABILITY, [disability_row(ONE), *map(disability_row, OTHERS)])
    bureau.night()
    put_aside(bureau)
    ask(
        bureau, 1, pair(ONE.number, OTHER.number), shared(THIRD.number, [THIRD.name, "别人"]),
        damaged(bureau, SURVEY, 6, [ONE.number, FOURTH.number]),
    )  # fmt: skip


@pytest.fixture(scope="module")
def evening(server_engine: sa.Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    with evening_after(first_night, server_engine, tmp_path_factory.mktemp("evening")) as bureau:
        yield bureau


@pytest.fixture
def bureau(evening: Bureau, server_engine: sa.Engine, tmp_path: Path) -> Iterator[Bureau]:
    with copied(evening, server_engine, tmp_path) as bureau:
        yield bureau


def case_of(bureau: Bureau, kind: str) -> int:
    return next(int(case["case_id"]) for case in cases(bureau) if case["kind"] == kind)


def exported(bureau: Bureau, name: str = "cases.xlsx", *words: str) -> Path:
    path = bureau.home.parent / name
    assert command(bureau, "cases", "--to", str(path), *words) == 0
    return path


Said = Mapping[tuple[str, int], Mapping[str, str]]


def filled(path: Path, said: Said, *, also: Callable[[Any], None] | None = None) -> Path:
    """Fills in the first row of a side of the question of a kind: opinion, reason, by."""
    book = openpyxl.load_workbook(path)
    page = book["待核定"]
    headers = {cell.value: cell.column for cell in page[1]}
    labels = {"pair": "同一人疑有不同号码", "number": "同一号码疑为不同的人", "row": "号码损坏或缺失，疑为已登记的人"}
    for (kind, side), words in said.items():
        for row in range(2, page.max_row + 1):
            is_it = (page.cell(row, headers["问题"]).value, page.cell(row, headers["方"]).value) == (
                labels[kind],
                str(side),
            )
            if is_it:
                for header, word in words.items():
                    page.cell(row, headers[header]).value = word
                break
        else:
            raise AssertionError(kind)
    if also:
        also(page)
    to = path.with_name("answered.xlsx")
    book.save(to)
    return to


def says(opinion: str | None, reason: str | None = "户籍档案", by: str | None = "李核") -> dict[str, str]:
    said = {OPINION_HEADER: opinion, REASON_HEADER: reason, BY_HEADER: by}
    return {header: word for header, word in said.items() if word is not None}


def refusals(found: Mapping[str, Any]) -> list[str]:
    return [line["why"] for line in found["refused"]]


def test_sides_stand_among_one_another_masked_and_what_differs_is_marked(bureau: Bureau) -> None:
    page = openpyxl.load_workbook(exported(bureau))["待核定"]
    rows = [[cell.value for cell in row] for row in page.iter_rows()]
    texts = {str(cell) for row in rows for cell in row}
    assert not texts & {ONE.name, ONE.number, ONE.phone, OTHER.number}
    assert len(rows) == 1 + 3 + 2 + 4
    names = {page.cell(row, rows[0].index("姓名") + 1).fill.fgColor.rgb for row in range(2, page.max_row + 1)}
    assert len(names) > 1
    assert command(bureau, "cases", "--to", str(bureau.home / "x.xlsx"), "--unmasked") == 2
    clear = openpyxl.load_workbook(exported(bureau, "clear.xlsx", "--unmasked", "--reason", "核对"))["待核定"]
    assert ONE.number in {cell.value for row in clear.iter_rows() for cell in row}
    assert bureau.query("SELECT action FROM audit") == [{"action": "cases-unmasked"}]


@pytest.mark.parametrize("suffix", ["csv", "parquet", "json"])
def test_programs_read_the_same_rows(bureau: Bureau, suffix: str) -> None:
    path = exported(bureau, f"cases.{suffix}")
    readers: dict[str, Callable[[Path], pd.DataFrame]] = {
        "csv": pd.read_csv,
        "parquet": pd.read_parquet,
        "json": pd.read_json,
    }
    found = readers[suffix](path)
    assert len(found) == 9
    assert {"case_id", "kind", "reasons", "side", "source", "row_number", "id_number", "evidence"} <= set(found.columns)
    assert command(bureau, "cases", "--to", str(path.with_suffix(".txt"))) == 2


def test_answers_are_said_in_numbers_first_and_then_recorded(
    bureau: Bureau, capsys: pytest.CaptureFixture[str]
) -> None:
    said = {
        ("pair", 1): says("同一人"), ("number", 1): says("不同人，号码属本行", by="王芳"),
        ("row", 2): says("同一人", reason="残疾人证号一致"),
    }  # fmt: skip
    path = filled(exported(bureau), said)
    found = answer(bureau, capsys, "decide", "import", str(path), expect=3)
    assert (found["rows"], found["answered"], found["refused"]) == (3, {"different": 1, "same": 2}, [])
    assert (found["decisions"], found["is_done"]) == ([], False)
    assert bureau.query("SELECT count(*) AS n FROM decision") == [{"n": 0}]

    done = answer(bureau, capsys, "decide", "import", str(path), "--yes")
    assert len(done["decisions"]) == 3
    made = bureau.query("SELECT kind, decided_by, reason FROM decision JOIN identity_case USING (case_id, kind)")
    assert made == []  # decisions and questions have no kind in common
    by = {
        row["decided_by"]: row["reason"] for row in bureau.query("SELECT decided_by, reason FROM decision ORDER BY 1")
    }
    assert set(by) == {"李核", "王芳"}
    held = as_sets(links(bureau))
    assert held["excluded"] == {(key_of_number(THIRD.number), "别人")}
    assert len(held["rows"]) == 1
    assert all(case["ended_as"] == "decided" for case in cases(bureau))

    again = answer(bureau, capsys, "decide", "import", str(path), "--yes", expect=3)
    assert refusals(again) == ["案件已经了结"] * 3


def test_half_filled_rows_are_refused_one_by_one_and_the_others_count(
    bureau: Bureau, capsys: pytest.CaptureFixture[str]
) -> None:
    said = {
        ("pair", 1): says("同一人", reason=None), ("pair", 2): says(None, by=None), ("number", 1): says("也许"),
        ("number", 2): says("同一人", by=None), ("row", 1): says("不同人"),
    }  # fmt: skip
    found = answer(bureau, capsys, "decide", "import", str(filled(exported(bureau), said)), "--yes", expect=3)
    assert sorted(refusals(found)) == sorted([
        "没有填“处理理由”", "没有填“处理意见”、“经办人”", "“处理意见”不是下拉列表中的内容", "没有填“经办人”",
    ])  # fmt: skip
    assert all(line["row_number"] > 1 for line in found["refused"])
    assert found["answered"] == {"different": 1}
    assert len(found["decisions"]) == 1


def test_by_names_whoever_decides_where_a_row_names_nobody(bureau: Bureau, capsys: pytest.CaptureFixture[str]) -> None:
    path = filled(exported(bureau), {("row", 1): says("不同人", by=None)})
    answer(bureau, capsys, "decide", "import", str(path), "--by", "陈核", "--yes")
    assert bureau.query("SELECT decided_by FROM decision") == [{"decided_by": "陈核"}]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({("pair", 1): says("同一人"), ("pair", 2): says("不同人")}, "互相矛盾"),
        ({("pair", 1): says("同一人，采用本行号码"), ("pair", 2): says("同一人，采用本行号码")}, "互相矛盾"),
        ({("row", 2): says("同一人"), ("row", 3): says("同一人")}, "互相矛盾"),
        ({("pair", 1): says("不同人"), ("pair", 2): says("不同人", by="王芳")}, "经办人不同"),
        ({("number", 1): says("不同人")}, "没有指明号码属哪一方"),
        ({("number", 1): says("不同人，号码属本行"), ("number", 2): says("不同人，号码属本行")}, "不能属于每一方"),
        ({("row", 1): says("同一人")}, "有几个候选"),
        ({("row", 1): says("号码无误")}, "不是有效的身份证号码"),
        ({("pair", 1): says("健在")}, "不能这样处理"),
    ],
    ids=["two opinions", "two numbers", "two people", "two deciders", "no holder", "all holders", "no candidate", "no number", "not asked"],
)  # fmt: skip
def test_what_contradicts_itself_or_leaves_something_open_is_refused(
    bureau: Bureau, capsys: pytest.CaptureFixture[str], said: Said, why: str
) -> None:
    found = answer(bureau, capsys, "decide", "import", str(filled(exported(bureau), said)), "--yes", expect=3)
    assert len(found["refused"]) == len(said)
    assert all(why in line for line in refusals(found))
    assert found["decisions"] == []


def test_what_has_changed_since_it_was_written_is_refused(bureau: Bureau, capsys: pytest.CaptureFixture[str]) -> None:
    path = filled(
        exported(bureau), {("pair", 1): says("同一人"), ("number", 2): says("同一人"), ("row", 1): says("不同人")}
    )
    ask(bureau, 2, pair(ONE.number, OTHER.number, "e2"))
    bureau_side = case_of(bureau, "same-number-different-person")
    command(bureau, "decide", "same", bureau_side, *BY)
    found = answer(bureau, capsys, "decide", "import", str(path), "--yes", expect=3)
    assert refusals(found) == ["案件已经了结", "案件已经了结"]
    assert found["answered"] == {"different": 1}


def test_keys_that_were_altered_lead_nowhere(bureau: Bureau, capsys: pytest.CaptureFixture[str]) -> None:
    keys = {"pair": "C1", "number": "C999-1-0123456789abcdef"}

    def spoil(page: Any) -> None:
        column = next(cell.column for cell in page[1] if cell.value == KEY_HEADER)
        for row in range(2, page.max_row + 1):
            kind = {"同一人疑有不同号码": "pair", "同一号码疑为不同的人": "number"}.get(page.cell(row, 3).value, "")
            if kind:
                page.cell(row, column).value = keys[kind]
            else:
                page.cell(row, column).value = str(page.cell(row, column).value)[:-1] + "z"

    said = {("pair", 1): says("同一人"), ("number", 1): says("同一人"), ("row", 1): says("不同人")}
    found = answer(
        bureau, capsys, "decide", "import", str(filled(exported(bureau), said, also=spoil)), "--yes", expect=3
    )
    assert sorted(refusals(found)) == sorted([
        "“核定行键”被改动或缺少，无法对应到案件", "“核定行键”被改动或缺少，无法对应到案件", "登记册中没有这一案件或这一方",
    ])  # fmt: skip


def test_a_key_of_other_evidence_is_stale(bureau: Bureau, capsys: pytest.CaptureFixture[str]) -> None:
    path = filled(exported(bureau), {("pair", 1): says("同一人")})
    changed = "UPDATE identity_case SET evidence = 'f' || evidence WHERE kind = 'same-person-different-number'"
    engine = sa.create_engine(bureau.url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text(changed))
    found = answer(bureau, capsys, "decide", "import", str(path), "--yes", expect=3)
    assert refusals(found) == ["名单有变化，案件内容与写出时不同，请重新导出"]


def test_a_file_that_is_no_workbook_of_ours_is_said_to_be_none(
    bureau: Bureau, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stranger = tmp_path / "list.csv"
    stranger.write_text("姓名,身份证号码\n张三,1\n", encoding="utf-8")
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(b"PK\x03\x04 no workbook")
    for path in (stranger, broken):
        found = answer(bureau, capsys, "decide", "import", str(path), "--yes", expect=3)
        assert found["faults"]
    assert command(bureau, "decide", "import", str(tmp_path / "nowhere.xlsx")) == 2


def test_an_untouched_workbook_answers_nothing(bureau: Bureau, capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(bureau, capsys, "decide", "import", str(exported(bureau)), "--yes")
    assert (found["rows"], found["decisions"]) == (0, [])


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not here")
@pytest.mark.parametrize("suffix", ["xlsx", "ods"])
def test_a_spreadsheet_program_opens_it_and_what_it_saves_is_taken(
    bureau: Bureau, tmp_path: Path, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    path = filled(exported(bureau), {("pair", 1): says("同一人"), ("row", 2): says("同一人")})
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{tmp_path}/office", "--headless", "--convert-to", suffix, "--outdir",
         str(tmp_path / "saved"), str(path)],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    found = answer(bureau, capsys, "decide", "import", str(tmp_path / "saved" / f"answered.{suffix}"), "--yes")
    assert found["answered"] == {"same": 2}


def test_the_workbook_on_a_terminal_is_said_in_words(bureau: Bureau, capsys: pytest.CaptureFixture[str]) -> None:
    path = filled(exported(bureau), {("pair", 1): says("同一人"), ("number", 1): says("不同人")})
    capsys.readouterr()
    assert command(bureau, "decide", "import", str(path)) == 3
    told = capsys.readouterr().out
    assert "填写 2 行，可以登记 1 件（同一人 1）" in told
    assert "不登记。没有指明号码属哪一方" in told
    assert "--yes" in told
