"""A password in a configuration file is found whatever the key is called; the name of one is not taken for it."""

import tomllib
from pathlib import Path

import pytest

from schemas.configuration_faults import FileFaults, read_model
from schemas.operations import Operations
from schemas.written_secrets import written_secrets

CONFIG = Path(__file__).resolve().parents[3] / "config"


@pytest.mark.parametrize(
    "text",
    [
        'password = "Hunter-2"',
        '[server]\npasswd = "x1"',
        '[channel.headers]\nAuthorization = "Bearer abc"',
        '[channel.headers]\nX-Api-Key = "abc"',
        '[channel.query]\naccess_token = "abc"',
        '[channel.query]\nappKey = "abc"',
        '[channel.body]\nclient_secret = "abc"',
        '[channel.body.inner]\ndbPassword = "abc"',
        '[channel.auth.call.body]\n"密码" = "abc"',
        '[api.request.also]\ntokens = { token = ["abc"] }',
        'password_secret = "Not A Name"',
        'url = "postgresql://us:hunter2@host/db"',
        'url = "mysql://us@host/db?password=abc"',
        'address = "https://robot.example/send?access_token=abc"',
    ],
)
def test_a_secret_that_is_written_out_is_found(text: str) -> None:
    assert len(list(written_secrets(tomllib.loads(text)))) == 1


@pytest.mark.parametrize(
    "text",
    [
        'password_secret = "federation_sftp"',
        '[channel]\npassword = "federation_sftp"\nprivate_key = "sftp_key"\npassphrase = "key_opens"',
        '[channel.headers]\nAuthorization = "Bearer ${token}"',
        '[channel.body]\nclient_secret = "${health_client}"',
        '[channel.paging]\nparameter = "pageToken"',
        '[channel.envelope]\ntoken_expired = ["401"]',
        '[api.request]\nkey = "idempotencyKey"',
        '[channel]\nkey = "rowId"\nkey_columns = ["ID"]',
        'url = "postgresql://us@host:5432/db?sslmode=verify-full"',
        '[codes.tokenType]\n"1" = "bearer"',
    ],
)
def test_names_of_secrets_and_other_keys_are_let_be(text: str) -> None:
    assert list(written_secrets(tomllib.loads(text))) == []


@pytest.mark.parametrize("file", sorted(CONFIG.rglob("*.toml")), ids=lambda file: str(file.relative_to(CONFIG)))
def test_the_shipped_configuration_holds_none(file: Path) -> None:
    assert list(written_secrets(tomllib.loads(file.read_text(encoding="utf-8")))) == []


def test_a_file_with_a_secret_is_refused_by_line_and_key_and_what_it_says_is_not_repeated(tmp_path: Path) -> None:
    file = tmp_path / "operations.toml"
    file.write_text('[notify]\nkind = "none"\n[server]\npassword = "Hunter-2"\n', encoding="utf-8")
    with pytest.raises(FileFaults, match=r"operations\.toml: server\.password: looks like a password") as refused:
        read_model(file, Operations)
    assert [fault.line for fault in refused.value.faults] == [4, 4]
    assert "Hunter" not in "".join(map(repr, refused.value.faults))
