"""The push brake: what may change at the platform in a night, in a village, in a week."""

from dataclasses import asdict
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.push_brake import PushBrake
from transforms.push_brake import Braked, Held, measure, words

DEFAULT = PushBrake()
WIDE = PushBrake(share=1, source_share=1, village_share=1, week_share=1)


def plan_of(*, new=0, changed=0, withdrawn=0, village="", sources="残联"):
    operations = ["new"] * new + ["changed"] * changed + ["withdrawn"] * withdrawn
    return plan([(operation, village, sources) for operation in operations])


def plan(rows):
    return pd.DataFrame(rows, columns=["sent_as", "village", "sources"]).astype("str")


def held(people, *, by_source=None, by_village=None, week_ago=None, withdrawn_in_week=0, was_ever_told=True):
    return Held(
        people,
        {"残联": people} if by_source is None else by_source,
        by_village or {},
        people if week_ago is None else week_ago,
        withdrawn_in_week,
        was_ever_told,
    )


def kinds(braked):
    return {one.kind for one in braked}


LIMITS = {"default": DEFAULT, "none": PushBrake(source_people=0, source_share=0, people=0, share=0), "wide": WIDE}


@pytest.mark.parametrize("limits", LIMITS)
@pytest.mark.parametrize("size", [0, 1, 50, 94, 95, 96, 100, 150])
@pytest.mark.parametrize("people", [40, 100, 200, 1000, 20_000])
def test_a_source_that_comes_in_another_size_withdraws_nobody_beyond_the_limit(people, size, limits):
    brake = LIMITS[limits]
    withdrawn = people * max(100 - size, 0) // 100
    new = people * max(size - 100, 0) // 100
    found = measure(plan_of(new=new, withdrawn=withdrawn), held(people), brake)
    may_go = max(brake.source_people, round(people * brake.source_share))
    may_change = max(brake.people, round(people * brake.share))
    may_go_in_a_week = max(brake.week_people, round(people * brake.week_share))
    expected = set()
    if withdrawn > may_go:
        expected.add("withdrawals-source")
    if withdrawn + new > may_change:
        expected.add("mass-change")
    if withdrawn > may_go_in_a_week:
        expected.add("withdrawals-7-days")
    assert kinds(found) == expected


@pytest.mark.parametrize(
    ("size", "is_held"), [(0, True), (1, True), (50, True), (94, True), (95, False), (96, False), (100, False)]
)
def test_more_than_five_in_a_hundred_of_a_source_are_held(size, is_held):
    found = measure(plan_of(withdrawn=1000 - 10 * size), held(5000, by_source={"残联": 1000}), DEFAULT)
    assert ("withdrawals-source" in kinds(found)) is is_held


@pytest.mark.parametrize("size", [0, 1, 50, 94, 95, 96, 100, 150])
def test_the_first_push_is_held_whatever_its_size_and_for_this_alone(size):
    if size == 0:
        assert measure(plan_of(), held(0, was_ever_told=False), DEFAULT) == []
    else:
        found = measure(plan_of(new=size, withdrawn=size), held(0, was_ever_told=False), WIDE)
        assert found == [Braked("first-push", 2 * size, 2 * size, 0)]


@pytest.mark.parametrize(
    ("people", "withdrawn", "is_held"),
    [
        (30, 3, False),
        (30, 4, True),
        (60, 3, False),
        (60, 4, True),
        (80, 4, False),
        (80, 5, True),
        (100, 6, True),
        (3, 3, False),
    ],
)
def test_of_a_village_three_or_five_in_a_hundred_may_go(people, withdrawn, is_held):
    leaving = plan_of(withdrawn=withdrawn, village="扶大镇/三葵村委会")
    found = measure(leaving, held(5000, by_village={"扶大镇/三葵村委会": people}), DEFAULT)
    expected = [Braked("withdrawals-village", withdrawn, people, max(3, people // 20), "扶大镇/三葵村委会")]
    assert found == (expected if is_held else [])


def test_a_little_every_night_is_held_in_the_third():
    people, gone, nights = 1000, 0, []
    for _ in range(5):
        tonight = people * 4 // 100
        scene = held(people - gone, week_ago=people, withdrawn_in_week=gone, by_source={"残联": people - gone})
        found = measure(plan_of(withdrawn=tonight), scene, DEFAULT)
        nights.append(kinds(found))
        if found:
            break
        gone += tonight
    assert nights == [set(), set(), {"withdrawals-7-days"}]


def test_a_week_of_many_withdrawals_does_not_hold_a_night_without_one():
    assert measure(plan_of(changed=3), held(900, week_ago=1000, withdrawn_in_week=100), DEFAULT) == []


def test_someone_of_two_sources_counts_in_both():
    leaving = plan([("withdrawn", "", "卫健|残联")] * 11 + [("withdrawn", "", "残联")])
    found = measure(leaving, held(5000, by_source={"残联": 100, "卫健": 50}), DEFAULT)
    assert found == [
        Braked("withdrawals-source", 11, 50, 10, "卫健"),
        Braked("withdrawals-source", 12, 100, 10, "残联"),
    ]


def test_a_village_that_is_none_is_not_shown():
    found = measure(plan_of(withdrawn=4, village="扶大镇/李小明"), held(5000), DEFAULT)
    assert [one.scope for one in found] == ["扶******"]


def test_a_share_is_exact():
    brake = PushBrake(people=0, share=0.29)
    assert measure(plan_of(changed=29), held(100), brake) == []
    assert kinds(measure(plan_of(changed=30), held(100), brake)) == {"mass-change"}


def test_a_plan_of_nobody_is_not_held():
    assert measure(plan_of(), held(0, week_ago=50, withdrawn_in_week=50), PushBrake(people=0, share=0)) == []


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["new", "changed", "withdrawn"]), st.sampled_from(["", "甲村", "乙村"]), st.sampled_from(["", "a", "b", "a|b"])
    ),
    max_size=30,
)  # fmt: skip
COUNTS = st.integers(0, 60)
BRAKES = st.builds(
    PushBrake,
    people=st.integers(0, 8), share=st.floats(0, 1), source_people=st.integers(0, 8), source_share=st.floats(0, 1),
    village_people=st.integers(0, 5), village_share=st.floats(0, 1), week_people=st.integers(0, 8), week_share=st.floats(0, 1),
)  # fmt: skip


def share_of(share, of):
    return Fraction(str(share)) * of


@given(ROWS, COUNTS, st.fixed_dictionaries({"a": COUNTS, "b": COUNTS}), COUNTS, COUNTS, BRAKES)
def test_the_brake_agrees_with_the_rule_in_plain_python(rows, people, by_source, week_ago, in_week, brake):
    scene = held(
        people, by_source=by_source, by_village={"甲村": people // 2}, week_ago=week_ago, withdrawn_in_week=in_week
    )
    leaving = [row for row in rows if row[0] == "withdrawn"]
    expected = set()
    if len(rows) > max(brake.people, share_of(brake.share, people)):
        expected.add(("mass-change", ""))
    for source, size in by_source.items():
        if sum(source in row[2].split("|") for row in leaving) > max(
            brake.source_people, share_of(brake.source_share, size)
        ):
            expected.add(("withdrawals-source", source))
    for village, size in (("甲村", people // 2), ("乙村", 0)):
        if sum(row[1] == village for row in leaving) > max(brake.village_people, share_of(brake.village_share, size)):
            expected.add(("withdrawals-village", village))
    if leaving and len(leaving) + in_week > max(brake.week_people, share_of(brake.week_share, week_ago)):
        expected.add(("withdrawals-7-days", ""))
    assert {(one.kind, one.scope) for one in measure(plan(rows), scene, brake)} == expected


SAID = {
    "first-push": (Braked("first-push", 812, 812, 0), "首次上报", ["812 人"]),
    "mass-change": (Braked("mass-change", 61, 1000, 50), "变动人数过多", ["61 人", "1000 人", "上限 50 人"]),
    "source": (Braked("withdrawals-source", 11, 100, 10, "残联名单"), "来源“残联名单”", ["11 人", "100 人", "上限 10 人"]),
    "village": (Braked("withdrawals-village", 4, 60, 3, "甲镇/乙村"), "甲镇/乙村退出", ["4 人", "60 人", "上限 3 人"]),
    "week": (Braked("withdrawals-7-days", 120, 1000, 100), "七日内退出", ["120 人", "1000 人", "上限 100 人"]),
}  # fmt: skip


@pytest.mark.parametrize(("braked", "begins", "numbers"), SAID.values(), ids=SAID)
def test_the_words_say_how_many_of_how_many_and_who_must_do_what(braked, begins, numbers):
    said = words(braked)
    assert said.startswith(begins)
    assert all(number in said for number in numbers)
    assert "全部暂缓上报" in said
    assert "由两名人员分别批准" in said
    assert Braked(**asdict(braked)) == braked
