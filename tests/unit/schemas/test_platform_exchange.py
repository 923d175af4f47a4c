"""What an exchange table's configuration may say: names that are only names, words that mean one thing."""

from typing import Any

import pytest
from pydantic import ValidationError

from schemas.platform_exchange import ExchangeFormat


def exchange_of(**keys: Any) -> ExchangeFormat:
    return ExchangeFormat.model_validate(
        {"url": "postgresql://us@h/db?sslmode=verify-full", "table": "public.t", **keys}
    )


HOSTILE = [
    pytest.param("", id="empty"),
    pytest.param("a b", id="blank"),
    pytest.param('a"b', id="quote"),
    pytest.param("a`b", id="backquote"),
    pytest.param("a'b", id="apostrophe"),
    pytest.param("a;b", id="semicolon"),
    pytest.param("a--", id="comment"),
    pytest.param("a.b", id="dot"),
    pytest.param("a%s", id="percent"),
    pytest.param("a:b", id="colon"),
    pytest.param("a\\", id="backslash"),
    pytest.param("a\x00b", id="nul"),
    pytest.param("a\n", id="line-end"),
    pytest.param("1a", id="digit-first"),
    pytest.param("$a", id="dollar-first"),
    pytest.param("户籍县(市、区)", id="brackets"),
    pytest.param("a\u202eb", id="direction"),
    pytest.param("ａ", id="full-width"),
    pytest.param("x" * 64, id="long"),
    pytest.param("姓" * 22, id="long-in-bytes"),
]


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_name_is_refused_wherever_a_name_belongs(name: str) -> None:
    for keys in (
        {"control": {"status": name}},
        {"columns": {"姓名": name}},
        {"table": f"{name}.t"},
        {"table": f"t.{name}"},
    ):
        with pytest.raises(ValidationError):
            exchange_of(**keys)
    with pytest.raises(ValueError, match="cannot be the name of a column; give it one here"):
        exchange_of().people_columns({"姓名": name})


@pytest.mark.parametrize("name", ["x", "XM", "_a$1", "姓名", "电话2", "x" * 63, "姓" * 21, "select"])
def test_what_is_a_name_is_taken_as_it_is(name: str) -> None:
    assert exchange_of(columns={"名": name}, table=f"{name}.{name}").people_columns({"名": "任意(名)"}) == {
        "任意(名)": name
    }


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        pytest.param({"control": {"status": "revision"}}, "two columns are called", id="control-columns"),
        pytest.param({"columns": {"姓名": "status"}}, "two columns are called status", id="control-and-person"),
        pytest.param({"columns": {"姓名": "a", "性别": "A"}}, "two columns are called A", id="people"),
        pytest.param({"operations": {"withdrawn": "u"}}, "the word u stands for two operations", id="operations"),
        pytest.param({"statuses": {"taken": ["0"]}}, "the word 0 stands for two statuses", id="statuses"),
        pytest.param({"statuses": {"taken": []}}, "at least 1 item", id="no-word-for-taken"),
        pytest.param({"statuses": {"failed": [" 2"]}}, "pattern", id="blank-word"),
        pytest.param({"url_secret": "x"}, "either url or url_secret", id="two-addresses"),
        pytest.param({"url": "mysql://us:hidden@h/db"}, "the password is named in password_secret", id="password-in-url"),
        pytest.param({"url": None, "url_secret": "x", "password_secret": "x"}, "password_secret belongs to url", id="two-passwords"),
        pytest.param({"status_column": "x"}, "Extra inputs", id="unknown-key"),
    ],
)  # fmt: skip
def test_what_could_mean_two_things_is_refused(keys: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        exchange_of(**keys)


@pytest.mark.parametrize(
    ("columns", "keys", "said"),
    [
        pytest.param({"性别": "XB"}, {"姓名": "姓名"}, "性别 is no header of the profile", id="header-unknown"),
        pytest.param({}, {"a": "a", "b": "A"}, "two columns are called A", id="differ-in-case-only"),
        pytest.param({}, {"a": "status"}, "two columns are called status", id="like-a-control-column"),
    ],
)
def test_columns_are_looked_at_beside_the_profiles_headers(
    columns: dict[str, str], keys: dict[str, str], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        exchange_of(columns=columns).people_columns(keys)


def test_columns_the_table_does_not_have_are_left_out() -> None:
    assert "receipt" not in exchange_of(control={"receipt": ""}).control.names
