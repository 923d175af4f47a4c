import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from transforms.identity.hashes import hashed, hashed_runs
from transforms.identity.value_sets import ValueSets, crossed, paired

STATED = st.lists(st.tuples(st.integers(0, 4), st.integers(-3, 3)), max_size=25)


def sets_of(stated):
    entities, values = (np.array([entry[side] for entry in stated], dtype=np.int64) for side in (0, 1))
    return ValueSets.of(entities, values, 5), {
        entity: sorted({v for e, v in stated if e == entity}) for entity in range(5)
    }


@given(STATED)
def test_each_entity_has_its_values_once_in_order(stated):
    sets, expected = sets_of(stated)
    for entity in range(5):
        assert sets.at(np.array([entity]))[1].tolist() == expected[entity]


@given(STATED, STATED)
def test_crossing_gives_every_combination_of_an_entity(first, second):
    (one, expected_one), (other, expected_other) = sets_of(first), sets_of(second)
    owners, (left, right) = crossed(one, other)
    combined = [(entity, a, b) for entity in range(5) for a in expected_one[entity] for b in expected_other[entity]]
    assert sorted(zip(owners.tolist(), left.tolist(), right.tolist(), strict=True)) == combined


@given(STATED, st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=6))
def test_pairing_gives_every_value_of_one_beside_every_value_of_the_other(stated, pairs):
    sets, expected = sets_of(stated)
    one, other = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    place, mine, theirs = paired(sets, one, sets, other)
    combined = [(at, a, b) for at, (i, j) in enumerate(pairs) for a in expected[i] for b in expected[j]]
    assert sorted(zip(place.tolist(), mine.tolist(), theirs.tolist(), strict=True)) == sorted(combined)


@given(STATED)
def test_values_can_be_left_out(stated):
    sets, expected = sets_of(stated)
    kept = sets.without(sets.entries < 0)
    assert [kept.at(np.array([e]))[1].tolist() for e in range(5)] == [
        [v for v in expected[e] if v >= 0] for e in range(5)
    ]


@given(st.lists(st.lists(st.integers(0, 3), max_size=4), min_size=1, max_size=8))
def test_runs_have_equal_keys_exactly_where_they_are_equal(runs):
    offsets = np.cumsum([0, *map(len, runs)])
    keys = hashed_runs(np.array([value for run in runs for value in run], dtype=np.uint32), offsets)
    assert [[a == b for b in runs] for a in runs] == [[bool(a == b) for b in keys] for a in keys]
    assert [not run for run in runs] == (keys == 0).tolist()


def test_keys_are_the_same_in_every_process():
    assert hashed(np.array([1, 2]), np.array([3, 4])).tolist() == [13592992832856903821, 2171726524959355661]
