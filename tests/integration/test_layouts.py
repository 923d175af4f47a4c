"""Layouts made by hand in real files, and whole nights over them: who is registered, what is said, what is judged again."""

import csv
import datetime as dt
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import xlsxwriter
from nights import INCAPACITY, SURVEY, Bureau, funnel, incapacity_row, people, survey_row
from processes_that_read import children, forking

from connectors.reading import DeliveryLayout, ReadingLimits, TableLayout, start_reading
from connectors.reading.read import read

MAIN = TableLayout(
    columns={
        "name": ("姓名",),
        "id_number": ("身份证号码",),
        "emergency_contact_name": ("紧急联系人", "紧急联系人姓名"),
        "emergency_contact_phone": ("紧急联系人联系电话",),
        "household_town": ("户籍乡镇(街道)",),
        "household_village": ("户籍村(居)",),
        "registered_date": ("建档日期",),
    },
    required=("name", "id_number"),
    sheet_names=("服务对象",),
    ignored=("序号",),
)
LAYOUT = DeliveryLayout({"main": MAIN})
NUMBERS = ["441421194503120018", "44142119480101002X", "441402194503120027"]

UPPER = ["序号", "姓名", "身份证号码", "户籍地址", "", "紧急联系人", ""]
LOWER = ["", "", "", "乡镇（街道）", "村（居）", "姓名", "联系电话"]
ROWS = [
    ["1", "张三", NUMBERS[0], "扶大镇", "三葵村", "李四", "13800138000"],
    ["2", "王五", NUMBERS[1], "", "", "", ""],
    ["小计", "", "", "", "2人", "", ""],
    ["3", "赵六", NUMBERS[2], "扶大镇", "所里村", "", ""],
]


def contents_of(path, layout=LAYOUT):
    contents = read(path, layout, ReadingLimits())
    assert not contents.refused, contents.findings
    main = contents.tables["main"]
    assert main.received == main.table.num_rows + main.blank + main.broken
    return contents


def column(contents, field):
    return contents.tables["main"].table[field].to_pylist()


def said(contents, *kinds):
    return [(str(note.kind), note.rows) for note in contents.notes if note.kind in kinds]


def merged_list(path):
    """Title and two header lines merged as people do, a merged town and village, a hidden row."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("扶大镇")
        sheet.merge_range(0, 0, 0, 6, "特殊困难老年人登记表")
        for column_ in range(3):
            sheet.merge_range(1, column_, 2, column_, UPPER[column_])
        sheet.merge_range(1, 3, 1, 4, UPPER[3])
        sheet.merge_range(1, 5, 1, 6, UPPER[5])
        for column_ in range(3, 7):
            sheet.write_string(2, column_, LOWER[column_])
        for number, cells in enumerate(ROWS, 3):
            for column_, cell in enumerate(cells):
                if cell:
                    sheet.write_string(number, column_, cell)
        sheet.merge_range(3, 3, 4, 3, "扶大镇")
        sheet.merge_range(3, 4, 4, 4, "三葵村")
        sheet.set_row(4, options={"hidden": True})
    return path


def test_a_merged_list_of_two_header_lines_reads_like_a_plain_one(tmp_path):
    contents = contents_of(merged_list(tmp_path / "list"))
    assert column(contents, "name") == ["张三", "王五", "赵六"]
    assert column(contents, "household_town") == ["扶大镇"] * 3
    assert column(contents, "household_village") == ["三葵村", "三葵村", "所里村"]
    assert column(contents, "emergency_contact_name") == ["李四", None, None]
    assert column(contents, "row_number") == [4, 5, 7]
    assert contents.findings == []
    assert said(contents, "header", "subtotal", "hidden-rows-taken", "same-as-above") == [
        ("hidden-rows-taken", "5"), ("header", "2–3"), ("subtotal", "6"), ("same-as-above", "5"), ("same-as-above", "5"),
    ]  # fmt: skip


def test_the_same_list_exported_as_text_reads_the_same_but_for_cells_it_lost(tmp_path):
    path = tmp_path / "list"
    with path.open("w", encoding="gb18030", newline="") as file:
        csv.writer(file).writerows([["特殊困难老年人登记表", *[""] * 6], UPPER, LOWER, *ROWS])
    text, book = contents_of(path), contents_of(merged_list(tmp_path / "book"))
    assert said(text, "header", "subtotal") == [("header", "2–3"), ("subtotal", "6")]
    for field in ("name", "id_number", "emergency_contact_name", "emergency_contact_phone", "row_number"):
        assert column(text, field) == column(book, field)
    assert column(text, "household_village") == ["三葵村", None, "所里村"]
    agreed = DeliveryLayout({"main": replace(MAIN, same_as_above=("household_town", "household_village"))})
    assert column(contents_of(path, agreed), "row_hash") == column(book, "row_hash")


def test_tables_below_each_other_in_a_text_are_each_read_by_their_own_header(tmp_path):
    first, second = ["姓名", "身份证号码", "户籍村(居)"], ["户籍村(居)", "姓名", "身份证号码"]
    rows = [
        ["三葵村", "", ""],
        first,
        ["张三", NUMBERS[0], "三葵村"],
        ["所里村", "", ""],
        second,
        ["所里村", "王五", NUMBERS[1]],
    ]
    (tmp_path / "list").write_text("".join(",".join(row) + "\n" for row in rows), encoding="utf-8")
    contents = contents_of(tmp_path / "list")
    assert column(contents, "name") == ["张三", "王五"]
    assert column(contents, "id_number") == NUMBERS[:2]
    assert said(contents, "header", "title") == [("header", "2、5"), ("title", "4")]


def test_facts_of_a_workbook_are_said_with_rows_and_counts(tmp_path):
    path = tmp_path / "list"
    with xlsxwriter.Workbook(path, {"date_1904": True}) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet, hidden = book.add_worksheet("服务对象"), book.add_worksheet("旧名单")
        hidden.write_row(0, 0, ["姓名", "身份证号码", "建档日期"])
        hidden.hide()
        sheet.write_row(0, 0, ["姓名", "身份证号码", "建档日期", "户籍村(居)"])
        for row, (name, number) in enumerate(zip(["张三", "王五", "赵六"], NUMBERS, strict=True), 1):
            sheet.write_string(row, 0, name)
            sheet.write_string(row, 1, number)
            sheet.write_datetime(row, 2, dt.date(2024, 1, row), day)
        sheet.write_formula(1, 3, '="三葵"&"村"', None, "三葵村")
        sheet.write_formula(2, 3, "=NA()", None, "#N/A")
        sheet.write_comment(3, 0, "已核对")
    contents = contents_of(path)
    assert column(contents, "registered_date") == ["2024-01-01", "2024-01-02", "2024-01-03"]
    assert column(contents, "household_village") == ["三葵村", None, None]
    assert column(contents, "date1904") == [True] * 3
    noted = {str(note.kind): (note.sheet, note.rows, note.count) for note in contents.notes}
    assert noted["formula-cells"][:2] == ("服务对象", "2–3")
    assert noted["error-cells"][:2] == ("服务对象", "3")
    assert (noted["comments"], noted["dates-from-1904"]) == (("服务对象", "", 1), ("服务对象", "", 3))
    assert noted["hidden-sheet-left"][0] == "旧名单"


def test_notes_come_back_from_the_reading_process_whole(tmp_path):
    merged_list(tmp_path / "list")
    apart = start_reading(tmp_path / "list", LAYOUT, limits=ReadingLimits(), workspace=tmp_path).result()
    assert apart.notes == contents_of(tmp_path / "list").notes


def test_a_password_is_neither_on_a_disk_nor_in_a_list_of_processes(tmp_path):
    workspace = tmp_path / "workspace"
    workspace.mkdir(mode=0o700)
    (tmp_path / "list").write_text("姓名,身份证号码\n" + "张三,441421194503120018\n" * 300_000, encoding="utf-8")
    layout = replace(LAYOUT, password="open sesame")
    pending = start_reading(tmp_path / "list", layout, limits=ReadingLimits(), workspace=workspace)
    looks, readers = 0, children(forking())
    while readers:
        seen = [path.read_bytes() for path in workspace.rglob("*") if path.is_file() and path.suffix != ".arrow"]
        with suppress(OSError):  # it has just ended
            for pid in (forking(), *readers):
                seen += [Path(f"/proc/{pid}/{name}").read_bytes() for name in ("cmdline", "environ")]
        assert not any(b"sesame" in text for text in seen)
        looks, readers = looks + 1, children(forking())
    assert looks
    assert pending.result().tables["main"].received == 300_000


# Nights


@pytest.fixture
def bureau(tmp_path, fresh_url):
    made = Bureau(tmp_path / "home", fresh_url)
    made.own_configuration()
    return made


def by_sheet(crowd, *villages):
    """A sheet a village with the same people's rows on each: every sheet has rows 2 and 3."""
    return {
        village: [survey_row(who, **{"户籍村(居)": village}) for who in crowd[2 * place : 2 * place + 2]]
        for place, village in enumerate(villages)
    }


def places(bureau):
    rows = bureau.query("SELECT id_number, sheet, row_number FROM source_row WHERE to_run IS NULL")
    return {row["id_number"]: (row["sheet"], row["row_number"]) for row in rows}


def test_rows_of_the_same_number_on_two_sheets_are_judged_again_each_as_itself(bureau):
    crowd = people(4)
    bureau.deliver_workbook(SURVEY, by_sheet(crowd, "大黄村", "车上村"))
    bureau.night()
    expected = {who.number: ("大黄村" if n < 2 else "车上村", 2 + n % 2) for n, who in enumerate(crowd)}
    assert places(bureau) == expected
    before = bureau.elders()
    bureau.set_rule("assessment_valid_months = 11", instead_of="assessment_valid_months = 12")
    summary = bureau.night()
    assert funnel(summary["sources"][SURVEY]) == (4, 4, 0, 0, 0)
    assert places(bureau) == expected
    assert {number: elder["household_village"] for number, elder in bureau.elders().items()} == {
        number: elder["household_village"] for number, elder in before.items()
    }


def test_a_finding_follows_its_row_to_the_sheet_it_is_on_now(bureau):
    crowd = people(4)
    sheets = by_sheet(crowd, "大黄村", "车上村")
    sheets["车上村"][0]["联系电话"] = "12"
    bureau.deliver_workbook(SURVEY, sheets)
    bureau.night()
    found = "SELECT sheet, row_number FROM finding WHERE to_run IS NULL AND code = 'phone-format'"
    assert bureau.query(found) == [{"sheet": "车上村", "row_number": 2}]
    bureau.deliver_workbook(SURVEY, {"所有人": [row for rows in sheets.values() for row in rows]})
    bureau.night()
    assert bureau.query(found) == [{"sheet": "所有人", "row_number": 4}]


def test_rows_that_are_no_records_under_new_rules_stay_as_they_were_judged(bureau):
    crowd = people(4)
    rows = [survey_row(who) for who in crowd]
    path = bureau.inbox(SURVEY) / "list.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("服务对象")
        for number, cells in enumerate([list(rows[0]), *[list(row.values()) for row in rows]]):
            sheet.write_row(number, 0, cells)
        sheet.set_row(2, options={"hidden": True})
    bureau.night()
    assert len(bureau.active()) == 4
    bureau.set_rule('hidden_rows = "leave"', file=f"sources/{SURVEY}.toml")
    summary = bureau.night()
    assert funnel(summary["sources"][SURVEY]) == (4, 4, 0, 0, 0)
    assert bureau.active() == {who.number for who in crowd}


def test_a_source_may_have_a_brake_of_its_own(bureau):
    bureau.set_rule("brake = {people = 1, share = 0.0}", file=f"sources/{INCAPACITY}.toml")
    crowd = people(30)
    bureau.deliver(INCAPACITY, [incapacity_row(who) for who in crowd])
    bureau.deliver(SURVEY, [survey_row(who) for who in people(30, first=100)])
    bureau.night(expect="green")
    bureau.deliver(INCAPACITY, [incapacity_row(who) for who in crowd[:28]])
    bureau.deliver(SURVEY, [survey_row(who) for who in people(28, first=100)])
    summary = bureau.night(expect="yellow")
    assert bureau.codes(besides=["delivery-repeated"]) == {"delivery-shrunk": 1}
    assert (summary["sources"][INCAPACITY]["held"], summary["sources"][SURVEY]["admitted"]) == (28, 28)


def test_a_missing_password_stops_its_source_alone(bureau):
    bureau.set_rule('password_secret = "survey_files"', file=f"sources/{SURVEY}.toml")
    bureau.deliver(SURVEY, [survey_row(who) for who in people(3)])
    bureau.deliver(INCAPACITY, [incapacity_row(who) for who in people(3, first=100)])
    summary = bureau.night(expect="yellow")
    assert funnel(summary["sources"][INCAPACITY]) == (3, 3, 0, 0, 0)
    assert funnel(summary["sources"][SURVEY]) == (0, 0, 0, 0, 0)
    assert bureau.active() == {who.number for who in people(3, first=100)}
