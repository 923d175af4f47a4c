"""Rules tried out before they are switched on: the list of people they would alter is what the next night then does."""

import csv
from datetime import date, timedelta

import pytest
from memory import MemoryBureau
from nights import (
    DISABILITY,
    INCAPACITY,
    SHIPPED_CONFIG,
    SURVEY,
    TODAY,
    copied,
    disability_row,
    fresh_database,
    incapacity_row,
    people,
    person,
    survey_row,
)

from flows.memory.rules_try import try_rules
from schemas.errors import ConfigurationInvalid
from schemas.fields import FIELDS

TWELVE = people(12)


@pytest.fixture(scope="module")
def evening(server_engine, tmp_path_factory):
    """A bureau after a night, to be copied for each test."""
    with fresh_database(server_engine) as url:
        bureau = MemoryBureau(tmp_path_factory.mktemp("evening") / "home", url)
        bureau.own_configuration()
        bureau.deliver(SURVEY, [survey_row(who, 联系电话="13600000000") for who in TWELVE[:3]])
        bureau.deliver(INCAPACITY, [incapacity_row(who, 能力等级="轻度失能") for who in TWELVE[:6]])
        bureau.deliver(
            DISABILITY,
            [disability_row(who, level="2") for who in TWELVE[6:]]
            + [disability_row(person(60, born=date(1955, 1, 1)))],
        )
        bureau.night()
        yield bureau


@pytest.fixture
def bureau(evening, server_engine, tmp_path):
    with copied(evening, server_engine, tmp_path) as bureau:
        yield bureau


def changed(tmp_path, name, line, instead_of):
    text = (SHIPPED_CONFIG / name).read_text(encoding="utf-8")
    assert instead_of in text
    path = tmp_path / f"other-{name}"
    path.write_text(text.replace(instead_of, line), encoding="utf-8")
    return path


def tried(bureau, tmp_path, rules=None, survivorship=None):
    before = bureau.content(), bureau.query("SELECT * FROM run")
    found = bureau.ask(try_rules, rules, survivorship, tmp_path / "tried.csv")
    assert (bureau.content(), bureau.query("SELECT * FROM run")) == before
    with (tmp_path / "tried.csv").open(encoding="utf-8-sig", newline="") as file:
        return found, list(csv.DictReader(file))


def test_the_rules_in_force_alter_nobody(bureau, tmp_path):
    found, listed = tried(bureau, tmp_path, SHIPPED_CONFIG / "rules.toml", SHIPPED_CONFIG / "survivorship.toml")
    assert (found["elders"], found["findings"], listed) == (
        {"enter": 0, "leave": 0, "alter": 0, "unchanged": 13}, {}, [],
    )  # fmt: skip


def test_other_rules_alter_whom_the_next_night_under_them_alters(bureau, tmp_path):
    rules = changed(tmp_path, "rules.toml", "incapacitated_from_level = 2", "incapacitated_from_level = 1")
    found, listed = tried(bureau, tmp_path, rules)
    altered = {int(row["person_id"]) for row in listed if row["change"] == "alter"}
    ids = {row["id_number"]: row["person_id"] for row in bureau.query("SELECT * FROM elder")}
    assert altered == {ids[who.number] for who in TWELVE[:6]}
    assert {(row["field"], row["label"]) for row in listed} == {("categories", FIELDS["categories"].label)}
    assert not any(who.name in str(listed) for who in TWELVE)
    (bureau.config / "rules.toml").write_text(rules.read_text(encoding="utf-8"), encoding="utf-8")
    summary = bureau.night(TODAY + timedelta(days=1))
    assert summary["elders"]["changed"] == len(altered) == found["elders"]["alter"]


def test_whoever_would_be_held_is_said_to_leave_with_the_finding_that_comes(bureau, tmp_path):
    rules = changed(tmp_path, "rules.toml", "minimum_age = 72", "minimum_age = 60")
    found, listed = tried(bureau, tmp_path, rules)
    assert found["elders"]["leave"] == found["findings"]["age-under-sixty"]["come"] == 1
    assert [(row["change"], row["field"], row["before"], row["after"]) for row in listed] == [
        ("leave", "status", "active", "withdrawn")
    ]


def test_another_survivorship_shows_values_masked(bureau, tmp_path):
    survivorship = tmp_path / "survivorship.toml"
    text = (SHIPPED_CONFIG / "survivorship.toml").read_text(encoding="utf-8")
    survivorship.write_text(
        text.replace(
            "[fields]\n", '[fields]\nphone = ["health_incapacity", "village_survey", "disability_federation"]\n'
        ),
        encoding="utf-8",
    )
    _, listed = tried(bureau, tmp_path, survivorship=survivorship)
    phones = [row for row in listed if row["field"] == "phone"]
    assert len(phones) == 3
    assert all("****" in row["before"] and "****" in row["after"] for row in phones)


def test_what_is_no_rule_is_refused_by_its_own_name(bureau, tmp_path):
    rules = changed(tmp_path, "rules.toml", "minimum_aeg = 60", "minimum_age = 60")
    with pytest.raises(ConfigurationInvalid, match=r"other-rules\.toml.*minimum_aeg"):
        bureau.ask(try_rules, rules, None, tmp_path / "tried.csv")
    assert bureau.command("rules", "try", "--to", str(tmp_path / "tried.csv")) == 2
    assert bureau.command("rules", "try", "--rules", str(tmp_path / "none.toml"), "--to", str(tmp_path / "t.csv")) == 2
