"""Nights taken back, a registry proved and rules tried out, on a terminal."""

from typing import Any

from flows.commands.print_parts import plain_console

__all__ = ["print_rebuild", "print_retaken", "print_tried_rules", "print_undo"]


def print_undo(found: dict[str, Any]) -> None:
    """Prints what an undo has done or would do."""
    console = plain_console()
    elders, push = found["elders"], found["push"]
    undone = "、".join(map(str, found["undoes"]))
    console.print(
        f"第 {undone} 次运行已撤销（撤销编号 {found['run_id']}）"
        if found["is_done"]
        else f"撤销第 {undone} 次运行将会："
    )
    lines = [
        f"老年人：恢复原状 {elders['returned_to']:,} 人，退出 {elders['left_again']:,} 人，重新在册 {elders['back']:,} 人",
        (
            f"名单行：失效 {found['rows']['ended']:,}，恢复 {found['rows']['stand_again']:,}，处理结果恢复 {found['outcomes']:,}；"
            f"家庭成员：失效 {found['members']['ended']:,}，恢复 {found['members']['stand_again']:,}"
        ),
        (
            f"问题：消除 {found['findings']['ended']:,}，恢复 {found['findings']['stand_again']:,}；"
            f"身份疑问：消除 {found['cases']['ended']:,}，恢复 {found['cases']['open_again']:,}；人工改定恢复 {found['overrides']:,}"
        ),
        f"类别、状态、号码：失效 {found['statements']['ended']:,}，恢复 {found['statements']['begun_again']:,}",
        (
            f"上报：已告知平台、须更正 {push['corrected']:,} 人；仅列入计划、取消 {push['dropped']:,} 人；"
            f"此前的变更仍待上报 {push['still_to_tell']:,} 人"
        ),
        *(f"名单文件 {source}：{_states(states)}" for source, states in found["deliveries"].items()),
    ]
    for line in lines:
        console.print(f"  {line}", soft_wrap=True)
    if not found["is_done"]:
        console.print("尚未撤销。核对无误后加 --yes")
        return
    for reason in found["reasons"]:
        console.print(f"  - {reason}", soft_wrap=True)


def print_retaken(found: dict[str, Any]) -> None:
    """Prints which lists the next run takes again."""
    for source, files in found["deliveries"].items():
        plain_console().print(f"{source}：{files} 份名单下一次运行再采用")


def print_rebuild(found: dict[str, Any]) -> None:
    """Prints whether the registry is what its originals, decisions and rules make of it."""
    console = plain_console()
    for name, count in found["compared"].items():
        console.print(f"{_COMPARED[name]}：核对 {count:,}，不一致 {found['differing'].get(name, 0):,}")
    if other := found["differing"].get("row_findings", 0):
        console.print(f"名单行的问题：不一致 {other:,}")
    for name, count in found["left_out"].items():
        if count:
            console.print(f"{_LEFT_OUT[name]}：{count:,}", soft_wrap=True)
    if found["are_rules_changed"]:
        console.print("规则或来源配置在上一次运行之后有改动；不一致的可能由此而来。", soft_wrap=True)
    console.print(
        "一致：登记册可由留存的原件、决定和规则完整重算。" if found["is_identical"] else "不一致。", soft_wrap=True
    )
    if found["file"]:
        console.print(f"{found['rows']} rows written to {found['file']}", soft_wrap=True)


def print_tried_rules(found: dict[str, Any]) -> None:
    """Prints what other rules would alter."""
    console = plain_console()
    elders = found["elders"]
    console.print(
        f"新规则之下：进入 {elders['enter']:,} 人，退出 {elders['leave']:,} 人，内容改变 {elders['alter']:,} 人，"
        f"不变 {elders['unchanged']:,} 人"
    )
    for code, change in found["findings"].items():
        console.print(f"  {code}：新增 {change['come']:,}，消除 {change['go']:,}")
    console.print(f"{found['rows']} rows written to {found['file']}；登记册没有改变。", soft_wrap=True)


_COMPARED = {
    "rows": "名单行", "members": "家庭成员", "elders": "老年人", "categories": "类别", "states": "人员状态", "identifiers": "号码",
    "outcomes": "行的处理结果", "merge_findings": "行间问题", "cases": "身份疑问",
}  # fmt: skip
_LEFT_OUT = {
    "due": "下一次运行本就要重新判断的行（决定或到期所致），未核对",
    "decided": "上一次运行之后有人作出决定、下一次运行才生效的人员，未核对",
}


def _states(states: dict[str, int]) -> str:
    words = {"undone": "撤回", "received": "待再读", "accepted": "恢复采用", "held": "恢复暂缓", "refused": "恢复退回"}
    return "，".join(f"{words.get(state, state)} {count:,}" for state, count in states.items())
