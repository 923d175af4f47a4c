"""All rules together: by code, by stage, and the version of each that is in force.

A finding stands under a rule as it was then: its words, its severity, its parameters. The version is a fingerprint of all that.
"""

import hashlib
import json
from types import MappingProxyType
from typing import Any

from schemas.configuration import Rules
from schemas.findings import CATALOGUE, Finding
from schemas.rules_category import CATEGORY_RULES
from schemas.rules_cells import CELL_RULES
from schemas.rules_declared import Form, Rule, Stage
from schemas.rules_elsewhere import BETWEEN_RULES, FILE_RULES, HOUSEHOLD_RULES, PUSH_RULES
from schemas.rules_identity import IDENTITY_RULES

__all__ = ["MEMBER_RULES", "ROW_RULES", "RULES", "form_of", "parameters_in_force", "rule_version"]

_ORDER = {stage: place for place, stage in enumerate(Stage)}


def _in_order(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    return tuple(sorted(rules, key=lambda rule: _ORDER[rule.stage]))


ROW_RULES: tuple[Rule, ...] = _in_order((*IDENTITY_RULES, *CELL_RULES, *CATEGORY_RULES))
"""Rules of a source's main table, in the order of their stages."""

MEMBER_RULES: tuple[Rule, ...] = _in_order(HOUSEHOLD_RULES)
"""Rules of the sheet 家庭成员."""

RULES: MappingProxyType[Finding, Rule] = MappingProxyType(
    {rule.code: rule for rule in (*FILE_RULES, *ROW_RULES, *MEMBER_RULES, *BETWEEN_RULES, *PUSH_RULES)}
)
"""The declaration of every code."""


def form_of(field: str) -> tuple[Finding, Form] | None:
    """What values of a field look like once read, and the code under which another value would have been found."""
    return _FORMS.get(field)


_FORMS = {field: (rule.code, form) for rule in RULES.values() for field, form in rule.forms}


def parameters_in_force(code: Finding, rules: Rules) -> dict[str, Any]:
    """The parameters of a rule, under their keys of ``rules.toml``, with their values."""
    values = rules.model_dump(mode="json")
    return {key: _at(values, key) for key in RULES[code].parameters}


def _at(values: dict[str, Any], key: str) -> Any:
    table, _, inner = key.rpartition(".")
    return values[table][inner] if table else values[inner]


def rule_version(code: Finding, rules: Rules) -> str:
    """A fingerprint of a rule as it is in force: declaration, parameters, severity, switch and words.

    It is the same on every machine, and changes when, and only when, findings under the code mean something else.
    """
    rule, words = RULES[code], CATALOGUE[code]
    said = {
        "code": str(code), "stage": str(rule.stage), "fields": rule.fields, "version": rule.version,
        "parameters": parameters_in_force(code, rules), "severity": str(rules.severity(code)), "on": rules.is_on(code),
        "words": [words.label, words.meaning, words.expected, words.remedy, words.owner],
    }  # fmt: skip
    return hashlib.sha256(json.dumps(said, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:8]
