import tomllib
from datetime import date
from pathlib import Path

import pytest

from schemas.codes import CATEGORIES
from schemas.errors import ConfigurationInvalid
from schemas.platform_profile import WITHDRAWAL_REASONS, PlatformProfile, load_profile

EXAMPLE = Path(__file__).parents[3] / "config/platform/example.toml"

SMALL = """
name = "small"
label = "小表"
version = "3"
effective_from = 2025-07-01
is_example = false
[workbook]
sheet = "数据"
row_limit = 10
file_name = "small"
[[columns]]
header = "性别"
field = "sex"
type = "code"
codes = { male = "1", female = "2" }
[[columns]]
header = "姓名"
field = "name"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "small.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def example() -> PlatformProfile:
    return load_profile(EXAMPLE)


def test_the_shipped_profile_says_that_it_is_an_example(example: PlatformProfile) -> None:
    assert example.is_example
    assert "示例" in example.notice
    assert example.note_rows[0] == example.notice
    assert EXAMPLE.stem == example.name


def test_the_shipped_profile_has_a_code_for_every_word(example: PlatformProfile) -> None:
    coded = [column for column in example.columns if column.type == "code"]
    assert coded
    for column in coded:
        assert set(column.codes) == set(column.labels), column.header


def test_the_shipped_profile_uses_the_type_codes_of_the_closest_public_relative(example: PlatformProfile) -> None:
    categories = next(column for column in example.columns if column.field == "categories")
    assert [categories.codes[word] for word in CATEGORIES] == ["8", "15", "5", "16", "17", "18"]
    assert categories.drop_down == ()


def test_someone_who_left_needs_no_type(example: PlatformProfile) -> None:
    required = {column.header: column.required for column in example.columns if column.required}
    assert required["人员类型"] == ("new", "changed")
    assert required["证件号码"] == ("new", "changed", "withdrawn")


def test_the_shipped_profile_does_not_tell_the_kind_of_family(example: PlatformProfile) -> None:
    assert "family_planning_type" not in {column.field for column in example.columns}


def test_a_profile_is_read_as_written(tmp_path: Path) -> None:
    profile = load_profile(written(tmp_path, SMALL))
    assert profile.headers == ("性别", "姓名")
    assert profile.effective_from == date(2025, 7, 1)
    assert profile.columns[0].drop_down == ("1", "2")
    assert profile.note_rows == ()


def test_labels_stand_for_codes_where_the_platform_takes_words(tmp_path: Path) -> None:
    text = SMALL.replace('{ male = "1", female = "2" }', '"labels"')
    assert load_profile(written(tmp_path, text)).columns[0].codes == {"male": "男", "female": "女"}


def test_the_shipped_profile_tells_why_and_when_someone_left_and_whether_types_changed(
    example: PlatformProfile,
) -> None:
    columns = {column.header: column for column in example.columns}
    assert dict(columns["退出原因"].labels) == dict(WITHDRAWAL_REASONS)
    assert (columns["退出日期"].field, columns["退出日期"].operations) == ("changed_on", ("withdrawn",))
    assert columns["类别变更"].codes == {"yes": "是", "no": "否"}


def test_an_empty_way_to_reach_somebody_clears_nothing(example: PlatformProfile) -> None:
    assert [column.header for column in example.columns if column.empty == "keeps"] == [
        "联系电话",
        "紧急联系人",
        "紧急联系电话",
    ]


BROKEN = {
    "unknown-field": ('field = "name"', 'field = "nickname"', "columns.1.field: nickname is neither"),
    "unknown-key": ('header = "姓名"', 'header = "姓名"\ncolour = "red"', "columns.1.colour: Extra inputs"),
    "no-sheet": ('sheet = "数据"\n', "", "workbook.sheet: Field required"),
    "word-without-code": (', female = "2"', "", "columns.0: codes.female: has no platform code"),
    "code-for-no-word": ('female = "2"', 'female = "2", other = "3"', "columns.0: codes.other: is not a word of sex"),
    "labels-of-a-free-text": (
        'field = "name"',
        'field = "name"\ntype = "code"',
        "columns.1: codes: name has no code list",
    ),
    "codes-on-a-text": (
        'field = "name"',
        'field = "name"\ncodes = { a = "1" }',
        "columns.1: codes: codes and separator",
    ),
    "amount-of-a-name": (
        'field = "name"',
        'field = "name"\ntype = "amount"',
        "columns.1: type: name is not a column of type",
    ),
    "amount-as-text": (
        'field = "name"',
        'field = "monthly_subsidy_fen"',
        "columns.1: type: monthly_subsidy_fen is not",
    ),
    "types-without-separator": (
        'field = "name"',
        'field = "categories"\ntype = "code"\ncodes = "labels"',
        "columns.1: separator: categories holds several values",
    ),
    "half-a-date": (
        'field = "name"',
        'field = "birth_date"\ntype = "date"\ndate_format = "YY/MM"',
        "columns.1.date_format: must contain YYYY, MM and DD",
    ),
    "required-where-it-is-not-filled-in": (
        'field = "name"',
        'field = "name"\nrequired = true\noperations = ["withdrawn"]',
        "columns.1: required: new is not among its operations",
    ),
    "reason-of-theirs": (
        'field = "name"',
        'field = "reason"\nwins = "theirs"',
        "columns.1: wins: reason is of the change itself",
    ),
    "day-without-a-date": (
        'field = "name"',
        'field = "changed_on"\ntype = "amount"',
        "columns.1: type: changed_on is not a column of type",
    ),
    "header-twice": ('header = "姓名"', 'header = "性别"', "columns: header 性别 is declared twice"),
    "person-in-file-name": ('file_name = "small"', 'file_name = "{name}"', "workbook.file_name: String should match"),
    "unsaid-example": ("is_example = false", "is_example = true", "notice: an example has to say"),
    "comma-in-a-drop-down": ('male = "1"', 'male = "1,0"', "columns.0: codes: too long for a drop-down"),
    "not-toml": ('name = "small"', "name = ", "not readable as TOML"),
}


@pytest.mark.parametrize(("old", "new", "said"), BROKEN.values(), ids=BROKEN.keys())
def test_an_error_names_the_file_and_the_key(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in SMALL
    path = written(tmp_path, SMALL.replace(old, new, 1))
    with pytest.raises(ConfigurationInvalid) as caught:
        load_profile(path)
    assert str(caught.value).startswith(f"{path}: {said}")
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_a_missing_or_undecodable_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationInvalid, match=r"small\.toml: the file is missing"):
        load_profile(tmp_path / "small.toml")
    (tmp_path / "small.toml").write_bytes(SMALL.encode("gb18030"))
    with pytest.raises(ConfigurationInvalid, match=r"small\.toml: not readable as UTF-8"):
        load_profile(tmp_path / "small.toml")


def test_the_example_is_declared_in_words_a_reader_finds_first() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    assert text.startswith("# AN EXAMPLE")
    assert tomllib.loads(text)["is_example"] is True
