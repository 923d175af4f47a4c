"""Sheets as people make them, for tests: cells given row by row, read as a workbook's are."""

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from connectors.reading import DeliveryLayout, FileFinding, ReadingNote, TableContents, TableLayout
from connectors.reading.contents import DeliveryRefusedError
from connectors.reading.grid import BLANKS
from connectors.reading.layouts.rows import records_of
from connectors.reading.layouts.tables import grids_of
from connectors.reading.sheets import SheetCells
from schemas.idnumber import check_character

COLUMNS = {
    "name": ("姓名", "老人姓名"),
    "sex": ("性别",),
    "id_number": ("身份证号码", "身份证号"),
    "phone": ("联系电话",),
    "emergency_contact_name": ("紧急联系人", "紧急联系人姓名"),
    "emergency_contact_phone": ("紧急联系人电话", "紧急联系人联系电话"),
    "household_county": ("户籍县(市、区)",),
    "household_town": ("户籍乡镇(街道)",),
    "household_village": ("户籍村(居)",),
    "household_monthly_income_fen": ("家庭每月收入(元)",),
    "registered_date": ("建档日期",),
    "remarks": ("备注",),
}
MAIN = TableLayout(columns=COLUMNS, required=("name", "id_number"), sheet_names=("服务对象",))
MEMBERS = TableLayout(
    columns={
        "elder_id_number": ("服务对象身份证号码",), "name": ("姓名",), "id_number": ("身份证号码",), "relation_to_head": ("与户主关系",),
    },
    required=("elder_id_number", "name"),
    sheet_names=("家庭成员",),
    optional_table=True,
)  # fmt: skip
LAYOUT = DeliveryLayout({"main": MAIN, "members": MEMBERS})

HEADER = ["姓名", "性别", "身份证号码", "户籍村(居)", "备注"]


def id_number(serial: int) -> str:
    """A valid number of a made-up person."""
    body = f"441421{1930 + serial % 30:04d}{1 + serial % 12:02d}{1 + serial % 28:02d}{serial % 1000:03d}"
    return body + check_character(body)


def person(serial: int, village: str = "三葵村") -> list[str]:
    """A row under ``HEADER``."""
    return [f"张{chr(0x4E00 + serial)}", "男女"[serial % 2], id_number(serial), village, ""]


def sheet(rows: list[list[Any]], name: str = "服务对象", **facts: Any) -> SheetCells:
    """The cells of a sheet; a number is one stored as a number."""
    width = max(map(len, rows), default=0)
    cells = [[*row, *[""] * (width - len(row))] for row in rows]
    texts = [["" if cell is None else str(cell) for cell in row] for row in cells]
    numbers = [[isinstance(cell, int | float) for cell in row] for row in cells]
    return SheetCells(
        name=name,
        columns=[
            pa.chunked_array([[text or None for text in column]], pa.large_string())
            for column in zip(*texts, strict=True)
        ],
        numbers=[pa.chunked_array([column]) if any(column) else None for column in zip(*numbers, strict=True)],
        has_content=np.array([any(text.strip(BLANKS) for text in row) for row in texts], dtype=bool),
        **facts,
    )


class Told(NamedTuple):
    """What became of some sheets."""

    tables: dict[str, TableContents]
    findings: list[FileFinding]
    notes: list[ReadingNote]

    def column(self, field: str, table: str = "main") -> list[str | None]:
        cells: list[str | None] = self.tables[table].table[field].to_pylist()
        return cells

    @property
    def rows(self) -> list[int]:
        numbers: list[int] = self.tables["main"].table["row_number"].to_pylist()
        return numbers

    def said(self, *kinds: str) -> list[tuple[str, str]]:
        """Kind and rows of each note of some kinds, or of all."""
        return [(str(note.kind), note.rows) for note in self.notes if not kinds or note.kind in kinds]

    def codes(self) -> list[str]:
        return [str(finding.code) for finding in self.findings]


def read_sheets(*sheets: SheetCells, layout: DeliveryLayout = LAYOUT) -> Told:
    """The tables on some sheets; each balances. A refusal has findings and no tables."""
    try:
        grids, findings = grids_of(sheets, layout)
        tables: dict[str, TableContents] = {}
        notes: list[ReadingNote] = []
        for name, found in grids.items():
            parts = [records_of(grid, layout.tables[name]) for grid in found]
            tables[name] = TableContents.together([part for part, _, _ in parts])
            for _, said, noted in parts:
                findings += said
                notes += noted
    except DeliveryRefusedError as refused:
        return Told({}, list(refused.findings), [])
    for table in tables.values():
        assert table.received == table.table.num_rows + table.blank + table.broken
    return Told(tables, findings, notes)
