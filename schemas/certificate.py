"""Disability certificate numbers: an ID number, the category, the level, and for a re-issued card B and a digit.

A certificate corroborates or recovers its holder's ID number; comparing the two belongs to validation, not here.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from schemas.arrow_strings import flat_strings, per_distinct, series_of
from schemas.idnumber_columns import judge_column
from schemas.idnumber_values import check_character, fault_of
from schemas.spelling import PLAIN_BLANKS, clean, without_look_alikes

__all__ = ["JudgedCertificate", "JudgedCertificates", "judge_certificate", "judge_certificates"]

_ID_SHAPE = re.compile(r"[1-9][0-9]{16}[0-9X]")
_SHAPE = re.compile(r"([1-9][0-9]{16}[0-9X])([1-7])([1-4])(B[0-9])?")
# The same for whole columns, except ID numbers ending 000: in a column of ID numbers these count as damaged by a
# spreadsheet, but a category and a level behind them show that the text is whole, so they are looked at one by one.
_USUAL = "^[0-9]{15}(00[1-9X]|0[1-9][0-9X]|[1-9][0-9][0-9X])[1-7][1-4](B[0-9])?$"


@dataclass(frozen=True, slots=True)
class JudgedCertificate:
    """What one text says as a certificate number; without the parts where it is not well formed."""

    number: str | None = field(
        repr=False
    )  # as it should be written, well formed or not; None where nothing was written
    id_part: str | None = field(default=None, repr=False)
    category: str | None = None
    level: str | None = None
    is_well_formed: bool = False
    repaired: bool = False  # well formed after more than the blanks around it was changed


@dataclass(frozen=True, slots=True, repr=False)
class JudgedCertificates:
    """A column of certificate numbers, judged; every member has one entry for each row given, in the same order."""

    number: pd.Series  # str; capital X and B, no blanks; missing where nothing was written
    id_part: pd.Series  # str, the first 18 characters; missing where not well formed
    category: pd.Series  # str, 1 to 7 (schemas.codes, disability_category); missing where not well formed
    level: pd.Series  # str, 1 to 4 (disability_level); missing where not well formed
    is_well_formed: np.ndarray  # bool
    repaired: np.ndarray  # bool


def judge_certificate(text: str, *, today: date) -> JudgedCertificate:
    """The number of a disability certificate, well formed if its first 18 characters are a valid ID number.

    The repairs are those of ID numbers; look-alikes are read as digits only where the check character then holds.

    Args:
        text: what the cell says.
        today: the business date; no holder is born after it.

    >>> judge_certificate("４４１４０２１９４５０３１２００２７ 42b1", today=date(2024, 6, 30)).is_well_formed
    True
    """
    trimmed = text.strip(PLAIN_BLANKS)
    number = clean(trimmed)
    if not _SHAPE.fullmatch(number.upper()):
        number = _without_look_alikes(number)
    number = number.upper()
    parts = _SHAPE.fullmatch(number)
    if parts is None or fault_of(parts[1], today=today) is not None:
        return JudgedCertificate(number or None)
    return JudgedCertificate(number, parts[1], parts[2], parts[3], is_well_formed=True, repaired=number != trimmed)


def judge_certificates(texts: pd.Series, *, today: date) -> JudgedCertificates:
    """Judge every certificate number of a column; equal to ``judge_certificate`` of each text.

    Args:
        texts: what the cells say (``str``).
        today: the business date; no holder is born after it.
    """
    column = pc.utf8_trim(flat_strings(texts), PLAIN_BLANKS)
    usual = np.asarray(pc.fill_null(pc.match_substring_regex(column, _USUAL), False))  # noqa: FBT003
    other = np.flatnonzero(np.asarray(pc.is_valid(column)) & ~usual)
    answers, which = per_distinct(column.take(pa.array(other)), partial(judge_certificate, today=today))

    source = np.arange(len(column))
    source[other] = len(column) + which
    pool = [column, pa.array([answer.number for answer in answers], pa.large_string())]
    number = pa.concat_arrays(pool).take(pa.array(source))
    repaired = np.zeros(len(column), dtype=bool)
    repaired[other] = np.array([answer.repaired for answer in answers], dtype=bool)[which]

    is_well_formed = np.zeros(len(column), dtype=bool)
    is_well_formed[other] = np.array([answer.is_well_formed for answer in answers], dtype=bool)[which]
    rows = np.flatnonzero(usual)
    is_well_formed[rows] = _have_valid_numbers(number.take(pa.array(rows)), today)

    def part(start: int, stop: int) -> pd.Series:
        cut: Any = pc.utf8_slice_codeunits(number, start, stop)
        return series_of(pc.if_else(pa.array(is_well_formed), cut, pa.scalar(None, pa.large_string())), texts)

    return JudgedCertificates(
        series_of(number, texts), part(0, 18), part(18, 19), part(19, 20), is_well_formed, repaired
    )


def _without_look_alikes(number: str) -> str:
    """The number with its first 18 characters as they read without look-alikes, if the check character then holds."""
    head = without_look_alikes(number[:18])
    if not _ID_SHAPE.fullmatch(head) or check_character(head[:17]) != head[17]:
        return number
    return head + number[18:]


def _have_valid_numbers(certificates: Any, today: date) -> np.ndarray:
    """Whether the first 18 characters of well-shaped certificates are valid ID numbers."""
    heads = pd.Series(pc.utf8_slice_codeunits(certificates, 0, 18).to_pandas(), dtype="str")
    return judge_column(heads, np.zeros(len(heads), dtype=bool), today=today).fault.isna().to_numpy()
