"""The letter a list goes back with: one page of A4, to print and to stamp, as a Word document and as a page for a browser.

Both files say the same, in the words of ``reports.return_letter_words``.
"""

from pathlib import Path

import docx
from docx.document import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from docx.table import _Cell
from docx.text.paragraph import Paragraph
from docx.text.run import Run
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from reports.return_letter_words import LetterWords, ReturnLetter, letter_words
from schemas.durable import replace_file
from schemas.errors import StageFailed

__all__ = ["write_return_letter"]

_TEMPLATES = Path(__file__).with_name("templates")
_WIDTHS = (1.1, 3.5, 1.5, 1.7, 1.9, 5.9)  # centimetres of the 15.6 that GB/T 9704 leaves for text
_SENTENCES = frozenset({1, 5})  # columns that begin at the left
_BODY, _TITLE = "仿宋", "宋体"


def write_return_letter(letter: ReturnLetter, folder: Path, name: str) -> list[Path]:
    """Writes ``<name>.docx`` and ``<name>.html``, each whole, mode 0600; gives their paths.

    Raises:
        ContractBroken: `problems` lacks a column or has no row.
        StageFailed: the disk is full or the folder not writable.
    """
    said = letter_words(letter)
    document, page = folder / f"{name}.docx", folder / f"{name}.html"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with replace_file(document) as temporary:
            _document(said).save(str(temporary))
        with replace_file(page) as temporary:
            temporary.write_text(_page(said), encoding="utf-8")
    except OSError as error:
        problem = error.strerror or type(error).__name__
    else:
        return [document, page]
    raise StageFailed(f"a return letter cannot be written: {problem}")


def _page(said: LetterWords) -> str:
    environment = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("return_letter.html.j2").render(said._asdict())


def _document(said: LetterWords) -> Document:
    document = docx.Document()
    _set_page(document)
    _add(document, said.title, size=18, font=_TITLE, align=WD_ALIGN_PARAGRAPH.CENTER, is_bold=True)
    _add(document, said.reference, align=WD_ALIGN_PARAGRAPH.CENTER, after=10)
    _add(document, said.addressee)
    _add(document, said.paragraphs[0], indent=2)
    _add_table(document, said)
    _add(document, said.paragraphs[1], indent=2, before=6)
    for place, name in enumerate(said.attachments):
        _add(document, f"附件：{name}" if not place else name, indent=2 if not place else 5)
    _add(document, said.office, align=WD_ALIGN_PARAGRAPH.RIGHT, before=26)
    _add(document, f"{said.date}\u3000\u3000", align=WD_ALIGN_PARAGRAPH.RIGHT)
    if said.contact:
        _add(document, said.contact, indent=2)
    properties = document.core_properties
    properties.title, properties.author, properties.comments = said.title, said.office, ""
    return document


def _set_page(document: Document) -> None:
    """A4 with the margins of GB/T 9704-2012, a little narrower above."""
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin, section.right_margin = Cm(2.8), Cm(2.6)
    section.top_margin, section.bottom_margin = Cm(3), Cm(2.5)


def _add(
    document: Document, text: str, *, size: float = 12, font: str = _BODY, is_bold: bool = False, indent: int = 0,
    align: WD_ALIGN_PARAGRAPH = WD_ALIGN_PARAGRAPH.LEFT, before: float = 0, after: float = 2,
) -> None:  # fmt: skip
    paragraph = document.add_paragraph()
    paragraph.alignment = align
    paragraph.paragraph_format.space_before, paragraph.paragraph_format.space_after = Pt(before), Pt(after)
    paragraph.paragraph_format.first_line_indent = Pt(size * indent)
    _write(paragraph, text, size=size, font=font, is_bold=is_bold)


def _add_table(document: Document, said: LetterWords) -> None:
    table = document.add_table(rows=1 + len(said.lines), cols=len(said.headers), style="Table Grid")
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    for column, width in zip(table.columns, _WIDTHS, strict=True):
        column.width = Cm(width)
    for number, line in enumerate([said.headers, *said.lines]):
        for place, (cell, text) in enumerate(zip(table.rows[number].cells, line, strict=True)):
            cell.width = Cm(_WIDTHS[place])
            _fill(cell, text, is_header=number == 0, is_sentence=place in _SENTENCES)


def _fill(cell: _Cell, text: str, *, is_header: bool, is_sentence: bool) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.LEFT if is_sentence and not is_header else WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.space_after = Pt(0)
    _write(paragraph, text, size=9, font=_BODY, is_bold=is_header)


def _write(paragraph: Paragraph, text: str, *, size: float, font: str, is_bold: bool) -> Run:
    run = paragraph.add_run(text)
    run.font.size, run.font.name, run.bold = Pt(size), font, is_bold
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)  # noqa: SLF001  python-docx has no other way
    return run
