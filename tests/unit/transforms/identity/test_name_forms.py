import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_statements import RULES
from pypinyin import pinyin_dict

from transforms.identity import name_forms
from transforms.identity.name_forms import (
    DIFFERENT,
    EQUAL,
    NEAR,
    REARRANGED,
    SOUNDS_ALIKE,
    UNKNOWN,
    VARIANT,
    NameReader,
)

READER = NameReader.of(RULES)
NAMES = st.text("张章李黄王玉梅媒國国华·A ｂ𬭎", max_size=5)


def likeness(one: str | None, other: str | None) -> int:
    forms = READER.read(pa.array([one, other], pa.large_string()))
    return int(forms.likeness(np.array([0]), np.array([1]))[0])


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("张玉梅", "张玉梅", EQUAL),
        ("阿依·古丽", "阿依•古 丽", EQUAL),
        ("ＪＯＨＮ Smith", "john smith", EQUAL),
        ("张玉梅", "張玉梅", VARIANT),
        ("李国强", "李國強", VARIANT),
        ("张玉梅", "章玉媒", SOUNDS_ALIKE),
        ("曾新华", "曾新发", SOUNDS_ALIKE),
        ("兰南", "蓝兰", SOUNDS_ALIKE),
        ("何健", "何娟", SOUNDS_ALIKE),
        ("单三", "山三", SOUNDS_ALIKE),
        ("尉迟恭", "玉迟恭", SOUNDS_ALIKE),
        ("张玉梅", "张玉兰", NEAR),
        ("张玉梅", "李玉梅", NEAR),
        ("𬭎国强", "𪩘国强", NEAR),
        ("张玉梅", "张梅", REARRANGED),
        ("张玉梅", "张玉", REARRANGED),
        ("张玉梅", "张梅玉", REARRANGED),
        ("张玉梅", "玉梅", DIFFERENT),
        ("张玉", "张梅", DIFFERENT),
        ("张玉梅", "张国兰", DIFFERENT),
        ("张玉梅", None, UNKNOWN),
        ("张玉梅", " · ", UNKNOWN),
    ],
    ids=["equal", "dots and blanks", "width and case", "traditional", "variant", "homophones", "hua and fa", "n and l",
         "rounded vowel", "surname's reading", "compound surname", "given character", "surname", "rare characters",
         "middle one missing", "last one missing", "given ones turned", "surname missing", "two characters",
         "two of three differ", "no name", "nothing left of it"],
)  # fmt: skip
def test_how_like_two_names_are(one, other, expected):
    assert likeness(one, other) == likeness(other, one) == expected


@given(NAMES, NAMES)
def test_likeness_does_not_depend_on_who_comes_first(one, other):
    assert likeness(one, other) == likeness(other, one)


@given(st.lists(st.none() | NAMES, min_size=1, max_size=6))
def test_a_name_has_the_same_forms_whatever_stands_beside_it(names):
    together = READER.read(pa.array(names, pa.large_string()))
    for place, name in enumerate(names):
        alone = READER.read(pa.array([name], pa.large_string()))
        for form in ("plain", "standard", "sound", "given"):
            assert getattr(together, form)[place] == getattr(alone, form)[0]


@given(NAMES.filter(lambda name: name.strip(" ·")))
def test_a_name_equals_itself_and_its_keys_say_so(name):
    assert likeness(name, name) == EQUAL


def test_names_are_read_back_in_standard_characters():
    forms = READER.read(pa.array(["张·國 強", None, "Ａb"], pa.large_string()))
    assert forms.texts(np.array([0, 1, 2])) == ["张国强", "", "ab"]


def test_a_slice_of_names_is_read_as_the_slice():
    names = pa.array(["张玉梅", "李强", "王芳"], pa.large_string()).slice(1, 2)
    assert READER.read(names).texts(np.array([0, 1])) == ["李强", "王芳"]


TONELESS = str.maketrans(name_forms._WITH_TONES, name_forms._WITHOUT)


def readings(character: str) -> set[str]:
    listed = pinyin_dict.pinyin_dict[ord(character)].translate(TONELESS).split(",")
    return {"".join(letter for letter in reading if letter.isascii()) for reading in listed}


def test_every_variant_has_a_reading_in_common_with_its_standard():
    assert [pair for pair in RULES.variants.items() if not readings(pair[0]) & readings(pair[1])] == []
