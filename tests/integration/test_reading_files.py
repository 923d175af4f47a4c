"""Whole files through the process that reads them: good ones, damaged ones, hostile ones. None may raise."""

import datetime as dt
import random
import re
import zipfile
from dataclasses import replace

import pytest
import xlsxwriter
from made_up_binary import ole_container
from made_up_files import agile_locked, xlsx

from connectors.reading import DeliveryLayout, ReadingLimits, TableLayout, read_delivery, start_reading
from connectors.reading.grid import column_letter

LAYOUT = DeliveryLayout(
    {
        "main": TableLayout(
            columns={
                "name": ("姓名",),
                "sex": ("性别",),
                "id_number": ("身份证号码", "身份证号"),
                "household_village": ("户籍村(居)",),
                "household_monthly_income_fen": ("家庭每月收入(元)",),
                "registered_date": ("建档日期",),
            },
            required=("name", "id_number"),
            sheet_names=("服务对象",),
        ),
        "members": TableLayout(
            columns={"elder_id_number": ("服务对象身份证号码",), "name": ("姓名",), "id_number": ("身份证号码",)},
            required=("elder_id_number", "name"),
            sheet_names=("家庭成员",),
            optional_table=True,
        ),
    }
)
HEADER = ["姓名", "性别", "身份证号码", "户籍村（居）", "家庭每月收入（元）", "建档日期"]
ZHANG = ["张三", "男", "441421194503120018", "大黄村", "500", "2025-01-02"]
LI = ["李四", "女", "44142119480101002X", "小黄村", "", "2025-01-03"]


@pytest.fixture
def read(tmp_path):
    workspace = tmp_path / "workspace"
    workspace.mkdir(mode=0o700)

    def read_file(path, layout=LAYOUT, **limits):
        contents = read_delivery(path, layout, limits=replace(ReadingLimits(), **limits), workspace=workspace)
        assert list(workspace.iterdir()) == []
        for table in contents.tables.values():
            assert table.received == table.table.num_rows + table.blank + table.broken
        assert contents.refused == (not contents.tables)
        return contents

    return read_file


@pytest.fixture
def csv(tmp_path, read):
    def read_text(text, **limits):
        path = tmp_path / "delivery"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read(path, **limits)

    return read_text


@pytest.fixture
def workbook(tmp_path):
    def write(sheets, name="delivery"):
        path = tmp_path / name
        with xlsxwriter.Workbook(path) as book:
            day = book.add_format({"num_format": "yyyy-mm-dd"})
            for sheet, rows in sheets.items():
                page = book.add_worksheet(sheet)
                for row, cells in enumerate(rows):
                    for column, cell in enumerate(cells):
                        if isinstance(cell, dt.date):
                            page.write_datetime(row, column, cell, day)
                        elif cell == "#N/A":
                            page.write_formula(row, column, "=NA()", None, "#N/A")
                        elif isinstance(cell, str):
                            page.write_string(row, column, cell)
                        elif cell is not None:
                            page.write(row, column, cell)
        return path

    return write


def rewritten(path, change, part="xl/worksheets/sheet1.xml"):
    """The workbook with one of its parts changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    parts[part] = change(parts[part].decode()).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def lines(*rows):
    return "".join(",".join(row) + "\n" for row in rows)


def main(contents):
    assert not contents.refused, contents.findings
    return contents.tables["main"]


def column(contents, field="name"):
    return main(contents).table[field].to_pylist()


def codes(contents):
    return [str(finding.code) for finding in contents.findings]


# What is refused, and under which name


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(b"", "file-empty", id="no bytes"),
        pytest.param(b"\n , ,\r\n\n", "header-not-found", id="only delimiters"),
        pytest.param(b"\xef\xbb\xbf \n\n", "file-empty", id="only a mark and blanks"),
        pytest.param(
            "姓名,身份证号码\n张三".encode("utf-16")[:-1], "encoding-undecodable", id="UTF-16 cut inside a character"
        ),
        pytest.param("姓名,身份证号码\n张三".encode("utf-16-le"), "encoding-undecodable", id="UTF-16 without mark"),
        pytest.param("姓名,身份证号码,性别\n".encode() + b"\xff\xff\xff,1,\n", "encoding-undecodable", id="neither"),
        pytest.param("张三,男,44\n李四,女,44\n".encode(), "header-not-found", id="no header"),
        pytest.param("姓名,性别,户籍村(居)\n张三,男,甲\n".encode(), "column-missing", id="required column missing"),
        pytest.param("姓名,性别,身份证号,身份证号码\n".encode(), "column-duplicated", id="two columns of one field"),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "file-unreadable", id="old Office"),
        pytest.param(agile_locked(xlsx([["姓名"]]), "another"), "file-encrypted", id="encrypted"),
        pytest.param(b"%PDF-1.7", "file-unreadable", id="PDF"),
        pytest.param(b"<html><table><tr><td>", "file-unreadable", id="web page named xls"),
        pytest.param(b"PK\x03\x04 and then nothing", "file-unreadable", id="cut zip"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_reason(csv, content, code):
    contents = csv(content)
    assert contents.refused
    assert codes(contents) == [code]


def test_a_file_over_the_size_limit_is_refused(csv):
    assert codes(csv(lines(HEADER, ZHANG), file_bytes=20)) == ["file-too-large"]


def test_a_text_document_of_old_office_is_named(csv):
    assert [finding.seen for finding in csv(ole_container({"WordDocument": b"\0" * 5000})).findings] == [
        "Word 97–2003 文档（doc）"
    ]


@pytest.mark.parametrize(
    ("part", "named"), [("ppt/presentation.xml", "演示文稿（pptx）"), ("word/document.xml", "Word 文档")]
)
def test_a_zip_that_is_no_workbook_is_named(tmp_path, read, part, named):
    with zipfile.ZipFile(tmp_path / "delivery", "w") as archive:
        archive.writestr(part, "<x/>")
    (finding,) = read(tmp_path / "delivery").findings
    assert finding.seen.startswith(named)


def test_a_zip_with_locked_entries_is_encrypted(workbook, read):
    path = workbook({"服务对象": [HEADER, ZHANG]})
    content = bytearray(path.read_bytes())
    for found in re.finditer(rb"PK\x01\x02", bytes(content)):
        content[found.start() + 8] |= 1
    path.write_bytes(content)
    assert codes(read(path)) == ["file-encrypted"]


@pytest.mark.parametrize("size", [20_000_000, 400_000_000], ids=["by ratio", "by size"])
def test_a_zip_bomb_is_not_unpacked(workbook, read, size):
    path = workbook({"服务对象": [HEADER, ZHANG]})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/media/x", "w") as part:
        for _ in range(size // 10_000_000):
            part.write(b"\0" * 10_000_000)
    assert codes(read(path)) == ["file-hostile"]


def test_a_zip_of_many_entries_is_hostile(workbook, read):
    path = workbook({"服务对象": [HEADER, ZHANG]})
    with zipfile.ZipFile(path, "a") as archive:
        for index in range(200):
            archive.writestr(f"xl/media/{index}", b"")
    assert codes(read(path)) == ["file-hostile"]


@pytest.mark.parametrize("reference", ["XFD1048576", "XFD9", "SG9", "A1000001"])
def test_a_value_far_outside_is_hostile(workbook, read, reference):
    row = reference.lstrip("XFDSGA")
    cell = f'<row r="{row}"><c r="{reference}"><v>1</v></c></row></sheetData>'
    path = rewritten(workbook({"服务对象": [HEADER, ZHANG]}), lambda xml: xml.replace("</sheetData>", cell))
    contents = read(path)
    assert codes(contents) == ["file-hostile"]
    assert reference in contents.findings[0].seen


def test_borders_far_outside_are_harmless(workbook, read):
    cell = '<row r="9"><c r="XFD9" s="1"/></row><row r="1048576"><c r="A1048576" s="1"/></row></sheetData>'
    path = rewritten(workbook({"服务对象": [HEADER, ZHANG]}), lambda xml: xml.replace("</sheetData>", cell))
    assert column(read(path)) == ["张三"]


def test_a_workbook_that_kills_its_reader_is_hostile(workbook, read):
    # Row and column within bounds, both: calamine asks for 500 x 1,000,000 cells and is refused by the kernel.
    cell = '<row r="999999"><c r="SF999999"><v>1</v></c></row></sheetData>'
    path = rewritten(workbook({"服务对象": [HEADER, ZHANG]}), lambda xml: xml.replace("</sheetData>", cell))
    assert codes(read(path, memory_bytes=1 << 30)) == ["file-hostile"]


def test_damage_inside_a_workbook_is_a_finding(workbook, read):
    path = rewritten(workbook({"服务对象": [HEADER, ZHANG]}), lambda xml: xml[: len(xml) // 2])
    assert codes(read(path)) == ["file-unreadable"]


def test_a_reader_that_runs_too_long_is_ended(csv):
    row = lines(['"' + ZHANG[0] + '"x', *ZHANG[1:]])
    contents = csv(lines(HEADER) + row * 400_000, cpu_seconds=1)
    assert [(str(finding.code), finding.seen) for finding in contents.findings] == [
        ("file-hostile", "读取时间超过限额")
    ]


def test_a_reader_that_hangs_is_ended(csv):
    contents = csv(lines(HEADER) + lines(ZHANG) * 200_000, wall_seconds=0.001)
    assert [finding.seen for finding in contents.findings] == ["读取超时"]


@pytest.mark.parametrize("megabytes", [300, 380, 400, 420, 450, 480, 520])
def test_a_reader_that_takes_too_much_memory_is_hostile_wherever_it_first_lacks_some(csv, megabytes):
    """Libraries fail at a thread, at a buffer, at a column; none of it says that the file is damaged."""
    contents = csv(lines(HEADER) + lines(ZHANG) * 600_000, memory_bytes=megabytes << 20)
    assert codes(contents) == ["file-hostile"]


def test_the_smallest_memory_a_bureau_may_set_reads_a_list(csv):
    assert main(csv(lines(HEADER) + lines(ZHANG) * 1000, memory_bytes=512 << 20)).received == 1000


# Text files


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_rare_characters_survive_every_encoding(csv, encoding, line_end):
    text = lines(HEADER, ["䶮㐂", *ZHANG[1:]], LI).replace("\n", line_end)
    contents = csv(text.encode(encoding))
    assert column(contents) == ["䶮㐂", "李四"]
    assert main(contents).table["row_number"].to_pylist() == [2, 3]


def test_words_that_other_readers_take_for_nothing_are_names(csv):
    contents = csv(lines(HEADER, ["NA", "男", ZHANG[2], "null", "", ""], ["nan", "女", LI[2], "None", "", ""]))
    assert column(contents) == ["NA", "nan"]
    assert column(contents, "household_village") == ["null", "None"]
    assert column(contents, "registered_date") == [None, None]


@pytest.mark.parametrize("on_header", [True, False])
def test_trailing_delimiters_are_no_columns(csv, on_header):
    contents = csv(lines([*HEADER, ""] if on_header else HEADER, [*ZHANG, "", ""], [*LI, "", ""], [*LI, ""]))
    assert codes(contents) == []
    assert main(contents).received == main(contents).table.num_rows == 3


def test_a_value_under_no_header_is_said(csv):
    contents = csv(lines([*HEADER, "", "甲"], [*ZHANG, "x", "y"]))
    assert [(str(f.code), f.column, f.seen) for f in contents.findings] == [
        ("column-unknown", "H", "甲"),
        ("column-unknown", "G", ""),
    ]


def test_lines_with_the_wrong_number_of_fields_are_broken_alone(csv):
    contents = csv(lines(HEADER, ZHANG, [*LI, "多"], LI[:3], ZHANG) + "张三")
    assert [(str(f.code), f.row_number) for f in contents.findings] == [
        ("line-broken", 3),
        ("line-broken", 4),
        ("line-broken", 6),
    ]
    assert main(contents).table["row_number"].to_pylist() == [2, 5]
    assert (main(contents).received, main(contents).broken) == (5, 3)


def test_a_stray_quote_breaks_one_line_and_no_other(csv):
    stray = ["王五", "男", '"44142119450312003X', "甲村", "", ""]
    contents = csv(lines(HEADER, ZHANG, stray, LI, stray, ZHANG))
    assert column(contents) == ["张三", "李四", "张三"]
    assert main(contents).table["row_number"].to_pylist() == [2, 4, 6]
    assert [f.row_number for f in contents.findings] == [3, 5]


def test_quotes_inside_a_field_are_text(csv):
    contents = csv(lines(HEADER, ['张"三', *ZHANG[1:]], ['"李,""四"""', *LI[1:]], ['"王"五', *LI[1:]]))
    assert column(contents) == ['张"三', '李,"四"', '"王"五']


def test_a_cell_of_several_lines_is_one_record(csv):
    text = lines(HEADER, [*ZHANG[:3], '"大黄村\n\n一组"', *ZHANG[4:]], LI)
    contents = csv(text)
    assert column(contents, "household_village") == ["大黄村\n\n一组", "小黄村"]
    assert main(contents).table["row_number"].to_pylist() == [2, 5]
    assert main(contents).received == 2


def test_a_file_quoted_throughout_reads_the_same(csv):
    quoted = [[f'"{cell}"' for cell in row] for row in (HEADER, ZHANG, LI)]
    assert main(csv(lines(*quoted))).table.equals(main(csv(lines(HEADER, ZHANG, LI))).table)


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"], ids=["comma", "tab", "semicolon", "bar"])
def test_other_delimiters_are_recognised_by_the_header(csv, delimiter):
    assert column(csv(lines(HEADER, ZHANG, LI).replace(",", delimiter))) == ["张三", "李四"]


def test_control_characters_stay_as_delivered(csv):
    assert column(csv(lines(HEADER, ["张\x01三\x7f", *ZHANG[1:]]))) == ["张\x01三\x7f"]


def test_a_column_named_like_sql_is_only_unknown(csv):
    contents = csv(lines([*HEADER, 'x; DROP TABLE "elder";--'], [*ZHANG, "1"]))
    assert codes(contents) == ["column-unknown"]
    assert column(contents) == ["张三"]


def test_a_list_with_a_header_alone_is_an_empty_list(csv):
    contents = csv(lines(HEADER))
    assert (main(contents).received, main(contents).table.num_rows, codes(contents)) == (0, 0, [])


# Rows that are no records

TITLED = [
    ["梅县区特殊困难老年人登记表"],
    ["填报单位：松口镇"],
    [],
    ["序号", *HEADER],
    ["1", *ZHANG],
    ["", "", "", "", "", "", ""],
    ["小计", "1人", "", "", "", "500", ""],
    ["序号", *HEADER],
    ["2", *LI],
    ["3", "王五", "男", "", "", "", ""],
    ["4", "", "", "", "", "", ""],
    ["5", "合计", "", ZHANG[2], "", "", ""],
    ["合计", "3", "", "", "", "500", ""],
    ["", "制表人：赵六  审核：钱七", "", "填表日期：20250102", "", "", ""],
    ["备注：本表一式两份", "", "", "", "", "", ""],
    ["第 1 页", "", "", "", "", "", ""],
]


def check_titled(contents):
    table = main(contents)
    assert table.table["row_number"].to_pylist() == [5, 9, 10, 12]
    assert [
        (note.kind, note.rows, note.count) for note in contents.notes if note.kind not in {"format", "encoding"}
    ] == [
        ("header", "4", 1),
        ("subtotal", "7、13", 2),
        ("repeated-header", "8", 1),
        ("no-content", "11", 1),
        ("footer", "14–16", 3),
    ]
    assert (table.received, table.blank, table.broken) == (11, 7, 0)


def test_titles_subtotals_and_signatures_are_told_from_people_in_text(csv):
    check_titled(csv(lines(*[row + [""] * (7 - len(row)) for row in TITLED])))


def test_titles_subtotals_and_signatures_are_told_from_people_in_workbooks(workbook, read):
    check_titled(read(workbook({"服务对象": TITLED})))


# Workbooks


def test_numbers_dates_and_errors_are_text_with_a_mark(workbook, read):
    row = ["张三", True, 441421194503120018, 13800138000, 0.1, dt.date(2025, 1, 2)]
    contents = read(workbook({"服务对象": [HEADER, row, ["李四", "#N/A", LI[2], " ", 500, "2025.1.3"]]}))
    table = main(contents).table
    assert table["id_number"].to_pylist() == ["441421194503120000", LI[2]]
    assert table["id_number__number"].to_pylist() == [True, False]
    assert table["household_village"].to_pylist() == ["13800138000", " "]
    assert table["household_monthly_income_fen"].to_pylist() == ["0.1", "500"]
    assert table["registered_date"].to_pylist() == ["2025-01-02", "2025.1.3"]
    assert table["sex"].to_pylist() == ["TRUE", None]
    assert "name__number" not in table.column_names


def test_a_dimension_that_lies_loses_no_rows(workbook, read):
    path = workbook({"服务对象": [HEADER, *[ZHANG] * 50]})
    lied = rewritten(path, lambda xml: re.sub(r'<dimension ref="[^"]*"/>', '<dimension ref="A1:B2"/>', xml))
    assert main(read(lied)).received == 50


def test_a_list_that_begins_far_from_the_corner_keeps_its_row_numbers(workbook, read):
    rows = [[None] * 3 + row if row else [] for row in ([], [], HEADER, ZHANG, [], LI)]
    contents = read(workbook({"服务对象": rows}))
    assert [note.rows for note in contents.notes if note.kind == "header"] == ["3"]
    assert main(contents).table["row_number"].to_pylist() == [4, 6]


def test_household_members_are_a_table_of_their_own(workbook, read):
    members = [["服务对象身份证号码", "姓名", "身份证号码"], [ZHANG[2], "张小三", ""], ["", "", ""]]
    contents = read(workbook({"说明": [["请如实填写"]], "家庭成员": members, "服务对象": [HEADER, ZHANG]}))
    assert column(contents) == ["张三"]
    assert contents.tables["members"].table["name"].to_pylist() == ["张小三"]
    assert contents.tables["members"].table["sheet"].to_pylist() == ["家庭成员"]


def test_a_renamed_sheet_is_found_by_its_header(workbook, read):
    contents = read(workbook({"说明": [["请如实填写"]], "Sheet2": [HEADER, ZHANG], "Sheet3": []}))
    assert column(contents, "sheet") == ["Sheet2"]
    assert [note.sheet for note in contents.notes if note.kind == "header"] == ["Sheet2"]
    assert [note.sheet for note in contents.notes if note.kind == "sheet-left"] == ["说明"]


def test_two_sheets_that_read_like_the_list_are_both_taken_and_every_row_says_its_sheet(workbook, read):
    contents = read(workbook({"甲村": [HEADER, ZHANG], "乙村": [HEADER, LI]}))
    assert column(contents) == ["张三", "李四"]
    assert column(contents, "sheet") == ["甲村", "乙村"]
    assert main(contents).table["row_number"].to_pylist() == [2, 2]
    assert [note.sheet for note in contents.notes if note.kind == "header"] == ["甲村", "乙村"]
    assert codes(contents) == []


def test_an_empty_workbook_is_empty(workbook, read):
    assert codes(read(workbook({"Sheet1": []}))) == ["file-empty"]


def test_a_sheet_of_other_things_has_no_header(workbook, read):
    assert codes(read(workbook({"Sheet1": [["请如实填写"]]}))) == ["header-not-found"]


def test_text_and_workbook_give_the_same_records_whatever_the_column_order(workbook, read, csv):
    turned = [row[::-1] for row in (HEADER, ZHANG, LI)]
    from_book = main(read(workbook({"服务对象": [HEADER, ZHANG, LI]}, name="book"))).table
    from_text = main(csv(lines(*turned))).table
    assert from_book.drop_columns("sheet").equals(from_text.drop_columns("sheet"))


# The process


def test_several_files_are_read_at_the_same_time(tmp_path):
    pending = []
    for index in range(3):
        path = tmp_path / f"delivery{index}"
        path.write_text(lines(HEADER, *[ZHANG] * index), encoding="utf-8")
        pending.append(start_reading(path, LAYOUT, limits=ReadingLimits(), workspace=tmp_path))
    assert [main(reading.result()).received for reading in pending] == [0, 1, 2]


def test_a_reading_nobody_waits_for_leaves_nothing_behind(tmp_path):
    (tmp_path / "delivery").write_text(lines(HEADER, ZHANG), encoding="utf-8")
    start_reading(tmp_path / "delivery", LAYOUT, limits=ReadingLimits(), workspace=tmp_path).cancel()
    assert [path.name for path in tmp_path.iterdir()] == ["delivery"]


def test_reading_prints_nothing_and_shares_no_secrets(tmp_path, read, workbook, capfd, monkeypatch):
    monkeypatch.setenv("ELDERSYNC_DATABASE_URL", "postgresql://secret")
    path = rewritten(
        workbook({"服务对象": [HEADER, ZHANG]}), lambda xml: xml.replace("<sheetData>", "<sheetData><row r=")
    )
    read(path)
    assert capfd.readouterr() == ("", "")
    from connectors.reading.readers import environment

    assert not any("secret" in value for value in environment().values())


def test_letters_of_columns_are_those_of_a_spreadsheet():
    assert [column_letter(index) for index in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


def test_mutated_workbooks_end_as_tables_or_findings(workbook, read):
    path = workbook({"服务对象": [HEADER, *[ZHANG, LI] * 20]})
    original = path.read_bytes()
    seed = 20250101
    picked = random.Random(seed)  # noqa: S311 - not a secret
    for _ in range(25):
        content = bytearray(original)
        for _ in range(picked.randrange(1, 30)):
            content[picked.randrange(len(content))] = picked.randrange(256)
        path.write_bytes(content)
        contents = read(path)
        assert codes(contents) or column(contents) == ["张三", "李四"] * 20, seed
