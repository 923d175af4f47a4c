"""The usual script's rules for one row: every cell by its function, then one function for the row as a whole."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from bench.contract import source_contract, words
from bench.usual_cells import (
    PROVINCE,
    Divisions,
    Judged,
    clean,
    judge_number,
    read_amount,
    read_categories,
    read_certificate,
    read_code,
    read_date,
    read_name,
    read_phone,
    sex_of,
)
from schemas.fields import FIELDS

__all__ = ["Findings", "read_list"]

PLACES = tuple(f"{p}_{part}" for p in ("household", "residence") for part in ("county", "town", "village", "address"))


class Findings:
    """What is wrong, row by row."""

    def __init__(self) -> None:
        self.parts: list[pd.DataFrame] = []

    def add(self, rows: pd.DataFrame, codes: Any, field: Any) -> None:
        found = rows[["source", "row_number"]].assign(code=codes, field=field)
        self.parts.append(found[found["code"].notna()])

    def frame(self) -> pd.DataFrame:
        return pd.concat(self.parts, ignore_index=True)


def reader_of(field: str, today: date) -> Callable[[Any], Judged]:
    """The function that reads a cell of a field."""
    kind, codes = FIELDS[field].kind, FIELDS[field].codes or ""
    if kind == "phone":
        return read_phone
    if kind == "date":
        return lambda text: read_date(text, field, today)
    if kind == "fen":
        return read_amount
    if kind == "code":
        unknown = "family-type-unknown" if field == "family_planning_type" else "code-unknown"
        known = words(codes)
        return lambda text: read_code(text, known, unknown)
    if kind == "categories":
        known = words(codes)
        return lambda text: read_categories(text, known)
    return read_name if kind == "text" and field.endswith("name") else lambda text: (clean(text), None)


def standardise(rows: pd.DataFrame, source: str, findings: Findings, today: date) -> pd.DataFrame:
    """A list in the registry's vocabulary, cell by cell."""
    for field in rows.columns:
        if field not in FIELDS or FIELDS[field].kind in {"id_number", "certificate", "division"}:
            continue
        judged = rows[field].apply(reader_of(field, today))
        rows[field] = judged.str[0]
        findings.add(rows, judged.str[1], field)
    if "spouse_id_number" in rows:
        rows["spouse_id_number"] = rows["spouse_id_number"].apply(clean)
    if source == "village_survey":
        known = Divisions()
        for place in ("household", "residence"):
            names = [f"{place}_{part}" for part in ("county", "town", "village")]
            resolved = rows[names].apply(known.resolve, axis=1, result_type="expand")
            rows[[*names, f"{place}_division_code"]] = resolved[[0, 1, 2, 3]]
            findings.add(rows, resolved[4], f"{place}_" + resolved[5].astype("object"))
    else:
        known = Divisions()
        for place in ("household", "residence"):
            names = [f"{place}_{part}" for part in ("county", "town", "village", "division_code")]
            rows[names] = pd.DataFrame(rows[f"{place}_address"].apply(known.locate).tolist(), index=rows.index)
    return rows


def judge_row(row: Any, today: date) -> list[tuple[str, str]]:
    """What is wrong with a row when its cells are compared with one another."""
    number = row["valid_number"]
    found: list[tuple[str, str]] = []
    if isinstance(number, str):
        found += judge_person(row, number, today)
    else:
        found.append((row["fault"], "id_number"))
    if not isinstance(row["name"], str):
        found.append(("name-missing", "name"))
    if not any(isinstance(row.get(place), str) for place in PLACES):
        first = "household_county" if row["source"] == "village_survey" else "household_address"
        found.append(("address-missing", first))
    if row["source"] == "health_incapacity":
        found += judge_assessment(row, today)
    if row["source"] == "health_family_planning" and not isinstance(clean(row["family_planning_type_given"]), str):
        found.append(("family-type-unknown", "family_planning_type"))
    if isinstance(clean(row.get("disability_certificate_given")), str):
        found += judge_certificate(row, number)
    return [*found, *judge_validity(row, today)]


def judge_assessment(row: Any, today: date) -> Iterator[tuple[str, str]]:
    if not isinstance(clean(row["ability_level_given"]), str):
        yield "ability-level-missing", "ability_level"
    assessed = row["ability_assessed_date"]
    if isinstance(assessed, str) and a_year_after(assessed) < pd.Timestamp(today):
        yield "ability-assessment-old", "ability_assessed_date"


def judge_validity(row: Any, today: date) -> Iterator[tuple[str, str]]:
    status, expiry = row.get("certificate_status"), row.get("certificate_expiry_date")
    if status == "cancelled":
        yield "certificate-cancelled", "certificate_status"
    elif status == "expired" or (isinstance(expiry, str) and expiry < today.isoformat()):
        yield "certificate-expired", "certificate_expiry_date"


def judge_person(row: Any, number: str, today: date) -> Iterator[tuple[str, str]]:
    born = row["birth_date"]
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    if row["repaired"]:
        yield "id-number-repaired", "id_number"
    if row["upgraded"]:
        yield "id-number-upgraded", "id_number"
    if not PROVINCE.match(number):
        yield "id-number-region-unknown", "id_number"
    if age < 60:
        yield "age-under-sixty", "id_number"
    if age > 120:
        yield "age-implausible", "id_number"
    if isinstance(row["sex"], str) and number[0] != "9" and row["sex"] != sex_of(number):
        yield "sex-mismatch", "sex"


def judge_certificate(row: Any, number: Any) -> Iterator[tuple[str, str]]:
    certificate = row["certificate"]
    if not isinstance(certificate, str):
        yield "certificate-format", "disability_certificate_number"
        return
    if isinstance(number, str) and certificate[:18] != number:
        yield "certificate-id-mismatch", "disability_certificate_number"
    for field, digit in (("category", certificate[18]), ("level", certificate[19])):
        stated = row.get(f"disability_{field}")
        if isinstance(stated, str) and stated != digit:
            yield f"certificate-{field}-mismatch", f"disability_{field}"


def a_year_after(day: str) -> pd.Timestamp:
    assessed = pd.Timestamp(day)
    return assessed.replace(day=1) + pd.DateOffset(years=1) + pd.Timedelta(days=assessed.day - 1)


def read_list(inbox: Path, source: str, findings: Findings, today: date) -> pd.DataFrame:
    contract = source_contract(source)
    rows = pd.read_csv(inbox / source / f"{source}.csv", dtype=str, keep_default_na=False, na_values=[""])
    rows = rows.rename(columns=contract.fields).assign(source=source)
    rows["row_number"] = rows.index + 2
    for field in ("ability_level", "family_planning_type"):
        if field in rows:
            rows[f"{field}_given"] = rows[field]
    rows = standardise(rows, source, findings, today)
    numbers = pd.DataFrame(rows["id_number"].apply(judge_number, args=(today,)).tolist(), index=rows.index)
    rows = pd.concat([rows.drop(columns="id_number"), numbers], axis=1)
    if "disability_certificate_number" in rows:
        rows["disability_certificate_given"] = rows["disability_certificate_number"]
        rows["certificate"] = rows["disability_certificate_given"].apply(read_certificate, args=(today,))
    judged = rows.apply(judge_row, axis=1, args=(today,)).explode().dropna()
    findings.add(rows.loc[judged.index], judged.str[0], judged.str[1])
    if "certificate" in rows:
        rows["disability_certificate_number"] = rows["certificate"].fillna(
            rows["disability_certificate_given"].apply(clean)
        )
        for field, place in (("disability_category", 18), ("disability_level", 19)):
            digit = rows["certificate"].str[place]
            rows[field] = rows[field].fillna(digit) if field in rows else digit
    rows["stated_date"] = rows[contract.stated_on]
    return rows
