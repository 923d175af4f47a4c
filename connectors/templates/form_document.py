"""附件1 for Word: boxes are Word's own, ticked by a click; one page of A4."""

from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import docx
from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import Cm, Pt
from docx.text.paragraph import Paragraph

from connectors.templates.form_layout import (
    COLUMNS,
    DATE,
    FOOTNOTE,
    PARTS,
    SIGNED,
    SIGNED_DATE,
    Blank,
    Box,
    Frame,
    Part,
    Piece,
    Words,
    placed,
    title,
)
from schemas.durable import replace_file

__all__ = ["write_form_docx"]

_W14 = 'xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml"'
_FONT, _TITLE_FONT, _BOX_FONT = "宋体", "方正小标宋简体", "MS Gothic"
_TWIPS = 410  # width of a column, in twentieths of a point
_ROW_TWIPS = 470
_HALF_POINTS = 20
_ROW_HEIGHT = f"<w:trPr><w:trHeight w:val='{_ROW_TWIPS}'/></w:trPr>"
_BORDERS = "<w:tblBorders>{}</w:tblBorders>".format(
    "".join(
        f"<w:{side} w:val='single' w:sz='4' w:space='0' w:color='000000'/>"
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
)
_MARGINS = "<w:tblCellMar><w:left w:w='40' w:type='dxa'/><w:right w:w='40' w:type='dxa'/></w:tblCellMar>"
_SPACE = "\u3000"
_ROOM = {"certificate": 24}  # blanks left inside a sentence


def write_form_docx(path: Path, *, area: str) -> None:
    """Writes the blank form, mode 0600; ``area`` is the county with its city, as the title has it (梅州市梅县区).

    Raises:
        OSError: the folder is missing, full or not writable.
    """
    document = docx.Document()
    _set_page(document)
    _add_line(document, "附件 1", size=10)
    _add_line(document, title(area), size=16, font=_TITLE_FONT, align=WD_ALIGN_PARAGRAPH.CENTER)
    _add_line(document, DATE, align=WD_ALIGN_PARAGRAPH.RIGHT)
    for part in PARTS:
        _add_line(document, part.heading, is_bold=True)
        document.element.body.insert_element_before(parse_xml(_table(part)), "w:sectPr")
    _add_line(document, SIGNED + _SPACE * 8, align=WD_ALIGN_PARAGRAPH.RIGHT)
    _add_line(document, SIGNED_DATE, align=WD_ALIGN_PARAGRAPH.RIGHT)
    _add_line(document, FOOTNOTE, size=9)
    properties = document.core_properties
    properties.title, properties.author, properties.comments = title(area), "", ""
    with replace_file(path) as temporary:
        document.save(str(temporary))


def _set_page(document: Document) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(1.8)
    section.top_margin, section.bottom_margin = Cm(1.5), Cm(1.2)
    style = document.styles["Normal"]
    style.font.size = Pt(_HALF_POINTS / 2)
    style.font.name = _FONT
    style.element.get_or_add_rPr().get_or_add_rFonts().set(
        "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}eastAsia", _FONT
    )


def _add_line(
    document: Document,
    text: str,
    *,
    size: float = _HALF_POINTS / 2,
    font: str = _FONT,
    align: WD_ALIGN_PARAGRAPH = WD_ALIGN_PARAGRAPH.LEFT,
    is_bold: bool = False,
) -> Paragraph:
    paragraph = document.add_paragraph()
    paragraph.alignment = align
    paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(1)
    run = paragraph.add_run(text)
    run.bold, run.font.size, run.font.name = is_bold, Pt(size), font
    run._element.get_or_add_rPr().get_or_add_rFonts().set(  # noqa: SLF001  python-docx has no other way
        "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}eastAsia", font
    )
    return paragraph


def _table(part: Part) -> str:
    rows: list[list[tuple[int, str]]] = [[] for _ in part.rows]
    for row, column, frame in placed(part):
        is_tall = frame.rows > 1
        rows[row].append((column, _cell(frame, "<w:vMerge w:val='restart'/>" if is_tall else "", _paragraph(frame))))
        for below in range(row + 1, row + frame.rows):
            rows[below].append((column, _cell(frame, "<w:vMerge/>", "<w:p/>")))
    grid = f"<w:gridCol w:w='{_TWIPS}'/>" * COLUMNS
    lines = (f"{_ROW_HEIGHT}{''.join(cell for _, cell in sorted(cells))}" for cells in rows)
    return (
        f"<w:tbl {nsdecls('w')} {_W14}><w:tblPr><w:tblW w:w='{_TWIPS * COLUMNS}' w:type='dxa'/><w:jc w:val='center'/>{_BORDERS}"
        f"<w:tblLayout w:type='fixed'/>{_MARGINS}</w:tblPr><w:tblGrid>{grid}</w:tblGrid>"
        f"{''.join(f'<w:tr>{line}</w:tr>' for line in lines)}</w:tbl>"
    )


def _cell(frame: Frame, merged: str, content: str) -> str:
    width = f"<w:tcW w:w='{frame.columns * _TWIPS}' w:type='dxa'/><w:gridSpan w:val='{frame.columns}'/>"
    lines = "".join(
        f"<w:{side} w:val='nil'/>"
        for side, is_open in (("top", frame.goes_on_above), ("bottom", frame.goes_on_below))
        if is_open
    )
    borders = f"<w:tcBorders>{lines}</w:tcBorders>" if lines else ""
    return f"<w:tc><w:tcPr>{width}{merged}{borders}<w:vAlign w:val='center'/></w:tcPr>{content}</w:tc>"


def _paragraph(frame: Frame) -> str:
    side = "left"
    if len(frame.pieces) == 1 and _is_centred(frame.pieces[0]):
        side = "center"
    elif isinstance(frame.pieces[0], Blank):
        side = "right"  # a name goes before its unit
    spacing = "<w:spacing w:before='0' w:after='0' w:line='240' w:lineRule='auto'/>"
    is_alone = len(frame.pieces) == 1
    runs = "".join(_runs(piece, is_alone=is_alone) for piece in frame.pieces)
    return f"<w:p><w:pPr>{spacing}<w:jc w:val='{side}'/></w:pPr>{runs}</w:p>"


def _is_centred(piece: Piece) -> bool:
    return isinstance(piece, Blank) or (isinstance(piece, Words) and piece.is_label)


def _runs(piece: Piece, *, is_alone: bool) -> str:
    if isinstance(piece, Blank):
        return "" if is_alone else _run(" " * _ROOM.get(piece.holds, 10))
    if isinstance(piece, Box):
        return f"{_box(piece.word)}{_run(piece.word)}{'' if is_alone else _run('  ')}"
    return _run(piece.text if is_alone else f"{piece.text}  ")


def _run(text: str) -> str:
    return f"<w:r><w:t xml:space='preserve'>{escape(text)}</w:t></w:r>"


def _box(word: str) -> str:
    signs = "".join(
        f"<w14:{state}State w14:val='{code}' w14:font='{_BOX_FONT}'/>"
        for state, code in (("checked", "2611"), ("unchecked", "2610"))
    )
    font = f"<w:rFonts w:ascii='{_BOX_FONT}' w:hAnsi='{_BOX_FONT}' w:eastAsia='{_BOX_FONT}' w:hint='eastAsia'/>"
    return (
        f"<w:sdt><w:sdtPr><w:alias w:val={quoteattr(word.rstrip(':').split('(')[0])}/>"
        f"<w14:checkbox><w14:checked w14:val='0'/>{signs}</w14:checkbox></w:sdtPr>"
        f"<w:sdtContent><w:r><w:rPr>{font}</w:rPr><w:t>☐</w:t></w:r></w:sdtContent></w:sdt>"
    )
