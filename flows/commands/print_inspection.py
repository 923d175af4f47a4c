"""What ``eldersync source inspect`` prints for officers."""

from typing import Any

from rich.console import Console
from rich.text import Text

from flows.commands.print_parts import plain_console, print_file, table_of
from schemas.column_guess import CONFIDENCE_LABELS, Confidence
from schemas.fields import FIELDS

__all__ = ["print_inspection"]

_LIKENESS = {"list": "名单", "members": "家庭成员", "form": "登记表（附件1）", "other": "其他"}
_DELIMITERS = {",": "逗号", "\t": "制表符", ";": "分号", "|": "竖线"}
_COLOURS = {Confidence.CERTAIN: "green", Confidence.HIGH: "green", Confidence.MEDIUM: "yellow", Confidence.NONE: "red"}


def print_inspection(found: dict[str, Any]) -> None:
    """Prints what a file is."""
    console = plain_console()
    print_file(found, console)
    if found["sheets"]:
        sheets = table_of("工作表", "行数", "隐藏", "像", "表头所在行", "列数")
        for sheet in found["sheets"]:
            hidden = "是" if sheet["is_hidden"] else f"{sheet['hidden_rows']} 行" if sheet["hidden_rows"] else ""
            rows = "–".join(dict.fromkeys(map(str, sheet["header_rows"])))
            sheets.add_row(
                sheet["name"] or "（文本）",
                f"{sheet['rows']:,}",
                hidden,
                _LIKENESS[sheet["reads_like"]],
                rows,
                str(sheet["columns"]),
            )
        console.print(sheets)
    for delimiter in filter(None, dict.fromkeys(sheet["delimiter"] for sheet in found["sheets"])):
        console.print(f"分隔符：{_DELIMITERS[delimiter]}")
    if not found["columns"]:
        console.print("没有找到名单。")
        return
    if found["sheet"]:
        console.print(f"以下为工作表“{found['sheet']}”")
    _print_source(found, console)
    if rows := found["rows"]:
        console.print(
            f"表头以下 {rows['received']:,} 行：记录 {rows['records']:,}，非记录 {rows['blank']:,}，破损 {rows['broken']:,}"
        )
    _print_columns(found["columns"], console)
    _print_codes(found["columns"], console)
    if numbers := found["id_numbers"]:
        faults = "；".join(f"{fault['label']} {fault['count']:,}" for fault in numbers["faults"].values())
        console.print(
            f"身份证号码：有效 {numbers['valid']:,}，以数值格式录入 {numbers['stored_as_number']:,}"
            + (f"；{faults}" if faults else "")
        )
    if found["unknown_columns"]:
        console.print("没有对应登记项的列：" + "、".join(found["unknown_columns"]))
    _print_sample(found, console)


def _print_source(found: dict[str, Any], console: Console) -> None:
    if source := found["source"]:
        how = "指定来源" if source["given"] else "最像的来源"
        console.print(
            f"{how}：{source['label']}（{source['name']}），{source['columns']} 列中有 {source['matched']} 列相符"
        )
    elif found["sources"]:
        best = found["sources"][0]
        console.print(
            f"没有一个来源的必需列全部相符；最接近的是{best['label']}（{best['name']}），{best['matched']} 列相符"
        )


def _print_columns(columns: list[dict[str, Any]], console: Console) -> None:
    table = table_of("列", "表头", "登记项", "把握与理由", "填写率", "数值")
    for column in columns:
        confidence = Confidence(column["confidence"])
        why = Text(CONFIDENCE_LABELS[confidence], _COLOURS[confidence])
        why.append(f" {column['why'] or '没有对应的登记项'}", "default")
        number = str(column["stored_as_number"] or "")
        table.add_row(column["letter"], column["header"], _field(column), why, f"{column['filled']:.0%}", number)
    console.print(table)


def _field(column: dict[str, Any]) -> str:
    """The field of a column, or those it may be."""
    if column["field"]:
        return f"{column['label']}\n{column['field']}"
    return "\n".join(f"？{FIELDS[field].label}\n{field}" for field in column["candidates"])


def _print_codes(columns: list[dict[str, Any]], console: Console) -> None:
    coded = [column for column in columns if column["codes"]]
    if not coded:
        return
    table = table_of("代码列", "写法", "次数", "含义")
    for column in coded:
        for place, code in enumerate(column["codes"]):
            table.add_row(column["header"] if place == 0 else "", _word(code), f"{code['times']:,}", _meaning(code))
    console.print(table)


def _word(code: dict[str, Any]) -> str:
    return code["word"] if code["word"] is not None else "（其余，不显示）"


def _meaning(code: dict[str, Any]) -> Text:
    if code["word"] is None:
        return Text("")
    proof = f"（{code['proven_rows']:,} 行中 {code['proven_share']:.1%} 如此）"
    if code["proven"] and code["proven"] != code["code"]:
        said = f"，与词表的“{code['label']}”不同" if code["code"] else ""
        return Text(f"对照号码为{code['proven_label']}{proof}{said}", "yellow")
    return Text(code["label"]) if code["code"] else Text("不认识，请核实", "red")


def _print_sample(found: dict[str, Any], console: Console) -> None:
    """Masked rows turned on their side: many columns fit no terminal."""
    rows = found["sample_rows"]
    if not rows:
        return
    table = table_of("表头", *(f"第 {row['row_number']} 行" for row in rows))
    for column in found["columns"]:
        if column["letter"] in rows[0]["cells"]:
            table.add_row(column["header"], *(row["cells"][column["letter"]] for row in rows))
    console.print(table)
