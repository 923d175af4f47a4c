"""What a return letter says, in official words: what was found in a list, what is asked for, and until when.

It counts and names no person; whom it is about stands in the workbook beside it. How it looks is ``reports.return_letter``'s.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import pandas as pd

from schemas.errors import ContractBroken
from schemas.finding_states import ordinal

__all__ = ["MOST_PROBLEMS", "PROBLEM_COLUMNS", "LetterWords", "ReturnLetter", "letter_words"]

PROBLEM_COLUMNS: tuple[str, ...] = ("label", "count", "again", "is_held", "remedy")
"""Columns of `ReturnLetter.problems`, the gravest first; `again` of `count` were returned before, `is_held`: not registered."""

MOST_PROBLEMS = 12
"""Kinds of problems with a line of their own; more would not leave it at one page."""

_HEADERS = ("序号", "问题", "数量（处）", "其中再次退回", "所在记录", "更正要求")
_TIMES_NAMED = 3
_WEEKDAYS = "一二三四五六日"


@dataclass(frozen=True, slots=True)
class ReturnLetter:
    """What there is to say to a sender.

    Args:
        office: Who writes.
        reference: The letter's number in the register.
        addressee: Who is written to.
        source_label: The list it is about.
        deliveries: Names of the sender's own files.
        business_date: The day as of which the list was checked.
        rows: Rows of the list with problems; 0 where it could not be read.
        problems: `PROBLEM_COLUMNS`.
        due_on: Until when a corrected list is asked for.
        working_days: How many working days that is.
        is_provisional: The year's holidays are not announced yet.
        made_on: The letter's date.
        attachments: File names of what goes with it.
        again: How many go back for the second, third, … time: (which time, how many).
        vanished: Rows that were returned before and that the sender's list has no more.
    """

    office: str
    reference: str
    addressee: str
    source_label: str
    deliveries: Sequence[str]
    business_date: date
    rows: int
    problems: pd.DataFrame
    due_on: date
    working_days: int
    is_provisional: bool
    made_on: date
    attachments: Sequence[str] = ()
    contact: str = ""
    telephone: str = ""
    again: Sequence[tuple[int, int]] = ()
    vanished: int = 0


class LetterWords(NamedTuple):
    """A letter in words, ready to be laid out."""

    title: str
    reference: str
    addressee: str
    paragraphs: tuple[str, ...]
    headers: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    attachments: tuple[str, ...]
    contact: str
    office: str
    date: str


def letter_words(letter: ReturnLetter) -> LetterWords:
    """What a letter says.

    Raises:
        ContractBroken: `problems` lacks a column or has no row.
    """
    if absent := [column for column in PROBLEM_COLUMNS if column not in letter.problems]:
        raise ContractBroken(f"a letter's problems lack the column {absent[0]}")
    if letter.problems.empty:
        raise ContractBroken("a letter without a problem")
    return LetterWords(
        title=f"关于退回《{letter.source_label}》问题数据的函",
        reference=letter.reference,
        addressee=f"{letter.addressee}：",
        paragraphs=(_what_was_found(letter), _what_is_asked(letter)),
        headers=_HEADERS,
        lines=tuple(_lines(letter.problems)),
        attachments=tuple(letter.attachments),
        contact=_contact(letter),
        office=letter.office,
        date=_in_words(letter.made_on),
    )


def _what_was_found(letter: ReturnLetter) -> str:
    count, held = (int(letter.problems.loc[mask, "count"].sum()) for mask in (slice(None), letter.problems["is_held"]))
    again = sum(count for _, count in letter.again)
    files = f"（{_files(letter.deliveries)}）" if letter.deliveries else ""
    rows = f"有 {letter.rows} 行" if letter.rows else ""
    parts = [
        f"贵单位报送的《{letter.source_label}》{files}，经我局 {_in_words(letter.business_date)}校验，{rows}存在问题 {count} 处"
    ]
    if held:
        parts.append(f"，其中 {held} 处影响采用，有关记录暂未纳入登记")
    if again:
        parts.append(f"；{again} 处此前已经退回，尚未更正（{_times(letter.again)}）")
    if letter.vanished:
        parts.append(f"；{letter.vanished} 行退回后贵单位名单中已经没有，请逐行答复是注销还是漏报")
    return "".join([*parts, "。现将问题数据退回，分类情况如下："])


def _what_is_asked(letter: ReturnLetter) -> str:
    provisional = "（该年度节假日安排尚未公布，届时顺延）" if letter.is_provisional else ""
    due = f"{_in_words(letter.due_on)}（星期{_WEEKDAYS[letter.due_on.weekday()]}，{letter.working_days} 个工作日内）"
    return (
        f"请于 {due}前{provisional}，按附件逐处核对更正，并在“修改说明”栏写明更正情况；经核实原填内容无误的，在该栏写明依据。"
        "请不要增删列、改动列名，更正后按原报送渠道重新报送。文件含个人信息，请按规定妥善保管和传递。"
    )


def _files(names: Sequence[str]) -> str:
    first = f"文件“{names[0]}”"
    return first if len(names) == 1 else f"{first}等 {len(names)} 个"


def _lines(problems: pd.DataFrame) -> list[tuple[str, ...]]:
    """A line for each kind of problem; the last one is for all that would not fit."""
    most = MOST_PROBLEMS if len(problems) <= MOST_PROBLEMS else MOST_PROBLEMS - 1
    columns = (problems[name].head(most).tolist() for name in PROBLEM_COLUMNS)
    lines: list[tuple[str, ...]] = [
        (str(number), str(label), str(count), str(again or "—"), "暂未采用" if is_held else "已采用", str(remedy))
        for number, (label, count, again, is_held, remedy) in enumerate(zip(*columns, strict=True), start=1)
    ]
    rest = problems.iloc[most:]
    if len(rest):
        result = "暂未采用" if rest["is_held"].all() else "部分未采用" if rest["is_held"].any() else "已采用"
        counts = (str(int(rest["count"].sum())), str(int(rest["again"].sum()) or "—"))
        lines.append((str(most + 1), f"其他 {len(rest)} 类", *counts, result, "逐处要求见附件批注。"))
    return lines


def _times(again: Sequence[tuple[int, int]]) -> str:
    """How many go back for the second and the third time, and more often."""
    said = [f"{ordinal(times)}次退回 {count} 处" for times, count in again if times <= _TIMES_NAMED]
    if often := sum(count for times, count in again if times > _TIMES_NAMED):
        said.append(f"{ordinal(_TIMES_NAMED + 1)}次及以上 {often} 处")
    return "、".join(said)


def _contact(letter: ReturnLetter) -> str:
    parts = [("联系人", letter.contact), ("联系电话", letter.telephone)]
    said = "，".join(f"{label}：{value}" for label, value in parts if value)
    return f"（{said}）" if said else ""


def _in_words(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
