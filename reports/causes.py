"""Findings grouped by what brought them about: a rule and a column, with an example, why it matters, and how long it stands."""

from typing import Any

import numpy as np
import pandas as pd

from reports.listing import Listing
from reports.page_words import CONSEQUENCES, NO_VILLAGE, SEVERITY_WORDS, WHY
from schemas.findings import CATALOGUE, Finding

__all__ = ["by_cause", "counted", "ranked"]

_KEYS = ["code", "column"]
_GROUPS = {str(code): rule.group for code, rule in CATALOGUE.items()}
_KNOWN = {str(code) for code in Finding}
_RANK = {key: place for place, key in enumerate(SEVERITY_WORDS)}


def ranked(findings: pd.DataFrame) -> pd.DataFrame:
    """Findings, gravest first, then in the order of lists, files and rows."""
    keys = ["rank", "source", "delivery", "sheet", "row_number", "finding_id"]
    sorted_ = findings.assign(rank=findings["severity"].map(_RANK)).sort_values(keys, kind="stable")
    return sorted_.drop(columns="rank").reset_index(drop=True)


def by_cause(listing: Listing) -> list[dict[str, Any]]:
    """Causes, gravest and most frequent first.

    Each: ``code column severity label meaning expected remedy owner total since times_returned seen place why consequence``
    and ``page``, whether the rule has a page of its own.
    """
    first, which = listing.groups(_KEYS)
    if not len(first):
        return []
    # One whose cell was noted shows best what is meant.
    unseen = np.lexsort((np.arange(len(which)), listing.words["seen"].at < 0, which))
    examples = unseen[np.searchsorted(which[unseen], np.arange(len(first)))]
    totals = np.bincount(which, minlength=len(first))
    returned = np.zeros(len(first), np.int64)
    np.maximum.at(returned, which, listing.numbers["times_returned"])
    owners, since = _owners(listing, which, len(first)), _since(listing, which, len(first))
    causes = [
        {**_example(listing, int(row)), "total": int(totals[place]), "times_returned": int(returned[place]),
         "owner": owners[place], "since": since[place]}
        for place, row in enumerate(examples)
    ]  # fmt: skip
    return sorted(
        causes, key=lambda cause: (_RANK.get(cause["severity"], 9), -cause["total"], cause["code"], cause["column"])
    )


def counted(listing: Listing, keys: list[str]) -> list[dict[str, Any]]:
    """Findings counted by severity within each key, the most first: the keys, the severities, ``total``, ``label`` (the last key)."""
    first, which = listing.groups(keys)
    severity = listing.words["severity"]
    counts = np.zeros((len(first), len(severity.words)), np.int64)
    np.add.at(counts, (which, severity.at), 1)
    rows = []
    for place, row in enumerate(first):
        said = {key: listing.words[key].word(int(row)) for key in keys}
        if not said.get("village", "village"):
            said["village"] = NO_VILLAGE
        numbers = dict(zip(severity.words, counts[place].tolist(), strict=True))
        rows.append(
            {**said, "label": said[keys[-1]] or said[keys[0]], **dict.fromkeys(SEVERITY_WORDS, 0), **numbers,
             "total": int(counts[place].sum())}
        )  # fmt: skip
    return sorted(rows, key=lambda row: (-row["total"], row["label"]))


def _owners(listing: Listing, which: Any, groups: int) -> list[str]:
    owner = listing.words["owner_label"]
    found: list[set[str]] = [set() for _ in range(groups)]
    for pair in np.unique(np.stack([which, owner.at]), axis=1).T:
        found[pair[0]].add(owner.words[pair[1]] if pair[1] >= 0 else "")
    return ["、".join(sorted(names - {""})) for names in found]


def _since(listing: Listing, which: Any, groups: int) -> list[str]:
    """The earliest day of each group; days are ISO texts, so their order is that of the alphabet."""
    since = listing.words["since"]
    days = sorted(since.words)
    rank = np.array([days.index(day) for day in since.words] + [len(days)], np.int64)
    earliest = np.full(groups, len(days), np.int64)
    np.minimum.at(earliest, which, rank[since.at])
    return [days[place] if place < len(days) else "" for place in earliest]


def _example(listing: Listing, row: int) -> dict[str, Any]:
    said = {name: column.word(row) for name, column in listing.words.items()}
    number = int(listing.numbers["row_number"][row])
    group = _GROUPS.get(said["code"])
    return {
        **{name: said[name] for name in ("code", "column", "severity", "seen")},
        **listing.rules[said["code"]],
        "place": " · ".join(
            part for part in (said["delivery"], said["sheet"], f"第 {number} 行" if number > 0 else "") if part
        ),
        "why": WHY[group] if group else "",
        "consequence": CONSEQUENCES.get(said["severity"], ""),
        "page": said["code"] in _KNOWN,
    }
