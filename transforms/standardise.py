"""A delivery's rows in the registry's vocabulary: cleaned texts, codes for words, ISO dates, fen, official place names.

Cells that cannot be read become missing and a finding; the row's text as delivered stays in the kept original.
ID and certificate numbers are only passed through here: ``transforms.judge`` judges them.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from schemas.codes import CATEGORIES, CODE_LISTS, WORDS
from schemas.configuration import Source
from schemas.fields import FIELDS
from schemas.findings import Finding
from schemas.masking import mask_column
from transforms.columns import is_filled, join_texts, map_distinct, take_distinct, texts, to_arrow
from transforms.dates import read_amount, read_date
from transforms.divisions import DivisionTable
from transforms.noted import Notes
from transforms.text import clean_column, replace_at

__all__ = ["Standardised", "standardise", "standardise_members"]

PLACES = ("household", "residence")

_NAME = r"^\p{Han}[\p{Han}〇]+(·[\p{Han}〇]+)*$|^[A-Za-z][A-Za-z .'\-]*$"
_PHONE = r"^(1[3-9]\d{9}|0\d{2,3}-?\d{7,8})$"
_PHONE_LINE = re.compile(r"(1[3-9]\d{9}|0\d{2,3}-?\d{7,8})", re.ASCII)
_MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
_DOTS = str.maketrans(dict.fromkeys("•‧・∙．.。･", "·"))
_SEPARATORS = re.compile(r"[、,，;；/\s|]+")
_BRACKETED = re.compile(r"[(（\[【][^)）\]】]*[)）\]】]?")
_TICKS = re.compile(r"[☑√✓■□☐]")


class Standardised(NamedTuple):
    """Rows in the registry's vocabulary, and what was found in their cells."""

    rows: pd.DataFrame
    notes: Notes


def standardise(delivered: pd.DataFrame, source: Source, divisions: DivisionTable, *, today: date) -> Standardised:
    """Standardises a source's main table.

    Args:
        delivered: the fields of the source as ``str`` columns of cell texts, with a range index.
        source: the source's configuration (its own code words).
        divisions: the bureau's division table.
        today: the business date; later dates are reported.

    Returns:
        The same columns and rows, standardised; dates as ISO texts, amounts as digits in fen, places with
        ``household_division_code`` and ``residence_division_code`` beside them where the source gives places.
    """
    notes = Notes()
    rows: dict[str, pd.Series] = {}
    for field in delivered.columns:
        kind = FIELDS[field].kind
        rows[field] = _STANDARDS[kind](delivered[field], field, source, today, notes)
    for place in PLACES:
        if f"{place}_town" in rows:
            _standardise_place(rows, place, divisions, notes)
    _note_missing(rows, source, notes)
    return Standardised(pd.DataFrame(rows), notes)


def standardise_members(delivered: pd.DataFrame, source: Source) -> Standardised:
    """Standardises the sheet 家庭成员; columns as delivered, the relation as a code."""
    notes = Notes()
    rows = {}
    for field in delivered.columns:
        if field == "relation_to_head":
            unknown = partial(_standard_code, unknown=Finding.HOUSEHOLD_RELATION_UNKNOWN)
            rows[field] = unknown(delivered[field], field, source, date.min, notes)
        elif field == "name":
            rows[field] = clean_column(delivered[field])
        else:
            rows[field] = _STANDARDS[FIELDS[field].kind](delivered[field], field, source, date.min, notes)
    return Standardised(pd.DataFrame(rows), notes)


def _standard_text(values: pd.Series, field: str, source: Source, today: date, notes: Notes) -> pd.Series:
    del source, today
    if not field.endswith("name"):
        return clean_column(values)
    cleaned = clean_column(values)
    strange = np.flatnonzero(~_matches(cleaned, _NAME) & is_filled(cleaned))
    if not len(strange):
        return cleaned
    raw = to_arrow(values).take(pa.array(strange)).to_pylist()
    mended = [_mend_name(text) for text in to_arrow(cleaned).take(pa.array(strange)).to_pylist()]
    cleaned = replace_at(cleaned, strange, mended)
    had_control = np.array([any(unicodedata.category(c) == "Cc" for c in text.strip()) for text in raw], dtype=bool)
    still = ~_matches(cleaned, _NAME)[strange] | had_control
    notes.add(Finding.NAME_CHARACTERS, strange[still], field, mask_column(cleaned, "name"))
    return cleaned


def _mend_name(text: str) -> str:
    """A name without the blanks people set between Chinese characters, and with one kind of dot."""
    dotted = text.translate(_DOTS) if not text.isascii() else text
    return re.sub(r"(?<=[^\x00-\x7f])\s+(?=[^\x00-\x7f])", "", dotted)


def _standard_phone(values: pd.Series, field: str, source: Source, today: date, notes: Notes) -> pd.Series:
    del source, today
    cleaned = clean_column(values)
    strange = np.flatnonzero(~_matches(cleaned, _PHONE) & is_filled(cleaned))
    if not len(strange):
        return cleaned
    mended = [_mend_phone(text) for text in to_arrow(cleaned).take(pa.array(strange)).to_pylist()]
    cleaned = replace_at(cleaned, strange, mended)
    wrong = [not all(_PHONE_LINE.fullmatch(line) for line in text.split("/")) for text in mended]
    notes.add(Finding.PHONE_FORMAT, strange[np.array(wrong, dtype=bool)], field, mask_column(cleaned, "phone"))
    return cleaned


def _mend_phone(text: str) -> str:
    """Blanks, a country code and Excel's ``.0`` removed; several numbers joined by ``/``.

    Blanks group the digits of one number, unless what they separate are whole numbers.
    """
    lines = []
    for part in re.split(r"[、,;/]", text):
        whole = _bare_phone(part)
        several = [_bare_phone(word) for word in part.split()]
        is_several = not _PHONE_LINE.fullmatch(whole) and all(map(_PHONE_LINE.fullmatch, several))
        lines += several if is_several else [whole]
    return "/".join(line for line in lines if line)


def _bare_phone(text: str) -> str:
    bare = re.sub(r"^(\+|00)?86-?(?=1)", "", re.sub(r"[\s()]|\.0$", "", text))
    digits = bare.replace("-", "")
    return digits if _MOBILE.fullmatch(digits) else bare


def _standard_number(values: pd.Series, field: str, source: Source, today: date, notes: Notes) -> pd.Series:
    """ID and certificate numbers wait for ``transforms.judge``, which must see them as delivered."""
    del field, source, today, notes
    return values


def _standard_place_name(values: pd.Series, field: str, source: Source, today: date, notes: Notes) -> pd.Series:
    del field, source, today, notes
    return clean_column(values)


def _standard_date(values: pd.Series, field: str, source: Source, today: date, notes: Notes) -> pd.Series:
    del source
    codes, days = map_distinct(clean_column(values), read_date)
    unreadable = np.array([day is None for day in days], dtype=bool)
    late = np.array([day is not None and day > today for day in days], dtype=bool)
    may_be_later = field == "certificate_expiry_date"
    if unreadable.any():
        notes.add(Finding.DATE_FORMAT, _rows_of(codes, unreadable), field, _shown(values))
    if late.any() and not may_be_later and today != date.min:
        notes.add(Finding.DATE_FUTURE, _rows_of(codes, late), field, _shown(values))
    iso = [None if day is None or (day > today and not may_be_later) else day.isoformat() for day in days]
    return take_distinct(codes, iso)


def _standard_amount(values: pd.Series, field: str, source: Source, today: date, notes: Notes) -> pd.Series:
    del source, today
    codes, amounts = map_distinct(clean_column(values), read_amount)
    unreadable = np.array([fen is None for fen in amounts], dtype=bool)
    negative = np.array([fen is not None and fen < 0 for fen in amounts], dtype=bool)
    if unreadable.any():
        notes.add(Finding.AMOUNT_FORMAT, _rows_of(codes, unreadable), field, _shown(values))
    if negative.any():
        notes.add(Finding.AMOUNT_NEGATIVE, _rows_of(codes, negative), field, _shown(values))
    return take_distinct(codes, [None if fen is None or fen < 0 else str(fen) for fen in amounts])


def _standard_code(
    values: pd.Series, field: str, source: Source, today: date, notes: Notes, unknown: Finding = Finding.CODE_UNKNOWN
) -> pd.Series:
    del today
    if field == "family_planning_type":
        unknown = Finding.FAMILY_TYPE_UNKNOWN
    code_list = FIELDS[field].codes or ""
    words = _words(code_list, source.codes.get(code_list, {}))
    cleaned = clean_column(values)
    codes, found = map_distinct(cleaned, partial(_read_word, words=words))
    missed = np.array([code is None for code in found], dtype=bool)
    if missed.any():
        notes.add(unknown, _rows_of(codes, missed), field, _shown(cleaned))
    return take_distinct(codes, found)


def _words(code_list: str, own: Mapping[str, str]) -> dict[str, str]:
    labels = {label: code for code, label in CODE_LISTS[code_list].items()}
    return {**labels, **WORDS.get(code_list, {}), **own}


def _read_word(text: str, words: Mapping[str, str]) -> str | None:
    bare = text.replace(" ", "").removesuffix(".0")
    return words.get(bare) or words.get(_BRACKETED.sub("", bare))


def _standard_categories(values: pd.Series, field: str, source: Source, today: date, notes: Notes) -> pd.Series:
    del today
    words = _words("category", source.codes.get("category", {}))
    cleaned = clean_column(values)
    codes, read = map_distinct(cleaned, partial(_read_categories, words=words))
    strange = np.array([unknown for _, unknown in read], dtype=bool)
    if strange.any():
        notes.add(Finding.CATEGORY_UNKNOWN, _rows_of(codes, strange), field, _shown(cleaned))
    return take_distinct(codes, [found for found, _ in read])


def _read_categories(text: str, words: Mapping[str, str]) -> tuple[str | None, bool]:
    """The categories a cell names, joined by ``|`` in the registry's order, and whether it names an unknown one."""
    parts = [part for part in _SEPARATORS.split(_TICKS.sub(" ", _BRACKETED.sub("", text))) if part]
    found = {words.get(part) for part in parts}
    known = "|".join(category for category in CATEGORIES if category in found)
    return known or None, None in found


def _standardise_place(rows: dict[str, pd.Series], place: str, divisions: DivisionTable, notes: Notes) -> None:
    """Resolves one place's three columns in step; places repeat, so each distinct triple is resolved once."""
    names = [f"{place}_county", f"{place}_town", f"{place}_village"]
    columns = [rows.get(name, texts(pa.nulls(len(rows["name"]), pa.large_string()))) for name in names]

    def resolve(joined: str) -> tuple[str | None, ...]:
        county, town, village = (None if part == "\x00" else part for part in joined.split("\x1f"))
        return divisions.resolve(county, town, village)

    codes, found = map_distinct(texts(join_texts(columns)), resolve)
    for position, name in enumerate([*names, f"{place}_division_code"]):
        rows[name] = take_distinct(codes, [resolved[position] for resolved in found])
    for fault in (Finding.DIVISION_UNKNOWN, Finding.DIVISION_INCONSISTENT):
        for part, name in zip(("county", "town", "village"), names, strict=True):
            faulty = np.array([resolved[4] is fault and resolved[5] == part for resolved in found], dtype=bool)
            if faulty.any():
                notes.add(fault, _rows_of(codes, faulty), name, _shown(rows[name]))


def _note_missing(rows: dict[str, pd.Series], source: Source, notes: Notes) -> None:
    if "name" in source.main.columns:
        notes.add(Finding.NAME_MISSING, ~is_filled(rows["name"]), "name")
    places = [field for field in rows if field.endswith(("_county", "_town", "_village", "_address"))]
    if places:
        placed = np.zeros(len(rows["name"]), dtype=bool)
        for field in places:
            placed |= is_filled(rows[field])
        first = next(field for field in source.main.columns if field in places)
        notes.add(Finding.ADDRESS_MISSING, ~placed, first)


def _rows_of(
    codes: "np.ndarray[tuple[int], np.dtype[np.int64]]", chosen: "np.ndarray[tuple[int], np.dtype[np.bool_]]"
) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """Which rows hold one of the chosen distinct values."""
    return np.append(chosen, False)[codes]


def _matches(values: pd.Series, pattern: str) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    matched = pc.fill_null(pc.match_substring_regex(to_arrow(values), pattern), False)  # noqa: FBT003
    return np.asarray(matched.to_numpy(zero_copy_only=False), dtype=bool)


def _shown(values: pd.Series) -> pd.Series:
    """Cell texts fit to be read by many: short words a delivery uses often as they are, all else masked.

    A cell under the wrong header may hold anything, a name or a number included; what stands in three rows or more
    is vocabulary, not a person.
    """
    codes, words = map_distinct(values, str)
    often = np.bincount(codes[codes >= 0], minlength=len(words)) >= 3
    shown = [word if common and len(word) <= 12 else _masked(word) for word, common in zip(words, often, strict=True)]
    return take_distinct(codes, shown)


def _masked(word: str) -> str:
    word = word[:12]
    if len(word) <= 10 and not re.search(r"\d{5}", word) and re.fullmatch(r"[\d.,/年月日:\-+ 元约]+", word):
        return word  # a date or an amount, nothing longer
    return word[:1] + "*" * (len(word) - 1)


Standard = Callable[[pd.Series, str, Source, date, Notes], pd.Series]
_STANDARDS: dict[str, Standard] = {
    "text": _standard_text,
    "phone": _standard_phone,
    "id_number": _standard_number,
    "certificate": _standard_number,
    "division": _standard_place_name,
    "date": _standard_date,
    "fen": _standard_amount,
    "code": _standard_code,
    "categories": _standard_categories,
}
