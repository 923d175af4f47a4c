import hashlib
import io
import json
import re
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineWorkbook

from connectors.platform_workbook import write_platform_files
from schemas.errors import ContractBroken, PushFailed
from schemas.platform_profile import PlatformProfile, load_profile
from transforms.render import render_json_lines, render_rows

EXAMPLE = Path(__file__).parents[2] / "config/platform/example.toml"
PROFILE = load_profile(EXAMPLE)
HEADER_ROW = len(PROFILE.note_rows) + 1

HOSTILE = [
    "=cmd|'/c calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "http://example.invalid/", "mailto:a@example.invalid", "internal:A1",
    "441403194501010011", "1e5", "007", "TRUE", "2024-01-01", "#DIV/0!", "<t>&amp;</t>", "]]>", '"quoted"', "  edge  ",
    "two  blanks", "a\tb", "line\nbreak", "𬭚㐂", "=", "\ufeffmark", "null", "NA",
]  # fmt: skip
CONTROLS = ["bell\x07", "nul\x00", "return\r\nbreak", "_x0041_", "no\uffffchar"]


def with_limit(limit: int) -> PlatformProfile:
    return PROFILE.model_copy(update={"workbook": PROFILE.workbook.model_copy(update={"row_limit": limit})})


def rows_of(count: int, **cells: list[str]) -> pd.DataFrame:
    """Rendered rows in which every cell is filled and no two columns are alike."""
    rows = {header: [f"{header}{place}" for place in range(count)] for header in PROFILE.headers}
    return pd.DataFrame(rows | cells, dtype="str")


def lines_of(rows: pd.DataFrame) -> list[str]:
    return [json.dumps({"place": place}) for place in range(len(rows))]


def sheet_of(path: Path) -> Worksheet:
    return openpyxl.load_workbook(path)[PROFILE.workbook.sheet]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One elder, written."""
    elder = dict.fromkeys((column.field for column in PROFILE.columns), None) | {
        "operation": "new", "revision": 3, "person_id": 41, "name": "测试甲", "sex": "male",
        "id_number": "11010519491231002X", "birth_date": "1949-12-31", "phone": "013800001234",
        "household_division_code": "441403133201", "categories": "empty_nest|family_planning_special",
        "disability_certificate_number": "11010519491231002X41B1", "disability_category": "4", "disability_level": "1",
        "housing_safe": "no", "monthly_subsidy_fen": 30000, "registered_date": "2024-05-03",
    }  # fmt: skip
    changes = pd.DataFrame([elder])
    rows, incomplete = render_rows(changes, PROFILE)
    assert incomplete.empty
    folder = tmp_path_factory.mktemp("golden") / "1"
    write_platform_files(rows, render_json_lines(changes, rows), PROFILE, folder)
    return folder


GOLDEN = {
    "操作类型": "新增", "人员编号": "41", "姓名": "测试甲", "性别": "0", "证件号码": "11010519491231002X",
    "出生日期": "1949-12-31", "联系电话": "013800001234", "户籍区划代码": "441403133201", "人员类型": "15,18",
    "残疾人证号": "11010519491231002X41B1", "残疾类别": "4", "残疾等级": "1", "住房是否安全": "否", "每月补贴(元)": "300.00",
    "建档日期": "2024-05-03",
}  # fmt: skip


def test_two_readers_read_back_the_golden_sample_as_texts(golden: Path) -> None:
    path = golden / "elder-changes_001.xlsx"
    sheet = sheet_of(path)
    cells = {
        sheet.cell(HEADER_ROW, place).value: sheet.cell(HEADER_ROW + 1, place)
        for place in range(1, len(PROFILE.columns) + 1)
    }
    assert tuple(cells) == PROFILE.headers
    assert {header: cell.value for header, cell in cells.items() if cell.value is not None} == GOLDEN
    assert {cell.data_type for cell in cells.values() if cell.value is not None} == {"s"}
    assert {cell.number_format for cell in cells.values() if cell.value is not None} == {"@"}
    raw = CalamineWorkbook.from_path(path).get_sheet_by_name(PROFILE.workbook.sheet).to_python()
    read = dict(zip(raw[HEADER_ROW - 1], raw[HEADER_ROW], strict=True))
    assert read == dict.fromkeys(PROFILE.headers, "") | GOLDEN
    assert all(isinstance(value, str) for value in read.values())


def test_the_golden_sample_has_a_twin_in_json_lines(golden: Path) -> None:
    (line,) = (golden / "elder-changes.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == {
        "key": "41-3", "operation": "new", "fields": dict.fromkeys(PROFILE.headers, "") | GOLDEN,
    }  # fmt: skip


def test_the_workbook_says_what_it_is_and_how_to_fill_it_in(golden: Path) -> None:
    sheet = sheet_of(golden / "elder-changes_001.xlsx")
    assert [sheet.cell(row, 1).value for row in range(1, HEADER_ROW)] == list(PROFILE.note_rows)
    assert sheet.freeze_panes == f"A{HEADER_ROW + 1}"
    for place, column in enumerate(PROFILE.columns, start=1):
        header = sheet.cell(HEADER_ROW, place)
        assert (header.font.color is not None and header.font.color.rgb == "FFC00000") == bool(column.required)
        assert header.font.bold
    sex = sheet.cell(HEADER_ROW, PROFILE.headers.index("性别") + 1)
    assert sex.comment is not None
    assert sex.comment.text == "0:男\n1:女"
    kind = sheet.cell(HEADER_ROW, PROFILE.headers.index("人员类型") + 1)
    assert kind.comment is not None
    assert kind.comment.text.startswith("8:独居\n15:空巢")


def test_columns_of_one_code_offer_a_choice_for_every_written_row_and_some_more(golden: Path) -> None:
    sheet = sheet_of(golden / "elder-changes_001.xlsx")
    offered = {}
    for validation in sheet.data_validations.dataValidation:
        assert validation.type == "list"
        (area,) = validation.sqref.ranges
        assert area.min_row == HEADER_ROW + 1
        assert area.max_row > HEADER_ROW + 100
        offered[PROFILE.headers[area.min_col - 1]] = validation.formula1
    assert offered["性别"] == '"0,1"'
    assert offered["操作类型"] == '"新增,变更,退出"'
    assert set(offered) == {column.header for column in PROFILE.columns if column.drop_down}


@pytest.mark.parametrize(
    ("count", "limit", "sizes"), [(7, 3, [3, 3, 1]), (6, 3, [3, 3]), (2, 3, [2]), (11_003, 11_001, [11_001, 2])]
)
def test_rows_are_split_by_the_limit_and_none_is_lost(tmp_path: Path, count: int, limit: int, sizes: list[int]) -> None:
    rows, told = rows_of(count), []
    written = write_platform_files(
        rows, lines_of(rows), with_limit(limit), tmp_path, progress=lambda *at: told.append(at)
    )
    assert [file.name for file in written[:-1]] == [
        f"elder-changes_{part:03}.xlsx" for part in range(1, len(sizes) + 1)
    ]
    assert [file.rows for file in written] == [*sizes, count]
    assert told[-1] == (count, count)
    assert len(told) == len(sizes)
    read = []
    for file in written[:-1]:
        assert hashlib.sha256((tmp_path / file.name).read_bytes()).hexdigest() == file.sha256
        read += CalamineWorkbook.from_path(tmp_path / file.name).get_sheet_by_index(0).to_python()[HEADER_ROW:]
    assert read == rows.to_numpy().tolist()
    assert (tmp_path / "elder-changes.jsonl").read_text().splitlines() == lines_of(rows)


def test_the_declared_size_of_the_sheet_is_true(tmp_path: Path) -> None:
    # openpyxl's read-only mode believes it, and so do importers.
    write_platform_files(rows_of(4), lines_of(rows_of(4)), PROFILE, tmp_path)
    book = openpyxl.load_workbook(tmp_path / "elder-changes_001.xlsx", read_only=True)
    assert book.worksheets[0].max_row == HEADER_ROW + 4
    assert book.worksheets[0].max_column == len(PROFILE.columns)
    book.close()


def test_hostile_texts_stay_texts_and_read_back_exactly(tmp_path: Path) -> None:
    rows = rows_of(len(HOSTILE), 姓名=HOSTILE, 帮扶措施=HOSTILE[::-1])
    write_platform_files(rows, lines_of(rows), PROFILE, tmp_path)
    path = tmp_path / "elder-changes_001.xlsx"
    sheet = sheet_of(path)
    for header, texts in (("姓名", HOSTILE), ("帮扶措施", HOSTILE[::-1])):
        place = PROFILE.headers.index(header) + 1
        cells = [sheet.cell(HEADER_ROW + 1 + row, place) for row in range(len(HOSTILE))]
        assert [cell.value for cell in cells] == texts
        assert not any(cell.data_type == "f" or cell.hyperlink for cell in cells)
    read = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()[HEADER_ROW:]
    assert [row[PROFILE.headers.index("姓名")] for row in read] == HOSTILE
    with zipfile.ZipFile(path) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
    assert not re.search(rb"<f>|<f |hyperlink|externalLink|vbaProject", everything)


def test_characters_that_xml_cannot_carry_are_escaped_as_the_standard_says(tmp_path: Path) -> None:
    rows = rows_of(len(CONTROLS), 姓名=CONTROLS)
    write_platform_files(rows, lines_of(rows), PROFILE, tmp_path)
    read = (
        CalamineWorkbook.from_path(tmp_path / "elder-changes_001.xlsx").get_sheet_by_index(0).to_python()[HEADER_ROW:]
    )
    said = [row[PROFILE.headers.index("姓名")] for row in read]
    for text, read_as in zip(CONTROLS, said, strict=True):  # some readers undo every escape, some only those of XML 1.0
        assert text in {read_as, re.sub("_x([0-9A-F]{4})_", lambda found: chr(int(found[1], 16)), read_as)}


def test_writing_again_leaves_the_same_bytes(tmp_path: Path) -> None:
    rows = rows_of(7)
    first = write_platform_files(rows, lines_of(rows), with_limit(3), tmp_path / "a")
    before = contents(tmp_path / "a")
    assert write_platform_files(rows, lines_of(rows), with_limit(3), tmp_path / "a") == first
    assert write_platform_files(rows, lines_of(rows), with_limit(3), tmp_path / "b") == first
    assert contents(tmp_path / "a") == contents(tmp_path / "b") == before
    with zipfile.ZipFile(io.BytesIO(before["elder-changes_001.xlsx"])) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_writing_fewer_rows_leaves_no_part_of_the_former_writing(tmp_path: Path) -> None:
    rows = rows_of(7)
    write_platform_files(rows, lines_of(rows), with_limit(3), tmp_path)
    (tmp_path / ".elder-changes_002.xlsx.k1ll3d.part").write_bytes(b"half")
    (tmp_path / "an-officers-note.txt").write_text("mine")
    write_platform_files(rows.head(2), lines_of(rows)[:2], with_limit(3), tmp_path)
    assert set(contents(tmp_path)) == {"elder-changes_001.xlsx", "elder-changes.jsonl", "an-officers-note.txt"}
    assert write_platform_files(rows.head(0), [], with_limit(3), tmp_path) == []
    assert set(contents(tmp_path)) == {"an-officers-note.txt"}


def test_only_the_owner_may_read_what_was_written(tmp_path: Path) -> None:
    folder = tmp_path / "outgoing" / "7"
    write_platform_files(rows_of(2), lines_of(rows_of(2)), PROFILE, folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_rows_that_are_not_the_profiles_are_refused(tmp_path: Path) -> None:
    rows = rows_of(2)
    with pytest.raises(ContractBroken, match="headers"):
        write_platform_files(rows[rows.columns[::-1]], lines_of(rows), PROFILE, tmp_path)
    with pytest.raises(ContractBroken, match="1 JSON lines for 2"):
        write_platform_files(rows, lines_of(rows)[:1], PROFILE, tmp_path)


def test_a_folder_that_cannot_be_written_is_named_without_quoting_anyone(tmp_path: Path) -> None:
    (tmp_path / "7").write_text("a file where the folder should be")
    with pytest.raises(PushFailed, match="could not be written: File exists") as caught:
        write_platform_files(rows_of(1), lines_of(rows_of(1)), PROFILE, tmp_path / "7")
    assert caught.value.__context__ is None
