"""Lists that were returned and come back: keys are read beside the rows, our columns and what a row meant stay as they were."""

from dataclasses import replace

from sheets_by_hand import HEADER, LAYOUT, MAIN, person, read_sheets, sheet

from schemas.returns import CORRECTION_HEADER, ORIGINAL_ROW_HEADER, PROBLEM_HEADER, ROW_KEY, ROW_KEY_HEADER

RETURNED = [*HEADER, "片区", ORIGINAL_ROW_HEADER, PROBLEM_HEADER, CORRECTION_HEADER, ROW_KEY_HEADER]
KEY = "R1-0123456789abcdef-0000000000000001"


def returned(row, key=KEY):
    return [*row, "东", "5", "身份证号码未填写", "已补", key]


def test_keys_stand_beside_the_rows_and_no_column_is_said_to_be_unknown():
    told = read_sheets(sheet([RETURNED, returned(person(1)), returned(person(2), "")]))
    assert told.column(ROW_KEY) == [KEY, None]
    assert told.findings == []


def test_the_key_is_no_part_of_what_a_row_says():
    plain = read_sheets(sheet([HEADER, person(1)])).column("row_hash")
    assert read_sheets(sheet([RETURNED, returned(person(1))])).column("row_hash") == plain


def test_our_columns_in_a_list_of_the_senders_own_are_as_unknown_as_any():
    told = read_sheets(sheet([[*HEADER, PROBLEM_HEADER], [*person(1), "无"]]))
    assert [(finding.code, finding.seen) for finding in told.findings] == [("column-unknown", PROBLEM_HEADER)]
    assert ROW_KEY not in told.tables["main"].table.column_names


def test_a_row_with_a_key_is_a_record_whatever_it_looks_like():
    told = read_sheets(
        sheet(
            [
                RETURNED,
                returned(person(1)),
                returned(["", "", "", "三葵村", ""]),
                returned(["", "小计", "", "", ""], ""),
            ]
        )
    )
    assert told.rows == [2, 3]


def test_blanks_mean_nothing_where_other_rows_stood_above():
    layout = replace(LAYOUT, tables={**LAYOUT.tables, "main": replace(MAIN, same_as_above=("household_village",))})
    rows = [person(1), [*person(2)[:3], "", ""]]
    assert read_sheets(sheet([HEADER, *rows]), layout=layout).column("household_village") == ["三葵村", "三葵村"]
    back = read_sheets(sheet([RETURNED, *map(returned, rows)]), layout=layout)
    assert back.column("household_village") == ["三葵村", None]


def test_a_returned_sheet_is_read_whatever_its_name_is():
    told = read_sheets(sheet([HEADER, person(1)]), sheet([RETURNED, returned(person(2))], "服务对象 2"))
    assert told.column(ROW_KEY) == [None, KEY]
