"""The workbook that goes back: red cells with words, text that stays text, a drop-down, a hidden key."""

import pandas as pd
import pyarrow as pa
import pytest
from openpyxl import load_workbook

from reports.return_workbook import ReturnBook, ReturnColumn, ReturnSheet, write_return_workbook
from schemas.errors import StageFailed
from schemas.returns import OUR_HEADERS, ROW_KEY_HEADER

COLUMNS = (
    ReturnColumn("姓名", "text"), ReturnColumn("身份证号", "id_number"), ReturnColumn("性别", "code", ("男", "女")), ReturnColumn("片区"),
)  # fmt: skip
KEYS = ["R1-0123456789abcdef-0000000000000001", "R2-0123456789abcdef-0000000000000002"]


def findings(*rows):
    frame = pd.DataFrame(rows, columns=["position", "place", "code", "severity", "seen", "is_asked"])
    frame = frame.assign(times=1, has_vanished=False)
    return frame.astype({"position": "Int64", "place": "Int64", "code": "str", "severity": "str", "seen": "str"})


def sheet_of(found, cells=None, numbers=None):
    cells = cells or [["甲", "乙"], ["44142119500101", "441421195001010000"], ["男", None], ["=1+1", None]]
    columns = [pa.array(column, pa.large_string()) for column in cells]
    flags = {place: pa.array(column) for place, column in (numbers or {}).items()}
    return ReturnSheet("名单", COLUMNS, columns, flags, [5, 9], KEYS, found)


def written(path, *sheets, whole=None):
    write_return_workbook(
        path, ReturnBook("退回", [("名单", "样本")], sheets, pd.DataFrame() if whole is None else whole)
    )
    return load_workbook(path)


def test_cells_with_findings_are_red_and_say_what_to_do_the_gravest_first(tmp_path):
    found = findings(
        (0, 1, "id-number-region-unknown", "note", None, False), (0, 1, "id-number-length", "reject", "4414**********", True),
        (0, None, "address-missing", "warn", None, True),
    )  # fmt: skip
    page = written(tmp_path / "a.xlsx", sheet_of(found))["名单"]
    words = page["B2"].comment.text
    assert page["B2"].fill.start_color.rgb == "FFFFC7CE"
    assert words.index("身份证号码位数不对") < words.index("地区码未收录")
    assert "看到：4414**********" in words
    assert [line.partition("（")[0] for line in page["F2"].value.splitlines()] == [
        "1．【身份证号】身份证号码位数不对", "2．地址未填写", "3．【身份证号】身份证号码的地区码未收录",
    ]  # fmt: skip
    assert page["A2"].comment is None
    assert page["B3"].comment is None


def test_what_goes_back_once_more_and_what_has_vanished_is_said(tmp_path):
    found = findings((0, 1, "id-number-length", "reject", None, True), (1, 1, "phone-format", "warn", None, True))
    found = found.assign(times=[3, 1], has_vanished=[False, True])
    page = written(tmp_path / "a.xlsx", sheet_of(found))["名单"]
    assert "（该行未采用，须更正）：第三次退回。" in page["F2"].value
    first, second = page["F3"].value.splitlines()
    assert "注销还是漏报" in first
    assert "次退回" not in second


def test_our_columns_follow_the_senders_and_the_key_is_hidden(tmp_path):
    page = written(tmp_path / "a.xlsx", sheet_of(findings()))["名单"]
    assert [cell.value for cell in page[1]] == ["姓名", "身份证号", "性别", "片区", *OUR_HEADERS, ROW_KEY_HEADER]
    assert [cell.value for cell in page["E"][1:]] == ["5", "9"]
    assert [cell.value for cell in page["H"][1:]] == KEYS
    assert page.column_dimensions["H"].hidden
    assert page.freeze_panes == "A2"
    (check,) = page.data_validations.dataValidation
    assert (str(check.sqref), check.formula1) == ("C2:C3", '"男,女"')


def test_texts_stay_texts_and_a_ruined_number_stays_a_number(tmp_path):
    page = written(tmp_path / "a.xlsx", sheet_of(findings(), numbers={1: [False, True]}))["名单"]
    assert (page["B2"].value, page["B2"].data_type, page["B2"].number_format) == ("44142119500101", "s", "@")
    assert (f"{page['B3'].value:.15g}", page["B3"].data_type) == ("4.4142119500101e+17", "n")
    assert (page["D2"].value, page["D2"].data_type) == ("=1+1", "s")


def test_what_is_asked_for_is_counted_and_what_concerns_the_file_is_said(tmp_path):
    found = findings(
        (0, 1, "id-number-length", "reject", None, True), (1, 1, "id-number-length", "reject", None, True),
        (1, 2, "sources-contradict", "warn", None, False),
    )  # fmt: skip
    whole = pd.DataFrame(
        [("line-broken", "reject", None, 7, "3 列"), ("column-unknown", "warn", "名单", None, "片区")],
        columns=["code", "severity", "sheet", "row_number", "seen"],
    ).assign(is_asked=True)
    page = written(tmp_path / "a.xlsx", sheet_of(found), whole=whole)["退回说明"]
    lines = [[cell.value for cell in line[:2]] for line in page.iter_rows() if line[1].value]
    assert lines == [
        ["问题", "处数"], ["数据行错位（该行未采用，须更正）", "1"], ["身份证号码位数不对（该行未采用，须更正）", "2"],
        ["未约定的列（请核对更正）", "1"],
    ]  # fmt: skip
    places = [
        [cell.value for cell in line] for line in page.iter_rows() if line[0].value in {"数据行错位", "未约定的列"}
    ]
    assert places == [["数据行错位", "", "第 7 行", "3 列"], ["未约定的列", "", "名单", "片区"]]


def test_two_sheets_of_one_name_and_a_name_excel_refuses_are_told_apart(tmp_path):
    names = written(tmp_path / "a.xlsx", sheet_of(findings()), sheet_of(findings())).sheetnames
    assert names == ["名单", "名单 2", "退回说明"]


def test_a_drop_down_holds_as_many_words_as_excel_allows(tmp_path):
    many = ReturnColumn("类别", "code", tuple(f"第{number}类" for number in range(200)))
    one = ReturnSheet("名单", [many], [pa.array(["第1类"], pa.large_string())], {}, [2], KEYS[:1], findings())
    page = written(tmp_path / "a.xlsx", one)["名单"]
    (check,) = page.data_validations.dataValidation
    assert len(check.formula1) <= 257


def test_a_folder_that_is_not_there_stops_the_command_without_a_trace(tmp_path):
    with pytest.raises(StageFailed, match="cannot be written"):
        written(tmp_path / "nowhere" / "a.xlsx", sheet_of(findings()))
