"""``eldersync help CODE``: what a card, a finding or a reason of the push means, and what to do."""

from difflib import get_close_matches
from typing import Any

from flows.telling.push_reason_words import PUSH_REASONS, PushReason
from flows.watching.card_words import CARD_WORDS, CardWords
from schemas.errors import ConfigurationInvalid
from schemas.findings import CATALOGUE, Finding, FindingRule
from schemas.rules_words import SEVERITY_WORDS

__all__ = ["all_codes", "explained"]

_OWNERS = {"sender": "来源单位", "civil_affairs": "我方", "platform": "省平台"}
_LAMPS = {"red": "红", "yellow": "黄"}


def explained(code: str) -> dict[str, Any]:
    """What a code means.

    Returns:
        ``code kind title owner meaning todo``, and what its kind has beside: ``severity``, ``expected``, ``command``.

    Raises:
        ConfigurationInvalid: nothing has this code; names the nearest one.
    """
    wanted = code.strip().lower()
    if wanted in CARD_WORDS:
        return _of_card(CARD_WORDS[wanted])
    if wanted in set(Finding):
        return _of_finding(CATALOGUE[Finding(wanted)])
    if wanted in PUSH_REASONS:
        return _of_reason(wanted, PUSH_REASONS[wanted])
    near = get_close_matches(wanted, [*CARD_WORDS, *Finding, *PUSH_REASONS], n=1)
    hint = f"; did you mean {near[0]}?" if near else ";"
    raise ConfigurationInvalid(f"nothing has this code{hint} `eldersync help` lists them")


def all_codes() -> dict[str, Any]:
    """Every code with its title: cards, findings, reasons of the push."""
    cards = [{"code": words.code, "title": words.title, "kind": "card"} for words in CARD_WORDS.values()]
    findings = [{"code": str(code), "title": rule.label, "kind": "finding"} for code, rule in CATALOGUE.items()]
    reasons = [{"code": code, "title": reason.title, "kind": "push"} for code, reason in PUSH_REASONS.items()]
    return {"codes": [*cards, *findings, *reasons]}


def _of_card(words: CardWords) -> dict[str, Any]:
    return {
        "code": words.code, "kind": "状态卡片", "title": words.title, "owner": words.owner, "severity": _LAMPS[words.lamp],
        "meaning": words.meaning, "todo": words.todo, "command": words.command.format(run="运行编号", source="来源名"),
    }  # fmt: skip


def _of_finding(rule: FindingRule) -> dict[str, Any]:
    return {
        "code": str(rule.code), "kind": "问题代码", "title": rule.label, "owner": _OWNERS[rule.owner],
        "severity": SEVERITY_WORDS[rule.severity], "meaning": rule.meaning, "todo": rule.remedy, "expected": rule.expected,
    }  # fmt: skip


def _of_reason(code: str, reason: PushReason) -> dict[str, Any]:
    return {
        "code": code, "kind": "上报原因", "title": reason.title, "owner": reason.owner, "meaning": reason.meaning,
        "todo": reason.todo,
    }  # fmt: skip
