"""Working days are those on which offices are open: weekends worked in exchange among them, holidays not."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import ConfigurationInvalid
from schemas.working_days import load_working_days

ANNOUNCED = load_working_days(None)
DAYS = st.dates(date(2024, 1, 1), date(2027, 12, 1))


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        pytest.param(date(2026, 3, 2), 5, date(2026, 3, 9), id="over a weekend"),
        pytest.param(
            date(2024, 2, 9), 1, date(2024, 2, 18), id="over the Spring Festival to a Sunday worked in exchange"
        ),
        pytest.param(date(2025, 9, 27), 1, date(2025, 9, 28), id="from a Saturday to a Sunday worked in exchange"),
        pytest.param(date(2026, 9, 30), 3, date(2026, 10, 10), id="over the National Day, a Saturday worked"),
        pytest.param(date(2026, 12, 31), 1, date(2027, 1, 4), id="into the next year"),
        pytest.param(date(2027, 2, 4), 1, date(2027, 2, 9), id="a year of which only the law is known"),
        pytest.param(date(2026, 6, 1), 0, date(2026, 6, 1), id="none"),
    ],
)
def test_a_term_ends_on_a_working_day(day: date, count: int, expected: date) -> None:
    assert ANNOUNCED.after(day, count) == expected


@pytest.mark.parametrize(
    ("year", "working_days"), [(2024, 251), (2025, 248), (2026, 248)], ids=["2024", "2025", "2026"]
)
def test_a_year_has_as_many_working_days_as_announced(year: int, working_days: int) -> None:
    days = (
        date(year, 1, 1) + timedelta(days=number) for number in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)
    )
    assert sum(map(ANNOUNCED.is_working_day, days)) == working_days


@pytest.mark.parametrize("year", [2024, 2025, 2026])
def test_days_worked_in_exchange_are_weekends_and_no_holidays(year: int) -> None:
    worked = {day for day in ANNOUNCED.workdays if day.year == year}
    assert worked
    assert all(day.weekday() >= 5 for day in worked)
    assert worked.isdisjoint(ANNOUNCED.holidays)


@given(DAYS, st.integers(0, 40), st.integers(0, 40))
def test_terms_add_up(day: date, first: int, second: int) -> None:
    assert ANNOUNCED.after(ANNOUNCED.after(day, first), second) == ANNOUNCED.after(day, first + second)


@given(DAYS, st.integers(1, 40))
def test_a_term_counts_exactly_the_working_days_in_it(day: date, count: int) -> None:
    end = ANNOUNCED.after(day, count)
    between = [day + timedelta(days=number) for number in range(1, (end - day).days + 1)]
    assert sum(map(ANNOUNCED.is_working_day, between)) == count
    assert ANNOUNCED.is_working_day(end)


def test_a_year_that_is_not_announced_makes_a_term_provisional() -> None:
    assert not ANNOUNCED.is_provisional(date(2026, 1, 1), date(2026, 12, 31))
    assert ANNOUNCED.is_provisional(date(2026, 12, 30), date(2027, 1, 8))


def test_a_file_adds_a_year_and_overrides_days(tmp_path: Path) -> None:
    text = "日期,类型,名称\n2027-02-14,上班,春节调休\n2027-02-09,放假,春节\n2026-10-10,放假,本市停电\n\n"
    (tmp_path / "holidays.csv").write_text(text, encoding="utf-8-sig")
    days = load_working_days(tmp_path)
    assert days.is_working_day(date(2027, 2, 14))
    assert not days.is_working_day(date(2027, 2, 9))
    assert not days.is_working_day(date(2027, 2, 5))
    assert not days.is_working_day(date(2026, 10, 10))
    assert not days.is_provisional(date(2026, 12, 30), date(2027, 1, 8))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("day,kind\n", "日期,类型", id="another header"),
        pytest.param("日期,类型\n2027-02-30,放假\n", "line 2: 日期", id="no such day"),
        pytest.param("日期,类型\n2027-02-05,休息\n", "line 2: 类型", id="another word"),
        pytest.param("日期,类型\n2027-02-05\n", "line 2: 类型", id="a cell missing"),
    ],
)
def test_a_file_that_cannot_be_meant_names_its_line(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "holidays.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationInvalid, match=told):
        load_working_days(tmp_path)


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "holidays.csv").write_bytes("日期,类型\n2027-02-05,放假\n".encode("gb18030"))
    with pytest.raises(ConfigurationInvalid, match="UTF-8"):
        load_working_days(tmp_path)
