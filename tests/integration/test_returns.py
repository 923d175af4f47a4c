"""Lists that go back to their senders, and come in again corrected."""

import csv
import json
import shutil
import stat
import subprocess
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from cyclopts import App
from filled_forms import MEMBERS, PERSON, TICKED, ZHANG, fill_docx
from nights import (
    FAMILY,
    INCAPACITY,
    SURVEY,
    TODAY,
    Bureau,
    family_row,
    funnel,
    incapacity_row,
    member_row,
    people,
    survey_row,
)
from openpyxl import load_workbook

from connectors.templates import write_form_docx
from flows.commands.cli_returns import add_return_commands
from flows.returning.returns import write_returns
from schemas.errors import ConfigurationInvalid
from schemas.returns import OUR_HEADERS, ROW_KEY_HEADER, RowKey

TWELVE = people(12)
NEXT_DAY = TODAY + timedelta(days=1)
DAY_AFTER = TODAY + timedelta(days=2)
SHEET = "失能老年人"
REPEATED = ("delivery-repeated",)


@pytest.fixture
def bureau(tmp_path, fresh_url):
    return Bureau(tmp_path / "home", fresh_url)


def night_of(bureau, source, day=TODAY, **wanted):
    return bureau.night(day, sources=[source], send=False, **wanted)


def given_back(bureau, run_id, **asked):
    with bureau.environment():
        return write_returns(bureau.home, bureau.config, run_id, **asked)


def workbook_of(bureau, run_id, **asked):
    """The only workbook that goes back after a run."""
    (one,) = given_back(bureau, run_id, **asked)["returns"]
    return Path(one["workbook"])


def three_faults():
    """Twelve people: one without the last digit, one with a wrong telephone, one whose number a spreadsheet ruined."""
    rows = [incapacity_row(who, 片区=f"片区{place}") for place, who in enumerate(TWELVE)]
    rows[3]["身份证号"] = TWELVE[3].number[:-1]
    rows[7]["联系电话"] = "12345"
    rows[8]["身份证号"] = float(TWELVE[8].number[:15] + "000")
    return rows


def corrected(path, to, cells=(), *, sheet=SHEET, also=None):
    """Saves a returned workbook as its sender would; ``cells`` has new words by row and header."""
    book = load_workbook(path)
    page = book[sheet]
    places = {cell.value: cell.column for cell in page[1]}
    for (row, header), words in dict(cells).items():
        page.cell(row, places[header]).value = words
    if also:
        also(page)
    book.save(to)


# The workbook


def test_a_list_goes_back_in_its_own_layout_with_the_rows_that_are_wrong(bureau):
    bureau.deliver_workbook(INCAPACITY, {SHEET: three_faults()}, first_row=2)
    run_id = night_of(bureau, INCAPACITY)["run_id"]
    path = workbook_of(bureau, run_id)
    assert (
        path == bureau.home / "reports" / str(run_id) / "returns" / "health" / "health_incapacity-run-1-delivery-1.xlsx"
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    page = load_workbook(path)[SHEET]
    header = [cell.value for cell in page[1]]
    assert header == [*three_faults()[0], *OUR_HEADERS, ROW_KEY_HEADER]
    assert [page.cell(row, header.index("原行号") + 1).value for row in (2, 3, 4)] == ["7", "11", "12"]
    assert [page.cell(row, header.index("片区") + 1).value for row in (2, 3, 4)] == ["片区3", "片区7", "片区8"]
    assert page.max_row == 4
    number, phone = page.cell(2, header.index("身份证号") + 1), page.cell(3, header.index("联系电话") + 1)
    assert (number.value, number.data_type, number.number_format) == (TWELVE[3].number[:-1], "s", "@")
    for cell, words in ((number, "身份证号码位数不对"), (phone, "电话号码格式不对")):
        assert cell.fill.start_color.rgb == "FFFFC7CE"
        assert words in cell.comment.text
        assert "应为：" in cell.comment.text
        assert "处理：" in cell.comment.text
    assert page.cell(2, header.index("联系电话") + 1).comment is None
    assert page.column_dimensions["O"].hidden
    assert page["O1"].value == ROW_KEY_HEADER
    assert RowKey.parse(page["O2"].value) is not None
    lists = {str(check.sqref): check.formula1 for check in page.data_validations.dataValidation}
    assert lists["B2:B4"] == '"男,女"'
    assert "重度失能" in lists["F2:F4"]


def test_nothing_in_the_workbook_runs_or_links(bureau):
    rows = [
        incapacity_row(who, 备注=words)
        for who, words in zip(TWELVE, ("=1+1", "@SUM(A1)", "https://example.org"), strict=False)
    ]
    for row in rows:
        row["联系电话"] = "12345"
    bureau.deliver_workbook(INCAPACITY, {SHEET: rows})
    path = workbook_of(bureau, night_of(bureau, INCAPACITY)["run_id"])
    page = load_workbook(path)[SHEET]
    cells = [cell for line in page.iter_rows() for cell in line]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert not any(cell.hyperlink for cell in cells)
    assert [page.cell(row, 10).value for row in (2, 3, 4)] == ["=1+1", "@SUM(A1)", "https://example.org"]
    with zipfile.ZipFile(path) as parts:
        assert not [name for name in parts.namelist() if "vbaProject" in name or "externalLink" in name]


def test_every_row_goes_back_where_that_is_asked_for(bureau):
    bureau.deliver_workbook(INCAPACITY, {SHEET: three_faults()})
    path = workbook_of(bureau, night_of(bureau, INCAPACITY)["run_id"], all_rows=True)
    page = load_workbook(path)[SHEET]
    keys = [RowKey.parse(page.cell(row, 15).value) for row in range(2, page.max_row + 1)]
    assert len({key.row_id for key in keys}) == 12
    assert 0 not in {key.row_id for key in keys}


def test_a_text_goes_back_as_a_workbook_and_a_household_on_a_sheet_of_its_own(bureau):
    bureau.deliver(INCAPACITY, [incapacity_row(TWELVE[0]), incapacity_row(TWELVE[1], 联系电话="12345")])
    survey = [survey_row(TWELVE[2]), survey_row(TWELVE[3])]
    members = [
        member_row(TWELVE[2], "王小明", "44142119", "户主"),
        member_row(TWELVE[3], "王大明", TWELVE[4].number, "户主"),
    ]
    bureau.deliver_workbook(SURVEY, {"服务对象": survey, "家庭成员": members})
    run_id = bureau.night(sources=[INCAPACITY, SURVEY], send=False)["run_id"]
    books = {one["source"]: load_workbook(one["workbook"]) for one in given_back(bureau, run_id)["returns"]}
    assert [cell.value for cell in books[INCAPACITY].worksheets[0][2]][:4] == [
        TWELVE[1].name, TWELVE[1].sex, TWELVE[1].number, "12345",
    ]  # fmt: skip
    assert books[SURVEY].sheetnames == ["服务对象", "家庭成员", "退回说明"]
    assert (books[SURVEY]["服务对象"].max_row, books[SURVEY]["家庭成员"].max_row) == (1, 2)
    assert books[SURVEY]["家庭成员"]["B2"].value == "王小明"


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not here")
def test_a_spreadsheet_program_opens_it_and_what_it_saves_is_taken(bureau, tmp_path):
    bureau.deliver_workbook(INCAPACITY, {SHEET: three_faults()})
    path = workbook_of(bureau, night_of(bureau, INCAPACITY)["run_id"])
    corrected(path, tmp_path / "edited.xlsx", {(2, "身份证号"): TWELVE[3].number})
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{tmp_path}/office", "--headless", "--convert-to", "ods", "--outdir",
         str(bureau.inbox(INCAPACITY)), str(tmp_path / "edited.xlsx")],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    summary = night_of(bureau, INCAPACITY, NEXT_DAY)
    assert "采用更正 1 行，未改动 2 行" in summary["sources"][INCAPACITY]["message"]
    assert TWELVE[3].number in bureau.active()


# Coming back


def test_a_corrected_row_enters_and_nobody_else_is_touched(bureau):
    bureau.deliver_workbook(INCAPACITY, {SHEET: three_faults()})
    run_id = night_of(bureau, INCAPACITY)["run_id"]
    path = workbook_of(bureau, run_id)
    before = bureau.elders()

    corrected(
        path, bureau.inbox(INCAPACITY) / "改好.xlsx",
        {(2, "身份证号"): TWELVE[3].number, (2, "修改说明"): "按户口簿更正"}, also=lambda page: page.delete_rows(4),
    )  # fmt: skip
    summary = night_of(bureau, INCAPACITY, NEXT_DAY)
    line = summary["sources"][INCAPACITY]
    assert (line["status"], line["message"]) == ("green", "退回更正：采用更正 1 行，未改动 1 行。")
    assert funnel(line) == (12, 11, 1, 0, 0)
    assert summary["elders"] == {"new": 1, "changed": 0, "unchanged": 10, "withdrawn": 0, "total": 11}
    assert {number: elder for number, elder in bureau.elders().items() if number != TWELVE[3].number} == before
    assert bureau.codes(besides=REPEATED) == {"column-unknown": 1, "phone-format": 1, "id-number-stored-as-number": 1}
    again = night_of(bureau, INCAPACITY, DAY_AFTER)
    assert funnel(again["sources"][INCAPACITY]) == (12, 11, 1, 0, 0)
    assert again["elders"]["unchanged"] == 11


def test_a_ruined_number_is_not_believed_because_something_else_was_corrected(bureau):
    bureau.deliver_workbook(INCAPACITY, {SHEET: three_faults()})
    path = workbook_of(bureau, night_of(bureau, INCAPACITY)["run_id"])
    corrected(
        path,
        bureau.inbox(INCAPACITY) / "改好.xlsx",
        {(4, "联系电话"): "13800138000"},
    )
    night_of(bureau, INCAPACITY, NEXT_DAY)
    assert bureau.codes()["id-number-stored-as-number"] == 1
    assert len(bureau.active()) == 10


def test_a_workbook_that_is_corrected_bit_by_bit_is_taken_every_time(bureau):
    bureau.deliver_workbook(INCAPACITY, {SHEET: three_faults()})
    path = workbook_of(bureau, night_of(bureau, INCAPACITY)["run_id"], all_rows=True)
    steps = [{5: "4414"}, {5: TWELVE[3].number}, {5: TWELVE[3].number, 10: TWELVE[8].number}]
    for day, numbers in enumerate(steps, 1):
        corrected(
            path,
            bureau.inbox(INCAPACITY) / "改好.xlsx",
            {(row, "身份证号"): number for row, number in numbers.items()},
        )
        line = night_of(bureau, INCAPACITY, TODAY + timedelta(days=day))["sources"][INCAPACITY]
        assert "采用更正 1 行" in line["message"]
        assert line["received"] == 12
    assert bureau.active() == {who.number for who in TWELVE}
    assert bureau.codes(besides=REPEATED) == {"column-unknown": 1, "phone-format": 1}


def test_a_row_that_a_newer_list_replaced_is_not_corrected_any_more(bureau):
    bureau.deliver_workbook(INCAPACITY, {SHEET: three_faults()})
    path = workbook_of(bureau, night_of(bureau, INCAPACITY)["run_id"])
    bureau.deliver_workbook(INCAPACITY, {SHEET: [incapacity_row(who) for who in TWELVE]})
    corrected(
        path,
        bureau.inbox(INCAPACITY) / "改好.xlsx",
        {(3, "联系电话"): "13800138000"},
    )
    summary = night_of(bureau, INCAPACITY, NEXT_DAY, expect="yellow")
    assert "已被新名单取代、未采用 1 行" in summary["sources"][INCAPACITY]["message"]
    assert (len(bureau.active()), bureau.codes(besides=REPEATED)) == (12, {})


def test_the_next_whole_list_counts_again_for_everybody(bureau):
    bureau.deliver_workbook(INCAPACITY, {SHEET: three_faults()})
    path = workbook_of(bureau, night_of(bureau, INCAPACITY)["run_id"])
    corrected(
        path,
        bureau.inbox(INCAPACITY) / "改好.xlsx",
        {(2, "身份证号"): TWELVE[3].number},
    )
    night_of(bureau, INCAPACITY, NEXT_DAY)
    bureau.deliver_workbook(INCAPACITY, {SHEET: [incapacity_row(who) for who in TWELVE[:11]]})
    summary = night_of(bureau, INCAPACITY, DAY_AFTER)
    assert funnel(summary["sources"][INCAPACITY]) == (11, 11, 0, 0, 0)
    assert bureau.active() == {who.number for who in TWELVE[:11]}


def test_a_workbook_of_another_list_changes_nothing_and_is_looked_at(bureau):
    bureau.deliver_workbook(INCAPACITY, {SHEET: three_faults()})
    bureau.deliver(FAMILY, [family_row(who) for who in TWELVE])
    run_id = bureau.night(sources=[INCAPACITY, FAMILY], send=False)["run_id"]
    path = workbook_of(bureau, run_id)

    cells = {(1, "能力等级"): "家庭类型", (2, "身份证号"): TWELVE[3].number}
    corrected(path, bureau.inbox(FAMILY) / "改好.xlsx", cells)
    summary = night_of(bureau, FAMILY, NEXT_DAY, expect="yellow")
    assert "不是本名单退回的、未采用 3 行" in summary["sources"][FAMILY]["message"]
    assert funnel(summary["sources"][FAMILY]) == (12, 12, 0, 0, 0)


def test_a_whole_list_pasted_below_the_returned_rows_doubles_nobody(bureau):
    bureau.deliver_workbook(INCAPACITY, {SHEET: three_faults()})
    path = workbook_of(bureau, night_of(bureau, INCAPACITY)["run_id"])
    fresh = people(1, first=40)[0]

    def paste(page):
        for row in [*three_faults()[:3], incapacity_row(fresh)]:
            page.append(list(row.values()))

    corrected(path, bureau.inbox(INCAPACITY) / "改好.xlsx", {(2, "身份证号"): TWELVE[3].number}, also=paste)
    line = night_of(bureau, INCAPACITY, NEXT_DAY)["sources"][INCAPACITY]
    assert line["message"] == "退回更正：采用更正 1 行，补报 1 行，未改动 5 行。"
    assert funnel(line) == (13, 12, 1, 0, 0)
    assert fresh.number in bureau.active()


def test_a_village_is_corrected_without_its_other_villages(bureau):
    rows = [
        survey_row(who, **({} if place else {"联系电话": "1", "身份证号码": "4414"}))
        for place, who in enumerate(TWELVE)
    ]
    bureau.deliver(SURVEY, rows)
    bureau.deliver(SURVEY, [survey_row(who) for who in people(5, first=20, village="三葵村")], "b.csv")
    path = workbook_of(bureau, night_of(bureau, SURVEY)["run_id"])
    page = load_workbook(path).worksheets[0]
    lines = [[cell.value for cell in line] for line in page.iter_rows()]
    lines[1][lines[0].index("身份证号码")] = TWELVE[0].number
    lines[1][lines[0].index("户籍村(居)")] = None
    with (bureau.inbox(SURVEY) / "list.csv").open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(lines)
    line = night_of(bureau, SURVEY, NEXT_DAY)["sources"][SURVEY]
    assert "采用更正 1 行" in line["message"]
    assert len(bureau.active()) == 17
    assert bureau.codes(besides={"division-unknown", *REPEATED}) == {"phone-format": 1}
    assert bureau.query("SELECT scope FROM source_row WHERE row_number = 2 AND to_run IS NULL AND delivery_id > 2") == [
        {"scope": f"{TWELVE[0].town}/{TWELVE[0].village}"}
    ]


def test_a_household_is_corrected_by_itself_and_with_its_elder(bureau):
    """One member's number is wrong; another's elder could not be told, whose number was wrong on the main sheet."""
    elders = [survey_row(TWELVE[0]), survey_row(TWELVE[1], 身份证号码=TWELVE[1].number[:-1])]
    members = [
        member_row(TWELVE[0], "王小明", "44142119", "户主"), member_row(TWELVE[0], "王小芳", TWELVE[6].number, "女"),
        member_row(TWELVE[1], "李大明", TWELVE[7].number, "户主"),
    ]  # fmt: skip
    bureau.deliver_workbook(SURVEY, {"服务对象": elders, "家庭成员": members})
    path = workbook_of(bureau, night_of(bureau, SURVEY)["run_id"])
    assert bureau.codes() == {"id-number-length": 1, "household-member-id": 2}
    assert load_workbook(path)["家庭成员"].max_row == 3
    corrected(path, bureau.inbox(SURVEY) / "改好.xlsx", {(2, "身份证号码"): TWELVE[1].number}, sheet="服务对象")
    line = night_of(bureau, SURVEY, NEXT_DAY)["sources"][SURVEY]
    assert bureau.codes(besides=REPEATED) == {"household-member-id": 1}
    assert line["members"] == {"received": 3, "linked": 3, "held": 0, "blank": 0}
    corrected(path, bureau.inbox(SURVEY) / "再改.xlsx", {(2, "身份证号码"): TWELVE[8].number}, sheet="家庭成员")
    line = night_of(bureau, SURVEY, DAY_AFTER)["sources"][SURVEY]
    assert "家庭成员 1 行" in line["message"]
    assert bureau.codes(besides=REPEATED) == {}
    assert line["members"]["received"] == 3
    assert len(bureau.query("SELECT 1 FROM member_row WHERE to_run IS NULL AND outcome = 'linked'")) == 3


def test_a_correction_of_one_file_outlives_a_new_file_beside_it(bureau):
    bureau.deliver_workbook(INCAPACITY, {SHEET: three_faults()}, "b.xlsx")
    others = people(3, first=30)
    bureau.deliver_workbook(INCAPACITY, {SHEET: [incapacity_row(who) for who in others]}, "a.xlsx")
    path = workbook_of(bureau, night_of(bureau, INCAPACITY)["run_id"])
    corrected(path, bureau.inbox(INCAPACITY) / "改好.xlsx", {(2, "身份证号"): TWELVE[3].number})
    night_of(bureau, INCAPACITY, NEXT_DAY)
    more = [*others[:2], *people(2, first=40)]
    bureau.deliver_workbook(INCAPACITY, {SHEET: [incapacity_row(who) for who in more]}, "a.xlsx")
    summary = night_of(bureau, INCAPACITY, DAY_AFTER)
    assert funnel(summary["sources"][INCAPACITY]) == (16, 15, 1, 0, 0)
    assert bureau.active() == {who.number for who in [*TWELVE[:8], *TWELVE[9:], *more]}
    assert bureau.codes(besides=(*REPEATED, "column-unknown")) == {"phone-format": 1, "id-number-stored-as-number": 1}


def test_corrected_rows_are_judged_again_under_other_rules_like_any_other(bureau):
    bureau.own_configuration()
    bureau.deliver_workbook(INCAPACITY, {SHEET: three_faults()})
    path = workbook_of(bureau, night_of(bureau, INCAPACITY)["run_id"])
    to = bureau.inbox(INCAPACITY) / "改好.xlsx"
    corrected(path, to, {(2, "身份证号"): TWELVE[3].number})
    night_of(bureau, INCAPACITY, NEXT_DAY)
    bureau.set_rule("assessment_valid_months = 2", instead_of="assessment_valid_months = 12")
    summary = night_of(bureau, INCAPACITY, DAY_AFTER)
    assert funnel(summary["sources"][INCAPACITY]) == (12, 11, 1, 0, 0)
    assert bureau.codes()["ability-assessment-old"] == 12
    corrected(path, to, {(2, "身份证号"): TWELVE[3].number, (4, "身份证号"): TWELVE[8].number})
    line = night_of(bureau, INCAPACITY, DAY_AFTER)["sources"][INCAPACITY]
    assert (line["message"], line["held"]) == ("退回更正：采用更正 1 行，未改动 2 行。", 0)


def test_letters_go_with_the_workbooks_and_the_command_says_where_they_lie(bureau, capsys):
    bureau.deliver_workbook(INCAPACITY, {SHEET: three_faults()})
    bureau.deliver(FAMILY, b"not a list at all", "b.csv")
    run_id = bureau.night(sources=[INCAPACITY, FAMILY], send=False)["run_id"]
    app = App()
    add_return_commands(app)
    common = ["--home", str(bureau.home), "--config", str(bureau.config), "--json"]
    with bureau.environment():
        app(["returns", str(run_id), *common], result_action="return_value")
    told = json.loads(capsys.readouterr().out)
    assert [(one["source"], one["rows"], one["findings"]) for one in told["returns"]] == [
        (FAMILY, 0, 1),
        (INCAPACITY, 3, 4),
    ]
    assert load_workbook(told["returns"][0]["workbook"]).sheetnames == ["退回说明"]
    assert [letter["source"] for letter in told["letters"]] == [FAMILY, INCAPACITY]
    assert all(Path(file).is_file() for letter in told["letters"] for file in letter["files"])
    assert {path.parent.name for path in bureau.home.glob("reports/*/returns/*/*")} == {"health"}
    assert bureau.query("SELECT action, people FROM audit") == [{"action": "returns-unmasked", "people": 3}]


def test_a_run_a_source_or_a_body_that_is_not_there_is_wrong_usage(bureau):
    bureau.deliver(INCAPACITY, [incapacity_row(TWELVE[0])])
    run_id = night_of(bureau, INCAPACITY)["run_id"]
    for asked in ({"run_id": 99}, {"source": "nobody"}, {"body": "nobody"}):
        with pytest.raises(ConfigurationInvalid):
            given_back(bureau, **{"run_id": run_id, **asked})
    assert given_back(bureau, run_id) == {"run_id": run_id, "returns": [], "letters": []}


def test_a_returned_workbook_that_comes_back_as_it_was_is_to_be_returned_once_more(bureau):
    bureau.deliver_workbook(INCAPACITY, {SHEET: three_faults()})
    run_id = night_of(bureau, INCAPACITY)["run_id"]
    path = workbook_of(bureau, run_id)
    before = bureau.query("SELECT finding_id FROM finding WHERE to_run IS NULL AND origin = 'row' ORDER BY 1")
    corrected(path, bureau.inbox(INCAPACITY) / "原样.xlsx", {(2, "修改说明"): "无误"})
    summary = night_of(bureau, INCAPACITY, NEXT_DAY)
    assert summary["sources"][INCAPACITY]["message"] == "退回更正：采用更正 0 行，未改动 3 行。"
    assert before == bureau.query("SELECT finding_id FROM finding WHERE to_run IS NULL AND origin = 'row' ORDER BY 1")
    page = Path(summary["report"]).read_text(encoding="utf-8")
    assert "退回后仍未更正，待第二次退回" in page
    # The first file goes back, too, for a column that nobody agreed on; without a row.
    (again,) = (Path(one["workbook"]) for one in given_back(bureau, summary["run_id"])["returns"] if one["rows"])
    words = [load_workbook(again)[SHEET].cell(row, 13).value for row in (2, 3, 4)]
    assert all("第二次退回。" in text for text in words)
    letter = next(again.parent.glob("数据退回函-*-002.html")).read_text(encoding="utf-8")
    assert "4 处此前已经退回，尚未更正（第二次退回 4 处）" in letter
    corrected(again, bureau.inbox(INCAPACITY) / "再改.xlsx", {(2, "身份证号"): TWELVE[3].number})
    assert "采用更正 1 行，未改动 2 行" in night_of(bureau, INCAPACITY, DAY_AFTER)["sources"][INCAPACITY]["message"]
    assert TWELVE[3].number in bureau.active()


# Whatever a list comes in, and however it counts


def test_a_header_of_two_lines_goes_back_as_one_that_is_read_again(bureau, tmp_path):
    rows = [survey_row(who) for who in TWELVE[:3]]
    rows[1]["联系电话"] = "12345"
    path = bureau.deliver_workbook(SURVEY, {"服务对象": rows}, first_row=1)
    book = load_workbook(path)
    page = book["服务对象"]
    for cell in page[2]:
        page.cell(1, cell.column).value = cell.value
        cell.value = {"户籍乡镇(街道)": "乡镇(街道)", "户籍村(居)": "村(居)"}.get(cell.value)
    page["E1"].value, page["F1"].value = "户籍地址", None
    page.merge_cells("E1:F1")
    book.save(path)
    back = workbook_of(bureau, night_of(bureau, SURVEY)["run_id"])
    assert bureau.codes() == {"phone-format": 1}
    assert [cell.value for cell in load_workbook(back)["服务对象"][1]][:7] == list(rows[0])[:7]
    corrected(back, bureau.inbox(SURVEY) / "改好.xlsx", {(2, "联系电话"): "13800138000"}, sheet="服务对象")
    night_of(bureau, SURVEY, NEXT_DAY)
    assert (bureau.codes(besides=REPEATED), len(bureau.active())) == ({}, 3)


def test_a_filled_in_form_goes_back_as_a_list(bureau):
    write_form_docx(bureau.inbox(SURVEY) / "form.docx", area="梅州市梅县区")
    fill_docx(bureau.inbox(SURVEY) / "form.docx", {**PERSON, "id_number": ZHANG[:-1]}, members=MEMBERS, ticked=TICKED)
    back = workbook_of(bureau, night_of(bureau, SURVEY)["run_id"])
    sheets = load_workbook(back).sheetnames
    corrected(back, bureau.inbox(SURVEY) / "改好.xlsx", {(2, "身份证号码"): ZHANG}, sheet=sheets[0])
    line = night_of(bureau, SURVEY, NEXT_DAY)["sources"][SURVEY]
    assert (line["received"], line["admitted"]) == (1, 1)
    assert bureau.active() == {ZHANG}


def test_records_with_names_of_fields_go_back_as_a_list(bureau):
    rows = [incapacity_row(TWELVE[0]), incapacity_row(TWELVE[1], 联系电话="12345")]
    bureau.deliver(INCAPACITY, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "list.jsonl")
    back = workbook_of(bureau, night_of(bureau, INCAPACITY)["run_id"])
    page = load_workbook(back).worksheets[0]
    assert [cell.value for cell in page[1]][: len(rows[0])] == list(rows[0])
    corrected(back, bureau.inbox(INCAPACITY) / "改好.xlsx", {(2, "联系电话"): "13800138000"}, sheet=page.title)
    night_of(bureau, INCAPACITY, NEXT_DAY)
    assert (bureau.codes(besides=REPEATED), len(bureau.active())) == ({}, 2)


def test_a_row_of_an_earlier_increment_is_corrected(bureau):
    bureau.own_configuration()
    bureau.set_rule('delivers = "incremental"', instead_of='delivers = "full"', file="sources/health_incapacity.toml")
    bureau.deliver_workbook(INCAPACITY, {SHEET: three_faults()}, "1.xlsx")
    run_id = night_of(bureau, INCAPACITY)["run_id"]
    bureau.deliver_workbook(INCAPACITY, {SHEET: [incapacity_row(who) for who in people(2, first=30)]}, "2.xlsx")
    night_of(bureau, INCAPACITY, NEXT_DAY)
    path = workbook_of(bureau, run_id)
    corrected(path, bureau.inbox(INCAPACITY) / "改好.xlsx", {(2, "身份证号"): TWELVE[3].number})
    line = night_of(bureau, INCAPACITY, DAY_AFTER)["sources"][INCAPACITY]
    assert "采用更正 1 行" in line["message"]
    assert len(bureau.active()) == 13
    assert bureau.codes()["id-number-length"] == 0


def test_the_brake_holds_corrections_that_take_too_many_people_away(bureau):
    many = people(40)
    bureau.deliver_workbook(
        INCAPACITY, {SHEET: [incapacity_row(many[0], 联系电话="1"), *map(incapacity_row, many[1:])]}
    )
    path = workbook_of(bureau, night_of(bureau, INCAPACITY)["run_id"], all_rows=True)
    others = people(30, first=50)
    cells = {(row, "身份证号"): who.number for row, who in enumerate(others, 2)}
    corrected(path, bureau.inbox(INCAPACITY) / "改好.xlsx", cells)
    for day in (NEXT_DAY, DAY_AFTER):
        summary = night_of(bureau, INCAPACITY, day, expect="yellow")
        assert "减少 30 人" in summary["sources"][INCAPACITY]["message"]
        assert bureau.active() == {who.number for who in many}


def test_nothing_of_a_person_is_in_a_log_line(bureau, caplog):
    bureau.deliver_workbook(INCAPACITY, {SHEET: three_faults()}, f"{TWELVE[0].name}.xlsx")
    path = workbook_of(bureau, night_of(bureau, INCAPACITY)["run_id"])
    corrected(path, bureau.inbox(INCAPACITY) / f"{TWELVE[1].name}.xlsx", {(2, "身份证号"): TWELVE[3].number})
    night_of(bureau, INCAPACITY, NEXT_DAY)
    told = caplog.text + str([str(file) for file in bureau.home.glob("reports/**/*")])
    assert not [who for who in TWELVE if who.name in told or who.number[:14] in told or who.phone in told]
