"""Any past day: the registry as it stood, one elder as the record was then, and everything about an elder in the order of time."""

import json
import os
import random
from datetime import timedelta

import pytest
from memory import MemoryBureau
from nights import (
    DISABILITY,
    FAMILY,
    INCAPACITY,
    SURVEY,
    TODAY,
    disability_row,
    family_row,
    incapacity_row,
    people,
    survey_row,
)

from flows.accounts.export import explanation
from schemas.errors import ConfigurationInvalid

TWELVE = people(12)
HISTORIES = 10 if os.environ.get("ELDERSYNC_DEEP") else 1


def day(n):
    return TODAY + timedelta(days=n)


@pytest.fixture
def bureau(tmp_path, fresh_url):
    bureau = MemoryBureau(tmp_path / "home", fresh_url)
    bureau.own_configuration()
    bureau.set_rule("people = 1000\nshare = 0.05", instead_of="people = 10\nshare = 0.05")
    return bureau


def explained(bureau, person, at=None):
    return bureau.ask(explanation, str(person), at=at, unmasked=False, reason="")


@pytest.mark.parametrize("seed", range(1, HISTORIES + 1), ids=lambda seed: f"seed-{seed}")
def test_every_past_day_is_what_was_exported_on_it(bureau, seed):
    chance = random.Random(seed)  # noqa: S311
    makers = {SURVEY: survey_row, INCAPACITY: incapacity_row, FAMILY: family_row, DISABILITY: disability_row}
    exported = {}
    for n in range(0, 12, 2):
        for source, row in makers.items():
            chosen = [who for who in TWELVE if chance.random() < 0.7]
            if chosen:
                bureau.deliver(source, [row(who, 联系电话=f"1380000{n:02d}{len(chosen):02d}") for who in chosen])
        run_id = bureau.night(day(n))["run_id"]
        if chance.random() < 0.3:
            bureau.undo(run_id)
        exported[n] = bureau.exported()
    for n, registry in exported.items():
        assert bureau.exported(at=day(n)) == registry
        assert bureau.exported(at=day(n + 1)) == registry


def test_before_the_first_night_there_was_nothing(bureau):
    bureau.deliver(SURVEY, [survey_row(who) for who in TWELVE])
    bureau.night()
    with pytest.raises(ConfigurationInvalid, match="no night had merged by 2024-06-29"):
        bureau.exported(at=day(-1))
    assert bureau.command("elders", "--to", str(bureau.home.parent / "then.csv"), "--at", "2024-06-29") == 2
    assert bureau.command("elders", "--to", str(bureau.home.parent / "then.csv"), "--at", "2024-07-01") == 0


def test_an_elder_is_explained_as_the_record_was_then(bureau):
    who = TWELVE[0]
    bureau.deliver(SURVEY, [survey_row(one) for one in TWELVE])
    bureau.deliver(INCAPACITY, [incapacity_row(who, 联系电话="13711111111")])
    bureau.night()
    bureau.deliver(SURVEY, [survey_row(who, 联系电话="13700000000"), *(survey_row(one) for one in TWELVE[1:])])
    bureau.deliver(INCAPACITY, [incapacity_row(one) for one in TWELVE[1:4]])
    bureau.night(day(1))
    then, now = (explained(bureau, who.number, at) for at in (TODAY, None))
    phones = [{field["field"]: field for field in found["fields"]}["phone"] for found in (then, now)]
    assert [(phone["winner"]["row_number"], phone["winner"]["stated_date"], len(phone["losers"])) for phone in phones] == [
        (2, "2024-01-05", 1), (2, "2024-01-05", 0),
    ]  # fmt: skip
    assert [phone["value"] for phone in phones] == ["139****0000", "137****0000"]
    assert ([line["to_run"] for line in then["categories"]], then["revision"]) == ([None, None], 1)
    assert {line["category"] for line in now["categories"] if line["to_run"] is None} == {"living_alone"}


def test_everything_about_an_elder_is_told_in_the_order_of_time_undone_nights_too(bureau, capsys):
    who = TWELVE[0]
    bureau.deliver(INCAPACITY, [incapacity_row(one) for one in TWELVE])
    bureau.night()
    bureau.deliver(
        INCAPACITY, [incapacity_row(who, 联系电话="13700000000"), *(incapacity_row(one) for one in TWELVE[1:])]
    )
    undone = bureau.night(day(1))["run_id"]
    bureau.undo(undone)
    bureau.deliver(INCAPACITY, [incapacity_row(one) for one in TWELVE[1:]])
    bureau.night(day(2))
    found = explained(bureau, who.number)
    told = [(line["run_id"], line["event"]) for line in found["history"] if not line["event"].startswith("push")]
    assert told[:3] == [(1, "registered"), (1, "identifier-begins"), (1, "category-begins")]
    assert (2, "changed") in told
    assert (3, "changed-by-undo") in told
    assert (4, "withdrawn") in told
    assert [run_id for run_id, _ in told] == sorted(run_id for run_id, _ in told)
    [line] = [line for line in found["history"] if line["event"] == "changed"]
    assert (line["undone_by"], line["date"], line["text"]) == (3, day(1).isoformat(), "改变：联系电话")
    assert bureau.command("explain", str(found["person_id"])) == 0
    shown = capsys.readouterr().out
    assert "该次运行已由第 3 次运行撤销" in shown
    assert "首次入册" in shown
    personal = (who.name, who.number, who.phone, "13700000000")
    assert [text for text in personal if text in json.dumps(found, ensure_ascii=False) + shown] == []


def test_a_category_ends_with_the_reason_that_is_told(bureau):
    bureau.deliver(SURVEY, [survey_row(one) for one in TWELVE])
    bureau.deliver(DISABILITY, [disability_row(one) for one in TWELVE])
    bureau.night()
    bureau.deliver(FAMILY, [family_row(TWELVE[0])])
    undone = bureau.night(day(1))["run_id"]
    bureau.undo(undone)
    found = explained(bureau, TWELVE[0].number)
    [line] = [line for line in found["categories"] if line["category"] == "family_planning_special"]
    assert (line["from_run"], line["to_run"], line["end_reason"]) == (undone, undone + 1, "undone")
    [ended] = [line for line in found["history"] if line["event"] == "category-ends" and "失独" not in line["text"]][
        -1:
    ]
    assert "有关运行已撤销" in ended["text"]
