"""Looking at a file nobody agreed on, whatever its format: the same readers as a night's, for sheets and texts as they are.

It runs in the child process (``child``). A text is read twice: once for its header, and then by it.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from connectors.reading.contents import DeliveryRefusedError, ReadingNote
from connectors.reading.formats.documents import Document, Documents
from connectors.reading.formats.formats import Format
from connectors.reading.formats.raw import Raw
from connectors.reading.formats.sheet_readers import encoding_note, sheets_of
from connectors.reading.layout import DeliveryLayout, ReadingLimits, TableLayout
from connectors.reading.layouts.header import normal_header
from connectors.reading.layouts.header_search import HeaderSearch
from connectors.reading.layouts.merged_cells import MergedCells
from connectors.reading.looks.inspect_sheets import empty_sheet, find_header, inspected_grid, inspected_sheet
from connectors.reading.looks.inspection import InspectedSheet, Inspection
from connectors.reading.text.delimited import read_delimited
from connectors.reading.text.text_encoding import encoding_of, utf8_pieces
from connectors.reading.text.text_header import SEARCHED_LINES, text_records

__all__ = ["inspect"]

_DELIMITERS = (",", "\t", ";", "|")
_ROWS_OF_A_FORM = 120
_RECORDS_WITH_KEYS = 200


def inspect(path: Path, known: DeliveryLayout, limits: ReadingLimits, *, header_row: int | None = None) -> Inspection:
    """What a file is.

    Args:
        path: the file.
        known: headers that are known from anywhere, by which a header is told; how to open the file.
        limits: what it may cost.
        header_row: where its header is, as the spreadsheet shows it, if somebody says so.
    """
    documents, look = Documents(Raw.on_disk(path), known, limits), _Look(known, limits, header_row)
    try:
        for document in documents:
            look.at(document)
        documents.check_any()
    except DeliveryRefusedError as refused:
        return Inspection.refusal(*refused.findings)
    return Inspection(refused=False, notes=[*documents.notes(), *look.notes], sheets=look.sheets)


class _Look:
    def __init__(self, known: DeliveryLayout, limits: ReadingLimits, header_row: int | None) -> None:
        self.sheets: list[InspectedSheet] = []
        self.notes: list[ReadingNote] = []
        self._known = known
        self._limits = limits
        self._header_row = header_row
        self._search = HeaderSearch(known.tables)

    def at(self, document: Document) -> None:
        """Adds the sheets of a document."""
        match document.format:
            case Format.TEXT:
                self.sheets.append(self._text(document))
            case Format.JSON_LINES:
                self.sheets.append(self._json_lines(document))
            case Format.DOCX:
                self.sheets.append(self._document(document))
            case _:
                self._add_sheets(document)

    def _add_sheets(self, document: Document) -> None:
        from connectors.reading.forms.cells import form_of_sheet
        from connectors.reading.forms.labels import looks_like_form

        sheets, notes = sheets_of(document, self._known, self._limits)
        self.notes += notes
        for sheet in sheets:
            is_form = looks_like_form(form_of_sheet(sheet, rows=_ROWS_OF_A_FORM), self._known)
            self.sheets.append(inspected_sheet(sheet, self._search, header_row=self._header_row, is_form=is_form))

    def _document(self, document: Document) -> InspectedSheet:
        from connectors.reading.forms.document import page_of_document
        from connectors.reading.forms.labels import looks_like_form

        with document.raw.as_path() as path:
            page = page_of_document(path, self._known, self._limits)
        return empty_sheet(
            document.name, len(page.rows), "form" if looks_like_form(page, self._known) else "other", is_text=False
        )

    def _text(self, document: Document) -> InspectedSheet:
        first = next(utf8_pieces(document.raw, encoding_of(document.raw, self._known.encoding)))
        lines = [line.decode() for line in first.split(b"\n", SEARCHED_LINES)[:SEARCHED_LINES]]
        header, delimiter = self._text_header(lines)
        if not header:
            return empty_sheet(document.name, first.count(b"\n"), "other", is_text=True)
        layout = DeliveryLayout({"main": _table_of(header)}, encoding=self._known.encoding)
        text = read_delimited(document.raw, layout, self._limits, sheet=document.name)
        self.notes.append(encoding_note(document, text.encoding))
        return inspected_grid(text.grid, delimiter)

    def _text_header(self, lines: Sequence[str]) -> tuple[tuple[str, ...], str]:
        """The cells of the header by the delimiter that makes most of them, and that delimiter."""
        best: tuple[tuple[str, ...], str] = (), ""
        for delimiter in _DELIMITERS:
            records = [record.cells for record in text_records(lines, 0, delimiter)]
            width = max(map(len, records), default=0)
            rows = [cells + [""] * (width - len(cells)) for cells in records]
            cells = find_header(rows, self._search, MergedCells(), self._header_row).cells
            best = max(best, (cells, delimiter), key=lambda found: len(found[0]))
        return best

    def _json_lines(self, document: Document) -> InspectedSheet:
        from connectors.reading.text.json_lines import read_json_lines

        with document.raw.as_path() as path:
            keys = _keys_of(path)
            columns: dict[str, tuple[str, ...]] = {key: (key,) for key in keys}
            table = TableLayout(columns, ())
            return inspected_grid(read_json_lines(path, table, self._limits)[0])


def _table_of(header: Sequence[str]) -> TableLayout:
    """The layout of a text with this header: every column that only one header names, all of which must be there."""
    times = Counter(map(normal_header, header))
    columns: dict[str, tuple[str, ...]] = {
        str(place): (cell,) for place, cell in enumerate(header) if times[normal_header(cell)] == 1
    }
    return TableLayout(columns, tuple(columns), ignored=tuple(header))


def _keys_of(path: Path) -> list[str]:
    """The keys of the first records of JSON lines, those inside an object after its own, in the order they come up."""
    keys: dict[str, None] = {}
    with path.open("rb") as file:
        for line in islice(file, _RECORDS_WITH_KEYS):
            try:
                record = json.loads(line)
            except ValueError:
                continue  # it is counted as broken when the file is read
            keys.update(dict.fromkeys(_paths(record)))
    return list(keys)


def _paths(record: object, above: str = "") -> Iterator[str]:
    for key, value in record.items() if isinstance(record, dict) else ():
        if isinstance(value, dict) and not above:
            yield from _paths(value, f"{key}.")
        else:
            yield f"{above}{key}"
