"""Word documents (.docx) as a page of cells: paragraphs and the rows of tables in their order, tables inside cells included.

The XML is read as it is: the usual libraries leave out content controls, text boxes and the boxes of forms.
"""

import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree
from lxml.etree import _Element as Element

from connectors.reading.contents import DeliveryRefusedError, FileFinding
from connectors.reading.forms.cells import FormCell, FormCells
from connectors.reading.forms.document_text import child, is_on, local_name, paragraph_text, value
from connectors.reading.forms.form import FormsRead, read_forms
from connectors.reading.forms.labels import Labels, looks_like_form, takes_forms
from connectors.reading.grid import is_blank
from connectors.reading.layout import DeliveryLayout, ReadingLimits
from schemas.findings import Finding

__all__ = ["page_of_document", "read_docx"]

_DEEPEST = 8  # tables inside cells of tables; people nest two
_LONGEST_CELL = 32_767  # what a cell of a spreadsheet can hold
_MAIN_PART = "word/document.xml"
_BLOCKS = frozenset({"p", "tbl"})
_THROUGH = frozenset({"sdt", "sdtContent", "customXml", "smartTag", "ins", "moveTo"})
_TO_TEXT_BOXES = frozenset({
    "p", "r", "hyperlink", "drawing", "pict", "inline", "anchor", "graphic", "graphicData", "wsp", "wgp", "group", "shape",
    "rect", "textbox", "txbx", "txbxContent", "AlternateContent", "Choice",
})  # fmt: skip


@dataclass(slots=True, repr=False)
class _Cell:
    """A cell while its table is read; the cells merged with it below may still come."""

    row: int
    column: int
    text: str
    columns: int
    last_row: int


@dataclass(slots=True, repr=False)
class _Page:
    labels: Labels
    limits: ReadingLimits
    rows: list[list[_Cell]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    tables_rows: int = 0


def read_docx(path: Path, layout: DeliveryLayout, limits: ReadingLimits) -> FormsRead:
    """The records of all forms of a document.

    Raises:
        DeliveryRefusedError: the document cannot be read, holds no form or one that is not whole, or the source's list cannot
            come as forms.
    """
    if not takes_forms(layout):
        raise DeliveryRefusedError(FileFinding(Finding.HEADER_NOT_FOUND, seen="Word 文档；该名单不以登记表报送"))
    page = page_of_document(path, layout, limits)
    if not looks_like_form(page, layout):
        raise DeliveryRefusedError(FileFinding(Finding.HEADER_NOT_FOUND, seen="文档中没有找到登记表"))
    return read_forms([page], layout)


def page_of_document(path: Path, layout: DeliveryLayout, limits: ReadingLimits) -> FormCells:
    """A document as one page. Its rows are numbered by the rows of its tables; a line of text has the next row's number.

    Raises:
        DeliveryRefusedError: it cannot be read, or its tables are larger or nested deeper than any form's.
    """
    body = child(_document(path, limits), "body")
    if body is None:
        raise _unreadable()
    page = _Page(Labels(layout), limits)
    _add_blocks(page, body, depth=1)
    return FormCells("", [[_finished(cell) for cell in row] for row in page.rows], page.numbers)


def _document(path: Path, limits: ReadingLimits) -> Element:
    """The root of the document's main part, parsed so that it can name no other file and grow no larger than it is."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False, remove_comments=True,
        remove_pis=True,
    )  # fmt: skip
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(_MAIN_PART).file_size > limits.unpacked_bytes:
                raise DeliveryRefusedError(FileFinding(Finding.FILE_HOSTILE, seen="文档过大"))
            root = etree.fromstring(archive.read(_MAIN_PART), parser)
    except (
        zipfile.BadZipFile,
        zlib.error,
        KeyError,
        EOFError,
        NotImplementedError,
        RuntimeError,
        etree.XMLSyntaxError,
    ):
        raise _unreadable() from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise DeliveryRefusedError(FileFinding(Finding.FILE_HOSTILE, seen="文档含有外部引用声明"))
    return root


def _unreadable() -> DeliveryRefusedError:
    return DeliveryRefusedError(FileFinding(Finding.FILE_UNREADABLE, seen="Word 文档内容损坏"))


def _within(element: Element, wanted: frozenset[str], through: frozenset[str]) -> Iterator[Element]:
    """The nearest elements of the wanted names, looked for only through elements of the given ones."""
    left = [*reversed(element)]
    while left:
        found = left.pop()
        name = local_name(found)
        if name in wanted:
            yield found
        elif name in through:
            left += reversed(found)


def _in_text_boxes(paragraph: Element) -> Iterator[Element]:
    return _within(paragraph, frozenset({"tbl"}), _THROUGH | _TO_TEXT_BOXES)


def _shown_text(paragraph: Element) -> str:
    """A paragraph's text, unless the whole paragraph is a hint that nobody has replaced."""
    for above in paragraph.iterancestors():
        if local_name(above) == "tbl":
            break
        properties = child(above, "sdtPr") if local_name(above) == "sdt" else None
        if properties is not None and is_on(child(properties, "showingPlcHdr")):
            return ""
    return paragraph_text(paragraph)


def _add_blocks(page: _Page, element: Element, depth: int) -> None:
    """Adds what stands in a body or a cell: a line for each paragraph, the rows of tables and of tables in text boxes."""
    for block in _within(element, _BLOCKS, _THROUGH):
        if local_name(block) == "tbl":
            _add_table(page, block, depth)
            continue
        if not is_blank(text := _shown_text(block)):
            page.numbers.append(page.tables_rows + 1)
            page.rows.append([_Cell(len(page.rows), 0, text, 1, len(page.rows))])
        for table in _in_text_boxes(block):
            _add_table(page, table, depth)


def _add_table(page: _Page, table: Element, depth: int) -> None:
    """Adds the rows of a table; tables inside that have labels follow the row they are in, others are text of their cell."""
    if depth > _DEEPEST:
        raise DeliveryRefusedError(FileFinding(Finding.FILE_HOSTILE, seen="表格嵌套过深"))
    above: dict[int, _Cell] = {}
    for row in _within(table, frozenset({"tr"}), _THROUGH):
        properties = child(row, "trPr")
        if properties is not None and child(properties, "del") is not None:
            continue
        if len(page.rows) >= page.limits.rows:
            raise DeliveryRefusedError(FileFinding(Finding.FILE_HOSTILE, seen="表格行数超过限额"))
        index = len(page.rows)
        page.tables_rows += 1
        page.rows.append([])
        page.numbers.append(page.tables_rows)
        column = _number(None if properties is None else child(properties, "gridBefore"), 0)
        here: dict[int, _Cell] = {}
        for cell in _within(row, frozenset({"tc"}), _THROUGH):
            column = _add_cell(page, cell, _Cell(index, column, "", 1, index), above, here, depth)
        above = here


def _add_cell(
    page: _Page, element: Element, cell: _Cell, above: dict[int, _Cell], here: dict[int, _Cell], depth: int
) -> int:
    """Adds a cell, or makes the one above reach down to it; the column after it."""
    properties = child(element, "tcPr")
    down = None if properties is None else child(properties, "vMerge")
    across = None if properties is None else child(properties, "hMerge")
    cell.columns = max(_number(None if properties is None else child(properties, "gridSpan"), 1), 1)
    after = cell.column + cell.columns
    if after > page.limits.columns:
        raise DeliveryRefusedError(FileFinding(Finding.FILE_HOSTILE, seen="表格列数超过限额"))
    upper = above.get(cell.column) if down is not None and value(down) in {None, "continue"} else None
    if upper is not None:
        upper.last_row = cell.row
        here[cell.column] = upper
        return after
    if across is not None and value(across) in {None, "continue"} and page.rows[cell.row]:
        page.rows[cell.row][-1].columns += cell.columns
        return after
    here[cell.column] = cell
    page.rows[cell.row].append(cell)
    cell.text = _cell_text(page, element, depth)
    return after


def _cell_text(page: _Page, element: Element, depth: int) -> str:
    """What a cell says, tables inside it row by row; nothing where these are the form: then they follow as rows."""
    blocks = [*_within(element, _BLOCKS, _THROUGH)]
    tables = [table for block in blocks for table in _tables_of(block)]
    if any(_has_labels(table, page.labels) for table in tables):
        _add_blocks(page, element, depth + 1)
        return ""
    text = "\n".join(text for block in blocks for text in _texts(block, depth))
    if len(text) > _LONGEST_CELL:
        raise DeliveryRefusedError(FileFinding(Finding.FILE_HOSTILE, seen="单元格内容过长"))
    return text


def _tables_of(block: Element) -> list[Element]:
    return [block] if local_name(block) == "tbl" else [*_in_text_boxes(block)]


def _texts(block: Element, depth: int) -> Iterator[str]:
    """The text of a paragraph, then of each table that is it or stands in its text boxes."""
    if local_name(block) == "p":
        yield _shown_text(block)
    for table in _tables_of(block):
        yield _flat_text(table, depth + 1)


def _has_labels(table: Element, labels: Labels) -> bool:
    return any(
        labels.of(text) or labels.of_member(text)
        for cell in table.iter()
        if local_name(cell) == "tc"
        for text in ["".join(map(_shown_text, _within(cell, frozenset({"p"}), _THROUGH)))]
    )


def _flat_text(table: Element, depth: int) -> str:
    """A table's text row by row, that of tables inside included."""
    if depth > _DEEPEST:
        raise DeliveryRefusedError(FileFinding(Finding.FILE_HOSTILE, seen="表格嵌套过深"))
    rows = []
    for row in _within(table, frozenset({"tr"}), _THROUGH):
        cells = (
            "\n".join(text for block in _within(cell, _BLOCKS, _THROUGH) for text in _texts(block, depth))
            for cell in _within(row, frozenset({"tc"}), _THROUGH)
        )
        rows.append(" ".join(cells))
    return "\n".join(rows)


def _number(element: Element | None, otherwise: int) -> int:
    text = value(element) or ""
    return int(text) if text.isdecimal() and len(text) < 10 else otherwise


def _finished(cell: _Cell) -> FormCell:
    return FormCell(cell.row, cell.column, cell.text, cell.last_row - cell.row + 1, cell.columns)
