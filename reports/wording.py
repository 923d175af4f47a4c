"""A finding in words for its sender: what was seen, what was expected, where, and what to do."""

import pandas as pd

from schemas.configuration import Configuration
from schemas.findings import CATALOGUE, Finding
from schemas.masking import mask_column

__all__ = ["with_words"]


def with_words(findings: pd.DataFrame, configuration: Configuration) -> pd.DataFrame:
    """Findings with ``source_label label owner owner_label meaning expected message remedy`` beside what they had.

    Args:
        findings: ``source code severity column seen village`` and whatever else; ``seen`` is masked already, ``village`` is
            shown where it looks like one.
        configuration: names of sources and bodies.
    """
    sources, bodies = configuration.sources, configuration.bureau.bodies
    rules = {code: CATALOGUE[Finding(code)] for code in findings["code"].unique()}
    rule = findings["code"]
    body_of = {name: source.body for name, source in sources.items()}
    sender = findings["source"].map(body_of)
    by_rule = rule.map({code: found.owner for code, found in rules.items()})
    owner = sender.where(by_rule == "sender", by_rule).fillna("civil_affairs").astype("str")
    label = rule.map({code: found.label for code, found in rules.items()}).astype("str")
    meaning = rule.map({code: found.meaning for code, found in rules.items()}).astype("str")
    expected = rule.map({code: found.expected for code, found in rules.items()}).astype("str")
    seen = ("看到“" + findings["seen"] + "”，").fillna("")
    return findings.assign(
        source_label=findings["source"].map({name: source.label for name, source in sources.items()}).astype("str"),
        label=label,
        owner=owner,
        owner_label=owner.map({**bodies, "platform": "省级平台"}).astype("str"),
        meaning=meaning,
        expected=expected,
        message=label + "：" + meaning + seen + "应为：" + expected,
        remedy=rule.map({code: found.remedy for code, found in rules.items()}).astype("str"),
        village=mask_column(findings["village"], "place"),
    )
