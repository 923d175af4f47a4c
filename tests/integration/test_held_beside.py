"""A row that is held for what is wrong in itself is told at once what stands beside it, and nobody else is touched by that."""

from collections import Counter

import pytest
from nights import FAMILY, INCAPACITY, SURVEY, Bureau, family_row, incapacity_row, person, survey_row

HELD = {"姓名": ""}
"""A missing name: the number is good, and the row is held."""


@pytest.fixture
def bureau(tmp_path, fresh_url):
    return Bureau(tmp_path / "home", fresh_url)


def found(bureau: Bureau) -> Counter:
    rows = bureau.query("SELECT source, row_number, code FROM finding WHERE to_run IS NULL AND origin <> 'file'")
    return Counter(tuple(row.values()) for row in rows)


def test_a_tick_without_a_certificate_is_said_of_a_held_row(bureau):
    bureau.deliver(SURVEY, [survey_row(person(1), 对象类型="重残") | HELD, survey_row(person(2))])
    bureau.night()
    assert found(bureau) == Counter({
        (SURVEY, 2, "name-missing"): 1, (SURVEY, 2, "severely-disabled-without-certificate"): 1,
    })  # fmt: skip
    assert bureau.active() == {person(2).number}


def test_a_contradiction_with_another_list_is_said_of_a_held_row(bureau):
    bureau.deliver(SURVEY, [survey_row(person(1), 对象类型="失能") | HELD])
    bureau.deliver(INCAPACITY, [incapacity_row(person(1), 能力等级="能力完好")])
    bureau.night()
    assert found(bureau) == Counter({(SURVEY, 2, "name-missing"): 1, (SURVEY, 2, "sources-contradict"): 1})


def test_a_held_row_that_repeats_another_one_is_the_repetition_whichever_is_newer(bureau):
    newer = family_row(person(1), 确认日期="2023-05-01", 联系电话="1") | HELD
    bureau.deliver(FAMILY, [family_row(person(1)), newer, newer])
    summary = bureau.night()
    assert found(bureau) == Counter({
        (FAMILY, 3, "name-missing"): 1, (FAMILY, 4, "name-missing"): 1, (FAMILY, 3, "phone-format"): 1,
        (FAMILY, 4, "phone-format"): 1, (FAMILY, 3, "duplicate-conflicting"): 1, (FAMILY, 4, "duplicate-conflicting"): 1,
    })  # fmt: skip
    assert summary["sources"][FAMILY]["held"] == 2
    assert bureau.active() == {person(1).number}


def test_another_name_under_the_number_is_said_of_the_held_row_only(bureau):
    held = incapacity_row(person(1), 姓名="欧阳建军", 联系电话="1391234")
    bureau.own_configuration()
    bureau.set_rule('[severities]\nphone-format = "hold"', instead_of="# [severities]")
    bureau.deliver(FAMILY, [family_row(person(1))])
    bureau.deliver(INCAPACITY, [held])
    bureau.night()
    assert found(bureau) == Counter({
        (INCAPACITY, 2, "phone-format"): 1, (INCAPACITY, 2, "same-number-different-person"): 1,
    })  # fmt: skip
    assert bureau.active() == {person(1).number}


def test_what_was_said_beside_it_ends_when_the_row_is_corrected(bureau):
    who = person(1)
    bureau.deliver(SURVEY, [survey_row(who, 对象类型="重残") | HELD, survey_row(person(2))])
    bureau.night()
    bureau.deliver(SURVEY, [survey_row(who, 对象类型="独居"), survey_row(person(2))])
    bureau.night()
    assert found(bureau) == Counter()
    assert bureau.active() == {who.number, person(2).number}
