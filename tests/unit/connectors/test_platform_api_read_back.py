"""What is read back settles what nobody knew: only what is there as we told it is accepted, two truths are held."""

import datetime as dt
import json

import pytest
from api_answers import API, FLAT, NOW, PROFILE, api_with, items_of

from connectors.platform_api.read_back import asked_of, settle_by_records, settle_without
from connectors.platform_api.records import read_records

PAYLOAD = '{"姓名":"测试甲","联系电话":"","帮扶措施":"每周探访","操作类型":"变更"}'


def record(person="41", revision=3, *, is_present=True, fields=PAYLOAD, **more):
    state = "present" if is_present else "withdrawn"
    told = json.loads(fields) if isinstance(fields, str) else fields
    return {"person": person, "revision": revision, "state": state, "receipt": "R1", "fields": told, **more}


def settled(*records, sent_as="changed", api=API, columns=PROFILE.columns, **of_item):
    """What becomes of revision 3 of person 41."""
    items = items_of(41, revision=3, sent_as=sent_as, fields=PAYLOAD, **of_item)
    found = read_records({"data": {"records": list(records)}}, api.lookup.records, api.record)
    (item,) = settle_by_records(asked_of(items, api), found, api, columns)
    return item.state, item.code


OTHER = PAYLOAD.replace("每周", "每月")

CASES = {
    "as it was told": ([record()], "changed", "accepted", ""),
    "new, as it was told": ([record()], "new", "accepted", ""),
    "gone, as it was told": ([record(is_present=False)], "withdrawn", "accepted", ""),
    "the revision as text": ([record(revision="3")], "changed", "accepted", ""),
    "in another order and with more": ([record(fields={"x": "1", **json.loads(PAYLOAD)})], "changed", "accepted", ""),
    "empty is not told": ([record(fields={"姓名": "测试甲", "帮扶措施": "每周探访"})], "changed", "accepted", ""),
    "null is empty": ([record(fields={**json.loads(PAYLOAD), "联系电话": None})], "changed", "accepted", ""),
    "what happened is not of the person": ([record(fields={**json.loads(PAYLOAD), "操作类型": ""})], "changed", "accepted", ""),
    "ours is empty and theirs is kept": (
        [record(fields={**json.loads(PAYLOAD), "联系电话": "13800001234"})], "changed", "accepted", "",
    ),
    "no content is told at all": ([record(fields=None)], "changed", "accepted", ""),
    "other content": ([record(fields=OTHER)], "changed", "held", "other-content"),
    "a column is lost": ([record(fields={"姓名": "测试甲"})], "changed", "held", "other-content"),
    "gone where it was changed": ([record(is_present=False)], "changed", "held", "other-content"),
    "there where it was withdrawn": ([record()], "withdrawn", "held", "other-content"),
    "a newer one": ([record(revision=4)], "changed", "held", "newer-there"),
    "an older one": ([record(revision=2)], "changed", "pending", "not-there"),
    "an older one, gone, and new again": ([record(revision=2, is_present=False)], "new", "pending", "not-there"),
    "an older one where it was new": ([record(revision=2)], "new", "held", "there-already"),
    "entered by hand": ([record(revision=None)], "new", "held", "there-already"),
    "entered by hand, and changed": ([record(revision=None)], "changed", "pending", "not-there"),
    "a revision that is none": ([record(revision=True)], "changed", "pending", "not-there"),
    "an endless revision": ([record(revision="9" * 40)], "changed", "pending", "not-there"),
    "nobody": ([], "changed", "pending", "not-there"),
    "nobody, withdrawn": ([], "withdrawn", "pending", "not-there"),
    "twice": ([record(), record()], "changed", "held", "there-twice"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_an_item_is_settled_by_what_is_held(case):
    records, sent_as, state, code = CASES[case]
    assert settled(*records, sent_as=sent_as) == (state, code)


def test_a_platform_that_forgets_whom_we_withdrew_has_done_so():
    api = api_with(record={"forgets_withdrawn": True})
    assert settled(sent_as="withdrawn", api=api) == ("accepted", "")
    assert settled(sent_as="changed", api=api) == ("pending", "not-there")


@pytest.mark.parametrize(("records", "sent_as", "state", "code"), [
    ([record()], "changed", "accepted", ""), ([record()], "new", "accepted", ""),
    ([record(fields=OTHER)], "changed", "pending", "not-there"), ([record(fields=OTHER)], "new", "held", "other-content"),
    ([record(fields=None)], "changed", "pending", "not-there"), ([record()], "withdrawn", "pending", "not-there"),
    ([record(is_present=False)], "withdrawn", "accepted", ""), ([], "new", "pending", "not-there"),
])  # fmt: skip
def test_without_revisions_content_alone_decides(records, sent_as, state, code):
    assert settled(*records, sent_as=sent_as, api=api_with(record={"revision": ""})) == (state, code)


def test_a_column_in_which_their_value_stands_is_not_compared():
    columns = tuple(
        column.model_copy(update={"wins": "theirs"}) if column.header == "帮扶措施" else column
        for column in PROFILE.columns
    )
    assert settled(record(fields=OTHER), columns=columns) == ("accepted", "")


def test_people_are_asked_for_by_the_column_the_profile_names():
    fields = '{"dossiersNumber":"41","cardNo":"110105194912310021","name":"测试甲"}'
    (asked,) = asked_of(items_of(41, fields=fields), FLAT.api)
    assert asked.number == "110105194912310021"
    (nobody,) = settle_by_records(asked_of(items_of(41, fields="{}"), FLAT.api), [], FLAT.api, FLAT.columns)
    assert (nobody.state, nobody.code) == ("held", "no-number")


@pytest.mark.parametrize(("hours", "age", "state", "code"), [
    (0, 0, "held", "no-lookup"), (24, 1, "pending", "key-is-kept"), (24, 23, "pending", "key-is-kept"),
    (24, 24, "held", "no-lookup"), (24, 400, "held", "no-lookup"),
])  # fmt: skip
def test_without_look_up_an_item_goes_again_while_its_key_is_kept_and_is_held_afterwards(hours, age, state, code):
    items = items_of(41, sent=NOW - dt.timedelta(hours=age))
    (item,) = settle_without(items, api_with(keys_hours=hours), at=NOW)
    assert (item.state, item.code) == (state, code)


def test_without_look_up_an_item_of_unknown_age_is_held():
    (item,) = settle_without(items_of(41, sent=None), api_with(keys_hours=24), at=NOW)
    assert item.state == "held"


@pytest.mark.parametrize("document", [
    {"data": None}, {"data": {"records": {}}}, {"data": {"records": [1]}}, {"data": {"records": [{"person": ""}]}},
    {"data": {"records": [{"person": None, "revision": 1}]}}, {"data": {"records": [{"person": True}]}},
], ids=["no data", "no list", "no object", "nobody", "null", "a flag"])  # fmt: skip
def test_records_that_are_about_nobody_are_not_records(document):
    assert isinstance(read_records(document, "data.records", API.record), str)


def test_values_of_a_record_are_texts_as_they_were_written():
    fields = {"a": None, "b": 12, "c": True, "d": "x\x00", "e": ["1"], "f": "\ud800"}
    (found,) = read_records({"data": {"records": [record(fields=fields)]}}, "data.records", API.record)
    assert dict(found.fields) == {"a": "", "b": "12", "c": "true", "d": "x ", "e": '["1"]', "f": "?"}
