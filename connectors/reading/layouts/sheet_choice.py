"""Which sheets of a workbook hold the tables of a delivery: those with an agreed name, else those that read like one.

Of every sheet with anything on it that is not taken, a note says so. Several sheets may be taken, one for each village.
"""

from collections.abc import Sequence
from typing import NamedTuple

from connectors.reading.contents import DeliveryRefusedError, FileFinding, ReadingNote, shown
from connectors.reading.layout import DeliveryLayout
from connectors.reading.layouts.filling import own_name
from connectors.reading.layouts.header import normal_header
from connectors.reading.layouts.header_search import SEARCHED_ROWS, HeaderSearch, TableHeader
from connectors.reading.layouts.merged_cells import MergedCells
from connectors.reading.sheets import SheetCells
from schemas.findings import Finding
from schemas.reading_notes import ReadingNoteKind
from schemas.returns import ROW_KEY

__all__ = ["ChosenSheet", "choose_sheets"]


class ChosenSheet(NamedTuple):
    """A sheet, its merged cells, and its first header."""

    cells: SheetCells
    merged: MergedCells
    header: TableHeader

    @property
    def has_rows(self) -> bool:
        """Whether anything stands below the header."""
        return bool(self.cells.has_content[self.header.rows.last + 1 :].any())


def choose_sheets(
    sheets: Sequence[SheetCells], layout: DeliveryLayout, search: HeaderSearch
) -> tuple[list[ChosenSheet], list[ReadingNote]]:
    """The sheets of a workbook to be read in their order, and what is to be said of the others.

    Raises:
        DeliveryRefusedError: there is no sheet for a table that must be there, or none with its header.
    """
    chooser = _Chooser(layout, search)
    chosen = chooser.choose(sheets)
    found = {sheet.header.table for sheet in chosen}
    for table, agreed in layout.tables.items():
        if table not in found and not agreed.optional_table:
            raise chooser.missing(table, sheets)
    return chosen, chooser.said(sheets, chosen)


class _Chooser:
    def __init__(self, layout: DeliveryLayout, search: HeaderSearch) -> None:
        self._layout = layout
        self._search = search
        self._headed: dict[int, ChosenSheet] = {}  # by the sheet itself: two may have one name
        self._table_named = {
            normal_header(name): table for table, agreed in layout.tables.items() for name in agreed.sheet_names
        }

    def choose(self, sheets: Sequence[SheetCells]) -> list[ChosenSheet]:
        """The sheets that hold a table."""
        readable = [sheet for sheet in sheets if not sheet.is_hidden or self._layout.hidden_sheets == "take"]
        for sheet in readable:
            self._look_at(sheet)
        chosen = [
            headed
            for sheet in readable
            if (headed := self._headed.get(id(sheet))) is not None and self._is_wanted(headed, readable)
        ]
        for table in self._layout.tables:
            candidates = [sheet for sheet in readable if self._named_table(sheet) == table]
            if candidates and not any(id(sheet) in self._headed for sheet in candidates):
                raise DeliveryRefusedError(FileFinding(Finding.HEADER_NOT_FOUND, shown(candidates[0].name)))
            chosen = _without_empty(chosen, table)
        return chosen

    def missing(self, table: str, sheets: Sequence[SheetCells]) -> DeliveryRefusedError:
        """Why a delivery without a table is refused."""
        visible = [sheet for sheet in sheets if not sheet.is_hidden]
        others = [sheet for sheet in visible if self._named_table(sheet) in {table, None}]
        if others:
            return DeliveryRefusedError(FileFinding(Finding.HEADER_NOT_FOUND, shown(others[0].name)))
        if len(visible) < len(sheets) and self._layout.hidden_sheets == "leave":
            return DeliveryRefusedError(
                FileFinding(Finding.HEADER_NOT_FOUND, seen="名单只在隐藏的工作表中，按约定不采用")
            )
        return DeliveryRefusedError(FileFinding(Finding.FILE_EMPTY))

    def said(self, sheets: Sequence[SheetCells], chosen: Sequence[ChosenSheet]) -> list[ReadingNote]:
        """What is to be said of sheets that are not read, and of hidden ones that are."""
        read = {id(sheet.cells) for sheet in chosen}
        notes = []
        for sheet in sheets:
            name, count = shown(sheet.name), int(sheet.has_content.sum())
            if id(sheet) in read:
                if sheet.is_hidden:
                    notes.append(ReadingNote(ReadingNoteKind.HIDDEN_SHEET_TAKEN, name, count=count))
            elif sheet.is_hidden and self._layout.hidden_sheets == "leave":
                notes.append(ReadingNote(ReadingNoteKind.HIDDEN_SHEET_LEFT, name, count=count))
            else:
                seen = "表头与名单相同" if id(sheet) in self._headed else ""
                notes.append(ReadingNote(ReadingNoteKind.SHEET_LEFT, name, count=count, seen=seen))
        return notes

    def _look_at(self, sheet: SheetCells) -> None:
        """Remember the first header of a sheet; one without an agreed name must head a list of people."""
        merged = MergedCells(sheet.merged)
        header = self._search.first(sheet.texts(0, SEARCHED_ROWS + 1), merged)
        if header is None:
            return
        named = self._named_table(sheet)
        if named is None and not self._search.says_who(header):
            return
        self._headed[id(sheet)] = ChosenSheet(sheet, merged, header)

    def _is_wanted(self, headed: ChosenSheet, sheets: Sequence[SheetCells]) -> bool:
        """Whether a sheet is to be read: an agreed name, or none for its table there, or others are taken too, or returned by us."""
        named = self._named_table(headed.cells)
        if named is not None or ROW_KEY in headed.header.rows.named:
            return True
        table = headed.header.table
        return self._layout.other_sheets == "take" or table not in map(self._named_table, sheets)

    def _named_table(self, sheet: SheetCells) -> str | None:
        return self._table_named.get(normal_header(own_name(sheet.name)))


def _without_empty(chosen: list[ChosenSheet], table: str) -> list[ChosenSheet]:
    """Without sheets of a table that have a header and no rows; where none has any, the first of them stays."""
    of_table = [sheet for sheet in chosen if sheet.header.table == table]
    kept = [sheet for sheet in of_table if sheet.has_rows] or of_table[:1]
    return [sheet for sheet in chosen if sheet.header.table != table or sheet in kept]
