"""The configuration as operators meet it: checked and shown by command, and refused by every command that would start on a wrong one."""

import json
import shutil
from pathlib import Path

import pytest

from flows.cli import call
from flows.commands.cli_common import GREEN, USAGE

SHIPPED = Path(__file__).resolve().parents[2] / "config"
STARTS = [
    ["run"], ["resume", "1"], ["status"], ["runs"], ["show", "1"], ["plan", "1"], ["approve", "1", "--by", "W", "--reason", "r"], ["push"],
    ["push", "status"], ["reconcile"], ["undo", "1", "--by", "W", "--reason", "r"], ["returns", "1"], ["elders", "--to", "{there}/e.csv"],
    ["findings", "1", "--to", "{there}/f.csv"], ["explain", "1"],
]  # fmt: skip


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "config"))


def instead(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_configuration_in_order_is_said_to_be(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(["config", "check", "--config", str(config), "--home", str(tmp_path / "home")]) == GREEN
    assert capsys.readouterr().out == f"{config}: 15 files, nothing is wrong\n"
    assert not (tmp_path / "home").exists()


def test_mistakes_are_told_line_by_line_and_in_numbers(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    instead(config / "rules.toml", "minimum_age", "minimum_aeg")
    instead(config / "operations.toml", "port = 4200", "port = 80")
    arguments = ["config", "check", "--config", str(config), "--home", str(tmp_path / "home")]
    assert call(arguments) == USAGE
    port = (config / "operations.toml").read_text(encoding="utf-8").splitlines().index("port = 80") + 1
    assert capsys.readouterr().out.splitlines() == [
        f"{config}/operations.toml:{port}: server.port: Input should be greater than or equal to 1024",
        f"{config}/rules.toml:3: minimum_aeg: Extra inputs are not permitted; did you mean minimum_age?",
        f"{config}: 15 files, 2 problems",
    ]
    assert call([*arguments, "--json"]) == USAGE
    assert [problem["line"] for problem in json.loads(capsys.readouterr().out)["problems"]] == [port, 3]


def test_values_are_shown_with_where_they_come_from(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["config", "show", "rules.reading", "--config", str(config), "--home", str(tmp_path / "home")]
    assert call(arguments) == GREEN
    assert "rules.reading.cpu_seconds = 120\n" in capsys.readouterr().out
    instead(config / "rules.toml", "cpu_seconds", "# cpu_seconds")
    assert call([*arguments, "--origin"]) == GREEN
    assert "rules.reading.cpu_seconds = 120  # default\n" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", STARTS, ids=lambda arguments: " ".join(arguments[:2]))
def test_no_command_starts_where_test_and_production_are_mixed_up(
    config: Path, tmp_path: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    instead(config / "operations.toml", "production_hosts = []", 'production_hosts = ["exchange.invalid"]')
    command = [argument.format(there=tmp_path) for argument in arguments]
    assert call([*command, "--config", str(config), "--home", str(tmp_path / "home")]) == USAGE
    said = capsys.readouterr().err
    assert f"{config}/platform/example.toml: exchange.url: leads to one of production_hosts" in said
    assert not (tmp_path / "home" / "postgres").exists()


def test_no_command_starts_where_everybody_can_write_the_configuration(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (config / "bureau.toml").chmod(0o666)
    assert call(["run", "--config", str(config), "--home", str(tmp_path / "home")]) == USAGE
    assert "bureau.toml: can be written by everybody" in capsys.readouterr().err


def test_made_up_deliveries_do_not_get_into_a_production_home(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    instead(config / "operations.toml", 'installation = "test"', 'installation = "production"')
    home = tmp_path / "home"
    arguments = ["sample", "--people", "3", "--to", str(home / "inbox"), "--config", str(config), "--home", str(home)]
    assert call(arguments) == USAGE
    assert "made-up deliveries do not go there" in capsys.readouterr().err
    assert not home.exists()
