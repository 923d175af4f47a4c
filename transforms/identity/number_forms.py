"""ID numbers as they are compared, whole or damaged: bytes, what can still be read of them, and how far two are apart."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Ints = NDArray[np.int64]
    Mask = NDArray[np.bool_]

__all__ = ["FAR", "FIRST_15", "NOTHING", "OFF_1", "OFF_2", "TRANSPOSED", "NumberForms", "Readings", "plain_numbers"]

NOTHING, FAR, FIRST_15, OFF_2, TRANSPOSED, OFF_1 = range(-1, 5)
"""How near a written number is to a whole one; ``NOTHING``: too little of it is left to say."""

_WIDTH = 20  # characters that are looked at
_ZERO = np.uint8(ord("0"))
_EXPONENT = r"^([0-9])\.?([0-9]*)E\+?1[0-9]$"
_ORDER_LENGTHS = (17, 18, 19)


def plain_numbers(numbers: pa.Array) -> pa.Array:
    """Numbers without blanks, marks and the zeros that a spreadsheet's number shows behind its point.

    Of ``4.41422E+17`` remain the digits it shows, of ``441421194005061000.0`` those before the point.
    """
    plain = pc.utf8_upper(pc.utf8_normalize(numbers, "NFKC"))
    plain = pc.replace_substring_regex(plain, r"[^0-9A-Z.+]", "")
    plain = pc.replace_substring_regex(plain, _EXPONENT, r"\1\2")
    return pc.replace_substring_regex(plain, r"\.0*$|[.+]", "")


class Readings(NamedTuple):
    """What numbers may be read as: place of the number, region, birth date (``yyyymmdd``), order; -1 where unreadable."""

    number: "Ints"
    region: "Ints"
    birth: "Ints"
    order: "Ints"


@dataclass(frozen=True, slots=True, repr=False)
class NumberForms:
    """Numbers as a matrix of bytes, one column a number, zero where it is shorter."""

    matrix: "Bytes"
    length: "Ints"

    @classmethod
    def of(cls, numbers: pa.Array) -> "NumberForms":
        """Forms of a ``large_string`` array of plain numbers without nulls."""
        count = len(numbers)
        matrix = np.zeros((_WIDTH, count), dtype=np.uint8)
        if not count:
            return cls(matrix, np.zeros(0, dtype=np.int64))
        _, ends, data = numbers.buffers()
        ends = np.frombuffer(ends, dtype=np.int64)[numbers.offset : numbers.offset + count + 1]
        written = np.frombuffer(data, dtype=np.uint8) if data is not None else np.zeros(0, dtype=np.uint8)
        written = np.append(written[: ends[-1]], np.uint8(0))
        length = np.diff(ends)
        for place in range(_WIDTH):
            matrix[place] = np.where(place < length, written[np.minimum(ends[:-1] + place, len(written) - 1)], 0)
        return cls(matrix, length)

    def _digits(self, start: "Ints | int", count: int) -> "Ints":
        """The numbers that ``count`` characters write, -1 where one is no digit; ``start`` may differ by number."""
        every = np.arange(self.matrix.shape[1])
        value, sound = np.zeros(len(every), dtype=np.int64), np.ones(len(every), dtype=bool)
        for step in range(count):
            if isinstance(start, int):
                digit = self.matrix[start + step] - _ZERO  # what is below 0 is far above 9
            else:
                digit = self.matrix[np.minimum(start + step, _WIDTH - 1), every] - _ZERO
            sound &= digit <= 9
            value *= 10
            value += digit
        return np.where(sound, value, -1)

    def whole_keys(self) -> "Ints":
        """First 17 digits and the check character of each as one number, -1 where they are not that."""
        check = np.where(self.matrix[17] == ord("X"), 10, self.matrix[17].astype(np.int64) - ord("0"))
        first = self._digits(0, 17)
        return np.where((first >= 0) & (check >= 0) & (check <= 10), first * 11 + check, -1)

    def first_15(self) -> "Ints":
        """The first fifteen digits, -1 where there are not so many."""
        return self._digits(0, 15)

    def readings(self) -> Readings:
        """One reading of each number of 18, two of others: as if its beginning were in place, and as if its end were."""
        length = self.length
        place = np.arange(len(length))
        region = self._digits(0, 6)
        whole_order = np.isin(length, _ORDER_LENGTHS)
        in_front = Readings(place, region, _days(self._digits(6, 8)), np.where(whole_order, self._digits(14, 3), -1))
        odd = np.flatnonzero((length != 18) & (length >= 6))
        old = length[odd] == 15
        births = np.where(
            old, _days(_with_century(self._digits(6, 6)[odd])), _days(self._digits(np.maximum(length - 12, 0), 8)[odd])
        )
        orders = self._digits(np.where(length == 15, 12, np.maximum(length - 4, 0)), 3)[odd]
        usable = old | whole_order[odd]
        behind = Readings(odd, region[odd], np.where(usable, births, -1), np.where(usable, orders, -1))
        return Readings(*(np.concatenate(parts) for parts in zip(in_front, behind, strict=True)))

    def nearness(self, written: "Ints", whole: "Ints") -> "NDArray[np.int8]":
        """How near written numbers are to whole ones, both by place: the best that can be said, ``NOTHING`` to ``OFF_1``."""
        near = np.full(len(written), NOTHING, dtype=np.int8)
        length = self.length[written]
        for lengths, compare in (((18,), _of_18), ((15,), _of_15), ((16, 17, 19, 20), _of_other_length)):
            rows = np.flatnonzero(np.isin(length, lengths))
            if len(rows):
                a, b = self.matrix[:, written[rows]], self.matrix[:, whole[rows]]
                near[rows] = compare(a, b, length[rows])
        return near


def _of_18(a: "Bytes", b: "Bytes", length: "Ints") -> "NDArray[np.int8]":
    del length
    differs = a[:18] != b[:18]
    count, in_body = differs.sum(axis=0), differs[:17].sum(axis=0)
    near = np.full(a.shape[1], FAR, dtype=np.int8)
    begins_alike = ~differs[:15].any(axis=0)
    near[begins_alike] = FIRST_15
    near[count == 2] = OFF_2
    turned = _are_neighbours_turned(a[:18], b[:18])
    near[turned & ((count == 2) | (in_body == 2))] = TRANSPOSED
    near[count == 1] = OFF_1
    # What a spreadsheet wrote behind the fifteenth digit says nothing, even where it happens to fit.
    near[begins_alike & ((count == 0) | (a[15:18] == ord("0")).all(axis=0))] = FIRST_15
    return near


def _of_15(a: "Bytes", b: "Bytes", length: "Ints") -> "NDArray[np.int8]":
    """As a number of fifteen digits, and as the beginning of one of eighteen."""
    del length
    old = np.concatenate([b[:6], b[8:17]])
    differs = (a[:15] != old).sum(axis=0)
    near = np.full(a.shape[1], FAR, dtype=np.int8)
    near[(a[:15] == b[:15]).all(axis=0)] = FIRST_15
    near[differs == 2] = OFF_2
    near[(differs == 2) & _are_neighbours_turned(a[:15], old)] = TRANSPOSED
    near[differs <= 1] = OFF_1
    return near


def _of_other_length(a: "Bytes", b: "Bytes", length: "Ints") -> "NDArray[np.int8]":
    distance = _edits(a, b, length)
    near = np.full(a.shape[1], FAR, dtype=np.int8)
    near[(a[:15] == b[:15]).all(axis=0)] = FIRST_15
    near[distance == 2] = OFF_2
    near[distance <= 1] = OFF_1
    return near


def _are_neighbours_turned(a: "Bytes", b: "Bytes") -> "Mask":
    """Whether the first two places that differ are neighbours, each with the other's character."""
    differs = a != b
    first = np.argmax(differs, axis=0)
    rows, second = np.arange(a.shape[1]), np.minimum(first + 1, len(a) - 1)
    turned: Mask = (a[first, rows] == b[second, rows]) & (a[second, rows] == b[first, rows]) & differs[second, rows]
    turned &= second > first
    return turned


def _edits(a: "Bytes", b: "Bytes", length: "Ints", most: int = 2) -> "NDArray[np.uint8]":
    """Characters to change, add or leave out between texts of ``length`` and of 18; more than ``most`` is ``most + 1``."""
    count = a.shape[1]
    too_many = np.uint8(most + 1)
    above = np.full((19, count), too_many, dtype=np.uint8)
    above[: most + 1] = np.arange(most + 1, dtype=np.uint8)[:, None]
    result = np.full(count, too_many, dtype=np.uint8)
    for row in range(1, _WIDTH + 1):
        here = np.full((19, count), too_many, dtype=np.uint8)
        if row <= most:
            here[0] = row
        for column in range(max(1, row - most), min(18, row + most) + 1):
            same = above[column - 1] + (a[row - 1] != b[column - 1])
            here[column] = np.minimum(np.minimum(same, above[column] + 1), np.minimum(here[column - 1] + 1, too_many))
        ended = length == row
        result[ended] = here[18][ended]
        above = here
    return result


def _with_century(births: "Ints") -> "Ints":
    return np.where(births >= 0, births + 19_000_000, -1)


def _days(births: "Ints") -> "Ints":
    """``yyyymmdd`` that may be days of somebody's birth; -1 for others."""
    year, month, day = births // 10_000, births // 100 % 100, births % 100
    sound = (year >= 1850) & (year < 2100) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    return np.where(sound, births, -1)
