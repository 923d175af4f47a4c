"""``eldersync template`` and ``eldersync divisions import``, as an officer types them."""

import csv
import json
import shutil
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from flows.cli import call
from schemas.configuration import load_configuration

CONFIG = Path(__file__).resolve().parents[2] / "config"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return shutil.copytree(CONFIG, tmp_path / "config")


def test_the_form_comes_as_document_workbook_and_roster(config: Path, tmp_path: Path, capsys) -> None:
    assert call(["template", "附件1", "--to", str(tmp_path / "new" / "blank"), "--config", str(config)]) == 0
    files = [Path(line) for line in capsys.readouterr().out.split()]
    assert [path.suffix for path in files] == [".docx", ".xlsx", ".xlsx"]
    assert all(path.stat().st_mode & 0o777 == 0o600 and path.stat().st_size > 5000 for path in files)
    form = openpyxl.load_workbook(files[1]).active
    assert form.cell(1, 1).value or form.cell(2, 1).value
    titles = [str(cell.value) for row in form.iter_rows(max_row=4) for cell in row if cell.value]
    assert "梅州市梅县区特殊困难老年人基本信息登记表" in titles


@pytest.mark.parametrize("source", ["health_incapacity", "disability_federation"])
def test_every_source_has_a_roster_under_its_own_headers(config: Path, tmp_path: Path, source: str) -> None:
    assert call(["template", source, "--to", str(tmp_path), "--config", str(config)]) == 0
    [path] = tmp_path.glob("*.xlsx")
    main = load_configuration(config).sources[source].main
    sheet = openpyxl.load_workbook(path)[main.sheets[0]]
    words = {str(cell.value) for row in sheet.iter_rows(max_row=10) for cell in row}
    assert {headers[0] for headers in main.columns.values()} <= words


def test_an_unknown_template_names_the_known_ones(config: Path, tmp_path: Path, capsys) -> None:
    assert call(["template", "附件9", "--to", str(tmp_path), "--config", str(config)]) == 2
    assert "known: 附件1, disability_federation" in capsys.readouterr().err


ROWS = [
    ("代码", "名称"), ("440000000000", "广东省"), ("441400000000", "梅州市"), ("441403000000", "梅县区"),
    ("441403133000", "扶大镇"), ("441403133201", "三葵村委会"), ("441403133204", "新村委会"),
]  # fmt: skip


def as_text(path: Path, encoding: str) -> None:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows(ROWS)


def as_workbook(path: Path, _encoding: str) -> None:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for number, (code, name) in enumerate(ROWS):
            sheet.write(number, 0, int(code) if code.isdigit() else code)
            sheet.write(number, 1, name)


@pytest.mark.parametrize(
    ("write", "encoding"),
    [(as_text, "utf-8-sig"), (as_text, "gb18030"), (as_workbook, "")],
    ids=["utf-8", "gb18030", "workbook"],
)
def test_a_division_table_is_compared_first_and_written_when_told_to(
    config: Path, tmp_path: Path, capsys, write, encoding: str
) -> None:
    write(tmp_path / "table", encoding)
    before = (config / "divisions.csv").read_bytes()
    command = ["divisions", "import", str(tmp_path / "table"), "--config", str(config), "--json"]
    assert call(command) == 3
    plan = json.loads(capsys.readouterr().out)
    assert (plan["added"], plan["renamed"], plan["written"]) == (1, 0, False)
    assert plan["removed"] == len(load_configuration(config).divisions) + 1 - len(after_import(config, command))
    assert (config / "divisions.csv").read_bytes() != before
    towns = {division.name: division for division in load_configuration(config).divisions}
    assert towns["新村委会"].parent_code == "441403133000"
    assert "扶大高管会" in towns["扶大镇"].aliases


def after_import(config: Path, command: list[str]) -> tuple[object, ...]:
    assert call([*command, "--yes"]) == 0
    return load_configuration(config).divisions


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("代码,名称\n441403000000,梅县区\n441403000000,梅县\n", "lines 2 and 3"),
        ("代码,名称\n44140,梅县区\n", "line 2"),
        ("甲,乙\n1,2\n", ""),
        ("", "no rows below a header"),
    ],
    ids=["code twice", "no code", "other headers", "empty"],
)
def test_an_unsound_division_table_is_refused_by_its_line_and_changes_nothing(
    config: Path, tmp_path: Path, capsys, text: str, said: str
) -> None:
    (tmp_path / "table.csv").write_text(text, encoding="utf-8")
    before = (config / "divisions.csv").read_bytes()
    assert call(["divisions", "import", str(tmp_path / "table.csv"), "--config", str(config), "--yes"]) == 2
    assert said in capsys.readouterr().err
    assert (config / "divisions.csv").read_bytes() == before
