"""What the cells of a column look like, whatever its header says: shares of ID numbers, dates, names, words of code lists.

A list nobody agreed on is looked at before its columns have names; what the looks suggest is told in ``header_guess``.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from schemas.certificate import judge_certificate
from schemas.codes import CODE_LISTS, WORDS
from schemas.divisions import Division
from schemas.findings import Finding
from schemas.idnumber import judge
from transforms.amounts import read_amount
from transforms.columns import is_filled, map_distinct
from transforms.dates import read_date
from transforms.phones import read_phone
from transforms.text import clean_text
from transforms.words import parts_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ColumnContent", "agreement", "content_of", "evenly", "place_levels"]

_LOOKED_AT = 5_000
"""Cells of a column that are looked at, evenly over the list; enough for shares, and quick for lists of any length."""

_STILL_ID_NUMBERS = frozenset({Finding.ID_NUMBER_STORED_AS_NUMBER, Finding.ID_NUMBER_CHECKSUM})
"""Faults of numbers that are ID numbers all the same: a spreadsheet ruined their end, or their day of birth is one."""

_SURNAMES = frozenset(
    "李王张刘陈杨黄赵周吴徐孙朱马胡郭林何高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪"
    "范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温赖古丘饶蓝巫凌刘练童管官傅涂"
    "利卜幸房欧区刁洪庄翁游詹柯简危阮章池甘伍梅柳阙"
)
_NAME = re.compile(r"[\u3400-\u9fff]{2,4}")
_MONTH = re.compile(r"(?:19|20)\d{2}[-./年]?\d{1,2}月?")
_SMALL_CODE = re.compile(r"\d{1,2}(?:\.0)?", re.ASCII)
_ADDRESS = re.compile(r"(?:省|市|县|区|镇|乡|街道|村|社区|居委会).*\S")
_VILLAGE = re.compile(r"[^省市县区镇]{1,12}(?:村|社区|居委会|村委会|委员会)")
_PLACE_ENDING = re.compile(r"(?<=..)(?:街道办事处|办事处|街道|社区居委会|村委会|居委会|社区|区|县|市|镇|乡|村)$")
_LEVELS = {3: "county", 4: "town", 5: "village"}

_LISTS = {
    name: {*(label for label in labels.values()), *(word for word in WORDS.get(name, {}) if not word.isdecimal())}
    for name, labels in CODE_LISTS.items()
    if name != "elder_status"
}
"""For each code list its words. Bare digits are in several lists and say nothing."""
_ALL_WORDS = frozenset().union(*_LISTS.values())


class ColumnContent(NamedTuple):
    """What a column holds.

    ``filled`` is the share of cells that say anything; ``looked_at`` how many of them were looked at; ``shares`` for each
    look the share of those that have it; ``distinct`` the share of different texts among them.
    """

    filled: float
    looked_at: int
    shares: Mapping[str, float]
    distinct: float

    def share(self, looks: Sequence[str]) -> float:
        """The largest share that any of some looks has."""
        return max((self.shares.get(look, 0.0) for look in looks), default=0.0)


def evenly(rows: int, most: int) -> "NDArray[np.int64]":
    """Positions of at most ``most`` of ``rows`` rows, evenly over them, in order.

    >>> evenly(10, 5).tolist(), evenly(3, 5).tolist()
    ([0, 2, 4, 6, 8], [0, 1, 2])
    """
    return np.arange(rows) if rows <= most else (np.arange(most) * rows) // most


def place_levels(divisions: Iterable[Division]) -> dict[str, str]:
    """``county``, ``town`` or ``village`` for the names that divisions go by, with and without their ending."""
    levels: dict[str, str] = {}
    for division in sorted(divisions, key=lambda division: -division.level):
        if level := _LEVELS.get(division.level):
            levels[division.name] = level
            levels[_PLACE_ENDING.sub("", division.name)] = level
    return levels


def content_of(cells: pd.Series, places: Mapping[str, str], *, today: date) -> ColumnContent:
    """What a column of cell texts looks like.

    Args:
        cells: texts as delivered, missing where a cell is empty.
        places: names of divisions and their levels (:func:`place_levels`).
        today: the business date; nobody is born after it.
    """
    filled = np.flatnonzero(is_filled(cells))
    seen = cells.iloc[filled[evenly(len(filled), _LOOKED_AT)]].reset_index(drop=True)
    codes, looks = map_distinct(seen, lambda text: frozenset(_looks(text, places, today)))
    times = np.bincount(codes[codes >= 0], minlength=len(looks))
    counts: dict[str, int] = {}
    for found, often in zip(looks, times.tolist(), strict=True):
        for look in found:
            counts[look] = counts.get(look, 0) + often
    most = max(len(seen), 1)
    shares = {look: count / most for look, count in sorted(counts.items())}
    return ColumnContent(len(filled) / max(len(cells), 1), len(seen), shares, len(looks) / most)


def agreement(cells: pd.Series, truth: "NDArray[np.datetime64]") -> float:
    """Share of the rows with a readable date in which it is the day that is known otherwise; 0 for fewer than five.

    Args:
        cells: texts as delivered.
        truth: for each row the day, NaT where it is not known.
    """
    chosen = np.flatnonzero(is_filled(cells) & ~np.isnat(truth))
    chosen = chosen[evenly(len(chosen), _LOOKED_AT)]
    codes, read = map_distinct(
        cells.iloc[chosen].reset_index(drop=True), lambda text: read_date(clean_text(text) or "")
    )
    stated = np.array([*read, None], dtype="datetime64[D]")[codes]
    known = ~np.isnat(stated)
    return float((stated == truth[chosen])[known].mean()) if known.sum() >= 5 else 0.0


def _looks(text: str, places: Mapping[str, str], today: date) -> Iterator[str]:
    cleaned = clean_text(text)
    if not cleaned:
        return
    yield from _numbers(cleaned, today)
    yield from _days_and_amounts(cleaned)
    bare = cleaned.replace(" ", "")
    yield from (name for name, known in _LISTS.items() if bare in known)
    if _LISTS["category"].intersection(parts_of(cleaned)) and bare not in _LISTS["category"]:
        yield "category"
    yield from _place(bare, places)
    if _NAME.fullmatch(bare) and bare[0] in _SURNAMES and bare not in _ALL_WORDS and not _VILLAGE.fullmatch(bare):
        yield "name"


def _numbers(text: str, today: date) -> Iterator[str]:
    if judge_certificate(text, today=today).is_well_formed:
        yield "certificate"
        return
    judged = judge(text, today=today)
    if judged.id_number or judged.fault in _STILL_ID_NUMBERS:
        yield "id_number"
    if read_phone(text)[1]:
        yield "phone"


def _days_and_amounts(text: str) -> Iterator[str]:
    if read_date(text) is not None:
        yield "date"
    elif _MONTH.fullmatch(text):
        yield "month"
    if _SMALL_CODE.fullmatch(text):
        yield "small_code"
    if len(text) <= 9 and read_amount(text) is not None:
        yield "amount"


def _place(text: str, places: Mapping[str, str]) -> Iterator[str]:
    if level := places.get(text) or places.get(_PLACE_ENDING.sub("", text)):
        yield level
    elif _VILLAGE.fullmatch(text):
        yield "village"
    elif len(text) >= 5 and _ADDRESS.search(text):
        yield "address"
