"""One list in every format: the same records come out of each, and what a format cannot carry is said, never guessed."""

import datetime as dt
from dataclasses import replace

import dbf
import pytest
from made_up_binary import excel5, xlsb
from made_up_facts import FACTS_OF, HIDDEN_SHEET
from made_up_files import (
    BYTES_OF,
    HEADER,
    LI,
    LIST,
    PASSWORD,
    WANG,
    ZHANG,
    dbase_of,
    delimited,
    html,
    ods,
    xls,
    xlsx,
    xml_spreadsheet,
)

from connectors.reading import DeliveryLayout, ReadingLimits, TableLayout, read_delivery
from connectors.reading.formats.documents import Documents
from connectors.reading.formats.raw import Raw
from connectors.reading.formats.sheet_readers import sheets_of
from connectors.reading.read import read
from schemas.findings import Finding
from schemas.reading_notes import ReadingNoteKind

LAYOUT = DeliveryLayout(
    {
        "main": TableLayout(
            columns={
                "name": ("姓名",),
                "sex": ("性别",),
                "id_number": ("身份证号码",),
                "household_village": ("户籍村(居)", "户籍村（居）"),
                "household_monthly_income_fen": ("家庭每月收入(元)", "家庭每月收", "家庭每月收入（元）"),
                "registered_date": ("建档日期",),
            },
            required=("name", "id_number"),
            sheet_names=("服务对象",),
        )
    },
    password=PASSWORD,
)
FIELDS = tuple(LAYOUT.tables["main"].columns)
NUMBER = 441421194503120018  # stored as a number, it has lost its last digits


@pytest.fixture
def contents_of(tmp_path):
    def read_bytes(content, layout=LAYOUT, **limits):
        path = tmp_path / "delivery"
        path.write_bytes(content)
        contents = read(path, layout, replace(ReadingLimits(), **limits))
        assert contents.refused == (not contents.tables)
        return contents

    return read_bytes


def places(contents):
    table = contents.tables["main"].table
    return list(zip(table["sheet"].to_pylist(), table["row_number"].to_pylist(), strict=True))


def records(contents):
    assert not contents.refused, contents.findings
    table = contents.tables["main"].table
    return [list(row) for row in zip(*(table[field].to_pylist() for field in FIELDS), strict=True)]


def expected(*rows):
    return [[cell or None for cell in row] for row in rows]


def seen(contents):
    return [(finding.code, finding.seen) for finding in contents.findings]


def notes(contents, kind):
    return [note for note in contents.notes if note.kind == kind]


def without(layout=LAYOUT, **changes):
    return replace(layout, **changes)


# The same from every format


@pytest.mark.parametrize("kind", BYTES_OF)
def test_a_list_reads_the_same_from_every_format(contents_of, kind):
    contents = contents_of(BYTES_OF[kind](LIST))
    assert records(contents) == expected(ZHANG, LI, WANG)
    assert contents.findings == []
    table = contents.tables["main"]
    assert (table.received, table.blank, table.broken) == (3, 0, 0)
    assert table.table["row_number"].to_pylist() == ([1, 2, 3] if kind == "JSON lines" else [2, 3, 4])
    assert not any(name.endswith("__number") for name in table.table.column_names)
    assert len(notes(contents, ReadingNoteKind.FORMAT)) == 1


@pytest.mark.parametrize("kind", BYTES_OF)
def test_the_fingerprints_of_records_do_not_depend_on_the_format(contents_of, kind):
    hashes = contents_of(BYTES_OF[kind](LIST)).tables["main"].table["row_hash"]
    assert hashes.equals(contents_of(delimited(LIST)).tables["main"].table["row_hash"])


@pytest.mark.parametrize("kind", ["xlsx", "xls of Excel 5", "page in GBK", "zip", "locked xlsx", "dBASE"])
def test_the_process_that_reads_takes_the_format_too(tmp_path, kind):
    (tmp_path / "delivery.csv").write_bytes(BYTES_OF[kind](LIST))  # its name says nothing
    (tmp_path / "workspace").mkdir()
    contents = read_delivery(
        tmp_path / "delivery.csv", LAYOUT, limits=ReadingLimits(), workspace=tmp_path / "workspace"
    )
    assert records(contents) == expected(ZHANG, LI, WANG)
    assert list((tmp_path / "workspace").iterdir()) == []


# Cells that are no texts


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(xlsx, id="xlsx"),
        pytest.param(xls, id="xls"),
        pytest.param(lambda rows: xlsb({"服务对象": rows}), id="xlsb"),
        pytest.param(lambda rows: excel5({"服务对象": rows}), id="Excel 5"),
        pytest.param(ods, id="ods"),
    ],
)
def test_an_id_number_stored_as_a_number_is_marked_in_every_workbook(contents_of, write):
    table = contents_of(write([HEADER, [*ZHANG[:2], float(NUMBER), *ZHANG[3:]], LI])).tables["main"].table
    assert table["id_number__number"].to_pylist() == [True, False]
    assert table["id_number"].to_pylist()[1] == LI[2]
    assert table["id_number"].to_pylist()[0] != ZHANG[2]


@pytest.mark.parametrize("from_1904", [False, True], ids=["from 1900", "from 1904"])
@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])
def test_days_are_iso_whatever_they_count_from(contents_of, kind, from_1904):
    rows = [HEADER, [*ZHANG[:5], dt.date(2025, 1, 2)]]
    content = {
        "xlsx": lambda: xlsx(rows, date_1904=from_1904),
        "xls": lambda: xls(rows, dates_from_1904=from_1904),
        "ods": lambda: ods(rows),
    }[kind]()
    contents = contents_of(content)
    assert records(contents) == expected(ZHANG)
    assert "registered_date__number" not in contents.tables["main"].table.column_names
    assert ("date1904" in contents.tables["main"].table.column_names) == (from_1904 and kind != "ods")


def test_a_cell_of_a_page_is_text_unless_excel_says_that_it_was_a_number(contents_of):
    page = html([HEADER, ZHANG, LI, WANG]).decode("gbk")
    page = page.replace(f"<td>{LI[2]}", '<td x:num="4.4142119480101E+17">4.41421E+17').replace(
        f"<td>{WANG[5]}", f'<td x:num="45661">{WANG[5]}'
    )
    table = contents_of(page.encode("gbk")).tables["main"].table
    assert table["id_number"].to_pylist() == [ZHANG[2], "441421194801010000", WANG[2]]
    assert table["id_number__number"].to_pylist() == [False, True, False]
    assert table["registered_date"].to_pylist()[2] == WANG[5]


def test_a_numeric_field_of_a_table_keeps_digits_that_are_exact_and_marks_all_others(contents_of):
    fields = "姓名 C(20); 身份证号码 N(18,0); 家庭每月收 N(10,2); 性别 C(2); 建档日期 D; 户籍村居 C(20)"
    records_made = [
        ("张三", 441421194503120018, 12.5, "男", dbf.Date(2025, 1, 2), "大黄村"),
        ("李四", 441421450312001, 3, "女", None, "小黄村"),
    ]
    table = contents_of(dbase_of(fields, records_made)).tables["main"].table
    assert table["id_number__number"].to_pylist() == [True, False]
    assert table["id_number"].to_pylist()[1] == "441421450312001"
    assert table["household_monthly_income_fen"].to_pylist() == ["12.50", "3.00"]
    assert table["household_monthly_income_fen__number"].to_pylist() == [True, True]
    assert table["registered_date"].to_pylist() == ["2025-01-02", None]


def test_deleted_records_of_a_table_are_left_and_counted(contents_of):
    fields = "姓名 C(20); 身份证号码 C(18); 性别 C(2)"
    made = [("张三", ZHANG[2], "男"), ("李四", LI[2], "女"), ("王五", WANG[2], "男")]
    contents = contents_of(dbase_of(fields, made, deleted=[1]))
    assert [row[0] for row in records(contents)] == ["张三", "王五"]
    assert contents.tables["main"].table["row_number"].to_pylist() == [2, 4]
    assert [note.count for note in notes(contents, ReadingNoteKind.DELETED_RECORDS_LEFT)] == [1]


def test_a_memo_is_refused_because_its_text_is_in_another_file(contents_of):
    content = bytearray(dbase_of("姓名 C(20); 身份证号码 C(18); 性别 C(2)", [("张三", ZHANG[2], "男")]))
    content[32 + 2 * 32 + 11] = ord("M")  # 性别, its cell now says where a memo is
    assert seen(contents_of(bytes(content))) == [(Finding.FILE_UNREADABLE, "含有备注型字段，其内容在另一文件中")]


@pytest.mark.parametrize("cut", [10, 45])
def test_a_table_with_fewer_records_than_it_says_is_refused(contents_of, cut):
    content = dbase_of("姓名 C(20); 身份证号码 C(18); 性别 C(2)", [("张三", ZHANG[2], "男")] * 3)
    assert [code for code, _ in seen(contents_of(content[:-cut]))] == [Finding.FILE_UNREADABLE]


# What a sheet says beside its cells


@pytest.fixture
def sheets(tmp_path):
    def read_sheets(content, layout=LAYOUT):
        (tmp_path / "delivery").write_bytes(content)
        documents = Documents(Raw.on_disk(tmp_path / "delivery"), layout, ReadingLimits())
        return [sheet for document in documents for sheet in sheets_of(document, layout, ReadingLimits())[0]]

    return read_sheets


@pytest.mark.parametrize("kind", FACTS_OF)
def test_what_a_sheet_says_beside_its_cells_is_read_from_every_format(sheets, kind):
    first, *others = sheets(FACTS_OF[kind]())
    assert first.hidden_rows.tolist() == [2]
    assert first.formula_rows.tolist() == [3]
    assert first.error_rows.tolist() == [3]
    assert first.merged == [(5, 0, 6, 1)]
    assert first.comments == (0 if kind in {"xls", "page"} else 2)
    assert first.dates_from_1904 == (kind not in {"ods", "page"})
    assert [(sheet.name, sheet.is_hidden) for sheet in others] == ([] if kind == "page" else [(HIDDEN_SHEET, True)])
    assert not first.is_hidden
    assert first.texts(2, 4) == [LI, [*WANG[:4], "", WANG[5]]] or kind == "xls"  # xlwt stores no results


def test_sheets_of_one_name_are_told_apart_and_all_read(contents_of):
    content = xml_spreadsheet([HEADER, ZHANG])
    end = content.index(b"<Worksheet")
    twice = content.replace(b"</Workbook>", content[end:])
    contents = contents_of(twice)
    assert len(records(contents)) == 2
    assert places(contents) == [("服务对象", 2), ("第2个/服务对象", 2)]
