"""Other answers on a terminal: runs, and what a division table would change."""

from typing import Any

from rich.table import Table

from flows.commands.print_parts import plain_console

__all__ = ["print_division_import", "print_runs"]


def print_runs(found: dict[str, Any]) -> None:
    """Prints runs, a line each."""
    table = Table()
    columns = ("run_id", "business_date", "status", "started_at", "finished_at", "elders_total")
    for column in columns:
        table.add_column(column)
    for line in found["runs"]:
        cells = {column: "" if line[column] is None else str(line[column]) for column in columns}
        told = [
            line["kind"] if line["kind"] != "night" else "",
            f"undone by {line['undone_by']}" if line["undone_by"] else "",
        ]
        table.add_row(*(cells | {"status": ", ".join(filter(None, [cells["status"], *told]))}).values())
    plain_console().print(table)


def print_division_import(found: dict[str, Any]) -> None:
    """What a division table holds and changes, and whether it was written."""
    console = plain_console()
    levels = "，".join(f"{level} {count:,} 个" for level, count in found["levels"].items())
    console.print(f"现行区划：{levels}", soft_wrap=True)
    console.print(
        f"与现用区划表相比：新增 {found['added']:,}，改名 {found['renamed']:,}，不再列出 {found['removed']:,}；"
        f"停用代码 {found['retired']:,} 个"
    )
    console.print(
        f"已写入 {found['file']}" if found["written"] else f"尚未写入。核对无误后加 --yes，写入 {found['file']}"
    )
