"""A night on a terminal: the funnel, the changes, what waits for a person, and where things lie."""

from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from flows.commands.print_memory import print_undo

__all__ = ["print_run", "print_summary"]

LAMP = {
    "green": "[green]● green[/]",
    "yellow": "[yellow]● yellow[/]",
    "red": "[red]● red[/]",
    "absent": "○ absent",
}
PARTS = ("received", "admitted", "held", "duplicate", "blank")


def print_summary(summary: dict[str, Any]) -> None:
    """Prints a finished night."""
    console = Console(highlight=False)
    console.print(f"\nRun {summary['run_id']} for {summary['business_date']}: {LAMP[summary['status']]}")
    title = "Funnel (rows): received = admitted + held + duplicate + blank"
    funnel = Table(title=title, title_justify="left", box=box.SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
    funnel.add_column("source", no_wrap=True)
    funnel.add_column("status", no_wrap=True)
    for part in PARTS:
        funnel.add_column(part, justify="right")
    for line in summary["sources"]:
        funnel.add_row(line["name"], LAMP[line["status"]], *(f"{line[part]:,}" for part in PARTS))
    console.print(funnel)
    elders, push = summary["elders"], summary["push"]
    console.print(
        f"Elders   {elders['new']:,} new, {elders['changed']:,} changed, {elders['unchanged']:,} unchanged, "
        f"{elders['withdrawn']:,} withdrawn, [bold]{elders['total']:,} in the registry[/]"
    )
    console.print(
        f"Push     {push['planned']:,} planned, {push['sent']:,} written for the platform, {push['waiting']:,} waiting"
    )
    found = summary["findings"]
    console.print(
        f"Findings {found['reject']:,} to return, {found['hold']:,} to decide, {found['warn']:,} warnings, {found['note']:,} notes"
    )
    if summary["reasons"]:
        console.print("[bold]Waits for a person[/]")
        for reason in summary["reasons"]:
            console.print(f"  - {reason}", markup=False)
    console.print(f"Report   {summary['report']}", soft_wrap=True)
    if summary["files"]:
        home, first = Path(summary["report"]).parents[2], summary["files"][0]
        more = f" (and {len(summary['files']) - 1} more files beside it)" if len(summary["files"]) > 1 else ""
        console.print(f"Platform {home / first}{more}", soft_wrap=True)


def print_run(found: dict[str, Any]) -> None:
    """Prints a run, finished or not."""
    if "sources" in found:
        print_summary(found)
    console = Console(highlight=False)
    if "undoes" in found:
        print_undo({**found, "is_done": True})
    if found["undone_by"]:
        console.print(f"Run {found['run_id']} was undone by run {found['undone_by']}")
    if found["stopped_by"]:
        console.print(
            f"Run {found['run_id']} for {found['business_date']}: {LAMP.get(found['status'], found['status'])}"
        )
        console.print(
            f"Stopped by: {found['stopped_by']}\nGo on with: eldersync resume {found['run_id']}", markup=False
        )
    stages = Table(title="Stages", title_justify="left")
    for column in ("stage", "source", "status", "seconds"):
        stages.add_column(column, justify="right" if column == "seconds" else "left")
    for stage in found["stages"]:
        stages.add_row(stage["stage"], stage["source"], stage["status"], f"{stage['seconds']:.2f}")
    console.print(stages)
