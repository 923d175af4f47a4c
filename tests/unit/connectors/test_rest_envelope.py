"""Answers are taken apart without touching a letter of a record, and whatever is no answer says so."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.rest.envelope import MISSING, NotAsAgreed, at_path, plain_value, split_page


def test_records_are_kept_letter_for_letter():
    text = '{"code": 0, "data": {"list": [{"id": 441421194503120018, "a" : 1.50, "a":"\\u5f20"}, {}], "total": 2}}'
    page = split_page(text, "data.list", note=["id"])
    assert page.records == ['{"id": 441421194503120018, "a" : 1.50, "a":"\\u5f20"}', "{}"]
    assert page.noted == {"id": ["441421194503120018", MISSING]}
    assert page.envelope == {"code": "0", "data": {"list": [], "total": "2"}}


def test_a_record_written_over_several_lines_becomes_one_line():
    text = json.dumps({"data": [{"name": "张三", "phones": ["1", "2"]}]}, indent=2, ensure_ascii=False)
    (record,) = split_page(text, "data").records
    assert "\n" not in record
    assert json.loads(record) == {"name": "张三", "phones": ["1", "2"]}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
RECORDS = st.lists(st.dictionaries(st.text(max_size=5), JSON, max_size=4), max_size=4)


@given(RECORDS, st.dictionaries(st.text(max_size=5), JSON, max_size=3), st.sampled_from([None, 1]))
def test_any_list_of_records_survives_as_json_does(records, others, indent):
    document = {**others, "data": {**others, "list": records, "last": others}}
    page = split_page(json.dumps(document, indent=indent), "data.list")
    assert [json.loads(record) for record in page.records] == records


@given(RECORDS, st.data())
def test_an_answer_cut_short_is_never_taken_for_whole(records, data):
    text = json.dumps({"code": 200, "data": {"list": records, "total": len(records)}})
    cut = text[: data.draw(st.integers(0, len(text) - 1))]
    with pytest.raises(json.JSONDecodeError):
        split_page(cut, "data.list")


@given(st.text(alphabet='{}[]:,"\\ \n01.-eEtrufalsn', max_size=30))
def test_what_is_no_json_is_never_a_page(text):
    try:
        json.loads(text)
    except ValueError:
        with pytest.raises((json.JSONDecodeError, NotAsAgreed)):
            split_page(text, "")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"data": [{}, 1, "x", null]}', "3 of 4 records of a page are no objects"),
        ('{"data": [], "data": [{}]}', "data is there twice"),
        ("[" * 100_000, "nested too deeply"),
        ('{"data":[' + '{"a":' * 100_000, "nested too deeply"),
    ],
    ids=["not-objects", "twice", "deep", "deep-in-a-record"],
)
def test_json_that_is_not_as_agreed_is_told_by_counts(text, words):
    with pytest.raises(NotAsAgreed, match=words):
        split_page(text, "data")


@pytest.mark.parametrize("text", ['{"data": null}', '{"data": {}}', '{"other": []}', "[]", "null", '"x"', "12"])
def test_an_answer_without_a_list_has_no_records(text):
    assert split_page(text, "data").records is None


def test_an_answer_that_is_the_list_has_an_empty_path():
    assert split_page('[{"a": 1}]', "").records == ['{"a": 1}']


def test_a_path_that_leads_nowhere_is_not_null():
    assert at_path({"a": {"b": None}}, "a.b") is None
    assert at_path({"a": {"b": None}}, "a.c") is MISSING
    assert at_path({"a": {"b": None}}, "a.b.c") is MISSING
    assert at_path(["a"], "a") is MISSING


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ("200", "200"), (200, "200"), ("200.0", "200"), ("0", "0"), ("00", "0"), (" 0 ", "0"), ("-1", "-1"), (True, "true"), ("False", "false"),
        ("A0230", "A0230"), ("", ""), (None, None), ([], None), ({}, None), ("9" * 5000, "9" * 5000), ("1e5", "1e5"),
    ],
    ids=lambda value: repr(value)[:12],
)  # fmt: skip
def test_a_code_is_the_same_however_it_is_written(value, plain):
    assert plain_value(value) == plain
