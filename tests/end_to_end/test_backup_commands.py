"""Backing up, bringing back, letting go and upgrading as people do it; killed anywhere, what was whole stays whole."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import made_up_lists as lists
import pytest
from shared_server import Database, Launcher, SharedServer

from flows.cli import call

GREEN, RED, USAGE, YELLOW = 0, 1, 2, 3


@dataclass(frozen=True)
class Bureau:
    """A home after a night, its database, and commands in it."""

    home: Path
    database: Database
    launcher: Launcher

    def does(self, *arguments: str, **wish: Any) -> int:
        environment = {"ELDERSYNC_DATABASE_URL": self.database.url}
        return int(self.launcher.run(*arguments, "--home", str(self.home), environment=environment, **wish)["code"])

    @property
    def backups(self) -> list[Path]:
        return sorted(self.home.glob("backups/2*"))


@pytest.fixture
def bureau(server: SharedServer, night: Bureau, launcher: Launcher, tmp_path: Path) -> Bureau:
    shutil.copytree(night.home, tmp_path / "home")
    return Bureau(tmp_path / "home", server.new(like=night.database), launcher)


@pytest.fixture(scope="module")
def night(
    server: SharedServer, migrated: Database, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory
) -> Bureau:
    bureau = Bureau(tmp_path_factory.mktemp("night"), server.new(like=migrated), launcher)
    lists.deliver(bureau.home, lists.clean_lists(lists.make_people(12)))
    assert bureau.does("run", "--date", "2026-11-20") in {GREEN, YELLOW}
    assert bureau.does("backup") == GREEN
    return bureau


@pytest.fixture
def new(server: SharedServer, launcher: Launcher, tmp_path: Path) -> Bureau:
    """Nothing yet, and an empty database."""
    return Bureau(tmp_path / "new", server.new(), launcher)


def elders(database: Database) -> int:
    return int(database.ask("SELECT count(*) AS people FROM elder")[0]["people"])


@pytest.fixture
def asked(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    def ask(bureau: Bureau, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setenv("ELDERSYNC_DATABASE_URL", bureau.database.url)
        capsys.readouterr()
        code = call([*arguments, "--home", str(bureau.home)])
        return (code, *capsys.readouterr())

    return ask


def test_a_drill_backup_check_restore_and_a_look_at_what_came_back(bureau, new, asked):
    code, out, _ = asked(bureau, "backup")
    assert code == GREEN
    assert "校验通过" in out
    assert "同一块磁盘" in out
    newest = bureau.backups[-1]
    assert asked(bureau, "backup", "list")[1].count("人员记录") == 2
    assert asked(bureau, "backup", "check", str(newest))[0] == GREEN
    code, out, _ = asked(new, "restore", str(newest))
    assert (code, new.home.exists()) == (YELLOW, False)
    assert "尚未恢复" in out
    code, out, _ = asked(new, "restore", str(newest), "--yes", "--by", "王芳", "--reason", "演练")
    assert code == GREEN
    assert f"--config {new.home}/config" in out
    assert elders(new.database) == elders(bureau.database) > 0
    assert asked(new, "status", "--json")[0] in {GREEN, YELLOW}


def test_programs_are_answered_in_one_json_object(bureau, new, asked):
    made = json.loads(asked(bureau, "backup", "--json")[1])
    assert {"backup", "rows", "originals", "copied", "missing", "damaged", "is_whole", "bytes"} <= set(made)
    assert json.loads(asked(new, "restore", made["backup"], "--json")[1])["is_done"] is False
    assert {"originals", "reports", "outgoing", "logs", "backups", "flow_runs"} <= set(
        json.loads(asked(bureau, "prune", "--json")[1])
    )
    assert json.loads(asked(bureau, "upgrade", "--json")[1])["migrated"] == []


def test_a_damaged_backup_is_red_and_a_wrong_folder_or_no_home_is_wrong_usage(bureau, asked, capsys):
    newest = bureau.backups[-1]
    (newest / "database/stage.copy.gz").write_bytes(b"")
    code, out, _ = asked(bureau, "backup", "check", str(newest))
    assert (code, "database/stage.copy.gz：已损坏" in out) == (RED, True)
    assert asked(bureau, "backup", "check", str(bureau.home))[0] == USAGE
    assert asked(bureau, "restore", str(newest), "--yes")[0] == USAGE
    capsys.readouterr()
    assert call(["restore", str(newest)]) == USAGE
    assert "--home" in capsys.readouterr().err


def test_an_old_thing_goes_only_when_it_is_asked_for(bureau, asked):
    for number in range(14):
        (bureau.home / f"backups/202001{number + 1:02}T000000Z").mkdir()
        (bureau.home / f"backups/202001{number + 1:02}T000000Z/manifest.json").write_text("{}")
    assert asked(bureau, "prune")[0] == YELLOW
    assert len(bureau.backups) == 15
    assert asked(bureau, "prune", "--yes")[0] == RED, (
        "originals stay while a backup that is kept does not say which it needs"
    )
    assert len(bureau.backups) == 14


# Killed


@pytest.mark.parametrize("rename", [1, 2, 12, 25, 28, 40])
def test_a_killed_backup_is_no_backup_and_the_next_one_is_whole(bureau, asked, rename):
    (bureau.home / "backups/originals").rename(bureau.home / "elsewhere")  # so that originals are copied, too
    assert bureau.does("backup", die={"rename": rename}) == -9
    assert len(bureau.backups) == 1
    assert asked(bureau, "backup")[0] == GREEN
    assert len(bureau.backups) == 2
    assert list((bureau.home / "backups").glob("**/.*.part")) == []


@pytest.mark.parametrize("rename", [1, 10, 17])
def test_a_killed_restore_leaves_no_home_and_may_be_started_again(bureau, new, rename):
    backup = str(bureau.backups[-1])
    assert new.does("restore", backup, "--yes", die={"rename": rename}) == -9
    assert not new.home.exists()
    assert new.does("restore", backup, "--yes") == GREEN
    assert elders(new.database) == elders(bureau.database)


def test_a_restore_killed_before_its_rows_are_committed_has_restored_none(bureau, new):
    """The first commit looks whether the database is empty, the last one before its rows only reads."""
    backup = str(bureau.backups[-1])
    assert new.does("restore", backup, "--yes", die={"before": 2}) == -9
    assert not new.home.exists()
    assert new.does("restore", backup, "--yes") == GREEN


def test_a_restore_killed_after_its_rows_are_committed_says_that_the_database_is_not_empty(bureau, new, asked):
    backup = str(bureau.backups[-1])
    assert new.does("restore", backup, "--yes", die={"after": 2}) == -9
    assert not new.home.exists()
    code, _, err = asked(new, "restore", backup, "--yes")
    assert (code, "name an empty one" in err) == (USAGE, True)
