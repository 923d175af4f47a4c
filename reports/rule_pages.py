"""The catalogue of rules as a page, so that bodies can read what is asked of them: generated, never written by hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports.page_words import CONSEQUENCES, WHY
from reports.pages import write_page
from schemas.findings import Group

__all__ = ["GROUP_WORDS", "RuleEntry", "rule_values", "write_rule_catalogue"]

GROUP_WORDS: dict[Group, str] = {
    "file": "文件", "identity": "身份", "person": "人员", "category": "对象类型", "household": "家庭", "between": "行与来源之间",
    "push": "推送",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RuleEntry:
    """A rule as it is in force.

    Args:
        severity: in force; ``usual`` is the catalogue's.
        example: what was seen somewhere, masked; empty where nothing was.
        version: fingerprint of rule, severity and parameters.
        findings: how many stood after the run that the page is of; ``None`` where it is of no run.
        is_on: whether it is judged at all.
        parameters: what a bureau has set for it, in words.
    """

    code: str
    group: Group
    label: str
    meaning: str
    expected: str
    remedy: str
    owner: str
    severity: str
    usual: str
    version: str
    example: str = ""
    is_on: bool = True
    parameters: str = ""
    findings: int | None = None


def rule_values(rule: RuleEntry) -> dict[str, Any]:
    """Why a rule matters, and what it does to a row."""
    return {"rule": rule, "why": WHY[rule.group], "consequence": CONSEQUENCES[rule.severity]}


def write_rule_catalogue(
    rules: Sequence[RuleEntry], path: Path, *, run_id: int | None = None, digest: str = "", have_changed: bool = False
) -> Path:
    """Writes the page, by group.

    Args:
        rules: in the order of the catalogue.
        path: the page.
        run_id: the run whose findings the rules count.
        digest: version of all rules together.
        have_changed: whether the run was judged by other rules than these.
    """
    groups = [
        (words, [rule_values(rule) for rule in rules if rule.group == group]) for group, words in GROUP_WORDS.items()
    ]
    values = {
        "groups": [(words, found) for words, found in groups if found],
        "run_id": run_id,
        "digest": digest,
        "have_changed": have_changed,
    }
    return write_page(path, "rules.html.j2", values)
