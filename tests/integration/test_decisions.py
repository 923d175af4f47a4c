"""What people decide of who is who: recorded with its links, in force from the next night, taken back without a trace left."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from asked_questions import (
    BY,
    answer,
    as_sets,
    ask,
    cases,
    command,
    damaged,
    evening_after,
    links,
    pair,
    put_aside,
    registry,
    shared,
)
from nights import DISABILITY, SURVEY, Bureau, copied, disability_row, people, survey_row

from registry.decision_links import admit_linked, concerned_keys, overrides_in_force, states_decided
from registry.decisions import retire
from registry.engine import connect_registry
from registry.lock import run_lock
from schemas.identity_decisions import key_of_number, number_of_key
from schemas.idnumber import check_character
from schemas.override_evidence import override_evidence

ONE, OTHER, THIRD, FOURTH, *_ = people(9)
OTHERS = people(8, 20)
NOBODY = people(2, 700)
KEY = {who.name: key_of_number(who.number) for who in (ONE, OTHER, THIRD, FOURTH, *NOBODY)}


def ending_in_zeros() -> str:
    """A valid number whose last three characters are 000, as a spreadsheet leaves ruined ones."""
    first17 = [f"441421194001{day:02d}{serial:03d}" for day in range(1, 28) for serial in range(0, 1000, 100)]
    return next(f"{digits}0" for digits in first17 if check_character(digits) == "0")


ZEROS = ending_in_zeros()
UPDATED = survey_row(ONE, 身份证号码=ONE.number[:15] + "000", 对象类型="空巢", 备注="补报")


def first_night(bureau: Bureau) -> None:
    """ONE is on two lists, the others on one; two rows have ruined numbers, of which one is right as it stands."""
    right = survey_row(THIRD, 姓名="王福", 身份证号码=ZEROS)
    rows = [*map(survey_row, (ONE, OTHER, THIRD, FOURTH)), UPDATED, right]
    bureau.deliver(SURVEY, [*rows, *map(survey_row, OTHERS)])
    bureau.deliver(DISABILITY, [disability_row(ONE), *map(disability_row, OTHERS)])
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


def person_id(bureau: Bureau, number: str) -> int:
    return int(bureau.elders()[number]["person_id"])


def decision(bureau: Bureau, decision_id: int) -> dict[str, Any]:
    [found] = bureau.query("SELECT * FROM decision WHERE decision_id = :id", id=decision_id)
    return found


def side_of(number: str, *numbers: str) -> int:
    return sorted(map(key_of_number, (number, *numbers))).index(key_of_number(number)) + 1


class TestTwoPeople:
    def test_one_person_goes_on_under_the_key_registered_first_and_the_better_number(
        self, bureau: Bureau, capsys: pytest.CaptureFixture[str]
    ) -> None:
        ask(bureau, 1, pair(ONE.number, OTHER.number))
        found = answer(bureau, capsys, "decide", "same", 1, *BY)
        assert found["next_night"] == {
            "people_merged": 1, "rows_moved": found["next_night"]["rows_moved"], "rows_admitted": 0, "rows_held": 0,
            "questions_closed": 1,
        }  # fmt: skip
        first, second = sorted((ONE, OTHER), key=lambda who: person_id(bureau, who.number))
        survivor = KEY[first.name]
        assert as_sets(links(bureau))["numbers"] == {
            (survivor, survivor, ONE.number), (KEY[second.name], survivor, ONE.number),
        }  # fmt: skip
        assert as_sets(links(bureau))["names"] == {(survivor, ONE.name), (survivor, OTHER.name)}
        made = decision(bureau, 1)
        assert (made["kind"], made["case_id"], made["decided_by"], made["after_run"]) == ("same", 1, "李核", 1)
        assert made["evidence"] == cases(bureau)[0]["evidence"]

    def test_a_number_is_said_by_its_side_or_by_itself(
        self, bureau: Bureau, capsys: pytest.CaptureFixture[str]
    ) -> None:
        ask(bureau, 1, pair(OTHER.number, THIRD.number), pair(ONE.number, FOURTH.number))
        at = {case["subject"]: case["case_id"] for case in cases(bureau)}
        thirds = at[pair(OTHER.number, THIRD.number)[0]]
        answer(bureau, capsys, "decide", "same", thirds, "--with", side_of(THIRD.number, OTHER.number), *BY)
        assert {number for _, _, number in as_sets(links(bureau))["numbers"]} == {THIRD.number}
        fourths = at[pair(ONE.number, FOURTH.number)[0]]
        answer(bureau, capsys, "decide", "same", fourths, "--number", FOURTH.number, *BY)
        assert {number for _, _, number in as_sets(links(bureau))["numbers"]} == {THIRD.number, FOURTH.number}

    @pytest.mark.parametrize(
        "words",
        [(), ("--with", 3), ("--number", ONE.number), ("--number", "12345"), ("--number", OTHER.number, "--with", 1)],
        ids=["neither number is better", "no such side", "neither side's number", "no number", "both ways"],
    )
    def test_what_is_not_clear_is_refused(self, bureau: Bureau, words: tuple[str | int, ...]) -> None:
        ask(bureau, 1, pair(OTHER.number, THIRD.number))
        assert command(bureau, "decide", "same", 1, *words, *BY) == 2
        assert cases(bureau)[0]["to_run"] is None
        assert as_sets(links(bureau))["numbers"] == set()

    def test_if_one_of_them_is_registered_the_person_keeps_that_key(self, bureau: Bureau) -> None:
        ask(bureau, 1, pair(OTHER.number, NOBODY[0].number))
        assert command(bureau, "decide", "same", 1, "--number", NOBODY[0].number, *BY) == 0
        assert {(person, number) for _, person, number in as_sets(links(bureau))["numbers"]} == {
            (KEY[OTHER.name], NOBODY[0].number)
        }

    def test_if_nobody_is_registered_the_person_has_the_key_of_the_present_number(self, bureau: Bureau) -> None:
        ask(bureau, 1, pair(NOBODY[0].number, NOBODY[1].number))
        assert command(bureau, "decide", "same", 1, "--number", NOBODY[1].number, *BY) == 0
        assert {person for _, person, _ in as_sets(links(bureau))["numbers"]} == {KEY[NOBODY[1].name]}

    def test_merging_and_taking_back_leaves_the_links_before(self, bureau: Bureau) -> None:
        ask(bureau, 1, pair(OTHER.number, THIRD.number), damaged(bureau, SURVEY, 6, [THIRD.number]))
        at = {case["kind"]: case["case_id"] for case in cases(bureau)}
        command(bureau, "decide", "same", at["number-damaged"], *BY)
        command(bureau, "decide", "same", at["same-person-different-number"], "--with", 1, *BY)
        before = as_sets(links(bureau))
        merged = {person for _, person, _ in before["numbers"]}.pop()
        ask(bureau, 1, pair(ONE.number, next(n for n in (OTHER.number, THIRD.number) if key_of_number(n) == merged)))
        assert command(bureau, "decide", "same", 3, "--number", ONE.number, *BY) == 0
        after = as_sets(links(bureau))
        assert {person for _, person, _ in after["numbers"]} == {person for *_, person, _ in after["rows"]}
        assert {number for *_, number in after["numbers"] | after["rows"]} == {ONE.number}
        assert len(after["numbers"]) == 3
        assert command(bureau, "decide", "undo", 3, *BY) == 0
        assert as_sets(links(bureau)) == before
        assert command(bureau, "decide", "undo", 2, *BY) == 0
        assert command(bureau, "decide", "undo", 1, *BY) == 0
        assert not any(as_sets(links(bureau)).values())

    @pytest.mark.parametrize("seed", range(3))
    def test_any_merges_taken_back_one_by_one_leave_what_was_before_each(self, bureau: Bureau, seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311
        before = []
        for number in range(1, 5):
            keys = {key_of_number(who.number): key_of_number(who.number) for who in (*OTHERS[:5], *NOBODY)}
            held = as_sets(links(bureau))
            before.append(held)
            keys |= {key: person for key, person, _ in held["numbers"]}
            one, other = chance.sample(sorted(set(keys.values())), 2)
            ask(bureau, 1, pair(number_of_key(one), number_of_key(other)))
            assert command(bureau, "decide", "same", number, "--with", chance.choice([1, 2]), *BY) == 0
            told = as_sets(links(bureau))["numbers"]
            people = {person for _, person, _ in told}
            assert {(person, person) for person in people} <= {(key, person) for key, person, _ in told}
            assert len({(person, current) for _, person, current in told}) == len(people)
        for number in (4, 3, 2, 1):
            assert command(bureau, "decide", "undo", number, *BY) == 0
            assert as_sets(links(bureau)) == before[number - 1]

    def test_what_a_later_decision_rests_on_is_not_taken_back(
        self, bureau: Bureau, capsys: pytest.CaptureFixture[str]
    ) -> None:
        ask(bureau, 1, pair(OTHER.number, THIRD.number))
        command(bureau, "decide", "same", 1, "--with", 1, *BY)
        survivor = next(who for who in (OTHER, THIRD) if KEY[who.name] == links(bureau).numbers["person_key"].iloc[0])
        ask(bureau, 1, pair(ONE.number, survivor.number))
        command(bureau, "decide", "same", 2, *BY)
        found = answer(bureau, capsys, "decide", "undo", 1, *BY, expect=2)
        assert "decision 2 rests on decision 1" in found["error"]
        assert command(bureau, "decide", "undo", 2, *BY) == 0
        assert command(bureau, "decide", "undo", 1, *BY) == 0
        assert command(bureau, "decide", "undo", 1, *BY) == 2

    def test_splitting_takes_the_newest_merge_back_and_separates(
        self, bureau: Bureau, capsys: pytest.CaptureFixture[str]
    ) -> None:
        ask(bureau, 1, pair(ONE.number, OTHER.number))
        command(bureau, "decide", "same", 1, *BY)
        found = answer(bureau, capsys, "decide", "split", person_id(bureau, OTHER.number), *BY)
        assert (found["taken_back"], found["case_id"]) == (1, 1)
        held = as_sets(links(bureau))
        assert held["numbers"] == held["names"] == set()
        assert held["separated"] == {(*sorted((KEY[ONE.name], KEY[OTHER.name])), cases(bureau)[0]["evidence"])}
        assert ask(bureau, 2, pair(ONE.number, OTHER.number))["decided"] == 1
        assert ask(bureau, 3, pair(ONE.number, OTHER.number, "e2"))["asked_again"] == 1
        assert command(bureau, "decide", "split", person_id(bureau, OTHER.number), *BY) == 2

    def test_splitting_after_nights_separates_as_well(self, bureau: Bureau) -> None:
        ask(bureau, 1, pair(ONE.number, OTHER.number))
        command(bureau, "decide", "same", 1, *BY)
        bureau.night()
        assert command(bureau, "decide", "split", person_id(bureau, ONE.number), *BY) == 0
        assert ask(bureau, 3, pair(ONE.number, OTHER.number))["decided"] == 1
        assert command(bureau, "decide", "undo", 2, *BY) == 0
        assert ask(bureau, 3, pair(ONE.number, OTHER.number))["asked_again"] == 1

    def test_different_people_are_separated_while_the_evidence_stays(self, bureau: Bureau) -> None:
        ask(bureau, 1, pair(ONE.number, OTHER.number))
        command(bureau, "decide", "different", 1, *BY)
        [(one, other, evidence)] = as_sets(links(bureau))["separated"]
        assert one < other
        assert evidence == cases(bureau)[0]["evidence"]


class TestOneNumber:
    def test_all_spellings_are_the_holders(self, bureau: Bureau) -> None:
        ask(bureau, 1, shared(THIRD.number, [THIRD.name, "别人"]))
        assert command(bureau, "decide", "same", 1, *BY) == 0
        assert as_sets(links(bureau))["names"] == {(KEY[THIRD.name], THIRD.name), (KEY[THIRD.name], "别人")}

    def test_the_others_rows_are_somebody_elses(self, bureau: Bureau, capsys: pytest.CaptureFixture[str]) -> None:
        ask(bureau, 1, shared(THIRD.number, [THIRD.name, "别人", "另一人"]))
        assert command(bureau, "decide", "different", 1, *BY) == 2
        assert command(bureau, "decide", "different", 1, "--holder", 1, "--holder", 2, "--holder", 3, *BY) == 2
        found = answer(bureau, capsys, "decide", "different", 1, "--holder", 1, "--holder", 2, *BY)
        assert found["next_night"]["rows_held"] == 0
        held = as_sets(links(bureau))
        assert held["names"] == {(KEY[THIRD.name], THIRD.name), (KEY[THIRD.name], "别人")}
        assert held["excluded"] == {(KEY[THIRD.name], "另一人")}

    def test_the_decision_made_last_counts(self, bureau: Bureau) -> None:
        ask(bureau, 1, shared(THIRD.number, [THIRD.name, "别人"]))
        command(bureau, "decide", "different", 1, "--holder", 1, *BY)
        ask(bureau, 2, shared(THIRD.number, [THIRD.name, "别人"], "e2"))
        command(bureau, "decide", "same", 2, *BY)
        assert as_sets(links(bureau))["excluded"] == set()
        command(bureau, "decide", "undo", 2, *BY)
        assert as_sets(links(bureau))["excluded"] == {(KEY[THIRD.name], "别人")}


class TestDamagedRow:
    def asked(self, bureau: Bureau, row_number: int, *candidates: str) -> None:
        ask(bureau, 1, damaged(bureau, SURVEY, row_number, candidates))

    def test_the_row_is_a_candidates_and_is_judged_again_in_the_next_night(
        self, bureau: Bureau, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.asked(bureau, 6, ONE.number, OTHER.number)
        assert command(bureau, "decide", "same", 1, *BY) == 2
        assert command(bureau, "decide", "same", 1, "--with", 1, *BY) == 2
        found = answer(bureau, capsys, "decide", "same", 1, "--with", 2, *BY)
        assert found["next_night"]["rows_admitted"] == 1
        assert [row[2:] for row in as_sets(links(bureau))["rows"]] == [(KEY[ONE.name], ONE.number)]
        [row] = bureau.query(
            "SELECT recheck_on, is_held FROM source_row WHERE row_number = 6 AND source = :s", s=SURVEY
        )
        assert row["recheck_on"] is not None
        assert row["is_held"]

    def test_the_next_night_admits_it_as_that_persons(self, bureau: Bureau) -> None:
        self.asked(bureau, 6, ONE.number)
        command(bureau, "decide", "same", 1, *BY)
        with registry(bureau) as connection:
            connection.execute(sa.text("UPDATE source_row SET from_run = 2 WHERE row_number = 6"))
            connection.execute(
                sa.text(
                    "UPDATE finding SET from_run = 2 WHERE row_id IN (SELECT row_id FROM source_row WHERE row_number = 6)"
                )
            )
            assert admit_linked(connection, 2, SURVEY) == 1
            assert admit_linked(connection, 2, DISABILITY) == 0
        [row] = bureau.query("SELECT * FROM source_row WHERE row_number = 6 AND source = :source", source=SURVEY)
        assert (row["id_key"], row["is_held"], row["outcome"]) == (KEY[ONE.name], False, "admitted")
        assert row["id_number"].endswith("000")
        [told] = bureau.query("SELECT code, severity FROM finding WHERE row_id = :row", row=row["row_id"])
        assert told == {"code": "id-number-stored-as-number", "severity": "warn"}

    def test_a_row_held_for_something_else_as_well_stays_held_as_that_persons(self, bureau: Bureau) -> None:
        nameless = {**UPDATED, "姓名": ""}
        bureau.deliver(SURVEY, [*map(survey_row, (ONE, OTHER, THIRD, FOURTH)), nameless, *map(survey_row, OTHERS)])
        run_id = bureau.night()["run_id"]
        put_aside(bureau)
        ask(bureau, run_id, damaged(bureau, SURVEY, 6, [ONE.number]))
        command(bureau, "decide", "same", 1, *BY)
        with registry(bureau) as connection:
            assert admit_linked(connection, run_id, SURVEY) == 0
        [row] = bureau.query(
            "SELECT * FROM source_row WHERE row_number = 6 AND to_run IS NULL AND source = :s", s=SURVEY
        )
        assert (row["id_key"], row["is_held"]) == (KEY[ONE.name], True)

    def test_it_is_none_of_the_candidates(self, bureau: Bureau) -> None:
        self.asked(bureau, 6, ONE.number, OTHER.number)
        command(bureau, "decide", "different", 1, *BY)
        assert {key for *_, key in as_sets(links(bureau))["not_rows"]} == {KEY[ONE.name], KEY[OTHER.name]}

    def test_a_number_that_is_right_as_it_stands_is_accepted(self, bureau: Bureau) -> None:
        self.asked(bureau, 7, THIRD.number)
        assert command(bureau, "decide", "accept", 1, *BY) == 0
        [(source, _, person, number)] = as_sets(links(bureau))["rows"]
        assert (source, person, number) == (SURVEY, key_of_number(ZEROS), ZEROS)

    def test_a_number_that_is_none_is_not_accepted(self, bureau: Bureau) -> None:
        self.asked(bureau, 6, ONE.number)
        assert command(bureau, "decide", "accept", 1, *BY) == 2

    def test_a_row_that_was_put_to_somebody_wrongly_is_split_off(self, bureau: Bureau) -> None:
        self.asked(bureau, 6, ONE.number)
        command(bureau, "decide", "same", 1, *BY)
        assert command(bureau, "decide", "split", person_id(bureau, ONE.number), *BY) == 0
        held = as_sets(links(bureau))
        assert held["rows"] == set()
        assert {key for *_, key in held["not_rows"]} == {KEY[ONE.name]}


class TestPersons:
    def test_a_field_is_decided_on_what_stood_before(self, bureau: Bureau, capsys: pytest.CaptureFixture[str]) -> None:
        who = person_id(bureau, ONE.number)
        answer(bureau, capsys, "decide", "override", who, "phone", "138 0000 0000", *BY)
        answer(bureau, capsys, "decide", "override", who, "家庭每月收入(元)", "1200.5", *BY)
        answer(bureau, capsys, "decide", "override", who, "phone", "", *BY)
        with registry(bureau) as connection:
            found = overrides_in_force(connection)
        said = {row["field"]: row for row in found.to_dict("records")}
        assert said["phone"]["value"] is None or said["phone"]["value"] != said["phone"]["value"]
        assert said["phone"]["decision_id"] == 3
        assert said["phone"]["evidence"] == override_evidence("phone", ONE.phone)
        assert said["household_monthly_income_fen"]["value"] == "120050"
        assert set(found["id_key"]) == {KEY[ONE.name]}

    @pytest.mark.parametrize(
        ("field", "value"),
        [("id_number", ONE.number), ("birth_date", "1940-01-01"), ("sex", "male"), ("categories", "living_alone"),
         ("household_village", "大黄村"), ("no_such_field", "x"), ("phone", "12345"), ("ability_level", "九级"),
         ("certificate_issued_date", "2024-02-30"), ("monthly_pension_fen", "很多"), ("spouse_id_number", "441421"),
         ("name", "两\n行"), ("name", "长" * 201)],
        ids=lambda value: str(value)[:24].replace("\n", " "),
    )  # fmt: skip
    def test_what_a_field_cannot_hold_is_refused_without_being_quoted(
        self, bureau: Bureau, capsys: pytest.CaptureFixture[str], field: str, value: str
    ) -> None:
        found = answer(bureau, capsys, "decide", "override", person_id(bureau, ONE.number), field, value, *BY, expect=2)
        assert value not in found["error"] or len(value) < 3 or field == value

    def test_an_override_goes_with_a_person_who_is_merged_away(self, bureau: Bureau) -> None:
        command(bureau, "decide", "override", person_id(bureau, OTHER.number), "phone", "13800000000", *BY)
        ask(bureau, 1, pair(ONE.number, OTHER.number))
        command(bureau, "decide", "same", 1, *BY)
        with registry(bureau) as connection:
            assert overrides_in_force(connection)["id_key"].tolist() == [links(bureau).numbers["person_key"].iloc[0]]

    def test_an_override_retires_by_nobody(self, bureau: Bureau) -> None:
        command(bureau, "decide", "override", person_id(bureau, OTHER.number), "phone", "13800000000", *BY)
        with registry(bureau) as connection:
            when = connection.execute(sa.text("SELECT decided_at FROM decision")).scalar_one()
            retire(connection, [1], 2, when, "来源已改报")
            assert len(overrides_in_force(connection)) == 0
        made = decision(bureau, 1)
        assert (made["ended_after_run"], made["ended_by"], made["end_reason"]) == (2, None, "来源已改报")

    def test_a_state_has_a_day_and_answers_whether_somebody_died(
        self, bureau: Bureau, capsys: pytest.CaptureFixture[str]
    ) -> None:
        key = KEY[OTHER.name]
        ask(bureau, 1, (f"death:{key}", "death-contradicted", "e" * 64, [{"id_key": key}]))
        who = person_id(bureau, OTHER.number)
        assert command(bureau, "decide", "same", 1, *BY) == 2
        assert command(bureau, "decide", "state", who, "deceased", "--on", "2999-01-01", *BY) == 2
        found = answer(bureau, capsys, "decide", "state", who, "deceased", "--on", "2024-06-01", *BY)
        assert found["next_night"]["questions_closed"] == 1
        with registry(bureau) as connection:
            assert states_decided(connection).to_numpy().tolist() == [[key, "deceased", "2024-06-01", 1]]
        assert ask(bureau, 2, (f"death:{key}", "death-contradicted", "e" * 64, [{"id_key": key}]))["decided"] == 1

    def test_notes_are_of_a_person_or_a_case_and_change_nothing(self, bureau: Bureau) -> None:
        ask(bureau, 1, pair(ONE.number, OTHER.number))
        assert command(bureau, "decide", "note", person_id(bureau, ONE.number), *BY) == 0
        assert command(bureau, "decide", "note", "--case", 1, *BY) == 0
        assert command(bureau, "decide", "note", *BY) == 2
        assert cases(bureau)[0]["to_run"] is None

    def test_nobody_is_meant_by_a_number_that_nobody_has(self, bureau: Bureau) -> None:
        assert command(bureau, "decide", "note", NOBODY[0].number, *BY) == 2
        assert command(bureau, "decide", "split", 99999, *BY) == 2


def test_the_next_night_looks_at_everybody_a_decision_concerns(bureau: Bureau) -> None:
    ask(bureau, 1, pair(ONE.number, OTHER.number))
    command(bureau, "decide", "same", 1, *BY)
    command(bureau, "decide", "note", person_id(bureau, FOURTH.number), *BY)
    with registry(bureau) as connection:
        assert set(concerned_keys(connection, 1)) == {KEY[who.name] for who in (ONE, OTHER, FOURTH)}
        assert len(concerned_keys(connection, 2)) == 0
        connection.execute(sa.text("UPDATE decision SET ended_after_run = 2 WHERE decision_id = 1"))
        assert set(concerned_keys(connection, 2)) == {KEY[ONE.name], KEY[OTHER.name]}


def test_nothing_is_decided_while_a_run_is_active_or_without_a_name_and_a_reason(bureau: Bureau) -> None:
    ask(bureau, 1, pair(ONE.number, OTHER.number))
    with connect_registry(bureau.home, bureau.url) as engine, run_lock(engine, "run 2"):
        assert command(bureau, "decide", "different", 1, *BY) == 4
        assert command(bureau, "decide", "list") == 0
    assert command(bureau, "decide", "different", 1, "--by", " ", "--reason", "有") == 2
    assert command(bureau, "decide", "different", 1, "--by", "李核", "--reason", "。") == 2
    assert command(bureau, "decide", "different", 7, *BY) == 2
    assert command(bureau, "decide", "different", 1, *BY) == 0
    assert command(bureau, "decide", "same", 1, *BY) == 2


def test_questions_are_listed_and_shown_masked_and_in_full_only_with_a_reason(
    bureau: Bureau, capsys: pytest.CaptureFixture[str]
) -> None:
    ask(bureau, 1, pair(ONE.number, OTHER.number), damaged(bureau, SURVEY, 6, [ONE.number]))
    command(bureau, "decide", "override", person_id(bureau, ONE.number), "phone", "13800000000", *BY)
    found = answer(bureau, capsys, "decide", "list", "--all")
    assert found["counts"]["number-damaged"] == 1
    assert [case["reasons"] for case in found["cases"]] == [["姓名相同", "前15位相同"]] * 2
    assert found["decisions"][0]["state"] == "in force"
    assert found["decisions"][0]["value"] == "138****0000"
    shown = answer(bureau, capsys, "decide", "show", 1)
    assert {"name", "id_number", "phone"} <= set(shown["differing"])
    for text in (str(found), str(shown)):
        assert not any(said in text for said in (ONE.name, ONE.number, ONE.phone, OTHER.name))
    assert command(bureau, "decide", "show", 1, "--unmasked") == 2
    clear = answer(bureau, capsys, "decide", "show", 1, "--unmasked", "--reason", "核对")
    assert ONE.number in str(clear)
    assert bureau.query("SELECT action, people FROM audit") == [{"action": "case-unmasked", "people": 2}]
    for words in (("decide", "list", "--all"), ("decide", "show", 1)):
        capsys.readouterr()
        assert command(bureau, *words) == 0
        assert ONE.number not in capsys.readouterr().out


def test_whoever_is_meant_by_the_number_of_a_merged_person_is_the_survivor(
    bureau: Bureau, capsys: pytest.CaptureFixture[str]
) -> None:
    ask(bureau, 1, pair(ONE.number, OTHER.number))
    command(bureau, "decide", "same", 1, *BY)
    ids = {person_id(bureau, who.number) for who in (ONE, OTHER)}
    for number in (ONE.number, OTHER.number):
        assert answer(bureau, capsys, "decide", "note", number, *BY)["person_id"] == min(ids)
