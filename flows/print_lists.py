"""Other answers on a terminal: the present state, runs, the doctor's checks."""

from typing import Any

from rich.console import Console
from rich.table import Table

__all__ = ["print_checks", "print_division_import", "print_runs", "print_status"]


def print_status(found: dict[str, Any]) -> None:
    """Prints what ran last and what waits."""
    console = _console()
    if found["active"]:
        console.print(f"A run is active: {found['active']}")
    latest = found["latest_run"]
    if latest is None:
        console.print("No run yet. Begin with: eldersync run")
        return
    console.print(
        f"Run {latest['run_id']} for {latest['business_date']}: {latest['status']}, begun {latest['started_at']}"
    )
    if latest["stopped_by"]:
        console.print(f"Stopped by: {latest['stopped_by']}")
    if found["resume"]:
        console.print(f"Go on with: {found['resume']}")
    counts = found["findings"]
    console.print(
        f"Elders in the registry: {found['elders']:,}; changes the platform has still to hear: {found['outbox_waiting']:,}"
    )
    console.print(
        f"Findings: {counts.get('reject', 0):,} to return, {counts.get('hold', 0):,} to decide, {counts.get('warn', 0):,} warnings"
    )
    for reason in found["reasons"]:
        console.print(f"  - {reason}")


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
    _console().print(table)


def print_checks(found: dict[str, Any]) -> None:
    """Prints the doctor's checks, each with what to do."""
    for check in found["checks"]:
        print(f"{'ok  ' if check['ok'] else 'FAIL'} {check['name']}: {check['seen']}")  # noqa: T201
        if not check["ok"]:
            print(f"     {check['remedy']}")  # noqa: T201


def _console() -> Console:
    """A terminal on which square brackets in names and values are just that."""
    return Console(highlight=False, markup=False)


def print_division_import(found: dict[str, Any]) -> None:
    """What a division table holds and changes, and whether it was written."""
    console = _console()
    levels = "，".join(f"{level} {count:,} 个" for level, count in found["levels"].items())
    console.print(f"现行区划：{levels}", soft_wrap=True)
    console.print(
        f"与现用区划表相比：新增 {found['added']:,}，改名 {found['renamed']:,}，不再列出 {found['removed']:,}；"
        f"停用代码 {found['retired']:,} 个"
    )
    console.print(
        f"已写入 {found['file']}" if found["written"] else f"尚未写入。核对无误后加 --yes，写入 {found['file']}"
    )
