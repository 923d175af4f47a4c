"""Other answers on a terminal: the present state, runs, an elder explained, the doctor's checks."""

from typing import Any

from rich.console import Console
from rich.table import Table

__all__ = ["print_checks", "print_division_import", "print_explanation", "print_runs", "print_status"]


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
    for column in ("run_id", "business_date", "status", "started_at", "finished_at", "elders_total"):
        table.add_column(column)
    for line in found["runs"]:
        table.add_row(
            *(str(line[column.header]) if line[str(column.header)] is not None else "" for column in table.columns)
        )
    _console().print(table)


def print_explanation(found: dict[str, Any]) -> None:
    """Prints an elder's record field by field."""
    console = _console()
    console.print(f"Person {found['person_id']}: {found['status']}, revision {found['revision']}")
    table = Table()
    for column in ("field", "value", "from", "lost"):
        table.add_column(column, overflow="fold")
    for field in found["fields"]:
        winner = field["winner"]
        others = [row for row in field["losers"] if row["value"] != field["value"]]
        agreeing = len(field["losers"]) - len(others)
        lost = [f"{row['value']}  {_where(row)}" for row in others] + (
            [f"{agreeing} more say the same"] if agreeing else []
        )
        table.add_row(
            field["label"],
            "" if field["value"] is None else str(field["value"]),
            _where(winner) if winner else field["rule"],
            "\n".join(lost),
        )
    console.print(table)
    for name in ("household", "categories", "identifiers", "pushes"):
        for entry in found[name]:
            console.print(
                f"{name}: " + ", ".join(f"{key}={value}" for key, value in entry.items() if value is not None)
            )


def print_checks(found: dict[str, Any]) -> None:
    """Prints the doctor's checks, each with what to do."""
    for check in found["checks"]:
        print(f"{'ok  ' if check['ok'] else 'FAIL'} {check['name']}: {check['seen']}")  # noqa: T201
        if not check["ok"]:
            print(f"     {check['remedy']}")  # noqa: T201


def _console() -> Console:
    """A terminal on which square brackets in names and values are just that."""
    return Console(highlight=False, markup=False)


def _where(place: dict[str, Any]) -> str:
    sheet = f" {place['sheet']}" if place["sheet"] else ""
    return f"{place['source']}: {place['delivery']}{sheet} row {place['row_number']}"


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
