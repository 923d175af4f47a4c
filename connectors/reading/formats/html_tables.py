"""Tables of web pages, which many systems save under ``.xls``: each becomes a sheet (``html_cells``), without a tree of the page.

Encoding: a mark, what was agreed on, what the page says of itself, else as any text; strict in every case.
"""

import re
from typing import Any, NamedTuple

from lxml import etree

from connectors.reading.formats.html_cells import PageReader
from connectors.reading.formats.raw import Raw
from connectors.reading.formats.refusal import damage_is, refused, unreadable
from connectors.reading.layout import ReadingLimits
from connectors.reading.sheets import SheetCells
from connectors.reading.text.text_encoding import MARKS, encoding_of, utf8_pieces
from schemas.findings import Finding

__all__ = ["HtmlPage", "read_html"]

_CHARSET = re.compile(
    rb"""<meta\s[^>]*?charset\s*=\s*["']?\s*([\w:.-]{1,40})|<\?xml\s[^>]*?encoding\s*=\s*["']([\w.-]{1,40})""", re.I
)
_BEGIN, _END = re.compile(rb"<table(?=[\s>])", re.IGNORECASE), re.compile(rb"</table\s*>", re.IGNORECASE)


class HtmlPage(NamedTuple):
    """The tables of a page that show anything, and the name of its encoding."""

    sheets: list[SheetCells]
    encoding: str


def read_html(raw: Raw, limits: ReadingLimits, *, declared: str = "") -> HtmlPage:
    """The tables of a page.

    Args:
        raw: the page.
        limits: of the rows and columns of a table.
        declared: the encoding that was agreed on, empty where there is none.

    Raises:
        DeliveryRefusedError: the page cannot be decoded, has no table, or breaks off inside one.
    """
    encoding = encoding_of(raw, declared or _charset(raw.start()))
    page = PageReader(limits)
    target: Any = page  # the stubs want a target that takes bytes too
    parser = etree.HTMLParser(target=target, encoding="utf-8", no_network=True)
    begun = ended = 0
    with damage_is("网页内容损坏"):
        for piece in utf8_pieces(raw, encoding):
            begun, ended = begun + len(_BEGIN.findall(piece)), ended + len(_END.findall(piece))
            parser.feed(piece)
        parser.close()
    if begun > ended:  # a browser would show what there is; half a list is none
        raise unreadable("网页不完整，表格没有结束")
    if not page.tables:
        raise unreadable("网页，其中没有表格")
    for table, name in zip(page.tables, _names(page), strict=True):
        table.sheet.name = name
    sheets = [sheet for table in page.tables if (sheet := table.sheet.cells()) is not None]
    if not sheets:
        raise refused(Finding.FILE_EMPTY)
    return HtmlPage(sheets, encoding.label)


def _charset(start: bytes) -> str:
    """The encoding a page says it is in, unless it begins with a mark, which is stronger."""
    found = None if any(start.startswith(mark) for mark, _ in MARKS) else _CHARSET.search(start)
    return (found[1] or found[2]).decode("ascii") if found else ""


def _names(page: PageReader) -> list[str]:
    """The names Excel gave the sheets it saved; a table alone needs none."""
    if len(page.names) == len(page.tables):
        return page.names
    return [""] if len(page.tables) == 1 else [f"第{number}个表格" for number in range(1, len(page.tables) + 1)]
