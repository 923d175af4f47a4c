"""Words of the code lists as people write them, and the categories ticked in one cell."""

import re
from collections.abc import Mapping
from functools import partial

import pandas as pd

from schemas.codes import CATEGORIES, CODE_LISTS, WORDS
from schemas.fields import FIELDS
from schemas.findings import Finding
from transforms.cells import Column, Setting, note_distinct
from transforms.columns import map_distinct, take_distinct

__all__ = ["parts_of", "read_word", "standard_categories", "standard_codes", "standard_relations", "words_of"]

_SEPARATORS = re.compile(r"[、,，;；/\s|]+")
_BRACKETED = re.compile(r"[(（\[【][^)）\]】]*[)）\]】]?")
_TICKS = re.compile(r"[☑√✓■□☐]")


def standard_codes(column: Column, setting: Setting) -> pd.Series:
    """The code that a word or number means to this source."""
    is_family = column.field == "family_planning_type"
    return _codes(column, setting, Finding.FAMILY_TYPE_UNKNOWN if is_family else Finding.CODE_UNKNOWN)


def standard_relations(column: Column, setting: Setting) -> pd.Series:
    """The relation to the head of a household."""
    return _codes(column, setting, Finding.HOUSEHOLD_RELATION_UNKNOWN)


def standard_categories(column: Column, setting: Setting) -> pd.Series:
    """Categories joined by ``|`` in the registry's order."""
    words = words_of("category", setting.source.codes.get("category", {}))
    places, read = map_distinct(column.cleaned, partial(_read_categories, words=words))
    strange = [unknown for _, unknown in read]
    note_distinct(setting.notes, Finding.CATEGORY_UNKNOWN, column.field, places, strange, column.cleaned)
    return take_distinct(places, [found for found, _ in read])


def _codes(column: Column, setting: Setting, unknown: Finding) -> pd.Series:
    code_list = FIELDS[column.field].codes or ""
    words = words_of(code_list, setting.source.codes.get(code_list, {}))
    places, found = map_distinct(column.cleaned, partial(read_word, words=words))
    note_distinct(setting.notes, unknown, column.field, places, [code is None for code in found], column.cleaned)
    return take_distinct(places, found)


def words_of(code_list: str, own: Mapping[str, str]) -> dict[str, str]:
    """Every word that means a code of a list: its labels, what people write for them, a source's own words."""
    labels = {label: code for code, label in CODE_LISTS[code_list].items()}
    return {**labels, **WORDS.get(code_list, {}), **own}


def read_word(text: str, words: Mapping[str, str]) -> str | None:
    """The code a cleaned text means, with or without what it says in brackets."""
    bare = text.replace(" ", "").removesuffix(".0")
    return words.get(bare) or words.get(_BRACKETED.sub("", bare))


def parts_of(text: str) -> list[str]:
    """The words of a cell that names several things.

    >>> parts_of("☑独居 □空巢、失能")
    ['独居', '空巢', '失能']
    """
    return [part for part in _SEPARATORS.split(_TICKS.sub(" ", text)) if part]


def _read_categories(text: str, words: Mapping[str, str]) -> tuple[str | None, bool]:
    """The categories a cell names, joined by ``|`` in the registry's order, and whether it names an unknown one."""
    parts = parts_of(_BRACKETED.sub("", text))
    found = {words.get(part) for part in parts}
    known = "|".join(category for category in CATEGORIES if category in found)
    return known or None, None in found
