"""Questions about made-up people: who asks everything rightly finds everything, who asks nothing finds nothing."""

import numpy as np
import pandas as pd
import pytest

from bench.identity_judged import Asked, judge_asked
from bench.identity_statements import Stated, state
from bench.identity_truth import Problems, problems_of

STATED = state(20_000, 9)
PROBLEMS = problems_of(STATED)
NONE = np.zeros(0, dtype=np.int64)


def perfect(problems: Problems) -> Asked:
    offered = problems.damaged.merge(problems.holders, on="person")[["row", "id_key"]]
    return Asked(problems.pairs[["one", "other"]], offered, problems.numbers["id_key"].to_numpy())


def test_who_asks_about_every_problem_finds_all_and_puts_nobody_together_wrongly():
    judged = judge_asked(STATED, PROBLEMS, perfect(PROBLEMS))
    assert (judged.recall, judged.load) == (1.0, 1.0)
    assert judged.found == judged.there
    assert judged.automatic.wrong == judged.decided.wrong == 0
    # Nobody can be offered whose number is damaged everywhere.
    alone = STATED.truth[STATED.rows["id_key"].isna()].groupby("person").size()
    assert judged.decided.missed <= (alone * STATED.truth.groupby("person").size().reindex(alone.index)).sum()


def test_who_asks_nothing_finds_nothing_and_joins_by_number():
    judged = judge_asked(
        STATED,
        PROBLEMS,
        Asked(PROBLEMS.pairs[["one", "other"]][:0], PROBLEMS.damaged[["row"]].assign(id_key=0)[:0], NONE),
    )
    assert judged.recall == judged.load == 0.0
    assert judged.automatic == judged.decided
    assert judged.automatic.wrong > 0


def test_a_question_about_strangers_is_needless_and_changes_nothing():
    keys = np.sort(PROBLEMS.holders.drop_duplicates("person")["id_key"].to_numpy()[:2])
    asked = perfect(PROBLEMS)
    more = asked.pairs.iloc[:0].reindex([0]).assign(one=keys[0], other=keys[1]).astype("int64")
    judged = judge_asked(
        STATED, PROBLEMS, Asked(pd.concat([asked.pairs, more], ignore_index=True), asked.rows, asked.numbers)
    )
    assert sum(judged.asked.values()) - sum(judged.wanted.values()) == 1
    assert judged.decided == judge_asked(STATED, PROBLEMS, asked).decided


@pytest.mark.parametrize("is_right", [True, False], ids=["its person", "somebody else"])
def test_a_damaged_row_is_found_only_if_its_person_is_among_the_candidates(is_right):
    stated = Stated(
        pd.DataFrame(
            {"row_id": [1, 2, 3], "id_key": pd.array([5, None, 7], "Int64"), "name": ["陈秀英", "陈秀英", "李国华"]}
        ),
        pd.DataFrame({"person": [0, 0, 1], "number_error": 0, "name_error": 0, "family": 0}),
    )
    problems = problems_of(stated)
    offered = pd.DataFrame({"row": [1], "id_key": [5 if is_right else 7]})
    judged = judge_asked(stated, problems, Asked(problems.pairs[["one", "other"]], offered, NONE))
    assert judged.found["damaged number"] == judged.wanted["damaged number"] == int(is_right)
    assert (judged.decided.right, judged.decided.wrong) == (int(is_right), 0)
