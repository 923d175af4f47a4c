"""A source's list as a workbook to fill in: instructions, the list, household members; drop-downs and checks in every column."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import xlsxwriter
from xlsxwriter.utility import xl_range_abs, xl_rowcol_to_cell

from connectors.templates.cell_checks import (
    Check,
    amount_check,
    certificate_check,
    date_check,
    hint,
    id_number_check,
    phone_check,
    place_check,
    word_check,
)
from connectors.templates.form_workbook import MADE, OPTIONS
from schemas.codes import CODE_LISTS
from schemas.configuration import Source, TableColumns
from schemas.divisions import Division
from schemas.durable import replace_file
from schemas.fields import FIELDS

__all__ = ["write_roster_xlsx"]

_ROWS = 2000  # rows that are formatted and checked; a village has fewer people on its list
_INSTRUCTIONS, _DIVISIONS = "填报说明", "行政区划"
_LEVELS = {"county": 3, "town": 4, "village": 5}
_LEVEL_NAMES = {"county": "县区名称", "town": "乡镇名称", "village": "村居名称"}
_WIDTHS = {
    "id_number": 21, "certificate": 25, "phone": 15, "date": 13, "fen": 12, "categories": 22, "division": 15, "code": 12,
}  # fmt: skip
_HOW = {
    "id_number": "18位，文本格式，按证件原件填写",
    "certificate": "20位，补办的22位；文本格式",
    "phone": "11位手机号码，或区号加固定电话；几个号码用/或顿号分开",
    "date": "公历年月日，如2024-06-30",
    "fen": "以元为单位的数字，没有的填0，不写“约”",
    "division": "行政区划现行全称，可从下拉列表选择",
    "code": "从下拉列表选择",
    "categories": "可以多项，用顿号分开：" + "、".join(CODE_LISTS["category"].values()),
    "text": "",
}
_RULES = (
    "1．请在其余工作表填写，不要改动列名和工作表名称；次序可以调整，不需要的列可以空着。",
    "2．身份证号码、残疾人证号、电话的整列已设为文本。从别处复制时请用“选择性粘贴”中的“文本”或“值”，以免变成4.41421E+17。",
    "3．粘贴的内容不经过检查；出现提示时请按证件原件核对，确与原件一致的可以继续。",
    "4．带*的列必须填写。",
)


class _Column(NamedTuple):
    field: str
    header: str
    kind: str
    is_required: bool


def write_roster_xlsx(path: Path, source: Source, *, divisions: Sequence[Division] = ()) -> None:
    """Writes an empty list, mode 0600, with the source's own headers and sheets.

    Args:
        path: of the workbook.
        source: whose list it is.
        divisions: for the drop-downs of counties, towns and villages; retired ones are left out.

    Raises:
        OSError: the folder is missing, full or not writable.
    """
    places = {level: _names(divisions, number) for level, number in _LEVELS.items()}
    tables = [("main", source.main), *([("members", source.members)] if source.members else [])]
    with replace_file(path) as temporary, xlsxwriter.Workbook(temporary, OPTIONS) as book:
        book.set_properties({"title": source.label, "created": MADE})
        instructions = book.add_worksheet(_INSTRUCTIONS)
        for name, table in tables:
            sheet = book.add_worksheet(table.sheets[0] if table.sheets else source.label[:31])
            _write_list(book, sheet, _columns(table), places, is_main=name == "main")
        _write_places(book, places)
        _write_instructions(book, instructions, source, [table for _, table in tables])


def _columns(table: TableColumns) -> list[_Column]:
    return [
        _Column(field, headers[0], FIELDS[field].kind, field in table.required)
        for field, headers in table.columns.items()
    ]


def _names(divisions: Sequence[Division], level: int) -> list[str]:
    return sorted({division.name for division in divisions if division.level == level and not division.replaced_by})


def _write_list(
    book: Any, sheet: Any, columns: Sequence[_Column], places: Mapping[str, Sequence[str]], *, is_main: bool
) -> None:
    shapes = {
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "fen": book.add_format({"num_format": "0.00"}),
    }
    text = book.add_format({"num_format": "@"})
    look = {"num_format": "@", "bold": True, "bg_color": "#DDEBF7", "border": 1, "align": "center", "valign": "vcenter"}
    optional = book.add_format({**look, "text_wrap": True})
    required = book.add_format({**look, "text_wrap": True, "font_color": "#C00000"})
    for place, column in enumerate(columns):
        width = max(_WIDTHS.get(column.kind, 12), len(column.header) * 1.2)
        sheet.set_column(place, place, width, shapes.get(column.kind, text))
        sheet.write_string(0, place, column.header, required if column.is_required else optional)
        if check := _check(column, xl_rowcol_to_cell(1, place), places):
            sheet.data_validation(1, place, _ROWS, place, check)
    sheet.set_row(0, 32)
    sheet.freeze_panes(1, 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    if is_main:
        sheet.activate()


def _check(column: _Column, cell: str, places: Mapping[str, Sequence[str]]) -> Check | None:
    by_kind = {"id_number": id_number_check, "certificate": certificate_check, "phone": phone_check}
    if make := by_kind.get(column.kind):
        return make(cell)
    level = column.field.rpartition("_")[2]
    if column.kind == "division" and places.get(level):
        # No public table of villages is complete.
        return place_check(_LEVEL_NAMES[level], column.header, is_complete=level != "village")
    if column.kind == "date":
        return date_check(may_be_later=column.field == "certificate_expiry_date")
    if column.kind == "fen":
        return amount_check()
    if column.kind == "code":
        return word_check(tuple(CODE_LISTS[FIELDS[column.field].codes or ""].values()), column.header)
    return hint(column.header, _HOW["categories"]) if column.kind == "categories" else None


def _write_places(book: Any, places: Mapping[str, Sequence[str]]) -> None:
    """The names of places on a hidden sheet, a column for each level, and the names of the workbook for these."""
    sheet = book.add_worksheet(_DIVISIONS)
    sheet.hide()
    for column, (level, names) in enumerate(places.items()):
        sheet.write_string(0, column, _LEVEL_NAMES[level])
        for row, name in enumerate(names, 1):
            sheet.write_string(row, column, name)
        if names:
            book.define_name(_LEVEL_NAMES[level], f"={_DIVISIONS}!{xl_range_abs(1, column, len(names), column)}")


def _write_instructions(book: Any, sheet: Any, source: Source, tables: Sequence[TableColumns]) -> None:
    title = book.add_format({"bold": True, "font_size": 14})
    bold = book.add_format({"bold": True, "bg_color": "#DDEBF7", "border": 1})
    cell = book.add_format({"border": 1, "text_wrap": True, "valign": "top"})
    for place, width in enumerate((14, 28, 72)):
        sheet.set_column(place, place, width)
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.write_string(0, 0, f"{source.label} 填报说明", title)
    for row, rule in enumerate(_RULES, 1):
        sheet.write_string(row, 0, rule)
    first = len(_RULES) + 2
    for place, words in enumerate(("工作表", "列名", "填法")):
        sheet.write_string(first, place, words, bold)
    lines = [(table.sheets[0] if table.sheets else "", column) for table in tables for column in _columns(table)]
    for row, (name, column) in enumerate(lines, first + 1):
        sheet.write_string(row, 0, name, cell)
        sheet.write_string(row, 1, f"{'*' if column.is_required else ''}{column.header}", cell)
        sheet.write_string(row, 2, _how(column), cell)


def _how(column: _Column) -> str:
    if column.kind == "code":
        return "、".join(CODE_LISTS[FIELDS[column.field].codes or ""].values())
    return _HOW[column.kind]
