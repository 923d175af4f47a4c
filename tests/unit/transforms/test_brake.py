import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.configuration import Brake
from transforms.brake import measure_shrinkage

PEOPLE = st.dictionaries(st.integers(1, 60), st.sampled_from(["", "镇/甲村", "镇/乙村"]), max_size=60)
BRAKES = st.builds(
    Brake,
    people=st.integers(0, 8),
    share=st.floats(0, 1),
    village_people=st.integers(0, 5),
    village_share=st.floats(0, 1),
)


def listed(people):
    return pd.DataFrame({"id_key": list(people), "scope": pd.array(list(people.values()), dtype="str")}).astype(
        {"id_key": np.int64}
    )


def is_beyond(before, after, brake):
    """The rule in plain Python."""
    lost = {key: village for key, village in before.items() if key not in after}
    if len(lost) > max(brake.people, brake.share * len(before)):
        return True
    return any(
        sum(v == village for v in lost.values())
        > max(brake.village_people, brake.village_share * sum(v == village for v in before.values()))
        for village in set(lost.values()) - {""}
    )


@given(PEOPLE, st.sets(st.integers(1, 80)), BRAKES)
def test_the_brake_agrees_with_the_rule_in_plain_python(before, after, brake):
    shrinkage = measure_shrinkage(listed(before), np.array(sorted(after), dtype=np.int64), brake)
    assert shrinkage.is_beyond == is_beyond(before, after, brake)
    assert (shrinkage.before, shrinkage.lost) == (len(before), len(set(before) - after))
    if shrinkage.village is not None:
        there = {key for key, village in before.items() if village == shrinkage.village}
        assert (shrinkage.village_before, shrinkage.village_lost) == (len(there), len(there - after))


@given(PEOPLE, BRAKES)
def test_a_list_that_loses_nobody_is_never_held(before, brake):
    after = np.array([*before, 1000], dtype=np.int64)
    assert not measure_shrinkage(listed(before), after, brake).is_beyond


@given(PEOPLE, st.sets(st.integers(1, 80)), BRAKES)
def test_someone_listed_twice_counts_once(before, after, brake):
    keys = np.array(sorted(after), dtype=np.int64)
    twice = pd.concat([listed(before), listed(before)], ignore_index=True)
    assert measure_shrinkage(twice, keys, brake) == measure_shrinkage(listed(before), keys, brake)


@pytest.mark.parametrize(
    ("people", "lost", "beyond"),
    [(30, 10, False), (30, 11, True), (400, 20, False), (400, 21, True), (5, 5, False), (11, 11, True)],
    ids="{}".format,
)
def test_the_larger_of_ten_people_and_five_in_a_hundred_may_go(people, lost, beyond):
    before = listed(dict.fromkeys(range(people), ""))
    assert measure_shrinkage(before, np.arange(lost, people), Brake()).is_beyond is beyond
