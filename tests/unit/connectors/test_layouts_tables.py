"""Several tables: below each other on a sheet, on several sheets, hidden ones; which are taken, and what is said of the rest."""

from dataclasses import replace

import pytest
from sheets_by_hand import HEADER, LAYOUT, MEMBERS, id_number, person, read_sheets, sheet

from connectors.reading import DeliveryLayout

TURNED = ["户籍村(居)", "身份证号码", "姓名"]


def turned(serial, village="所里村"):
    name, _, number, _, _ = person(serial)
    return [village, number, name]


def test_tables_of_villages_below_each_other_are_each_read_by_their_own_header():
    rows = [
        ["三葵村名单"], HEADER, person(1), person(2), ["小计", "2人"], [],
        ["所里村名单"], TURNED, turned(3), [], ["三丰村名单"], HEADER[::-1], person(4)[::-1],
    ]  # fmt: skip
    told = read_sheets(sheet(rows))
    assert told.rows == [3, 4, 9, 13]
    assert told.column("name") == [person(serial)[0] for serial in (1, 2, 3, 4)]
    assert told.column("id_number") == [id_number(serial) for serial in (1, 2, 3, 4)]
    assert told.column("household_village") == ["三葵村", "三葵村", "所里村", "三葵村"]
    # The second header lacks two columns, so it is a note of its own.
    assert told.said("header", "subtotal", "title") == [
        ("header", "2、12"), ("subtotal", "5"), ("title", "7、11"), ("header", "8"),
    ]  # fmt: skip
    # Five rows of the first table with the second's title, the second's header and row with the third's title, two.
    assert told.tables["main"].received == 9


def test_a_later_header_of_two_lines_is_read_too():
    upper = ["姓名", "身份证号码", "户籍地址", "", "紧急联系人", ""]
    lower = ["", "", "乡镇(街道)", "村(居)", "姓名", "联系电话"]
    row = ["张三", id_number(7), "扶大镇", "三葵村", "李四", "13800138000"]
    told = read_sheets(sheet([HEADER, person(1), ["三葵村"], upper, lower, row]))
    assert told.rows == [2, 6]
    assert told.column("emergency_contact_name") == [None, "李四"]
    assert told.said("header") == [("header", "1"), ("header", "4–5")]
    again = read_sheets(sheet([upper, lower, row, upper, lower, row]))
    assert again.rows == [3, 6]
    assert again.said("repeated-header") == [("repeated-header", "4–5")]


def test_a_later_header_whose_headings_nobody_agreed_on_is_read_with_them():
    upper = ["基本情况", "", "监护人", ""]
    lower = ["姓名", "身份证号码", "姓名", "联系电话"]
    row = ["张三", id_number(7), "李四", "13800138000"]
    told = read_sheets(sheet([HEADER, person(1), upper, lower, row, upper, lower, row]))
    assert told.rows == [2, 5, 8]
    assert told.column("name") == [person(1)[0], "张三", "张三"]
    assert told.column("phone") == [None] * 3
    assert told.said("header", "repeated-header") == [("header", "1"), ("header", "3–4"), ("repeated-header", "6–7")]
    assert [f.seen for f in told.findings] == ["监护人/姓名", "监护人/联系电话"]


def test_a_repeated_header_is_no_table_of_its_own():
    told = read_sheets(
        sheet([HEADER, person(1), HEADER, person(2), ["老人姓名", "性别", "身份证号", "户籍村（居）", "备注"]])
    )
    assert told.rows == [2, 4]
    assert told.said() == [("header", "1"), ("repeated-header", "3、5")]


def test_a_later_header_that_exchanges_two_columns_is_no_repetition():
    exchanged = ["姓名", "身份证号码", "性别", "户籍村(居)", "备注"]
    name, sex, number, village, remarks = person(2)
    told = read_sheets(sheet([HEADER, person(1), exchanged, [name, number, sex, village, remarks]]))
    assert told.column("id_number") == [id_number(1), id_number(2)]
    assert told.column("sex") == ["女", "男"]


def test_a_later_table_without_a_required_column_refuses_the_file():
    told = read_sheets(sheet([HEADER, person(1), ["所里村"], ["姓名", "性别", "户籍村(居)"], ["李四", "男", "所里村"]]))
    assert [(f.code, f.row_number, f.field) for f in told.findings] == [("column-missing", 4, "id_number")]


def test_a_later_table_reports_its_own_unknown_columns():
    told = read_sheets(sheet([HEADER, person(1), [*TURNED, "特长"], [*turned(2), "书法"]]))
    assert [(f.code, f.row_number, f.column, f.seen) for f in told.findings] == [("column-unknown", 3, "D", "特长")]


def test_members_below_the_list_on_one_sheet_are_their_own_table():
    members = [["服务对象身份证号码", "姓名", "身份证号码", "与户主关系"], [id_number(1), "张小三", "", "子"]]
    told = read_sheets(sheet([HEADER, person(1), ["家庭成员情况"], *members, HEADER, person(2)]))
    assert told.column("name") == [person(1)[0], person(2)[0]]
    assert told.column("name", "members") == ["张小三"]
    assert told.tables["members"].table["row_number"].to_pylist() == [5]
    assert [told.tables[name].received for name in ("main", "members")] == [4, 2]


def test_many_tables_on_a_sheet_are_all_read():
    rows = []
    for village in range(120):
        header = HEADER if village % 3 else HEADER[::-1]
        rows += [[f"第{village}村"], header, *[person(n) if village % 3 else person(n)[::-1] for n in range(5)], []]
    told = read_sheets(sheet(rows))
    assert told.column("id_number") == [id_number(n) for n in range(5)] * 120


# Sheets


def test_every_sheet_that_reads_like_the_list_is_taken_and_every_row_says_its_sheet():
    told = read_sheets(
        sheet([HEADER, person(1)], "三葵村"), sheet([["说明"]], "填表说明"), sheet([["所里村名单"], TURNED, turned(2)], "所里村"),
    )  # fmt: skip
    assert told.column("sheet") == ["三葵村", "所里村"]
    assert told.rows == [2, 3]
    assert [(n.kind, n.sheet, n.count, n.seen) for n in told.notes if n.kind == "sheet-left"] == [
        ("sheet-left", "填表说明", 1, "")
    ]


def test_beside_a_sheet_with_an_agreed_name_others_are_left_and_said():
    sheets = (sheet([HEADER, person(1)], "去年"), sheet([HEADER, person(2)], "服务对象"))
    told = read_sheets(*sheets)
    assert told.column("sheet") == ["服务对象"]
    assert [(n.sheet, n.seen) for n in told.notes if n.kind == "sheet-left"] == [("去年", "表头与名单相同")]
    both = read_sheets(*sheets, layout=replace(LAYOUT, other_sheets="take"))
    assert both.column("sheet") == ["去年", "服务对象"]


def test_a_sheet_that_counts_by_village_is_no_list():
    counted = [["户籍县(市、区)", "户籍乡镇(街道)", "户籍村(居)", "人数"], ["梅县区", "扶大镇", "三葵村", "12"]]
    told = read_sheets(sheet(counted, "汇总"), sheet([HEADER, person(1)], "Sheet2"))
    assert told.column("sheet") == ["Sheet2"]
    assert told.said("sheet-left") == [("sheet-left", "")]


def test_a_villages_sheet_without_a_required_column_refuses_the_file():
    told = read_sheets(
        sheet([HEADER, person(1)], "三葵村"),
        sheet([["姓名", "性别", "户籍村(居)"], ["李四", "男", "所里村"]], "所里村"),
    )
    assert [(f.code, f.sheet) for f in told.findings] == [("column-missing", "所里村")]


def test_a_villages_sheet_without_anybody_is_no_obstacle():
    told = read_sheets(sheet([HEADER, person(1)], "三葵村"), sheet([["姓名", "性别", "户籍村(居)"]], "所里村"))
    assert told.column("sheet") == ["三葵村"]
    assert [n.sheet for n in told.notes if n.kind == "sheet-left"] == ["所里村"]


@pytest.mark.parametrize("policy", ["leave", "take"])
def test_hidden_sheets_are_left_or_taken_as_agreed_and_always_said(policy):
    sheets = (sheet([HEADER, person(1)], "三葵村"), sheet([HEADER, person(2)], "所里村", is_hidden=True))
    told = read_sheets(*sheets, layout=replace(LAYOUT, hidden_sheets=policy))
    assert told.column("sheet") == (["三葵村"] if policy == "leave" else ["三葵村", "所里村"])
    kind = "hidden-sheet-left" if policy == "leave" else "hidden-sheet-taken"
    assert [(n.sheet, n.count) for n in told.notes if n.kind == kind] == [("所里村", 2)]


def test_a_list_on_hidden_sheets_alone_is_refused_with_that_reason():
    told = read_sheets(sheet([HEADER, person(1)], "服务对象", is_hidden=True))
    assert [(f.code, f.seen) for f in told.findings] == [("header-not-found", "名单只在隐藏的工作表中，按约定不采用")]


@pytest.mark.parametrize("policy", ["take", "leave"])
def test_hidden_rows_are_taken_or_left_as_agreed_and_always_said(policy):
    rows = [["标题"], HEADER, person(1), person(2), [], person(3)]
    hidden = sheet(rows, hidden_rows=[0, 3, 4, 5])
    told = read_sheets(hidden, layout=replace(LAYOUT, hidden_rows=policy))
    assert told.rows == ([3, 4, 6] if policy == "take" else [3])
    assert told.said(f"hidden-rows-{'taken' if policy == 'take' else 'left'}") == [
        (f"hidden-rows-{'taken' if policy == 'take' else 'left'}", "4、6")
    ]
    assert (told.tables["main"].received, told.tables["main"].blank) == (3, 0 if policy == "take" else 2)


def test_members_are_found_on_a_sheet_of_another_name_by_their_header():
    members = [["服务对象身份证号码", "姓名", "身份证号码", "与户主关系"], [id_number(1), "张小三", "", "子"]]
    told = read_sheets(sheet([HEADER, person(1)], "服务对象"), sheet(members, "Sheet2"))
    assert told.column("name", "members") == ["张小三"]
    assert told.column("sheet") == ["服务对象"]


def test_members_of_several_villages_are_one_table():
    members = [list(next(zip(*MEMBERS.columns.values(), strict=False))), [id_number(1), "张小三", "", "子"]]
    told = read_sheets(
        sheet([HEADER, person(1)]), sheet(members, "家庭成员"), sheet([*members, members[1]], "a.xlsx/家庭成员")
    )
    assert told.tables["members"].table["sheet"].to_pylist() == ["家庭成员", "a.xlsx/家庭成员", "a.xlsx/家庭成员"]


def test_a_sheet_in_a_file_of_an_archive_goes_by_its_own_name():
    told = read_sheets(
        sheet([HEADER, person(1)], "三葵村.xlsx/服务对象"), sheet([HEADER, person(2)], "三葵村.xlsx/Sheet1")
    )
    assert told.column("sheet") == ["三葵村.xlsx/服务对象"]
    assert [note.sheet for note in told.notes if note.kind == "sheet-left"] == ["三葵村.xlsx/Sheet1"]


def test_what_else_a_sheet_has_is_said_with_its_rows():
    rows = [["标题"], HEADER, person(1), person(2)]
    told = read_sheets(sheet(rows, formula_rows=[0, 2], error_rows=[3], comments=4, dates_from_1904=True))
    assert told.said("formula-cells", "error-cells") == [("formula-cells", "3"), ("error-cells", "4")]
    assert [(n.kind, n.count) for n in told.notes if n.kind in {"comments", "dates-from-1904"}] == [
        ("comments", 4), ("dates-from-1904", 2),
    ]  # fmt: skip


def test_rows_of_a_sheet_that_counts_from_1904_are_marked_and_their_numbers_have_another_fingerprint():
    rows = [["姓名", "身份证号码", "建档日期"], ["张三", id_number(1), 44000], ["李四", id_number(2), "2024-06-18"]]
    since_1900, since_1904 = read_sheets(sheet(rows)), read_sheets(sheet(rows, dates_from_1904=True))
    assert "date1904" not in since_1900.tables["main"].table.column_names
    assert since_1904.column("date1904") == [True, True]
    same = [a == b for a, b in zip(since_1900.column("row_hash"), since_1904.column("row_hash"), strict=True)]
    assert same == [False, True]
    both = read_sheets(sheet(rows, "三葵村", dates_from_1904=True), sheet(rows, "所里村"))
    assert both.column("date1904") == [True, True, False, False]


def test_only_the_first_table_of_a_delivery_may_be_missing_its_sheet_if_that_is_agreed():
    layout = DeliveryLayout({**LAYOUT.tables, "members": replace(MEMBERS, optional_table=False)})
    assert read_sheets(sheet([HEADER, person(1)]), layout=layout).codes() == ["file-empty"]
