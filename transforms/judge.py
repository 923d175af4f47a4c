"""Judges each standardised row on its own: its ID number, then everything that can be compared with it.

One ID number's own faults are judged in order and only the first is reported, since later ones cannot be judged; all
other findings of a row are reported side by side. Rules that need other rows live in ``transforms.between``.
"""

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from schemas.certificate import JudgedCertificates, judge_certificates
from schemas.codes import CODE_LISTS
from schemas.configuration import Rules, Source
from schemas.findings import Finding, Severity
from schemas.idnumber import JudgedColumn, judge_column
from schemas.masking import mask_column
from transforms.columns import (
    days,
    hash_texts,
    is_filled,
    iso_dates,
    join_texts,
    map_distinct,
    take_distinct,
    text_scalar,
    texts,
    to_arrow,
)
from transforms.noted import Notes
from transforms.standardise import Standardised
from transforms.text import clean_column

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]
    Days = NDArray[np.datetime64]

__all__ = ["JudgedMembers", "JudgedRows", "judge", "judge_members"]

NO_DAY = np.datetime64("NaT", "D")
LAST_DAY = np.datetime64("9999-12-31")  # written for "for ever"; the day after it is no date of four digits


class JudgedRows(NamedTuple):
    """Every row that came in, with what is needed to compare it with others, and all findings.

    ``rows`` has the standardised fields plus ``id_key`` (missing where the number is faulty), ``name_birth_key``,
    ``name_place_key``, ``stated_date``, ``filled_count``, ``recheck_on`` (the first later day on which the judgement
    may change, missing if none) and ``is_held``.
    """

    rows: pd.DataFrame
    findings: pd.DataFrame


class JudgedMembers(NamedTuple):
    """Household members with ``elder_id_number`` in its standard form, ``is_linked``, and their findings."""

    rows: pd.DataFrame
    findings: pd.DataFrame


def judge(
    standardised: Standardised, stored_as_number: "dict[str, Mask]", source: Source, rules: Rules, *, today: date
) -> JudgedRows:
    """Judges a source's main table.

    Args:
        standardised: rows in the registry's vocabulary and their cells' findings, which are kept.
        stored_as_number: for ID and certificate columns, which cells the spreadsheet held as numbers.
        source: whose rows these are.
        rules: thresholds and severities in force.
        today: the business date, on which ages and validity are reckoned.
    """
    rows, notes = standardised.rows.copy(deep=False), Notes(standardised.notes)
    numbers = _judge_numbers(rows, stored_as_number, notes, today)
    _judge_age(numbers, rules, notes, today)
    _compare_with_number(rows, numbers, notes)
    rows["birth_date"] = iso_dates(numbers.birth_date)
    if "spouse_id_number" in rows:
        rows["spouse_id_number"] = clean_column(rows["spouse_id_number"])
    recheck = [_ages_at(numbers.birth_date, rules.minimum_age), _ages_at(numbers.birth_date, rules.implausible_age + 1)]
    if "disability_certificate_number" in rows:
        recheck += _judge_disability(rows, numbers, notes, today)
    if "ability_level" in rows:
        recheck += _judge_ability(rows, rules, notes, today)
    if "family_planning_type" in rows:
        noted = set(notes.frame().query("code == @Finding.FAMILY_TYPE_UNKNOWN")["position"])
        empty = ~is_filled(rows["family_planning_type"])
        empty[list(noted)] = False
        notes.add(Finding.FAMILY_TYPE_UNKNOWN, empty, "family_planning_type")
    if "categories" in rows:
        unknown = set(notes.frame().query("code == @Finding.CATEGORY_UNKNOWN")["position"])
        empty = ~is_filled(rows["categories"])
        empty[list(unknown)] = False
        notes.add(Finding.CATEGORY_MISSING, empty, "categories")
    findings = _with_severity(notes.frame(), rules)
    return JudgedRows(_with_keys(rows, numbers, source, recheck, findings, today), findings)


def _judge_numbers(rows: pd.DataFrame, as_number: "dict[str, Mask]", notes: Notes, today: date) -> JudgedColumn:
    delivered = rows["id_number"]
    numbers = judge_column(delivered, as_number.get("id_number", np.zeros(len(rows), dtype=bool)), today=today)
    masked = mask_column(clean_column(delivered), "id_number")
    faulty = np.flatnonzero(~is_filled(numbers.id_number))
    faults = numbers.fault.iloc[faulty] if hasattr(numbers.fault, "iloc") else numbers.fault[faulty]
    for code in pd.unique(pd.Series(faults)):
        notes.add(Finding(code), faulty[np.asarray(faults == code)], "id_number", masked)
    notes.add(Finding.ID_NUMBER_UPGRADED, numbers.upgraded, "id_number", masked)
    notes.add(Finding.ID_NUMBER_REPAIRED, numbers.repaired, "id_number", masked)
    unknown = ~numbers.is_region_known & is_filled(numbers.id_number)
    notes.add(Finding.ID_NUMBER_REGION_UNKNOWN, unknown, "id_number", masked)
    # A faulty number stays in its row as delivered, for an officer to compare; its key is missing, so nothing joins it.
    kept = clean_column(delivered)
    rows["id_number"] = texts(pc.coalesce(to_arrow(numbers.id_number), to_arrow(kept)))
    return numbers


def _judge_age(numbers: JudgedColumn, rules: Rules, notes: Notes, today: date) -> None:
    age = _age(numbers.birth_date, today)
    notes.add(Finding.AGE_UNDER_SIXTY, (age >= 0) & (age < rules.minimum_age), "id_number")
    notes.add(Finding.AGE_IMPLAUSIBLE, age > rules.implausible_age, "id_number")


def _compare_with_number(rows: pd.DataFrame, numbers: JudgedColumn, notes: Notes) -> None:
    if "sex" in rows:
        stated = pc.index_in(to_arrow(rows["sex"]), _SEXES).fill_null(-1).to_numpy(zero_copy_only=False) + 1
        differs = (stated > 0) & (numbers.sex > 0) & (stated != numbers.sex)
        notes.add(Finding.SEX_MISMATCH, differs, "sex", _labelled(rows["sex"], "sex"))
    if "birth_date" in rows:
        born = days(rows["birth_date"])
        differs = ~np.isnat(born) & ~np.isnat(numbers.birth_date) & (born != numbers.birth_date)
        notes.add(Finding.BIRTH_DATE_MISMATCH, differs, "birth_date", mask_column(rows["birth_date"], "date"))


def _judge_disability(rows: pd.DataFrame, numbers: JudgedColumn, notes: Notes, today: date) -> "list[Days]":
    field = "disability_certificate_number"
    delivered = rows[field]
    certificates = judge_certificates(delivered, today=today)
    given = is_filled(clean_column(delivered))
    masked = mask_column(clean_column(delivered), "certificate")
    notes.add(Finding.CERTIFICATE_FORMAT, given & ~certificates.is_well_formed, field, masked)
    sound = certificates.is_well_formed
    other = sound & is_filled(numbers.id_number) & ~_equal(certificates.id_part, numbers.id_number)
    notes.add(Finding.CERTIFICATE_ID_MISMATCH, other, field, masked)
    rows[field] = texts(
        pc.if_else(_arrow_mask(sound), to_arrow(certificates.number), to_arrow(clean_column(delivered)))
    )
    _compare_certificate(rows, certificates, sound, notes)
    if "certificate_expiry_date" not in rows:
        return []
    expiry = days(rows["certificate_expiry_date"])
    status = rows["certificate_status"] if "certificate_status" in rows else texts([None] * len(rows))
    cancelled = _is(status, "cancelled")
    expired = ((expiry < np.datetime64(today)) | _is(status, "expired")) & ~cancelled
    notes.add(Finding.CERTIFICATE_EXPIRED, expired, "certificate_expiry_date", rows["certificate_expiry_date"])
    notes.add(Finding.CERTIFICATE_CANCELLED, cancelled, "certificate_status")
    return [expiry + np.timedelta64(1, "D")]


def _compare_certificate(rows: pd.DataFrame, certificates: JudgedCertificates, sound: "Mask", notes: Notes) -> None:
    """Category and level: compared where the source states them, else taken from the number's last digits."""
    for field, digits, code in (
        ("disability_category", certificates.category, Finding.CERTIFICATE_CATEGORY_MISMATCH),
        ("disability_level", certificates.level, Finding.CERTIFICATE_LEVEL_MISMATCH),
    ):
        if field not in rows:
            rows[field] = texts(pc.if_else(_arrow_mask(sound), to_arrow(digits), None))
            continue
        stated = is_filled(rows[field])
        notes.add(code, sound & stated & ~_equal(digits, rows[field]), field, _labelled(rows[field], field))
        rows[field] = texts(pc.coalesce(to_arrow(rows[field]), pc.if_else(_arrow_mask(sound), to_arrow(digits), None)))


def _judge_ability(rows: pd.DataFrame, rules: Rules, notes: Notes, today: date) -> "list[Days]":
    unreadable = set(notes.frame().query("code == @Finding.CODE_UNKNOWN and field == 'ability_level'")["position"])
    missing = ~is_filled(rows["ability_level"])
    missing[list(unreadable)] = False
    notes.add(Finding.ABILITY_LEVEL_MISSING, missing, "ability_level")
    if "ability_assessed_date" not in rows:
        return []
    assessed = days(rows["ability_assessed_date"])
    valid_until = _months_later(assessed, rules.assessment_valid_months)
    notes.add(
        Finding.ABILITY_ASSESSMENT_OLD,
        valid_until < np.datetime64(today),
        "ability_assessed_date",
        rows["ability_assessed_date"],
    )
    return [valid_until + np.timedelta64(1, "D")]


def _with_severity(findings: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    codes = findings["code"].unique()
    severity = {code: str(rules.severity(Finding(code))) for code in codes}
    findings["severity"] = findings["code"].map(severity).astype("str")
    return findings


def _with_keys(
    rows: pd.DataFrame,
    numbers: JudgedColumn,
    source: Source,
    recheck: "list[Days]",
    findings: pd.DataFrame,
    today: date,
) -> pd.DataFrame:
    filled = np.zeros(len(rows), dtype=np.int32)
    for field in source.main.columns:
        filled += is_filled(rows[field])
    held = np.zeros(len(rows), dtype=bool)
    held[findings.loc[findings["severity"].isin([Severity.REJECT, Severity.HOLD]), "position"].to_numpy()] = True
    known = numbers.key >= 0
    number, name = to_arrow(rows["id_number"]), rows["name"]
    rows["id_key"] = pd.array(np.where(known, numbers.key, 0), dtype="Int64")
    rows.loc[~known, "id_key"] = pd.NA
    issued = pc.binary_join_element_wise(
        pc.utf8_slice_codeunits(number, 0, 6), pc.utf8_slice_codeunits(number, 14, 17), text_scalar("")
    )
    usable = known & is_filled(name)
    for key, parts in (("name_birth_key", [name, rows["birth_date"]]), ("name_place_key", [name, issued])):
        rows[key] = pd.array(np.where(usable, hash_texts(join_texts(parts)), 0), dtype="Int64")
        rows.loc[~usable, key] = pd.NA
    rows["stated_date"] = rows[source.stated_on]
    rows["filled_count"] = filled
    rows["recheck_on"] = iso_dates(_earliest_after(recheck, today))
    rows["is_held"] = held
    return rows


def judge_members(
    standardised: Standardised,
    stored_as_number: "dict[str, Mask]",
    elder_numbers: pd.Series,
    rules: Rules,
    *,
    today: date,
) -> JudgedMembers:
    """Judges the sheet 家庭成员 and links each member to an elder of the same delivery.

    Args:
        standardised: members in the registry's vocabulary.
        stored_as_number: which number cells the spreadsheet held as numbers.
        elder_numbers: the valid ID numbers of the delivery's main table.
        rules: severities in force.
        today: the business date.
    """
    rows, notes = standardised.rows.copy(deep=False), Notes(standardised.notes)
    none = np.zeros(len(rows), dtype=bool)
    elders = judge_column(rows["elder_id_number"], stored_as_number.get("elder_id_number", none), today=today)
    known = pc.is_in(to_arrow(elders.id_number), to_arrow(elder_numbers), skip_nulls=True)
    linked = np.asarray(known.to_numpy(zero_copy_only=False), dtype=bool)
    notes.add(
        Finding.HOUSEHOLD_MEMBER_ID,
        ~linked,
        "elder_id_number",
        mask_column(clean_column(rows["elder_id_number"]), "id_number"),
    )
    if "id_number" in rows:
        members = judge_column(rows["id_number"], stored_as_number.get("id_number", none), today=today)
        given = is_filled(clean_column(rows["id_number"]))
        wrong = given & ~is_filled(members.id_number)
        notes.add(
            Finding.HOUSEHOLD_MEMBER_ID, wrong, "id_number", mask_column(clean_column(rows["id_number"]), "id_number")
        )
        rows["id_number"] = texts(pc.coalesce(to_arrow(members.id_number), to_arrow(clean_column(rows["id_number"]))))
    kept = clean_column(rows["elder_id_number"])
    rows["elder_id_number"] = texts(pc.coalesce(to_arrow(elders.id_number), to_arrow(kept)))
    if "relation_to_head" in rows:
        _note_missing_heads(rows, linked, notes)
    rows["is_linked"] = linked
    return JudgedMembers(rows, _with_severity(notes.frame(), rules))


def _note_missing_heads(rows: pd.DataFrame, linked: "Mask", notes: Notes) -> None:
    """One finding on the first member of each household in which nobody is the head."""
    heads = rows["elder_id_number"][_is(rows["relation_to_head"], "head")]
    headless = (
        linked & ~rows["elder_id_number"].isin(heads).to_numpy() & ~rows["elder_id_number"].duplicated().to_numpy()
    )
    notes.add(Finding.HOUSEHOLD_HEAD_MISSING, headless, "relation_to_head")


def _labelled(values: pd.Series, code_list: str) -> pd.Series:
    """Codes as the words an officer knows them by."""
    codes, labels = map_distinct(values, lambda code: CODE_LISTS[code_list][code])
    return take_distinct(codes, labels)


_SEXES = to_arrow(texts(["male", "female"]))


def _age(born: "Days", today: date) -> "NDArray[np.int64]":
    """Completed years on ``today``; -1 where the day of birth is unknown."""
    months = born.astype("datetime64[M]").astype(np.int64)
    day = (born - born.astype("datetime64[M]")).astype(np.int64)
    passed: NDArray[np.int64] = (today.year * 12 + today.month - 1) - (months + 1970 * 12) - (day + 1 > today.day)
    return np.where(np.isnat(born), -1, passed // 12)


def _months_later(start: "Days", months: int) -> "Days":
    month = start.astype("datetime64[M]")
    later: Days = (month + months).astype("datetime64[D]") + (start - month.astype("datetime64[D]"))
    return later


def _ages_at(born: "Days", age: int) -> "Days":
    return _months_later(born, age * 12)


def _earliest_after(candidates: "list[Days]", today: date) -> "Days":
    earliest = np.full(len(candidates[0]), NO_DAY)
    for days_ in candidates:
        later = np.where((days_ > np.datetime64(today)) & (days_ <= LAST_DAY), days_, NO_DAY)
        earliest = np.fmin(earliest, later)
    return earliest


def _is(values: pd.Series, code: str) -> "Mask":
    return np.asarray(pc.fill_null(pc.equal(to_arrow(values), code), False).to_numpy(zero_copy_only=False), dtype=bool)  # noqa: FBT003


def _equal(one: pd.Series, other: pd.Series) -> "Mask":
    same = pc.fill_null(pc.equal(to_arrow(one), to_arrow(other)), False)  # noqa: FBT003
    return np.asarray(same.to_numpy(zero_copy_only=False), dtype=bool)


def _arrow_mask(mask: "Mask") -> "pc.Expression":
    import pyarrow as pa

    return pa.array(mask)
