"""The reference pages that are made from the code: data dictionary, findings, cards, and the headers each source may use.

``python -m scripts.write_reference`` writes them (``make docs``); a test compares what is on disk with what this makes.
"""

import ast
from collections.abc import Iterable, Mapping
from pathlib import Path

from flows.telling.push_reason_words import PUSH_REASONS
from flows.watching.card_words import CARD_WORDS, CardWords
from schemas.codes import CODE_LISTS
from schemas.configuration import Configuration, Source, TableColumns, load_configuration
from schemas.fields import ELDER_FIELDS, FIELDS, MEMBER_FIELDS, Field
from schemas.findings import CATALOGUE, FindingRule
from schemas.rules_catalogue import RULES
from schemas.rules_declared import STAGE_WORDS
from schemas.rules_switches import why_always_on
from schemas.rules_words import SEVERITY_WORDS

__all__ = [
    "END", "HEADERS_BEGIN", "HOUSE_BEGIN", "main", "render_cards", "render_data_dictionary", "render_findings", "render_headers",
    "render_house", "with_part",
]  # fmt: skip

ROOT = Path(__file__).resolve().parents[1]
_ROOMS = ("flows", "transforms", "connectors", "registry", "reports", "simulator", "schemas")

HEADERS_BEGIN = "<!-- made by scripts/write_reference.py from config/sources: begin -->"
HOUSE_BEGIN = "<!-- made by scripts/write_reference.py from the packages: begin -->"
END = "<!-- end -->"

_GROUPS: Mapping[str, str] = {
    "file": "文件 (file)", "identity": "身份 (identity)", "person": "人员 (person)", "category": "对象类型 (category)",
    "household": "家庭 (household)", "between": "行与来源之间 (between)", "push": "推送 (push)",
}  # fmt: skip
_OWNERS: Mapping[str, str] = {"sender": "报送单位", "civil_affairs": "民政部门", "platform": "省级平台"}

_CARD_GROUPS: Mapping[str, str] = {
    "night": "夜间运行", "source": "来源", "rows": "行与人员", "identity": "行与人员", "decisions": "行与人员", "pairs": "行与人员",
    "push": "上报", "registry-restored": "上报",
}  # fmt: skip
_OTHER_CARDS = "本机、配置与服务"
_CARDS_NOTE = (
    "由 `flows/watching/card_words.py` 和 `flows/telling/push_reason_words.py` 生成，不要手工修改。`eldersync help 代码` 显示同样的内容。"
    "卡片上另有这一次的数字和起始时间；责任方按当时的情况可能与这里不同，以卡片为准。"
    "命令中的运行编号、来源名，卡片上已经填好。"
)

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


def render_cards() -> str:
    """``docs/operators-cards.md``: every card of the status, then every reason of the push."""
    lines = ["# 卡片与代码", "", "[操作员手册](operators.md) 的一部分。", "", _CARDS_NOTE, ""]
    for title in dict.fromkeys((*_CARD_GROUPS.values(), _OTHER_CARDS)):
        lines += [f"## {title}", ""]
        for words in CARD_WORDS.values():
            if _card_group(words.code) == title:
                lines += [*_card_lines(words), ""]
    lines += [
        "## 上报的原因", "",
        "停止上报的原因，以及 `eldersync push proof 人员编号` 中某人没有报成的原因。", "",
        "| 代码 | 名称 | 责任方 | 含义 | 处理 |", "| --- " * 5 + "|",
    ]  # fmt: skip
    for code, reason in PUSH_REASONS.items():
        cells = (f"`{code}`", reason.title, reason.owner, reason.meaning, reason.todo)
        lines.append("| " + " | ".join(map(_cell, cells)) + " |")
    return "\n".join([*lines, "", "问题清单中的代码见[问题代码](findings.md)。", ""])


def render_headers(configuration: Configuration) -> str:
    """The part of ``docs/senders.md`` between its two marks: the headers of every source, required ones first."""
    lines = [HEADERS_BEGIN, ""]
    for source in configuration.sources.values():
        lines += [f"### {source.label}（`{source.name}`）", "", *_header_table(source.main, _sheets(source.main))]
        if source.members is not None:
            lines += ["", *_header_table(source.members, f"{_sheets(source.members)}，可以没有")]
        lines += ["", _full_or_not(source, configuration), ""]
    return "\n".join([*lines, END])


def render_house() -> str:
    """The tree of rooms, each with the first sentence of its own docstring."""
    rooms = [folder for folder in _ROOMS if (ROOT / folder / "__init__.py").is_file()]
    folders = [file.parent for room in rooms for file in sorted((ROOT / room).rglob("__init__.py"))]
    lines = [
        f"{'  ' * (len(folder.parts) - 1) + folder.name + '/':22} {_sentence(ROOT / folder)}"
        for folder in map(_short, folders)
    ]
    return "\n".join([HOUSE_BEGIN, "", "```text", *lines, "```", "", END])


def _short(folder: Path) -> Path:
    return folder.relative_to(ROOT)


def _sentence(package: Path) -> str:
    said = ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8"))) or ""
    return said.split("\n")[0]


def with_part(page: str, part: str) -> str:
    """The page with the part between a part's own marks replaced by it.

    Raises:
        ValueError: the page lacks one of the marks.
    """
    begin = part.split("\n", 1)[0]
    before, rest = page.split(begin, 1)
    _, after = rest.split(END, 1)
    return before + part + after


def main() -> None:
    """Writes the pages."""
    docs = ROOT / "docs"
    (docs / "data-dictionary.md").write_text(render_data_dictionary(), encoding="utf-8")
    (docs / "findings.md").write_text(render_findings(), encoding="utf-8")
    (docs / "operators-cards.md").write_text(render_cards(), encoding="utf-8")
    parts = {"senders.md": render_headers(load_configuration(ROOT / "config")), "architecture.md": render_house()}
    for name, part in parts.items():
        page = docs / name
        page.write_text(with_part(page.read_text(encoding="utf-8"), part), encoding="utf-8")


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


def _card_group(code: str) -> str:
    return _CARD_GROUPS.get(code) or _CARD_GROUPS.get(code.partition("-")[0], _OTHER_CARDS)


def _card_lines(words: CardWords) -> list[str]:
    lamp = {"red": "红", "yellow": "黄"}[words.lamp]
    command = words.command.format(run="运行编号", source="来源名")
    return [
        f"### {words.code}",
        "",
        f"**{words.title}**（{lamp}，{words.owner}）。{words.meaning}",
        "",
        f"处理：{words.todo}{f'命令：`{command}`' if command else ''}",
    ]


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
