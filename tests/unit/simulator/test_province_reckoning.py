"""What is reckoned from effects: each thing that can have gone wrong is found, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.province.ledger_view import Effect
from simulator.province.reckoning import Expected, reckon

HISTORY = [("1", 1), ("2", 1), ("1", 2), ("1", 3), ("2", 4)]


def effects_of(changes):
    return [
        Effect(number, 0.0, f"{person}-{revision}", person, revision, "new", f"d{person}-{revision}")
        for number, (person, revision) in enumerate(changes, 1)
    ]


def expected_of(changes):
    return [Expected(person, revision, f"d{person}-{revision}") for person, revision in changes]


def counts(happened, wanted=HISTORY):
    found = reckon(effects_of(happened), expected_of(wanted))
    assert found.is_clean == (not any(found.counts().values()))
    return {name: count for name, count in found.counts().items() if count}


def test_a_history_that_happened_once_and_in_order_is_clean():
    assert counts(HISTORY) == {}
    assert counts([]) == {"lost": 5, "outdated": 2}
    assert counts([], []) == {}


@pytest.mark.parametrize(("happened", "found"), [
    ([("1", 1), ("2", 1), ("1", 3), ("2", 4)], {"lost": 1}),
    ([*HISTORY[:-1]], {"lost": 1, "outdated": 1}),
    ([*HISTORY[:2], *HISTORY[1:]], {"doubled": 1}),
    ([*HISTORY, ("3", 1)], {"unexpected": 1}),
    ([("1", 1), ("2", 1), ("1", 3), ("1", 2), ("2", 4)], {"out_of_order": 1, "outdated": 1}),
    ([*HISTORY, ("1", 2)], {"doubled": 1, "out_of_order": 1, "outdated": 1}),
], ids=["lost in between", "lost at the end", "doubled", "unexpected", "overtaken", "an old one again"])  # fmt: skip
def test_what_goes_wrong_is_counted(happened, found):
    assert counts(happened) == found


def test_the_same_revision_with_other_content_is_out_of_order():
    effects = effects_of([("1", 1), ("1", 1)])
    effects[1] = effects[1]._replace(digest="other")
    found = reckon(effects, expected_of([("1", 1)])).counts()
    assert found == {"lost": 0, "doubled": 0, "unexpected": 1, "out_of_order": 1, "outdated": 1}


@given(st.permutations(HISTORY))
def test_an_order_is_judged_person_by_person(happened):
    in_order = all([revision for person, revision in happened if person == one] == revisions
                   for one, revisions in (("1", [1, 2, 3]), ("2", [1, 4])))  # fmt: skip
    assert (counts(happened) == {}) == in_order


@given(st.lists(st.sampled_from(HISTORY)))
def test_nothing_is_counted_that_did_not_happen(happened):
    found = reckon(effects_of(happened), expected_of(HISTORY))
    assert len(found.lost) == len(set(HISTORY) - set(happened))
    assert len(found.doubled) == sum(happened.count(change) > 1 for change in set(happened))
    assert not found.unexpected
