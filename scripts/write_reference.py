"""The reference pages that are made from the code: data dictionary, findings, and the headers each source may use.

``python -m scripts.write_reference`` writes them (``make docs``); a test compares what is on disk with what this makes.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from schemas.codes import CODE_LISTS
from schemas.configuration import Configuration, Source, TableColumns, load_configuration
from schemas.fields import ELDER_FIELDS, FIELDS, MEMBER_FIELDS, Field
from schemas.findings import CATALOGUE, FindingRule
from schemas.rules_catalogue import RULES
from schemas.rules_declared import STAGE_WORDS
from schemas.rules_switches import why_always_on
from schemas.rules_words import SEVERITY_WORDS

__all__ = ["HEADERS_BEGIN", "HEADERS_END", "main", "render_data_dictionary", "render_findings", "render_headers", "with_headers"]  # fmt: skip

ROOT = Path(__file__).resolve().parents[1]

HEADERS_BEGIN = "<!-- made by scripts/write_reference.py from config/sources: begin -->"
HEADERS_END = "<!-- end -->"

_GROUPS: Mapping[str, str] = {
    "file": "文件 (file)", "identity": "身份 (identity)", "person": "人员 (person)", "category": "对象类型 (category)",
    "household": "家庭 (household)", "between": "行与来源之间 (between)", "push": "推送 (push)",
}  # fmt: skip
_OWNERS: Mapping[str, str] = {"sender": "报送单位", "civil_affairs": "民政部门", "platform": "省级平台"}

_TYPES = (
    "Types: `text`; `code` (a word of the code list named); `categories` (codes joined by `|` in the registry's order); "
    "`date` (ISO 8601); `fen` (whole hundredths of a yuan); `number`; `id_number` (18 characters, GB 11643-1999); "
    "`certificate` (20 or 22 characters); `phone`; `division` (a name, or the 12-digit statistical code in `*_code`). "
    "Empty is missing. Sensitivity is explained in [privacy](privacy.md)."
)
_SEVERITY_NOTE = (
    "A severity can be changed in `config/rules.toml` ([configuration](configuration.md)). A row shows all its findings; "
    "of one ID number's own faults only the first is reported, since the later ones cannot be judged. Rules are judged in the "
    "order of their stages: reading the file, reading a cell, the cell, the row, other rows of the list, other lists, the "
    "registry, the platform. `eldersync rules list` shows what is in force."
)


def render_data_dictionary() -> str:
    """``docs/data-dictionary.md``: every field with its label, type, code list and sensitivity, then every code."""
    lines = [
        "# Data dictionary · 数据字典",
        "",
        "Made from `schemas/fields.py` and `schemas/codes.py` by `scripts/write_reference.py`. Do not edit.",
        "",
        _TYPES,
        "",
        "## An elder",
        "",
        "In the order of `eldersync elders`.",
        "",
        *_field_table((name, FIELDS[name]) for name in ELDER_FIELDS),
        "",
        "## A household member",
        "",
        "Rows of the sheet 家庭成员, kept beside the elder they name.",
        "",
        *_field_table((name, FIELDS[name]) for name in MEMBER_FIELDS),
        "",
        "## Code lists",
        "",
    ]
    for name, codes in CODE_LISTS.items():
        used = "、".join(field.label for field in FIELDS.values() if field.codes == name)
        lines += [f"### `{name}`", "", f"Used by: {used}.", "", "| code | label |", "| --- | --- |"]
        lines += [f"| `{code}` | {label} |" for code, label in codes.items()]
        lines.append("")
    return "\n".join(lines)


def render_findings() -> str:
    """``docs/findings.md``: every finding with its severity, what it means, what to do, and who has to act."""
    lines = [
        "# Findings · 问题代码",
        "",
        "Made from the catalogue in `schemas/findings.py` by `scripts/write_reference.py`. Do not edit.",
        "",
        "| severity | 程度 | what happens to the row |",
        "| --- | --- | --- |",
        "| `reject` | 退回 | held, out of the registry and of the push, until the sender has corrected it |",
        "| `hold` | 待定 | held until a person has settled it |",
        "| `warn` | 提醒 | admitted, and reported |",
        "| `note` | 说明 | admitted, kept for the record |",
        "",
        _SEVERITY_NOTE,
        "",
    ]
    for group, title in _GROUPS.items():
        lines += [
            f"## {title}", "", "| 代码 | 程度 | 阶段 | 名称 | 含义 | 应为 | 处理办法 | 责任单位 | 停用 |", "| --- " * 9 + "|",
        ]  # fmt: skip
        lines += [_finding_row(rule) for rule in CATALOGUE.values() if rule.group == group]
        lines.append("")
    return "\n".join(lines)


def render_headers(configuration: Configuration) -> str:
    """The part of ``docs/senders.md`` between its two marks: the headers of every source, required ones first."""
    lines = [HEADERS_BEGIN, ""]
    for source in configuration.sources.values():
        lines += [f"### {source.label}（`{source.name}`）", "", *_header_table(source.main, _sheets(source.main))]
        if source.members is not None:
            lines += ["", *_header_table(source.members, f"{_sheets(source.members)}，可以没有")]
        lines += ["", _full_or_not(source, configuration), ""]
    return "\n".join([*lines, HEADERS_END])


def with_headers(page: str, headers: str) -> str:
    """The page with the part between its marks replaced.

    Raises:
        ValueError: the page lacks one of the marks.
    """
    before, rest = page.split(HEADERS_BEGIN, 1)
    _, after = rest.split(HEADERS_END, 1)
    return before + headers + after


def main() -> None:
    """Writes the pages."""
    docs = ROOT / "docs"
    (docs / "data-dictionary.md").write_text(render_data_dictionary(), encoding="utf-8")
    (docs / "findings.md").write_text(render_findings(), encoding="utf-8")
    senders = docs / "senders.md"
    page = with_headers(senders.read_text(encoding="utf-8"), render_headers(load_configuration(ROOT / "config")))
    senders.write_text(page, encoding="utf-8")


def _field_table(fields: Iterable[tuple[str, Field]]) -> list[str]:
    return [
        "| field | 名称 | type | codes | sensitivity | meaning |",
        "| --- " * 6 + "|",
        *(
            f"| `{name}` | {field.label} | {field.kind} | {f'`{field.codes}`' if field.codes else ''} "
            f"| {field.sensitivity} | {_cell(field.description)} |"
            for name, field in fields
        ),
    ]


def _finding_row(rule: FindingRule) -> str:
    cells = (
        f"`{rule.code}`", SEVERITY_WORDS[rule.severity], STAGE_WORDS[RULES[rule.code].stage], rule.label, rule.meaning,
        rule.expected, rule.remedy, _OWNERS[rule.owner], "不可以" if why_always_on(rule.code) else "可以",
    )  # fmt: skip
    return "| " + " | ".join(map(_cell, cells)) + " |"


def _sheets(table: TableColumns) -> str:
    return f"工作表“{'”或“'.join(table.sheets)}”"


def _header_table(table: TableColumns, title: str) -> list[str]:
    ordered = sorted(table.columns.items(), key=lambda column: column[0] not in table.required)
    return [
        f"{title}：",
        "",
        "| 列名 | 也可写作 | 必需 |",
        "| --- | --- | --- |",
        *(
            f"| {names[0]} | {'、'.join(names[1:])} | {'是' if name in table.required else ''} |"
            for name, names in ordered
        ),
    ]


def _full_or_not(source: Source, configuration: Configuration) -> str:
    stated = FIELDS[source.stated_on].label
    if source.delivers == "incremental":
        reach = "增量名单：没有列出的人员保持不变。"
    elif source.full_within == "household_village":
        reach = "全量名单，以村（居）为单位：名单中出现的村（居）必须列全，没有列出的人员视为不再报送；没有出现的村（居）保持不变。"
    else:
        reach = "全量名单：没有列出的人员视为不再报送。"
    body = configuration.bureau.bodies[source.body]
    return f"提供单位：{body}。{reach}同一人有多行的，以“{stated}”最新的一行为准。"


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


if __name__ == "__main__":
    main()
