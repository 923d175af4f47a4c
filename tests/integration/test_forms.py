"""Whole files that are forms, through the process that reads them: every format, several forms, and files that are not whole."""

import zipfile
from datetime import date
from pathlib import Path

import docx
import openpyxl
import pandas as pd
import pytest
import xlwt
from filled_forms import LI, MEMBERS, PERSON, TICKED, WANG, ZHANG, fill_docx, fill_xlsx
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import CoveredTableCell, Table, TableCell, TableRow
from odf.text import P

from connectors.reading import ReadingLimits, read_delivery
from connectors.templates import write_form_docx, write_form_xlsx
from flows.intake.deliveries import layout_of
from schemas.configuration import load_configuration
from transforms.locality import Locality
from transforms.standardise import standardise

ROOT = Path(__file__).resolve().parents[2]
CONFIGURATION = load_configuration(ROOT / "config")
SURVEY = CONFIGURATION.sources["village_survey"]
AREA = "梅州市梅县区"
HOUSEHOLD = [{"elder_id_number": ZHANG, **member} for member in MEMBERS]
OTHER = {**PERSON, "name": "王五", "id_number": WANG}
PLACES = ("sheet", "row_number")


@pytest.fixture
def read(tmp_path):
    workspace = tmp_path / "workspace"
    workspace.mkdir(mode=0o700)

    def read_file(path, source=SURVEY):
        contents = read_delivery(path, layout_of(source), limits=ReadingLimits(), workspace=workspace)
        for table in contents.tables.values():
            assert table.received == table.table.num_rows + table.blank + table.broken
        return contents

    return read_file


@pytest.fixture
def workbook(tmp_path):
    """A workbook with a form on each of its sheets."""

    def make(**people):
        path = tmp_path / "forms.xlsx"
        write_form_xlsx(path, area=AREA)
        book = openpyxl.load_workbook(path)
        blank = book.active
        for name in people:
            book.copy_worksheet(blank).title = name
        book.remove(blank)
        for name, person in people.items():
            if person:
                fill_xlsx(book[name], person, MEMBERS if person is PERSON else [], TICKED)
        book.save(path)
        return path

    return make


def rows_of(contents, name="main"):
    assert not contents.refused, contents.findings
    rows = contents.tables[name].table.to_pylist()
    extra = {"sheet", "row_number", "row_hash"}
    return [
        {key: value for key, value in row.items() if value is not None and key not in extra and "__" not in key}
        for row in rows
    ]


def places_of(contents, name="main"):
    table = contents.tables[name].table
    return list(zip(*(table[place].to_pylist() for place in PLACES), strict=True))


def test_a_workbook_with_a_form_on_each_sheet_is_a_list(read, workbook):
    contents = read(workbook(张家=PERSON, 空白=None, 王家=OTHER))
    assert rows_of(contents) == [PERSON, OTHER]
    assert rows_of(contents, "members") == HOUSEHOLD
    assert places_of(contents) == [("张家", 5), ("王家", 5)]
    assert contents.tables["main"].blank == 1
    assert [
        (str(note.kind), note.sheet) for note in contents.notes if "form" in note.kind and note.kind != "format"
    ] == [
        ("form", "张家"),
        ("form", "王家"),
        ("blank-form", "空白"),
    ]


def test_a_document_with_several_forms_is_a_list(tmp_path, read):
    people = (PERSON, OTHER)
    for number, person in enumerate(people):
        write_form_docx(tmp_path / f"{number}.docx", area=AREA)
        fill_docx(tmp_path / f"{number}.docx", person, MEMBERS if person is PERSON else [], TICKED)
    whole = docx.Document(str(tmp_path / "0.docx"))
    last = whole.element.body.sectPr
    for element in docx.Document(str(tmp_path / "1.docx")).element.body:
        if not element.tag.endswith("sectPr"):
            last.addprevious(element)
    whole.save(str(tmp_path / "forms.docx"))
    contents = read(tmp_path / "forms.docx")
    assert rows_of(contents) == [PERSON, OTHER]
    assert places_of(contents) == [("第1份", 1), ("第2份", 1)]
    assert places_of(contents, "members") == [("第1份", 9), ("第1份", 10)]


def cells_of(path):
    """The cells and merged blocks of the first sheet of a workbook."""
    sheet = openpyxl.load_workbook(path).worksheets[0]
    merged = [
        (area.min_row - 1, area.min_col - 1, area.max_row - 1, area.max_col - 1) for area in sheet.merged_cells.ranges
    ]
    return [[cell.value for cell in row] for row in sheet.iter_rows()], merged


def as_xls(path, rows, merged):
    book = xlwt.Workbook()
    sheet = book.add_sheet("登记表")
    inside = {(r, c) for r1, c1, r2, c2 in merged for r in range(r1, r2 + 1) for c in range(c1, c2 + 1)}
    for first_row, first_column, last_row, last_column in merged:
        sheet.write_merge(first_row, last_row, first_column, last_column, rows[first_row][first_column] or "")
    for row, cells in enumerate(rows):
        for column, value in enumerate(cells):
            if value is not None and (row, column) not in inside:
                sheet.write(row, column, value)
    book.save(str(path))


def as_ods(path, rows, merged):
    spans = {(r1, c1): (r2 - r1 + 1, c2 - c1 + 1) for r1, c1, r2, c2 in merged}
    covered = {(r, c) for r1, c1, r2, c2 in merged for r in range(r1, r2 + 1) for c in range(c1, c2 + 1)} - set(spans)
    document = OpenDocumentSpreadsheet()
    sheet = Table(name="登记表")
    for row, cells in enumerate(rows):
        line = TableRow()
        for column, value in enumerate(cells):
            if (row, column) in covered:
                line.addElement(CoveredTableCell())
                continue
            down, across = spans.get((row, column), (1, 1))
            kind = {"valuetype": "float", "value": value} if isinstance(value, int | float) else {"valuetype": "string"}
            cell = TableCell(numberrowsspanned=down, numbercolumnsspanned=across, **(kind if value is not None else {}))
            if value is not None:
                cell.addElement(P(text=str(value)))
            line.addElement(cell)
        sheet.addElement(line)
    document.spreadsheet.addElement(sheet)
    document.save(str(path))


@pytest.mark.parametrize("write", [as_xls, as_ods], ids=["xls", "ods"])
def test_forms_of_older_and_open_spreadsheets_read_the_same(tmp_path, read, workbook, write):
    rows, merged = cells_of(workbook(张家=PERSON))
    write(tmp_path / "form", rows, merged)
    contents = read(tmp_path / "form")
    assert rows_of(contents) == [PERSON]
    assert rows_of(contents, "members") == HOUSEHOLD


def test_a_list_beside_forms_is_read_too(read, workbook):
    path = workbook(张家=PERSON)
    book = openpyxl.load_workbook(path)
    sheet = book.create_sheet("服务对象")
    sheet.append(["姓名", "身份证号码", "对象类型"])
    sheet.append(["王五", WANG, "空巢"])
    book.save(path)
    contents = read(path)
    assert [row["name"] for row in rows_of(contents)] == ["张三", "王五"]


def test_a_number_typed_into_a_form_as_a_number_is_marked(read, workbook):
    path = workbook(张家={**PERSON, "id_number": 441421194503120018})
    table = read(path).tables["main"].table
    assert table["id_number"].to_pylist() == ["441421194503120000"]
    assert table["id_number__number"].to_pylist() == [True]


def test_one_form_that_is_not_whole_refuses_the_file(read, workbook):
    path = workbook(张家=PERSON, 王家=OTHER)
    book = openpyxl.load_workbook(path)
    cell = next(cell for row in book["王家"].iter_rows() for cell in row if cell.value == "对象类型")
    cell.value = None
    book.save(path)
    contents = read(path)
    assert contents.refused
    assert [(str(f.code), f.sheet, f.field, f.seen) for f in contents.findings] == [
        ("column-missing", "王家", "categories", "对象类型")
    ]


def test_a_list_that_does_not_come_as_forms_takes_no_document(tmp_path, read):
    write_form_docx(tmp_path / "form.docx", area=AREA)
    contents = read(tmp_path / "form.docx", CONFIGURATION.sources["disability_federation"])
    assert [str(finding.code) for finding in contents.findings] == ["header-not-found"]


def test_a_document_that_names_another_file_is_hostile_and_the_file_is_not_read(tmp_path, read):
    secret = tmp_path / "secret"
    secret.write_text(LI)
    write_form_docx(tmp_path / "form.docx", area=AREA)
    with zipfile.ZipFile(tmp_path / "form.docx") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    text = parts["word/document.xml"].decode()
    head, _, rest = text.partition("<w:document")
    declared = f'{head}<!DOCTYPE w [<!ENTITY x SYSTEM "file://{secret}">]><w:document{rest}'
    parts["word/document.xml"] = declared.replace("附件 1", "&x;").encode()
    with zipfile.ZipFile(tmp_path / "form.docx", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    contents = read(tmp_path / "form.docx")
    assert [str(finding.code) for finding in contents.findings] == ["file-hostile"]
    assert contents.tables == {}


def test_what_cannot_be_told_from_the_boxes_is_reported_and_states_nothing(read, workbook):
    path = workbook(张家=PERSON)
    book = openpyxl.load_workbook(path)
    cell_of = {cell.value: cell for row in book["张家"].iter_rows() for cell in row if cell.value}
    book["张家"].cell(cell_of["独居老年人"].row, cell_of["独居老年人"].column - 1).value = "×"
    book["张家"].cell(cell_of["重残老年人(残疾人证号:"].row, cell_of["重残老年人(残疾人证号:"].column - 1).value = "□"
    book["张家"].cell(cell_of["无养老保险"].row, cell_of["无养老保险"].column - 1).value = "☑"
    book.save(path)
    table = read(path).tables["main"].table
    delivered = pd.DataFrame({field: pd.Series(table[field].to_pylist(), dtype="str") for field in SURVEY.main.columns})
    rows, notes = standardise(delivered, {}, SURVEY, Locality.of(CONFIGURATION), today=date(2025, 6, 30))
    assert pd.isna(rows["categories"][0])
    assert pd.isna(rows["monthly_pension_fen"][0])
    found = set(zip(notes.frame()["code"], notes.frame()["field"], strict=True))
    assert {("category-unknown", "categories"), ("amount-format", "monthly_pension_fen")} <= found
