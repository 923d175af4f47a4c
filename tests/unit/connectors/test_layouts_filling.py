"""Cells that say by their place what another says: merged, ditto, blank, or the sheet's name. Never of who somebody is."""

from dataclasses import replace

import pytest
from sheets_by_hand import COLUMNS, HEADER, LAYOUT, MAIN, id_number, person, read_sheets, sheet

from connectors.reading import DeliveryLayout

VILLAGE = HEADER.index("户籍村(居)")
SAME = DeliveryLayout({"main": replace(MAIN, same_as_above=("household_village", "remarks"))})


def said_of(told, kind):
    return [(note.field, note.rows, note.seen) for note in told.notes if note.kind == kind]


def people(*villages):
    return [HEADER, *[person(serial, village) for serial, village in enumerate(villages, 1)]]


def test_a_merged_village_stands_beside_each_of_its_rows():
    told = read_sheets(
        sheet(people("三葵村", "", "", "所里村", ""), merged=[(1, VILLAGE, 3, VILLAGE), (4, VILLAGE, 5, VILLAGE)])
    )
    assert told.column("household_village") == ["三葵村"] * 3 + ["所里村"] * 2
    assert said_of(told, "same-as-above") == [("household_village", "3–4、6", "合并单元格")]


def test_blank_villages_that_are_not_merged_stay_blank_unless_agreed_on():
    rows = people("三葵村", "", " ", "所里村", "")
    assert read_sheets(sheet(rows)).column("household_village") == ["三葵村", None, " ", "所里村", None]
    told = read_sheets(sheet(rows), layout=SAME)
    assert told.column("household_village") == ["三葵村", "三葵村", "三葵村", "所里村", "所里村"]
    assert said_of(told, "same-as-above") == [("household_village", "3–4、6", "空白")]


@pytest.mark.parametrize("mark", ["同上", "〃", '"', "″", " 同上 "])
def test_ditto_marks_of_places_and_agreed_fields_mean_the_row_above(mark):
    told = read_sheets(sheet(people("三葵村", mark, mark, "所里村")))
    assert told.column("household_village") == ["三葵村", "三葵村", "三葵村", "所里村"]
    assert said_of(told, "same-as-above") == [("household_village", "3–4", "同上")]
    rows = people("三葵村", "三葵村")
    rows[1][-1], rows[2][-1] = "低保", mark
    assert read_sheets(sheet(rows)).column("remarks") == ["低保", mark]
    assert read_sheets(sheet(rows), layout=SAME).column("remarks") == ["低保", "低保"]


def test_above_ends_at_a_title_or_subtotal_and_not_at_a_repeated_header():
    rows = [
        *people("三葵村", ""),
        ["小计"],
        person(3, ""),
        person(4, "所里村"),
        HEADER,
        person(5, ""),
        ["三丰村"],
        person(6, "同上"),
    ]
    told = read_sheets(sheet(rows), layout=SAME)
    assert told.rows == [2, 3, 5, 6, 8, 10]
    assert told.column("household_village") == ["三葵村", "三葵村", None, "所里村", "所里村", "同上"]


def test_a_ditto_mark_with_nothing_above_stays_to_be_reported():
    assert read_sheets(sheet(people("同上", "三葵村"))).column("household_village") == ["同上", "三葵村"]


def test_two_people_who_share_a_merged_cell_do_not_share_a_name_or_number():
    rows = people("三葵村", "三葵村")
    rows[2][0] = rows[2][2] = rows[2][4] = ""
    rows[1][4] = "夫妻"
    told = read_sheets(sheet(rows, merged=[(1, column, 2, column) for column in (0, 2, 4)]))
    assert told.column("name") == [person(1)[0], None]
    assert told.column("id_number") == [id_number(1), None]
    assert told.column("remarks") == ["夫妻", None]
    assert said_of(told, "merged-left") == [("name", "3", ""), ("id_number", "3", ""), ("remarks", "3", "")]
    assert said_of(told, "same-as-above") == []


def test_a_merged_cell_of_an_agreed_field_is_filled():
    rows = people("三葵村", "三葵村")
    rows[1][4] = "夫妻"
    told = read_sheets(sheet(rows, merged=[(1, 4, 2, 4)]), layout=SAME)
    assert told.column("remarks") == ["夫妻", "夫妻"]


def test_blank_separator_rows_inside_a_merged_village_are_still_no_rows():
    rows = [*people("三葵村"), [], person(2, ""), ["小计"]]
    told = read_sheets(sheet(rows, merged=[(1, VILLAGE, 4, VILLAGE)]))
    assert told.column("household_village") == ["三葵村", "三葵村"]
    assert (told.tables["main"].received, told.tables["main"].blank) == (3, 1)
    assert said_of(told, "same-as-above") == [("household_village", "4", "合并单元格")]


def test_filled_rows_have_the_fingerprint_of_rows_written_out():
    merged = read_sheets(sheet(people("三葵村", ""), merged=[(1, VILLAGE, 2, VILLAGE)]))
    written = read_sheets(sheet(people("三葵村", "三葵村")))
    assert merged.column("row_hash") == written.column("row_hash")


# The sheet's name

BY_SHEET = DeliveryLayout({"main": replace(MAIN, sheet_names=("服务对象",), sheet_name_field="household_village")})
WITHOUT = ["姓名", "身份证号码"]


def test_the_sheets_name_is_the_village_where_column_or_cell_is_missing():
    told = read_sheets(
        sheet([WITHOUT, ["张三", id_number(1)]], "三葵村"), sheet(people("", "三丰村"), "所里村"), layout=BY_SHEET
    )
    assert told.column("household_village") == ["三葵村", "所里村", "三丰村"]
    assert [(n.sheet, n.field, n.rows, n.seen) for n in told.notes if n.kind == "sheet-name-taken"] == [
        ("三葵村", "household_village", "2", "三葵村"), ("所里村", "household_village", "2", "所里村"),
    ]  # fmt: skip


def test_a_sheet_in_an_archive_gives_its_own_name():
    told = read_sheets(sheet([WITHOUT, ["张三", id_number(1)]], "扶大镇.xlsx/三葵村"), layout=BY_SHEET)
    assert told.column("household_village") == ["三葵村"]


@pytest.mark.parametrize("name", ["服务对象", "Sheet1", "工作表 2", "名单", "表1", ""])
def test_a_sheets_name_that_says_nothing_is_no_village(name):
    told = read_sheets(sheet([WITHOUT, ["张三", id_number(1)]], name), layout=BY_SHEET)
    assert told.column("household_village") == [None]
    assert said_of(told, "sheet-name-taken") == []


def test_without_agreement_a_sheets_name_is_only_a_name():
    told = read_sheets(sheet([WITHOUT, ["张三", id_number(1)]], "三葵村"))
    assert told.column("household_village") == [None]
    assert set(COLUMNS) <= set(told.tables["main"].table.column_names)
    assert LAYOUT.tables["main"].sheet_name_field is None
