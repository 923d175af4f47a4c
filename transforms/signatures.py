"""What spreadsheets leave of long numbers: whether a whole column passed through numeric cells, and which digits survived.

One number that ends in 000, or that is a multiple of 64, may be somebody's; a column of them is damage. Nothing here
decides about a row: it is a hint for the sender about what to do with the whole column.
"""

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from transforms.columns import to_arrow

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

__all__ = ["ColumnSignature", "signature_of", "surviving_digits"]

_FEWEST_DAMAGED, _FEWEST_ROUNDED = 5, 20
_KEPT_DIGITS = 15
_TYPING = "[\\s'‘’`\u200b\ufeff-]"  # what people and exports put around and into numbers
_WHOLE = r"^[0-9]{17}[0-9Xx]$"
_EXPONENT = r"^[0-9](\.[0-9]*)?[eE]\+?[0-9]{1,2}$"
_NUMBER = re.compile(r"[0-9]{16,22}|([0-9](?:\.[0-9]*)?)([eE]\+?[0-9]{1,2})")


@dataclass(frozen=True, slots=True)
class ColumnSignature:
    """Counts of the cells of one column of ID numbers."""

    total: int  # cells with anything in them
    stored_as_number: int
    in_exponents: int  # texts such as 4.41421E+17
    ending_000: int  # texts of eighteen digits
    intact: int  # texts of eighteen characters that are none of the above
    intact_ending_x: int
    digits: int  # texts of eighteen digits, intact or not
    multiples: int  # of these, what a double of their size can hold: multiples of 16, 32, 64 or 128

    @property
    def is_typed_as_numbers(self) -> bool:
        """Whether the column was typed into numeric cells: what a spreadsheet keeps of it as text are the numbers ending X."""
        damaged = self.stored_as_number + self.in_exponents + self.ending_000
        return damaged >= _FEWEST_DAMAGED and self.intact == self.intact_ending_x

    @property
    def is_rounded(self) -> bool:
        """Whether all digits passed through floating point on their way, which changes the last one or two of each."""
        return self.digits >= _FEWEST_ROUNDED and self.multiples == self.digits


def signature_of(cells: pd.Series, is_number: "Mask") -> ColumnSignature:
    """What a column of ID numbers looks like as a whole.

    Args:
        cells: the texts as delivered (``str``).
        is_number: which cells were stored as numbers.
    """
    plain = pc.replace_substring_regex(pc.utf8_normalize(to_arrow(cells), "NFKC"), _TYPING, "")
    filled = _mask(pc.not_equal(plain, ""))
    numbers = filled & is_number
    whole = _mask(pc.match_substring_regex(plain, _WHOLE)) & ~numbers
    ends_x = _mask(pc.match_substring_regex(plain, "[Xx]$")) & whole
    lost = _mask(pc.ends_with(plain, "000")) & whole
    digits = whole & ~ends_x
    values = plain.filter(digits).cast("int64").to_numpy(zero_copy_only=False)
    return ColumnSignature(
        total=int(filled.sum()),
        stored_as_number=int(numbers.sum()),
        in_exponents=int((_mask(pc.match_substring_regex(plain, _EXPONENT)) & ~numbers).sum()),
        ending_000=int(lost.sum()),
        intact=int((whole & ~lost).sum()),
        intact_ending_x=int(ends_x.sum()),
        digits=len(values),
        multiples=int((values % np.spacing(values.astype(np.float64)).astype(np.int64) == 0).sum()),
    )


def surviving_digits(text: str) -> str | None:
    """The first digits, at most fifteen, of a long number that passed through a numeric cell: to look for it elsewhere.

    A spreadsheet keeps fifteen digits and fills up with zeros, which a double written out whole shows a little too high or
    too low. Other programs round all digits to the next double: then what every number that near has in common is left.
    Where an exponent hides digits, the last shown is rounded already and left out.

    >>> surviving_digits("441421194503121984"), surviving_digits("44142119450311999488")
    ('441421194503122', '441421194503120')
    >>> surviving_digits("4.41421194503121E+17"), surviving_digits("4.41421E+17"), surviving_digits("44142119450312")
    ('441421194503121', '44142', None)
    """
    found = _NUMBER.fullmatch(text)
    if not found:
        return None
    if found[2] and len(digits := found[1].replace(".", "")) < _KEPT_DIGITS:
        return digits[:-1] or None
    number = int(Decimal(text))
    rounded = int(Decimal(f"{Decimal(number):.{_KEPT_DIGITS - 1}E}"))
    if float(rounded) == float(number):
        return str(rounded)[:_KEPT_DIGITS]
    reach = int(math.ulp(float(number))) // 2
    low, high = number - reach, number + reach
    while low != high:
        low, high = low // 10, high // 10
    return str(low)[:_KEPT_DIGITS]


def _mask(flags: Any) -> "Mask":
    return np.asarray(pc.fill_null(flags, False).to_numpy(zero_copy_only=False), dtype=bool)  # noqa: FBT003
