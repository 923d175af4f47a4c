"""``eldersync source …`` as people and programs use it: a new list becomes a source by a file of configuration alone."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import made_up_lists as lists
import pytest
from shared_server import Database, SharedServer

from flows.cli import call

GREEN, RED, USAGE, YELLOW = 0, 1, 2, 3
SHIPPED = Path(__file__).parents[2] / "config"
SCRIPT = str(Path(sys.executable).with_name("eldersync"))
PEOPLE = lists.make_people(40)
HEADER = ("序号", "长者姓名", "性别", "证件号", "手机号", "户籍所在地", "困难类别", "登记时间")


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one JSON object on standard output."""
        (line,) = self.out.splitlines()
        found: dict[str, Any] = json.loads(line)
        return found


Command = Callable[..., Answer]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return shutil.copytree(SHIPPED, tmp_path / "config")


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, home: Path, config: Path) -> Command:
    """Runs a command of sources in this process, under a configuration of its own unless told otherwise."""

    def run(*arguments: str, configured: bool = True) -> Answer:
        monkeypatch.setenv("COLUMNS", "160")
        capsys.readouterr()
        monkeypatch.delenv("ELDERSYNC_CONFIG", raising=False)
        more = ["--config", str(config)] if configured else []
        return Answer(call(["source", *arguments, "--home", str(home), *more]), *capsys.readouterr())

    return run


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """A street's list in its own words: 1 is a woman there and 0 a man."""
    rows = [
        [str(place), person.name, "01"[person.is_woman], person.number, person.phone, person.address, person.category, "2026-05-06"]
        for place, person in enumerate(PEOPLE, 1)
    ]  # fmt: skip
    path = tmp_path / "街道长者名单.csv"
    path.write_bytes(
        "".join(",".join(f'"{cell}"' for cell in row) + "\r\n" for row in [HEADER, *rows]).encode("gb18030")
    )
    return path


def add(command: Command, sample: Path, *more: str) -> Answer:
    return command("add", "street_list", "--from", str(sample), "--body", "civil_affairs", *more)


def test_a_list_becomes_a_source_and_a_night_takes_it(
    command: Command, config: Path, home: Path, sample: Path, server: SharedServer, migrated: Database,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert command("inspect", str(sample)).code == GREEN
    assert add(command, sample, "--label", "街道长者名单").code == GREEN
    tried = command("try", "street_list", str(sample), "--date", "2026-11-20", "--json")
    assert tried.code == GREEN
    assert tried.json["funnel"] == {"received": 40, "admitted": 40, "held": 0, "blank": 0, "broken": 0}

    monkeypatch.setenv("ELDERSYNC_DATABASE_URL", server.new(like=migrated).url)
    inbox = home / "inbox/street_list"
    inbox.mkdir(parents=True)
    shutil.copy(sample, inbox)
    capsys.readouterr()
    code = call(["run", "--date", "2026-11-20", "--home", str(home), "--config", str(config), "--json"])
    night = json.loads(capsys.readouterr().out)
    assert code in {GREEN, YELLOW}
    taken = next(source for source in night["sources"] if source["name"] == "street_list")
    assert (taken["status"], taken["received"], taken["admitted"], taken["held"]) == ("green", 40, 40, 0)
    assert night["elders"]["total"] == 40

    listed = {source["name"]: source for source in command("list", "--json").json["sources"]}
    assert listed["street_list"]["last_delivery"] is not None
    assert listed["village_survey"]["last_delivery"] is None


def test_a_source_that_states_neither_sex_nor_date_gets_through_a_night(
    command: Command, config: Path, home: Path, tmp_path: Path, server: SharedServer, migrated: Database,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    path = tmp_path / "sample.csv"
    rows = [("姓名", "身份证号", "能力等级"), *((person.name, person.number, "中度失能") for person in PEOPLE)]
    path.write_text("".join(",".join(row) + "\n" for row in rows), encoding="utf-8")
    assert (
        command("add", "hospital", "--from", str(path), "--body", "health", "--states", "incapacitated").code == GREEN
    )
    monkeypatch.setenv("ELDERSYNC_DATABASE_URL", server.new(like=migrated).url)
    inbox = home / "inbox/hospital"
    inbox.mkdir(parents=True)
    shutil.copy(path, inbox)
    capsys.readouterr()
    call(["run", "--date", "2026-11-20", "--home", str(home), "--config", str(config), "--json"])
    night = json.loads(capsys.readouterr().out)
    assert night["elders"]["total"] == 40


def test_inspect_prints_for_officers_and_gives_the_same_to_programs(command: Command, sample: Path) -> None:
    told, given = command("inspect", str(sample)), command("inspect", str(sample), "--json")
    assert told.code == given.code == GREEN
    found = {column["header"]: column["field"] for column in given.json["columns"]}
    assert found == {
        "序号": None, "长者姓名": "name", "性别": "sex", "证件号": "id_number", "手机号": "phone",
        "户籍所在地": "household_address", "困难类别": "categories", "登记时间": "registered_date",
    }  # fmt: skip
    for words in (
        "文字编码：GB18030",
        "分隔符：逗号",
        "记录 40",
        "身份证号码：有效 40",
        "没有对应登记项的列：序号",
        "对照号码为女",
        "第 2 行",
    ):
        assert words in told.out
    for answer in (told, given):
        assert not any(person.name in answer.out or person.number in answer.out for person in PEOPLE)
        assert "街道长者名单" not in answer.out + answer.err


def test_what_is_drafted_is_said_with_what_to_do_next(command: Command, config: Path, sample: Path) -> None:
    added = add(command, sample)
    assert added.code == GREEN
    for words in ("street_list.toml", "采用 7 列", "序号", "eldersync source try street_list"):
        assert words in added.out
    text = (config / "sources/street_list.toml").read_text(encoding="utf-8")
    assert '1 = "female"' in text
    assert "街道长者名单" not in text


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        pytest.param(
            ["add", "street_list", "--from", "SAMPLE", "--body", "nobody"], "civil_affairs, health", id="no such body"
        ),
        pytest.param(["add", "street_list", "--from", "SAMPLE"], "--body", id="nobody delivers"),
        pytest.param(["add", "village_survey", "--from", "SAMPLE", "--body", "health"], "is there already", id="taken"),
        pytest.param(["add", "Street", "--from", "SAMPLE", "--body", "health"], "small letters", id="no name"),
        pytest.param(
            ["add", "street_list", "--from", "SAMPLE", "--body", "health", "--field", "D"],
            "FIELD=LETTER",
            id="no letter",
        ),
        pytest.param(
            ["add", "street_list", "--from", "SAMPLE", "--delivers", "some"], "", id="neither full nor incremental"
        ),
        pytest.param(
            ["add", "street_list", "--from", "/nowhere/张三丰", "--body", "health"],
            "FILE is not a file",
            id="no sample",
        ),
        pytest.param(["try", "nobody", "SAMPLE"], "there is no source nobody", id="try: no such source"),
        pytest.param(["learn", "nobody", "SAMPLE"], "there is no source nobody", id="learn: no such source"),
        pytest.param(
            ["inspect", "SAMPLE", "--source", "nobody"], "there is no source nobody", id="inspect: no such source"
        ),
        pytest.param(["inspect", "SAMPLE", "--password-secret", "none_here"], "none_here", id="no such secret"),
    ],
)
def test_wrong_use_ends_with_exit_code_2_and_writes_nothing(
    command: Command, config: Path, sample: Path, arguments: list[str], why: str
) -> None:
    before = sorted(config.rglob("*"))
    answer = command(*(str(sample) if argument == "SAMPLE" else argument for argument in arguments))
    assert answer.code in ({RED, USAGE} if "--password-secret" in arguments else {USAGE})
    assert why in answer.err
    assert "张三丰" not in answer.err
    assert answer.out == ""
    assert sorted(config.rglob("*")) == before


def test_the_shipped_configuration_is_written_to_only_if_it_is_named(command: Command, sample: Path) -> None:
    before = sorted(SHIPPED.rglob("*"))
    answer = command("add", "street_list", "--from", str(sample), "--body", "civil_affairs", configured=False)
    assert answer.code == USAGE
    assert "copy it" in answer.err
    assert sorted(SHIPPED.rglob("*")) == before


def test_trying_says_by_its_exit_code_what_would_become_of_the_file(
    command: Command, sample: Path, tmp_path: Path
) -> None:
    add(command, sample)
    assert command("try", "street_list", str(sample), "--date", "2026-11-20").code == GREEN
    held = command("try", "street_list", str(sample), "--date", "2003-01-01")
    assert held.code == YELLOW
    assert "age-under-sixty" in held.out
    assert "夜间运行时才判断" in held.out
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    refused = command("try", "street_list", str(empty))
    assert refused.code == RED
    assert "不予采用" in refused.out


def test_nothing_of_a_file_that_was_tried_is_kept(command: Command, home: Path, sample: Path) -> None:
    add(command, sample)
    command("try", "street_list", str(sample))
    kept = [path for path in home.rglob("*") if path.is_file()]
    assert kept == []
    assert not (home / "postgres").exists()


def test_headers_are_learnt_by_yes_alone(command: Command, config: Path, sample: Path) -> None:
    add(command, sample)
    file = config / "sources/street_list.toml"
    sample.write_bytes(sample.read_bytes().replace("证件号".encode("gb18030"), "有效证件号码".encode("gb18030")))
    before = file.read_text(encoding="utf-8")
    shown = command("learn", "street_list", str(sample))
    assert shown.code == GREEN
    assert "有效证件号码" in shown.out
    assert "--yes" in shown.out
    assert file.read_text(encoding="utf-8") == before
    assert command("try", "street_list", str(sample)).code == RED
    assert command("learn", "street_list", str(sample), "--yes").code == GREEN
    assert command("try", "street_list", str(sample), "--date", "2026-11-20").code == GREEN
    assert "aliases_version = 2" in file.read_text(encoding="utf-8")


def test_sources_are_listed_without_a_registry_and_none_is_made(command: Command, home: Path) -> None:
    listed = command("list")
    assert listed.code == GREEN
    for words in ("village_survey", "村(居)摸底登记表", "民政部门", "全量", "folder"):
        assert words in listed.out
    assert not (home / "postgres").exists()


def test_the_installed_script_answers_with_one_object_and_no_bar_on_a_pipe(
    config: Path, home: Path, sample: Path
) -> None:
    def script(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "ELDERSYNC_CONFIG": str(config), "ELDERSYNC_HOME": str(home)}
        return subprocess.run([SCRIPT, "source", *arguments], capture_output=True, text=True, check=False, env=environment)  # fmt: skip

    added = script("add", "street_list", "--from", str(sample), "--body", "civil_affairs", "--json")
    assert (added.returncode, added.stderr) == (GREEN, "")
    assert json.loads(added.stdout)["mapped"]["id_number"] == "证件号"
    tried = script("try", "street_list", str(sample), "--date", "2026-11-20", "--json")
    assert (tried.returncode, tried.stderr) == (GREEN, "")
    assert len(tried.stdout.splitlines()) == 1
