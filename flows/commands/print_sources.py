"""What ``eldersync source …`` prints for officers: sources listed, one drafted, headers learnt, a file tried; and who waits."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from flows.commands.print_parts import SEVERITY_WORDS, plain_console, print_file, table_of
from flows.drafting.source_try import Progress as Told
from schemas.fields import FIELDS

__all__ = [
    "print_added", "print_learnt", "print_sources", "print_tried", "progress_bar", "waiting",
]  # fmt: skip

_DELIVERS = {"full": "全量", "incremental": "增量"}
_DOING = {"reading": "读取文件", "judging": "逐行检查"}


@contextmanager
def waiting(words: str) -> Iterator[None]:
    """Says on standard error that something is being done, if that is a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(words):
        yield


@contextmanager
def progress_bar() -> Iterator[Told]:
    """A bar on standard error, if that is a terminal; it is told what is being done and how many rows of it are."""
    console = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)

        def tell(doing: str, done: int, of: int) -> None:
            bar.update(task, description=_DOING[doing], completed=done, total=of or None)

        yield tell


def print_sources(found: dict[str, Any]) -> None:
    """Prints the configured sources."""
    table = table_of("来源", "渠道", "方式", "截止", "天数", "版本", "最近收到")
    for source in found["sources"]:
        table.add_row(
            f"{source['name']}\n{source['label']}\n{source['body_label']}", source["channel"], _DELIVERS[source["delivers"]],
            source["cut_off"] or "", str(source["fresh_days"] or ""), str(source["aliases_version"]),
            (source["last_delivery"] or "")[:16].replace("T", " "),
        )  # fmt: skip
    plain_console().print(table)


def print_added(found: dict[str, Any]) -> None:
    """Prints what was drafted, and what to do next."""
    console = plain_console()
    console.print(f"已写入 {found['file']}，尚待核对。", soft_wrap=True)
    console.print(f"采用 {len(found['mapped'])} 列；未采用 {len(found['left'])} 列" + _listed(found["left"]))
    if found["reads_like"]:
        console.print(f"注意：该样本与已有来源 {found['reads_like']} 的表头相符，确认确是另一个来源。")
    if found["date_to_agree_on"]:
        console.print(f"样本中没有日期列：请与来源单位商定增加“{FIELDS[found['date_to_agree_on']].label}”。")
    if found["undecided_codes"]:
        console.print(f"有 {found['undecided_codes']} 个代码含义不明，已写成注释，核实后填写。")
    console.print("下一步：")
    console.print("  1. 打开该文件逐行核对；把来源写进 survivorship.toml 才会优先采用其内容")
    console.print(f"  2. eldersync source try {found['source']} 样本文件")
    console.print(f"  3. 正式文件放入 inbox/{found['source']}/")


def print_learnt(found: dict[str, Any]) -> None:
    """Prints what was, or would be, added to a source's headers."""
    console = plain_console()
    if not found["added"]:
        console.print("没有可增加的表头。")
    for line in found["diff"]:
        style = "green" if line.startswith("+") else "red" if line.startswith("-") else ""
        console.print(Text(line, style), soft_wrap=True)
    for guess in found["to_confirm"]:
        console.print(
            f"待确认：{guess['letter']} 列“{guess['header']}”可能是{FIELDS[guess['field']].label}；"
            f"确认的，加 --field {guess['field']}={guess['letter']}"
        )
    if found["left"]:
        console.print("未能识别的列" + _listed(found["left"]))
    if found["written"]:
        console.print(f"已写入 {found['file']}，表头版本 {found['aliases_version']}。", soft_wrap=True)
    elif found["added"]:
        console.print("尚未写入。确认无误后，加 --yes 再执行一次。")


def print_tried(found: dict[str, Any]) -> None:
    """Prints what a night would make of a file."""
    console = plain_console()
    console.print(f"{found['label']}（{found['source']}），业务日期 {found['business_date']}。只试读，不保存任何内容。")
    print_file({"findings": found["file_findings"], "notes": found["notes"]}, console)
    if found["refused"]:
        console.print(Text("文件不予采用。", "red"))
        return
    funnel = found["funnel"]
    console.print(
        f"收到 {funnel['received']:,} 行 = 可入库 {funnel['admitted']:,} + 暂缓 {funnel['held']:,} + 非记录 {funnel['blank']:,}"
        f" + 破损 {funnel['broken']:,}"
    )
    _print_findings(found["findings"], console)
    if members := found["members"]:
        console.print(
            f"家庭成员 {members['received']:,} 行 = 已对应 {members['linked']:,} + 未对应 {members['held']:,} + "
            f"非记录 {members['blank']:,} + 破损 {members['broken']:,}"
        )
        _print_findings(members["findings"], console)
    console.print("重复、同号不同人、各来源不一致，须与其他名单对照，夜间运行时才判断。")


def _print_findings(findings: list[dict[str, Any]], console: Console) -> None:
    if not findings:
        console.print("没有发现问题。")
        return
    table = table_of("处理", "问题", "登记项", "数量", "最先出现在", "怎么办")
    for line in findings:
        rows = _rows(line["first_rows"]) + ("…" if line["count"] > len(line["first_rows"]) else "")
        field = FIELDS[line["field"]].label if line["field"] else ""
        table.add_row(
            SEVERITY_WORDS[line["severity"]],
            f"{line['label']} {line['code']}",
            field,
            f"{line['count']:,}",
            rows,
            line["remedy"],
        )
    console.print(table)


def _rows(places: list[dict[str, Any]]) -> str:
    """Rows by their sheets."""
    sheets: dict[str, list[str]] = {}
    for place in places:
        sheets.setdefault(place["sheet"], []).append(str(place["row_number"]))
    return "；".join(f"{sheet} 第 {'、'.join(rows)} 行".strip() for sheet, rows in sheets.items())


def _listed(headers: list[str]) -> str:
    return "：" + "、".join(headers) if headers else "。"
