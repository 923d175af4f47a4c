"""What ``eldersync returns`` prints."""

from typing import Any

from flows.commands.print_parts import plain_console, table_of

__all__ = ["print_returns"]


def print_returns(found: dict[str, Any]) -> None:
    """Prints which files go back, and where workbooks and letters lie."""
    console = plain_console()
    if not found["returns"]:
        console.print("没有需要退回的内容。")
        return
    table = table_of("单位", "来源", "报送编号", "行数", "数量")
    for one in found["returns"]:
        table.add_row(one["body"], one["source"], str(one["delivery_id"]), f"{one['rows']:,}", f"{one['findings']:,}")
    console.print(table)
    for one in found["returns"]:
        console.print(one["workbook"])
    for letter in found["letters"]:
        console.print(f"{letter['reference']}，{letter['due_on']} 前报回：{'、'.join(letter['files'])}")
