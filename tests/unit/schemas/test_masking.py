"""What is shown of a person: enough to recognise the row."""

from datetime import date

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.masking import mask_column, mask_id_number, mask_name, mask_phone, mask_text

MASKS = {
    "id_number": mask_id_number, "certificate": mask_id_number, "name": mask_name, "phone": mask_phone,
    "address": mask_text, "text": mask_text,
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "text", "shown"),
    [
        ("id_number", "44140219450312001X", "4414**********001X"),
        ("id_number", "441421450312001", "4414*******2001"),
        ("id_number", "E12345678", "*********"),
        ("id_number", "441421 194503120018", "*" * 19),
        ("certificate", "44140219450312002742B1", "4414**************42B1"),
        ("name", "张三", "张*"),
        ("name", "欧阳兰", "欧**"),
        ("name", "张", "*"),
        ("name", "𬭚丽", "𬭚*"),
        ("phone", "13800001234", "138****1234"),
        ("phone", "0753-2589123", "075*****9123"),
        ("phone", "2589123", "*******"),
        ("phone", "13800001234张三", "*" * 13),
        ("address", "梅县区扶大镇三葵村老屋下12号", "梅县区扶大镇三********"),
        ("address", "三葵村老屋12号", "********"),
        ("text", "", ""),
    ],
)
def test_a_value_keeps_what_recognises_it_and_no_more(kind, text, shown):
    assert MASKS[kind](text) == shown
    assert mask_column(pd.Series([text], dtype="str"), kind).tolist() == [shown]


@given(
    st.sampled_from(sorted(MASKS)),
    st.lists(st.none() | st.text("0123456789Xx张三丰 -㐂·𬭚B\n", max_size=30), max_size=8),
)
def test_a_column_is_masked_as_its_values_are(kind, texts):
    masked = mask_column(pd.Series(texts, dtype="str"), kind)
    expected = [None if text is None else MASKS[kind](text) for text in texts]
    assert [None if pd.isna(shown) else shown for shown in masked] == expected


@pytest.mark.parametrize("kind", [*MASKS, "date"])
def test_missing_stays_missing_and_the_index_stays(kind):
    masked = mask_column(pd.Series([None, ""], index=[5, 3], name="n", dtype="str"), kind)
    assert masked.isna().tolist() == [True, False]
    assert (masked.index.tolist(), masked.name, masked.dtype) == ([5, 3], "n", "str")
    assert mask_column(pd.Series([], dtype="str"), kind).tolist() == []


@pytest.mark.parametrize(
    "values",
    [
        pd.Series(["1945-03-12", None], dtype="str"),
        pd.Series(pd.to_datetime(["1945-03-12", None])),
        pd.Series([date(1945, 3, 12), None], dtype="object"),
    ],
    ids=["texts", "instants", "days"],
)
def test_of_a_date_the_year_remains(values):
    masked = mask_column(values, "date")
    assert masked.iloc[0] == "1945"
    assert pd.isna(masked.iloc[1])


def test_a_date_that_is_none_is_hidden_whole():
    assert mask_column(pd.Series(["19450312", "腊月初八"], dtype="str"), "date").tolist() == ["********", "****"]
