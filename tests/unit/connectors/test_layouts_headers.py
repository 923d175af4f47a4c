"""Headers as people write them: of two lines, merged or not, further down, several on a sheet, with marks and blanks."""

import pytest
from sheets_by_hand import COLUMNS, HEADER, LAYOUT, MAIN, id_number, person, read_sheets, sheet

from connectors.reading import DeliveryLayout, TableLayout

TWO_LINES = [
    ["序号", "姓名", "性别", "身份证号码", "户籍地址", "", "", "紧急联系人", ""],
    ["", "", "", "", "县(市、区)", "乡镇(街道)", "村(居)", "姓名", "联系电话"],
]
MERGED = [(0, 4, 0, 6), (0, 7, 0, 8), (0, 0, 1, 0), (0, 1, 1, 1), (0, 2, 1, 2), (0, 3, 1, 3)]
ZHANG = ["1", "张三", "男", id_number(1), "梅县区", "扶大镇", "三葵村", "李四", "13800138000"]


def shifted(merged, rows):
    return [(first + rows, left, last + rows, right) for first, left, last, right in merged]


@pytest.mark.parametrize("merged", [MERGED, MERGED[:2], []], ids=["merged", "merged across only", "not merged"])
@pytest.mark.parametrize("above", [0, 3], ids=["at the top", "further down"])
def test_a_header_of_two_lines_names_columns_by_heading_and_cell(merged, above):
    titles = [["梅县区特殊困难老年人登记表"], ["填表说明：请如实填写"], []][:above]
    told = read_sheets(sheet([*titles, *TWO_LINES, ZHANG], merged=shifted(merged, above)))
    assert told.column("name") == ["张三"]
    assert told.column("emergency_contact_name") == ["李四"]
    assert told.column("emergency_contact_phone") == ["13800138000"]
    assert told.column("phone") == [None]
    assert told.column("household_county") + told.column("household_village") == ["梅县区", "三葵村"]
    assert told.said("header") == [("header", f"{above + 1}–{above + 2}")]
    assert told.tables["main"].received == 1


def test_headings_filled_on_export_read_the_same():
    upper = ["序号", "姓名", "性别", "身份证号码", "户籍地址", "户籍地址", "户籍地址", "紧急联系人", "紧急联系人"]
    lower = ["序号", "姓名", "性别", "身份证号码", *TWO_LINES[1][4:]]
    told = read_sheets(sheet([upper, lower, ZHANG]))
    assert told.column("household_village") == ["三葵村"]
    assert told.column("emergency_contact_name") == ["李四"]
    assert told.column("name") == ["张三"]


def test_a_heading_over_everything_that_is_the_elders_own_changes_nothing():
    upper = ["", "基本情况", "", "", "户籍地址", "", "", "紧急联系人", ""]
    lower = ["序号", "姓名", "性别", "身份证号码", *TWO_LINES[1][4:]]
    told = read_sheets(sheet([["登记表"], upper, lower, ZHANG]))
    assert told.column("name") == ["张三"]
    assert told.column("sex") == ["男"]
    assert told.column("emergency_contact_name") == ["李四"]
    assert told.said("header") == [("header", "2–3")]


def test_a_name_or_number_below_somebody_elses_heading_is_not_the_elders():
    columns = {field: COLUMNS[field] for field in ("name", "id_number", "phone", "remarks")}
    layout = DeliveryLayout({"main": TableLayout(columns=columns, required=("name", "id_number"))})
    upper = ["姓名", "身份证号码", "备注", "监护人", ""]
    lower = ["", "", "", "姓名", "联系电话"]
    told = read_sheets(sheet([upper, lower, ["张三", id_number(1), "", "李四", "13800138000"]]), layout=layout)
    assert told.column("name") == ["张三"]
    assert told.column("phone") == [None]
    assert [(f.column, f.seen) for f in told.findings] == [("D", "监护人/姓名"), ("E", "监护人/联系电话")]


def test_two_lines_that_leave_doubt_refuse_the_file():
    upper = ["个人信息", "", "人员信息", ""]
    lower = ["姓名", "身份证号码", "姓名", "身份证号码"]
    told = read_sheets(sheet([upper, lower, ["张三", id_number(1), "李四", id_number(2)]]))
    assert told.codes() == ["column-duplicated", "column-duplicated"]


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(["张三", "男", id_number(1), "三葵村", "备注"], id="a person"),
        pytest.param(["张三", "", "", "", ""], id="a name alone"),
        pytest.param(["", "", id_number(1), "", ""], id="a number alone"),
        pytest.param(["", "男", "", "三葵村", "迁入"], id="neither"),
        pytest.param(["", "", "", "", "姓名不详"], id="a remark with a header's word"),
    ],
)
def test_the_first_row_of_a_list_is_never_taken_for_a_line_of_its_header(first):
    told = read_sheets(sheet([[*HEADER, ""], first, person(2)]))
    assert told.rows == [2, 3]
    assert told.said("header") == [("header", "1")]


def test_places_below_a_header_and_a_nameless_column_are_no_line_of_it():
    told = read_sheets(sheet([[*HEADER, ""], ["", "", "", "", "扶大镇", "三葵村"], person(2)]))
    assert told.said("header") == [("header", "1")]
    assert told.column("remarks") == [None]


def test_headings_nobody_agreed_on_below_an_agreed_one_are_named_and_not_read_as_it():
    columns = {"name": ("姓名",), "id_number": ("身份证号码",), "sex": ("性别",), "household_address": ("户籍地址",)}
    layout = DeliveryLayout({"main": TableLayout(columns=columns, required=("name", "id_number"))})
    rows = [
        ["姓名", "性别", "身份证号码", "户籍地址", ""],
        ["", "", "", "乡镇（街道）", "村"],
        ["张三", "男", id_number(1), "扶大镇", "三葵村"],
    ]
    told = read_sheets(sheet(rows), layout=layout)
    assert told.column("household_address") == [None]
    assert [(f.column, f.seen) for f in told.findings] == [("D", "户籍地址/乡镇（街道）"), ("E", "户籍地址/村")]


def test_units_below_a_heading_complete_it():
    rows = [["姓名", "身份证号码", "家庭每月收入"], ["", "（18位）", "（元）"], ["张三", id_number(1), "500"]]
    told = read_sheets(sheet(rows, merged=[(0, 0, 1, 0)]))
    assert told.column("household_monthly_income_fen") == ["500"]
    assert told.column("id_number") == [id_number(1)]


@pytest.mark.parametrize(
    "written",
    ["身份证\n号码", " 身份证 号码 ", "身份证号码（必须文本）"[:5] + "：", "*身份证号码", "\ufeff身份证号码", "身份证\u3000号码", "【身份证号码】", "身份证号码＊"],
)  # fmt: skip
def test_breaks_blanks_width_and_marks_in_a_header_make_no_difference(written):
    told = read_sheets(sheet([["姓 名", "性　别", written, "户籍村（居）", "备注"], person(1)]))
    assert told.codes() == []
    assert told.column("id_number") == [id_number(1)]


def test_a_header_may_stand_as_low_as_row_thirty():
    assert read_sheets(sheet([*[["说明"]] * 29, HEADER, person(1)])).rows == [31]
    assert read_sheets(sheet([*[["说明"]] * 30, HEADER, person(1)])).codes() == ["header-not-found"]


def test_words_above_a_header_that_are_headers_too_are_no_header():
    hints = ["姓名", "性别", "户籍村(居)", "必填", ""]
    told = read_sheets(sheet([["填写说明"], hints, HEADER, person(1)]))
    assert told.said("header") == [("header", "3")]
    assert told.rows == [4]


def test_a_list_whose_first_table_lost_a_column_is_refused_though_a_later_one_has_it():
    told = read_sheets(sheet([["姓名", "性别", "户籍村(居)"], ["张三", "男", "三葵村"], HEADER, person(1)]))
    assert told.codes() == ["column-missing"]
    assert [(finding.row_number, finding.field) for finding in told.findings] == [(1, "id_number")]


def test_an_example_above_the_header_is_said_and_people_there_refuse_the_file():
    example = ["示例：", "张三", id_number(1)]
    told = read_sheets(sheet([["填写说明"], example, HEADER, person(2)]))
    assert told.rows == [4]
    assert [(note.kind, note.count) for note in told.notes if note.kind == "above-header"] == [("above-header", 1)]
    told = read_sheets(sheet([*[person(serial) for serial in (1, 2, 3)], ["所里村"], HEADER, person(4)]))
    assert [(f.code, f.row_number, f.seen) for f in told.findings] == [("header-not-found", 5, "表头之前有 3 行人员")]


def test_halves_side_by_side_are_refused_with_their_columns():
    told = read_sheets(sheet([HEADER + HEADER, person(1) + person(2)]))
    assert {finding.code for finding in told.findings} == {"column-duplicated"}
    assert [finding.column for finding in told.findings] == ["F", "G", "H", "I", "J"]


def test_ignored_columns_are_not_reported_and_any_other_unknown_one_is():
    layout = DeliveryLayout(
        {"main": TableLayout(columns=COLUMNS, required=("name", "id_number"), ignored=("序号", "民族"))}
    )
    rows = [["序号", *HEADER, " 民 族 ", "民族", "特长"], ["1", *person(1), "汉", "汉", "书法"]]
    assert [(f.code, f.seen) for f in read_sheets(sheet(rows), layout=layout).findings] == [("column-unknown", "特长")]
    assert len(read_sheets(sheet([rows[0][:-2], rows[1][:-2]])).findings) == 2


def test_a_value_under_no_header_is_said_where_a_record_has_it_and_not_for_a_signature():
    rows = [[*HEADER, ""], [*person(1), ""], ["制表人：赵六", "", "", "", "", "二〇二五年"]]
    assert read_sheets(sheet(rows)).codes() == []
    rows[1][-1] = "x"
    assert [(f.code, f.column) for f in read_sheets(sheet(rows)).findings] == [("column-unknown", "F")]


def test_the_layout_comes_back_from_json_as_it_was():
    layout = DeliveryLayout(
        {**LAYOUT.tables, "main": TableLayout(columns=COLUMNS, required=("name",), ignored=("民族",), same_as_above=("sex",), sheet_name_field="remarks")},
        hidden_rows="leave", hidden_sheets="take", other_sheets="take", encoding="big5", password="open sesame",
    )  # fmt: skip
    assert DeliveryLayout.from_json(layout.to_json()) == layout
    assert "sesame" not in repr(layout)
    assert MAIN.sheet_names == ("服务对象",)
