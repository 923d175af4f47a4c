"""Parts of what ``eldersync source …`` prints: tables, and what reading a file has to say."""

from typing import Any

from rich.console import Console
from rich.table import Table

__all__ = ["SEVERITY_WORDS", "plain_console", "print_file", "print_refused", "table_of"]

SEVERITY_WORDS = {"reject": "退回", "hold": "待核定", "warn": "提醒", "note": "备注"}
_NUMBERS = frozenset({"行数", "次数", "数量", "填写率", "数值"})


def print_file(found: dict[str, Any], console: Console) -> None:
    """Prints what is wrong with a file, and how it was read."""
    for finding in [*found["findings"], *found.get("file_findings", ())]:
        at = _place(finding["sheet"], finding["row_number"], finding["column"])
        seen = f"：{finding['seen']}" if finding["seen"] else ""
        console.print(f"{SEVERITY_WORDS[finding['severity']]}  {finding['label']}（{finding['code']}）{at}{seen}")
    for note in found["notes"]:
        count = f" {note['count']:,}" if note["count"] and not note["rows"] else ""
        rows = f"（第 {note['rows']} 行，共 {note['count']:,}）" if note["rows"] else ""
        seen = "".join(f"：{part}" for part in (note["column"], note["seen"]) if part)
        console.print(f"{note['label']}{seen}{count}{rows}" + (f" [{note['sheet']}]" if note["sheet"] else ""))


def _place(sheet: str, row_number: int | None, column: str | None) -> str:
    parts = [sheet, f"第 {row_number} 行" if row_number else "", f"{column} 列" if column else ""]
    found = " ".join(part for part in parts if part)
    return f"（{found}）" if found else ""


def print_refused(found: dict[str, Any], of: str, key: str) -> bool:
    """Prints which rows of a filled-in workbook are not taken and why; whether the file could be used at all.

    Args:
        found: with ``faults`` of the file and ``refused`` rows.
        of: what a row is about, in the officers' word.
        key: where a row says which.
    """
    console = plain_console()
    for fault in found["faults"]:
        console.print(f"文件不能使用：{fault['label']}（{fault['code']}）{fault['seen']}")
    if found["faults"]:
        return False
    for line in found["refused"]:
        which = f"，{of} {line[key]}" if line[key] else ""
        console.print(f"第 {line['row_number']} 行{which}：不登记。{line['why']}", soft_wrap=True)
    return True


def table_of(*columns: str) -> Table:
    """An empty table with these columns, for terminals of eighty places."""
    table = Table(show_edge=False, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold", justify="right" if column in _NUMBERS else "left")
    return table


def plain_console() -> Console:
    """A terminal on which square brackets in headers, names and values are just that."""
    return Console(highlight=False, markup=False)
