"""Dated states: what stands, whom it ends, who contradicts, and what a person's decision outweighs."""

import random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_rows import CONFIGURATION, DISABILITY, FAMILY, FEWER, INCAPACITY, SURVEY, id_number, in_force, with_rules

from transforms.columns import texts
from transforms.merging.life_states import LIFE_DECISION_COLUMNS, STATE_COLUMNS, life_states

NUMBER = id_number(serial=121)
WHO = {"name": "张玉梅", "household_village": "大黄村", "id_number": NUMBER, "categories": "独居"}
KEY = int(in_force([(SURVEY, WHO)])["id_key"].iloc[0])


def told(source, state=None, on=None, *, stated=None):
    """One row: what a source says of the person's life, and the day the row itself is of."""
    return source, state, on, stated


def rows_of(several):
    rows = in_force([(source, WHO) for source, *_ in several])
    return rows.assign(
        life_status=texts([state for _, state, _, _ in several]), life_status_date=texts([on for _, _, on, _ in several]),
        stated_date=texts([stated for *_, stated in several]),
    )  # fmt: skip


def decided(*decisions):
    """Decisions as (state, from_date, decision_id)."""
    frame = pd.DataFrame([(KEY, *decision) for decision in decisions], columns=list(LIFE_DECISION_COLUMNS))
    return frame.astype({"id_key": "Int64", "state": "str", "from_date": "str", "decision_id": "Int64"})


def standing(*states):
    """States that stand, as (state, source, from_date)."""
    columns = {"id_key": [KEY] * len(states), "row_id": [99] * len(states), "decision_id": [None] * len(states)}
    frame = pd.DataFrame({name: pd.array(values, dtype="Int64") for name, values in columns.items()})
    for place, name in enumerate(("state", "source", "from_date")):
        frame[name] = texts([state[place] for state in states])
    return frame.assign(evidence=texts(["list"] * len(states)))[list(STATE_COLUMNS)]


def weighed(several, *, decisions=(), before=(), configuration=CONFIGURATION):
    return life_states(
        rows_of(several) if several else rows_of([told(SURVEY)]).iloc[:0],
        decided(*decisions),
        standing(*before),
        configuration,
    )


def states(result):
    frame = result.states.astype(object).where(result.states.notna(), None)
    return list(frame[["state", "source", "from_date"]].itertuples(index=False, name=None))


DEAD = told(SURVEY, "deceased", "2024-03-01", stated="2024-01-01")


def test_a_death_nobody_contradicts_is_a_dated_state_and_ends_the_record():
    result = weighed([DEAD, told(INCAPACITY, stated="2024-02-01")])
    assert states(result) == [("deceased", SURVEY, "2024-03-01")]
    assert (result.ended.tolist(), len(result.contradicted)) == ([KEY], 0)
    assert result.states[["evidence", "row_id"]].to_numpy().tolist() == [["list", 1]]


def test_without_a_day_of_its_own_a_state_holds_since_the_day_of_its_row():
    assert states(weighed([told(SURVEY, "refused", stated="2024-01-01")])) == [("refused", SURVEY, "2024-01-01")]


@pytest.mark.parametrize(("others", "holds"), [
    ([told(INCAPACITY, stated="2024-02-28")], False),
    ([told(INCAPACITY, stated="2024-03-01")], False),
    ([told(INCAPACITY, stated="2024-03-02")], True),
    ([told(INCAPACITY)], False),
    ([told(INCAPACITY, "living")], True),
    ([told(INCAPACITY, "living", "2024-02-28", stated="2024-05-01")], False),
    ([told(INCAPACITY, "living", "2024-05-01")], True),
    ([told(INCAPACITY, "in_institution", "2024-02-01", stated="2024-05-01")], True),
    ([told(INCAPACITY, "deceased", "2024-03-02", stated="2024-05-01")], False),
    ([told(INCAPACITY, "moved_away", "2024-05-01", stated="2024-05-01")], False),
    ([told(INCAPACITY, "deceased", stated="2024-05-01"), told(DISABILITY, stated="2024-06-01")], True),
], ids=["older row", "row of that day", "newer row", "row without a day", "lives", "lived before", "lives since", "in an institution",
        "agrees", "moved away", "two against one"])  # fmt: skip
def test_a_death_holds_where_another_source_renews_the_person(others, holds):
    result = weighed([DEAD, *others])
    assert (len(result.contradicted) > 0) == holds
    assert result.ended.tolist() == ([] if holds else [KEY])
    assert result.notes.frame().empty


def test_both_sides_of_a_contradicted_death_are_shown_and_their_digest_follows_what_they_say():
    first = weighed([DEAD, told(INCAPACITY, stated="2024-05-01")]).contradicted
    assert first[["side", "source", "row_id", "state", "from_date"]].astype(object).to_numpy().tolist() == [
        [1, SURVEY, 1, "deceased", "2024-03-01"], [2, INCAPACITY, 2, "", "2024-05-01"],
    ]  # fmt: skip
    assert len(set(first["evidence"])) == 1
    again = weighed([told(INCAPACITY, stated="2024-05-01"), DEAD]).contradicted
    assert again["evidence"].iloc[0] == first["evidence"].iloc[0]
    later = weighed([DEAD, told(INCAPACITY, stated="2024-06-01")]).contradicted
    assert later["evidence"].iloc[0] != first["evidence"].iloc[0]


def test_a_death_without_any_day_is_contradicted_by_every_dated_row():
    assert weighed([told(SURVEY, "deceased"), told(INCAPACITY, stated="1999-01-01")]).ended.tolist() == []


def test_a_move_that_another_source_does_not_know_of_is_asked_about_on_both_sides_and_ends_nobody():
    result = weighed(
        [
            told(SURVEY, "moved_away", "2024-03-01"),
            told(INCAPACITY, stated="2024-05-01"),
            told(FAMILY, stated="2020-01-01"),
        ]
    )
    assert (result.ended.tolist(), len(result.contradicted)) == ([], 0)
    assert result.notes.frame()[["position", "code", "field"]].to_numpy().tolist() == [
        [0, "sources-contradict", "life_status"], [1, "sources-contradict", "life_status"],
    ]  # fmt: skip


@pytest.mark.parametrize(("rule", "state", "ends"), [
    (("deceased", "moved_away"), "in_institution", False), (("deceased", "moved_away"), "refused", False),
    (("deceased", "moved_away"), "moved_away", True), (("deceased",), "moved_away", False), (("refused",), "refused", True),
], ids=["institution", "refusal", "move", "move is kept", "refusal ends"])  # fmt: skip
def test_which_states_end_a_record_is_a_rule(rule, state, ends):
    result = weighed([told(SURVEY, state, "2024-03-01")], configuration=with_rules(ending_states=rule))
    assert (result.ended.tolist(), states(result)) == ([KEY] if ends else [], [(state, SURVEY, "2024-03-01")])


STOOD = ("deceased", SURVEY, "2024-03-01")


@pytest.mark.parametrize(("now", "stands"), [
    ([], True), ([told(INCAPACITY, stated="2024-01-01")], True), ([told(SURVEY, stated="2024-05-01")], True),
    ([told(SURVEY, "living")], False), ([told(SURVEY, "refused", "2024-05-01")], False),
], ids=["listed by nobody", "listed by another", "cell is empty", "says that they live", "says something else"])  # fmt: skip
def test_a_state_stands_until_its_own_source_says_another_one(now, stands):
    result = weighed(now, before=[STOOD])
    assert (STOOD in states(result)) == stands
    assert result.ended.tolist() == ([KEY] if stands else [])


def test_an_empty_cell_takes_a_state_back_where_the_source_says_so():
    source = CONFIGURATION.sources[SURVEY].model_copy(update={"empty_deletes": ("life_status",)})
    configuration = CONFIGURATION.model_copy(update={"sources": CONFIGURATION.sources | {SURVEY: source}})
    assert states(weighed([told(SURVEY)], before=[STOOD], configuration=configuration)) == []
    assert states(weighed([told(INCAPACITY)], before=[STOOD], configuration=configuration)) == [STOOD]


@pytest.mark.parametrize(("decisions", "ends", "left"), [
    ([("deceased", "2024-03-01", 1)], True, ["decision", SURVEY]),
    ([("living", "2024-05-01", 1)], False, []),
    ([("living", None, 1)], False, []),
    ([("living", "2024-02-01", 1)], True, [SURVEY]),
    ([("deceased", "2024-03-01", 1), ("living", "2024-05-01", 2)], False, []),
    ([("in_institution", "2024-05-01", 3)], False, ["decision", SURVEY]),
], ids=["dead", "alive", "alive on no day", "alive before that", "the last decision", "somewhere else"])  # fmt: skip
def test_what_a_person_decided_outweighs_what_sources_had_said_up_to_its_day(decisions, ends, left):
    for turned in (decisions, decisions[::-1]):
        result = weighed([DEAD, told(INCAPACITY, stated="2023-05-01")], decisions=turned)
        assert result.ended.tolist() == ([KEY] if ends else [])
        assert [source for _, source, _ in states(result)] == left


def test_a_contradiction_goes_on_being_told_beside_the_decision_so_that_other_evidence_can_be_seen():
    several = [DEAD, told(INCAPACITY, stated="2024-05-01")]
    result = weighed(several, decisions=[("deceased", "2024-03-01", 1)])
    assert (result.ended.tolist(), result.contradicted["side"].tolist(), result.disputed.tolist()) == (
        [KEY],
        [1, 2],
        [],
    )
    assert weighed(several).disputed.tolist() == [KEY]
    assert weighed(several, decisions=[("living", "2024-06-01", 1)]).contradicted.empty


SOURCES = [SURVEY, INCAPACITY, FAMILY, DISABILITY]
DAYS = st.none() | st.sampled_from(["2024-01-01", "2024-03-01", "2024-05-01"])
TOLD = st.lists(
    st.tuples(
        st.sampled_from(SOURCES), st.none() | st.sampled_from(["living", "deceased", "moved_away", "in_institution", "refused"]), DAYS, DAYS
    ),
    min_size=1, max_size=4, unique_by=lambda row: row[0],
)  # fmt: skip
BEFORE = st.lists(
    st.tuples(st.sampled_from(["deceased", "moved_away", "refused"]), st.sampled_from(SOURCES), DAYS),
    max_size=3,
    unique_by=lambda s: s[1],
)


def oracle(several, before):
    """Whether the person leaves, and whether a death is contradicted, in plain Python."""
    ending = CONFIGURATION.rules.ending_states
    spoken = {source: (state, on or stated) for source, state, on, stated in several if state}
    for state, source, on in before:
        spoken.setdefault(source, (state, on))
    contradicted, ends = False, False
    for source, (state, since) in spoken.items():
        if state not in ending:
            continue
        renewed = False
        for other, says, on, stated in several:
            if other == source or says in ending:
                continue
            lives = says == "living" and not (on and since and on < since)
            renewed |= lives or (says != "living" and bool(stated) and (since is None or stated > since))
        contradicted |= renewed and state == "deceased"
        ends |= not renewed
    return ends and not contradicted, contradicted


@FEWER
@given(TOLD, BEFORE, st.randoms(use_true_random=False))
def test_states_are_what_plain_python_says_in_whatever_order_they_came(several, before, order: random.Random):
    result = weighed(several, before=before)
    ends, contradicted = oracle(several, before)
    assert (result.ended.tolist(), not result.contradicted.empty) == ([KEY] if ends else [], contradicted)
    turned = list(several)
    order.shuffle(turned)
    other = weighed(turned, before=before[::-1])
    assert states(other) == states(result)
    assert other.ended.tolist() == result.ended.tolist()
    assert other.contradicted["evidence"].tolist() == result.contradicted["evidence"].tolist()


@FEWER
@given(TOLD, BEFORE)
def test_weighing_what_was_weighed_changes_nothing(several, before):
    rows = rows_of(several)
    once = life_states(rows, decided(), standing(*before), CONFIGURATION)
    again = life_states(rows, decided(), once.states, CONFIGURATION)
    assert states(again) == states(once)
    assert np.array_equal(again.ended, once.ended)
