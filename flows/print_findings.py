"""Findings on a terminal: the file that was written, what was decided, and the register of letters."""

from typing import Any

from rich.console import Console

__all__ = ["print_decision", "print_dispatches", "print_written"]


def print_written(found: dict[str, Any]) -> None:
    """Prints where a list was written."""
    print(f"{found['rows']} rows written to {found['file']}")  # noqa: T201


def print_decision(found: dict[str, Any]) -> None:
    """Prints what was decided of which findings, or what would be."""
    console = _console()
    for line in found["chosen"]:
        console.print(
            f"{line['findings']:>9,}  {line['source']}  {line['code']}  {line['label']}  ({line['severity']})",
        )
    if found["already"]:
        unchanged = "not closed" if found["decision"] == "reopened" else "closed before"
        console.print(f"{found['already']:>9,}  {unchanged}, left as they are")
    if not found["is_done"]:
        console.print(f"{found['findings']:,} findings would be {found['decision']}; to do it: --yes")
        return
    console.print(f"{found['findings']:,} findings {found['decision']}")
    if found["rows_judged_again"]:
        console.print(f"{found['rows_judged_again']:,} rows will be judged again in the next run")


def print_dispatches(found: dict[str, Any]) -> None:
    """Prints letters, a line each."""
    if not found["dispatches"]:
        _console().print("Nothing has been returned yet.")
        return
    for line in found["dispatches"]:
        overdue = ", overdue" if line["is_overdue"] else ""
        _console().print(
            f"{line['reference']}  {line['source']}, run {line['run_id']}: {line['findings']:,} findings in {line['rows']:,} rows, "
            f"{line['waiting']:,} still waiting; due {line['due_on']}{overdue}; made {line['made_at']:%Y-%m-%d %H:%M} by "
            f"{line['made_by']}",
            soft_wrap=True,
        )


def _console() -> Console:
    """A terminal on which square brackets are just that."""
    return Console(highlight=False, markup=False)
