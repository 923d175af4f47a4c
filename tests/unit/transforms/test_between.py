import random
from collections import defaultdict
from datetime import date
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_rows import DISABILITY, FAMILY, FEWER, INCAPACITY, SURVEY, id_number, in_force

from schemas.fields import STATED_FIELDS
from schemas.idnumber import check_character
from schemas.masking import mask_id_number
from transforms.between import resolve
from transforms.names import are_reconcilable

COMPARED = [field for field in STATED_FIELDS if field not in {"id_number", "remarks"}]
ONE = id_number()
NEAR = ONE[:16] + str((int(ONE[16]) + 2) % 10)
NEAR += check_character(NEAR)
NUMBERS = [
    ONE, NEAR, id_number(serial=333, region="441402"), id_number(date(1941, 7, 8)), id_number(date(1950, 1, 1)), "4414",
]  # fmt: skip

STATEMENTS = st.lists(
    st.tuples(
        st.sampled_from([SURVEY, FAMILY, INCAPACITY]),
        st.fixed_dictionaries(
            {
                "name": st.sampled_from(["张玉梅", "张玉媒", "李强", None]),
                "id_number": st.sampled_from(NUMBERS),
                "phone": st.none() | st.sampled_from(["13900000001", "13900000002"]),
                "household_village": st.sampled_from(["大黄村", "小黄村"]),
                "household_address": st.sampled_from([None, "程江镇大黄村"]),
                "categories": st.just("独居"),
                "family_planning_type": st.just("失独"),
                "ability_level": st.just("2"),
                "registered_date": st.sampled_from([None, "2024-01-01", "2024-02-01"]),
                "family_planning_confirmed_date": st.sampled_from([None, "2020-01-01"]),
            }
        ),
    ),
    min_size=1,
    max_size=16,
)


def oracle(rows, pairs):
    """What every row comes to, in plain Python."""
    rows = rows.astype(object).where(rows.notna(), None).to_dict("records")
    for row in rows:
        row["outcome"] = "held" if row["is_held"] or row["id_key"] is None else "admitted"
    candidates = [row for row in rows if row["outcome"] == "admitted"]
    statements = defaultdict(list)
    for row in candidates:
        statements[row["id_key"], row["source"]].append(row)
    for several in statements.values():
        several.sort(key=lambda row: (row["row_hash"], row["row_id"]))
        best = max(several, key=lambda row: (row["stated_date"] or "", row["received_run"], row["filled_count"]))
        for row in several:
            row["outcome"] = "admitted" if row is best else "duplicate"
    phones = defaultdict(lambda: defaultdict(set))
    for row in candidates:
        phones[row["id_key"]][row["name"]] |= {row["phone"]} - {None}
    disputed = {
        key
        for key, names in phones.items()
        if any(not may_be_one(a, names[a], b, names[b]) for a, b in combinations(names, 2))
    }
    disputed |= {key for pair in pairs.itertuples(index=False) for key in pair}
    for row in candidates:
        if row["id_key"] in disputed:
            row["outcome"] = "held"
    return [row["outcome"] for row in rows], disputed


def may_be_one(one, phones, other, other_phones):
    return are_reconcilable(one, other) and not (phones and other_phones and not phones & other_phones)


def pairs_of(*pairs):
    one, other = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    return pd.DataFrame({"one": one, "other": other})


def key(of):
    return int(in_force([(FAMILY, person(id_number=of))])["id_key"][0])


PAIRS = st.lists(st.sampled_from([(0, 1), (0, 2), (1, 3)]), max_size=2, unique=True)


def drawn_pairs(drawn):
    return pairs_of(*((key(NUMBERS[one]), key(NUMBERS[other])) for one, other in drawn))


@FEWER
@given(STATEMENTS, PAIRS)
def test_every_row_comes_to_what_plain_python_says(statements, drawn):
    rows, pairs = in_force(statements), drawn_pairs(drawn)
    rows["received_run"] = 1 + rows["row_id"] % 3 // 2
    resolved = resolve(rows, COMPARED, pairs=pairs)
    outcomes, disputed = oracle(rows, pairs)
    assert resolved.outcome.tolist() == outcomes
    assert resolved.disputed.tolist() == sorted(disputed)


@FEWER
@given(STATEMENTS)
def test_every_row_has_an_outcome_and_each_person_one_row_of_a_source(statements):
    rows = in_force(statements)
    resolved = resolve(rows, COMPARED)
    assert len(resolved.outcome) == len(rows)
    assert set(resolved.outcome) <= {"admitted", "held", "duplicate"}
    admitted = rows[resolved.outcome == "admitted"]
    assert not admitted.duplicated(["id_key", "source"]).any()
    assert not admitted["id_key"].isin(resolved.disputed).any()
    noted = resolved.notes.frame()
    losers = set(noted.loc[noted["code"].str.startswith("duplicate-"), "position"])
    assert set(np.flatnonzero(resolved.outcome == "duplicate")) <= losers


@FEWER
@given(STATEMENTS, st.randoms(use_true_random=False))
def test_neither_the_order_of_rows_nor_of_their_ids_matters(statements, order: random.Random):
    rows = in_force(statements)
    turned = list(range(len(rows)))
    order.shuffle(turned)
    shuffled = rows.iloc[turned].reset_index(drop=True).assign(row_id=np.arange(1, len(rows) + 1))

    def admitted(table):
        chosen = table[resolve(table, COMPARED).outcome == "admitted"]
        return sorted(map(str, chosen[["source", *STATED_FIELDS]].to_dict("records")))

    assert admitted(shuffled) == admitted(rows)


@FEWER
@given(STATEMENTS)
def test_resolving_again_comes_to_the_same(statements):
    rows = in_force(statements)
    once = resolve(rows, COMPARED)
    again = resolve(rows.assign(outcome=once.outcome), COMPARED)
    assert again.outcome.tolist() == once.outcome.tolist()
    assert again.notes.frame().equals(once.notes.frame())


def person(**changes):
    row = {"name": "张玉梅", "id_number": ONE, "household_village": "大黄村", "household_address": "程江镇大黄村"}
    return row | {"categories": "独居", "family_planning_type": "失独", "ability_level": "2"} | changes


@pytest.mark.parametrize(
    ("statements", "outcomes", "codes"),
    [
        ([(FAMILY, person()), (FAMILY, person())], ["admitted", "duplicate"], ["duplicate-exact"]),
        (
            [(SURVEY, person(registered_date="2024-01-01")), (SURVEY, person(registered_date="2024-02-01"))],
            ["duplicate", "admitted"], ["duplicate-conflicting"],
        ),
        ([(FAMILY, person()), (FAMILY, person(phone="13900000001"))], ["duplicate", "admitted"], ["duplicate-conflicting"]),
        ([(FAMILY, person()), (SURVEY, person()), (DISABILITY, person())], ["admitted"] * 3, []),
        ([(FAMILY, person()), (SURVEY, person(name="李强"))], ["held"] * 2, ["same-number-different-person"] * 2),
        ([(FAMILY, person()), (SURVEY, person(name="张玉媒"))], ["admitted"] * 2, []),
        ([(FAMILY, person()), (SURVEY, person(name="张玉兰"))], ["held"] * 2, ["same-number-different-person"] * 2),
        (
            [(FAMILY, person(phone="13900000001")), (SURVEY, person(name="张玉媒", phone="13900000002"))], ["held"] * 2,
            ["same-number-different-person"] * 2,
        ),
        ([(FAMILY, person(phone="13900000001")), (SURVEY, person(phone="13900000002"))], ["admitted"] * 2, []),
        ([(FAMILY, person()), (FAMILY, person(id_number=NEAR))], ["admitted"] * 2, []),
        ([(FAMILY, person(id_number="4414")), (SURVEY, person())], ["held", "admitted"], []),
    ],
    ids=["exact", "newer wins", "fuller wins", "one row of each source", "other name", "name by ear", "brother's name",
         "name by ear, other telephone", "other telephone", "two numbers nobody asked about", "faulty number"],
)  # fmt: skip
def test_what_becomes_of_rows_beside_each_other(statements, outcomes, codes):
    resolved = resolve(in_force(statements), COMPARED)
    assert resolved.outcome.tolist() == outcomes
    assert resolved.notes.frame()["code"].tolist() == codes


def test_people_who_may_be_one_are_held_and_each_is_told_of_the_others_number():
    rows = in_force(
        [(FAMILY, person()), (SURVEY, person()), (FAMILY, person(id_number=NEAR)), (FAMILY, person(id_number="4414"))]
    )
    resolved = resolve(rows, COMPARED, pairs=pairs_of((key(ONE), key(NEAR))))
    assert resolved.outcome.tolist() == ["held"] * 4
    assert resolved.disputed.tolist() == sorted([key(ONE), key(NEAR)])
    seen = dict(zip(resolved.notes.frame()["position"], resolved.notes.frame()["seen"], strict=True))
    assert seen == {0: mask_id_number(NEAR), 1: mask_id_number(NEAR), 2: mask_id_number(ONE)}


def test_the_number_of_somebody_who_is_not_among_the_rows_is_told_from_the_key():
    resolved = resolve(in_force([(FAMILY, person())]), COMPARED, pairs=pairs_of((key(ONE), key(NEAR))))
    assert resolved.notes.frame()["seen"].tolist() == [mask_id_number(NEAR)]
    assert resolved.disputed.tolist() == sorted([key(ONE), key(NEAR)])


def mask(*values):
    return np.array(values, dtype=bool)


NAMED = [(FAMILY, person()), (SURVEY, person(name="李强")), (INCAPACITY, person(name="张玉媒"))]


def test_names_that_cannot_be_one_persons_are_given_with_their_number():
    conflicts = resolve(in_force(NAMED), COMPARED).conflicts
    assert conflicts["id_key"].tolist() == [key(ONE)] * 3
    assert conflicts["name"].tolist() == sorted(["张玉梅", "张玉媒", "李强"])


def test_a_spelling_decided_to_be_the_holders_is_no_conflict_and_neither_is_one_that_sounds_like_it():
    resolved = resolve(in_force(NAMED), COMPARED, of_holder=mask(1, 1, 0))
    assert resolved.outcome.tolist() == ["admitted"] * 3
    assert resolved.conflicts.empty


def test_a_new_name_beside_decided_ones_is_a_conflict():
    rows = in_force([*NAMED, (DISABILITY, person(name="王芳"))])
    resolved = resolve(rows, COMPARED, of_holder=mask(1, 1, 0, 0))
    assert resolved.outcome.tolist() == ["held"] * 4
    assert set(resolved.conflicts["name"]) == {"张玉梅", "张玉媒", "李强", "王芳"}


def test_rows_decided_to_be_somebody_elses_are_held_with_their_finding_and_the_others_admitted():
    resolved = resolve(in_force(NAMED), COMPARED, excluded=mask(0, 1, 0))
    assert resolved.outcome.tolist() == ["admitted", "held", "admitted"]
    assert resolved.disputed.tolist() == []
    noted = resolved.notes.frame()
    assert (noted["position"].tolist(), noted["code"].tolist()) == ([1], ["same-number-different-person"])
    assert "李强" not in noted["seen"][0]


def test_what_was_seen_of_a_conflict_is_masked():
    rows = in_force([(FAMILY, person()), (SURVEY, person(name="李强")), (FAMILY, person(id_number=NEAR))])
    resolved = resolve(rows, COMPARED, pairs=pairs_of((key(ONE), key(NEAR))))
    seen = " ".join(resolved.notes.frame()["seen"].dropna())
    assert "*" in seen
    for secret in ("张玉梅", "李强", ONE, NEAR, ONE[6:14]):
        assert secret not in seen


def test_no_rows_come_to_nothing():
    rows = in_force([(FAMILY, person())]).iloc[:0]
    assert len(resolve(rows, COMPARED).outcome) == 0
