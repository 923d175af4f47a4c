"""``eldersync rules``: what is in force, what a bureau has changed of it, and how many findings stand."""

import json

import pytest
from nights import SURVEY, Bureau, copied, fresh_database, person, survey_row
from openpyxl import load_workbook

from flows.cli import call
from schemas.findings import CATALOGUE, Finding


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict]:
    code = call([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.fixture(scope="module")
def evening(server_engine, tmp_path_factory):
    """A bureau of its own rules: telephones are not judged, names are rejected; three findings stand after a night."""
    with fresh_database(server_engine) as url:
        bureau = Bureau(tmp_path_factory.mktemp("evening") / "home", url)
        bureau.own_configuration()
        bureau.set_rule('off = ["phone-format"]')
        bureau.set_rule('[severities]\nname-characters = "reject"', instead_of="# [severities]")
        bureau.deliver(SURVEY, [
            survey_row(person(1), 姓名="张@三", 联系电话="1"), survey_row(person(2), 建档日期="去年"), survey_row(person(3), 建档日期="去年"),
        ])  # fmt: skip
        bureau.night()
        yield bureau


@pytest.fixture
def bureau(evening, server_engine, tmp_path):
    with copied(evening, server_engine, tmp_path) as bureau, bureau.environment():
        yield bureau


def of(bureau: Bureau) -> list[str]:
    return ["--home", str(bureau.home), "--config", str(bureau.config)]


def test_every_rule_is_listed_with_what_is_in_force_and_what_stands(bureau, capsys):
    code, found = asked(capsys, "rules", "list", *of(bureau))
    lines = {line["code"]: line for line in found["rules"]}
    assert code == 0
    assert list(lines) == [str(each) for each in CATALOGUE]
    assert {name: line["standing"] for name, line in lines.items() if line["standing"]} == {
        "date-format": 2,
        "name-characters": 1,
    }
    assert (lines["name-characters"]["severity"], lines["name-characters"]["default"]) == ("退回", "提醒")
    assert [name for name, line in lines.items() if not line["is_on"]] == ["phone-format"]


def test_a_rule_that_is_off_reports_nothing_and_the_night_goes_on(bureau):
    assert "phone-format" not in bureau.codes()


@pytest.mark.parametrize("ending", ["csv", "xlsx", "json"])
def test_the_list_leaves_as_a_file_in_chinese(bureau, capsys, tmp_path, ending):
    to = tmp_path / f"rules.{ending}"
    code, found = asked(capsys, "rules", "list", "--to", str(to), *of(bureau))
    assert (code, found["file"]) == (0, str(to))
    if ending == "xlsx":
        header, *rows = load_workbook(to).active.iter_rows(values_only=True)
        assert header[:3] == ("代码", "阶段", "名称")
        assert len(rows) == len(Finding)
    elif ending == "csv":
        assert to.read_text(encoding="utf-8-sig").startswith('"代码","阶段","名称"')
    else:
        assert {line["parameters"] for line in json.loads(to.read_text())} >= {"最低年龄（周岁）：60"}


def test_one_rule_is_explained_in_words(bureau, capsys):
    assert call(["rules", "explain", "age-under-sixty", *of(bureau)]) == 0
    told = capsys.readouterr().out
    assert "名称：未满六十周岁" in told
    assert "参数：最低年龄（周岁）：60" in told
    assert "现有问题：0" in told


def test_the_version_is_another_one_where_the_bureau_has_changed_a_rule(bureau, capsys, tmp_path):
    _, changed = asked(capsys, "rules", "explain", "name-characters", *of(bureau))
    _, shipped = asked(capsys, "rules", "explain", "name-characters", "--home", str(bureau.home))
    assert changed["version"] != shipped["version"]


def test_without_a_registry_nothing_is_made_and_nothing_counted(tmp_path, capsys):
    home = tmp_path / "nowhere"
    code, found = asked(capsys, "rules", "list", "--home", str(home))
    assert code == 0
    assert {line["standing"] for line in found["rules"]} == {None}
    assert not home.exists()


def test_a_code_that_does_not_exist_is_answered_with_the_nearest(tmp_path, capsys):
    code, found = asked(capsys, "rules", "explain", "phone-formt", "--home", str(tmp_path))
    assert code == 2
    assert "phone-format" in found["error"]


def test_a_switch_that_may_not_be_used_ends_the_command_and_says_why(bureau, capsys):
    bureau.set_rule('off = ["id-number-checksum"]', instead_of='off = ["phone-format"]')
    code, found = asked(capsys, "rules", "list", *of(bureau))
    assert code == 2
    assert found["error"].endswith("off: id-number-checksum cannot be switched off: it tells who a person is")
