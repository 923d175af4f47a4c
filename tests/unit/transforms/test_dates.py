import datetime as dt
import re
import zipfile
from itertools import product

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from made_up_rows import DISABILITY, INCAPACITY, SURVEY, TODAY, standardised

from transforms.columns import to_arrow
from transforms.dates import period_of, read_date, read_number, read_serial

DAYS = st.dates(dt.date(1900, 1, 1), dt.date(2099, 12, 31))
PERIODS = st.sampled_from([None, *(period_of(field, TODAY) for field in ("birth_date", "registered_date"))])
DIGITS = "〇一二三四五六七八九"
TENS = {0: [""], 1: ["十"], 2: ["二十", "廿"], 3: ["三十", "卅"]}


def in_numerals(number):
    """Every way a number below a hundred is written."""
    return [tens + (DIGITS[number % 10] if number % 10 else "") for tens in TENS[number // 10]]


def written(day):
    """Every form in which a day is to be read, with a year of four digits."""
    year = "".join(DIGITS[int(digit)] for digit in str(day.year))
    yield from (day.isoformat(), f"{day:%Y%m%d}", f"{day} 00:00:00", f"{day}T08:30:00.000")
    for mark in "./-":
        yield f"{day.year}{mark}{day.month}{mark}{day.day}"
        yield f"{day:%Y}{mark}{day:%m}{mark}{day:%d}"
    for end in ("日", "号", ""):
        yield f"{day.year}年{day.month}月{day.day}{end}"
        yield f"{day.year} 年 {day.month} 月 {day.day} {end}".strip()
    for numeral, zero in product(in_numerals(day.day), "〇零○"):
        yield f"{year.replace('〇', zero)}年{in_numerals(day.month)[0]}月{numeral}日"


@given(DAYS, PERIODS)
def test_every_day_survives_every_form_it_is_written_in(day, within):
    for text in written(day):
        assert read_date(text, within) == day, text


@given(DAYS)
def test_a_year_of_two_digits_is_read_in_the_century_that_its_field_allows(day):
    for field in ("birth_date", "registered_date", "certificate_expiry_date"):
        first, last = period_of(field, TODAY)
        for text in (
            f"{day:%y}-{day.month}-{day.day}",
            f"{day:%y}.{day:%m}.{day:%d}",
            f"{day:%y}年{day.month}月{day.day}日",
        ):
            read = read_date(text, (first, last))
            may_be_month = "年" not in text and int(f"{day:%y}") <= 12
            assert read == (day if first <= day <= last and not may_be_month else read)
            assert read is None or (first <= read <= last and f"{read:%y%m%d}" == f"{day:%y%m%d}")
            assert not (read and may_be_month)


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        ("birth_date", "41-3-5", dt.date(1941, 3, 5)),
        ("birth_date", "四一年三月五日", dt.date(1941, 3, 5)),
        ("registered_date", "23-5-3", dt.date(2023, 5, 3)),
        ("registered_date", "98.5.3", dt.date(1998, 5, 3)),
        ("registered_date", "41-3-5", None),
        ("registered_date", "24-7-1", None),
        ("certificate_expiry_date", "34.5.3", dt.date(2034, 5, 3)),
        ("certificate_expiry_date", "98.5.3", None),
        ("registered_date", "03-05-12", None),
        ("registered_date", "03年5月12日", dt.date(2003, 5, 12)),
    ],
    ids=["birth", "birth in numerals", "of this century", "of the last century", "of neither", "of neither yet",
         "end of validity", "end of validity long ago", "year or month", "a year by its word"],
)  # fmt: skip
def test_the_century_is_a_rule_of_the_field(field, text, expected):
    assert read_date(text, period_of(field, TODAY)) == expected


def test_a_year_of_two_digits_that_two_centuries_fit_is_unreadable():
    assert read_date("41-3-5", (dt.date(1900, 1, 1), dt.date(2099, 12, 31))) is None


@pytest.mark.parametrize(
    "text",
    ["一九四一年", "1941年3月", "1941.3", "1941", "194135", "民国三十年三月五日", "民国30年3月5日", "农历一九四一年三月五日", "一九四一年正月初五",
     "一九四一年十三月五日", "一九四一年二月三十日", "一九四一年三月三十二日", "一九四年三月五日", "5/3/2024", "3-5-41", "45413", "1941年3月5日生",
     "一九四一年三月〇五日", "1941-03-05-06", "１９４１-03-05", ""],
)  # fmt: skip
def test_what_is_not_certainly_a_day_is_none(text):
    for within in (None, period_of("birth_date", TODAY), period_of("registered_date", TODAY)):
        assert read_date(text, within) is None


PIECES = st.sampled_from(
    [
        *"0123456789-/.年月日号 〇零一二三十廿卅",
        "1941",
        "2023",
        "23",
        "12",
        "三月",
        "去年",
        "民国",
        "00:00",
        "E+05",
        "\n",
    ]
)


@given(st.lists(PIECES, max_size=9).map("".join), PERIODS)
def test_nothing_reads_as_a_day_that_does_not_name_a_month_and_a_day(text, within):
    day = read_date(text, within)
    if day is not None:
        digits = re.sub(r"[^0-9〇零一二三十廿卅]", " ", text).split()
        assert len(digits) >= 3 or re.fullmatch(r"\d{8}", text)
        assert within is None or len(re.match(r"[0-9]*|[^年]*", text)[0]) != 2 or within[0] <= day <= within[1]


def serials(path):
    with zipfile.ZipFile(path) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    return [float(number) for number in re.findall(r"<v>([^<]*)</v>", sheet)]


SAMPLE = [dt.date(1904, 1, 2) + dt.timedelta(days=977 * n) for n in range(73)] + [dt.date(2099, 12, 31)]


@pytest.mark.parametrize("from_1904", [False, True], ids=["1900", "1904"])
def test_days_written_by_xlsxwriter_read_back_from_their_numbers(tmp_path, from_1904):
    days = SAMPLE if from_1904 else [dt.date(1900, 1, 2), dt.date(1900, 2, 28), dt.date(1900, 3, 1), *SAMPLE]
    path = tmp_path / "days.xlsx"
    with xlsxwriter.Workbook(path, {"date_1904": from_1904}) as book:
        sheet = book.add_worksheet()
        for place, day in enumerate(days):
            sheet.write_datetime(place, 0, dt.datetime.combine(day, dt.time()))
    assert [read_serial(int(number), from_1904=from_1904) for number in serials(path)] == days


@pytest.mark.parametrize("from_1904", [False, True], ids=["1900", "1904"])
def test_days_written_by_openpyxl_read_back_from_their_numbers(tmp_path, from_1904):
    path = tmp_path / "days.xlsx"
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.MAC_EPOCH if from_1904 else openpyxl.utils.datetime.WINDOWS_EPOCH
    book.iso_dates = False
    for place, day in enumerate(SAMPLE, start=1):
        book.active.cell(place, 1, day)
    book.save(path)
    assert [read_serial(int(number), from_1904=from_1904) for number in serials(path)] == SAMPLE


@given(st.integers(-10, 100_000), st.booleans())
def test_numbers_and_days_follow_each_other(number, from_1904):
    day, after = (read_serial(count, from_1904=from_1904) for count in (number, number + 1))
    assert (day is None) == (not 1 <= number <= 73050 or (number == 60 and not from_1904))
    if day and after:
        assert after - day == dt.timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("45413", dt.date(2024, 5, 1)),
        ("45413.75", dt.date(2024, 5, 1)),
        ("20240501", dt.date(2024, 5, 1)),
        ("1941", None),
        ("41", None),
        ("2024.5", None),
        ("73051", None),
        ("-45413", None),
        ("4.5E+4", None),
    ],
)
def test_a_number_is_a_count_of_days_only_where_it_can_be_nothing_else(text, expected):
    assert read_number(text) == expected


@pytest.mark.parametrize(
    ("numbers", "from_1904", "expected"),
    [({}, [], None), ({"registered_date": [0]}, [], "2024-05-01"), ({"registered_date": [0]}, [0], "2028-05-02")],
    ids=["a text", "a number", "a number counted from 1904"],
)
def test_five_digits_are_a_day_only_in_a_numeric_cell(numbers, from_1904, expected):
    row = {"name": "张玉梅", "household_town": "程江镇", "registered_date": "45413"}
    result = standardised([row], numbers=numbers, from_1904=from_1904, today=dt.date(2030, 1, 1))
    assert to_arrow(result.rows["registered_date"]).to_pylist() == [expected]
    assert result.notes.frame()["code"].tolist() == ([] if expected else ["date-format"])


def test_one_text_stored_in_two_ways_is_two_values():
    row = {"name": "张玉梅", "household_town": "程江镇", "registered_date": "45413"}
    result = standardised([row, row, row], numbers={"registered_date": [1]})
    assert to_arrow(result.rows["registered_date"]).to_pylist() == [None, "2024-05-01", None]
    assert result.notes.frame()["position"].tolist() == [0, 2]


def test_a_count_of_days_after_today_is_reported_as_a_day():
    row = {"name": "张玉梅", "household_town": "程江镇", "registered_date": "45474"}
    assert standardised([row], numbers={"registered_date": [0]}).notes.frame()["code"].tolist() == ["date-future"]


@pytest.mark.parametrize(
    ("source", "field"),
    [(SURVEY, "birth_date"), (INCAPACITY, "ability_assessed_date"), (DISABILITY, "certificate_issued_date")],
)
def test_a_year_without_month_and_day_is_reported(source, field):
    row = {"name": "张玉梅", "household_town": "程江镇", "household_address": "程江镇", field: "一九四一年"}
    result = standardised([row], source)
    assert to_arrow(result.rows[field]).to_pylist() == [None]
    assert [(found.code, found.field) for found in result.notes.frame().itertuples()] == [("date-format", field)]
