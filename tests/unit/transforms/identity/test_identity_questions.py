from datetime import date

import numpy as np
import pandas as pd
import pytest
from made_up_statements import MEI, RULES, everybody, key, number, statements

from transforms.columns import texts
from transforms.identity.candidates import find_pairs
from transforms.identity.cases import cases_of, damaged_subjects

WHOLE, NEAR = MEI["id_number"], number(order=124)
NONE = pd.DataFrame({"id_key": np.zeros(0, dtype=np.int64), "name": texts([])})


def asked(rows, conflicts=NONE, separated=None):
    table = statements(rows)
    pairs = find_pairs(table, everybody(table), RULES).frame
    return table, cases_of(table, pairs, conflicts, RULES, separated=separated)


def evidence(*rows):
    return asked(rows)[1].found["evidence"].tolist()


def test_two_numbers_are_one_question_with_a_person_on_each_side():
    _, cases = asked([{}, {"id_number": NEAR}])
    subject = f"pair:{key(WHOLE)}:{key(NEAR)}"
    found, sides = cases.found.iloc[0], cases.sides
    assert (found["subject"], found["kind"]) == (subject, "same-person-different-number")
    assert found["reasons"] == "same_name|same_birth_date|same_village|number_off_2"
    assert found["score"] > 0
    assert sides["subject"].tolist() == [subject] * 2
    assert sides["side"].tolist() == [1, 2]
    assert sides["id_key"].tolist() == [key(WHOLE), key(NEAR)]
    assert sides[["row_id", "name"]].isna().all(axis=None)


def test_a_damaged_row_is_one_question_with_its_candidates_from_the_second_side_on():
    table, cases = asked([{}, {"id_number": number(date(1947, 5, 16), 345)}, {"id_number": None}])
    subject = f"row:village_survey:{table['row_hash'][2]}"
    assert cases.found["subject"].tolist() == [subject]
    assert cases.found["kind"].tolist() == ["number-damaged"]
    assert cases.found["reasons"].tolist() == ["same_name|same_village"]
    assert cases.sides["row_id"].dropna().tolist() == [3]
    assert cases.sides["id_key"].dropna().tolist() == sorted([key(WHOLE), key(number(date(1947, 5, 16), 345))])
    assert cases.sides["side"].tolist() == [1, 2, 3]
    assert damaged_subjects(table) == [subject]


def test_equal_damaged_rows_of_a_source_are_asked_about_once():
    _, cases = asked([{}, {"id_number": None}, {"id_number": None}])
    assert cases.found["subject"].is_unique
    assert cases.sides["row_id"].dropna().tolist() == [2]


def test_a_number_with_two_names_has_a_side_for_each_spelling():
    conflicts = pd.DataFrame({"id_key": [key(WHOLE)] * 2, "name": texts(["王国强", "张玉梅"])})
    _, cases = asked([{}, {"name": "王国强"}], conflicts)
    assert cases.found["subject"].tolist() == [f"number:{key(WHOLE)}"]
    assert cases.found["kind"].tolist() == ["same-number-different-person"]
    assert sorted(cases.sides["name"]) == sorted(["张玉梅", "王国强"])
    assert cases.sides["id_key"].tolist() == [key(WHOLE)] * 2


@pytest.mark.parametrize(
    ("before", "after", "is_same"),
    [
        ([{}, {"id_number": NEAR}], [{"id_number": NEAR}, {}], True),
        ([{}, {"id_number": NEAR}], [{}, {}, {"id_number": NEAR}], True),
        ([{"name": "张·玉梅"}, {"id_number": NEAR}], [{"name": "張玉梅"}, {"id_number": NEAR, "name": "張玉梅"}], True),
        ([{}, {"id_number": NEAR}], [{}, {"id_number": NEAR, "phone": "13900000001"}], True),
        ([{}, {"id_number": NEAR}], [{}, {"id_number": NEAR, "name": "张玉媒"}], False),
        ([{"phone": "1390000000"}, {"id_number": NEAR}], [{"phone": "1390000000"}, {"id_number": NEAR, "phone": "1390000000"}], False),
    ],
    ids=["order", "said twice", "another spelling of the characters", "what is no reason", "another name", "another reason"],
)  # fmt: skip
def test_evidence_is_the_same_while_numbers_names_and_reasons_are(before, after, is_same):
    assert (evidence(*before) == evidence(*after)) is is_same


def test_what_was_decided_to_be_two_people_is_asked_only_on_other_evidence():
    rows = [{}, {"id_number": NEAR}]
    decided = pd.DataFrame({"id_key": [key(WHOLE)], "other_key": [key(NEAR)], "evidence": texts(evidence(*rows))})
    assert asked(rows, separated=decided)[1].found.empty
    _, again = asked([*rows, {"id_number": NEAR, "name": "张玉媒", "source": "health_incapacity"}], separated=decided)
    assert len(again.found) == 1


def test_nothing_found_is_no_question():
    _, cases = asked([{}])
    assert (len(cases.found), len(cases.sides)) == (0, 0)
    assert list(cases.found) == ["subject", "kind", "evidence", "reasons", "score"]
    assert list(cases.sides) == ["subject", "side", "id_key", "row_id", "name"]
