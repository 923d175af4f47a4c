"""ID numbers: one value at a time, whole columns, and that both agree."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from id_validator import validator

from schemas.findings import Finding
from schemas.idnumber import (
    ID_NUMBER_FAULTS,
    NO_KEY,
    IdNumber,
    birth_date,
    check_character,
    is_region_known,
    judge,
    judge_column,
    repair,
    sex,
)

TODAY = date(2024, 6, 30)

VALID = [
    "11010519491231002X", "440524188001010014", "34052419800101001X", "513101198201130014", "370101190102039973",
    "360426199101010071", "412723199010050012", "110102199101010078", "120110198012010073", "120110199212010072",
    "110111198012010078", "110201199312010077",  # the county did not exist yet when the person was born: still good
    "441421194503120018", "441402194503120027", "441403194503120031", "442421194503120043", "442401194002290110",
    "441421193807041226", "44142119450312000X", "810000195001010010", "820000195001010012", "830000195001010014",
    "911124198103030017",
]  # fmt: skip

FAULTY = [
    ("", Finding.ID_NUMBER_MISSING),
    (" \u3000\t", Finding.ID_NUMBER_MISSING),
    ("-", Finding.ID_NUMBER_MISSING),
    ("4.41421194503E+17", Finding.ID_NUMBER_STORED_AS_NUMBER),
    ("４.４１Ｅ＋１７", Finding.ID_NUMBER_STORED_AS_NUMBER),
    ("4.4142119450312e+17", Finding.ID_NUMBER_STORED_AS_NUMBER),
    ("441421194503120000", Finding.ID_NUMBER_STORED_AS_NUMBER),
    ("441421194503120018.0", Finding.ID_NUMBER_STORED_AS_NUMBER),
    ("44142119450312001812.0", Finding.ID_NUMBER_STORED_AS_NUMBER),
    ("T60426199101010078", Finding.ID_NUMBER_CHARACTERS),
    ("4414211945O3120017", Finding.ID_NUMBER_CHARACTERS),  # a look-alike, but the check character does not hold
    ("44142119450312X018", Finding.ID_NUMBER_CHARACTERS),
    ("041421194503120018", Finding.ID_NUMBER_CHARACTERS),
    ("本人不详", Finding.ID_NUMBER_CHARACTERS),
    ("44142119450312001\x008", Finding.ID_NUMBER_CHARACTERS),
    ("E12345678", Finding.ID_TYPE_UNSUPPORTED),
    ("H1234567890", Finding.ID_TYPE_UNSUPPORTED),
    ("CAN110081123456", Finding.ID_TYPE_UNSUPPORTED),
    ("军官证12345", Finding.ID_TYPE_UNSUPPORTED),
    ("护照", Finding.ID_TYPE_UNSUPPORTED),
    ("南字第1234567号", Finding.ID_TYPE_UNSUPPORTED),
    ("44142119450312001", Finding.ID_NUMBER_LENGTH),
    ("4414211945031200188", Finding.ID_NUMBER_LENGTH),
    ("44142145031200X", Finding.ID_NUMBER_LENGTH),
    ("44140219450312002842", Finding.ID_NUMBER_LENGTH),  # a certificate whose number does not hold
    ("360426199113010079", Finding.ID_NUMBER_BIRTH_DATE),
    ("441403194902290011", Finding.ID_NUMBER_BIRTH_DATE),
    ("441403209901010013", Finding.ID_NUMBER_BIRTH_DATE),
    ("441421184912310010", Finding.ID_NUMBER_BIRTH_DATE),
    ("110105491331002", Finding.ID_NUMBER_BIRTH_DATE),
    ("36042619910102009X", Finding.ID_NUMBER_CHECKSUM),
    ("441421194503120019", Finding.ID_NUMBER_CHECKSUM),
]

REPAIRABLE = [
    ("11010519491231002x", "lower-case x"),
    ("１１０１０５１９４９１２３１００２Ｘ", "full-width"),
    ("11010519491231002Ⅹ", "Roman numeral ten"),
    ("11010519491231002Х", "Cyrillic"),
    ("11010519491231002χ", "Greek"),
    ("11010519491231002×", "multiplication sign"),
    ("11010519491231002＊", "asterisk"),
    ("110105 19491231 002X", "blanks inside"),
    ("110105-19491231-002X", "hyphens"),
    ("'11010519491231002X", "apostrophe"),
    ("’11010519491231002X", "typographic apostrophe"),
    ("11010519491231002X\t", "tab"),
    ("11010519491231002X\r\n", "line end"),
    ("\u200b11010519491231002X\ufeff", "zero-width"),
    ("\u00a011010519491231002X", "no-break blank"),
    ("11O1O519491231oo2X", "letters O"),
    ("11〇105194912310零2X", "Chinese zeros"),
    ("l1010519491231002X", "letter l"),
    ("11010519491231002X43", "certificate"),
    ("11010519491231002x43b1", "re-issued certificate"),
]


@st.composite
def valid_numbers(draw):
    first = draw(st.sampled_from(["441421", "441402", "441403", "442421", "110105", "810000", "911124"]))
    born = draw(st.dates(date(1880, 1, 1), TODAY))
    first17 = f"{first}{born:%Y%m%d}{draw(st.integers(1, 999)):03d}"
    return first17 + check_character(first17)


@st.composite
def nearly_valid_texts(draw):
    text = draw(valid_numbers())
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(text)))
        width = draw(st.integers(0, 2))
        piece = draw(
            st.sampled_from(["", "0", "9", "X", "x", " ", "\u3000", "\t", "-", "'", "Ｘ", "４", "Ⅹ", "×", "O", "l", "〇",
                             "\u200b", "\x00", "Q", ".0", "000", "E+17", "23", "42B1", "护照", "²", "٣", "𝟎", "㐂"])
        )  # fmt: skip
        text = text[:place] + piece + text[place + width :]
    return text


TEXTS = st.one_of(
    nearly_valid_texts(),
    valid_numbers().map(lambda number: number[:6] + number[8:17]),
    st.text("0123456789Xx ", max_size=24),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=24),
    st.sampled_from([text for text, _ in FAULTY] + [text for text, _ in REPAIRABLE]),
)


def judged_column(texts, flags=None, today=TODAY):
    column = texts if isinstance(texts, pd.Series) else pd.Series(texts, dtype="str")
    return judge_column(
        column, np.array(flags if flags is not None else [False] * len(column), dtype=bool), today=today
    )


@pytest.mark.parametrize("number", VALID)
def test_published_and_made_up_numbers_are_good_as_they_stand(number):
    judged = judge(number, today=TODAY)
    assert (judged.id_number, judged.fault, judged.repaired, judged.upgraded) == (number, None, False, False)


@pytest.mark.parametrize(("text", "fault"), FAULTY)
def test_the_first_fault_is_the_one_that_is_told(text, fault):
    judged = judge(text, today=TODAY)
    assert (judged.id_number, judged.fault, judged.repaired, judged.upgraded) == (None, fault, False, False)


@pytest.mark.parametrize(("text", "how"), REPAIRABLE, ids=lambda part: part)
def test_certain_repairs_are_made_and_told(text, how):
    judged = judge(text, today=TODAY)
    assert (judged.id_number, judged.fault, judged.repaired) == ("11010519491231002X", None, True)


@pytest.mark.parametrize("text", [" 11010519491231002X", "11010519491231002X  ", "\u300011010519491231002X\u3000"])
def test_plain_blanks_around_a_number_are_not_worth_telling(text):
    judged = judge(text, today=TODAY)
    assert (judged.id_number, judged.repaired) == ("11010519491231002X", False)


def test_a_sign_like_x_is_believed_in_the_last_place_only():
    assert repair("×1010519491231002X") == ("×1010519491231002X", False)


def test_a_number_of_fifteen_digits_is_upgraded():
    judged = judge("110105491231002", today=TODAY)
    assert (judged.id_number, judged.repaired, judged.upgraded) == ("11010519491231002X", False, True)


@pytest.mark.parametrize("number", ["441421194503120018", "110105491231002"])
def test_a_numeric_cell_is_held_even_if_its_check_character_fits(number):
    assert judge(number, today=TODAY, stored_as_number=True).fault is Finding.ID_NUMBER_STORED_AS_NUMBER


def test_an_empty_numeric_cell_is_missing_first():
    assert judge(" ", today=TODAY, stored_as_number=True).fault is Finding.ID_NUMBER_MISSING


def test_zeros_at_the_end_are_held_even_if_the_check_character_fits():
    starts = (f"44142119450{month}0{day}100" for month in range(1, 10) for day in range(1, 10))
    number = next(start for start in starts if check_character(start) == "0") + "0"
    assert judge(number, today=TODAY).fault is Finding.ID_NUMBER_STORED_AS_NUMBER
    assert judged_column([number]).fault[0] == Finding.ID_NUMBER_STORED_AS_NUMBER


def test_somebody_born_today_is_good_and_tomorrow_is_not():
    for born, fault in ((TODAY, None), (TODAY + timedelta(days=1), Finding.ID_NUMBER_BIRTH_DATE)):
        first17 = f"441403{born:%Y%m%d}001"
        number = first17 + check_character(first17)
        assert judge(number, today=TODAY).fault is fault
        assert judged_column([number]).fault.isna().tolist() == [fault is None]


@given(valid_numbers(), st.integers(0, 17), st.sampled_from("0123456789X"))
def test_one_wrong_character_is_always_caught(number, place, wrong):
    if number[place] != wrong:
        assert judge(number[:place] + wrong + number[place + 1 :], today=TODAY).id_number is None


@given(valid_numbers(), st.integers(0, 16))
def test_two_neighbours_exchanged_are_always_caught(number, place):
    exchanged = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    if exchanged != number:
        assert judge(exchanged, today=TODAY).id_number is None


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.none() | TEXTS, st.booleans()), max_size=12))
def test_a_column_is_judged_as_its_values_are(rows):
    column = judged_column([text for text, _ in rows], [flag for _, flag in rows])
    for place, (text, flag) in enumerate(rows):
        judged = judge(text or "", today=TODAY, stored_as_number=flag)
        number, fault = column.id_number.iloc[place], column.fault.iloc[place]
        assert (None if pd.isna(number) else number) == judged.id_number
        assert (None if pd.isna(fault) else fault) == judged.fault
        assert (column.repaired[place], column.upgraded[place]) == (judged.repaired, judged.upgraded)
        if judged.id_number is None:
            assert np.isnat(column.birth_date[place])
            assert (column.sex[place], column.key[place], column.is_region_known[place]) == (0, NO_KEY, False)
        else:
            assert column.birth_date[place].item() == birth_date(judged.id_number)
            assert column.sex[place] == {None: 0, "male": 1, "female": 2}[sex(judged.id_number)]
            assert column.key[place] == int(number[:17]) * 11 + "0123456789X".index(number[17])
            assert column.is_region_known[place] == is_region_known(number[:6])


def test_the_words_of_a_column_are_those_of_the_catalogue():
    assert judged_column(["x"]).fault.cat.categories.tolist() == [fault.value for fault in ID_NUMBER_FAULTS]


def test_a_column_keeps_its_index_and_name():
    texts = pd.Series([VALID[0], None], index=["b", "a"], name="id_number", dtype="str")
    column = judged_column(texts)
    assert column.id_number.index.tolist() == column.fault.index.tolist() == ["b", "a"]
    assert column.id_number.name == "id_number"
    assert column.id_number.dtype == "str"


@pytest.mark.parametrize(
    "texts",
    [
        pd.Series([], dtype="str"),
        pd.Series([None, None], dtype="str"),
        pd.Series(["x", *VALID, None, "y"], dtype="str").iloc[3:9],
        pd.concat([pd.Series(VALID, dtype="str"), pd.Series([None, *VALID], dtype="str")], ignore_index=True),
        pd.Series([*VALID, None], dtype="object"),
        pd.Series(pa.chunked_array([VALID[:3], [], [None, *VALID]]), dtype=pd.ArrowDtype(pa.string())).iloc[2:],
        pd.Series([*VALID, " "], dtype="str").astype("category"),
    ],
    ids=["empty", "missing", "sliced", "chunked", "objects", "arrow chunks", "categorical"],
)
def test_any_layout_of_a_column_is_read(texts):
    column = judged_column(texts)
    expected = [text if isinstance(text, str) and text.strip() else None for text in texts]
    assert [None if pd.isna(number) else number for number in column.id_number] == expected
    assert (column.fault.isna().to_numpy() == [text is not None for text in expected]).all()


def test_keys_sort_as_the_numbers_do():
    column = judged_column(VALID)
    assert column.id_number.iloc[np.argsort(column.key)].tolist() == sorted(VALID)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(
    st.sampled_from(["441402", "441403", "441421"]), st.dates(date(1925, 1, 1), date(1965, 12, 31)),
    st.integers(1, 998), st.booleans(),
)  # fmt: skip
def test_an_independent_library_agrees_where_it_is_right(region, born, order, is_wrong):
    first17 = f"{region}{born:%Y%m%d}{order:03d}"
    number = first17 + ("0123456789X"["0123456789X".index(check_character(first17)) - is_wrong])
    if not number.endswith("000"):
        assert validator.is_valid(number) == (judge(number, today=TODAY).fault is None)


def test_a_number_says_when_where_and_for_whom_it_was_issued():
    number = IdNumber.parse(" 11010519491231002x")
    assert (number.value, number.region) == ("11010519491231002X", "110105")
    assert (number.birth_date, number.sex, number.kind) == (date(1949, 12, 31), "female", "resident")
    assert IdNumber.parse("810000195001010010").kind == "hk_mo_tw_permit"
    foreigner = IdNumber.parse("911124198103030017")
    assert (foreigner.kind, foreigner.sex) == ("foreigner", None)


@given(valid_numbers().filter(lambda number: not number.endswith("000")))
def test_printing_never_shows_the_birth_date(text):
    number = IdNumber.parse(text)
    judged = judge(text, today=TODAY)
    column = judged_column([text])
    for printed in (repr(number), str(number), f"{number}", f"{[number]}", repr(judged), repr(column)):
        assert text[6:14] not in printed
        assert text[6:17] not in printed


@pytest.mark.parametrize("text", [text for text, _ in FAULTY if text.strip()])
def test_a_refusal_does_not_quote_the_text(text):
    if judge(text, today=date.max).fault:
        with pytest.raises(ValueError, match=r"^not an ID number: id-") as refusal:
            IdNumber.parse(text)
        assert len(text) < 2 or text not in str(refusal.value)


@pytest.mark.parametrize("text", ["4414211945031200", "4414211945031200１", "4414211945031200Q"])
def test_a_check_character_belongs_to_seventeen_ascii_digits(text):
    with pytest.raises(ValueError, match="17 digits") as refusal:
        check_character(text)
    assert text not in str(refusal.value)


@pytest.mark.parametrize("text", ["", "441421194513120018", "x"])
def test_a_birth_date_is_read_from_numbers_only(text):
    with pytest.raises(ValueError, match=r"^not an ID number$"):
        birth_date(text)


@pytest.mark.parametrize("prefix", ["441421", "442421", "442401", "810000", "710000", "911124", "944156"])
def test_present_and_former_regions_are_known(prefix):
    assert is_region_known(prefix)


@pytest.mark.parametrize("prefix", ["990426", "161234", "841234", ""])
def test_a_province_that_there_is_not_is_unknown(prefix):
    assert not is_region_known(prefix)
