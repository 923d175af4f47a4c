import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_rows import standardised

from schemas.configuration import Bureau
from transforms.columns import to_arrow
from transforms.phones import read_phone

AREA_CODES = ["0753", "020"]


@pytest.mark.parametrize(
    ("cell", "phones", "is_right"),
    [
        ("13800138000", "13800138000", True),
        ("13800138000.0", "13800138000", True),
        ("+86 138-0013-8000", "13800138000", True),
        ("008613800138000", "13800138000", True),
        ("0753-2345678", "0753-2345678", True),
        ("7532345678", "07532345678", False),
        ("753-2345678", "0753-2345678", False),
        ("7532345678.0", "07532345678", False),
        ("75323456789", "075323456789", False),
        ("2023456789", "02023456789", False),
        ("13800138000/7532345678", "13800138000/07532345678", False),
        ("7552345678", "7552345678", False),
        ("753234567", "753234567", False),
        ("2345678", "2345678", False),
        ("1.38E+10", "1.38E+10", False),
        ("1.3800138E+10", "1.3800138E+10", False),
        ("、", "", False),
    ],
    ids=["mobile", "of a numeric column", "country code", "country code dialled", "with area code", "zero lost", "zero lost, hyphen",
         "zero lost, of a numeric column", "zero lost, eight digits", "another area code", "one of two lost its zero",
         "area code of elsewhere", "too short", "no area code", "exponent", "exponent with all digits", "nothing but a sign"],
)  # fmt: skip
def test_a_cell_is_read_as_the_telephones_it_means(cell, phones, is_right):
    assert read_phone(cell, AREA_CODES) == (phones, is_right)


@given(st.from_regex(r"(1[3-9][0-9]{9}|0753-?[0-9]{7,8}|753[0-9]{7}|[0-9E+./ ]{0,12})", fullmatch=True))
def test_reading_what_was_read_changes_nothing(cell):
    phones, _ = read_phone(cell, AREA_CODES)
    assert read_phone(phones, AREA_CODES)[0] == phones


@pytest.mark.parametrize("stored", [[0], []], ids=["as a number", "as text"])
def test_a_zero_given_back_is_kept_and_reported_with_what_was_there(stored):
    row = {"name": "张玉梅", "household_town": "程江镇", "phone": "7532345678"}
    result = standardised([row], numbers={"phone": stored})
    assert to_arrow(result.rows["phone"]).to_pylist() == ["07532345678"]
    assert [(found.code, found.field, found.seen) for found in result.notes.frame().itertuples()] == [
        ("phone-format", "phone", "**********")
    ]


@pytest.mark.parametrize("area_code", ["753", "0", "07530", "0753a", "０７５３"])
def test_what_is_no_area_code_is_refused(area_code):
    known = {"name": "n", "county": "c", "platform": "p", "bodies": {}}
    assert Bureau(**known, area_codes=["0753"]).area_codes == ("0753",)
    with pytest.raises(ValueError, match="area_codes"):
        Bureau(**known, area_codes=[area_code])
