"""A delivery's rows in the registry's vocabulary: cleaned texts, codes for words, ISO dates, fen, official place names.

Cells that cannot be read become missing and a finding; the row's text as delivered stays in the kept original.
Each kind of column has its module (``dates``, ``amounts``, ``phones``, ``words``, ``places``); names and plain texts are here.
ID and certificate numbers are only passed through: ``transforms.judge`` judges them.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from schemas.configuration import Source
from schemas.fields import FIELDS
from schemas.findings import Finding
from schemas.masking import mask_column
from transforms.amounts import standard_amounts
from transforms.cells import Column, Setting, Standard, matches
from transforms.columns import is_filled, to_arrow
from transforms.dates import standard_dates
from transforms.locality import Locality
from transforms.noted import Notes
from transforms.phones import standard_phones
from transforms.places import standardise_places
from transforms.text import replace_at
from transforms.words import standard_categories, standard_codes, standard_relations

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

__all__ = ["Standardised", "standardise", "standardise_members"]

_NAME = r"^\p{Han}[\p{Han}〇]+(·[\p{Han}〇]+)*$|^[A-Za-z][A-Za-z .'\-]*$"
_DOTS = str.maketrans(dict.fromkeys("•‧・∙．.。･", "·"))
_KEPT_DIGITS = 15  # of a number in a numeric cell


class Standardised(NamedTuple):
    """Rows in the registry's vocabulary, and what was found in their cells."""

    rows: pd.DataFrame
    notes: Notes


def standardise(
    delivered: pd.DataFrame,
    numbers: "Mapping[str, Mask]",
    source: Source,
    locality: Locality,
    *,
    today: date,
    counts_from_1904: "Mask | None" = None,
) -> Standardised:
    """Standardises a source's main table.

    Args:
        delivered: the fields of the source as ``str`` columns of cell texts, with a range index.
        numbers: for fields with any, which cells were stored as numbers and not as text.
        source: the source's configuration (its own code words).
        locality: the bureau's divisions and what else is meant there without being said.
        today: the business date; later dates are reported.
        counts_from_1904: which rows come from workbooks that count their dates from 1904.

    Returns:
        The same columns and rows, standardised; dates as ISO texts, amounts as digits in fen, places with county, town,
        village and ``…_division_code`` where the source gives them or an address.
    """
    setting = Setting(source, locality, today, Notes())
    none = np.zeros(len(delivered), dtype=bool)
    from_1904 = none if counts_from_1904 is None else counts_from_1904
    rows = {
        field: _STANDARDS[FIELDS[field].kind](
            Column(field, delivered[field], numbers.get(field, none), from_1904), setting
        )
        for field in delivered.columns
    }
    standardise_places(rows, setting)
    return Standardised(pd.DataFrame(rows), setting.notes)


def standardise_members(delivered: pd.DataFrame, source: Source) -> Standardised:
    """Standardises the sheet 家庭成员; columns as delivered, the relation as a code."""
    setting = Setting(source, Locality.anywhere(), date.min, Notes())
    none = np.zeros(len(delivered), dtype=bool)
    rows = {
        field: _MEMBER_STANDARDS.get(field, _STANDARDS[FIELDS[field].kind])(
            Column(field, delivered[field], none, none), setting
        )
        for field in delivered.columns
    }
    return Standardised(pd.DataFrame(rows), setting.notes)


def _standard_text(column: Column, setting: Setting) -> pd.Series:
    return _standard_name(column, setting) if column.field.endswith("name") else column.cleaned


def _standard_name(column: Column, setting: Setting) -> pd.Series:
    cleaned = column.cleaned
    strange = np.flatnonzero(~matches(cleaned, _NAME) & is_filled(cleaned))
    if not len(strange):
        return cleaned
    raw = to_arrow(column.delivered).take(pa.array(strange)).to_pylist()
    mended = [_mend_name(text) for text in to_arrow(cleaned).take(pa.array(strange)).to_pylist()]
    names = replace_at(cleaned, strange, mended)
    had_control = np.array([any(unicodedata.category(c) == "Cc" for c in text.strip()) for text in raw], dtype=bool)
    still = ~matches(names, _NAME)[strange] | had_control
    setting.notes.add(Finding.NAME_CHARACTERS, strange[still], column.field, mask_column(names, "name"))
    return names


def _mend_name(text: str) -> str:
    """A name without the blanks people set between Chinese characters, and with one kind of dot."""
    dotted = text.translate(_DOTS) if not text.isascii() else text
    return re.sub(r"(?<=[^\x00-\x7f])\s+(?=[^\x00-\x7f])", "", dotted)


def _cleaned(column: Column, setting: Setting) -> pd.Series:
    del setting
    return column.cleaned


def _as_delivered(column: Column, setting: Setting) -> pd.Series:
    """ID numbers wait for ``transforms.judge``, which must see them as delivered."""
    del setting
    return column.delivered


def _standard_certificate(column: Column, setting: Setting) -> pd.Series:
    """Certificate numbers as delivered, but those in numeric cells with no more digits than the cell has kept.

    All digits of the cell's number would look like a certificate, and once in a while be one, though not this one.
    """
    del setting
    damaged = np.flatnonzero(column.is_number & matches(column.delivered, rf"^[0-9]{{{_KEPT_DIGITS + 1},}}$"))
    written = to_arrow(column.delivered).take(pa.array(damaged)).to_pylist()
    return replace_at(column.delivered, damaged, [f"{Decimal(text):.{_KEPT_DIGITS - 1}E}" for text in written])


_STANDARDS: dict[str, Standard] = {
    "text": _standard_text,
    "phone": standard_phones,
    "id_number": _as_delivered,
    "certificate": _standard_certificate,
    "division": _cleaned,
    "date": standard_dates,
    "fen": standard_amounts,
    "code": standard_codes,
    "categories": standard_categories,
}
_MEMBER_STANDARDS: dict[str, Standard] = {"name": _cleaned, "relation_to_head": standard_relations}
