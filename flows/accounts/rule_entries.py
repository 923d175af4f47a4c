"""The rules as they are in force, as pages show them: the catalogue's words, what a bureau has set, the version of each.

How they look as a page is ``reports.rule_pages``'s business.
"""

import pandas as pd

from flows.accounts.rules_list import owner_words
from reports.rule_pages import RuleEntry
from schemas.configuration import Configuration
from schemas.findings import CATALOGUE, Finding
from schemas.rules_catalogue import parameters_in_force, rule_version
from schemas.rules_words import in_words

__all__ = ["rule_entries"]


def rule_entries(configuration: Configuration, findings: pd.DataFrame | None = None) -> list[RuleEntry]:
    """Every rule; with findings (of ``flows.accounts.reported_findings``) also how many there are of it and an example."""
    if findings is None:
        return [_entry(code, configuration, "", None) for code in CATALOGUE]
    counts = findings["code"].value_counts()
    noted = findings.dropna(subset=["seen"]).drop_duplicates("code").set_index("code")["seen"]
    return [
        _entry(code, configuration, str(noted.get(str(code), "")), int(counts.get(str(code), 0))) for code in CATALOGUE
    ]


def _entry(code: Finding, configuration: Configuration, example: str, count: int | None) -> RuleEntry:
    words, rules = CATALOGUE[code], configuration.rules
    return RuleEntry(
        code=str(code), group=words.group, label=words.label, meaning=words.meaning, expected=words.expected,
        remedy=words.remedy, owner=owner_words(words.owner, configuration), severity=str(rules.severity(code)), usual=str(words.severity),
        version=rule_version(code, rules), is_on=rules.is_on(code), parameters=in_words(parameters_in_force(code, rules)),
        example=example, findings=count,
    )  # fmt: skip
