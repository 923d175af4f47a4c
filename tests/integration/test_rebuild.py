"""The registry proved from its kept originals, and what is said where it is not what they say."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from memory import MemoryBureau
from nights import (
    DISABILITY,
    FAMILY,
    INCAPACITY,
    SURVEY,
    TODAY,
    copied,
    disability_row,
    family_row,
    fresh_database,
    incapacity_row,
    member_row,
    people,
    person,
    survey_row,
)

from flows.memory.rebuild import check_registry
from schemas.errors import ConfigurationInvalid, ContractBroken

TWELVE = people(12)


@pytest.fixture(scope="module")
def evening(server_engine, tmp_path_factory):
    """A bureau after several nights, to be copied for each test."""
    with fresh_database(server_engine) as url:
        bureau = MemoryBureau(tmp_path_factory.mktemp("evening") / "home", url)
        several_nights(bureau)
        yield bureau


@pytest.fixture
def bureau(evening, server_engine, tmp_path):
    with copied(evening, server_engine, tmp_path) as bureau:
        yield bureau


def check(bureau, to=None):
    return bureau.ask(check_registry, to, is_check=True)


def several_nights(bureau):
    """Lists that change, rows that are held, duplicates, households, a conflict, and a night that was undone."""
    elder = TWELVE[0]
    bureau.deliver_workbook(
        SURVEY,
        {"服务对象": [survey_row(who, 联系电话="12345" if who is elder else who.phone) for who in TWELVE[:8]],
         "家庭成员": [member_row(elder, elder.name, elder.number, "户主"), member_row(elder, "刘小明", person(500).number, "子女"),
                  member_row(person(77), "刘大明", person(501).number, "子女")]},
    )  # fmt: skip
    bureau.deliver(INCAPACITY, [incapacity_row(TWELVE[0], 能力等级=""), incapacity_row(TWELVE[1], 身份证号="44142119")])
    bureau.night()
    bureau.deliver(FAMILY, [family_row(TWELVE[2]), family_row(TWELVE[2]), family_row(TWELVE[9], 姓名="司马长风")])
    bureau.deliver(DISABILITY, [disability_row(TWELVE[3]), disability_row(TWELVE[9], 有效期至="2023-01-01")])
    bureau.night(TODAY + timedelta(days=1))
    bureau.deliver(INCAPACITY, [incapacity_row(who) for who in TWELVE[:4]], "later.csv")
    undone = bureau.night(TODAY + timedelta(days=2))["run_id"]
    bureau.undo(undone)
    bureau.deliver(FAMILY, [family_row(TWELVE[2]), family_row(TWELVE[4])], "later.csv")
    bureau.night(TODAY + timedelta(days=3))


def test_a_registry_is_what_its_originals_decisions_and_rules_make_of_it(bureau):
    before = bureau.content()
    found = check(bureau)
    assert (found["is_identical"], found["differing"], found["are_rules_changed"]) == (True, {}, False)
    assert found["compared"]["rows"] == len(bureau.query("SELECT FROM source_row WHERE to_run IS NULL"))
    assert found["compared"]["members"] == 3
    assert found["compared"]["elders"] == len(bureau.elders())
    assert (bureau.content(), len(bureau.query("SELECT FROM run"))) == (before, 5)


@pytest.mark.parametrize(
    ("statement", "kind", "field"),
    [
        ("UPDATE source_row SET phone = '13700000001' WHERE to_run IS NULL AND source = 'village_survey' AND row_number = 4",
         "rows", "phone"),
        ("UPDATE source_row SET is_held = true WHERE to_run IS NULL AND source = 'village_survey' AND row_number = 4",
         "rows", "is_held"),
        ("UPDATE member_row SET outcome = 'held' WHERE row_id = 2", "members", None),
        ("UPDATE elder SET household_town = '松口镇' WHERE id_number = :number", "elders", "household_town"),
        ("UPDATE elder SET winners = replace(winners, 'd', 'b') WHERE id_number = :number", "elders", "winners"),
        ("UPDATE category SET to_run = 1 WHERE person_id = (SELECT person_id FROM elder WHERE id_number = :number)",
         "categories", None),
        ("DELETE FROM finding WHERE origin = 'row' AND to_run IS NULL AND code = 'phone-format'", "row_findings", None),
    ],
    ids=["a cell", "a row's state", "a member", "a record", "a winner", "a category", "a finding"],
)  # fmt: skip
def test_what_was_altered_behind_the_registry_s_back_is_found(bureau, tmp_path, statement, kind, field):
    engine = sa.create_engine(bureau.url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        given = {"number": TWELVE[2].number} if ":number" in statement else {}
        connection.execute(sa.text(statement), given)
    found = check(bureau, tmp_path / "differing.csv")
    assert not found["is_identical"]
    assert found["differing"][kind] >= 1
    listed = (tmp_path / "differing.csv").read_text(encoding="utf-8-sig")
    assert field is None or f'"{field}"' in listed
    assert not any(who.name in listed for who in TWELVE)


def test_a_kept_original_that_is_gone_is_said(bureau):
    for path in (bureau.home / "received").rglob("*"):
        if path.is_file():
            path.unlink()
            break
    with pytest.raises(ContractBroken, match="kept original of delivery"):
        check(bureau)


def test_before_the_first_night_there_is_nothing_to_compare(tmp_path, fresh_url):
    with pytest.raises(ConfigurationInvalid, match="no night has merged yet"):
        check(MemoryBureau(tmp_path / "home", fresh_url))


def test_the_command_says_what_was_compared(bureau, capsys):
    assert bureau.command("rebuild", "--check") == 0
    assert "一致：登记册可由留存的原件、决定和规则完整重算" in capsys.readouterr().out
    assert bureau.command("rebuild") == 2
    bureau.own_configuration()
    bureau.set_rule("minimum_age = 90", instead_of="minimum_age = 60")
    assert bureau.command("rebuild", "--check", "--json") == 1
    assert '"are_rules_changed": true' in capsys.readouterr().out
