"""One list with everything a sheet can say beside its cells, in each format that can say it.

Row 3 is hidden, row 4 calculated and in error, rows 6 and 7 have merged cells, two cells have comments where the writer can
make any, and a second sheet is hidden.
"""

import io
import zipfile
from collections.abc import Callable
from html import escape

import xlsxwriter
import xlwt
from made_up_binary import xlsb
from made_up_files import LIST
from odf import dc, office, opendocument, style, table, text

__all__ = ["FACTS_OF", "HIDDEN_SHEET"]

HIDDEN_SHEET = "旧名单"
_ROWS = [*LIST, ["", "", "", "", "", ""], ["说明", "", "", "", "", ""], ["", "", "", "", "", "末"]]


def _xlsx() -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "date_1904": True}) as book:
        page, other = book.add_worksheet("服务对象"), book.add_worksheet(HIDDEN_SHEET)
        for number, row in enumerate(_ROWS):
            for column, cell in enumerate(row):
                page.write(number, column, cell or None)
        page.set_row(2, None, None, {"hidden": True})
        page.write_formula(3, 0, '="王五"', None, "王五")
        page.write_formula(3, 4, "=NA()", None, "#N/A")
        page.write_comment(0, 0, "说明")
        page.write_comment(1, 0, "说明")
        page.merge_range(5, 0, 6, 1, "说明")
        other.write_string(0, 0, "旧")
        other.hide()
    return out.getvalue()


def _xls() -> bytes:
    book = xlwt.Workbook()
    book.dates_1904 = True
    page, other = book.add_sheet("服务对象", cell_overwrite_ok=True), book.add_sheet(HIDDEN_SHEET)
    for number, row in enumerate(_ROWS):
        for column, cell in enumerate(row):
            if cell:
                page.write(number, column, cell)
    page.row(2).hidden = True
    page.write(3, 0, xlwt.Formula('"王五"'))
    page.row(3).set_cell_error(4, 0x2A)
    page.write_merge(5, 6, 0, 1, "说明")
    other.write(0, 0, "旧")
    other.visibility = 1
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _xlsb() -> bytes:
    return xlsb(
        {"服务对象": _ROWS, HIDDEN_SHEET: [["旧"]]}, hidden_rows=[2], hidden_sheets=[HIDDEN_SHEET], merged=[(5, 0, 6, 1)],
        formula_rows=[3], error_cells=[(3, 4)], comments=2, dates_from_1904=True,
    )  # fmt: skip


def _ods() -> bytes:
    document = opendocument.OpenDocumentSpreadsheet()
    not_shown = style.Style(name="hidden", family="table")
    not_shown.addElement(style.TableProperties(display="false"))
    document.automaticstyles.addElement(not_shown)
    page, other = table.Table(name="服务对象"), table.Table(name=HIDDEN_SHEET, stylename=not_shown)
    for number, row in enumerate(_ROWS):
        line = table.TableRow(visibility="filter") if number == 2 else table.TableRow()
        for column, cell in enumerate(row):
            line.addElement(_ods_cell(number, column, cell))
        page.addElement(line)
    old = table.TableRow()
    old.addElement(_ods_cell(9, 9, "旧"))
    other.addElement(old)
    document.spreadsheet.addElement(page)
    document.spreadsheet.addElement(other)
    written, out = io.BytesIO(), io.BytesIO()
    document.write(written)
    with zipfile.ZipFile(written) as before, zipfile.ZipFile(out, "w") as after:
        for name in before.namelist():
            part = before.read(name)
            if name == "content.xml":  # how LibreOffice marks an error; odfpy does not know the attribute
                part = part.replace(b'"of:=NA()"', b'"of:=NA()" calcext:value-type="error"')
                part = part.replace(
                    b"<office:document-content ", b'<office:document-content xmlns:calcext="urn:calcext" '
                )
            after.writestr(name, part)
    return out.getvalue()


def _ods_cell(row: int, column: int, cell: str) -> table.TableCell:
    place = row, column
    if place in {(5, 1), (6, 0), (6, 1)}:
        return table.CoveredTableCell()
    if place == (3, 4):
        return table.TableCell(formula="of:=NA()", valuetype="string", stringvalue="")
    more = {"numbercolumnsspanned": 2, "numberrowsspanned": 2} if place == (5, 0) else {}
    if place == (3, 0):
        more = {"formula": 'of:="王五"'}
    made = table.TableCell(valuetype="string", **more) if cell else table.TableCell(**more)
    if place in {(0, 0), (1, 0)}:
        note = office.Annotation()
        note.addElement(dc.Date(text="2025-01-02T00:00:00"))
        note.addElement(text.P(text="说明"))
        made.addElement(note)
    if cell:
        made.addElement(text.P(text=cell))
    return made


def _html() -> bytes:
    lines = ""
    for number, row in enumerate(_ROWS):
        lines += '<tr style="display:none">' if number == 2 else "<tr>"
        for column, cell in enumerate(row):
            if (number, column) in {(5, 1), (6, 0), (6, 1)}:
                continue
            more = {(3, 0): ' x:fmla="=A1"', (3, 4): ' x:err="#N/A"', (5, 0): " colspan=2 rowspan=2"}
            lines += f"<td{more.get((number, column), '')}>{escape(cell)}</td>"
        lines += "</tr>"
    return f"<html><meta charset=utf-8><table>{lines}</table></html>".encode()


def _xml() -> bytes:
    lines = ""
    for number, row in enumerate(_ROWS):
        lines += '<Row ss:Hidden="1">' if number == 2 else "<Row>"
        for column, cell in enumerate(row):
            lines += _xml_cell(number, column, cell)
        lines += "</Row>"
    return (
        '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>'
        '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
        'xmlns:x="urn:schemas-microsoft-com:office:excel" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">'
        "<x:ExcelWorkbook><x:Date1904/></x:ExcelWorkbook>"
        f'<Worksheet ss:Name="服务对象"><Table>{lines}</Table></Worksheet>'
        f'<Worksheet ss:Name="{HIDDEN_SHEET}"><Table><Row><Cell><Data ss:Type="String">旧</Data></Cell></Row></Table>'
        "<x:WorksheetOptions><x:Visible>SheetHidden</x:Visible></x:WorksheetOptions></Worksheet></Workbook>"
    ).encode()


def _xml_cell(row: int, column: int, cell: str) -> str:
    place = row, column
    if place == (3, 4):
        return '<Cell><Data ss:Type="Error">#N/A</Data></Cell>'
    if not cell or place in {(5, 1), (6, 0), (6, 1)}:
        return ""
    more = {(3, 0): ' ss:Formula="=1"', (5, 0): ' ss:MergeAcross="1" ss:MergeDown="1"'}.get(place, "")
    comment = "<Comment><ss:Data>说明</ss:Data></Comment>" if place in {(0, 0), (1, 0)} else ""
    return f'<Cell ss:Index="{column + 1}"{more}><Data ss:Type="String">{cell}</Data>{comment}</Cell>'


FACTS_OF: dict[str, Callable[[], bytes]] = {
    "xlsx": _xlsx, "xls": _xls, "xlsb": _xlsb, "ods": _ods, "page": _html, "XML spreadsheet": _xml,
}  # fmt: skip
"""The bytes in each format. Pages and what xlwt writes have no comments, pages no second sheet and no date system."""
