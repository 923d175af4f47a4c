"""The bytes of a batch are JSON, always the same for the same items, with every name as the profile has it."""

import json

import pandas as pd
import pytest
from api_answers import API, FLAT, api_with, items_of
from hypothesis import given
from hypothesis import strategies as st

from connectors.platform_api.batch import make_batch, question
from schemas.errors import ContractBroken

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def parsed(items, api=API, name="b-1"):
    return json.loads(make_batch(items, api, name=name).body)


def test_a_batch_is_written_as_the_stand_in_reads_it():
    assert parsed(items_of(41, 42, revision=3, sent_as="changed")) == {
        "batch": "b-1",
        "items": [
            {"key": "41-3", "person": "41", "revision": 3, "operation": "changed", "fields": {"姓名": "测试甲"}},
            {"key": "42-3", "person": "42", "revision": 3, "operation": "changed", "fields": {"姓名": "测试甲"}},
        ],
    }


def test_the_same_items_are_the_same_bytes_and_blanks_cost_nothing():
    bodies = {make_batch(items_of(41, 42), API, name="b-1").body for _ in range(3)}
    assert len(bodies) == 1
    assert b" " not in bodies.pop()


def test_a_flat_profile_lays_columns_beside_the_members():
    assert parsed(items_of(41, fields='{"cardNo":"1","emegencyPhone":""}'), FLAT.api) == {
        "head": {"deptCode": "441403", "purpose": "特殊困难老年人信息报送"},
        "body": {
            "batchNo": "b-1",
            "dataList": [{"bizId": "41-1", "verNo": "1", "optType": "I", "cardNo": "1", "emegencyPhone": ""}],
        },
    }
    assert parsed(items_of(41, fields="{}"), FLAT.api)["body"]["dataList"] == [
        {"bizId": "41-1", "verNo": "1", "optType": "I"}
    ]


@pytest.mark.parametrize(("names", "item"), [
    ({"person": "", "revision": "", "operation": ""}, {"key": "41-1", "fields": {}}),
    ({"person_as": "number", "revision_as": "text", "operation": ""}, {"key": "41-1", "person": 41, "revision": "1", "fields": {}}),
    ({"person": "", "revision": "", "operations": {"new": 1, "changed": 2, "withdrawn": 3}}, {"key": "41-1", "operation": 1, "fields": {}}),
    ({"key": '引"号', "person": "", "revision": "", "operation": ""}, {'引"号': "41-1", "fields": {}}),
], ids=["as little as possible", "other types", "words are numbers", "an odd name"])  # fmt: skip
def test_members_are_called_and_typed_as_declared_or_not_sent(names, item):
    assert parsed(items_of(41, fields="{}"), api_with(request=names))["items"] == [item]


def test_a_batch_without_a_name_names_none():
    assert set(parsed(items_of(41), api_with(request={"batch": ""}, answer={"batch": ""}))) == {"items"}


@pytest.mark.parametrize(("sent_as", "path"), [
    ("new", API.paths.upsert), ("changed", API.paths.upsert), ("withdrawn", API.paths.withdraw),
])  # fmt: skip
def test_each_operation_goes_to_its_own_interface(sent_as, path):
    assert make_batch(items_of(41, sent_as=sent_as), API, name="b-1").path == path


@given(st.lists(st.dictionaries(TEXTS, TEXTS), min_size=1, max_size=8), TEXTS, st.booleans())
def test_whatever_stands_in_the_fields_arrives(rows, name, is_flat):
    items = items_of(*range(1, len(rows) + 1))
    items["fields"] = pd.Series(
        [json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows], dtype="str"
    )
    if is_flat:
        api = api_with(request={"fields": "", "key": "k!", "person": "", "revision": "", "operation": ""})
        sent = [
            {key: value for key, value in item.items() if key != "k!"} for item in parsed(items, api, name)["items"]
        ]
    else:
        sent = [item["fields"] for item in parsed(items, API, name)["items"]]
    assert sent == [{key: value for key, value in row.items() if not (is_flat and key == "k!")} for row in rows]


BROKEN = {
    "no column": items_of(41).drop(columns="fields"),
    "too many": items_of(*range(1, 102)),
    "a person twice": items_of(41, 41),
    "a key twice": items_of(41, 42).assign(key="k"),
    "both interfaces": pd.concat([items_of(41), items_of(42, sent_as="withdrawn")], ignore_index=True),
    "no operation of ours": items_of(41, sent_as="observed"),
    "no fields": items_of(41).assign(fields=pd.Series([None], dtype="str")),
    "no object": items_of(41, fields="[]"),
    "a key that ends its text": items_of(41).assign(key='k","fields":{}'),
    "an empty key": items_of(41).assign(key=""),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_no_batch_is_not_written(case):
    with pytest.raises(ContractBroken) as stopped:
        make_batch(BROKEN[case], API, name="b-1")
    assert "测试甲" not in str(stopped.value)


def test_a_question_is_written_by_paths_with_what_every_request_says():
    assert json.loads(question(FLAT.api, {"param.cardNos": ["1"], "page.pageNum": 2})) == {
        "head": {"deptCode": "441403", "purpose": "特殊困难老年人信息报送"},
        "param": {"cardNos": ["1"]},
        "page": {"pageNum": 2},
    }


def test_a_printed_batch_shows_nobody():
    assert "测试甲" not in repr(make_batch(items_of(41), API, name="b-1"))
