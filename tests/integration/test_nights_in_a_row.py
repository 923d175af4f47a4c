"""Nights one after another: twice is once, absence and the brake, corrections, the calendar, other rules, conflicts."""

import os
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from nights import (
    DISABILITY,
    FAMILY,
    INCAPACITY,
    ROWS,
    SHIPPED_CONFIG,
    SURVEY,
    TODAY,
    Bureau,
    copied,
    csv_text,
    disability_row,
    family_row,
    fresh_database,
    funnel,
    id_number,
    incapacity_row,
    member_row,
    people,
    person,
    survey_row,
)

from flows.cli import call
from registry.lock import run_lock
from schemas.errors import MassWithdrawal
from schemas.identity_decisions import key_of_number
from schemas.idnumber import check_character

TWELVE = people(12)
NEXT_DAY = TODAY + timedelta(days=1)
DAY_AFTER = TODAY + timedelta(days=2)
THIRTY = [replace(who, village=f"第{n % 10}村") for n, who in enumerate(people(30))]


@pytest.fixture
def bureau(tmp_path, fresh_url):
    return Bureau(tmp_path / "home", fresh_url)


@pytest.fixture(scope="module")
def once(server_engine, tmp_path_factory):
    """Makes a bureau for the whole module."""
    with ExitStack() as stack:
        yield lambda: Bureau(
            tmp_path_factory.mktemp("once") / "home", stack.enter_context(fresh_database(server_engine))
        )


@pytest.fixture
def copy(server_engine, tmp_path):
    """Copies a bureau of the module for one test."""
    with ExitStack() as stack:
        yield lambda bureau: stack.enter_context(copied(bureau, server_engine, tmp_path))


def deliver_everything(bureau):
    """Every source, one row with a finding in each, one duplicate, one person held."""
    bureau.deliver(SURVEY, [survey_row(who) for who in TWELVE[:-1]] + [survey_row(TWELVE[-1], 联系电话="12345")])
    bureau.deliver(INCAPACITY, [incapacity_row(TWELVE[0], 能力等级=""), incapacity_row(TWELVE[1], 身份证号="44142119")])
    bureau.deliver(FAMILY, [family_row(TWELVE[2]), family_row(TWELVE[2])])
    bureau.deliver(DISABILITY, [disability_row(TWELVE[3]), disability_row(TWELVE[4], 有效期至="2023-01-01")])


@pytest.fixture(scope="module")
def everything(once):
    """A bureau after a night with everything delivered, and what is said of the night; to be copied."""
    bureau = once()
    deliver_everything(bureau)
    return bureau, bureau.night(expect="yellow")


# Twice is once


def test_the_same_files_again_change_nothing_and_push_nothing(everything, copy):
    bureau, first = copy(everything[0]), everything[1]
    before = bureau.content()
    for day in (TODAY, NEXT_DAY):
        summary = bureau.night(day, expect="yellow")
        assert bureau.content() == before
        assert summary["elders"] == {"new": 0, "changed": 0, "unchanged": 12, "withdrawn": 0, "total": 12}
        assert (summary["push"]["planned"], summary["files"]) == (0, [])
        assert summary["findings"] | {"note": 0} == first["findings"] | {"note": 0}
        assert {n: funnel(s) for n, s in summary["sources"].items()} == {
            n: funnel(s) for n, s in first["sources"].items()
        }


def test_the_same_rows_in_other_files_and_another_order_change_no_elder(everything, copy):
    bureau = copy(everything[0])
    elders, findings = bureau.content()["elder"], bureau.codes()
    for source in ROWS:
        path = bureau.inbox(source) / "list.csv"
        header, *lines = path.read_text().splitlines()
        path.write_text("\n".join([header, *reversed(lines), "", ""]))
    summary = bureau.night()
    assert (bureau.content()["elder"], bureau.codes()) == (elders, findings)
    assert (summary["elders"]["changed"], summary["push"]["planned"]) == (0, 0)
    assert {name: funnel(line) for name, line in summary["sources"].items()} == {
        SURVEY: (12, 12, 0, 0, 0), INCAPACITY: (2, 1, 1, 0, 0), FAMILY: (2, 1, 0, 1, 0), DISABILITY: (2, 2, 0, 0, 0),
    }  # fmt: skip


def test_a_broken_line_is_said_every_night_until_a_better_file_comes(bureau):
    bureau.deliver(SURVEY, csv_text([survey_row(who) for who in TWELVE]) + "赵玉")
    for _ in range(2):
        summary = bureau.night(expect="yellow")
        assert funnel(summary["sources"][SURVEY]) == (13, 12, 1, 0, 0)
        assert bureau.codes(besides=["delivery-repeated"]) == {"line-broken": 1}
    bureau.deliver(SURVEY, [survey_row(who) for who in TWELVE])
    bureau.night(expect="green")
    assert bureau.codes() == {}


# Absence


def village(name, count, first):
    return people(count, first, village=name)


FOUND_AGAIN, CORRECTED, CALLED = village("第一村", 3, 0), village("第二村", 2, 3), village("第三村", 12, 5)
HERE, THERE = village("大黄村", 6, 17), village("小黄村", 6, 23)
LISTED, STATED_TWICE = village("第五村", 12, 30), village("第四村", 3, 42)
WRONG_NUMBER = CORRECTED[0].number[:-1] + ("0" if CORRECTED[0].number[-1] != "0" else "1")


@pytest.fixture(scope="module")
def two_nights(once):
    """A bureau after two nights in which something different happens to each village, and what was said of them."""
    bureau = once()
    untouched = [
        survey_row(CORRECTED[1]),
        *map(survey_row, CALLED[1:]),
        *map(survey_row, HERE[1:]),
        survey_row(STATED_TWICE[0]),
    ]
    faulty = survey_row(FOUND_AGAIN[0], 联系电话="12345")
    bureau.deliver(
        SURVEY,
        [faulty, survey_row(FOUND_AGAIN[1]), survey_row(CORRECTED[0], 身份证号码=WRONG_NUMBER, 联系电话="12345"),
         *untouched, survey_row(CALLED[0]), survey_row(HERE[0]), *map(survey_row, THERE)],
    )  # fmt: skip
    bureau.deliver(INCAPACITY, [incapacity_row(who) for who in [*LISTED, *STATED_TWICE]])
    first = bureau.night(expect="yellow") | {"found": bureau.findings(), "held": bureau.elders()}
    bureau.deliver(
        SURVEY,
        [survey_row(FOUND_AGAIN[1]), survey_row(FOUND_AGAIN[2]), faulty, survey_row(CORRECTED[0]), *untouched,
         survey_row(CALLED[0], 联系电话="13800000001")],
    )  # fmt: skip
    bureau.deliver(INCAPACITY, [incapacity_row(who) for who in [*LISTED[:10], *STATED_TWICE[1:]]])
    return bureau, first, bureau.night(expect="green")


def test_nobody_is_new_changed_or_withdrawn_but_those_to_whom_something_happened(two_nights):
    bureau, first, second = two_nights
    assert first["elders"] == {"new": 42, "changed": 0, "unchanged": 0, "withdrawn": 0, "total": 42}
    assert second["elders"] == {"new": 2, "changed": 2, "unchanged": 37, "withdrawn": 3, "total": 41}
    assert bureau.outbox() == {("new", "sent"): 44, ("changed", "sent"): 2, ("withdrawn", "sent"): 3}
    assert bureau.platform_rows(2) == 7


def test_findings_of_rows_that_came_again_stand_where_the_rows_stand_now(two_nights):
    bureau, first, _ = two_nights
    assert first["found"]["phone-format", SURVEY, 2, "phone"] == 1
    assert bureau.findings() == {("phone-format", SURVEY, 4, "phone"): 1}


def told(bureau, who):
    """What platforms were told of somebody, one after another."""
    query = "SELECT sent_as FROM outbox JOIN elder USING (person_id) WHERE id_number = :number AND state = 'sent' ORDER BY outbox.revision"
    return [row["sent_as"] for row in bureau.query(query, number=who.number)]


def test_absence_from_a_full_list_withdraws_within_the_brake(two_nights):
    bureau, _, second = two_nights
    assert funnel(second["sources"][INCAPACITY]) == (12, 12, 0, 0, 0)
    assert {who for who in LISTED if who.number in bureau.active()} == set(LISTED[:10])
    assert [told(bureau, who) for who in LISTED] == [["new"]] * 10 + [["new", "withdrawn"]] * 2


def test_someone_another_source_still_states_loses_only_the_category(two_nights):
    bureau, first, _ = two_nights
    number = STATED_TWICE[0].number
    assert first["held"][number]["categories"] == "living_alone|incapacitated"
    assert (bureau.elders()[number]["categories"], number in bureau.active()) == ("living_alone", True)
    assert told(bureau, STATED_TWICE[0]) == ["new", "changed"]


def test_a_village_that_sends_its_list_leaves_the_next_village_alone(two_nights):
    bureau, _, second = two_nights
    assert {who for who in [*HERE, *THERE] if who.number in bureau.active()} == {*HERE[1:], *THERE}
    assert funnel(second["sources"][SURVEY]) == (23, 23, 0, 0, 0)


def test_a_corrected_row_closes_its_findings_and_enters_the_registry(two_nights):
    bureau, first, _ = two_nights
    row = [("id-number-checksum", SURVEY, 4, "id_number"), ("phone-format", SURVEY, 4, "phone")]
    assert [first["found"][finding] for finding in row] == [1, 1]
    assert funnel(first["sources"][SURVEY]) == (29, 28, 1, 0, 0)
    assert CORRECTED[0].number not in first["held"]
    assert {who.number for who in CORRECTED} <= bureau.active()
    closed = bureau.query("SELECT code, from_run, to_run FROM finding WHERE to_run IS NOT NULL AND row_number = 4")
    assert sorted(tuple(row.values()) for row in closed) == [("id-number-checksum", 1, 2), ("phone-format", 1, 2)]


def test_a_changed_phone_is_one_changed_elder_with_the_old_value_in_its_history(two_nights):
    bureau, _, _ = two_nights
    elder = bureau.elders()[CALLED[0].number]
    assert (elder["phone"], elder["revision"], elder["from_run"]) == ("13800000001", 2, 2)
    history = "SELECT phone, revision, to_run FROM elder_history WHERE person_id = :p"
    assert bureau.query(history, p=elder["person_id"]) == [{"phone": CALLED[0].phone, "revision": 1, "to_run": 2}]
    entries = "SELECT operation, sent_as FROM outbox WHERE revision = 2 AND person_id = :p"
    assert bureau.query(entries, p=elder["person_id"]) == [{"operation": "changed", "sent_as": "changed"}]
    assert [bureau.elders()[who.number]["revision"] for who in CALLED[1:]] == [1] * 11


@pytest.fixture
def increments(bureau):
    """A bureau whose incapacity list brings only news."""
    bureau.own_configuration()
    bureau.set_rule('delivers = "incremental"', instead_of='delivers = "full"', file=f"sources/{INCAPACITY}.toml")
    return bureau


def test_absence_from_an_increment_means_nothing(increments):
    increments.deliver(INCAPACITY, [incapacity_row(who) for who in TWELVE], name="1.csv")
    increments.night()
    increments.deliver(
        INCAPACITY, [incapacity_row(TWELVE[0], 能力等级="轻度失能"), incapacity_row(person(50))], name="2.csv"
    )
    summary = increments.night(expect="green")
    assert summary["elders"] == {"new": 1, "changed": 1, "unchanged": 11, "withdrawn": 0, "total": 13}
    assert increments.elders()[TWELVE[0].number]["ability_level"] == "1"
    assert funnel(summary["sources"][INCAPACITY]) == (2, 2, 0, 0, 0)


def test_an_increment_judged_again_by_the_calendar_still_balances(increments):
    rows = [incapacity_row(TWELVE[0]), incapacity_row(TWELVE[1], 评估日期="2023-06-30")]
    increments.deliver(INCAPACITY, rows)
    assert funnel(increments.night()["sources"][INCAPACITY]) == (2, 2, 0, 0, 0)
    for day in (NEXT_DAY, DAY_AFTER):
        summary = increments.night(day, expect="green")
        assert increments.codes(besides=["delivery-repeated"]) == {"ability-assessment-old": 1}
        assert funnel(summary["sources"][INCAPACITY]) == (2, 2, 0, 0, 0)


@pytest.mark.parametrize("within", ["source", "household_village"])
def test_an_increment_ends_the_members_of_no_household_but_those_it_lists(bureau, within):
    bureau.own_configuration()
    bureau.set_rule('delivers = "incremental"', instead_of='delivers = "full"', file=f"sources/{SURVEY}.toml")
    file = f"sources/{SURVEY}.toml"
    bureau.set_rule(f'full_within = "{within}"', instead_of='full_within = "household_village"', file=file)

    def households(*members):
        elders = [survey_row(who) for who in dict(members)]
        rows = [member_row(who, who.name, who.number, "户主") for who in dict(members)]
        born = (date(1990, 5, day) for day in range(1, 9))
        rows += [
            member_row(who, f"赵小{name}", id_number(next(born)), "长子") for who, names in members for name in names
        ]
        return {"服务对象": elders, "家庭成员": rows}

    def names():
        return sorted(row["name"] for row in bureau.query("SELECT name FROM member_row WHERE to_run IS NULL"))

    one, other, third = TWELVE[:3]
    bureau.deliver_workbook(SURVEY, households((one, "甲乙"), (third, "丁")), "1.xlsx")
    bureau.night(expect="green")
    everybody = [one.name, other.name, third.name, "赵小甲", "赵小乙", "赵小丙", "赵小丁"]
    assert names() == sorted(name for name in everybody if name not in {other.name, "赵小丙"})
    bureau.deliver_workbook(SURVEY, households((one, "甲"), (other, "丙")), "2.xlsx")
    bureau.night(expect="green")
    assert names() == sorted(name for name in everybody if name != "赵小乙")


def test_households_follow_the_village_list_they_came_with(bureau):
    sheets = {
        "服务对象": [survey_row(who) for who in TWELVE[:2]],
        "家庭成员": [
            member_row(TWELVE[0], TWELVE[0].name, TWELVE[0].number, "户主"),
            member_row(TWELVE[0], "赵小明", id_number(date(1990, 5, 5)), "长子"),
            member_row(person(77), "钱小明", id_number(date(1991, 5, 5)), "户主"),
        ],
    }
    bureau.deliver_workbook(SURVEY, sheets)
    summary = bureau.night(expect="green")
    assert summary["sources"][SURVEY]["members"] == {"received": 3, "linked": 2, "held": 1, "blank": 0}
    before = bureau.content()
    assert bureau.night()["sources"][SURVEY]["members"] == {"received": 3, "linked": 2, "held": 1, "blank": 0}
    assert bureau.content() == before
    sheets["家庭成员"].pop()
    bureau.deliver_workbook(SURVEY, sheets)
    bureau.night(expect="green")
    assert (len(bureau.content()["member_row"]), bureau.codes()) == (2, {})


# The brake


@pytest.fixture(scope="module")
def thirty(once):
    """A bureau after a night with a list of thirty people; to be copied."""
    bureau = once()
    bureau.deliver(INCAPACITY, [incapacity_row(who) for who in THIRTY])
    bureau.night(expect="green")
    return bureau


def test_a_list_that_shrinks_too_far_is_held_until_a_better_one_comes(thirty, copy):
    bureau = copy(thirty)
    elders = bureau.content()["elder"]
    bureau.deliver(INCAPACITY, [incapacity_row(who) for who in THIRTY[:19]])
    for day in (TODAY, NEXT_DAY):
        summary = bureau.night(day, expect="yellow")
        assert summary["sources"][INCAPACITY]["status"] == "yellow"
        assert funnel(summary["sources"][INCAPACITY]) == (19, 0, 19, 0, 0)
        assert summary["push"]["planned"] == 0
        assert bureau.codes(besides=["delivery-repeated"]) == {"delivery-shrunk": 1}
        assert bureau.content()["elder"] == elders
    bureau.deliver(INCAPACITY, [incapacity_row(who) for who in THIRTY[:20]])
    summary = bureau.night(DAY_AFTER, expect="green")
    assert (summary["elders"]["withdrawn"], bureau.codes()) == (10, {})


def test_a_village_that_shrinks_too_far_is_held_though_the_source_is_large(bureau):
    everyone = [replace(who, village=f"第{n % 5}村") for n, who in enumerate(people(50))]
    bureau.deliver(SURVEY, [survey_row(who) for who in everyone])
    bureau.night(expect="green")
    lost = {who.number for who in everyone if who.village == "第3村"}
    fewer = [who for who in everyone if who.number not in sorted(lost)[:4]]
    bureau.deliver(SURVEY, [survey_row(who) for who in fewer])
    summary = bureau.night(expect="yellow")
    assert (summary["elders"]["withdrawn"], summary["push"]["planned"], len(bureau.active())) == (0, 0, 50)
    assert "第3村" in summary["sources"][SURVEY]["message"]
    fewer = [who for who in everyone if who.number not in sorted(lost)[:3]]
    bureau.deliver(SURVEY, [survey_row(who) for who in fewer])
    assert bureau.night(expect="green")["elders"]["withdrawn"] == 3


@pytest.mark.parametrize("rest", [0, 15, 28], ids="{} of 30 left".format)
def test_whatever_is_lost_beyond_the_brake_is_never_pushed(thirty, copy, rest):
    bureau = copy(thirty)
    text = csv_text([incapacity_row(who) for who in THIRTY])
    bureau.deliver(INCAPACITY, "\n".join(text.splitlines()[: rest + 1]))
    summary = bureau.night(expect="green" if rest == 28 else "yellow")
    assert summary["push"]["planned"] == (2 if rest == 28 else 0)


def test_the_calendar_goes_on_while_a_list_is_held(bureau):
    almost = person(40, born=date(1964, 7, 1))
    bureau.deliver(INCAPACITY, [incapacity_row(who) for who in [almost, *people(30)]])
    bureau.night(expect="yellow")
    bureau.deliver(INCAPACITY, [incapacity_row(who) for who in people(2)])
    bureau.night(NEXT_DAY, expect="yellow")
    assert almost.number in bureau.active()


# Corrections


def test_someone_withdrawn_who_returns_is_the_same_person(bureau):
    number = TWELVE[0].number
    states = []
    for listed in (TWELVE, TWELVE[1:], TWELVE):
        bureau.deliver(INCAPACITY, [incapacity_row(who) for who in listed], name=f"{len(listed)}.csv")
        (bureau.inbox(INCAPACITY) / ("12.csv" if len(listed) == 11 else "11.csv")).unlink(missing_ok=True)
        if states:
            # A file that came before is known; the same list sent again has another footer.
            path = bureau.inbox(INCAPACITY) / f"{len(listed)}.csv"
            path.write_text(path.read_text() + f"合计{len(states)},,,,,,,,,\n")
        bureau.night(expect="green")
        elder = bureau.elders()[number]
        states.append((elder["person_id"], elder["status"], elder["revision"]))
    first = states[0][0]
    assert states == [(first, "active", 1), (first, "withdrawn", 2), (first, "active", 3)]
    told = bureau.query("SELECT sent_as FROM outbox WHERE person_id = :p ORDER BY revision", p=first)
    assert [row["sent_as"] for row in told] == ["new", "withdrawn", "new"]


def test_nights_that_do_not_push_come_to_one_row_later(bureau):
    for phone in ("13800000001", "13800000002", "13800000003"):
        bureau.deliver(SURVEY, [survey_row(TWELVE[0], 联系电话=phone), survey_row(TWELVE[1])])
        summary = bureau.night(send=False)
        assert (summary["push"]["sent"], summary["push"]["waiting"], summary["files"]) == (0, 2, [])
    summary = bureau.night()
    assert (summary["push"]["planned"], summary["push"]["sent"], summary["push"]["waiting"]) == (2, 2, 0)
    assert bureau.platform_rows(4) == 2
    assert bureau.query("SELECT sent_as FROM outbox WHERE state = 'sent'") == [{"sent_as": "new"}] * 2
    assert bureau.outbox() == {
        ("new", "sent"): 1,
        ("new", "superseded"): 1,
        ("changed", "superseded"): 1,
        ("changed", "sent"): 1,
    }


def test_someone_new_who_left_before_the_platform_heard_is_never_told(bureau):
    bureau.deliver(INCAPACITY, [incapacity_row(who) for who in TWELVE[:2]])
    bureau.night(send=False)
    bureau.deliver(INCAPACITY, [incapacity_row(TWELVE[0])])
    summary = bureau.night()
    assert (summary["elders"]["withdrawn"], summary["push"]["sent"], summary["push"]["waiting"]) == (1, 1, 0)


# The calendar and other rules


ALMOST, EMPTIED = person(40, born=date(1964, 7, 2)), person(41, born=date(1964, 7, 1))


@pytest.fixture(scope="module")
def three_days(once):
    """A bureau after three nights to which nothing new came, and what was said on each; one inbox was emptied after the first."""
    bureau = once()
    bureau.deliver(SURVEY, [survey_row(ALMOST), survey_row(TWELVE[0])])
    dropped = bureau.deliver(INCAPACITY, [incapacity_row(EMPTIED)])
    bureau.deliver(DISABILITY, [disability_row(TWELVE[1], 有效期至="2024-06-30"), disability_row(TWELVE[2])])
    nights = []
    for day in (TODAY, NEXT_DAY, DAY_AFTER):
        summary = bureau.night(day)
        nights.append(summary | {"codes": bureau.codes(besides=["delivery-repeated"]), "active": bureau.active()})
        dropped.unlink(missing_ok=True)
    return bureau, nights


def test_someone_held_at_59_is_admitted_on_the_sixtieth_birthday_though_nothing_new_came(three_days):
    _, nights = three_days
    assert [night["status"] for night in nights] == ["yellow", "yellow", "green"]
    assert [night["codes"]["age-under-sixty"] for night in nights] == [2, 1, 0]
    assert [funnel(night["sources"][SURVEY]) for night in nights] == [(2, 1, 1, 0, 0)] * 2 + [(2, 2, 0, 0, 0)]
    assert [ALMOST.number in night["active"] for night in nights] == [False, False, True]


def test_the_calendar_turns_rows_of_an_emptied_inbox_too(three_days):
    _, nights = three_days
    assert [EMPTIED.number in night["active"] for night in nights] == [False, True, True]
    assert [night["elders"]["new"] for night in nights] == [3, 1, 1]


def test_a_certificate_warns_from_the_day_after_it_expires_and_the_category_stays(three_days):
    bureau, nights = three_days
    assert [night["codes"] for night in nights] == [
        {"age-under-sixty": 2}, {"age-under-sixty": 1, "certificate-expired": 1}, {"certificate-expired": 1},
    ]  # fmt: skip
    assert [night["sources"][DISABILITY]["status"] for night in nights] == ["green"] * 3
    assert [night["push"]["planned"] for night in nights] == [3, 1, 1]  # those whose birthday it is
    assert bureau.elders()[TWELVE[1].number]["categories"] == "severely_disabled"
    assert told(bureau, TWELVE[1]) == ["new"]


def test_a_certificate_valid_for_ever_is_no_trouble(bureau):
    nameless = disability_row(TWELVE[1], 身份证号="", 残疾人证号="", 有效期至="9999-12-31")
    bureau.deliver(DISABILITY, [disability_row(TWELVE[0], 有效期至="9999-12-31"), nameless])
    for day in (TODAY, NEXT_DAY):
        assert bureau.night(day)["sources"][DISABILITY]["status"] == "green"
    assert bureau.elders()[TWELVE[0].number]["certificate_expiry_date"] == date(9999, 12, 31)


def test_other_rules_judge_every_row_again_though_no_file_is_new(bureau):
    bureau.own_configuration()
    light = incapacity_row(TWELVE[0], 能力等级="轻度失能")
    bureau.deliver(INCAPACITY, [light, incapacity_row(TWELVE[1], 联系电话="12345"), incapacity_row(TWELVE[2])])
    bureau.night(expect="green")
    bureau.set_rule("incapacitated_from_level = 2", instead_of="incapacitated_from_level = 1")
    path = bureau.config / "rules.toml"
    path.write_text(path.read_text() + '\n[severities]\nphone-format = "reject"\n')
    summary = bureau.night(expect="yellow")
    assert funnel(summary["sources"][INCAPACITY]) == (3, 2, 1, 0, 0)
    assert bureau.elders()[TWELVE[0].number]["categories"] is None
    assert bureau.active() == {TWELVE[0].number, TWELVE[2].number}
    assert summary["elders"] == {"new": 0, "changed": 1, "unchanged": 1, "withdrawn": 1, "total": 2}
    assert bureau.outbox()["changed", "sent"] == 1


def test_other_rules_reach_rows_whose_newer_file_could_not_be_read(bureau):
    bureau.own_configuration()
    bureau.deliver(INCAPACITY, [incapacity_row(TWELVE[0], 能力等级="轻度失能")])
    bureau.night(expect="green")
    bureau.set_rule("incapacitated_from_level = 2", instead_of="incapacitated_from_level = 1")
    bureau.deliver(INCAPACITY, b"")
    bureau.night(expect="yellow")
    bureau.deliver(INCAPACITY, csv_text([incapacity_row(TWELVE[0], 能力等级="轻度失能")]) + "\n")
    bureau.night(expect="green")
    assert bureau.elders()[TWELVE[0].number]["categories"] is None


def test_a_division_table_that_grows_renames_places_and_still_balances(bureau):
    bureau.own_configuration()
    bureau.deliver(SURVEY, [survey_row(who, **{"户籍村(居)": "大黄"}) for who in TWELVE])
    bureau.night(expect="green")
    path = bureau.config / "divisions.csv"
    path.write_text(path.read_text() + "441403132200,大黄村委会,5,441403132000,\n")
    for _ in range(2):
        summary = bureau.night(expect="green")
        assert funnel(summary["sources"][SURVEY]) == (12, 12, 0, 0, 0)
        elder = bureau.elders()[TWELVE[0].number]
        assert (elder["household_village"], elder["household_division_code"]) == ("大黄村委会", "441403132200")


def test_a_header_agreed_on_later_brings_the_column_of_the_kept_original(bureau):
    bureau.own_configuration()
    bureau.deliver(SURVEY, [survey_row(who, 手提电话="13800000009") | {"联系电话": ""} for who in TWELVE[:2]])
    bureau.night()
    bureau.set_rule(
        'emergency_contact_phone = ["手提电话", ',
        instead_of="emergency_contact_phone = [",
        file=f"sources/{SURVEY}.toml",
    )
    summary = bureau.night(expect="green")
    assert funnel(summary["sources"][SURVEY]) == (2, 2, 0, 0, 0)
    assert bureau.elders()[TWELVE[0].number]["emergency_contact_phone"] == "13800000009"


# Conflicts


TWO_NAMES, TWO_NUMBERS = person(0), person(1)
TWIN = replace(TWO_NUMBERS, number=id_number(date(1936, 1, 24), 557, region="441402"))


@pytest.fixture(scope="module")
def disputes(once):
    """What was there before two disputes, during them for two nights, and after them; the bureau as it was left."""
    bureau = once()

    def seen(expect):
        summary = bureau.night(expect=expect)
        return summary | {"held": bureau.elders(), "found": bureau.findings(besides=["delivery-repeated"])}

    undisputed = [survey_row(TWO_NAMES), survey_row(TWO_NUMBERS), survey_row(TWELVE[4])]
    bureau.deliver(SURVEY, undisputed)
    before = seen("green")
    bureau.deliver(SURVEY, [*undisputed, survey_row(TWIN)])
    bureau.deliver(INCAPACITY, [incapacity_row(TWO_NAMES, 姓名="欧阳建军"), incapacity_row(TWELVE[2])])
    bureau.deliver(FAMILY, [family_row(TWIN)])
    bureau.deliver(DISABILITY, [disability_row(TWIN, 户籍地址="", 现住址="")])
    during = [seen("yellow"), seen("yellow")]
    bureau.deliver(SURVEY, undisputed[::-1])
    bureau.deliver(INCAPACITY, [incapacity_row(TWO_NAMES), incapacity_row(TWELVE[2])])
    for source in (FAMILY, DISABILITY):
        bureau.deliver(source, [ROWS[source](TWO_NUMBERS)])
    return before, during, seen("green")


def test_a_number_of_two_people_is_held_and_the_registry_keeps_what_it_had(disputes):
    before, during, after = disputes
    for night in during:
        assert night["held"][TWO_NAMES.number] == before["held"][TWO_NAMES.number]
        assert {finding: times for finding, times in night["found"].items() if "different-person" in finding[0]} == {
            ("same-number-different-person", SURVEY, 2, "name"): 1,
            ("same-number-different-person", INCAPACITY, 2, "name"): 1,
        }
        assert funnel(night["sources"][INCAPACITY]) == (2, 1, 1, 0, 0)
        assert funnel(night["sources"][SURVEY]) == (4, 1, 3, 0, 0)
    assert after["held"][TWO_NAMES.number]["categories"] == "living_alone|incapacitated"
    assert after["found"] == {}


def test_one_person_under_two_numbers_is_held_and_the_registry_keeps_what_it_had(disputes):
    before, during, after = disputes
    for night in during:
        assert night["held"][TWO_NUMBERS.number] == before["held"][TWO_NUMBERS.number]
        assert set(night["held"]) == {*before["held"], TWELVE[2].number}
        assert sum(times for (code, *_), times in night["found"].items() if code == "same-person-different-number") == 4
        assert [funnel(night["sources"][source]) for source in (FAMILY, DISABILITY)] == [(1, 0, 1, 0, 0)] * 2
    assert {number for number, elder in after["held"].items() if elder["status"] == "active"} == {
        who.number for who in (TWO_NAMES, TWO_NUMBERS, TWELVE[2], TWELVE[4])
    }


def near(number):
    """A valid number two characters away: another seventeenth digit of the same sex, and its check character."""
    first17 = number[:16] + str((int(number[16]) + 2) % 10)
    return first17 + check_character(first17)


def test_a_third_person_does_not_settle_the_dispute_of_two_others(bureau):
    """Only people whom changed rows concern are looked at; whoever disputes with them must be among them."""
    one = person(0)
    other = replace(one, number=one.number[:13] + "5" + one.number[14:17], village="小黄村")
    other = replace(other, number=other.number[:17] + check_character(other.number[:17]))
    third = replace(one, number=id_number(date(1941, 5, 9), 431, region="441402"), phone="13500009999", village="别村")
    assert sum(a != b for a, b in zip(one.number, other.number, strict=True)) <= 2
    bureau.deliver(FAMILY, [family_row(one), family_row(other)])
    bureau.night(expect="yellow")
    assert (bureau.codes(), bureau.active()) == ({"same-person-different-number": 2}, set())
    bureau.deliver(INCAPACITY, [incapacity_row(third)])
    bureau.night(expect="yellow")
    assert bureau.codes(besides=["delivery-repeated"]) == {"same-person-different-number": 2}
    assert bureau.active() == {third.number}


def test_numbers_two_characters_apart_under_one_name_are_one_question_to_an_officer(bureau):
    twin = replace(TWELVE[0], number=near(TWELVE[0].number))
    bureau.deliver(INCAPACITY, [incapacity_row(TWELVE[0])])
    bureau.deliver(FAMILY, [family_row(twin)])
    bureau.night(expect="yellow")
    assert bureau.codes() == {"same-person-different-number": 2}
    assert bureau.active() == set()


# Order, single sources, one run at a time


def test_neither_the_order_of_files_nor_of_rows_in_a_night_matters(tmp_path, server_engine):
    duplicates = [
        survey_row(TWELVE[0], 建档日期="2023-01-05", 联系电话="13800000001"),
        survey_row(TWELVE[0], 联系电话="13800000002"),
        survey_row(TWELVE[0], 联系电话="13800000003", 备注="更完整"),
        survey_row(TWELVE[1], 联系电话="13800000004"),
        survey_row(TWELVE[1], 联系电话="13800000005"),
        *(survey_row(who) for who in TWELVE[2:]),
    ]
    seen = []
    for turn, rows in enumerate([duplicates, duplicates[::-1], duplicates[3:] + duplicates[:3]]):
        with fresh_database(server_engine) as url:
            bureau = Bureau(tmp_path / f"home{turn}", url)
            bureau.deliver(SURVEY, rows[: 3 + turn], name=f"{'abc'[turn]}.csv")
            bureau.deliver(SURVEY, rows[3 + turn :], name=f"{'bca'[turn]}.csv")
            bureau.deliver(INCAPACITY, [incapacity_row(who) for who in TWELVE[:: 1 - 2 * (turn % 2)]])
            bureau.night(expect="green")
            seen.append((bureau.statements().to_csv(), sorted(bureau.codes().items())))
    assert seen[0] == seen[1] == seen[2]
    assert "13800000003" in seen[0][0]


def test_the_order_in_which_sources_arrive_over_the_nights_does_not_matter(bureau, once):
    """Everybody is stated by one source more each night, in an order of their own."""
    orders = dict(zip(people(24), permutations(ROWS), strict=True))
    for night in range(len(ROWS)):
        for source, row in ROWS.items():
            bureau.deliver(source, [row(who) for who, order in orders.items() if order.index(source) <= night])
        bureau.night(expect="green")
    at_once = once()
    for source, row in ROWS.items():
        at_once.deliver(source, [row(who) for who in orders])
    at_once.night(expect="green")
    assert bureau.statements().to_csv() == at_once.statements().to_csv()


def test_a_night_of_one_source_takes_only_that_source(bureau):
    deliver_everything(bureau)
    summary = bureau.night(sources=[FAMILY])
    assert list(summary["sources"]) == [FAMILY]
    assert (summary["elders"]["total"], bureau.codes()) == (1, {"duplicate-exact": 1})
    assert bureau.query("SELECT DISTINCT source FROM delivery") == [{"source": FAMILY}]
    summary = bureau.night()
    assert summary["elders"]["total"] == 12


def test_a_second_run_at_the_same_time_leaves_and_says_who_is_at_work(bureau, capsys):
    bureau.night()
    engine = sa.create_engine(bureau.url)
    with bureau.environment(), run_lock(engine, "run 17"):
        arguments = ["run", "--home", str(bureau.home), "--config", str(SHIPPED_CONFIG)]
        assert call(arguments) == 4
    engine.dispose()
    assert "run 17" in capsys.readouterr().err
    assert [row["run_id"] for row in bureau.query("SELECT run_id FROM run")] == [1]


def test_of_two_statements_of_one_date_the_later_to_come_wins_and_the_calendar_does_not_change_that(bureau):
    lists = {
        who: [incapacity_row(who, 联系电话="13800000001"), incapacity_row(who, 联系电话="13800000002")]
        for who in TWELVE[:2]
    }
    came_first = dict(zip(lists, (0, 1), strict=True))
    bureau.deliver(INCAPACITY, [rows[came_first[who]] for who, rows in lists.items()])
    bureau.night()
    bureau.deliver(INCAPACITY, [row for rows in lists.values() for row in rows])
    for day in (TODAY, date(2025, 3, 2)):
        bureau.night(day, expect="green")
        for who, rows in lists.items():
            assert bureau.elders()[who.number]["phone"] == rows[1 - came_first[who]]["联系电话"]


# Any delivery


NUMBERS = ["", "4414", "441421193601010000", "44142119360101", "护照E12345678"]
DAMAGE = {
    "none": lambda cells, _: cells,
    "number": lambda cells, n: [*cells[:2], NUMBERS[n], *cells[3:]],
    "name": lambda cells, n: [["", "NA", "null", "李 四", "A\x07b"][n], *cells[1:]],
    "phone": lambda cells, n: [*cells[:3], ["0", "-", "12345678901234567890", "无", "é"][n], *cells[4:]],
    "categories": lambda cells, n: [*cells[:6], ["", "高龄", "独居/空巢", "重残", "其他"][n], *cells[7:]],
    "short": lambda cells, n: cells[: n + 1],
    "long": lambda cells, n: [*cells, *"多" * (n + 1)],
    "stray quote": lambda cells, _: ['"' + cells[0], *cells[1:]],
    "quote inside": lambda cells, _: [*cells[:9], '大"伯'],
    "trailing": lambda cells, n: cells + [""] * n,
}
BETWEEN = ["", ",,,", " ", "合计,,,,,,,,,", "填表人：,,,,,,,,,", ",,,,,,,,,孤立的备注"]


@st.composite
def survey_lines(draw, name):
    """Lines of a list of one village, with what people and programs do to them; and how many of them are filled."""
    chosen = draw(st.lists(st.sampled_from(people(8, village=name)), min_size=1, max_size=8))
    header, first, *rows = csv_text([survey_row(who) for who in chosen]).splitlines()
    lines = [first]
    for row in rows:
        damage = DAMAGE[draw(st.sampled_from(["none", *DAMAGE]))]
        lines.append(",".join(damage(row.split(","), draw(st.integers(0, 4)))))
    for extra in draw(st.lists(st.sampled_from([header, *BETWEEN]), max_size=4)):
        lines.insert(draw(st.integers(0, len(lines))), extra)
    return [header, *lines], sum(bool(line.strip(", ")) for line in lines)


ADMITTED = "SELECT id_number FROM source_row WHERE to_run IS NULL AND outcome = 'admitted'"
DISPUTED = """
    SELECT r.id_number FROM source_row r JOIN finding f USING (row_id)
    WHERE r.to_run IS NULL AND f.to_run IS NULL AND f.origin = 'merge' AND f.severity = 'hold'
"""
HELD = (
    "SELECT e.id_number FROM elder e JOIN source_row r USING (id_number) WHERE r.to_run IS NULL AND r.outcome = 'held'"
)
ASKED_ABOUT = (
    "SELECT id_key FROM case_side JOIN identity_case USING (case_id) WHERE to_run IS NULL AND id_key IS NOT NULL"
)


def waited_for(bureau):
    """Whose row is held or may be a held one: it replaces nothing, the row before it stands in."""
    asked = {row["id_key"] for row in bureau.query(ASKED_ABOUT)}
    held = {row["id_number"] for query in (DISPUTED, HELD) for row in bureau.query(query)}
    return held | {number for number in bureau.active() if key_of_number(number) in asked}


@settings(
    max_examples=60 if os.environ.get("ELDERSYNC_DEEP") else 3,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data())
def test_every_row_of_any_delivery_is_accounted_for(tmp_path_factory, server_engine, data):
    """Each example is two nights of eight files; that the account balances is asserted by every night of these tests."""
    with fresh_database(server_engine) as url:
        bureau = Bureau(tmp_path_factory.mktemp("any") / "home", url)
        for _ in range(2):
            filled = 0
            for name in ("大黄村", "小黄村", "新村", "东村", "西村"):
                lines, count = data.draw(survey_lines(name))
                bureau.deliver(SURVEY, "\n".join(lines), name=f"{name}.csv")
                filled += count
            for source in (INCAPACITY, FAMILY, DISABILITY):
                listed = data.draw(st.lists(st.sampled_from(TWELVE), min_size=1, max_size=6))
                bureau.deliver(source, [ROWS[source](who) for who in listed])
            summary = bureau.night()
            statuses = {name: line["status"] for name, line in summary["sources"].items()}
            in_question = {SURVEY} if bureau.codes()["delivery-shrunk"] else set()
            assert {name for name, status in statuses.items() if status != "green"} == in_question
            if ("delivery-repeated", SURVEY, None, None) not in bureau.findings():
                assert summary["sources"][SURVEY]["received"] == filled
            admitted = {row["id_number"] for row in bureau.query(ADMITTED)}
            assert admitted <= bureau.active() <= admitted | waited_for(bureau)
            assert summary["elders"]["total"] == len(bureau.active())


def test_a_night_on_a_wrong_date_withdraws_nobody_and_the_next_night_is_whole_again(bureau):
    bureau.own_configuration()
    since = "effective_from = 1990-01-01"  # or the format would be the first to refuse such a date
    bureau.set_rule(since, instead_of="effective_from = 2024-01-01", file="platform/example.toml")
    sixty = people(60)
    bureau.deliver(SURVEY, [survey_row(who) for who in sixty])
    bureau.night(expect="green")
    with pytest.raises(MassWithdrawal, match="60 of 60 elders would be withdrawn"):
        bureau.night(date(1995, 1, 1))
    assert len(bureau.active()) == 60
    assert bureau.outbox().total() == 60
    summary = bureau.night(NEXT_DAY)
    assert summary["elders"] == {"new": 0, "changed": 0, "unchanged": 60, "withdrawn": 0, "total": 60}
    assert summary["findings"]["reject"] == 0
