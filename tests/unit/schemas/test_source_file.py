"""A source's file as text: a draft that loads whatever its headers are, and changes that lose no comment."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codes import CODE_LISTS
from schemas.column_guess import CONFIDENCE_LABELS, REASON_LABELS, ColumnGuess, Confidence, Reason
from schemas.configuration import Source
from schemas.source_edit import with_headers
from schemas.source_file import DraftCode, SourceDraft, render_source

CONFIG = Path(__file__).parents[3] / "config"
SHIPPED = sorted((CONFIG / "sources").glob("*.toml"))

NAME = ColumnGuess("A", "姓名", "name", Confidence.HIGH, (Reason.ALIAS_ELSEWHERE,))
NUMBER = ColumnGuess("B", "证件号", "id_number", Confidence.HIGH, (Reason.USUAL_WORD, Reason.CONTENT))
SEX = ColumnGuess("C", "性别", "sex", Confidence.HIGH, (Reason.LABEL,))
DAY = ColumnGuess("D", "登记时间", "registered_date", Confidence.MEDIUM, (Reason.USUAL_WORD,))
TOWN = ColumnGuess("E", "街道", reasons=(Reason.PLACE_UNCLEAR,), candidates=("household_town", "residence_town"))
AGE = ColumnGuess("F", "年龄")


def draft(*columns: ColumnGuess, **more) -> SourceDraft:
    facts = {
        "label": "街道名单", "body": "civil_affairs", "delivers": "full", "stated_on": "registered_date", "states": None,
        "sheets": ("名单",), "columns": columns or (NAME, NUMBER, SEX, DAY, TOWN, AGE), "codes": {}, "sample": "2026-11-20",
    }  # fmt: skip
    return SourceDraft(**{**facts, **more})


def loaded(text: str) -> Source:
    return Source.model_validate({"name": "street_list", **tomllib.loads(text)})


def test_a_draft_is_a_source():
    source = loaded(render_source(draft()))
    assert source.main.columns == {
        "name": ("姓名",), "id_number": ("证件号",), "sex": ("性别",), "registered_date": ("登记时间",),
    }  # fmt: skip
    assert source.main.required == ("name", "id_number")
    assert (source.label, source.main.sheets, source.aliases_version) == ("街道名单", ("名单",), 1)


def test_each_column_says_how_sure_it_is_and_why():
    lines = render_source(draft()).splitlines()
    line = next(line for line in lines if line.startswith("id_number"))
    assert "B 列，高：常见写法、内容相符" in line


def test_what_is_left_to_a_person_is_a_comment_that_loads_once_it_is_none():
    text = render_source(draft())
    assert "household_town" not in loaded(text).main.columns
    decided = text.replace("# household_town", "household_town").replace("# ignored", "ignored")
    assert loaded(decided).main.columns["household_town"] == ("街道",)
    assert loaded(decided).main.ignored == ("年龄",)


def test_columns_that_nobody_needs_are_left_and_the_others_are_named_beside_them():
    text = render_source(draft(NAME, NUMBER, DAY, AGE, ColumnGuess("G", "序号"), ignored=("序号",)))
    assert loaded(text).main.ignored == ("序号",)
    assert '确认不需要的加入 ignored：["年龄"]' in text


def test_a_list_without_a_date_says_which_is_to_be_agreed_on():
    text = render_source(draft(NAME, NUMBER, agreed_date="registered_date"))
    assert loaded(text).main.columns["registered_date"] == ("建档日期",)
    assert "样本中没有日期列" in text


def test_a_proven_code_is_written_and_an_unproven_one_is_offered():
    words = [DraftCode("1", "male", "出现 9 次"), DraftCode("2", None, "出现 8 次")]
    text = render_source(draft(codes={"sex": words}))
    assert loaded(text).codes == {"sex": {"1": "male"}}
    offered = [line for line in text.splitlines() if line.startswith("# 2 = ")]
    assert [line.split("=")[1].split("#")[0].strip() for line in offered] == ['"male"', '"female"']
    for line in offered:
        assert loaded(text + line.removeprefix("# ")).codes["sex"]["2"] in {"male", "female"}


def test_of_a_long_list_of_codes_the_codes_to_choose_from_are_named():
    text = render_source(draft(codes={"certificate_status": [DraftCode("在册", None, "出现 5 次")]}))
    assert all(label in text for label in CODE_LISTS["certificate_status"].values())
    assert loaded(text).codes == {"certificate_status": {}}
    with pytest.raises(ValueError, match="not in the code list"):
        loaded(text.replace('# "在册"', '"在册"'))


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=12))
def test_no_header_sheet_or_word_breaks_out_of_its_place(header, sheet, word):
    columns = (NAME, NUMBER, DAY, ColumnGuess("E", header, "phone", Confidence.HIGH), ColumnGuess("F", f"{header}2"))
    codes = {"sex": [DraftCode(word, "male", header), DraftCode(f"{word}2", None, sheet)]}
    text = render_source(draft(*columns, sheets=(sheet,), codes=codes, sample=header))
    document = tomllib.loads(text)
    assert set(document) == {"label", "body", "delivers", "stated_on", "aliases_version", "main", "codes"}
    assert set(document["main"]) == {"sheets", "required", "columns"}
    assert set(document["main"]["columns"]) == {"name", "id_number", "registered_date", "phone"}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_headers_are_added_to_a_file_as_shipped_and_nothing_else_changes(path):
    before = path.read_text(encoding="utf-8")
    after = with_headers(before, {"name": ["长者姓名"], "guardian_name": ['引"号\\']}, 7)
    assert after is not None
    wanted = tomllib.loads(before)
    wanted["aliases_version"] = 7
    wanted["main"]["columns"]["name"].append("长者姓名")
    wanted["main"]["columns"].setdefault("guardian_name", []).append('引"号\\')
    assert tomllib.loads(after) == wanted
    comments = [line.partition("#")[2] for line in before.splitlines() if "#" in line]
    assert [line.partition("#")[2] for line in after.splitlines() if "#" in line] == comments


def test_a_version_that_stands_is_raised_in_its_place():
    once = with_headers(SHIPPED[0].read_text(encoding="utf-8"), {"name": ["甲"]}, 2)
    assert once is not None
    twice = with_headers(once, {"name": ["乙"]}, 3)
    assert twice is not None
    assert twice.count("aliases_version") == 1
    assert tomllib.loads(twice)["aliases_version"] == 3


@pytest.mark.parametrize(
    "array",
    [
        pytest.param('["甲"]', id="one line"),
        pytest.param('[ "甲", ]', id="trailing comma"),
        pytest.param("[]", id="empty"),
        pytest.param("['甲'] # ] 说明", id="comment behind it"),
        pytest.param('[ # "不算" ]\n  "甲", # 第一个 ]\n  \'乙\'  # 第二个\n]', id="several lines with comments"),
        pytest.param('["甲#", "乙]", "丙\\"]"]', id="signs inside strings"),
    ],
)
def test_arrays_are_added_to_however_they_are_written(array):
    before = (
        f'label = "a"\n[main]\nrequired = []\n[main.columns]\nname = {array}\nsex = ["性别"]\n[codes.sex]\n1 = "male"\n'
    )
    after = with_headers(before, {"name": ["新"]}, 2)
    assert after is not None
    assert tomllib.loads(after)["main"]["columns"] == {
        "name": [*tomllib.loads(before)["main"]["columns"]["name"], "新"], "sex": ["性别"],
    }  # fmt: skip
    assert tomllib.loads(after)["codes"] == {"sex": {"1": "male"}}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('main = {required = [], columns = {name = ["甲"]}}\n', id="inline tables"),
        pytest.param('[main]\ncolumns.name = ["甲"]\n', id="dotted keys"),
        pytest.param('[main.columns]\nname = """甲"""\n', id="no array"),
    ],
)
def test_a_file_written_in_another_way_is_left_to_a_person(text):
    assert with_headers(text, {"name": ["新"]}, 2) is None


def test_every_confidence_and_reason_has_words():
    assert set(CONFIDENCE_LABELS) == set(Confidence)
    assert set(REASON_LABELS) == set(Reason)
    assert sorted(Confidence, key=lambda confidence: -confidence.rank) == list(Confidence)
