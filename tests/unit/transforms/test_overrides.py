"""What a person decided of a field stands as long as the sources say what they said then."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from made_up_rows import CONFIGURATION, DISABILITY, FEWER, SURVEY, id_number, in_force

from schemas.fields import STATED_FIELDS
from schemas.override_evidence import override_evidence
from transforms.columns import texts
from transforms.merge import merge

NUMBER, OTHER = (id_number(serial=serial) for serial in (121, 232))
WHO = {"name": "张玉梅", "household_village": "大黄村", "categories": "独居"}
ROWS = in_force([
    (SURVEY, WHO | {"id_number": NUMBER, "phone": "13900000001"}), (SURVEY, WHO | {"id_number": OTHER}),
    (DISABILITY, WHO | {"id_number": NUMBER, "disability_certificate_number": NUMBER + "41"}),
])  # fmt: skip
KEYS = dict(zip(ROWS["id_number"], ROWS["id_key"], strict=True))


def decided(*decisions):
    """Decisions as (ID number, field, value, the value they rest on, decision_id)."""
    return pd.DataFrame(
        {
            "id_key": pd.array([KEYS.get(number, 7) for number, *_ in decisions], dtype="Int64"),
            "field": texts([d[1] for d in decisions]), "value": texts([d[2] for d in decisions]),
            "evidence": texts([override_evidence(d[1], d[3]) for d in decisions]),
            "decision_id": pd.array([d[4] for d in decisions], dtype="Int64"),
        }
    )  # fmt: skip


def merged(*decisions):
    result = merge(ROWS, CONFIGURATION, overrides=decided(*decisions))
    elders = result.elders.astype(object).where(result.elders.notna(), None).set_index("id_number")
    return elders, result.retired.tolist()


def letter(elders, number, field):
    return elders.loc[number, "winners"][STATED_FIELDS.index(field)]


def test_a_decided_value_stands_instead_of_what_the_sources_say_and_is_marked():
    elders, retired = merged((NUMBER, "phone", "13800000009", "13900000001", 1))
    assert (elders.loc[NUMBER, "phone"], letter(elders, NUMBER, "phone"), retired) == ("13800000009", "!", [])
    assert (elders.loc[OTHER, "phone"], letter(elders, OTHER, "phone")) == (None, ".")


def test_it_retires_and_says_so_when_the_sources_say_something_else():
    elders, retired = merged((NUMBER, "phone", "13800000009", "13900000002", 5))
    assert (elders.loc[NUMBER, "phone"], letter(elders, NUMBER, "phone"), retired) == ("13900000001", "d", [5])


def test_a_field_may_be_decided_where_nobody_said_anything_and_to_be_empty_where_somebody_did():
    elders, retired = merged((OTHER, "phone", "13800000009", None, 1), (NUMBER, "phone", None, "13900000001", 2))
    assert (elders.loc[OTHER, "phone"], elders.loc[NUMBER, "phone"], retired) == ("13800000009", None, [])
    assert letter(elders, NUMBER, "phone") == "!"


def test_of_several_decisions_the_last_counts_and_people_not_looked_at_are_left_alone():
    decisions = [
        (NUMBER, "phone", "1", "13900000001", 3),
        (NUMBER, "phone", "2", "13900000001", 9),
        ("nobody", "phone", "3", "x", 4),
    ]
    for turned in (decisions, decisions[::-1]):
        elders, retired = merged(*turned)
        assert (elders.loc[NUMBER, "phone"], retired) == ("2", [])


def test_a_decided_level_decides_what_a_tick_is_worth():
    ticked = in_force([
        (SURVEY, WHO | {"id_number": NUMBER, "categories": "重残"}),
        (DISABILITY, WHO | {"id_number": NUMBER, "disability_certificate_number": NUMBER + "43"}),
    ])  # fmt: skip
    decision = decided((NUMBER, "disability_level", "1", "3", 1))
    assert merge(ticked, CONFIGURATION).elders["categories"].isna().all()
    assert merge(ticked, CONFIGURATION, overrides=decision).elders["categories"].tolist() == ["severely_disabled"]


@FEWER
@given(st.lists(st.tuples(
    st.sampled_from([NUMBER, OTHER]), st.sampled_from(["phone", "name", "remarks"]), st.none() | st.sampled_from("一二"),
    st.sampled_from([None, "13900000001", "张玉梅"]), st.integers(1, 99),
), max_size=6, unique_by=lambda decision: decision[-1]))  # fmt: skip
def test_every_decision_stands_is_retired_or_gives_way_to_a_later_one(decisions):
    before, _ = merged()
    elders, retired = merged(*decisions)
    latest = {}
    for decision in sorted(decisions, key=lambda decision: decision[-1]):
        latest[decision[:2]] = decision
    expected = {key: d for key, d in latest.items() if before.loc[key[0], key[1]] == d[3]}
    assert retired == sorted(d[-1] for key, d in latest.items() if key not in expected)
    for number in (NUMBER, OTHER):
        for field in ("phone", "name", "remarks"):
            is_decided = (number, field) in expected
            assert elders.loc[number, field] == (
                expected[number, field][2] if is_decided else before.loc[number, field]
            )
            assert (letter(elders, number, field) == "!") == is_decided
