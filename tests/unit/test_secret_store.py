"""The secret store: a secret is found by its name, and one that others can read is as good as none."""

from pathlib import Path

import pytest

from flows.settings.secret_store import read_secret, secret_file, secret_state
from schemas.errors import SecretMissing


@pytest.fixture
def store(tmp_path: Path) -> Path:
    (tmp_path / "secrets").mkdir(mode=0o700)
    return tmp_path / "secrets"


def put(store: Path, name: str, text: str, mode: int = 0o600) -> None:
    (store / name).write_text(text, encoding="utf-8")
    (store / name).chmod(mode)


def test_a_secret_is_its_file_without_the_line_end(store: Path, tmp_path: Path) -> None:
    put(store, "federation_sftp", " s3cret 密\r\n")
    assert read_secret(tmp_path, "federation_sftp") == " s3cret 密"
    assert secret_file(tmp_path, "federation_sftp") == store / "federation_sftp"


def test_the_environment_comes_before_the_file(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, "federation_sftp", "of the file")
    monkeypatch.setenv("ELDERSYNC_SECRET_FEDERATION_SFTP", "of the environment")
    assert read_secret(tmp_path, "federation_sftp") == "of the environment"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666], ids=oct)
def test_a_secret_that_others_can_read_is_refused(store: Path, tmp_path: Path, mode: int) -> None:
    put(store, "federation_sftp", "s3cret", mode)
    with pytest.raises(SecretMissing, match="chmod 600") as refused:
        read_secret(tmp_path, "federation_sftp")
    assert "s3cret" not in str(refused.value)


def test_a_missing_or_empty_secret_says_where_to_put_it(store: Path, tmp_path: Path) -> None:
    with pytest.raises(SecretMissing, match="ELDERSYNC_SECRET_FEDERATION_SFTP"):
        read_secret(tmp_path, "federation_sftp")
    put(store, "federation_sftp", "\n")
    with pytest.raises(SecretMissing, match="is empty"):
        read_secret(tmp_path, "federation_sftp")


def test_a_file_that_is_no_text_is_no_secret(store: Path, tmp_path: Path) -> None:
    (store / "robot_url").write_bytes(b"\xff\xfe")
    (store / "robot_url").chmod(0o600)
    with pytest.raises(SecretMissing, match="is not a text in UTF-8"):
        read_secret(tmp_path, "robot_url")


def test_whether_a_secret_is_there_is_said_without_saying_it(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert secret_state(tmp_path, "robot_url") == "missing"
    put(store, "robot_url", "")
    assert secret_state(tmp_path, "robot_url") == "empty"
    put(store, "robot_url", "s3cret")
    assert secret_state(tmp_path, "robot_url") == "set (file, 0600)"
    put(store, "robot_url", "s3cret", 0o644)
    assert secret_state(tmp_path, "robot_url") == "can be read by others (file, 0644)"
    monkeypatch.setenv("ELDERSYNC_SECRET_ROBOT_URL", "s3cret")
    assert secret_state(tmp_path, "robot_url") == "set (environment)"
