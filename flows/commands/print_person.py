"""One elder explained on a terminal: the record field by field, and everything about it in the order of time."""

from typing import Any

from rich.table import Table

from flows.commands.print_parts import plain_console

__all__ = ["print_explanation"]


def print_explanation(found: dict[str, Any]) -> None:
    """Prints an elder's record field by field."""
    console = plain_console()
    console.print(f"Person {found['person_id']}: {found['status']}, revision {found['revision']}")
    if found["after_run"]:
        console.print(f"第 {found['after_run']} 次运行之后的情形")
    table = Table()
    for column in ("项目", "内容", "取自", "未采用"):
        table.add_column(column, overflow="fold")
    for field in found["fields"]:
        value = "" if field["value"] is None else str(field["value"])
        table.add_row(field["label"], value, _from(field), _lost(field))
    console.print(table)
    for member in found["household"]:
        parts = (f"{name}={value}" for name, value in member.items() if value is not None)
        console.print(f"家庭成员：{'，'.join(parts)}")
    for number in found["identifiers"]:
        until = f"至第 {number['to_run']} 次运行" if number["to_run"] else "现用"
        console.print(f"号码：{number['kind']} {number['value']}（第 {number['from_run']} 次运行起，{until}）")
    for line in found["decisions"]:
        ended = "（已失效）" if line["ended_after_run"] is not None else ""
        console.print(
            f"决定 {line['decision_id']}{ended}：{line['kind']}，{line['decided_by']}，理由：{line['reason']}"
        )
    console.print("经过：")
    for event in found["history"]:
        undone = f"（该次运行已由第 {event['undone_by']} 次运行撤销）" if event["undone_by"] else ""
        console.print(f"  第 {event['run_id']} 次运行 {event['date'] or ''}  {event['text']}{undone}", soft_wrap=True)


def _from(field: dict[str, Any]) -> str:
    """Where a value comes from, and by which rule."""
    if (decided := field.get("decision")) is not None:
        return f"人工核定（决定 {decided['decision_id']}，{decided['decided_by']}）"
    winner = field["winner"]
    if winner is None:
        return str(field["rule"])
    note = "，沿用该来源先前所报" if winner["is_kept"] else "，更正之前的行暂代" if winner["is_stand_in"] else ""
    return f"{_where(winner)}（{field['rule'].split(':')[0]}{note}）"


def _lost(field: dict[str, Any]) -> str:
    others = [row for row in field["losers"] if row["value"] != field["value"]]
    agreeing = len(field["losers"]) - len(others)
    lines = [f"{row['value']}  {_where(row)}" for row in others]
    return "\n".join([*lines, *([f"另有 {agreeing} 处相同"] if agreeing else [])])


def _where(place: dict[str, Any]) -> str:
    sheet = f" {place['sheet']}" if place["sheet"] else ""
    return f"{place['source']}: {place['delivery']}{sheet} row {place['row_number']}"
