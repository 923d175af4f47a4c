"""Rows that carry no record: titles, subtotals, signatures, repeated headers, lines of units or column numbers.

A person is never among them. Only rows without an ID number are looked at, and in doubt a row is a record, whose missing
number will be said. A row that speaks of the list may be told from a person by what its cells begin with, or by where it
stands; each is said with its kind and row number.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from connectors.reading.grid import BLANKS, Grid
from connectors.reading.layouts.blocks import IDENTITY_FIELDS, suspects_of
from connectors.reading.layouts.header import HeaderNames, normal_header
from schemas.fields import FIELDS
from schemas.reading_notes import ReadingNoteKind as Kind

__all__ = ["rows_without_record"]

_SUBTOTAL = re.compile(r".{0,12}(?:合计|小计|总计)|共计|累计|总数|总人数|共\d+[人条户]")
_TOTAL_ALONE = re.compile(r"(?:本[村镇页组]|全[村镇区])?(?:合计|小计|总计|共计)[:\d.人名户条元]*$")
_FOOTER = re.compile(
    r"""(?:制表|填表|填报|审核|审批|复核|经办|经手|负责|联系|统计|报送)(?:人|单位|日期|时间|部门|机构|说明)
        |(?:单位|部门|村\(?居?\)?|主要)负责人|制表|审核|复核|审批
        |.{0,20}\(?(?:签名|签字|签章|盖章|公章)\)?[:_]*$|\(?(?:签名|签字|签章|盖章|公章)
        |备注说明|填表说明|(?:备注|说明|注|日期):|注\d|本表|本页|以上|以下空白|此行以下
        |第\d+页|共\d+页|年月日$""",
    re.VERBOSE,
)
_TITLE = re.compile(
    r"""(?:村名|村\(居\)名?称?|所在村|行政村|乡镇|镇街|填报单位|单位名称?|单位):
        |.*(?:登记表|花名册|名册|名单|汇总表|明细表|统计表|信息表|情况表|一览表|台账)|附件\d*:?""",
    re.VERBOSE,
)
_PLACE = re.compile(
    r"""(?:\(?[一二三四五六七八九十\d]{1,3}[).、:]*)?.{2,30}
        (?:村|[村居]委会|[村居]民委员会|村\(居\)|社区|街道|镇|乡|区|组|管委会|高管会)(?:\(.*\))?(?::.*)?$""",
    re.VERBOSE,
)
_DAY = re.compile(r"(?:日期:?)?\d{2,4}年\d{1,2}月(?:\d{1,2}日)?$")
"""What a cell begins with when its row speaks of the list instead of a person (after NFKC, without blanks)."""
_COUNT = re.compile(r"[共计:]*[\d.,]+[人名户元]?$")
_NO_NAMES = (_SUBTOTAL, _FOOTER, _TITLE, _COUNT, _DAY)
_UNIT = re.compile(
    r"\(?(?:单位:)?(?:元|万元|人|户|岁|周岁|年|月|日|年月日|分|个|元/月|(?:男|是|有)[/、](?:女|否|无)|\d+位|文本|数字|必填项?|选填|y+[-/.]?m+[-/.]?d+)\)?$"
)
_STEMS = "甲乙丙丁戊己庚辛壬癸"

_WHOLE_ID = re.compile(r"[0-9A-Za-z]{15,}")
_PART_OF_ID = re.compile(r"[0-9A-Za-z]{6,}")


class _Row(NamedTuple):
    """The filled cells of a row by column, as they are and without width and blanks; and where it stands."""

    cells: dict[int, str]
    plain: dict[int, str]
    number: int
    follows_header: bool


def rows_without_record(grid: Grid, names: HeaderNames) -> dict[int, Kind]:
    """Index of each row of a grid that carries no record, and what it is."""
    verdicts: dict[int, Kind] = dict.fromkeys(range(grid.header_rows), Kind.REPEATED_HEADER)
    if grid.left_out is not None:
        verdicts |= dict.fromkeys(grid.left_out.nonzero()[0].tolist(), Kind.HIDDEN_ROWS_LEFT)
    suspects = suspects_of(grid)
    judge = _Judge(grid, names)
    single = set()
    for index, cells in zip(suspects.tolist(), grid.texts(suspects), strict=True):
        if index in verdicts:
            continue
        number = int(grid.row_numbers[index])
        row = _row(cells, number, follows_header=_follows_header(grid, index, number, verdicts))
        kind = judge.kind(row)
        if kind is not None:
            verdicts[index] = kind
        elif len(row.plain) == 1:
            single.add(index)
    if grid.is_followed:
        verdicts |= dict.fromkeys(_titles_at_end(grid, verdicts, single), Kind.TITLE)
    return verdicts


def _row(cells: Sequence[str | None], number: int, *, follows_header: bool) -> _Row:
    filled = {index: cell for index, cell in enumerate(cells) if cell and cell.strip(BLANKS)}
    plain = {index: "".join(unicodedata.normalize("NFKC", cell).split()) for index, cell in filled.items()}
    return _Row(filled, plain, number, follows_header)


def _follows_header(grid: Grid, index: int, number: int, verdicts: Mapping[int, Kind]) -> bool:
    """Whether nothing but lines of a header stands between a row and the header."""
    if index == 0:
        return number == grid.header.row_number + 1
    above = verdicts.get(index - 1)
    return above in {Kind.REPEATED_HEADER, Kind.BELOW_HEADER} and grid.row_numbers[index - 1] == number - 1


def _titles_at_end(grid: Grid, verdicts: Mapping[int, Kind], single: set[int]) -> list[int]:
    """Rows of one cell directly above the header of the next table."""
    titles = []
    for index in range(grid.height - 1, -1, -1):
        if index in single:
            titles.append(index)
        elif index not in verdicts:
            break
    return titles


class _Judge:
    """Tells what a row is, below one header."""

    def __init__(self, grid: Grid, names: HeaderNames) -> None:
        column_of = grid.header.column_of
        self._merged = grid.merged
        self._names = names
        self._known = set(column_of.values())
        self._field_of = {column: field for field, column in column_of.items()}
        self._lines = [[normal_header(cell) for cell in line] for line in grid.header.lines or (grid.header.cells,)]
        self._name = column_of.get("name", -1)
        self._places = {
            column for field, column in column_of.items() if field in FIELDS and FIELDS[field].kind == "division"
        }
        self._identities = [column_of[field] for field in IDENTITY_FIELDS if field in column_of]

    def kind(self, row: _Row) -> Kind | None:
        """What a row is instead of a record, ``None`` if it is one."""
        if self._has_number(row):
            return None
        signs = (
            (Kind.REPEATED_HEADER, self._is_header),
            (Kind.BELOW_HEADER, self._is_below_header),
            (Kind.SUBTOTAL, self._is_subtotal),
            (Kind.FOOTER, self._is_footer),
            (Kind.TITLE, self._is_title),
            (Kind.NO_CONTENT, self._is_without_content),
        )
        return next((kind for kind, is_it in signs if is_it(row)), None)

    def _has_number(self, row: _Row) -> bool:
        numbers = [row.plain[column] for column in self._identities if column in row.plain]
        return any(
            _WHOLE_ID.search(number)
            or (_PART_OF_ID.search(number) and not _SUBTOTAL.match(number) and not _FOOTER.match(number))
            for number in numbers
        )

    def _is_header(self, row: _Row) -> bool:
        """Whether most of its cells are headers of the columns they are in; a header of other columns begins a table."""
        normal = {column: normal_header(cell) for column, cell in row.cells.items()}
        same = max(sum(line[column] == cell for column, cell in normal.items()) for line in self._lines)
        fields = {column: field for column, cell in row.cells.items() if (field := self._names.field(cell))}
        agreeing = sum(self._field_of.get(column) == field for column, field in fields.items())
        return max(same, agreeing) >= 2 and max(same, agreeing) * 2 >= len(normal)

    def _is_below_header(self, row: _Row) -> bool:
        """Whether it numbers the columns (甲 乙 1 2 3) or gives their units."""
        if not row.follows_header:
            return False
        cells = [cell.strip("()") for cell in row.plain.values()]
        stems = len([cell for cell in cells if cell in _STEMS])
        digits = cells[stems:]
        counted = [str(number) for number in range(1, len(digits) + 1)]
        if len(cells) >= 3 and "".join(cells[:stems]) == _STEMS[:stems] and digits == counted:
            return True
        return self._name not in row.plain and all(map(_UNIT.match, row.plain.values()))

    def _is_nameless(self, row: _Row) -> bool:
        name = row.plain.get(self._name, "")
        return not name or any(words.match(name) for words in _NO_NAMES)

    def _is_subtotal(self, row: _Row) -> bool:
        begins, name = next(iter(row.plain.values())), row.plain.get(self._name, "")
        if self._is_nameless(row) and any(map(_SUBTOTAL.match, (begins, name))):
            return True
        of_a_place = self._is_nameless(row) or _PLACE.match(name) is not None
        return of_a_place and any(map(_TOTAL_ALONE.match, row.plain.values()))

    def _is_footer(self, row: _Row) -> bool:
        if not self._is_nameless(row):
            return False
        begins, name = next(iter(row.plain.values())), row.plain.get(self._name, "")
        if any(map(_FOOTER.match, (begins, name))):
            return True
        return all(_FOOTER.match(cell) or _DAY.match(cell) for cell in row.plain.values())

    def _is_title(self, row: _Row) -> bool:
        """Whether it names the list or the place that the rows below it are of: in one cell, or in nothing but such cells.

        A place in the column of places is none, unless it stands alone: the row may be somebody's whose name is missing.
        """
        if len(row.plain) == 1:
            ((column, cell),) = row.plain.items()
            return column in self._merged.across(row.number - 1) or bool(_TITLE.match(cell) or _PLACE.match(cell))
        return all(
            any(words.match(cell) for words in (_TITLE, _FOOTER, _DAY))
            or (column not in self._places and _PLACE.match(cell))
            for column, cell in row.plain.items()
        )

    def _is_without_content(self, row: _Row) -> bool:
        """Whether it says nothing in the columns that were agreed on, or nothing but marks."""
        return not self._known.intersection(row.plain) or not any(map(normal_header, row.plain.values()))
