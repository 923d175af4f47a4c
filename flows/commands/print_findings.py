"""Findings on a terminal: the file that was written, what was decided, and the register of letters."""

from typing import Any

from flows.commands.print_parts import plain_console, print_refused
from schemas.finding_states import STATE_WORDS

__all__ = ["print_decision", "print_dispatches", "print_imported_decisions", "print_written"]


def print_written(found: dict[str, Any]) -> None:
    """Prints where a list was written."""
    print(f"{found['rows']} rows written to {found['file']}")  # noqa: T201


def print_decision(found: dict[str, Any]) -> None:
    """Prints what was decided of which findings, or what would be."""
    console = plain_console()
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


def print_imported_decisions(found: dict[str, Any]) -> None:
    """Prints which decisions of a workbook count, and each that does not with its reason."""
    if not print_refused(found, "问题", "finding_id"):
        return
    console = plain_console()
    words = "，".join(f"{STATE_WORDS[kind]} {count:,}" for kind, count in found["decided"].items())
    done = "已登记" if found["is_done"] else "可以登记"
    console.print(
        f"填写 {found['rows']:,} 行，{done} {sum(found['decided'].values()):,} 行" + (f"（{words}）" if words else "")
    )
    if found["rows_judged_again"]:
        console.print(f"下一晚重新校验 {found['rows_judged_again']:,} 行")
    if found["decided"] and not found["is_done"]:
        console.print("核对无误后加 --yes 登记。")


def print_dispatches(found: dict[str, Any]) -> None:
    """Prints letters, a line each."""
    if not found["dispatches"]:
        plain_console().print("Nothing has been returned yet.")
        return
    for line in found["dispatches"]:
        overdue = ", overdue" if line["is_overdue"] else ""
        plain_console().print(
            f"{line['reference']}  {line['source']}, run {line['run_id']}: {line['findings']:,} findings in {line['rows']:,} rows, "
            f"{line['waiting']:,} still waiting; due {line['due_on']}{overdue}; made {line['made_at']:%Y-%m-%d %H:%M} by "
            f"{line['made_by']}",
            soft_wrap=True,
        )
