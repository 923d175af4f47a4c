"""Pairs of a grouping, and groups of linked things, against the plainest way of counting them."""

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bench.identity_measures import groups_of, quality

GROUPINGS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=30)
LINKS = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=15)


@given(GROUPINGS)
def test_pairs_are_counted_as_if_each_were_looked_at(rows):
    pairs = [(mine[0] == other[0], mine[1] == other[1]) for mine, other in combinations(rows, 2)]
    found = quality(np.array([group for group, _ in rows]), np.array([person for _, person in rows]))
    assert (found.right, found.wrong, found.missed) == (
        pairs.count((True, True)),
        pairs.count((True, False)),
        pairs.count((False, True)),
    )


@given(LINKS)
def test_groups_are_what_can_be_reached_by_links(links):
    reached = [{thing} for thing in range(12)]
    for one, other in links:
        joined = reached[one] | reached[other]
        for thing in joined:
            reached[thing] = joined
    groups = groups_of(12, *(np.array([link[side] for link in links], dtype=np.int64) for side in (0, 1)))
    assert all((groups[one] == groups[other]) == (other in reached[one]) for one, other in combinations(range(12), 2))


def test_a_long_chain_is_one_group():
    things = np.random.default_rng(3).permutation(5_000)
    assert not groups_of(5_000, things[:-1], things[1:]).any()


def test_nothing_found_is_precise_and_recalls_nothing():
    found = quality(np.arange(3), np.zeros(3, dtype=np.int64))
    assert (found.precision, found.recall, found.f1) == (1.0, 0.0, 0.0)
