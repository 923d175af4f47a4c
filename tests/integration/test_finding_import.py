"""Decisions on findings, filled into the workbook of findings: taken in one piece, or refused row by row with the reason."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from nights import INCAPACITY, SURVEY, Bureau, incapacity_row, people, survey_row
from openpyxl import load_workbook

from flows import cli
from flows.returning.returns import write_returns
from schemas.finding_answers import KEY_HEADER

REASON = "已电话核实"
KEYS = ("处理", "理由", "经办人")


@pytest.fixture
def bureau(tmp_path: Path, fresh_url: str) -> Bureau:
    return Bureau(tmp_path / "home", fresh_url)


def answer(bureau: Bureau, capsys: pytest.CaptureFixture[str], *words: str | int | Path) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    with bureau.environment():
        code = cli.call([*map(str, words), "--home", str(bureau.home), "--config", str(bureau.config), "--json"])
    return code, json.loads(capsys.readouterr().out)


def faulty_night(bureau: Bureau) -> dict[str, int]:
    """A night of six findings of as many people; the number of each."""
    who = people(9)
    rows = [
        survey_row(who[0], 联系电话="12345"), survey_row(who[1], 联系电话="23456"), survey_row(who[2], 姓名=""),
        survey_row(who[3], 建档日期="2999-01-01"), survey_row(who[4], 对象类型=""), survey_row(who[5], 联系电话="34567"),
        *map(survey_row, who[6:]),
    ]  # fmt: skip
    bureau.deliver(SURVEY, rows)
    run_id = bureau.night(send=False)["run_id"]
    found = bureau.query("SELECT finding_id, code, row_number FROM finding WHERE to_run IS NULL")
    assert run_id == 1
    return {f"{row['code']} {row['row_number']}": row["finding_id"] for row in found}


def filled(bureau: Bureau, rows: Mapping[int, tuple[str, str, str]], to: str = "问题.xlsx", run_id: int = 1) -> Path:
    """The workbook of findings with decisions by number of the finding."""
    path = bureau.home / to
    with bureau.environment():
        assert cli.call(["findings", str(run_id), "--to", str(path), "--home", str(bureau.home), "--config", str(bureau.config)]) == 0  # fmt: skip
    book = load_workbook(path)
    page = book["问题清单"]
    header = [cell.value for cell in page[1]]
    for row in range(2, page.max_row + 1):
        for name, words in zip(KEYS, rows.get(int(page.cell(row, 1).value), ()), strict=False):
            page.cell(row, header.index(name) + 1).value = words
    book.save(path)
    return path


def closures(bureau: Bureau) -> list[tuple[Any, ...]]:
    rows = bureau.query("SELECT kind, finding_id, closed_by, reason FROM finding_closure ORDER BY finding_id")
    return [tuple(row.values()) for row in rows]


def test_the_workbook_offers_what_can_be_chosen_and_hides_its_keys(bureau: Bureau) -> None:
    faulty_night(bureau)
    for page in (
        load_workbook(filled(bureau, {}))["问题清单"],
        load_workbook(bureau.home / "reports" / "1" / "findings.xlsx")["问题清单"],
    ):
        header = [cell.value for cell in page[1]]
        assert header[-4:] == [*KEYS, KEY_HEADER]
        (check,) = page.data_validations.dataValidation
        letter = page.cell(1, header.index("处理") + 1).column_letter
        assert (str(check.sqref), check.formula1) == (
            f"{letter}2:{letter}{page.max_row}",
            '"核实无误,免予更正,确已注销"',
        )
        assert page.column_dimensions[page.cell(1, len(header)).column_letter].hidden
        assert {cell.data_type for line in page.iter_rows() for cell in line} <= {"s", "n", "inlineStr"}


def test_decisions_are_counted_first_and_taken_with_yes_in_one_piece(
    bureau: Bureau, capsys: pytest.CaptureFixture[str]
) -> None:
    number = faulty_night(bureau)
    rows = {
        number["phone-format 2"]: ("核实无误", REASON, "李核"),
        number["date-future 5"]: ("免予更正", "不影响", ""),
    }
    path = filled(bureau, rows)
    code, told = answer(bureau, capsys, "findings", "import", path, "--by", "王办")
    assert (code, told["is_done"], told["decided"], told["findings"]) == (3, False, {"confirmed": 1, "waived": 1}, 2)
    assert closures(bureau) == []
    code, told = answer(bureau, capsys, "findings", "import", path, "--by", "王办", "--yes")
    assert (code, told["is_done"], told["refused"]) == (0, True, [])
    assert sorted(closures(bureau)) == sorted(
        [("confirmed", number["phone-format 2"], "李核", REASON), ("waived", number["date-future 5"], "王办", "不影响")]
    )
    assert bureau.night(send=False)["findings"]["warn"] == 2
    code, told = answer(bureau, capsys, "findings", "import", path, "--by", "王办", "--yes")
    assert (code, [line["why"] for line in told["refused"]]) == (
        3, ["问题已经销号（已核实无误）", "问题已经销号（免予更正）"],
    )  # fmt: skip
    assert len(closures(bureau)) == 2


@pytest.mark.parametrize(
    ("at", "words", "why"),
    [
        pytest.param("phone-format 2", ("核实无误", "", "李核"), "没有填“理由”", id="no reason"),
        pytest.param("phone-format 2", ("", REASON, ""), "没有填“处理”、“经办人”", id="no decision and nobody"),
        pytest.param("phone-format 2", ("照旧", REASON, "李核"), "不是下拉列表中的内容", id="another word"),
        pytest.param("name-missing 4", ("免予更正", REASON, "李核"), "不能免予更正", id="a reject waived"),
        pytest.param("name-missing 4", ("核实无误", REASON, "李核"), "只能由报送单位更正", id="a reject confirmed"),
        pytest.param("category-missing 6", ("确已注销", REASON, "李核"), "该行仍在名单中", id="listed and cancelled"),
    ],
)
def test_a_row_that_cannot_be_taken_is_refused_and_the_others_are_taken(
    bureau: Bureau, at: str, words: tuple[str, str, str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    number = faulty_night(bureau)
    good = number["phone-format 3"]
    path = filled(bureau, {number[at]: words, good: ("核实无误", REASON, "李核")})
    code, told = answer(bureau, capsys, "findings", "import", path, "--yes")
    assert code == 3
    assert [(line["finding_id"], why in line["why"]) for line in told["refused"]] == [(number[at], True)]
    page = load_workbook(path)["问题清单"]
    assert page.cell(told["refused"][0]["row_number"], 1).value == number[at]
    assert closures(bureau) == [("confirmed", good, "李核", REASON)]


def test_rows_of_equal_content_that_say_different_things_are_both_refused(
    bureau: Bureau, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = survey_row(people(1)[0], 联系电话="12345")
    bureau.deliver(SURVEY, [odd, odd, *map(survey_row, people(5, first=10))])
    bureau.night(send=False)
    one, other = (
        row["finding_id"]
        for row in bureau.query("SELECT finding_id FROM finding WHERE code = 'phone-format' ORDER BY 1")
    )
    path = filled(bureau, {one: ("核实无误", REASON, "李核"), other: ("免予更正", REASON, "李核")})
    code, told = answer(bureau, capsys, "findings", "import", path, "--yes")
    assert (code, {line["finding_id"] for line in told["refused"]}, closures(bureau)) == (3, {one, other}, [])
    assert all("互相矛盾" in line["why"] for line in told["refused"])
    path = filled(bureau, {one: ("核实无误", REASON, "李核"), other: ("核实无误", REASON, "李核")})
    code, told = answer(bureau, capsys, "findings", "import", path, "--yes")
    assert (code, told["decided"], told["findings"], len(closures(bureau))) == (0, {"confirmed": 2}, 2, 1)


def test_what_has_changed_or_ended_since_is_stale(bureau: Bureau, capsys: pytest.CaptureFixture[str]) -> None:
    number = faulty_night(bureau)
    changed, ended = number["phone-format 2"], number["date-future 5"]
    path = filled(bureau, dict.fromkeys((changed, ended), ("核实无误", REASON, "李核")))
    book = load_workbook(path)
    page = book["问题清单"]
    key = [cell.value for cell in page[1]].index(KEY_HEADER) + 1
    for row in range(2, page.max_row + 1):
        if page.cell(row, 1).value == changed:
            page.cell(row, key).value = f"F{changed}-{'0' * 16}"
        if page.cell(row, 1).value == ended:
            who = people(9)
            bureau.deliver(SURVEY, [survey_row(who[0], 联系电话="12345"), *map(survey_row, who[1:])])
            bureau.night(send=False)
    book.save(path)
    code, told = answer(bureau, capsys, "findings", "import", path, "--yes")
    assert {line["finding_id"]: line["why"] for line in told["refused"]} == {
        changed: "名单有变化，问题与写出时不同，请重新导出", ended: "问题已经了结，或没有这个编号",
    }  # fmt: skip
    assert (code, closures(bureau)) == (3, [])


def test_a_list_that_a_page_exported_is_told_by_its_numbers(bureau: Bureau, capsys: pytest.CaptureFixture[str]) -> None:
    number = faulty_night(bureau)
    path = filled(bureau, {number["phone-format 2"]: ("核实无误", REASON, "李核")})
    book = load_workbook(path)
    page = book["问题清单"]
    page.delete_cols([cell.value for cell in page[1]].index(KEY_HEADER) + 1)
    page.cell(1, 1).value = "编号"
    book.save(path)
    code, told = answer(bureau, capsys, "findings", "import", path, "--yes")
    assert (code, told["decided"]) == (0, {"confirmed": 1})
    assert closures(bureau) == [("confirmed", number["phone-format 2"], "李核", REASON)]


def test_a_row_held_for_a_great_age_is_admitted_by_workbook(bureau: Bureau, capsys: pytest.CaptureFixture[str]) -> None:
    from datetime import date

    from nights import person

    old = person(1, born=date(1901, 2, 3))
    bureau.deliver(SURVEY, [survey_row(old), *map(survey_row, people(5, first=10))])
    bureau.night(send=False)
    (found,) = bureau.query("SELECT finding_id FROM finding WHERE code = 'age-implausible' AND to_run IS NULL")
    path = filled(bureau, {found["finding_id"]: ("核实无误", "户口簿", "李核")})
    code, told = answer(bureau, capsys, "findings", "import", path, "--yes")
    assert (code, told["rows_judged_again"]) == (0, 1)
    bureau.night(send=False)
    assert old.number in bureau.active()


def test_a_vanished_row_is_cancelled_by_workbook(bureau: Bureau, capsys: pytest.CaptureFixture[str]) -> None:
    who = people(8)
    bureau.deliver(INCAPACITY, [incapacity_row(who[0], 联系电话="12345"), *map(incapacity_row, who[1:])])
    with bureau.environment():
        write_returns(bureau.home, bureau.config, bureau.night(send=False)["run_id"])
    bureau.deliver(INCAPACITY, [*map(incapacity_row, who[1:])])
    bureau.night(send=False)
    (found,) = bureau.query("SELECT finding_id FROM finding WHERE code = 'phone-format' AND to_run IS NULL")
    path = filled(bureau, {found["finding_id"]: ("免予更正", REASON, "李核")}, run_id=2)
    code, told = answer(bureau, capsys, "findings", "import", path, "--yes")
    assert (code, "退回后名单中已没有此行" in told["refused"][0]["why"]) == (3, True)
    path = filled(bureau, {found["finding_id"]: ("确已注销", "村委会书面答复", "李核")}, run_id=2)
    code, told = answer(bureau, capsys, "findings", "import", path, "--yes")
    assert (code, told["decided"]) == (0, {"withdrawn": 1})
    bureau.night(send=False)
    assert who[0].number not in bureau.active()


def test_a_file_that_is_no_workbook_of_findings_is_said_so(bureau: Bureau, capsys: pytest.CaptureFixture[str]) -> None:
    faulty_night(bureau)
    code, told = answer(
        bureau, capsys, "findings", "import", bureau.inbox(SURVEY) / "list.csv", "--by", "李核", "--yes"
    )
    assert (code, told["faults"][0]["code"], told["is_done"]) == (3, "header-not-found", False)
    with bureau.environment():
        assert cli.call(["findings", "import", str(bureau.home / "nothing.xlsx"), "--home", str(bureau.home)]) == 2


def test_nobody_is_named_in_what_is_said(bureau: Bureau, capsys: pytest.CaptureFixture[str]) -> None:
    number = faulty_night(bureau)
    path = filled(bureau, {number["phone-format 2"]: ("核实无误", REASON, "李核"), number["name-missing 4"]: ("核实无误", REASON, "李核")})  # fmt: skip
    with bureau.environment():
        assert (
            cli.call(["findings", "import", str(path), "--home", str(bureau.home), "--config", str(bureau.config)]) == 3
        )
    said = capsys.readouterr().out
    assert "可以登记 1 行（已核实无误 1）" in said
    assert not [who for who in people(9) if who.name in said or who.number in said or who.phone in said]
