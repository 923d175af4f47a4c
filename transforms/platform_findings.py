"""What the platform refused, as findings for the body that owns the field; and what became of nobody knows what.

Pure: the outcomes and who states each person come in, findings as ``registry.findings`` keeps them go out.
"""

import json
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd

from schemas.configuration import Configuration
from schemas.fields import FIELDS, STATED_FIELDS
from schemas.findings import Finding
from schemas.platform_profile import PlatformProfile
from schemas.push import PushState
from schemas.rules_catalogue import rule_version
from transforms.platform_words import masked_words

__all__ = ["FINDING_COLUMNS", "OUTCOME_COLUMNS", "STATEMENT_COLUMNS", "platform_findings"]

OUTCOME_COLUMNS = ("person_id", "revision", "state", "code", "words", "payload")
"""Of a change that was refused, or whose outcome is unknown; ``payload`` is the JSON object the platform was told."""

STATEMENT_COLUMNS = ("person_id", "winners", "letter", "row_id", "source", "delivery_id", "sheet", "row_number")
"""Of a row an elder's record is made of: the elder's ``winners``, and which letter in it is this row's source."""

FINDING_COLUMNS = (
    "person_id", "code", "severity", "source", "delivery_id", "sheet", "row_number", "row_id", "header", "field", "seen",
    "rule",
)  # fmt: skip

_CODES = {
    PushState.REJECTED: Finding.PLATFORM_REJECTED,
    PushState.UNKNOWN: Finding.PLATFORM_UNKNOWN_OUTCOME,
    PushState.HELD: Finding.PLATFORM_UNKNOWN_OUTCOME,
}
# A source states names where we keep codes; the county's stands for all of the place.
_STATED_AS = {
    "household_division_code": "household_county", "residence_division_code": "residence_county",
    "category_change": "categories",
}  # fmt: skip
_NAMES = tuple(name for name in FIELDS if name.endswith("_name") or name in {"name", "assistance_person"})


class _Meaning(NamedTuple):
    """What a refusal is about: the platform's header, our field, and our words, each empty where it is not known."""

    header: str
    field: str
    words: str


def platform_findings(
    outcomes: pd.DataFrame, statements: pd.DataFrame, profile: PlatformProfile, configuration: Configuration
) -> pd.DataFrame:
    """One finding for each outcome, at the row of the source whose value the platform refused.

    The field is that of the reason's header. Its owner is the source that won the field; where nobody stated it, the first
    in the field's order of survivorship that lists the person and has such a column; else the first that lists the person.

    Args:
        outcomes: ``OUTCOME_COLUMNS``; other states than rejected, unknown and held are none of findings.
        statements: ``STATEMENT_COLUMNS`` of these people.
        profile: with ``reasons`` and ``receipts``.
        configuration: sources, survivorship and severities in force.

    Returns:
        ``FINDING_COLUMNS`` in the order of ``person_id``; ``seen`` is masked.
    """
    telling = outcomes[outcomes["state"].isin([str(state) for state in _CODES])].sort_values(
        ["person_id", "revision"], ignore_index=True
    )
    meanings = _meanings(telling, profile)
    fields = [_STATED_AS.get(meaning.field, meaning.field) for meaning in meanings]
    found = pd.DataFrame({"person_id": telling["person_id"], "field": pd.Series(fields, dtype="str")})
    found = _placed(found, statements, configuration)
    codes = [_CODES[PushState(state)] for state in telling["state"]]
    found["code"] = pd.Series([str(code) for code in codes], dtype="str")
    found["severity"] = pd.Series([str(configuration.rules.severity(code)) for code in codes], dtype="str")
    found["rule"] = pd.Series([rule_version(code, configuration.rules) for code in codes], dtype="str")
    found["seen"] = pd.Series(_seen(telling, meanings, profile), dtype="str")
    found["header"] = pd.Series(_headers(found, configuration), dtype="str")
    found["field"] = found["field"].replace("", None).astype("str")
    return found[list(FINDING_COLUMNS)]


def _meanings(outcomes: pd.DataFrame, profile: PlatformProfile) -> list[_Meaning]:
    """What each outcome is about; asked once for each pair of code and words."""
    field_of = {column.header: column.field for column in profile.columns}

    def meaning(code: str, words: str) -> _Meaning:
        reason = profile.reasons.get(code)
        told = profile.receipts.understand(words) if profile.receipts else None
        if reason is None and told is not None:
            reason = profile.reasons.get(told.code)
        header = (reason.header if reason else "") or (told.header if told else "")
        header = header or _named_header(words, profile.headers)
        return _Meaning(header, field_of.get(header, ""), reason.words if reason else "")

    known: dict[tuple[str, str], _Meaning] = {}
    pairs = zip(outcomes["code"].fillna(""), outcomes["words"].fillna(""), strict=True)
    return [known[pair] if pair in known else known.setdefault(pair, meaning(*pair)) for pair in pairs]


def _named_header(words: str, headers: Iterable[str]) -> str:
    """The one header that the platform's words name; none where they name several."""
    named = [header for header in headers if len(header) > 1 and header in words]
    longest = [header for header in named if not any(header != other and header in other for other in named)]
    return longest[0] if len(longest) == 1 else ""


def _placed(found: pd.DataFrame, statements: pd.DataFrame, configuration: Configuration) -> pd.DataFrame:
    """Each finding with the source it is for and the row of that source."""
    place = {field: place for place, field in enumerate(STATED_FIELDS)}
    pairs = found.rename_axis("finding").reset_index().merge(statements, on="person_id")
    fields, field_of = pd.factorize(pairs["field"])
    won, rank = np.zeros(len(pairs), dtype=bool), np.zeros(len(pairs), dtype=np.int64)
    for number, field in enumerate(field_of):
        of_field = np.flatnonzero(fields == number)
        here = pairs.iloc[of_field]
        if field in place:
            won[of_field] = here["winners"].str.slice(place[field], place[field] + 1) == here["letter"]
        rank[of_field] = here["source"].map(_ranks(str(field), configuration)).fillna(len(configuration.sources) * 3)
    ranked = pairs.assign(lost=~won, rank=rank).sort_values(["finding", "lost", "rank", "letter", "row_id"])
    first = ranked.drop_duplicates("finding").set_index("finding")
    kept = ["source", "delivery_id", "sheet", "row_number", "row_id"]
    placed = found.join(first[kept])
    # Somebody no source states any more: the body that is believed first is asked.
    placed["source"] = placed["source"].fillna(configuration.survivorship.otherwise[0]).astype("str")
    placed["sheet"] = placed["sheet"].astype("str")
    return placed.astype(dict.fromkeys(("delivery_id", "row_number", "row_id"), "Int64"))


def _ranks(field: str, configuration: Configuration) -> dict[str, int]:
    """Whom to ask for a field, first the lowest: those believed that have the column, others that have it, the rest."""
    believed = configuration.survivorship.order(field)
    usual = configuration.survivorship.otherwise
    ranks = {}
    for place, (name, source) in enumerate(configuration.sources.items()):
        known = believed.index(name) if name in believed else len(believed) + place
        if field and field in source.main.columns:
            ranks[name] = known
        else:
            late = usual.index(name) if name in usual else len(usual) + place
            ranks[name] = len(configuration.sources) * 2 + late
    return ranks


def _headers(found: pd.DataFrame, configuration: Configuration) -> list[str | None]:
    """The source's own header of each finding's field."""
    headers = {
        (name, field): headers[0]
        for name, source in configuration.sources.items()
        for field, headers in source.main.columns.items()
    }
    return [headers.get(pair) for pair in zip(found["source"], found["field"], strict=True)]


def _seen(outcomes: pd.DataFrame, meanings: list[_Meaning], profile: PlatformProfile) -> list[str]:
    """Our words, the platform's header, code and words; the latter masked, or left out where we do not know of what."""
    names = {key for column in profile.columns if column.field in _NAMES for key in (column.header, column.key)}
    seen = []
    for meaning, code, words, payload in zip(
        meanings, outcomes["code"].fillna(""), outcomes["words"].fillna(""), outcomes["payload"].fillna(""), strict=True
    ):
        told: dict[str, str] = json.loads(payload) if payload else {}
        its_names = [told[key] for key in names & told.keys()]
        answer = [code if code in profile.reasons else masked_words(code, told, its_names) if told else ""]
        answer += [masked_words(words, told, its_names)] if told else []
        answered = "：".join(filter(None, answer))
        about = f"平台项目“{meaning.header}”。" if meaning.header else ""
        seen.append(f"{about}{meaning.words}{f'平台答复 {answered}' if answered else ''}" or "平台没有说明原因。")
    return seen
