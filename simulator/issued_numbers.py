"""Made-up identity numbers (GB 11643-1999): valid, and nobody's on purpose.

The check character is reckoned here anew and not taken from ``schemas.idnumber``, so that made-up numbers also test that.
"""

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from schemas.idnumber import check_character
from simulator.vocabulary import PREFIXES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Days = NDArray[np.datetime64]
    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

__all__ = ["born_at_ages", "draw_order", "draw_regions", "issue", "texts_of_bytes", "with_check", "years_before"]

_REGIONS = np.array([int(prefix) for prefix in PREFIXES])
_SHARES = np.array(list(PREFIXES.values())) / sum(PREFIXES.values())
# ISO 7064 MOD 11-2: a character is worth 2 to the power of the places to its right.
_WORTH = np.array([2 ** (18 - place) % 11 for place in range(1, 18)])
_CHECK = np.frombuffer(b"10X98765432", dtype=np.uint8)


def issue(region: "Ints", born: "Days", order: "Ints") -> Any:
    """Numbers as a ``large_string`` array: region of six digits, day of birth, order of three digits, check character."""
    months = born.astype("datetime64[M]")
    month = months.astype(np.int64)
    day = (born - months.astype("datetime64[D]")).astype(np.int64) + 1
    first17 = ((region * 10_000 + month // 12 + 1970) * 10_000 + (month % 12 + 1) * 100 + day) * 1000 + order
    digits = np.empty((len(first17), 18), dtype=np.uint8)
    total = np.zeros(len(first17), dtype=np.int64)
    for place in range(16, -1, -1):
        first17, digit = np.divmod(first17, 10)
        digits[:, place] = digit + ord("0")
        total += digit * _WORTH[place]
    digits[:, 17] = _CHECK[total % 11]
    return texts_of_bytes(digits)


def texts_of_bytes(matrix: "NDArray[np.uint8]") -> Any:
    """A ``large_string`` array of one text for each row of ASCII bytes."""
    count, width = matrix.shape
    offsets = np.arange(count + 1, dtype=np.int64) * width
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(matrix))]
    return pa.LargeStringArray.from_buffers(count, buffers[1], buffers[2])


def with_check(first17: str) -> str:
    """One number from its first 17 digits.

    >>> with_check("44142119450312001")
    '441421194503120018'
    """
    return first17 + check_character(first17)


def draw_regions(count: int, rng: np.random.Generator) -> "Ints":
    """Regions in the shares in which elders here carry them."""
    return np.asarray(rng.choice(_REGIONS, size=count, p=_SHARES), dtype=np.int64)


def draw_order(count: int, rng: np.random.Generator, *, is_male: "Flags | None" = None) -> "Ints":
    """Orders of three digits, odd for men; never one ending 00, whose number could look damaged by a spreadsheet."""
    drawn = rng.integers(0, 990, size=count)
    order = drawn // 99 * 100 + drawn % 99 + 1
    if is_male is None:
        return order
    flipped = np.where(order % 100 == 99, order - 1, order + 1)
    return np.where((order % 2 == 1) == is_male, order, flipped)


def born_at_ages(ages: "NDArray[np.float64]", today: date) -> "Days":
    """Days of birth of people who are at least ``ages`` years old today; a fraction is a part of the last year."""
    whole = ages.astype(np.int64)
    return np.asarray(years_before(today, whole) - ((ages - whole) * 365).astype("timedelta64[D]"))


def years_before(today: date, years: "Ints") -> "Days":
    """The same day some years earlier; the day before 1 March for 29 February."""
    month = np.datetime64(today, "M")
    start = (month - years * 12).astype("datetime64[D]")
    length = (month - years * 12 + 1).astype("datetime64[D]") - start
    return np.asarray(start + np.minimum(np.timedelta64(today.day - 1, "D"), length - np.timedelta64(1, "D")))
