"""The workbook of open questions: what it shows, what it marks, where it can be written to, and that nothing in it runs."""

import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from reports.case_workbook import CaseSheet, write_case_workbook
from schemas.case_answers import ANSWER_HEADERS, KEY_HEADER, WORDS_OF_KIND, AnswerWord, CaseKey
from schemas.errors import ConfigurationInvalid, ContractBroken
from schemas.identity_cases import CaseKind

PAIR = tuple(map(str, WORDS_OF_KIND[CaseKind.SAME_PERSON_DIFFERENT_NUMBER]))
DEATH = tuple(map(str, WORDS_OF_KIND[CaseKind.DEATH_CONTRADICTED]))
ROWS = pd.DataFrame(
    {"案件号": ["1", "1", "2"], "姓名": ["张三", "=1+1", "@SUM(A1)"], "身份证号码": ["441421194503120018", None, "+1"]},
    dtype="str",
)
SHEET = CaseSheet(
    rows=ROWS,
    differs=pd.DataFrame({"案件号": [False] * 3, "姓名": [True, True, False], "身份证号码": [False] * 3}),
    cases=[1, 1, 2],
    keys=["C1-1-0123456789abcdef", "C1-2-0123456789abcdef", "C2-1-fedcba9876543210"],
    choices=[PAIR, PAIR, DEATH],
)


@pytest.fixture
def book(tmp_path: Path) -> Path:
    write_case_workbook(tmp_path / "cases.xlsx", SHEET)
    return tmp_path / "cases.xlsx"


def test_rows_are_texts_and_keys_are_hidden_behind_the_columns_to_answer_in(book: Path) -> None:
    page = openpyxl.load_workbook(book)["待核定"]
    lines = [[cell.value for cell in row] for row in page.iter_rows()]
    assert lines[0] == [*ROWS.columns, *ANSWER_HEADERS, KEY_HEADER]
    assert [line[:3] for line in lines[1:]] == [
        ["1", "张三", "441421194503120018"], ["1", "=1+1", None], ["2", "@SUM(A1)", "+1"],
    ]  # fmt: skip
    assert [line[-1] for line in lines[1:]] == SHEET.keys
    assert {cell.data_type for row in page.iter_rows() for cell in row if cell.value} == {"s"}
    assert page.column_dimensions["G"].hidden


def test_cells_that_differ_stand_out(book: Path) -> None:
    page = openpyxl.load_workbook(book)["待核定"]
    assert page["B2"].fill.fgColor.rgb == page["B3"].fill.fgColor.rgb != page["B4"].fill.fgColor.rgb


def test_only_answers_can_be_written_and_each_question_offers_its_own(book: Path) -> None:
    page = openpyxl.load_workbook(book)["待核定"]
    assert page.protection.sheet
    assert [cell.protection.locked for cell in page[2]] == [True, True, True, False, False, False, True]
    offered = {str(rule.sqref): rule.formula1 for rule in page.data_validations.dataValidation}
    assert offered == {"D2:D3": f'"{",".join(PAIR)}"', "D4": f'"{",".join(DEATH)}"'}
    assert all(len(",".join(map(str, words))) <= 255 for words in WORDS_OF_KIND.values())


def test_nothing_in_it_runs_or_links(book: Path) -> None:
    with zipfile.ZipFile(book) as archive:
        text = "".join(archive.read(name).decode() for name in archive.namelist() if name.endswith((".xml", ".rels")))
    assert not any(word in text for word in ("<f>", "hyperlink", "externalLink", "vbaProject", "ddeLink"))
    assert book.stat().st_mode & 0o777 == 0o600


def test_no_question_is_a_workbook_without_rows(tmp_path: Path) -> None:
    empty = CaseSheet(ROWS.iloc[:0], SHEET.differs.iloc[:0], [], [], [])
    write_case_workbook(tmp_path / "none.xlsx", empty)
    assert openpyxl.load_workbook(tmp_path / "none.xlsx")["待核定"].max_row == 1


def test_parts_that_do_not_belong_together_are_a_fault_of_ours(tmp_path: Path) -> None:
    with pytest.raises(ContractBroken):
        write_case_workbook(tmp_path / "cases.xlsx", replace(SHEET, keys=["C1-1-0123456789abcdef"]))
    with pytest.raises(ConfigurationInvalid):
        write_case_workbook(tmp_path / "nowhere" / "cases.xlsx", SHEET)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "key"),
    [("C17-2-0123456789abcdef", CaseKey(17, 2, "0123456789abcdef")), (" c17-2-0123456789ABCDEF ", CaseKey(17, 2, "0123456789abcdef")),
     ("C17-2-0123", None), ("17", None), (None, None)],
    ids=["as written", "in another case", "cut", "another cell", "empty"],
)  # fmt: skip
def test_a_key_is_read_as_it_was_written_or_not_at_all(text: str | None, key: CaseKey | None) -> None:
    assert CaseKey.read(text) == key


def test_every_word_can_be_chosen_for_some_question() -> None:
    assert {word for words in WORDS_OF_KIND.values() for word in words} == set(AnswerWord)
    assert set(WORDS_OF_KIND) == set(CaseKind)
