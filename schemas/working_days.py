"""Working days in China: weekends, public holidays and the weekends worked in exchange, as the State Council announces them.

A year's arrangement is announced in the November before it. ``holidays.csv`` in the configuration folder adds years, or
overrides days, without a new version of the program.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from schemas.errors import ConfigurationInvalid

__all__ = ["HOLIDAY", "WORKDAY", "WorkingDays", "load_working_days", "read_holidays"]

HOLIDAY, WORKDAY = "放假", "上班"
_ONE_DAY = timedelta(days=1)
_SATURDAY = 5

# 国办发明电〔2023〕7号, 国办发明电〔2024〕12号, 国办发明电〔2025〕7号: first and last day off, then weekends that are worked.
_ANNOUNCED: Mapping[int, tuple[str, str]] = {
    2024: ("0101 0210-0217 0404-0406 0501-0505 0610 0915-0917 1001-1007", "0204 0218 0407 0428 0511 0914 0929 1012"),
    2025: ("0101 0128-0204 0404-0406 0501-0505 0531-0602 1001-1008", "0126 0208 0427 0928 1011"),
    2026: ("0101-0103 0215-0223 0404-0406 0501-0505 0619-0621 0925-0927 1001-1007", "0104 0214 0228 0509 0920 1010"),
}
# The arrangement of 2027 is not in this version: the days off by law alone (全国年节及纪念日放假办法, 2024), without exchanges.
_BY_LAW: Mapping[int, str] = {2027: "0101 0205-0208 0405 0501-0502 0609 0915 1001-1003"}


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """Which days are worked: weekdays that are no holiday, and weekends worked in exchange for one.

    ``known_years`` are those whose arrangement is announced; of any other a count is provisional.
    """

    holidays: frozenset[date]
    workdays: frozenset[date]
    known_years: frozenset[int]

    def is_working_day(self, day: date) -> bool:
        """Whether offices are open.

        >>> load_working_days(None).is_working_day(date(2026, 10, 10))  # a Saturday worked for the National Day
        True
        """
        return day in self.workdays or (day.weekday() < _SATURDAY and day not in self.holidays)

    def after(self, day: date, count: int) -> date:
        """The ``count``-th working day after a day, which itself does not count.

        >>> load_working_days(None).after(date(2026, 9, 30), 1)
        datetime.date(2026, 10, 8)
        """
        for _ in range(count):
            day += _ONE_DAY
            while not self.is_working_day(day):
                day += _ONE_DAY
        return day

    def is_provisional(self, first: date, last: date) -> bool:
        """Whether a count between two days rests on a year whose arrangement is not known."""
        return not self.known_years.issuperset(range(first.year, last.year + 1))


def load_working_days(folder: Path | None) -> WorkingDays:
    """The days as announced, and as ``holidays.csv`` in a configuration folder has them.

    Raises:
        ConfigurationInvalid: naming the file and the line.
    """
    holidays, workdays = set[date](), set[date]()
    for year, (off, worked) in _ANNOUNCED.items():
        holidays.update(_days(year, off))
        workdays.update(_days(year, worked))
    for year, off in _BY_LAW.items():
        holidays.update(_days(year, off))
    known = set(_ANNOUNCED)
    path = folder / "holidays.csv" if folder else None
    if path is not None and path.is_file():
        for day, kind in read_holidays(path):
            (holidays if kind == HOLIDAY else workdays).add(day)
            (workdays if kind == HOLIDAY else holidays).discard(day)
            known.add(day.year)
    return WorkingDays(frozenset(holidays), frozenset(workdays), frozenset(known))


def read_holidays(path: Path) -> list[tuple[date, str]]:
    """The days of a ``holidays.csv``: columns 日期 (YYYY-MM-DD) and 类型 (放假 or 上班).

    Raises:
        ConfigurationInvalid: naming the file and the line.
    """
    try:
        lines = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError):
        lines = None
    if lines is None:
        raise ConfigurationInvalid(f"{path}: not readable as UTF-8")
    if not lines or [cell.strip() for cell in lines[0][:2]] != ["日期", "类型"]:
        raise ConfigurationInvalid(f"{path}: the first line must be 日期,类型")
    return [_day(path, number, cells) for number, cells in enumerate(lines[1:], start=2) if any(map(str.strip, cells))]


def _day(path: Path, number: int, cells: list[str]) -> tuple[date, str]:
    day, kind = [cell.strip() for cell in [*cells, "", ""]][:2]
    if kind not in {HOLIDAY, WORKDAY}:
        raise ConfigurationInvalid(f"{path}: line {number}: 类型 must be {HOLIDAY} or {WORKDAY}")
    try:
        return date.fromisoformat(day), kind
    except ValueError:
        pass
    raise ConfigurationInvalid(f"{path}: line {number}: 日期 must be like 2027-02-05")


def _days(year: int, spans: str) -> Iterator[date]:
    for span in spans.split():
        first, _, last = span.partition("-")
        yield from _between(_date(year, first), _date(year, last or first))


def _between(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def _date(year: int, month_and_day: str) -> date:
    return date(year, int(month_and_day[:2]), int(month_and_day[2:]))
