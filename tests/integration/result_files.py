"""Result workbooks as a platform gives them back: what was handed in, notes above the header, and what became of each row."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import openpyxl
import xlsxwriter
import xlwt

NOTES = ("导入结果", "说明:处理结果为“失败”的,请按失败原因修改后重新导入。")
Results = Mapping[str, Mapping[str, str]]


def handed_in(home: Path, run_id: int) -> list[dict[str, str]]:
    """The rows of a run's only import workbook, by header."""
    (path,) = (home / "outgoing" / str(run_id)).glob("*.xlsx")
    rows = list(openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True))
    first = next(place for place, row in enumerate(rows) if "人员编号" in row)
    return [
        {str(header): cell or "" for header, cell in zip(rows[first], row, strict=True)} for row in rows[first + 1 :]
    ]


def answered(rows: Sequence[Mapping[str, str]], results: Results) -> list[dict[str, str]]:
    """The rows with the platform's columns behind them: of each person, by number, what became of the change."""
    columns = ("处理结果", "错误代码", "失败原因", "回执号", "错误信息")
    return [{**row, **{name: results.get(row["人员编号"], {}).get(name, "") for name in columns}} for row in rows]


def write_results(path: Path, rows: Sequence[Mapping[str, str]], *, footer: bool = True) -> Path:
    """The rows as a workbook or text by the file's ending, with notes above and a line of totals below."""
    lines = [[note] for note in NOTES] + [list(rows[0])] + [list(row.values()) for row in rows]
    lines += [[f"共 {len(rows)} 条"]] if footer else []
    {".xlsx": _xlsx, ".xls": _xls, ".csv": _csv}[path.suffix](path, lines)
    return path


def _xlsx(path: Path, lines: Sequence[Sequence[str]]) -> None:
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet("导入结果")
        for place, cells in enumerate(lines):
            for column, cell in enumerate(cells):
                if cell.isdecimal() and len(cell) < 6:
                    page.write_number(place, column, int(cell))  # as platforms do with short numbers
                elif cell:
                    page.write_string(place, column, cell)
        codes = book.add_worksheet("代码表")
        codes.write_row(0, 0, ["错误代码", "含义"])
        codes.write_row(1, 0, ["1007", "证件号码"])
        book.add_worksheet("空白")


def _xls(path: Path, lines: Sequence[Sequence[str]]) -> None:
    book = xlwt.Workbook()
    page = book.add_sheet("导入结果")
    for place, cells in enumerate(lines):
        for column, cell in enumerate(cells):
            page.write(place, column, cell)
    book.save(str(path))


def _csv(path: Path, lines: Sequence[Sequence[str]]) -> None:
    with path.open("w", encoding="gb18030", newline="") as file:
        csv.writer(file).writerows([*cells, *[""] * (len(lines[2]) - len(cells))] for cells in lines)
