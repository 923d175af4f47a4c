"""The workbook of open questions about who is who: both sides among one another, what differs marked, columns to answer in.

Rows in, file out; where they come from is ``flows.people.cases``. Only the columns to answer in can be written to; the keys by which
answers find their question are hidden.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from reports.cells import arrow_table, dates_as_text
from reports.workbook import open_workbook
from schemas.case_answers import ANSWER_HEADERS, KEY_HEADER
from schemas.durable import replace_file
from schemas.errors import ConfigurationInvalid, ContractBroken

__all__ = ["CaseSheet", "write_case_workbook"]

_ABOUT = (
    "1．每件（案件号相同的各行）列出一个待核定的问题，各方各占一行或几行；标黄的单元格各方说法不同。",
    "2．在“处理意见”列选择处理意见，在“处理理由”列写明依据，在“经办人”列写明经办人；三列都要填。一件只需填一行，不处理的件留空。",
    "3．“同一人，采用本行号码”：各方是同一人，以本行的号码为现用号码。“不同人，号码属本行”：号码是本行这一方的，可以选在几行上。",
    "4．号码缺损的，在疑为本人的那一行（候选）选“同一人”；都不是的，选“不同人”；号码本来如此的，选“号码无误”。",
    "5．请勿改动其他列和隐藏的列；行的次序可以变动。改好后保存，由操作员执行 eldersync decide import 登记。",
    "6．登记之前，名单有变化的、已经处理过的，逐行退回并说明，不会登记。",
)
_WIDTHS = {"姓名": 12, "身份证号码": 21, "残疾人证号": 25, "相同之处": 34, "问题": 22}
_ANSWER_WIDTHS = (24, 34, 12)


@dataclass(frozen=True, slots=True, repr=False)
class CaseSheet:
    """The rows of the workbook.

    Attributes:
        rows: texts and whole numbers under the headers they are shown with, the rows of a question one after the other.
        differs: which cells say something else than another side; same shape as ``rows``.
        cases: the question of each row.
        keys: the hidden key of each row.
        choices: what each row's question can be answered by.
    """

    rows: pd.DataFrame
    differs: pd.DataFrame
    cases: Sequence[int]
    keys: Sequence[str]
    choices: Sequence[Sequence[str]]


def write_case_workbook(path: Path, sheet: CaseSheet) -> None:
    """Writes the workbook whole or not at all, mode 0600; no formula, link or macro is in it.

    Raises:
        ConfigurationInvalid: the file cannot be written there.
        ContractBroken: the parts of the sheet do not belong together.
    """
    if sheet.differs.shape != sheet.rows.shape or {len(sheet.rows)} != {
        len(sheet.cases), len(sheet.keys), len(sheet.choices),
    }:  # fmt: skip
        raise ContractBroken("the rows of a workbook of questions, their marks and their keys are not of one length")
    try:
        with replace_file(path) as temporary, open_workbook(temporary) as book:
            _write_questions(book, sheet)
            _write_about(book)
    except OSError as error:
        problem = error.strerror or type(error).__name__
    else:
        return
    raise ConfigurationInvalid(f"the workbook cannot be written there: {problem}")


def _write_questions(book: Any, sheet: CaseSheet) -> None:
    page = book.add_worksheet("待核定")
    headers = list(sheet.rows.columns)
    looks = _Looks(book)
    _lay_out(page, headers, looks)
    rows = dates_as_text(arrow_table(sheet.rows)).to_pylist()
    marks = sheet.differs.to_numpy(dtype=bool)
    band = 0
    for row, cells in enumerate(rows):
        begins = row == 0 or sheet.cases[row] != sheet.cases[row - 1]
        band ^= begins
        for place, value in enumerate(cells.values()):
            look = looks.of(begins=begins, differs=bool(marks[row, place]), band=band)
            if value is None:
                page.write_blank(row + 1, place, None, look)
            else:
                page.write_string(row + 1, place, str(value), look)
        for place in range(len(headers), len(headers) + len(ANSWER_HEADERS)):
            page.write_blank(row + 1, place, None, looks.answer)
        page.write_string(row + 1, len(headers) + len(ANSWER_HEADERS), sheet.keys[row], looks.hidden)
    _offer_choices(page, sheet, len(headers))


def _lay_out(page: Any, headers: Sequence[str], looks: "_Looks") -> None:
    """Widths, headers, what stays in sight, how it prints, and that only the columns to answer in can be written to."""
    for place, header in enumerate(headers):
        page.set_column(place, place, max(_WIDTHS.get(header, 10), 1.9 * len(header)))
        page.write_string(0, place, header, looks.header)
    for place, (header, width) in enumerate(zip(ANSWER_HEADERS, _ANSWER_WIDTHS, strict=True), len(headers)):
        page.set_column(place, place, width)
        page.write_string(0, place, header, looks.answer_header)
    key = len(headers) + len(ANSWER_HEADERS)
    page.set_column(key, key, 4, None, {"hidden": True})
    page.write_string(0, key, KEY_HEADER, looks.header)
    page.freeze_panes(1, 3)
    page.set_landscape()
    page.set_paper(8)  # A3
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)
    # Without a password: it guards against slips, not against people.
    page.protect("", {"format_columns": True, "format_rows": True, "autofilter": True, "sort": True})


def _offer_choices(page: Any, sheet: CaseSheet, place: int) -> None:
    """A drop-down for each run of rows with the same choices."""
    start = 0
    for row in range(1, len(sheet.choices) + 1):
        if row < len(sheet.choices) and sheet.choices[row] == sheet.choices[start]:
            continue
        page.data_validation(
            start + 1, place, row, place,
            {"validate": "list", "source": list(sheet.choices[start]), "error_title": "请核对",
             "error_message": "请从下拉列表中选择。"},
        )  # fmt: skip
        start = row


def _write_about(book: Any) -> None:
    page = book.add_worksheet("填写说明")
    page.set_column(0, 0, 110)
    wrapped = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
    for row, words in enumerate(_ABOUT):
        page.write_string(row, 0, words, wrapped)


class _Looks:
    """Formats of one workbook."""

    def __init__(self, book: Any) -> None:
        head = {"bold": True, "border": 1, "num_format": "@", "text_wrap": True, "valign": "vcenter"}
        self.header = book.add_format({**head, "bg_color": "#E8EDF3"})
        self.answer_header = book.add_format({**head, "bg_color": "#FFF2CC"})
        self.answer = book.add_format(
            {"num_format": "@", "valign": "top", "text_wrap": True, "locked": False, "border": 1}
        )
        self.hidden = book.add_format({"num_format": "@"})
        self._cells = {}
        for begins in (False, True):
            for differs in (False, True):
                for band in (0, 1):
                    look: dict[str, Any] = {"num_format": "@", "valign": "top", "top": 2 if begins else 4}
                    if differs:
                        look |= {"bg_color": "#FFEB9C", "font_color": "#7F6000", "bold": True}
                    elif band:
                        look |= {"bg_color": "#F5F7FA"}
                    self._cells[begins, differs, band] = book.add_format(look)

    def of(self, *, begins: bool, differs: bool, band: int) -> Any:
        """How a cell looks: where a question begins, where sides differ, and every other question in grey."""
        return self._cells[begins, differs, band]
