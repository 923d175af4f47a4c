"""What a bureau may write under ``[channel]`` for a database."""

from typing import Any

import pytest
from pydantic import ValidationError

from schemas.channels import DatabaseChannel

LEAST: dict[str, Any] = {
    "kind": "database",
    "url_secret": "other_body",
    "view": "share.v_elders",
    "key_columns": ["id"],
}


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param({}, id="least"),
        pytest.param({"url_secret": None, "url": "postgresql://reader@10.0.0.7:5432/db?sslmode=verify-full"}, id="url"),
        pytest.param({"url_secret": None, "url": "mysql://reader@h/db", "password_secret": "pw"}, id="password"),
        pytest.param({"mode": "cursor", "cursor_column": "changed", "lag_minutes": 0}, id="cursor"),
        pytest.param({"view": "共享.视图_1", "columns": ["家庭每月收入(元)", "100%"]}, id="chinese"),
    ],
)
def test_a_channel_that_can_be_pulled(keys: dict[str, Any]) -> None:
    DatabaseChannel.model_validate({**LEAST, **keys})


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        pytest.param({"url_secret": None}, "either url or url_secret", id="no-url"),
        pytest.param({"url": "mysql://h/db"}, "either url or url_secret", id="two-urls"),
        pytest.param({"password_secret": "pw"}, "password_secret belongs to url", id="two-passwords"),
        pytest.param({"url_secret": None, "url": "mysql://reader:hush@h/db"}, "password_secret", id="password"),
        pytest.param(
            {"url_secret": None, "url": "mysql://h/db?Password=hush"}, "password_secret", id="password-option"
        ),
        pytest.param({"url_secret": None, "url": "mysql://h/db?passwd=hush"}, "password_secret", id="passwd-option"),
        pytest.param({"view": "v_elders"}, "pattern", id="no-schema"),
        pytest.param({"view": 'share."x'}, "pattern", id="quote"),
        pytest.param({"view": "share.v; DROP TABLE x"}, "pattern", id="statement"),
        pytest.param({"columns": ["a`b"]}, "pattern", id="backquote"),
        pytest.param({"columns": ["id", "id"]}, "names a column twice", id="twice"),
        pytest.param({"key_columns": []}, "at least 1", id="no-key"),
        pytest.param({"mode": "cursor"}, "cursor_column goes with", id="no-cursor"),
        pytest.param({"cursor_column": "changed"}, "cursor_column goes with", id="cursor-of-a-full-list"),
        pytest.param({"most_rows": 2_000_000}, "less than or equal", id="more-than-the-reader-takes"),
    ],
)
def test_a_channel_that_cannot_be_pulled_says_why(keys: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said) as caught:
        DatabaseChannel.model_validate({**LEAST, **keys})
    told = [error["msg"] for error in caught.value.errors(include_url=False, include_input=False)]
    assert not any("hush" in message for message in told)
