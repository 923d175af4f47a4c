"""What the documents of a delivery say, put together: each is read as its format wants, as forms or as tables."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from connectors.reading.contents import (
    DeliveryContents,
    DeliveryRefusedError,
    FileFinding,
    ReadingNote,
    TableContents,
    shown,
)
from connectors.reading.formats.documents import Document
from connectors.reading.formats.formats import Format
from connectors.reading.formats.sheet_readers import encoding_note, sheets_of
from connectors.reading.grid import Grid
from connectors.reading.layout import DeliveryLayout, ReadingLimits
from connectors.reading.layouts.rows import records_of
from connectors.reading.sheets import SheetCells
from connectors.reading.text.delimited import read_delimited
from schemas.findings import Finding
from schemas.reading_notes import ReadingNoteKind

__all__ = ["WhatIsRead"]

_ROWS_OF_A_FORM = 120
_NO_LIST = frozenset({Finding.HEADER_NOT_FOUND, Finding.FILE_EMPTY})


class WhatIsRead:
    """The parts of every table so far, what is wrong with them, and how they were read."""

    def __init__(self, layout: DeliveryLayout, limits: ReadingLimits) -> None:
        self._layout = layout
        self._limits = limits
        self._tables: dict[str, list[TableContents]] = defaultdict(list)
        self._findings: list[FileFinding] = []
        self._notes: list[ReadingNote] = []

    def add(self, document: Document) -> None:
        """Read a document.

        Raises:
            DeliveryRefusedError: it cannot be read, or is not as agreed.
        """
        match document.format:
            case Format.TEXT:
                text = read_delimited(document.raw, self._layout, self._limits, sheet=document.name)
                self._notes.append(encoding_note(document, text.encoding))
                self._add_grids({"main": [text.grid]}, text.unknown)
            case Format.JSON_LINES:
                from connectors.reading.text.json_lines import read_json_lines

                with document.raw.as_path() as path:
                    grid, unknown = read_json_lines(path, self._layout.tables["main"], self._limits)
                grid.sheet = document.name
                self._add_grids({"main": [grid]}, unknown)
            case Format.DOCX:
                from connectors.reading.forms.document import read_docx

                with document.raw.as_path() as path:
                    tables, findings, notes = read_docx(path, self._layout, self._limits)
                self._add_forms(document, tables, findings, notes)
            case _:
                sheets, notes = sheets_of(document, self._layout, self._limits)
                self._notes += notes
                self._add_sheets(document, sheets)

    def contents(self, notes: Sequence[ReadingNote]) -> DeliveryContents:
        """All of it, with what is to be said of the delivery as a whole."""
        tables = {name: TableContents.together(parts) for name, parts in self._tables.items()}
        return DeliveryContents(refused=False, findings=self._findings, tables=tables, notes=[*notes, *self._notes])

    def _add_grids(self, grids: Mapping[str, Sequence[Grid]], findings: Sequence[FileFinding]) -> None:
        self._findings += findings
        for name, found in grids.items():
            for grid in found:
                part, said, noted = records_of(grid, self._layout.tables[name])
                self._tables[name].append(part)
                self._findings += said
                self._notes += noted

    def _add_sheets(self, document: Document, sheets: Sequence[SheetCells]) -> None:
        """Sheets with the form on them are forms. Where there are some, another sheet may be no list."""
        from connectors.reading.layouts.tables import grids_of

        forms = self._forms_among(sheets)
        others = [sheet for sheet in sheets if sheet not in forms]
        if forms:
            from connectors.reading.forms.cells import form_of_sheet
            from connectors.reading.forms.form import read_forms

            self._add_forms(document, *read_forms([form_of_sheet(sheet) for sheet in forms], self._layout))
        if not others:
            return
        try:
            grids, findings = grids_of(others, self._layout)
        except DeliveryRefusedError as why:
            if not forms or not _NO_LIST.issuperset(finding.code for finding in why.findings):
                raise
            kind = ReadingNoteKind.SHEET_LEFT
            self._notes += [
                ReadingNote(kind, shown(sheet.name), count=int(sheet.has_content.sum())) for sheet in others
            ]
        else:
            self._add_grids(grids, findings)

    def _forms_among(self, sheets: Sequence[SheetCells]) -> list[SheetCells]:
        from connectors.reading.forms.cells import form_of_sheet
        from connectors.reading.forms.labels import looks_like_form, takes_forms

        if not takes_forms(self._layout):
            return []
        return [
            sheet
            for sheet in sheets
            if (not sheet.is_hidden or self._layout.hidden_sheets == "take")
            and looks_like_form(form_of_sheet(sheet, rows=_ROWS_OF_A_FORM), self._layout)
        ]

    def _add_forms(
        self,
        document: Document,
        tables: Mapping[str, TableContents],
        findings: Sequence[FileFinding],
        notes: Sequence[ReadingNote],
    ) -> None:
        """Forms of a document, which are told apart by their order in it; those of a sheet have its name already."""
        if document.format is Format.DOCX and document.name:
            tables = {name: _under(document, table) for name, table in tables.items()}
            findings = [replace(finding, sheet=document.sheet_name(finding.sheet)) for finding in findings]
            notes = [replace(note, sheet=document.sheet_name(note.sheet)) for note in notes]
        for name, table in tables.items():
            self._tables[name].append(table)
        self._findings += findings
        self._notes += notes


def _under(document: Document, contents: TableContents) -> TableContents:
    """A table whose places have the name of the document before them."""
    table = contents.table
    names = [document.sheet_name(name) for name in table["sheet"].to_pylist()]
    place = table.schema.get_field_index("sheet")
    return replace(contents, table=table.set_column(place, "sheet", pa.array(names).dictionary_encode()))
