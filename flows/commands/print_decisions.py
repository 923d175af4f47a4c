"""Questions and decisions about who is who on a terminal."""

from typing import Any

from rich.console import Console
from rich.table import Table

from flows.commands.print_parts import plain_console, print_refused, table_of
from schemas.fields import FIELDS
from schemas.identity_cases import CaseKind
from schemas.identity_decisions import DECISION_WORDS

__all__ = ["print_cases_file", "print_decided", "print_imported_answers", "print_question", "print_questions"]

_NEXT_NIGHT = {
    "people_merged": "人并入另一人", "rows_moved": "行改归另一号码", "rows_admitted": "行纳入", "rows_held": "行暂缓",
    "questions_closed": "个问题了结", "people_looked_at": "人重新核对", "links_ended": "项关联解除", "rows_looked_at": "行重新核对",
    "rows_judged_again": "行重新判定",
}  # fmt: skip
_STATES = {"in force": "有效", "taken back": "已撤销", "retired": "来源有变化，已自行失效"}
_ENDED = {"decided": "已核定", "gone": "已不存在", "changed": "内容有变化，另行提出", "undone": "提出它的一晚已撤销"}


def print_questions(found: dict[str, Any]) -> None:
    """Prints what is open, and decisions if they were asked for."""
    console = plain_console()
    if not found["cases"]:
        console.print("没有待核定的问题。")
    else:
        counts = [f"{CaseKind(kind).label} {count:,}" for kind, count in found["counts"].items() if count]
        console.print("待核定：" + "，".join(counts))
        table = table_of("案件", "问题", "各方", "相同之处", "起于")
        for case in found["cases"]:
            sides = "\n".join(_side_line(side) for side in case["sides"])
            again = f"\n（曾核定，见决定 {case['earlier_decision_id']}）" if case["earlier_decision_id"] else ""
            reasons = "、".join(case["reasons"])
            table.add_row(str(case["case_id"]), case["label"] + again, sides, reasons, str(case["since_run"]))
        console.print(table)
        console.print("详情：eldersync decide show 案件")
    for decision in found["decisions"]:
        _print_decision(decision, console)


def _side_line(side: dict[str, Any]) -> str:
    person = f"（人员 {side['person_id']}）" if side["person_id"] is not None else ""
    return f"{side['side']}. {side['name'] or '无姓名'} {side['id_number'] or '无号码'}{person}"


def _print_decision(decision: dict[str, Any], console: Console) -> None:
    about = [f"案件 {decision['case_id']}" if decision["case_id"] else ""]
    about.append(f"人员 {decision['person_id']}" if decision["person_id"] else "")
    if decision["field"]:
        label = FIELDS[decision["field"]].label if decision["field"] in FIELDS else decision["field"]
        about.append(f"{label}：{decision['value'] or '（空）'}")
    ended = f"；{decision['end_reason']}" if decision["end_reason"] else ""
    console.print(
        f"决定 {decision['decision_id']}  {DECISION_WORDS[decision['kind']]}  {'  '.join(filter(None, about))}  "
        f"{decision['decided_at']:%Y-%m-%d %H:%M} {decision['decided_by']}：{decision['reason']}"
        f"  [{_STATES[decision['state']]}{ended}]",
        soft_wrap=True,
    )


def print_question(found: dict[str, Any]) -> None:
    """Prints a question: fields down, statements of its sides beside one another, ≠ where they differ."""
    console = plain_console()
    state = "待核定" if found["is_open"] else _ENDED.get(found["ended_as"], found["ended_as"])
    console.print(f"案件 {found['case_id']}：{found['label']}，自第 {found['since_run']} 次运行起；{state}")
    if found["reasons"]:
        console.print("相同之处：" + "、".join(found["reasons"]))
    for name, word in (("decision", ""), ("earlier_decision", "曾核定，内容已有变化：")):
        if found[name]:
            console.print(word, end="")
            _print_decision(found[name], console)
    console.print(_beside_one_another(found))


def _beside_one_another(found: dict[str, Any]) -> Table:
    columns: list[tuple[str, dict[str, str]]] = []
    for side in found["sides"]:
        person = f" 人员 {side['person_id']}" if side["person_id"] is not None else ""
        statements = side["statements"] or [None]
        for statement in statements:
            place = f"\n{statement['source']} 第 {statement['row_number']} 行" if statement else "\n（无内容）"
            columns.append((f"第 {side['side']} 方{person}{place}", statement["fields"] if statement else {}))
    table = table_of("", "项目", *(header for header, _ in columns))
    for name, field in FIELDS.items():
        values = [fields.get(name, "") for _, fields in columns]
        if any(values):
            table.add_row("≠" if name in found["differing"] else "", field.label, *values)
    return table


def print_decided(found: dict[str, Any]) -> None:
    """Prints a decision that was recorded, and what the next night will do."""
    console = plain_console()
    if found["decision"] == "undone":
        again = "问题重新待核定" if found["is_asked_again"] else "仍有疑问的，下一晚重新提出"
        console.print(f"决定 {found['decision_id']}（{DECISION_WORDS[found['undone']]}）已撤销；{again}")
    else:
        console.print(f"已登记为决定 {found['decision_id']}：{DECISION_WORDS[found['decision']]}")
    if said := next_night_words(found["next_night"]):
        console.print(f"下一晚：{said}")


def next_night_words(counts: dict[str, int]) -> str:
    """What a night will do, in numbers; what is nought is left out."""
    return "，".join(f"{count:,} {_NEXT_NIGHT[name]}" for name, count in counts.items() if count)


def print_cases_file(found: dict[str, Any]) -> None:
    """Prints where the questions were written."""
    console = plain_console()
    console.print(f"{found['cases']:,} 个问题，{found['rows']:,} 行，写入 {found['file']}", soft_wrap=True)


def print_imported_answers(found: dict[str, Any]) -> None:
    """Prints which answers of a workbook count, and each that does not with its reason."""
    if not print_refused(found, "案件", "case_id"):
        return
    console = plain_console()
    answered = sum(found["answered"].values())
    words = "，".join(f"{DECISION_WORDS[kind]} {count:,}" for kind, count in found["answered"].items())
    done = "已登记" if found["is_done"] else "可以登记"
    console.print(f"填写 {found['rows']:,} 行，{done} {answered:,} 件" + (f"（{words}）" if words else ""))
    if said := next_night_words(found["next_night"]):
        console.print(f"下一晚：{said}")
    if answered and not found["is_done"]:
        console.print("核对无误后加 --yes 登记。")
