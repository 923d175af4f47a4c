"""Lists that come in several files, and rows that name no village: whose absence means what."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from nights import FAMILY, SURVEY, Bureau, family_row, funnel, people, person, survey_row

NO_PLACE = {"户籍乡镇(街道)": "", "户籍村(居)": ""}


@pytest.fixture
def bureau(tmp_path, fresh_url):
    return Bureau(tmp_path / "home", fresh_url)


def test_a_row_without_a_village_is_not_ended_by_another_villages_file(bureau):
    first, second = people(3, village="三葵村", town="扶大镇"), people(3, first=10, village="所里村", town="扶大镇")
    unplaced = person(20)
    bureau.deliver(SURVEY, [*map(survey_row, first), survey_row(unplaced, **NO_PLACE)], "三葵.csv")
    bureau.deliver(SURVEY, [survey_row(who) for who in second], "所里.csv")
    assert bureau.night()["elders"]["total"] == 7
    bureau.deliver(SURVEY, [*map(survey_row, second[:2]), survey_row(person(21), **NO_PLACE)], "所里.csv")
    assert bureau.night()["elders"]["total"] == 7
    assert {unplaced.number, person(21).number} <= bureau.active()


def test_a_row_without_a_village_ends_when_its_own_file_comes_without_it(bureau):
    first, unplaced = people(3, village="三葵村", town="扶大镇"), person(20)
    bureau.deliver(SURVEY, [*map(survey_row, first), survey_row(unplaced, **NO_PLACE)], "三葵.csv")
    assert bureau.night()["elders"]["total"] == 4
    bureau.deliver(SURVEY, [survey_row(who) for who in first], "三葵.csv")
    assert bureau.night()["elders"]["withdrawn"] == 1
    assert unplaced.number not in bureau.active()


def test_a_list_in_two_files_of_which_one_is_replaced_keeps_the_people_of_the_other(bureau):
    bureau.deliver(FAMILY, [family_row(who) for who in people(3)], "一.csv")
    bureau.deliver(FAMILY, [family_row(who) for who in people(3, first=10)], "二.csv")
    assert bureau.night()["elders"]["total"] == 6
    bureau.deliver(FAMILY, [family_row(who) for who in people(4, first=10)], "二.csv")
    summary = bureau.night()
    assert (summary["elders"]["total"], summary["elders"]["withdrawn"], summary["elders"]["new"]) == (7, 0, 1)
    assert funnel(summary["sources"][FAMILY]) == (7, 7, 0, 0, 0)


def test_a_new_file_under_a_new_name_is_the_whole_list(bureau):
    bureau.deliver(FAMILY, [family_row(who) for who in people(3)], "一.csv")
    bureau.deliver(FAMILY, [family_row(who) for who in people(3, first=10)], "二.csv")
    bureau.night()
    bureau.deliver(FAMILY, [family_row(who) for who in [*people(2), *people(3, first=10)]], "三.csv")
    assert bureau.night()["elders"]["withdrawn"] == 1


def test_a_list_of_which_a_file_is_still_arriving_waits_until_it_is_whole(bureau):
    first, second = people(3), people(3, first=10)
    bureau.deliver(FAMILY, [family_row(who) for who in [*first, *second]], "全.csv")
    bureau.night()
    bureau.deliver(FAMILY, [family_row(who) for who in first], "一.csv")
    unfinished = bureau.deliver(FAMILY, [family_row(who) for who in second], "二.csv.part")
    line = bureau.night()["sources"][FAMILY]
    assert (line["status"], len(bureau.active())) == ("yellow", 6)
    assert "1 个文件尚未传完" in line["message"]
    unfinished.rename(unfinished.with_suffix(""))
    assert bureau.night()["sources"][FAMILY]["received"] == 6
    assert len(bureau.active()) == 6


@pytest.mark.parametrize("comes", ["again", "not"])
def test_a_list_older_than_agreed_is_said_to_be_stale(bureau, comes):
    bureau.own_configuration()
    path = bureau.config / "sources" / f"{FAMILY}.toml"
    path.write_text(f"fresh_days = 31\n{path.read_text(encoding='utf-8')}", encoding="utf-8")
    file = bureau.deliver(FAMILY, [family_row(who) for who in people(3)])
    received = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    bureau.night(received, expect="green")
    if comes == "not":
        file.unlink()
    assert not bureau.night(received + timedelta(days=31))["sources"][FAMILY]["message"].startswith("名单已")
    line = bureau.night(received + timedelta(days=32), expect="yellow")["sources"][FAMILY]
    assert line["status"] == "yellow"
    assert line["message"].startswith("名单已 32 天没有更新，超过约定的 31 天")
    assert len(bureau.active()) == 3
