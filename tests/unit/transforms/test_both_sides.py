"""What we told the platform beside what it holds: everybody in one place, as a dozen lines of plain Python say it."""

import json
from collections import Counter
from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import ContractBroken
from schemas.platform_profile import PlatformColumn, PlatformProfile, PlatformWorkbook
from schemas.platform_reconcile import Agreement, ReconcileFormat
from transforms.held_fields import as_payloads
from transforms.reconcile import Reconciled, compare_page, reconcile, settle

COLUMNS = (
    PlatformColumn(
        header="操作类型", field="operation", type="code", codes={"new": "1", "changed": "2", "withdrawn": "3"}
    ),
    PlatformColumn(header="姓名", field="name"),
    PlatformColumn(header="联系电话", field="phone", wins="theirs"),
    PlatformColumn(
        header="紧急联系人", name="emegencyContact", field="emergency_contact_name", wins="both", empty="keeps"
    ),
    PlatformColumn(header="现住址", field="residence_address", empty="keeps"),
    PlatformColumn(header="户籍地址", field="household_address"),
)
PROFILE = PlatformProfile(
    name="made_up", label="测试", version="1", effective_from=date(2024, 1, 1), is_example=False,
    workbook=PlatformWorkbook(sheet="表", row_limit=10, file_name="made-up"), columns=COLUMNS,
)  # fmt: skip
RULES = ReconcileFormat(contained_is_same=("现住址", "户籍地址"))

VALUES = st.sampled_from(["", "甲", "甲乙", '乙"\n', "丙\\"])
FIELDS = st.fixed_dictionaries({column.key: VALUES for column in COLUMNS})
PEOPLE = st.integers(1, 40)
TOLD = st.dictionaries(
    PEOPLE,
    st.fixed_dictionaries(
        {
            "revision": st.integers(1, 3) | st.just(2**62 + 1), "sent_as": st.sampled_from(["new", "changed", "withdrawn"]),
            "payload": st.none() | FIELDS, "is_changed_since": st.booleans(),
        }
    ),
    min_size=6,
)  # fmt: skip
THEIRS = st.lists(
    st.fixed_dictionaries(
        {
            "person": PEOPLE.map(str) | st.sampled_from(["01", "其他"]), "revision": st.none() | st.integers(1, 3) | st.just(2**62),
            "is_present": st.booleans(), "fields": st.none() | FIELDS,
        }
    ),
    min_size=6,
    max_size=40,
)  # fmt: skip


def told_table(told):
    rows = [
        {"person_id": person, **facts, "payload": as_json(facts["payload"])} for person, facts in sorted(told.items())
    ]
    kinds = {"person_id": "int64", "revision": "int64", "sent_as": "str", "payload": "str", "is_changed_since": "bool"}
    return pd.DataFrame(rows, columns=list(kinds)).astype(kinds)


def their_table(theirs):
    # Another order of the fields, and one more than the profile knows.
    rows = [
        {**facts, "fields": facts["fields"] and as_json({"更多": "x", **dict(reversed(facts["fields"].items()))})}
        for facts in theirs
    ]
    kinds = {"person": "str", "revision": "Int64", "is_present": "bool", "fields": "str"}
    return pd.DataFrame(rows, columns=list(kinds)).astype(kinds)


def as_json(fields):
    return None if fields is None else json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def compared(told, theirs, on_its_way=()):
    waiting = pd.Series(list(on_its_way), dtype="int64")
    return reconcile(told_table(told), their_table(theirs), PROFILE, RULES, waiting)


def unlike(told, held):
    """Headers that differ, and those in which theirs is taken over."""
    differs, adopted = set(), set()
    for column in COLUMNS[1:]:
        ours, theirs = told["payload"][column.key], held["fields"][column.key]
        if ours == theirs or (column.empty == "keeps" and not ours):
            continue
        if column.header in RULES.contained_is_same and ours and ours in theirs:
            continue
        stays = column.wins == "ours" or (column.wins == "both" and told["is_changed_since"])
        (differs if stays else adopted).add(column.header)
    return differs, adopted


def place_of(person, told, theirs, on_its_way):
    """Where somebody belongs, by the rules one after the other; and the headers."""
    ours, held = told.get(person), [one for one in theirs if one["person"] == str(person)]
    if person in on_its_way or len(held) > 1:
        return (Agreement.ON_ITS_WAY if person in on_its_way else Agreement.DOUBLED), set()
    is_told = ours is not None and ours["sent_as"] != "withdrawn"
    is_held = bool(held) and held[0]["is_present"]
    if is_told != is_held:
        return (Agreement.ONLY_OURS if is_told else Agreement.ONLY_THEIRS), set()
    if ours is None or not held:
        return Agreement.AGREES, set()
    if ours["payload"] is None or held[0]["fields"] is None:
        if is_held:
            return Agreement.CONTENT_UNKNOWN, set()
    elif headers := unlike(ours, held[0])[0]:
        return Agreement.DIFFERS, headers
    is_other = held[0]["revision"] not in {None, ours["revision"]}
    return (Agreement.REVISION_DIFFERS if is_other else Agreement.AGREES), set()


@settings(max_examples=100)
@given(TOLD, THEIRS, st.sets(PEOPLE))
def test_everybody_is_in_the_place_that_plain_python_finds(told, theirs, on_its_way):
    found = compared(told, theirs, on_its_way)
    everybody = {*map(str, told), *(one["person"] for one in theirs), *map(str, on_its_way)}
    known = {str(person): person for person in range(1, 41)}
    expected = {person: place_of(known.get(person, person), told, theirs, on_its_way) for person in everybody}
    assert dict(zip(found.people["person"], found.people["bin"], strict=True)) == {
        person: place for person, (place, _) in expected.items()
    }
    assert len(found.people) == sum(found.counts().values()) == len(everybody)
    headers = {(person, header) for person, (_, headers) in expected.items() for header in headers}
    assert Counter(zip(found.differs["person"], found.differs["header"], strict=True)) == Counter(headers)


@settings(max_examples=25)
@given(TOLD, THEIRS, st.sets(PEOPLE), st.integers(1, 7))
def test_page_by_page_says_the_same_as_all_at_once(told, theirs, on_its_way, size):
    whole = compared(told, theirs, on_its_way)
    ours, waiting = told_table(told), pd.Series(sorted(on_its_way), dtype="int64")
    table = their_table(theirs)
    pages = [table.iloc[start : start + size] for start in range(0, len(table), size)]
    by_pages = settle(
        ours,
        [
            compare_page(ours[ours["person_id"].astype("str").isin(page["person"])], page, PROFILE, RULES)
            for page in pages
        ],
        waiting,
    )
    assert by_pages.people.equals(whole.people)
    assert sorted_rows(by_pages.differs) == sorted_rows(whole.differs)
    assert sorted_rows(by_pages.adopted) == sorted_rows(whole.adopted)


def sorted_rows(frame):
    return sorted(map(tuple, frame.to_numpy().tolist()))


def one(our_fields=None, their_fields=None, **more):
    """Person 1, told and held as present, with other fields where said."""
    whole = {column.key: "甲" for column in COLUMNS}
    told = {
        1: {"revision": 2, "sent_as": "new", "payload": whole | (our_fields or {}), "is_changed_since": False} | more
    }
    return compared(told, [{"person": "1", "revision": 2, "is_present": True, "fields": whole | (their_fields or {})}])


def place(found: Reconciled):
    (said,) = found.people["bin"]
    return said


@pytest.mark.parametrize(("ours", "theirs", "expected"), [
    ({}, {"姓名": "乙"}, "differs"), ({}, {"联系电话": "乙"}, "agrees"), ({}, {"操作类型": "乙"}, "agrees"),
    ({}, {"emegencyContact": "乙"}, "agrees"), ({"emegencyContact": ""}, {}, "agrees"), ({}, {"现住址": "甲村1号"}, "agrees"),
    ({"现住址": "甲村1号"}, {}, "differs"), ({"现住址": ""}, {}, "agrees"), ({"户籍地址": ""}, {}, "differs"),
    ({}, {"户籍地址": ""}, "differs"),
], ids=[
    "our column", "their column", "the operation", "theirs where ours did not change", "our empty one keeps", "contained in theirs",
    "theirs contained in ours", "our empty one keeps an address", "our empty one clears", "theirs is empty",
])  # fmt: skip
def test_whose_value_stands_is_the_columns_to_say(ours, theirs, expected):
    assert place(one(ours, theirs)) == expected


def test_a_value_that_changed_on_both_sides_differs():
    assert place(one({}, {"emegencyContact": "乙"}, is_changed_since=True)) == "differs"


def test_a_column_that_their_list_does_not_show_is_not_compared():
    whole = {column.key: "甲" for column in COLUMNS}
    told = told_table({1: {"revision": 1, "sent_as": "new", "payload": whole, "is_changed_since": False}})
    listed = {key: value for key, value in whole.items() if key != "姓名"}
    page = their_table([{"person": "1", "revision": 1, "is_present": True, "fields": listed}])
    nobody = pd.Series([], dtype="int64")
    assert place(reconcile(told, page, PROFILE, ReconcileFormat(not_listed=("姓名",)), nobody)) == "agrees"
    assert place(reconcile(told, page, PROFILE, ReconcileFormat(), nobody)) == "differs"


def test_what_is_held_becomes_a_payload_in_the_order_of_the_profile():
    held = pd.Series(['{"户籍地址":"丙","更多":"x","姓名":"甲\\n"}', None], index=[5, 9], dtype="str")
    payloads = as_payloads(held, PROFILE)
    assert payloads.dropna().to_dict() == {5: '{"姓名":"甲\\n","户籍地址":"丙"}'}
    assert payloads.index.to_list() == [5, 9]


def test_what_is_adopted_is_told_beside_the_differences():
    found = one({}, {"emegencyContact": "乙", "联系电话": "丙"})
    assert sorted_rows(found.adopted) == [("1", "紧急联系人", "甲", "乙"), ("1", "联系电话", "甲", "丙")]
    assert found.differs.empty


def test_the_records_set_aside_are_those_that_are_not_just_what_was_told():
    whole = {column.key: "甲" for column in COLUMNS}
    told = {n: {"revision": 1, "sent_as": "new", "payload": whole, "is_changed_since": False} for n in (1, 2, 3, 4)}
    theirs = [
        {"person": "1", "revision": 1, "is_present": True, "fields": whole},
        {"person": "2", "revision": 1, "is_present": True, "fields": whole | {"联系电话": "乙"}},
        {"person": "3", "revision": 2, "is_present": True, "fields": whole},
        {"person": "4", "revision": 1, "is_present": False, "fields": whole},
        {"person": "9", "revision": 1, "is_present": True, "fields": whole},
    ]
    page = compare_page(told_table(told), their_table(theirs), PROFILE, RULES)
    assert page.apart["person"].to_list() == ["2", "3", "4", "9"]


def test_no_side_at_all_is_nobody():
    found = compared({}, [])
    assert found.people.empty
    assert set(found.counts().values()) == {0}


@pytest.mark.parametrize(
    "document", ['{"姓名":1}', '["甲"]', '{"姓名":"甲"', ""], ids=["a number", "a list", "cut off", "nothing"]
)
def test_a_document_that_is_no_object_of_texts_stops_without_being_quoted(document):
    told = told_table({1: {"revision": 1, "sent_as": "new", "payload": {}, "is_changed_since": False}})
    page = their_table([{"person": "1", "revision": 1, "is_present": True, "fields": {}}]).assign(
        fields=pd.Series([document], dtype="str")
    )
    with pytest.raises(ContractBroken, match="JSON objects of texts") as stopped:
        compare_page(told, page, PROFILE, RULES)
    assert "甲" not in str(stopped.value)
    assert stopped.value.__context__ is None


def test_two_rows_of_what_a_person_was_told_are_our_fault():
    told = told_table({1: {"revision": 1, "sent_as": "new", "payload": {}, "is_changed_since": False}})
    with pytest.raises(ContractBroken):
        compare_page(pd.concat([told, told]), their_table([]), PROFILE, RULES)
