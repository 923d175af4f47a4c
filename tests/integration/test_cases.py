"""Questions about who is who over the nights: asked once, again only on other evidence, and never after they were decided."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from asked_questions import (
    BY,
    Question,
    ask,
    cases,
    command,
    damaged,
    digest,
    evening_after,
    pair,
    put_aside,
    registry,
    shared,
)  # fmt: skip
from nights import DISABILITY, SURVEY, Bureau, copied, disability_row, people, survey_row

from registry.case_statements import case_sides, case_statements
from registry.cases import case_counts, open_cases, renew
from schemas.identity_decisions import key_of_number

ONE, OTHER, THIRD, *_ = people(9)


def first_night(bureau: Bureau) -> None:
    """Three people come into the registry, and a row with a ruined number does not."""
    ruined = survey_row(ONE, 身份证号码=ONE.number[:15] + "000", 对象类型="空巢")
    bureau.deliver(SURVEY, [*map(survey_row, (ONE, OTHER, THIRD)), ruined, *map(survey_row, people(6, 20))])
    bureau.deliver(DISABILITY, [disability_row(ONE), *map(disability_row, people(6, 20))])
    bureau.night()
    put_aside(bureau)


@pytest.fixture(scope="module")
def evening(server_engine: sa.Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    with evening_after(first_night, server_engine, tmp_path_factory.mktemp("evening")) as bureau:
        yield bureau


@pytest.fixture
def bureau(evening: Bureau, server_engine: sa.Engine, tmp_path: Path) -> Iterator[Bureau]:
    with copied(evening, server_engine, tmp_path) as bureau:
        yield bureau


def state(bureau: Bureau) -> list[tuple[str, str | None, int | None]]:
    return [(case["subject"].split(":")[0], case["ended_as"], case["to_run"]) for case in cases(bureau)]


def test_a_question_is_asked_once_and_stays_while_its_evidence_stays(bureau: Bureau) -> None:
    assert ask(bureau, 2, pair(ONE.number, OTHER.number)) == {
        "opened": 1, "asked_again": 0, "stayed": 0, "changed": 0, "gone": 0, "decided": 0,
    }  # fmt: skip
    assert ask(bureau, 3, pair(OTHER.number, ONE.number))["stayed"] == 1
    assert [(case["from_run"], case["to_run"]) for case in cases(bureau)] == [(2, None)]


def test_questions_are_numbered_in_the_order_of_their_subjects(bureau: Bureau) -> None:
    asked = [shared(THIRD.number, ["甲", "乙"]), pair(ONE.number, OTHER.number), shared(ONE.number, ["甲", "乙"])]
    ask(bureau, 2, *asked)
    assert [case["subject"] for case in cases(bureau)] == sorted(subject for subject, *_ in asked)


def test_other_evidence_ends_a_question_and_asks_another(bureau: Bureau) -> None:
    ask(bureau, 2, pair(ONE.number, OTHER.number))
    counts = ask(bureau, 3, pair(ONE.number, OTHER.number, "e2"))
    assert (counts["changed"], counts["opened"], counts["asked_again"]) == (1, 1, 0)
    assert state(bureau) == [("pair", "changed", 3), ("pair", None, None)]


def test_what_is_not_found_any_more_is_gone_if_it_was_looked_at(bureau: Bureau) -> None:
    ask(bureau, 2, pair(ONE.number, OTHER.number), shared(THIRD.number, ["甲", "乙"]))
    assert ask(bureau, 3, looked_at=[ONE.number])["gone"] == 0
    assert ask(bureau, 4, looked_at=[ONE.number, OTHER.number])["gone"] == 1
    assert sorted(state(bureau), key=str) == [("number", None, None), ("pair", "gone", 4)]


def test_a_damaged_row_that_no_list_has_any_more_is_no_question(bureau: Bureau) -> None:
    asked = damaged(bureau, SURVEY, 5, [ONE.number])
    ask(bureau, 2, asked)
    assert ask(bureau, 3)["gone"] == 0
    assert ask(bureau, 3, rows=[asked[0]])["gone"] == 1
    ask(bureau, 4, asked)
    bureau.deliver(SURVEY, [*map(survey_row, (ONE, OTHER, THIRD)), *map(survey_row, people(6, 20))])
    bureau.night()
    assert [case["ended_as"] for case in cases(bureau)] == ["gone", "gone"]


def test_what_was_decided_is_asked_again_only_on_other_evidence_and_says_so(bureau: Bureau) -> None:
    ask(bureau, 2, pair(ONE.number, OTHER.number))
    assert command(bureau, "decide", "different", 1, *BY) == 0
    assert ask(bureau, 3, pair(ONE.number, OTHER.number))["decided"] == 1
    assert state(bureau) == [("pair", "decided", 2)]
    counts = ask(bureau, 4, pair(ONE.number, OTHER.number, "e2"))
    assert (counts["opened"], counts["asked_again"]) == (1, 1)
    assert cases(bureau)[-1]["earlier_decision_id"] == 1
    # Back to what was decided on: it is not asked any more.
    counts = ask(bureau, 5, pair(ONE.number, OTHER.number))
    assert (counts["changed"], counts["decided"], counts["opened"]) == (1, 1, 0)


def test_a_decision_that_was_taken_back_leaves_its_question_to_be_asked(bureau: Bureau) -> None:
    ask(bureau, 2, pair(ONE.number, OTHER.number))
    command(bureau, "decide", "different", 1, *BY)
    bureau.night()
    assert command(bureau, "decide", "undo", 1, *BY) == 0
    assert ask(bureau, 3, pair(ONE.number, OTHER.number))["asked_again"] == 1


def test_a_decision_taken_back_before_the_next_night_opens_its_question_at_once(bureau: Bureau) -> None:
    ask(bureau, 1, pair(ONE.number, OTHER.number))
    command(bureau, "decide", "different", 1, *BY)
    assert state(bureau) == [("pair", "decided", 2)]
    command(bureau, "decide", "undo", 1, *BY)
    assert state(bureau) == [("pair", None, None)]


def test_sides_follow_while_a_question_stays(bureau: Bureau) -> None:
    asked = damaged(bureau, SURVEY, 5, [ONE.number])
    ask(bureau, 2, asked)
    ask(bureau, 3, (*asked[:3], [{"row_id": 1}, {"id_key": key_of_number(ONE.number)}]))
    assert [side["row_id"] for side in bureau.query("SELECT row_id FROM case_side ORDER BY side")] == [1, None]


def test_people_in_question_are_disputed_but_not_candidates_of_a_damaged_row(bureau: Bureau) -> None:
    ask(bureau, 2, pair(ONE.number, OTHER.number), damaged(bureau, SURVEY, 5, [THIRD.number]))
    people_in = "SELECT c.subject, s.id_key FROM case_side s JOIN identity_case c USING (case_id) WHERE c.to_run IS NULL AND s.id_key IS NOT NULL AND c.kind {} 'number-damaged' ORDER BY s.id_key"
    disputed, candidates = (bureau.query(people_in.format(sign)) for sign in ("<>", "="))
    assert [row["id_key"] for row in disputed] == sorted(map(key_of_number, (ONE.number, OTHER.number)))
    assert [[row["subject"].split(":")[1], row["id_key"]] for row in candidates] == [
        [SURVEY, key_of_number(THIRD.number)]
    ]
    with registry(bureau) as connection:
        assert {kind: count for kind, count in case_counts(connection).items() if count} == {
            "same-person-different-number": 1, "number-damaged": 1,
        }  # fmt: skip
        assert open_cases(connection)["sides"].tolist() == [2, 2]


def test_a_question_shows_every_statement_on_its_sides(bureau: Bureau) -> None:
    row = damaged(bureau, SURVEY, 5, [ONE.number])
    ask(bureau, 2, row, pair(ONE.number, OTHER.number), shared(THIRD.number, [THIRD.name, "别人"]))
    numbers = {case["kind"]: case["case_id"] for case in cases(bureau)}
    with registry(bureau) as connection:
        found = case_statements(connection)
        sides = case_sides(connection, numbers["number-damaged"])

    def shown(kind: str) -> list[tuple[int, str, int]]:
        mine = found[found["case_id"] == numbers[kind]]
        return list(mine[["side", "source", "row_number"]].itertuples(index=False, name=None))

    both = [(DISABILITY, 2), (SURVEY, 2)]
    one_is_first = key_of_number(ONE.number) < key_of_number(OTHER.number)
    assert shown("same-person-different-number") == (
        [*((1, *place) for place in both), (2, SURVEY, 3)] if one_is_first else [(1, SURVEY, 3), *((2, *place) for place in both)]
    )  # fmt: skip
    assert shown("number-damaged") == [(1, SURVEY, 5), *((2, *place) for place in both)]
    assert shown("same-number-different-person") == [(1, SURVEY, 4)]
    assert sides["person_id"].notna().tolist() == [False, True]
    assert found.loc[found["case_id"] == numbers["number-damaged"], "id_number"].iloc[0].endswith("000")


def test_a_damaged_row_is_found_again_after_it_was_judged_anew(bureau: Bureau) -> None:
    ask(bureau, 2, damaged(bureau, SURVEY, 5, [ONE.number]))
    bureau.own_configuration()
    bureau.set_rule("implausible_age = 119", instead_of="implausible_age = 120 ")
    bureau.night()
    with registry(bureau) as connection:
        found = case_statements(connection, 1)
    assert len(found[found["side"] == 1]) == 1
    assert bureau.query("SELECT to_run FROM source_row WHERE row_id = :row", row=int(found["row_id"].iloc[0])) == [
        {"to_run": None}
    ]


def test_many_questions_are_brought_in_line_by_a_few_statements(bureau: Bureau) -> None:
    count = 20_000
    keys = np.arange(count, dtype=np.int64) * 1000 + 441421194503120018
    found = pd.DataFrame(
        {"subject": [f"number:{key}" for key in keys], "kind": "same-number-different-person", "evidence": digest("e1"),
         "reasons": "same_name", "score": 0.5}
    )  # fmt: skip
    sides = pd.DataFrame(
        {"subject": np.repeat(found["subject"].to_numpy(), 2), "side": np.tile([1, 2], count), "id_key": np.repeat(keys, 2),
         "row_id": pd.array([None] * (2 * count), "Int64"), "name": np.tile(["甲", "乙"], count)}
    )  # fmt: skip
    with registry(bureau) as connection:
        assert renew(connection, 2, keys, [], found, sides)["opened"] == count
        assert renew(connection, 3, keys, [], found, sides)["stayed"] == count
        assert renew(connection, 4, keys, [], found.iloc[:0], sides.iloc[:0])["gone"] == count


def test_a_question_of_nobody_in_the_registry_has_a_side_without_statements(bureau: Bureau) -> None:
    stranger: Question = pair(ONE.number, people(1, 500)[0].number)
    ask(bureau, 2, stranger)
    with registry(bureau) as connection:
        assert set(case_statements(connection, 1)["side"]) < {1, 2}
        assert len(case_sides(connection, 1)) == 2
