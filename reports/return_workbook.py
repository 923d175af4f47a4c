"""The workbook that goes back to a sender: its own columns and order, what is wrong in red, a column to answer in.

Frames in, file out; where they come from is ``flows.returning.returns``. It leaves the house with unmasked data of its own sender.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from reports.workbook import open_workbook, sheet_name
from schemas.durable import replace_file
from schemas.errors import StageFailed
from schemas.finding_states import ordinal
from schemas.findings import CATALOGUE, Finding, Severity
from schemas.returns import CORRECTION_HEADER, ORIGINAL_ROW_HEADER, PROBLEM_HEADER, ROW_KEY_HEADER

__all__ = ["ReturnBook", "ReturnColumn", "ReturnSheet", "write_return_workbook"]

_ABOUT = "退回说明"
_WEIGHT: Mapping[str, str] = {
    Severity.REJECT: "该行未采用，须更正",
    Severity.HOLD: "该行待核定，请核实",
    Severity.WARN: "请核对更正",
    Severity.NOTE: "仅供参考",
}
_ORDER = {str(severity): place for place, severity in enumerate(Severity)}
_WIDTHS = {"id_number": 21, "certificate": 25, "phone": 15, "date": 13, "categories": 20, "text": 16}
_LONGEST_LIST = 255  # characters Excel allows for the words of a drop-down
_VANISHED = "上次退回后，贵单位名单中已没有此行：注销还是漏报？漏报的，更正后报回本行；注销的，在“修改说明”写明“注销”和原因，并书面答复。"
_HOW = (
    "1．标红的单元格有问题，停在上面可以看到说明；每行的全部问题在“存在问题”列。请按证件原件或档案核对，直接在原单元格更正。",
    "2．在“修改说明”列写明改了什么；经核对确实无误的，写明依据。",
    "3．请勿改动列名、“原行号”列和隐藏的列；行的次序可以变动，不需要更正的行可以删去或保持原样，不影响名单。",
    "4．身份证号码等列为文本格式，请用“选择性粘贴”中的“文本”或“值”粘贴。被电子表格存成数值的号码后几位已经丢失，须重新录入。",
    "5．改好后保存，按原渠道报回本文件即可，只替换文中更正的各行，名单其余部分不变。请同时更正本单位的底册。",
)


@dataclass(frozen=True, slots=True)
class ReturnColumn:
    """A column of the sender's: what it is called there, the kind of its field (empty if nobody agreed on it), its drop-down."""

    header: str
    kind: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class ReturnSheet:
    """One list of a returned file.

    Attributes:
        name: of the sheet.
        columns: the sender's, in the sender's order.
        cells: one ``large_string`` array for each column.
        numbers: for columns by place, which cells stay numbers: a number that a spreadsheet has ruined stays recognisable.
        row_numbers: where each row stood in the sender's file.
        keys: of each row, for its way back.
        findings: ``position`` (of the row), ``place`` (of the column, missing where the row as a whole is meant),
            ``code severity seen``, ``is_asked`` where the sender is asked for a correction, ``times`` it goes back now,
            and ``has_vanished`` where the sender's newest list has no such row any more.
    """

    name: str
    columns: Sequence[ReturnColumn]
    cells: Sequence[pa.Array]
    numbers: Mapping[int, pa.Array]
    row_numbers: Sequence[int]
    keys: Sequence[str]
    findings: pd.DataFrame


@dataclass(frozen=True, slots=True, repr=False)
class ReturnBook:
    """A returned file: what it is called, its lists (the main one first), and what is wrong with the file as a whole.

    ``file_findings`` has ``code severity sheet row_number seen``.
    """

    title: str
    about: Sequence[tuple[str, str]]
    sheets: Sequence[ReturnSheet]
    file_findings: pd.DataFrame = field(default_factory=pd.DataFrame)


def write_return_workbook(path: Path, book: ReturnBook) -> None:
    """Writes the workbook whole or not at all, mode 0600; no formula, link or macro is in it.

    Raises:
        StageFailed: the disk is full or the folder not writable.
    """
    try:
        with replace_file(path) as temporary, open_workbook(temporary) as workbook:
            writer = _Writer(workbook)
            for sheet in book.sheets:
                writer.write_list(sheet)
            writer.write_about(book)
    except OSError as error:
        problem = error.strerror or type(error).__name__
    else:
        return
    raise StageFailed(f"a return workbook cannot be written: {problem}")


def _choices(column: ReturnColumn) -> list[str]:
    """The words of a drop-down, as many as it can hold."""
    words: list[str] = []
    for word in column.choices:
        if "," not in word and len(",".join([*words, word])) <= _LONGEST_LIST:
            words.append(word)
    return words


def _comment(finding: Any) -> str:
    """What was seen, what was expected, what to do."""
    rule = CATALOGUE[Finding(finding.code)]
    seen = f"看到：{_text(finding.seen)}\n" if _text(finding.seen) else ""
    return f"{rule.label}（{_WEIGHT[finding.severity]}）\n{seen}应为：{rule.expected}\n处理：{rule.remedy}"


class _Writer:
    """Formats and names of one workbook."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._names: set[str] = set()
        head = {"bold": True, "border": 1, "num_format": "@", "text_wrap": True, "valign": "vcenter"}
        self._header = book.add_format({**head, "bg_color": "#E8EDF3"})
        self._our_header = book.add_format({**head, "bg_color": "#FFF2CC"})
        self._text = book.add_format({"num_format": "@", "valign": "top"})
        self._wrapped = book.add_format({"num_format": "@", "valign": "top", "text_wrap": True})
        red = {"bg_color": "#FFC7CE", "font_color": "#9C0006", "border": 1, "border_color": "#C00000"}
        self._red = book.add_format({"num_format": "@", "valign": "top", **red})
        self._yellow = book.add_format({"num_format": "@", "valign": "top", "bg_color": "#FFF2CC"})
        self._title = book.add_format({"bold": True, "font_size": 14})

    def write_list(self, sheet: ReturnSheet) -> None:
        """One list: the sender's columns, then ours, the last of them hidden."""
        page = self._book.add_worksheet(self._name(sheet.name))
        self._write_header(page, sheet.columns, len(sheet.row_numbers))
        texts = [column.to_pylist() for column in sheet.cells]
        numbers = {place: flags.to_pylist() for place, flags in sheet.numbers.items()}
        of_row = _by_row(sheet.findings)
        first_of_ours = len(sheet.columns)
        for row, (number, key) in enumerate(zip(sheet.row_numbers, sheet.keys, strict=True)):
            found = of_row.get(row, [])
            looks, comments = self._marks(found)
            for place, column in enumerate(texts):
                look = looks.get(place, self._text)
                if column[row] is not None and place in numbers and numbers[place][row]:
                    page.write_number(row + 1, place, float(column[row]), look)
                elif column[row] is not None or place in looks:
                    page.write_string(row + 1, place, column[row] or "", look)
            for place, words in comments.items():
                lines = words.count("\n") + 1 + len(words) // 30
                page.write_comment(row + 1, place, words, {"width": 320, "height": 18 * lines + 10, "author": ""})
            page.write_string(row + 1, first_of_ours, str(number), self._text)
            page.write_string(row + 1, first_of_ours + 1, _in_words(found, sheet.columns), self._wrapped)
            page.write_string(row + 1, first_of_ours + 3, key, self._text)

    def write_about(self, book: ReturnBook) -> None:
        """What this file is, how to answer it, how often each problem is in it, and what is wrong with it as a whole."""
        page = self._book.add_worksheet(self._name(_ABOUT))
        for place, width in enumerate((34, 10, 60, 60)):
            page.set_column(place, place, width)
        page.write_string(0, 0, book.title, self._title)
        lines = [*(f"{name}：{words}" for name, words in book.about), "", *(_HOW if book.sheets else ())]
        for row, words in enumerate(lines, 1):
            page.write_string(row, 0, words)
        counts = [
            (f"{rule.label}（{_WEIGHT[severity]}）", str(count), rule.expected, rule.remedy)
            for code, severity, count in _counts(book)
            for rule in [CATALOGUE[Finding(code)]]
        ]
        end = self._write_table(page, len(lines) + 2, ("问题", "处数", "应为", "处理"), counts)
        whole = [
            (CATALOGUE[Finding(str(finding.code))].label, "", _where(finding), _text(finding.seen))
            for finding in book.file_findings.itertuples(index=False)
        ]
        if whole:
            self._write_table(page, end + 1, ("文件问题", "", "位置", "内容"), whole)

    def _write_table(self, page: Any, first: int, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
        """Writes rows of texts under a header, and gives the row below them."""
        for place, words in enumerate(headers):
            page.write_string(first, place, words, self._header)
        for number, cells in enumerate(rows, first + 1):
            for place, words in enumerate(cells):
                page.write_string(number, place, words, self._wrapped)
        return first + len(rows) + 1

    def _write_header(self, page: Any, columns: Sequence[ReturnColumn], rows: int) -> None:
        for place, column in enumerate(columns):
            page.set_column(place, place, max(_WIDTHS.get(column.kind, 12), len(column.header) * 1.6), self._text)
            if words := _choices(column):
                check = {"validate": "list", "source": words, "error_type": "warning", "error_title": "请核对"}
                page.data_validation(1, place, max(rows, 1), place, {**check, "error_message": "不在下拉列表之内。"})
        first = len(columns)
        for place, width in ((first, 8), (first + 1, 50), (first + 2, 30)):
            page.set_column(place, place, width, self._wrapped)
        page.set_column(first + 3, first + 3, 4, self._text, {"hidden": True})
        for place, column in enumerate(columns):
            page.write_string(0, place, column.header, self._header)
        for place, header in enumerate((ORIGINAL_ROW_HEADER, PROBLEM_HEADER, CORRECTION_HEADER, ROW_KEY_HEADER), first):
            page.write_string(0, place, header, self._our_header)
        page.freeze_panes(1, 0)
        page.set_landscape()
        page.set_paper(9)
        page.fit_to_pages(1, 0)
        page.repeat_rows(0)

    def _marks(self, found: Sequence[Any]) -> tuple[dict[int, Any], dict[int, str]]:
        """How the cells of a row look that something was found in, and what is said of them."""
        looks: dict[int, Any] = {}
        comments: dict[int, str] = {}
        for finding in found:
            if pd.isna(finding.place):
                continue
            place = int(finding.place)
            looks.setdefault(place, self._yellow if finding.severity == Severity.NOTE else self._red)
            comments[place] = "\n\n".join(filter(None, (comments.get(place), _comment(finding))))
        return looks, comments

    def _name(self, wanted: str) -> str:
        name, number = sheet_name(wanted), 1
        while name.casefold() in self._names:
            number += 1
            name = sheet_name(wanted, number=number)
        self._names.add(name.casefold())
        return name


def _by_row(findings: pd.DataFrame) -> dict[int, list[Any]]:
    """The findings of each row, the gravest first."""
    found: dict[int, list[Any]] = {}
    for finding in findings.itertuples(index=False):
        found.setdefault(int(finding.position), []).append(finding)  # type: ignore[arg-type]
    for of_row in found.values():
        of_row.sort(key=lambda finding: _ORDER[finding.severity])
    return found


def _in_words(found: Sequence[Any], columns: Sequence[ReturnColumn]) -> str:
    """All that was found in a row, a line each."""
    lines = [_VANISHED] if any(finding.has_vanished for finding in found) else []
    for number, finding in enumerate(found, 1):
        rule = CATALOGUE[Finding(finding.code)]
        where = "" if pd.isna(finding.place) else f"【{columns[int(finding.place)].header}】"
        again = f"{ordinal(finding.times)}次退回。" if finding.is_asked and finding.times > 1 else ""
        lines.append(f"{number}．{where}{rule.label}（{_WEIGHT[finding.severity]}）：{again}{rule.remedy}")
    return "\n".join(lines)


def _where(finding: Any) -> str:
    """Where in a file something is that is no cell of a row."""
    row = "" if pd.isna(finding.row_number) else f"第 {int(finding.row_number)} 行"
    return " ".join(filter(None, (_text(finding.sheet), row)))


def _text(value: Any) -> str:
    """A text that may be missing."""
    return value if isinstance(value, str) else ""


def _counts(book: ReturnBook) -> list[tuple[str, str, int]]:
    """How often each problem is in the file that is to be corrected, the gravest first."""
    parts = [sheet.findings[sheet.findings["is_asked"]] for sheet in book.sheets if len(sheet.findings)]
    if len(book.file_findings):
        parts.append(book.file_findings)
    if not parts:
        return []
    counted = Counter(zip(*(pd.concat(parts)[name].to_list() for name in ("code", "severity")), strict=True))
    codes = list(map(str, CATALOGUE))
    rows = [(code, severity, count) for (code, severity), count in counted.items()]
    return sorted(rows, key=lambda row: (_ORDER[row[1]], codes.index(row[0])))
