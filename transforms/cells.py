"""One column on its way into the registry's vocabulary, what it is read with, and how much of its cells may be shown."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from schemas.configuration import Source
from schemas.findings import Finding
from transforms.columns import map_distinct, take_distinct, to_arrow
from transforms.locality import Locality
from transforms.noted import Notes
from transforms.text import clean_column

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]
    Places = NDArray[np.int64]

__all__ = ["Column", "Setting", "Standard", "matches", "note_distinct", "rows_of", "shown"]


@dataclass(frozen=True)
class Column:
    """The cells of a field as delivered, and how a spreadsheet had stored them."""

    field: str
    delivered: pd.Series
    is_number: "Mask"  # cells that held a number and no text
    counts_from_1904: "Mask"  # cells of a workbook whose dates count from 1904

    @cached_property
    def cleaned(self) -> pd.Series:
        """The texts without what nobody sees, missing where nothing is left."""
        return clean_column(self.delivered)


@dataclass(frozen=True, slots=True)
class Setting:
    """Whose columns they are, where, on which day, and where to note what is wrong with them."""

    source: Source
    locality: Locality
    today: date
    notes: Notes


Standard = Callable[[Column, Setting], pd.Series]
"""Reads a column: the registry's values, missing where a cell could not be read, which is noted."""


def note_distinct(
    notes: Notes, code: Finding, field: str, places: "Places", chosen: Sequence[bool], seen: pd.Series
) -> None:
    """Notes a finding on the rows that hold one of the chosen distinct values."""
    if any(chosen):
        notes.add(code, rows_of(places, chosen), field, shown(seen))


def rows_of(places: "Places", chosen: Sequence[bool]) -> "Mask":
    """Which rows hold one of the chosen distinct values; ``places`` says which row holds which (``map_distinct``)."""
    return np.append(np.array(chosen, dtype=bool), False)[places]


def matches(values: pd.Series, pattern: str) -> "Mask":
    """Which texts have a form; a missing one has none."""
    matched: Any = pc.fill_null(pc.match_substring_regex(to_arrow(values), pattern), False)  # noqa: FBT003
    return np.asarray(matched.to_numpy(zero_copy_only=False), dtype=bool)


def shown(values: pd.Series) -> pd.Series:
    """Cell texts fit to be read by many: short words a delivery uses often as they are, all else masked.

    A cell under the wrong header may hold anything, a name or a number included; what stands in three rows or more
    is vocabulary, not a person.
    """
    codes, words = map_distinct(values, str)
    often = np.bincount(codes[codes >= 0], minlength=len(words)) >= 3
    masked = [word if common and len(word) <= 12 else _masked(word) for word, common in zip(words, often, strict=True)]
    return take_distinct(codes, masked)


def _masked(word: str) -> str:
    word = word[:12]
    if len(word) <= 10 and not re.search(r"\d{5}", word) and re.fullmatch(r"[\d.,/年月日:\-+ 元约]+", word):
        return word  # a date or an amount, nothing longer
    return word[:1] + "*" * (len(word) - 1)
