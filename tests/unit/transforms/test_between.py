import random
from collections import defaultdict
from datetime import date
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_rows import DISABILITY, FAMILY, FEWER, INCAPACITY, SURVEY, id_number, in_force

from schemas.fields import STATED_FIELDS
from schemas.idnumber import check_character
from transforms.between import PLACES, resolve
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


def oracle(rows):
    """What every row comes to, in plain Python."""
    rows = rows.astype(object).where(rows.notna(), None).to_dict("records")
    for row in rows:
        row["outcome"] = "held" if row["is_held"] or row["id_key"] is None else "admitted"
    candidates = [row for row in rows if row["outcome"] == "admitted"]
    statements = defaultdict(list)
    for row in candidates:
        statements[row["id_key"], row["source"]].append(row)
    winners = defaultdict(list)
    for (key, _), several in statements.items():
        several.sort(key=lambda row: (row["row_hash"], row["row_id"]))
        best = max(several, key=lambda row: (row["stated_date"] or "", row["received_run"], row["filled_count"]))
        for row in several:
            row["outcome"] = "admitted" if row is best else "duplicate"
        winners[key].append(best)
    names = {key: {row["name"] for row in candidates if row["id_key"] == key} for key in winners}
    disputed = {
        key for key, spelled in names.items() if any(not are_reconcilable(a, b) for a, b in combinations(spelled, 2))
    }
    for one, other in combinations(winners, 2):
        if any(is_same_person(a, b) for a in winners[one] for b in winners[other]):
            disputed |= {one, other}
    for row in candidates:
        if row["id_key"] in disputed:
            row["outcome"] = "held"
    return [row["outcome"] for row in rows], disputed


def is_same_person(one, other):
    if one["name"] != other["name"]:
        return False
    a, b = one["id_number"], other["id_number"]
    close = sum(x != y for x, y in zip(a, b, strict=True)) <= 2
    same_issue = (a[:6], a[14:17]) == (b[:6], b[14:17])
    same_birth = one["birth_date"] == other["birth_date"]
    same_place = any(one.get(place) and one.get(place) == other.get(place) for place in PLACES)
    return (close and (same_issue or same_birth)) or (same_birth and same_place)


@FEWER
@given(STATEMENTS)
def test_every_row_comes_to_what_plain_python_says(statements):
    rows = in_force(statements)
    rows["received_run"] = 1 + rows["row_id"] % 3 // 2
    resolved = resolve(rows, COMPARED)
    outcomes, disputed = oracle(rows)
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
        ([(FAMILY, person()), (FAMILY, person(id_number=NEAR))], ["held"] * 2, ["same-person-different-number"] * 2),
        (
            [(FAMILY, person()), (FAMILY, person(id_number=NUMBERS[2], household_address="别处"))], ["admitted"] * 2, [],
        ),
        ([(FAMILY, person()), (FAMILY, person(id_number=NUMBERS[2]))], ["held"] * 2, ["same-person-different-number"] * 2),
        ([(FAMILY, person()), (FAMILY, person(id_number=NEAR, name="王芳"))], ["admitted"] * 2, []),
        ([(FAMILY, person(id_number="4414")), (SURVEY, person())], ["held", "admitted"], []),
    ],
    ids=["exact", "newer wins", "fuller wins", "one row of each source", "other name", "reconcilable name", "near number",
         "same name and birth elsewhere", "same name and birth in one place", "near number, other name", "faulty number"],
)  # fmt: skip
def test_what_becomes_of_rows_beside_each_other(statements, outcomes, codes):
    resolved = resolve(in_force(statements), COMPARED)
    assert resolved.outcome.tolist() == outcomes
    assert resolved.notes.frame()["code"].tolist() == codes


def test_what_was_seen_of_a_conflict_is_masked():
    rows = in_force([(FAMILY, person()), (SURVEY, person(name="李强")), (FAMILY, person(id_number=NEAR))])
    seen = " ".join(resolve(rows, COMPARED).notes.frame()["seen"].dropna())
    assert "*" in seen
    for secret in ("张玉梅", "李强", ONE, NEAR, ONE[6:14]):
        assert secret not in seen


def test_no_rows_come_to_nothing():
    rows = in_force([(FAMILY, person())]).iloc[:0]
    assert len(resolve(rows, COMPARED).outcome) == 0
