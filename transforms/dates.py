"""Days as people type them and spreadsheets store them, read one distinct value at a time."""

import re
from datetime import date, timedelta
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from schemas.findings import Finding
from transforms.cells import Column, Setting, note_distinct
from transforms.columns import map_distinct, take_distinct, text_scalar, texts, to_arrow

__all__ = ["Period", "period_of", "read_date", "read_number", "read_serial", "standard_dates"]

Period = tuple[date, date]

_DATE = re.compile(
    r"(\d{4}|\d{2})\s*([-/.年])\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?",
    re.ASCII,
)
_COMPACT = re.compile(r"(\d{4})()(\d{2})(\d{2})", re.ASCII)
_SERIAL = re.compile(r"(\d{5})(?:\.\d+)?", re.ASCII)
_LAST_SERIAL = 73050  # 31 December 2099, counted from 1900

_YEAR_DIGITS = "〇一二三四五六七八九"
_WITH_NUMERALS = re.compile(
    r"([\d〇零○一二三四五六七八九]+)年([\d一二三四五六七八九十]+)月([\d一二三四五六七八九十廿卅]+)[日号]?"
)
_TENS = {"": 0, "十": 10, "二十": 20, "廿": 20, "三十": 30, "卅": 30}
_NUMERALS = {
    tens + one: number + place
    for tens, number in _TENS.items()
    for place, one in enumerate(["", *_YEAR_DIGITS[1:]])
    if 1 <= number + place <= 31
}


def read_date(text: str, within: Period | None = None) -> date | None:
    """The day a cleaned text names with year, month and day; ``None`` where it is not certain which day is meant.

    Args:
        text: digits or Chinese numerals, the year first.
        within: when such a day can have been; it decides the century of a year written with two digits, which is
            unreadable where both centuries fit or none, or where the year might be the month (``03-05-12``).

    >>> read_date("2023年5月3日"), read_date("20230503"), read_date("2023-05-03 00:00:00")
    (datetime.date(2023, 5, 3), datetime.date(2023, 5, 3), datetime.date(2023, 5, 3))
    >>> read_date("一九四一年十一月廿三日"), read_date("41.3.5", (date(1900, 1, 1), date(1999, 12, 31)))
    (datetime.date(1941, 11, 23), datetime.date(1941, 3, 5))
    >>> [read_date(text) for text in ("41.3.5", "2023-02-30", "1941年3月", "民国三十年三月五日")]
    [None, None, None, None]
    """
    found = _DATE.fullmatch(text if text.isascii() else _in_digits(text)) or _COMPACT.fullmatch(text)
    if not found:
        return None
    year, separator, month, day = found.groups()
    if len(year) == 4:
        return _day(int(year), int(month), int(day))
    if within is None or (separator != "年" and int(year) <= 12):
        return None
    read = [_day(century + int(year), int(month), int(day)) for century in (1900, 2000)]
    possible = [found for found in read if found and within[0] <= found <= within[1]]
    return possible[0] if len(possible) == 1 else None


def read_serial(number: int, *, from_1904: bool) -> date | None:
    """The day a spreadsheet means by a number in a date cell (ECMA-376 part 1, 18.17.4); ``None`` for 29 February 1900.

    Counted from 1900 there is such a day, number 60, which never was; the days before it are one number lower.

    >>> read_serial(45413, from_1904=False), read_serial(59, from_1904=False), read_serial(60, from_1904=False)
    (datetime.date(2024, 5, 1), datetime.date(1900, 2, 28), None)
    >>> read_serial(43951, from_1904=True)
    datetime.date(2024, 5, 1)
    """
    if not 1 <= number <= _LAST_SERIAL or (number == 60 and not from_1904):
        return None
    first = date(1904, 1, 1) if from_1904 else date(1899, 12, 31 if number < 60 else 30)
    return first + timedelta(days=number)


def read_number(text: str, within: Period | None = None, *, from_1904: bool = False) -> date | None:
    """The day meant by a cell stored as a number: ``20240501``, or a spreadsheet's count of days, with the time dropped.

    Only numbers of five digits (18 May 1927 and later) are counts: one of four is a year, and one of fewer a typing error.

    >>> read_number("45413"), read_number("20240501"), read_number("1941"), read_number("60")
    (datetime.date(2024, 5, 1), datetime.date(2024, 5, 1), None, None)
    """
    count = _SERIAL.fullmatch(text)
    return read_serial(int(count[1]), from_1904=from_1904) if count else read_date(text, within)


def period_of(field: str, today: date) -> Period:
    """When the days of a field can have been: births of elders, ends of validity, and what an office has already done."""
    if field == "birth_date":
        return date(1900, 1, 1), date(1999, 12, 31)
    if field == "certificate_expiry_date":
        return date(2000, 1, 1), date(min(today.year + 60, 9999), today.month, min(today.day, 28))
    return date(1990, 1, 1), today


def standard_dates(column: Column, setting: Setting) -> pd.Series:
    """ISO dates; a day after today is missing too, but for the last day of validity."""
    today, notes = setting.today, setting.notes
    places, days = map_distinct(_marked(column), partial(_read_marked, within=period_of(column.field, today)))
    may_be_later = column.field == "certificate_expiry_date"
    late = [day is not None and day > today and not may_be_later for day in days]
    note_distinct(notes, Finding.DATE_FORMAT, column.field, places, [day is None for day in days], column.delivered)
    note_distinct(notes, Finding.DATE_FUTURE, column.field, places, late, column.delivered)
    kept = [None if day is None or is_late else day.isoformat() for day, is_late in zip(days, late, strict=True)]
    return take_distinct(places, kept)


_NUMBER, _NUMBER_FROM_1904 = "\x01", "\x02"  # no cleaned text begins with one


def _marked(column: Column) -> pd.Series:
    """The cells with a mark before those that were numbers, so that one text stored in two ways is two values."""
    if not column.is_number.any():
        return column.cleaned
    marks = np.where(column.is_number, np.where(column.counts_from_1904, _NUMBER_FROM_1904, _NUMBER), "")
    parts = [pa.array(marks, pa.large_string()), to_arrow(column.cleaned), text_scalar("")]
    return texts(pc.binary_join_element_wise(*parts))


def _read_marked(text: str, within: Period) -> date | None:
    if text[0] in {_NUMBER, _NUMBER_FROM_1904}:
        return read_number(text[1:], within, from_1904=text[0] == _NUMBER_FROM_1904)
    return read_date(text, within)


def _in_digits(text: str) -> str:
    """A day written with Chinese numerals in digits; any other text as it is."""
    found = _WITH_NUMERALS.fullmatch(text)
    if not found:
        return text
    year = "".join(str(_YEAR_DIGITS.find(digit)) if digit in _YEAR_DIGITS else digit for digit in found[1])
    month, day = (part if part.isascii() else str(_NUMERALS.get(part, 0)) for part in found.groups()[1:])
    return f"{year.replace('零', '0').replace('○', '0')}年{month}月{day}日"


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
