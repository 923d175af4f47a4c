"""Which version of a platform's format is in force on a day."""

from datetime import date
from pathlib import Path

import pytest

from schemas.errors import ConfigurationInvalid
from schemas.platform_profile import profile_in_force

VERSION = """
name = "{name}"
label = "测试格式"
version = "{version}"
effective_from = {since}
is_example = false

[workbook]
sheet = "人员"
row_limit = 10
file_name = "small"

[[columns]]
header = "姓名"
field = "name"
"""


def deposit(folder: Path, file: str, since: str, *, name: str = "small", version: str = "1") -> None:
    (folder / "platform").mkdir(exist_ok=True)
    text = VERSION.format(name=name, version=version, since=since)
    (folder / "platform" / file).write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("day", "version"),
    [(date(2024, 1, 1), "1"), (date(2024, 12, 31), "1"), (date(2025, 1, 1), "2"), (date(2026, 7, 1), "10")],
    ids=["first day", "last day before the second", "first day of the second", "third"],
)
def test_the_newest_version_in_force_on_the_day_is_chosen_whatever_the_files_are_called(
    tmp_path: Path, day: date, version: str
) -> None:
    deposit(tmp_path, "small.toml", "2024-01-01")
    deposit(tmp_path, "small@2.toml", "2025-01-01", version="2")
    deposit(tmp_path, "small@10.toml", "2026-01-01", version="10")
    deposit(tmp_path, "smaller@2.toml", "2020-01-01", name="smaller", version="another platform's")
    assert profile_in_force(tmp_path, "small", day).version == version


def test_before_the_first_version_no_format_is_in_force_and_file_and_key_are_named(tmp_path: Path) -> None:
    deposit(tmp_path, "small.toml", "2026-01-01")
    deposit(tmp_path, "small@2.toml", "2025-01-01", version="2")
    with pytest.raises(ConfigurationInvalid, match=r"small@2\.toml: effective_from: 2025-01-01 is after 2024-12-31"):
        profile_in_force(tmp_path, "small", date(2024, 12, 31))


def test_two_versions_from_the_same_day_are_refused(tmp_path: Path) -> None:
    deposit(tmp_path, "small.toml", "2024-01-01")
    deposit(tmp_path, "small@2.toml", "2024-01-01", version="2")
    with pytest.raises(ConfigurationInvalid, match=r"small@2\.toml: effective_from: .* is that of small\.toml too"):
        profile_in_force(tmp_path, "small", date(2025, 1, 1))


def test_a_version_under_another_name_would_be_another_platform_and_is_refused(tmp_path: Path) -> None:
    deposit(tmp_path, "small.toml", "2024-01-01")
    deposit(tmp_path, "small@2.toml", "2025-01-01", name="small2")
    with pytest.raises(ConfigurationInvalid, match=r"small@2\.toml: name: is small2"):
        profile_in_force(tmp_path, "small", date(2024, 6, 1))


def test_a_version_that_is_not_valid_is_told_before_its_day_comes(tmp_path: Path) -> None:
    deposit(tmp_path, "small.toml", "2024-01-01")
    (tmp_path / "platform/small@2.toml").write_text("effective_from = 2099-01-01")
    with pytest.raises(ConfigurationInvalid, match=r"small@2\.toml: "):
        profile_in_force(tmp_path, "small", date(2024, 6, 1))
