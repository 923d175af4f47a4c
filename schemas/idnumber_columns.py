"""Identity numbers by the column: the rules of ``schemas.idnumber_values`` at the speed of bytes.

Rows that look as a number should are judged as a byte matrix. The few that do not (blanks inside, full-width forms, 15 digits,
letters) go one by one, each distinct text once, through ``schemas.idnumber_values.judge``, which defines what is right.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from schemas.arrow_strings import byte_lengths, fixed_width_bytes, flat_strings, per_distinct, series_of
from schemas.findings import ID_NUMBER_JUDGED_IN_ORDER, Finding
from schemas.idnumber_values import EARLIEST_BIRTH_YEAR, PROVINCE_CODES, judge
from schemas.spelling import PLAIN_BLANKS

__all__ = ["ID_NUMBER_FAULTS", "NO_KEY", "JudgedColumn", "judge_column"]

ID_NUMBER_FAULTS: tuple[Finding, ...] = (*ID_NUMBER_JUDGED_IN_ORDER, Finding.ID_TYPE_UNSUPPORTED)
"""What can be wrong with an ID number by itself: the categories of ``JudgedColumn.fault``, in this order."""

NO_KEY = -1
"""Key of a row that has no valid number."""

_CODE = {fault: code for code, fault in enumerate(ID_NUMBER_FAULTS)}
_NO_FAULT, _UNJUDGED = -1, -2
_CATEGORIES = pd.CategoricalDtype([fault.value for fault in ID_NUMBER_FAULTS])

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999, positions 1 to 17
_CHECK_VALUE = np.full(256, 255, dtype=np.uint8)
_CHECK_VALUE[np.frombuffer(b"0123456789Xx", dtype=np.uint8)] = [*range(11), 10]
_IS_PROVINCE = np.array([f"{code:02d}" in PROVINCE_CODES for code in range(100)])
_MONTH, _YEAR = 32, 13 * 32  # strides of the calendar: a day below 32, a month below 13


@dataclass(frozen=True, slots=True, repr=False)
class _Facts:
    """What good numbers say, one entry a row; the initial values stand for rows without a good number."""

    birth_date: np.ndarray
    sex: np.ndarray
    key: np.ndarray
    is_region_known: np.ndarray

    @classmethod
    def unknown(cls, count: int) -> Self:
        return cls(
            birth_date=np.full(count, np.datetime64("NaT"), dtype="datetime64[D]"),
            sex=np.zeros(count, dtype=np.int8),
            key=np.full(count, NO_KEY, dtype=np.int64),
            is_region_known=np.zeros(count, dtype=bool),
        )

    def put(self, rows: np.ndarray, facts: "_Facts", chosen: np.ndarray) -> None:
        """Write the chosen entries of ``facts`` into the given rows."""
        self.birth_date[rows] = facts.birth_date[chosen]
        self.sex[rows] = facts.sex[chosen]
        self.key[rows] = facts.key[chosen]
        self.is_region_known[rows] = facts.is_region_known[chosen]


@dataclass(frozen=True, slots=True, repr=False)
class JudgedColumn(_Facts):
    """A column of ID numbers, judged; every member has one entry for each row given, in the same order.

    ``birth_date`` is datetime64[D], NaT where faulty; ``sex`` is int8, 0 unknown, 1 male, 2 female (GB/T 2261.1);
    ``key`` is int64, the 17 digits times 11 plus the value of the check character (X is 10), ``NO_KEY`` where faulty, and
    sorts as the numbers do; ``is_region_known`` is a hint, False where faulty.
    """

    id_number: pd.Series  # str, 18 characters; missing where faulty
    fault: pd.Series  # categorical of finding codes (ID_NUMBER_FAULTS); missing where the number is good
    repaired: np.ndarray  # bool; False where faulty
    upgraded: np.ndarray  # bool; False where faulty


def judge_column(texts: pd.Series, stored_as_number: np.ndarray, *, today: date) -> JudgedColumn:
    """Judge every ID number of a column; equal to ``judge`` of each text, a missing text being ``id-number-missing``.

    Args:
        texts: what the cells say (``str``).
        stored_as_number: bool, one for each text: the cell was numeric.
        today: the business date; nobody is born after it.
    """
    stored_as_number = np.asarray(stored_as_number, dtype=bool)
    column = flat_strings(texts)
    if (byte_lengths(column) != 18).any():
        column = pc.utf8_trim(column, PLAIN_BLANKS)
    count = len(column)
    fault = np.where(np.asarray(pc.is_valid(column)), _UNJUDGED, _CODE[Finding.ID_NUMBER_MISSING]).astype(np.int8)
    repaired, upgraded = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    facts = _Facts.unknown(count)
    source = np.arange(count)  # for each row the place of its number in the pool of texts
    pool = [column]

    # Rows of the usual length, as bytes.
    rows = np.flatnonzero(byte_lengths(column) == 18)
    fault[rows], has_small_x, said = _judge_bytes(_rows_of(column, rows), stored_as_number[rows], today)
    is_good = fault[rows] == _NO_FAULT
    facts.put(rows[is_good], said, is_good)
    rows = rows[is_good & has_small_x]
    repaired[rows] = True
    source[rows] = count + np.arange(len(rows))
    pool.append(pc.ascii_upper(_rows_of(column, rows)))

    # The unusual ones, as text.
    for is_number in (False, True):
        rows = np.flatnonzero((fault == _UNJUDGED) & (stored_as_number == is_number))
        answers, which = per_distinct(_rows_of(column, rows), partial(judge, today=today, stored_as_number=is_number))
        codes = [_CODE[answer.fault] if answer.fault else _NO_FAULT for answer in answers]
        numbers = pa.array([answer.id_number for answer in answers], pa.large_string())
        fault[rows] = np.array(codes, dtype=np.int8)[which]
        repaired[rows] = np.array([answer.repaired for answer in answers], dtype=bool)[which]
        upgraded[rows] = np.array([answer.upgraded for answer in answers], dtype=bool)[which]
        source[rows] = sum(map(len, pool)) + which
        pool.append(numbers)
        is_good = fault[rows] == _NO_FAULT
        _, _, said = _judge_bytes(numbers.fill_null("0" * 18), np.zeros(len(numbers), dtype=bool), today)
        facts.put(rows[is_good], said, which[is_good])

    return JudgedColumn(
        id_number=series_of(_gather(pool, source, fault != _NO_FAULT), texts),
        fault=pd.Series(pd.Categorical.from_codes(fault, dtype=_CATEGORIES), index=texts.index, name="fault"),
        repaired=repaired,
        upgraded=upgraded,
        birth_date=facts.birth_date,
        sex=facts.sex,
        key=facts.key,
        is_region_known=facts.is_region_known,
    )


def _judge_bytes(numbers: Any, stored_as_number: np.ndarray, today: date) -> tuple[np.ndarray, np.ndarray, _Facts]:
    """Fault codes, whether the last place is a small x, and the facts of texts of 18 bytes.

    A text that is not 17 digits and a digit or X remains ``_UNJUDGED``; facts are meaningless where there is a fault.
    """
    matrix = fixed_width_bytes(numbers, 18)
    digits, check = matrix[:17] - ord("0"), _CHECK_VALUE[matrix[17]]
    is_shaped = (digits.max(axis=0, initial=0) <= 9) & (check <= 10)

    weighted = check.astype(np.uint16)
    for weight, digit in zip(_WEIGHTS, digits, strict=True):
        weighted += digit * np.uint16(weight)
    born = _birth_dates(digits[6:14], today)
    is_damaged = stored_as_number | ((digits[15] == 0) & (digits[16] == 0) & (check == 0))

    # The first fault counts, so it is written last.
    fault = np.full(len(check), _NO_FAULT, dtype=np.int8)
    fault[weighted % 11 != 1] = _CODE[Finding.ID_NUMBER_CHECKSUM]
    fault[np.isnat(born)] = _CODE[Finding.ID_NUMBER_BIRTH_DATE]
    fault[digits[0] == 0] = _CODE[Finding.ID_NUMBER_CHARACTERS]
    fault[is_damaged] = _CODE[Finding.ID_NUMBER_STORED_AS_NUMBER]
    fault[~is_shaped] = _UNJUDGED

    is_foreigner = digits[0] == 9
    sexes = np.where(is_foreigner, 0, 2 - digits[16] % 2).astype(np.int8)
    province = np.where(is_foreigner, _join(digits[1:3]), _join(digits[0:2]))
    keys = (_join(digits[:8]).astype(np.int64) * 10**9 + _join(digits[8:17])) * 11 + check
    facts = _Facts(born, sexes, keys, _IS_PROVINCE[np.where(is_shaped, province, 0)])
    return fault, matrix[17] == ord("x"), facts


def _birth_dates(digits: np.ndarray, today: date) -> np.ndarray:
    """The days that eight rows of digits say; NaT where there is no such day from ``EARLIEST_BIRTH_YEAR`` to today."""
    year, month, day = _join(digits[:4]), _join(digits[4:6]), _join(digits[6:8])
    is_possible = (year >= EARLIEST_BIRTH_YEAR) & (year <= today.year) & (month <= 12) & (day <= 31)
    place = (year - EARLIEST_BIRTH_YEAR) * _YEAR + month * _MONTH + day
    born: np.ndarray = _calendar(today)[np.where(is_possible, place, 0)]
    return born


@lru_cache(maxsize=4)
def _calendar(today: date) -> np.ndarray:
    """Every day up to today at the place of its year, month and day; NaT at places that are no day, such as the first."""
    days = np.arange(np.datetime64(f"{EARLIEST_BIRTH_YEAR}-01-01"), np.datetime64(today) + 1, dtype="datetime64[D]")
    index = pd.DatetimeIndex(days)
    places = (index.year - EARLIEST_BIRTH_YEAR) * _YEAR + index.month * _MONTH + index.day
    calendar = np.full(
        max(today.year - EARLIEST_BIRTH_YEAR + 1, 1) * _YEAR, np.datetime64("NaT"), dtype="datetime64[D]"
    )
    calendar[places] = days
    return calendar


def _join(digits: np.ndarray) -> np.ndarray:
    """The numbers that up to nine rows of digits write, most significant first (int32)."""
    numbers: np.ndarray = digits[0].astype(np.int32)
    for digit in digits[1:]:
        numbers *= 10
        numbers += digit
    return numbers


def _rows_of(column: Any, rows: np.ndarray) -> Any:
    return column if len(rows) == len(column) else column.take(pa.array(rows))


def _gather(pool: list[Any], source: np.ndarray, is_missing: np.ndarray) -> Any:
    """The text of each row from its place in the pool, null where missing; the first column itself where nothing differs."""
    if not is_missing.any() and sum(map(len, pool[1:])) == 0:
        return pool[0]
    return pa.concat_arrays(pool).take(pa.array(source, mask=is_missing))
