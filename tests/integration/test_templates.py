"""Blank forms and lists: filled in by a person they read back exactly, and they are what the notice prints."""

import re
import zipfile
from datetime import date
from pathlib import Path

import docx
import openpyxl
import pytest
from filled_forms import (
    CERTIFICATE,
    LI,
    MEMBERS,
    PERSON,
    TICKED,
    WANG,
    ZHANG,
    fill_docx,
    fill_list,
    fill_xlsx,
)
from lxml import etree

from connectors.reading import ReadingLimits, read_delivery
from connectors.reading import read as reading
from connectors.templates import write_form_docx, write_form_xlsx, write_roster_xlsx
from connectors.templates.form_layout import PARTS, Box, Words, title
from flows.intake.deliveries import layout_of
from schemas.configuration import load_configuration

ROOT = Path(__file__).resolve().parents[2]
CONFIGURATION = load_configuration(ROOT / "config")
SURVEY = CONFIGURATION.sources["village_survey"]
AREA = "梅州市梅县区"


@pytest.fixture
def read(tmp_path):
    workspace = tmp_path / "workspace"
    workspace.mkdir(mode=0o700)

    def read_file(path, source=SURVEY):
        return read_delivery(path, layout_of(source), limits=ReadingLimits(), workspace=workspace)

    return read_file


def read_here(path, source=SURVEY):
    """The same without a process of its own."""
    return reading.read(path, layout_of(source), ReadingLimits())


def rows_of(contents, name="main"):
    assert not contents.refused, contents.findings
    extra = {"sheet", "row_number", "row_hash"}
    return [
        {field: value for field, value in row.items() if value is not None and field not in extra}
        for row in contents.tables[name].table.to_pylist()
    ]


def plain(rows):
    return [{field: value for field, value in row.items() if not field.endswith("__number")} for row in rows]


HOUSEHOLD = [{"elder_id_number": ZHANG, **member} for member in MEMBERS]


def test_the_word_form_filled_in_reads_back_exactly(tmp_path, read):
    write_form_docx(tmp_path / "form.docx", area=AREA)
    fill_docx(tmp_path / "form.docx", PERSON, MEMBERS, TICKED)
    contents = read(tmp_path / "form.docx")
    assert rows_of(contents) == [PERSON]
    assert rows_of(contents, "members") == HOUSEHOLD
    assert contents.findings == []


def test_the_form_as_a_worksheet_filled_in_reads_back_exactly(tmp_path, read):
    write_form_xlsx(tmp_path / "form.xlsx", area=AREA)
    book = openpyxl.load_workbook(tmp_path / "form.xlsx")
    fill_xlsx(book.active, PERSON, MEMBERS, TICKED)
    book.save(tmp_path / "form.xlsx")
    contents = read(tmp_path / "form.xlsx")
    assert plain(rows_of(contents)) == [PERSON]
    assert rows_of(contents, "members") == HOUSEHOLD
    assert contents.findings == []
    assert "id_number__number" not in contents.tables["main"].table.column_names


@pytest.mark.parametrize("box", [
    "独居老年人", "空巢老年人", "留守老年人", "失能老年人", "重残老年人", "计划生育特殊家庭老年人",
])  # fmt: skip
def test_each_box_is_its_own_type(tmp_path, box):
    write_form_docx(tmp_path / "form.docx", area=AREA)
    fill_docx(tmp_path / "form.docx", {"name": "张三", "id_number": ZHANG}, [], (box,))
    write_form_xlsx(tmp_path / "form.xlsx", area=AREA)
    book = openpyxl.load_workbook(tmp_path / "form.xlsx")
    fill_xlsx(book.active, {"name": "张三", "id_number": ZHANG}, [], (box,))
    book.save(tmp_path / "form.xlsx")
    expected = [{"name": "张三", "id_number": ZHANG, "categories": box.removesuffix("老年人")}]
    assert rows_of(read_here(tmp_path / "form.docx")) == expected
    assert rows_of(read_here(tmp_path / "form.xlsx")) == expected


@pytest.mark.parametrize("kind", ["docx", "xlsx"])
def test_a_form_nobody_filled_in_is_a_blank_one(tmp_path, kind):
    path = tmp_path / f"form.{kind}"
    {"docx": write_form_docx, "xlsx": write_form_xlsx}[kind](path, area=AREA)
    main = read_here(path).tables["main"]
    assert (main.received, main.blank, main.table.num_rows) == (1, 1, 0)


# What is on them


def printed():
    """The words of the form in order, and how many boxes it has."""
    pieces = [piece for part in PARTS for row in part.rows for frame in row for piece in frame.pieces]
    words = [
        piece.text if isinstance(piece, Words) else piece.word for piece in pieces if isinstance(piece, Words | Box)
    ]
    return words, sum(isinstance(piece, Box) for piece in pieces)


def test_the_word_form_has_every_word_of_the_notice_and_words_own_boxes(tmp_path):
    write_form_docx(tmp_path / "form.docx", area=AREA)
    document = docx.Document(str(tmp_path / "form.docx"))
    assert title(AREA) == "梅州市梅县区特殊困难老年人基本信息登记表"
    lines = [paragraph.text for paragraph in document.paragraphs]
    assert title(AREA) in lines
    assert [line for line in lines if line[:2] in {"一、", "二、", "三、", "四、"}] == [part.heading for part in PARTS]
    words, boxes = printed()
    text = re.sub(
        r"\s", "", "".join(etree.tostring(table._tbl, method="text", encoding="unicode") for table in document.tables)
    )
    place = 0
    for word in words:
        place = text.index(word, place) + len(word)
    assert (
        sum(1 for _ in document.element.body.iter("{http://schemas.microsoft.com/office/word/2010/wordml}checkbox"))
        == boxes
        == 16
    )
    section = document.sections[0]
    assert (section.page_width.cm, section.page_height.cm) == (
        pytest.approx(21, abs=0.01),
        pytest.approx(29.7, abs=0.01),
    )


def test_the_worksheet_prints_on_one_page_and_keeps_numbers_as_text(tmp_path):
    write_form_xlsx(tmp_path / "form.xlsx", area=AREA)
    sheet = openpyxl.load_workbook(tmp_path / "form.xlsx").active
    setup = sheet.page_setup
    assert (setup.paperSize, setup.fitToWidth or 1, setup.fitToHeight or 1, setup.orientation) == (9, 1, 1, "portrait")
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    values = {cell.value for row in sheet.iter_rows() for cell in row if cell.value}
    words, boxes = printed()
    assert set(words) <= values
    assert sum(cell.value == "□" for row in sheet.iter_rows() for cell in row) == boxes
    box_checks = [check for check in sheet.data_validations.dataValidation if check.formula1 == '"□,☑"']
    assert sum(len(check.sqref.ranges) for check in box_checks) == boxes
    behind = next(cell for row in sheet.iter_rows() for cell in row if cell.value == "身份证号码")
    assert sheet.cell(behind.row, behind.column + 3).number_format == "@"


@pytest.mark.parametrize("name", ["form.docx", "form.xlsx", "list.xlsx"])
def test_templates_carry_no_formula_link_macro_or_name_of_a_person(tmp_path, name):
    path = tmp_path / name
    write = {
        "form.docx": lambda: write_form_docx(path, area=AREA),
        "form.xlsx": lambda: write_form_xlsx(path, area=AREA),
    }
    write.get(name, lambda: write_roster_xlsx(path, SURVEY, divisions=CONFIGURATION.divisions))()
    with zipfile.ZipFile(path) as archive:
        parts = {part: archive.read(part).decode() for part in archive.namelist() if part.endswith((".xml", ".rels"))}
        assert not [part for part in archive.namelist() if "vba" in part.lower() or "activex" in part.lower()]
    assert not [
        part for part, text in parts.items() if "<f>" in text or 'TargetMode="External"' in text or "<f " in text
    ]
    assert not [part for part, text in parts.items() if re.search("<(dc:creator|cp:lastModifiedBy)>[^<]", text)]
    assert path.stat().st_mode & 0o777 == 0o600


def test_writing_a_worksheet_again_makes_the_same_file(tmp_path):
    for name in ("one", "two"):
        write_form_xlsx(tmp_path / f"{name}.xlsx", area=AREA)
        write_roster_xlsx(tmp_path / f"{name}-list.xlsx", SURVEY, divisions=CONFIGURATION.divisions)
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()
    assert (tmp_path / "one-list.xlsx").read_bytes() == (tmp_path / "two-list.xlsx").read_bytes()


# Lists


ROWS = [
    {
        "姓名": "张三", "性别": "男", "身份证号码": ZHANG, "联系电话": "13800138000", "户籍县(市、区)": "梅县区", "户籍乡镇(街道)": "扶大镇",
        "户籍村(居)": "三葵村委会", "对象类型": "独居、重残", "残疾人证号": CERTIFICATE, "饮水是否安全": "是", "家庭每月收入(元)": 1200.5,
        "建档日期": date(2024, 3, 5),
    },
    {"姓名": "王五", "身份证号码": WANG, "对象类型": "空巢"},
]  # fmt: skip


def test_a_list_filled_in_reads_back_exactly(tmp_path, read):
    path = tmp_path / "list.xlsx"
    write_roster_xlsx(path, SURVEY, divisions=CONFIGURATION.divisions)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["填报说明", "服务对象", "家庭成员", "行政区划"]
    fill_list(book["服务对象"], ROWS)
    fill_list(book["家庭成员"], [{"服务对象身份证号码": ZHANG, "姓名": "李梅", "身份证号码": LI, "与户主关系": "配偶"}])
    book.save(path)
    contents = read(path)
    headers = {headers[0]: field for field, headers in SURVEY.main.columns.items()}
    expected = [{headers[header]: value for header, value in row.items()} for row in ROWS]
    expected[0] |= {"household_monthly_income_fen": "1200.5", "registered_date": "2024-03-05"}
    assert plain(rows_of(contents)) == expected
    assert rows_of(contents, "members") == [
        {"elder_id_number": ZHANG, "name": "李梅", "id_number": LI, "relation_to_head": "配偶"}
    ]
    assert contents.findings == []


@pytest.mark.parametrize("name", sorted(CONFIGURATION.sources))
def test_every_source_has_a_list_to_fill_in(tmp_path, name):
    source = CONFIGURATION.sources[name]
    path = tmp_path / "list.xlsx"
    write_roster_xlsx(path, source)
    book = openpyxl.load_workbook(path)
    headers = {field: headers[0] for field, headers in source.main.columns.items()}
    fill_list(book[source.main.sheets[0]], [{headers[field]: WANG for field in source.main.required}])
    book.save(path)
    contents = read_here(path, source)
    assert rows_of(contents) == [dict.fromkeys(source.main.required, WANG)]
    assert contents.findings == []


def test_an_empty_list_has_no_rows(tmp_path):
    write_roster_xlsx(tmp_path / "list.xlsx", SURVEY)
    assert read_here(tmp_path / "list.xlsx").tables["main"].received == 0


def test_a_list_without_a_division_table_has_no_drop_down_of_places(tmp_path):
    write_roster_xlsx(tmp_path / "list.xlsx", SURVEY)
    book = openpyxl.load_workbook(tmp_path / "list.xlsx")
    assert not dict(book.defined_names)
    assert not [c for c in book["服务对象"].data_validations.dataValidation if "名称" in str(c.formula1)]


def test_a_list_has_text_columns_drop_downs_and_a_header_that_stays(tmp_path):
    path = tmp_path / "list.xlsx"
    write_roster_xlsx(path, SURVEY, divisions=CONFIGURATION.divisions)
    book = openpyxl.load_workbook(path)
    sheet = book["服务对象"]
    assert sheet.freeze_panes == "B2"
    column_of = {cell.value: cell.column_letter for cell in sheet[1]}
    for header in ("身份证号码", "联系电话", "残疾人证号", "姓名"):
        assert sheet.column_dimensions[column_of[header]].number_format == "@"
    checks = {str(check.sqref).split(":")[0][:-1]: check for check in sheet.data_validations.dataValidation}
    assert checks[column_of["性别"]].formula1 == '"男,女"'
    assert checks[column_of["饮水是否安全"]].formula1 == '"是,否"'
    assert checks[column_of["户籍乡镇(街道)"]].formula1 == "乡镇名称"
    assert checks[column_of["家庭每月收入(元)"]].operator == "greaterThanOrEqual"
    assert checks[column_of["建档日期"]].formula2 == "TODAY()"
    assert "计划生育特殊家庭" in checks[column_of["对象类型"]].prompt
    assert {check.errorStyle for check in checks.values() if check.type not in {None, "none"}} == {
        "warning",
        "information",
    }
    places = book["行政区划"]
    assert places.sheet_state == "hidden"
    towns = [cell.value for cell in places["B"] if cell.value]
    assert towns[0] == "乡镇名称"
    assert "扶大镇" in towns
    assert towns.count("水车镇") == 1
    assert book.defined_names["乡镇名称"].attr_text == f"行政区划!$B$2:$B${len(towns)}"
