"""The sheets of a document, whatever format it is in. Each reader is loaded only where it is needed."""

from collections import Counter

from connectors.reading.contents import ReadingNote
from connectors.reading.formats.documents import Document
from connectors.reading.formats.formats import Format
from connectors.reading.layout import DeliveryLayout, ReadingLimits
from connectors.reading.sheets import SheetCells
from connectors.reading.text.text_encoding import TextEncoding, agreed_codec
from schemas.reading_notes import ReadingNoteKind

__all__ = ["sheets_of"]


def sheets_of(
    document: Document, layout: DeliveryLayout, limits: ReadingLimits
) -> tuple[list[SheetCells], list[ReadingNote]]:
    """The sheets that hold anything, under the names they are shown by, no two alike, and how their format was understood.

    Raises:
        DeliveryRefusedError: the document is damaged, hostile or empty.
    """
    sheets, notes = _read(document, layout, limits)
    so_far: Counter[str] = Counter()
    for sheet in sheets:
        so_far[sheet.name] += 1
        again = f"第{so_far[sheet.name]}个/" if so_far[sheet.name] > 1 else ""  # rows are found by sheet and number
        sheet.name = document.sheet_name(f"{again}{sheet.name}")
    return sheets, notes


def _read(
    document: Document, layout: DeliveryLayout, limits: ReadingLimits
) -> tuple[list[SheetCells], list[ReadingNote]]:
    match document.format:
        case Format.HTML:
            from connectors.reading.formats.html_tables import read_html

            page = read_html(document.raw, limits, declared=layout.encoding)
            return page.sheets, [encoding_note(document, page.encoding)]
        case Format.XML_SPREADSHEET:
            from connectors.reading.formats.xml_spreadsheet import read_xml_spreadsheet

            return read_xml_spreadsheet(document.raw, limits), []
        case Format.DBASE:
            from connectors.reading.formats.dbase import read_dbase

            table = read_dbase(document.raw, limits, declared=agreed_codec(layout.encoding))
            notes = [encoding_note(document, TextEncoding(table.codec).label)]
            if table.deleted:
                kind = ReadingNoteKind.DELETED_RECORDS_LEFT
                notes.append(ReadingNote(kind, document.name, count=table.deleted))
            return [table.sheet], notes
    from connectors.reading.formats.workbook import read_workbook

    if document.format is not Format.XLS_5:
        return read_workbook(document.raw, document.admitted.facts, limits), []
    from connectors.reading.formats.excel5 import decode_sheets, with_plain_bytes

    encoding = TextEncoding(agreed_codec(layout.encoding) or "gb18030")
    sheets = read_workbook(with_plain_bytes(document.raw), document.admitted.facts, limits)
    decode_sheets(sheets, encoding.codec)
    return sheets, [encoding_note(document, encoding.label)]


def encoding_note(document: Document, label: str) -> ReadingNote:
    """In which encoding a document's text was."""
    return ReadingNote(ReadingNoteKind.ENCODING, document.name, seen=label)
