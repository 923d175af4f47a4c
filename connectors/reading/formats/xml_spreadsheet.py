"""XML Spreadsheet 2003 (``<?mso-application progid="Excel.Sheet"?>``), which reporting tools save under ``.xls``.

Rows are made one at a time. A document that declares entities is refused: no spreadsheet program writes any.
"""

from lxml import etree

from connectors.reading.formats.cells import Cell
from connectors.reading.formats.raw import Raw
from connectors.reading.formats.refusal import damage_is, hostile, refused
from connectors.reading.formats.row_sheet import RowSheet
from connectors.reading.layout import ReadingLimits
from connectors.reading.sheets import SheetCells
from schemas.findings import Finding

__all__ = ["read_xml_spreadsheet"]

_SS = "{urn:schemas-microsoft-com:office:spreadsheet}"
_X = "{urn:schemas-microsoft-com:office:excel}"
_CELL, _DATA, _COMMENT, _TYPE = f"{_SS}Cell", f"{_SS}Data", f"{_SS}Comment", f"{_SS}Type"
_INDEX, _ACROSS, _DOWN = f"{_SS}Index", f"{_SS}MergeAcross", f"{_SS}MergeDown"
_HIDDEN, _FORMULA = f"{_SS}Hidden", f"{_SS}Formula"
_TAGS = (f"{_SS}Workbook", f"{_SS}Worksheet", f"{_SS}Row", f"{_X}Date1904", f"{_X}Visible")


def read_xml_spreadsheet(raw: Raw, limits: ReadingLimits) -> list[SheetCells]:
    """The worksheets that show anything.

    Raises:
        DeliveryRefusedError: the document is damaged or hostile, or a sheet is larger than allowed.
    """
    reader = _Reader(limits)
    with damage_is("XML 电子表格内容损坏"), raw.open() as file:
        events = etree.iterparse(
            file,
            events=("start", "end"),
            tag=_TAGS,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
        )
        for event, element in events:
            reader.take(event, element)
    sheets = [cells for sheet in reader.sheets if (cells := sheet.cells()) is not None]
    if not sheets:
        raise refused(Finding.FILE_EMPTY)
    return sheets


class _Reader:
    """The sheets, put together as elements come by."""

    def __init__(self, limits: ReadingLimits) -> None:
        self.sheets: list[RowSheet] = []
        self._limits = limits
        self._from_1904 = False

    def take(self, event: str, element: etree._Element) -> None:
        """An element begins, or is complete."""
        if event == "start":
            if element.getparent() is None and element.getroottree().docinfo.internalDTD is not None:
                raise hostile("XML 声明了实体")
            if element.tag == f"{_SS}Worksheet":
                name = element.get(f"{_SS}Name", "")
                self.sheets.append(RowSheet(self._limits, name, dates_from_1904=self._from_1904))
        elif element.tag == f"{_X}Date1904":  # stands before the sheets
            self._from_1904 = True
        elif element.tag == f"{_SS}Row" and self.sheets:
            _take_row(self.sheets[-1], element)
            element.clear()
            above = element.getparent()
            while above is not None and element.getprevious() is not None:
                del above[0]
        elif element.tag == f"{_X}Visible" and self.sheets:
            self.sheets[-1].is_hidden = element.text in {"SheetHidden", "SheetVeryHidden"}


def _take_row(sheet: RowSheet, element: etree._Element) -> None:
    sheet.begin_row(max(_number(element, _INDEX, 0) - 1, len(sheet.rows)))
    if element.get(_HIDDEN) == "1":
        sheet.hidden.append(sheet.last)
    for cell in element:
        if cell.tag == _CELL:
            _take_cell(sheet, cell)


def _take_cell(sheet: RowSheet, element: etree._Element) -> None:
    column, width, height = len(sheet.rows[-1]), 1, 1
    if element.keys():  # most cells have no attributes of their own
        column = max(_number(element, _INDEX, 0) - 1, column)
        width, height = _number(element, _ACROSS, 0) + 1, _number(element, _DOWN, 0) + 1
        if element.get(_FORMULA) is not None:
            sheet.formulas.append(sheet.last)
    sheet.begin_cell(column, width, height)
    for part in element:
        if part.tag == _COMMENT:
            sheet.comments += 1
        elif part.tag == _DATA and part.get(_TYPE) == "Error":
            sheet.errors.append(sheet.last)
        elif part.tag == _DATA:
            sheet.rows[-1][column] = _value(part)


def _value(data: etree._Element) -> Cell:
    text = "".join(str(piece) for piece in data.itertext()) if len(data) else data.text or ""
    match data.get(_TYPE):
        case "Number":
            return float(text)
        case "Boolean":
            return text.strip() == "1"
        case "DateTime":
            return text.removesuffix(".000").removesuffix("T00:00:00").replace("T", " ")
    return text


def _number(element: etree._Element, name: str, otherwise: int) -> int:
    stated = element.get(name)
    return otherwise if stated is None else int(stated)
