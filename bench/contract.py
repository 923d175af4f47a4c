"""What every way is given and owes: headers, vocabulary, whom to believe, the platform's columns, the tables to leave behind.

Read from ``config/`` and ``schemas`` (words only, no rules): each way writes the rules itself.
"""

import csv
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from schemas.codes import CODE_LISTS, WORDS
from schemas.fields import ELDER_FIELDS, FIELDS, STATED_FIELDS
from schemas.platform_profile import OPERATIONS, WITHDRAWAL_REASONS

__all__ = [
    "CONTENT_FIELDS", "HELD_BY", "LETTERS", "MERGED_FIELDS", "OUTPUTS", "SOURCES", "STATED_FIELDS", "WITHDRAWAL_REASONS",
    "Division", "SourceContract", "divisions", "is_of_the_person", "platform_columns", "source_contract", "survivorship", "words",
]  # fmt: skip

CONFIG = Path(__file__).resolve().parents[1] / "config"

SOURCES = ("disability_federation", "health_family_planning", "health_incapacity", "village_survey")
LETTERS = dict(zip(SOURCES, "abcd", strict=True))
"""The letter that says in ``winners`` which source a field was taken from."""

DERIVED = ("household_division_code", "residence_division_code")
MERGED_FIELDS = (
    *(field for field in STATED_FIELDS if field not in {"id_number", "birth_date", "sex", "categories"}),
    *DERIVED,
)
"""Fields taken from the first source that has them; the others come from the ID number or are a union."""

CONTENT_FIELDS = tuple(field for field in ELDER_FIELDS if field not in {"person_id", "status"})
"""What a record says: an elder has changed when one of these has."""

HELD_BY = frozenset(
    {
        "id-number-missing", "id-number-stored-as-number", "id-number-characters", "id-number-length",
        "id-number-birth-date", "id-number-checksum", "id-type-unsupported", "age-under-sixty", "age-implausible",
        "name-missing", "category-missing", "certificate-id-mismatch", "same-number-different-person",
        "same-person-different-number",
    }
)  # fmt: skip
"""Findings of severity reject or hold: their rows stay out of the registry."""

OUTPUTS: dict[str, tuple[str, ...]] = {
    "rows": ("source", "id_number", "name", "registered_date", "outcome"),
    "findings": ("source", "row_number", "code", "field"),
    "elders": ("person_id", "revision", "status", "winners", *CONTENT_FIELDS),
    "categories": ("id_number", "category", "source", "evidence", "from_date"),
    "identifiers": ("person_id", "kind", "value"),
    "changes": ("person_id", "revision", "operation"),
    "json_lines": ("line",),
}
"""Tables that each way leaves behind, all texts, compared row for row."""


@dataclass(frozen=True)
class SourceContract:
    """One list: its fields by canonical header, the date that says how new a row is, the category it states."""

    fields: dict[str, str]
    stated_on: str
    states: str | None


@cache
def source_contract(name: str) -> SourceContract:
    document = _toml(CONFIG / "sources" / f"{name}.toml")
    fields = {headers[0]: field for field, headers in document["main"]["columns"].items()}
    return SourceContract(fields, document["stated_on"], document.get("states"))


@cache
def survivorship(field: str) -> tuple[str, ...]:
    """Sources to believe for a field, best first."""
    document = _toml(CONFIG / "survivorship.toml")
    told = document["fields"].get(field, document["otherwise"])
    # Of the fields with a strategy of their own one source has a column: nobody is there to choose between.
    return tuple(told.get("sources", document["otherwise"]) if isinstance(told, dict) else told)


def words(code_list: str) -> dict[str, str]:
    """Every word people write, and the code it means."""
    labels = {label: code for code, label in CODE_LISTS[code_list].items()}
    return {**labels, **WORDS.get(code_list, {})}


@dataclass(frozen=True)
class Division:
    code: str
    name: str
    former_name: str
    level: int
    parent: str


@cache
def divisions() -> tuple[Division, ...]:
    """Counties, towns and villages in force or retired, each under the code and name that count now."""
    with (CONFIG / "divisions.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if int(row["level"]) >= 3]
    names = {row["code"]: row["name"] for row in rows}
    return tuple(
        Division(code, names[code], row["name"], int(row["level"]), row["parent_code"])
        for row in rows
        for code in [row["replaced_by"] or row["code"]]
    )


@cache
def platform_columns() -> tuple[dict[str, Any], ...]:
    """Columns of the provincial platform's table: ``header field type codes separator operations empty``; codes as a mapping."""
    columns = []
    for column in _toml(CONFIG / "platform" / "example.toml")["columns"]:
        field, codes = column["field"], column.get("codes", {})
        if codes == "labels":
            codes = labels(field)
        usual = {"type": "text", "separator": "", "operations": list(OPERATIONS), "empty": "clears"}
        columns.append({**usual, **column, "codes": codes})
    return tuple(columns)


def is_of_the_person(column: dict[str, Any]) -> bool:
    """Whether a column says something of the person; others speak of the change, and nobody is told of these alone."""
    return column["field"] in FIELDS


def labels(field: str) -> dict[str, str]:
    of_changes = {"operation": OPERATIONS, "category_change": CODE_LISTS["yes_no"]}
    return dict(of_changes[field] if field in of_changes else CODE_LISTS[FIELDS[field].codes or ""])


@cache
def _toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))
