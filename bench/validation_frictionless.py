"""The forty rules for Frictionless: constraints of a schema on the CSV file, and a check of its own for comparisons."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from frictionless import Check, Checklist, Resource, Schema, errors, fields, system

from bench.validation_compared import FORM, NUMBER
from bench.validation_rules import COLUMNS, DATE, RULES, WEIGHTS

__all__ = ["prepare"]

is_number, is_date = re.compile(NUMBER).fullmatch, re.compile(DATE).fullmatch
is_certificate = re.compile(FORM["disability_certificate_number"]).fullmatch
_CONSTRAINT = {"filled": "required", "form": "pattern", "one_of": "enum", "at_most": "maximum", "unique": "unique"}
_KINDS = {"enum": "word", "pattern": "form", "maximum": "high", "required": "filled"}


class Compared(Check):  # type: ignore[misc]
    type = "compared"
    Errors = [errors.RowConstraintError]  # noqa: RUF012

    def validate_row(self, row: Any) -> Any:
        for name in (*_beside_dates(row), *_beside_number(row)):
            yield errors.RowConstraintError.from_row(row, note=name)


def _beside_dates(row: Any) -> Iterator[str]:
    born, issued, expiry = row["birth_date"], row["certificate_issued_date"], row["certificate_expiry_date"]
    if born and is_date(born) and born > "1964-06-30":
        yield "birth_date-young"
    if issued and expiry and is_date(issued) and is_date(expiry) and expiry < issued:
        yield "certificate-order"


def _beside_number(row: Any) -> Iterator[str]:
    number, sex, born, certificate = (
        row[name] for name in ("id_number", "sex", "birth_date", "disability_certificate_number")
    )
    if not number or not is_number(number):
        return
    total = sum(int(digit) * weight for digit, weight in zip(number, WEIGHTS, strict=False))
    if "10X98765432"[total % 11] != number[17]:
        yield "id_number-checksum"
    if sex in {"male", "female"} and (number[16] in "13579") != (sex == "male"):
        yield "sex-number"
    if born and is_date(born) and born != f"{number[6:10]}-{number[10:12]}-{number[12:14]}":
        yield "birth_date-number"
    if certificate and is_certificate(certificate) and certificate[:18] != number:
        yield "certificate-number"


def prepare(folder: Path) -> tuple[Callable[[], pd.DataFrame], Any]:
    """What validates the rows of a folder; they are read while it does."""
    constraints: dict[str, dict[str, Any]] = {column: {} for column in COLUMNS}
    for rule in RULES:
        if rule.kind in _CONSTRAINT:
            value = list(rule.value) if rule.kind == "one_of" else rule.value
            constraints[rule.column][_CONSTRAINT[rule.kind]] = True if value is None else value
    numeric = {rule.column for rule in RULES if rule.kind == "at_most"}
    schema = Schema(fields=[
        (fields.IntegerField if column in numeric else fields.StringField)(name=column, constraints=constraints[column])
        for column in COLUMNS
    ])  # fmt: skip

    def run() -> pd.DataFrame:
        with system.use_context(trusted=True):
            resource = Resource(path=str(folder / "rows.csv"), schema=schema)
            report = resource.validate(Checklist(checks=[Compared()]), limit_errors=10**9)
        found = []
        for error in report.tasks[0].errors:
            row = error.row_number - 2
            if error.type == "row-constraint":
                found.append((error.note, row))
            elif error.type == "unique-error":
                found.append((f"{error.field_name}-unique", row))
            else:
                said = next(word for key, word in _KINDS.items() if f'"{key}' in error.note)
                found.append((f"{error.field_name}-{said}", row))
        column_of = {rule.name: rule.column for rule in RULES}
        frame = pd.DataFrame(found, columns=["code", "row"])
        return frame.assign(column=frame["code"].map(column_of))

    return run, None
