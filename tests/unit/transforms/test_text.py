import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from transforms.amounts import read_amount
from transforms.columns import to_arrow
from transforms.dates import read_date
from transforms.text import clean_column, clean_text, replace_at

CELLS = st.lists(st.none() | st.text(max_size=8) | st.text(" \u3000\u200b张三\tA１", max_size=6), max_size=12)


def column(cells):
    return pd.Series(cells, dtype="str") if cells else pd.Series([], dtype="str")


def values(series):
    return to_arrow(series).to_pylist()


@given(CELLS)
@example(["\N{MATHEMATICAL BOLD CAPITAL A}", "ſ", "\N{KANGXI RADICAL ONE}", "e\u0301", "plain", None, ""])
@example([" a", "a ", "a  b", "a b", "　", None])
def test_a_column_is_cleaned_as_each_of_its_texts(cells):
    expected = [clean_text(cell) if cell is not None else None for cell in cells]
    assert values(clean_column(column(cells))) == expected


@given(CELLS)
def test_cleaning_twice_changes_nothing(cells):
    once = clean_column(column(cells))
    assert values(clean_column(once)) == values(once)


@given(CELLS, st.integers(0, 12), st.integers(0, 12))
def test_a_slice_of_a_column_is_cleaned_like_the_whole(cells, start, stop):
    whole = values(clean_column(column(cells)))
    assert values(clean_column(column(cells).iloc[start:stop])) == whole[start:stop]


@given(st.lists(st.none() | st.text("ab", max_size=2), min_size=1, max_size=8), st.data())
def test_replacing_touches_only_the_places_named(cells, data):
    places = data.draw(st.lists(st.integers(0, len(cells) - 1), unique=True))
    new = [f"new{place}" for place in places]
    expected = list(cells)
    for place, text in zip(places, new, strict=True):
        expected[place] = text
    assert values(replace_at(column(cells), np.array(places, dtype=np.int64), new)) == expected


@given(st.dates(min_value=dt.date(1000, 1, 1)))
def test_every_way_to_write_a_day_is_read_as_that_day(day):
    for text in (
        day.isoformat(), f"{day:%Y%m%d}", f"{day.year}年{day.month}月{day.day}日", f"{day.year}.{day.month}.{day.day}",
        f"{day.year}/{day.month}/{day.day}", f"{day} 00:00:00", f"{day}T00:00",
    ):  # fmt: skip
        assert read_date(text) == day


@pytest.mark.parametrize("text", ["24-5-3", "2024-02-30", "5/3/2024", "2024", "2024-05", "去年", "", "２０２４-05-03x"])
def test_what_is_not_certainly_a_day_is_none(text):
    assert read_date(text) is None


@given(st.integers(-999_999_999, 999_999_999))
def test_an_amount_written_in_yuan_is_read_in_fen(fen):
    text = f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"
    assert read_amount(text) == fen
    assert read_amount(f"{text}元") == fen


@pytest.mark.parametrize("text", ["约300", "1.2.3", "三百", "1e3", "nan", "inf", "", "300-500", "9999999999"])
def test_what_is_not_an_amount_is_none(text):
    assert read_amount(text) is None
