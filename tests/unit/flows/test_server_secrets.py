"""The password of the server's page: made once, random, for its owner only; one that is wrong is named and never told."""

import stat
from pathlib import Path

import pytest

from flows.schedule.server_secrets import password_of, where_password_is
from schemas.errors import SecretMissing
from schemas.operations import Server

SERVER = Server()


def keep(home: Path, secret: str, mode: int = 0o600) -> None:
    path = where_password_is(home, SERVER)
    path.parent.mkdir(parents=True)
    path.write_text(secret)
    path.chmod(mode)


def test_a_password_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    made = password_of(tmp_path, SERVER)
    user, _, secret = made.partition(":")
    assert user == "eldersync"
    assert len(secret) >= 20
    assert password_of(tmp_path, SERVER) == made
    path = where_password_is(tmp_path, SERVER)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_two_installations_have_different_passwords(tmp_path: Path) -> None:
    assert password_of(tmp_path / "a", SERVER) != password_of(tmp_path / "b", SERVER)


def test_a_password_of_the_bureaus_own_stays(tmp_path: Path) -> None:
    keep(tmp_path, "leader:open sesame\n")
    assert password_of(tmp_path, SERVER) == "leader:open sesame"


def test_the_environment_goes_before_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELDERSYNC_SECRET_PREFECT_PASSWORD", "leader:from outside")
    assert password_of(tmp_path, SERVER) == "leader:from outside"
    assert not where_password_is(tmp_path, SERVER).exists()


@pytest.mark.parametrize(
    ("secret", "mode", "words"),
    [("leader:sesame", 0o644, "chmod 600"), ("sesame", 0o600, "user:password"), ("", 0o600, "is empty")],
    ids=["others can read it", "without a user", "empty"],
)
def test_a_password_that_is_wrong_is_not_replaced_and_not_told(
    tmp_path: Path, secret: str, mode: int, words: str
) -> None:
    keep(tmp_path, secret, mode)
    with pytest.raises(SecretMissing, match=words) as refused:
        password_of(tmp_path, SERVER)
    assert "sesame" not in str(refused.value)
    assert where_password_is(tmp_path, SERVER).read_text() == secret
