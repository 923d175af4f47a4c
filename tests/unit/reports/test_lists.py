"""Lists that people and programs take away: four formats, nothing that runs, whole or not at all."""

import json
import stat
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from reports.lists import write_list
from reports.workbook import sheet_name
from schemas.durable import replace_file
from schemas.errors import ConfigurationInvalid, ContractBroken

STARTS = ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"]
HOSTILE = [f"{start}HYPERLINK(A1)" for start in STARTS] + [
    "-",
    "http" + "://example.test",
    "file:///etc/passwd",
    "{=1+1}",
]

PEOPLE = pd.DataFrame(
    {
        "person_id": pd.array([1, 2, None], dtype="Int64"),
        "name": ["张*", None, "欧阳*"],
        "id_number": ["4414**********001X", "4414**********0028", "110101199001010011"],
        "birth_date": [date(1899, 12, 30), None, date(1951, 2, 3)],
        "seen_at": [datetime(2026, 1, 5, 2, 0, 13, tzinfo=UTC), None, None],
        "is_held": [True, False, None],
        "share": [0.25, None, 1.0],
        "empty": [None, None, None],
    }
)


def csv_text(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")


@pytest.mark.parametrize("text", HOSTILE[:12], ids=repr)
def test_text_that_a_spreadsheet_would_run_is_quoted_in_csv(tmp_path: Path, text: str) -> None:
    write_list(pd.DataFrame({"name": ["张*", text]}), tmp_path / "list.csv")
    content = (tmp_path / "list.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert f'"\'{text}"'.encode() in content


def test_headers_are_neutralised_like_cells(tmp_path: Path) -> None:
    write_list(pd.DataFrame({"=1+1": ["a"], "b": ["c"]}), tmp_path / "list.csv", labels={"b": "＠姓名"})
    assert list(csv_text(tmp_path / "list.csv").columns) == ["'=1+1", "'＠姓名"]


def test_negative_numbers_stay_numbers_in_csv(tmp_path: Path) -> None:
    write_list(pd.DataFrame({"change": [-3, 4]}), tmp_path / "list.csv")
    assert csv_text(tmp_path / "list.csv")["change"].tolist() == ["-3", "4"]


def test_ten_thousand_hostile_cells_leave_no_formula_and_no_link_in_the_workbook(tmp_path: Path) -> None:
    texts = (HOSTILE * (10_000 // len(HOSTILE) + 1))[:10_000]
    write_list(pd.DataFrame({text: texts[:: len(HOSTILE[:5])] for text in HOSTILE[:5]}), tmp_path / "list.xlsx")
    with zipfile.ZipFile(tmp_path / "list.xlsx") as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
        assert not [
            name for name in parts.namelist() if "externalLink" in name or "vba" in name or "sheet1.xml.rels" in name
        ]
    assert "<f>" not in sheet
    assert "<f " not in sheet
    assert "<hyperlink" not in sheet
    cells = [cell for row in openpyxl.load_workbook(tmp_path / "list.xlsx").active.iter_rows(min_row=2) for cell in row]
    assert len(cells) == 10_000
    assert {cell.data_type for cell in cells} <= {"s", "inlineStr"}


def test_the_workbook_says_what_the_table_says(tmp_path: Path) -> None:
    write_list(PEOPLE, tmp_path / "list.xlsx", title="花名册", labels={"name": "姓名"})
    sheet = openpyxl.load_workbook(tmp_path / "list.xlsx")["花名册"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0][:3] == ["person_id", "姓名", "id_number"]
    assert rows[1] == [1, "张*", "4414**********001X", "1899-12-30", "2026-01-05T02:00:13+00:00", True, 0.25, None]
    assert rows[3] == [None, "欧阳*", "110101199001010011", "1951-02-03", None, None, 1, None]
    assert sheet["C4"].number_format == "@"
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:H4"


def test_numbers_too_long_for_a_spreadsheet_become_text(tmp_path: Path) -> None:
    write_list(pd.DataFrame({"key": [2**60 + 1, 5]}), tmp_path / "list.xlsx")
    assert openpyxl.load_workbook(tmp_path / "list.xlsx").active["A2"].value == str(2**60 + 1)


def test_parquet_and_json_give_back_what_was_written(tmp_path: Path) -> None:
    write_list(PEOPLE, tmp_path / "list.parquet", labels={"name": "姓名"})
    back = pd.read_parquet(tmp_path / "list.parquet")
    assert list(back.columns) == list(PEOPLE.columns)
    assert back["name"].tolist()[0] == "张*"
    assert back["birth_date"].tolist()[2] == date(1951, 2, 3)
    write_list(PEOPLE, tmp_path / "list.json")
    records = json.loads((tmp_path / "list.json").read_text(encoding="utf-8"))
    assert records[0] == {
        "person_id": 1, "name": "张*", "id_number": "4414**********001X", "birth_date": "1899-12-30",
        "seen_at": "2026-01-05T02:00:13+00:00", "is_held": True, "share": 0.25, "empty": None,
    }  # fmt: skip
    assert [record["person_id"] for record in records] == [1, 2, None]


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".parquet", ".json"])
def test_an_empty_list_is_still_a_list(tmp_path: Path, suffix: str) -> None:
    to = tmp_path / f"list{suffix}"
    write_list(PEOPLE.head(0), to)
    assert stat.S_IMODE(to.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [to.name]
    assert suffix != ".json" or json.loads(to.read_text()) == []
    assert suffix != ".parquet" or len(pd.read_parquet(to)) == 0


def test_another_suffix_is_refused_with_the_four_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationInvalid, match=r"\.csv, \.xlsx, \.parquet or \.json"):
        write_list(PEOPLE, tmp_path / "list.txt")
    with pytest.raises(ConfigurationInvalid, match="folder"):
        write_list(PEOPLE, tmp_path / "missing" / "list.csv")


def test_a_column_of_mixed_types_is_named_and_not_quoted(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("as it was")
    with pytest.raises(ContractBroken, match="column phone") as failure:
        write_list(pd.DataFrame({"phone": ["13800001234", 7, b"x"]}, dtype=object), tmp_path / "list.csv")
    assert "1380000" not in str(failure.value)
    assert failure.value.__cause__ is None
    assert (tmp_path / "list.csv").read_text() == "as it was"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_file_is_replaced_whole_or_left_alone(tmp_path: Path) -> None:
    to = tmp_path / "state.txt"
    to.write_text("old")
    with pytest.raises(ZeroDivisionError), replace_file(to) as temporary:
        temporary.write_text(f"half {1 / 0}")
    assert to.read_text() == "old"
    with replace_file(to) as temporary:
        temporary.write_text("new")
        assert to.read_text() == "old"
    assert to.read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["state.txt"]


def test_sheet_names_fit_excel() -> None:
    assert sheet_name("a" * 40) == "a" * 31
    assert sheet_name("a" * 40, number=12) == "a" * 28 + " 12"
    assert sheet_name("'[]:'") == "清单"
