"""Rules on a terminal, in the officers' words: all of them a line each, or one in full."""

from typing import Any

from rich.table import Table

from flows.commands.print_parts import plain_console
from schemas.rules_words import in_words

__all__ = ["print_rule", "print_rules"]


def print_rules(found: dict[str, Any]) -> None:
    """Prints every rule, a line each."""
    if found["file"]:
        print(f"{len(found['rules'])} rows written to {found['file']}")  # noqa: T201
        return
    table = Table()
    for header in ("代码", "名称", "程度", "版本"):
        table.add_column(header, overflow="fold", no_wrap=header in {"代码", "版本"})
    table.add_column("现有问题", justify="right")
    for line in found["rules"]:
        standing = "" if line["standing"] is None else f"{line['standing']:,}"
        table.add_row(line["code"], line["label"], _severity(line), line["version"], standing)
    plain_console().print(table)


def print_rule(line: dict[str, Any]) -> None:
    """Prints one rule in full."""
    told = {
        "代码": line["code"], "名称": line["label"], "阶段": line["stage"], "项目": "、".join(line["fields"]),
        "含义": line["meaning"], "应为": line["expected"], "处理办法": line["remedy"], "程度": _severity(line),
        "责任单位": line["owner"], "参数": in_words(line["parameters"]), "版本": line["version"],
        "停用": "可以在 rules.toml 的 off 中停用" if line["may_be_off"] else "不能停用",
        "现有问题": "" if line["standing"] is None else f"{line['standing']:,}",
    }  # fmt: skip
    for label, words in told.items():
        if words:
            plain_console().print(f"{label}：{words}", soft_wrap=True)


def _severity(line: dict[str, Any]) -> str:
    if not line["is_on"]:
        return "停用"
    changed = "" if line["severity"] == line["default"] else f"（默认{line['default']}）"
    return f"{line['severity']}{changed}"
