"""What the checks of rules may ask about a table: its columns as they were read, and what its numbers turned out to be.

Facts are worked out once for a table, whichever rules ask. Nothing here changes a row.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from schemas.arrow_strings import flat_strings
from schemas.certificate import JudgedCertificates, judge_certificates
from schemas.findings import Finding
from schemas.idnumber_columns import JudgedColumn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from schemas.configuration import Rules

    Mask = NDArray[np.bool_]
    Days = NDArray[np.datetime64]

__all__ = ["MemberFacts", "RowFacts", "days_of", "have", "is_filled", "months_later", "same"]


@dataclass(frozen=True)
class RowFacts:
    """A source's main table: every column read, none of them completed from another one yet."""

    rows: pd.DataFrame
    numbers: JudgedColumn
    is_noted: Callable[[str], "Mask"]  # whether reading the cells of a field has already been found wrong
    rules: "Rules"
    today: date

    def __contains__(self, field: str) -> bool:
        return field in self.rows

    def is_filled(self, field: str) -> "Mask":
        """Which rows have a value in a field; none where the table lacks it."""
        return is_filled(self.rows[field]) if field in self.rows else self.none

    def is_empty(self, field: str) -> "Mask":
        """Which rows were delivered without a value: not those in which there was one that could not be read."""
        return ~is_filled(self.rows[field]) & ~self.is_noted(field)

    def have(self, field: str, code: str) -> "Mask":
        """Which rows have a code in a field; none where the table lacks it."""
        return have(self.rows[field], code) if field in self.rows else self.none

    def days(self, field: str) -> "Days":
        """The days of a field, NaT where missing or where the table lacks it."""
        if field not in self.rows:
            return np.full(len(self.rows), np.datetime64("NaT", "D"))
        return days_of(self.rows[field])

    def has_fault(self, fault: Finding) -> "Mask":
        """Which ID numbers have a fault as their first."""
        return np.asarray(self._faults == self._fault_places.get(str(fault), -2), dtype=bool)

    @cached_property
    def none(self) -> "Mask":
        """No row."""
        return np.zeros(len(self.rows), dtype=bool)

    @cached_property
    def has_number(self) -> "Mask":
        """Which rows have a valid ID number."""
        return np.asarray(self.numbers.key >= 0, dtype=bool)

    @cached_property
    def certificates(self) -> JudgedCertificates:
        """The disability certificates, judged; only where the table has the column."""
        return judge_certificates(self.rows["disability_certificate_number"], today=self.today)

    @cached_property
    def age(self) -> "NDArray[np.int64]":
        """Completed years on the business date; -1 where the day of birth is unknown."""
        born = self.numbers.birth_date
        month = born.astype("datetime64[M]")
        day = (born - month.astype("datetime64[D]")).astype(np.int64)
        months = self.today.year * 12 + self.today.month - 1 - (month.astype(np.int64) + 1970 * 12)
        passed: NDArray[np.int64] = months - (day + 1 > self.today.day)
        return np.where(np.isnat(born), -1, passed // 12)

    @cached_property
    def _faults(self) -> "NDArray[np.int64]":
        return np.asarray(self.numbers.fault.cat.codes, dtype=np.int64)

    @cached_property
    def _fault_places(self) -> dict[str, int]:
        return {fault: place for place, fault in enumerate(self.numbers.fault.cat.categories)}


@dataclass(frozen=True)
class MemberFacts:
    """The sheet 家庭成员 beside the elders of its delivery."""

    rows: pd.DataFrame  # numbers in their standard form where they are any
    members: JudgedColumn | None  # of id_number, where the sheet has it
    is_linked: "Mask"  # whether an elder of the delivery has the number the household goes by

    def __contains__(self, field: str) -> bool:
        return field in self.rows


def is_filled(values: pd.Series) -> "Mask":
    """Which rows have a value."""
    return np.asarray(flat_strings(values).is_valid().to_numpy(zero_copy_only=False), dtype=bool)


def have(values: pd.Series, code: str) -> "Mask":
    """Which rows have exactly this value."""
    found = pc.fill_null(pc.equal(flat_strings(values), pa.scalar(code, pa.large_string())), False)  # noqa: FBT003
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=bool)


def same(one: pd.Series, other: pd.Series) -> "Mask":
    """Which rows have the same value in both columns; a missing value is like none."""
    equal = pc.fill_null(pc.equal(flat_strings(one), flat_strings(other)), False)  # noqa: FBT003
    return np.asarray(equal.to_numpy(zero_copy_only=False), dtype=bool)


def days_of(values: pd.Series) -> "Days":
    """ISO date texts as days, NaT where missing."""
    return np.asarray(pc.cast(flat_strings(values), pa.date32()).to_numpy(zero_copy_only=False), dtype="datetime64[D]")


def months_later(start: "Days", months: int) -> "Days":
    """The same day some months later; the days a shorter month lacks count on into the next one."""
    month = start.astype("datetime64[M]")
    later: Days = (month + months).astype("datetime64[D]") + (start - month.astype("datetime64[D]"))
    return later
