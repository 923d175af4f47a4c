"""Disability certificates: what a number says and when it is believed."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.certificate import judge_certificate, judge_certificates

TODAY = date(2024, 6, 30)

WELL_FORMED = [
    ("44140219450312002742", "4", "2", False),
    (" 44140219450312002742 ", "4", "2", False),
    ("44142119450312000X11", "1", "1", False),
    ("44142119450312000x74b9", "7", "4", True),
    ("４４１４０２１９４５０３１２００２７４２", "4", "2", True),
    ("441402 19450312 0027 42", "4", "2", True),
    ("4414O2194503120027 42B1", "4", "2", True),
    ("44142119450312000×53", "5", "3", True),
    ("44142119450108100043", "4", "3", False),  # its ID number ends in 000, but category and level are whole
]

MALFORMED = [
    "441402194503120027", "4414021945031200274", "44140219450312002782", "44140219450312002745", "44140219450312002740",
    "44140219450312002842", "44140319490229001142", "44140219450312002742B", "44140219450312002742C1", "粤残12345",
    "44142119450311999488", "4.4142119450312E+19", "44140219450312002742B12", "2099", "44140320990101001342",
]  # fmt: skip


@pytest.mark.parametrize(("text", "category", "level", "repaired"), WELL_FORMED)
def test_a_well_formed_number_says_whose_which_and_how_grave(text, category, level, repaired):
    judged = judge_certificate(text, today=TODAY)
    assert judged.is_well_formed
    assert (judged.category, judged.level, judged.repaired) == (category, level, repaired)
    assert judged.number is not None
    assert judged.number.startswith(f"{judged.id_part}{category}{level}")
    assert judged.number == judged.number.upper()


@pytest.mark.parametrize("text", MALFORMED)
def test_a_malformed_number_is_kept_but_says_nothing(text):
    judged = judge_certificate(text, today=TODAY)
    assert judged.number
    assert (judged.id_part, judged.category, judged.level, judged.is_well_formed, judged.repaired) == (
        None, None, None, False, False,
    )  # fmt: skip


def test_nothing_written_is_no_certificate():
    judged = judge_certificate(" \u3000", today=TODAY)
    assert (judged.number, judged.is_well_formed) == (None, False)


TEXTS = st.one_of(
    st.sampled_from([text for text, *_ in WELL_FORMED] + MALFORMED),
    st.builds(
        lambda text, place, piece: text[:place] + piece + text[place + 1 :],
        st.sampled_from([text for text, *_ in WELL_FORMED]),
        st.integers(0, 22),
        st.sampled_from(["", "0", "8", "x", "b", "B2", "Ｂ", "\n", "\x00", "O", "Ⅹ", "㐂", "ı", "ſ"]),
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=24),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.none() | TEXTS, max_size=10))
def test_a_column_is_judged_as_its_values_are(texts):
    column = judge_certificates(pd.Series(texts, dtype="str"), today=TODAY)
    for place, text in enumerate(texts):
        judged = judge_certificate(text or "", today=TODAY)
        for member in ("number", "id_part", "category", "level"):
            value = getattr(column, member).iloc[place]
            assert (None if pd.isna(value) else value) == getattr(judged, member)
        assert column.is_well_formed[place] == judged.is_well_formed
        assert column.repaired[place] == judged.repaired


def test_a_column_keeps_its_index_and_is_empty_when_given_nothing():
    column = judge_certificates(pd.Series(["44140219450312002742"], index=[7], dtype="str"), today=TODAY)
    assert column.number.index.tolist() == column.level.index.tolist() == [7]
    nothing = judge_certificates(pd.Series([], dtype="str"), today=TODAY)
    assert (len(nothing.number), nothing.is_well_formed.dtype) == (0, np.bool_)


def test_printing_never_shows_the_number():
    text = "44140219450312002742"
    assert "19450312" not in repr(judge_certificate(text, today=TODAY))
    assert "19450312" not in repr(judge_certificates(pd.Series([text], dtype="str"), today=TODAY))
