"""``config check`` tells everything that is wrong with a configuration at once; ``config show`` everything in force, but no secret."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from config_folder import Change, Folder

from flows.settings.configuration_check import FILES, check_configuration
from flows.settings.configuration_show import shown_configuration
from schemas.errors import ConfigurationInvalid


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def problems(folder: Folder) -> list[tuple[str, int | None, str]]:
    found = check_configuration(folder.home, folder.config)["problems"]
    return [
        (str(Path(problem["file"]).relative_to(folder.config)), problem["line"], problem["key"]) for problem in found
    ]


def values(folder: Folder, part: str = "") -> dict[str, tuple[str, str]]:
    shown = shown_configuration(folder.home, folder.config, part)["values"]
    return {value["key"]: (value["value"], value["origin"]) for value in shown}


def test_nothing_is_wrong_with_the_shipped_configuration(folder: Folder) -> None:
    assert check_configuration(folder.home, folder.config) == {
        "folder": str(folder.config),
        "files": 15,
        "problems": [],
    }


def test_every_problem_of_every_file_is_told_at_once(folder: Folder) -> None:
    folder.edit("rules.toml", "minimum_age", "minimum_aeg")
    folder.edit("rules.toml", "village_people = 3", 'village_people = "few"')
    folder.edit("bureau.toml", 'county = "梅县区"', 'county = "no such county"')
    folder.edit("sources/health_incapacity.toml", 'body = "health"', 'body = "helth"')
    folder.edit("platform/example_flat.toml", "row_limit", "rowlimit")
    folder.edit("operations.toml", "keep = 14", "keep = 0")
    folder.edit("survivorship.toml", 'otherwise = ["village_survey"', 'otherwise = ["vilage_survey"')
    folder.edit("identity/scores.toml", "largest_block", "largest_blok")
    folder.edit("returns.toml", "contact", "contct")
    (folder.config / "holidays.csv").write_text("日期,类型\n2027-01-01,maybe\n", encoding="utf-8")
    (folder.config / "divisions.csv").write_text("code\n", encoding="utf-8")
    (folder.config / "rules.toml").chmod(0o666)
    told = problems(folder)
    assert {file for file, _, _ in told} == {
        "rules.toml", "bureau.toml", "sources/health_incapacity.toml", "platform/example_flat.toml", "operations.toml",
        "survivorship.toml", "identity/scores.toml", "returns.toml", "holidays.csv", "divisions.csv",
    } - {"bureau.toml"}  # fmt: skip  # a county cannot be looked up in a table that cannot be read
    assert sum(file == "rules.toml" for file, _, _ in told) == 3
    assert ("sources/health_incapacity.toml", 3, "body") in told


def lines_of(folder: Folder, file: str, text: str) -> int:
    lines = (folder.config / file).read_text(encoding="utf-8").splitlines()
    [line] = [number for number, content in enumerate(lines, start=1) if content.startswith(text)]
    return line


def test_what_shows_only_together_has_its_line_too(folder: Folder) -> None:
    folder.edit("bureau.toml", 'county = "梅县区"', 'county = "no such county"')
    folder.knows("127.0.0.1")
    assert problems(folder) == [
        ("bureau.toml", lines_of(folder, "bureau.toml", "county"), "county"),
        ("platform/example.toml", lines_of(folder, "platform/example.toml", 'url = "http:'), "api.url"),
    ]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("operation.toml", "operations.toml"),
        ("source/street.toml", "sources/*.toml"),
        ("division.csv", "divisions.csv"),
    ],
)
def test_a_file_that_nobody_reads_is_told_with_the_name_that_was_meant(folder: Folder, name: str, meant: str) -> None:
    (folder.config / name).parent.mkdir(exist_ok=True)
    (folder.config / name).write_text("", encoding="utf-8")
    [problem] = check_configuration(folder.home, folder.config)["problems"]
    assert problem["words"] == f"nobody reads a file of this name; did you mean {meant}?"


SECRETS: dict[str, tuple[Change, str, str, str]] = {
    "of a source": (
        lambda folder: folder.edit("sources/health_incapacity.toml", "label =", 'password_secret = "opens_lists"\nlabel ='),
        "sources/health_incapacity.toml", "password_secret", "opens_lists",
    ),
    "in what is sent": (
        lambda folder: folder.add(
            "sources/health_incapacity.toml",
            '[channel]\nkind = "rest"\nbase_url = "https://a.example"\npath = "/x"\nenvelope = { records = "d" }\n'
            'headers = { Authorization = "Bearer ${health_token}" }',
        ),
        "sources/health_incapacity.toml", "channel.headers.Authorization", "health_token",
    ),
    "of the interface": (
        lambda folder: folder.edit("bureau.toml", 'target = "workbook"', 'target = "api"'),
        "platform/example.toml", "api.signing.token_secret", "platform_token",
    ),
    "of the exchange table": (
        lambda folder: folder.edit("bureau.toml", 'target = "workbook"', 'target = "exchange"'),
        "platform/example.toml", "exchange.password_secret", "platform_exchange",
    ),
    "of a robot": (
        lambda folder: folder.edit("operations.toml", 'kind = "none"', 'kind = "wecom"\nurl_secret = "robot_url"'),
        "operations.toml", "notify.url_secret", "robot_url",
    ),
}  # fmt: skip


@pytest.mark.parametrize("whose", SECRETS)
def test_a_secret_that_is_named_and_not_there_is_told_where_it_is_named(folder: Folder, whose: str) -> None:
    change, file, key, name = SECRETS[whose]
    change(folder)
    assert [(told[0], told[2]) for told in problems(folder)] == [(file, key)]
    assert values(folder, "secrets")[f"secrets.{name}"] == ("missing", f"{file}: {key}")
    folder.secret(name, "https://hunter2.example")
    assert problems(folder) == []
    assert values(folder, "secrets")[f"secrets.{name}"] == ("set (file, 0600)", f"{file}: {key}")


def test_every_value_is_shown_with_its_file_and_line_or_as_a_default(folder: Folder) -> None:
    folder.edit("rules.toml", "minimum_age = 60", "#")
    shown = values(folder)
    assert shown["rules.minimum_age"] == ("60", "default")
    assert shown["rules.brake.people"] == ("10", f"rules.toml:{lines_of(folder, 'rules.toml', '[brake]') + 1}")
    assert shown["bureau.county"] == ("梅县区", f"bureau.toml:{lines_of(folder, 'bureau.toml', 'county')}")
    assert shown["operations.watch.done_by"][0] == "06:00:00"
    assert shown["operations.backup.folder"] == ("null", "default")
    assert shown["sources.village_survey.channel.kind"] == ("folder", "default")
    assert shown["survivorship.fields.name.strategy"][1].startswith("survivorship.toml:")
    assert shown["platform.example.columns.0.header"][1].startswith("platform/example.toml:")


def test_the_version_of_the_profile_that_is_in_force_is_the_one_shown(folder: Folder) -> None:
    profile = folder.config / "platform/example@3.toml"
    shutil.copyfile(profile.with_name("example.toml"), profile)
    folder.edit("platform/example@3.toml", "effective_from = 2024-01-01", "effective_from = 2024-06-01")
    line = lines_of(folder, "platform/example@3.toml", "effective_from")
    assert values(folder)["platform.example.effective_from"] == ("2024-06-01", f"platform/example@3.toml:{line}")


def test_a_part_is_shown_alone(folder: Folder) -> None:
    assert set(values(folder, "rules.brake")) == {
        f"rules.brake.{key}" for key in ("people", "share", "village_people", "village_share")
    }
    assert values(folder, "rules.bra") == {}


def test_no_secret_is_shown(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.edit("operations.toml", 'kind = "none"', 'kind = "wecom"\nurl_secret = "robot_url"')
    folder.secret("prefect_password", "user:hunter2", 0o640)
    monkeypatch.setenv("ELDERSYNC_SECRET_ROBOT_URL", "https://robot.example/hunter2")
    monkeypatch.setenv(
        "ELDERSYNC_DATABASE_URL", "postgresql://us:hunter2@localhost/registry?password=hunter2&host=localhost"
    )
    shown: dict[str, Any] = values(folder)
    assert "hunter2" not in str(shown)
    assert shown["secrets.robot_url"][0] == "set (environment)"
    assert shown["secrets.prefect_password"][0] == "can be read by others (file, 0640)"
    assert shown["environment.ELDERSYNC_DATABASE_URL"][0].startswith("postgresql://us:***@localhost/registry")


def test_a_configuration_that_is_not_there_is_one_problem(folder: Folder) -> None:
    shutil.rmtree(folder.config)
    assert [problem["words"] for problem in check_configuration(folder.home, folder.config)["problems"]] == [
        "there is no such configuration folder"
    ]
    with pytest.raises(ConfigurationInvalid, match="no such configuration folder"):
        shown_configuration(folder.home, folder.config)


def test_the_manual_has_a_section_for_every_file() -> None:
    manual = (Path(__file__).resolve().parents[3] / "docs/configuration.md").read_text(encoding="utf-8")
    sections = {"sources/*.toml": "sources/NAME.toml", "platform/*.toml": "platform/NAME.toml"}
    missing = [name for name in FILES if sections.get(name, name).removeprefix("identity/") not in manual]
    assert missing == []
