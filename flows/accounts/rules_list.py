"""The rules as they are in force: each with its stage, words, severity, parameters, version, and how many findings stand."""

import os
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pandas as pd

from flows.context import Home, open_registry
from registry.engine import transaction
from registry.finding_counts import standing_by_code
from reports.lists import write_list
from schemas.configuration import Configuration, load_configuration
from schemas.errors import ConfigurationInvalid
from schemas.fields import FIELDS
from schemas.findings import CATALOGUE, Finding
from schemas.rules_catalogue import RULES, parameters_in_force, rule_version
from schemas.rules_declared import STAGE_WORDS
from schemas.rules_switches import why_always_on
from schemas.rules_words import SEVERITY_WORDS, in_words

__all__ = ["COLUMNS", "explain_rule", "list_rules", "owner_words", "rule_lines"]

COLUMNS = {
    "code": "代码", "stage": "阶段", "label": "名称", "meaning": "含义", "expected": "应为", "remedy": "处理办法",
    "severity": "程度", "default": "默认程度", "is_on": "是否启用", "may_be_off": "可否停用", "owner": "责任单位",
    "fields": "项目", "parameters": "参数", "version": "版本", "standing": "现有问题",
}  # fmt: skip
"""Columns of the list with their headers for people."""


def list_rules(home: Path, config: Path, to: Path | None) -> dict[str, Any]:
    """Every rule, and a file of them where one is asked for."""
    lines = rule_lines(*_configured(home, config))
    if to is not None:
        table = pd.DataFrame(lines, columns=list(COLUMNS)).astype({"standing": "Int64"})
        write_list(_for_a_file(table), to, title="规则", labels=COLUMNS)
    return {"rules": lines, "file": str(to) if to else None}


def explain_rule(home: Path, config: Path, code: str) -> dict[str, Any]:
    """One rule.

    Raises:
        ConfigurationInvalid: there is no such code; the nearest ones are named.
    """
    if code not in set(Finding):
        near = "、".join(get_close_matches(code, list(Finding), n=3)) or "eldersync rules list"
        raise ConfigurationInvalid(f"there is no rule of this code; did you mean {near}?")
    return next(line for line in rule_lines(*_configured(home, config)) if line["code"] == code)


def rule_lines(configuration: Configuration, standing: dict[str, int] | None) -> list[dict[str, Any]]:
    """The rules in the order of the catalogue; ``standing`` is how many findings of each stand, ``None`` where nobody knows."""
    return [_line(code, configuration, standing) for code in CATALOGUE]


def _line(code: Finding, configuration: Configuration, standing: dict[str, int] | None) -> dict[str, Any]:
    rule, words, rules = RULES[code], CATALOGUE[code], configuration.rules
    return {
        "code": str(code), "stage": STAGE_WORDS[rule.stage], "label": words.label, "meaning": words.meaning,
        "expected": words.expected, "remedy": words.remedy, "severity": SEVERITY_WORDS[rules.severity(code)],
        "default": SEVERITY_WORDS[words.severity], "is_on": rules.is_on(code), "may_be_off": why_always_on(code) is None,
        "owner": owner_words(words.owner, configuration), "fields": [FIELDS[field].label for field in rule.fields],
        "parameters": parameters_in_force(code, rules), "version": rule_version(code, rules),
        "standing": None if standing is None else standing.get(str(code), 0),
    }  # fmt: skip


def owner_words(owner: str, configuration: Configuration) -> str:
    """Whose job a rule's findings are, as people read it."""
    return {"sender": "报送单位", "platform": "省级平台"}.get(owner) or configuration.bureau.bodies.get(
        owner, "民政部门"
    )


def _for_a_file(table: pd.DataFrame) -> pd.DataFrame:
    """The lines with lists and switches in words."""
    return table.assign(
        is_on=table["is_on"].map({True: "启用", False: "停用"}),
        may_be_off=table["may_be_off"].map({True: "可以", False: "不可以"}),
        fields=table["fields"].map("、".join),
        parameters=table["parameters"].map(in_words),
    )


def _configured(home: Path, config: Path) -> tuple[Configuration, dict[str, int] | None]:
    """The configuration, and how many findings stand; nothing where no registry was made yet, and none is made for the asking."""
    configuration, rooms = load_configuration(config), Home(home.expanduser().resolve())
    if not (os.environ.get("ELDERSYNC_DATABASE_URL") or (rooms.path / "postgres").is_dir()):
        return configuration, None
    with open_registry(rooms, configuration) as engine, transaction(engine) as connection:
        return configuration, standing_by_code(connection)
