"""How letters are numbered and how long a sender has can be set, and what is set wrong is named."""

from pathlib import Path

import pytest

from schemas.errors import ConfigurationInvalid
from schemas.return_letters import ReturnLetters, load_return_letters

SHIPPED = Path(__file__).resolve().parents[3] / "config"


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert load_return_letters(tmp_path) == ReturnLetters()


def test_the_shipped_file_is_valid() -> None:
    assert load_return_letters(SHIPPED).working_days == 10


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("working_days = 0", "working_days", id="no time at all"),
        pytest.param("days = 3", "days", id="an unknown key"),
        pytest.param("reference = ", "TOML", id="not TOML"),
        pytest.param('reference = ""', "reference", id="no reference"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "returns.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationInvalid, match=told):
        load_return_letters(tmp_path)
