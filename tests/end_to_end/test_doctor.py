"""The doctor looks at everything an installation stands on; each line ends with what to do, and one that fails stops no other."""

import json
import shutil
import socket
from pathlib import Path
from typing import Any

import made_up_lists as lists
import pytest
from push_office import Office
from shared_server import Database, Launcher, SharedServer

GREEN, RED = 0, 1


@pytest.fixture(scope="module")
def evening(
    server: SharedServer, migrated: Database, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory
) -> Office:
    office = Office.calm(tmp_path_factory.mktemp("evening"), server.new(like=migrated), launcher)
    lists.deliver(office.home, lists.clean_lists(lists.make_people(6)))
    assert office.say("run").code == GREEN
    return office


@pytest.fixture
def office(evening: Office, server: SharedServer, tmp_path: Path) -> Office:
    return evening.copied(tmp_path / "office", server)


def checks(office: Office) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in office.say("doctor", "--json").json["checks"]}


def failing(office: Office) -> list[str]:
    return [name for name, check in checks(office).items() if not check["ok"]]


def test_a_healthy_installation_has_no_failing_line_and_every_line_ends_with_what_to_do(office: Office) -> None:
    answer = office.say("doctor")
    assert answer.code == GREEN
    lines = answer.out.splitlines()
    assert len(lines) >= 20
    for line in lines:
        level, _, told = line.partition(" ")
        assert level in {"ok", "note"}
        _, _, remedy = told.rpartition(" → ")
        assert remedy == "无需处理" if level == "ok" else len(remedy) > 4
    assert set(checks(office)) >= {
        "configuration", "platform profile", "home", "permissions", "secrets", "disk", "clock", "database", "platform", "messages",
        "backup", "server", "locale", "fonts", "versions", "watchdog", "source village_survey",
    }  # fmt: skip


def test_a_broken_configuration_leaves_the_machine_to_be_looked_at(office: Office) -> None:
    office.edit("bureau.toml", 'target = "workbook"', 'target = "pigeon"')
    found = checks(office)
    assert [name for name, check in found.items() if not check["ok"]] == ["configuration"]
    assert "bureau.toml" in found["configuration"]["seen"]
    assert "versions" in found


def test_secrets_that_are_missing_or_open_to_others_are_named_and_not_shown(office: Office) -> None:
    office.edit("operations.toml", 'kind = "none"', 'kind = "wecom"\nurl_secret = "robot_url"')
    assert failing(office) == ["secrets"]
    secret = office.home / "secrets" / "robot_url"
    secret.parent.mkdir(mode=0o700, exist_ok=True)
    secret.write_text("https://robots.example/send?key=canary-9d1")
    secret.chmod(0o600)
    assert failing(office) == []
    secret.chmod(0o644)
    found = checks(office)
    assert {name for name, check in found.items() if not check["ok"]} >= {"permissions", "secrets"}
    assert "canary" not in json.dumps(found)


def test_a_full_disk_and_a_database_that_is_away_fail_alone(office: Office) -> None:
    office.edit("operations.toml", "free_gigabytes = 2.0", "free_gigabytes = 1e9")
    assert failing(office) == ["disk"]
    away = Office(
        office.home,
        office.config,
        Database("x", "postgresql://u:canary@127.0.0.1:1/x", office.database.engine),
        office.launcher,
    )
    found = checks(away)
    assert [name for name, check in found.items() if not check["ok"]] == ["disk", "database"]
    assert "canary" not in json.dumps(found)


def test_a_platform_that_is_away_fails_with_its_reason(office: Office) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        office.tells(f"http://127.0.0.1:{probe.getsockname()[1]}")
    found = checks(office)["platform"]
    assert (found["ok"], "cannot be reached" in found["seen"], bool(found["remedy"])) == (False, True, True)


def test_an_inbox_that_cannot_be_listed_and_a_server_that_is_away_are_named_by_their_source(office: Office) -> None:
    inbox = office.home / "inbox" / "village_survey"
    shutil.rmtree(inbox)
    inbox.symlink_to("/nonexistent")
    path = office.config / "sources" / "disability_federation.toml"
    before, _, _ = path.read_text(encoding="utf-8").rpartition("\n[channel]")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        host_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPmGF4qkkkAUSKRbmPBFAgKAvJL5HVqV9xyrqFvUoGk"
        sftp = f'kind = "sftp"\nhost = "127.0.0.1"\nport = {probe.getsockname()[1]}\nusername = "u"\npassword = "sftp"\nhost_keys = ["{host_key}"]\n'
        path.write_text(f"{before}\n[channel]\n{sftp}", encoding="utf-8")
        secret = office.home / "secrets" / "sftp"
        secret.parent.mkdir(mode=0o700, exist_ok=True)
        secret.write_text("canary")
        secret.chmod(0o600)
        found = checks(office)
    assert [name for name, check in found.items() if not check["ok"]] == [
        "source disability_federation",
        "source village_survey",
    ]
    assert "cannot be reached" in found["source disability_federation"]["seen"]


def test_a_message_that_did_not_leave_is_told(office: Office, tmp_path: Path) -> None:
    office.edit("operations.toml", 'kind = "none"', f'kind = "file"\nfile = "{tmp_path / "none" / "m.txt"}"')
    assert failing(office) == ["messages"]
