"""Numbers as matrices of bytes, and what happens to them when they are typed, copied and saved by a spreadsheet."""

from typing import TYPE_CHECKING, Any

import numpy as np

from bench.identity_rates import Rates

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

__all__ = ["NUMBER_ERRORS", "matrix_of", "with_fitting_check", "write_numbers"]

NUMBER_ERRORS = (
    "none", "one_digit", "two_digits", "transposed", "fitted_by_clerk", "fifteen_digits", "lost_digit", "doubled_digit",
    "missing_number", "damaged", "former", "other_line", "twins_number",
)  # fmt: skip
"""What can have happened to a row's number, by code."""

CODE = {name: code for code, name in enumerate(NUMBER_ERRORS)}
_WORTH = np.array([2 ** (18 - place) % 11 for place in range(1, 18)], dtype=np.int64)
_CHECK = np.frombuffer(b"10X98765432", dtype=np.uint8)
_ZERO = ord("0")


def matrix_of(numbers: Any) -> "Bytes":
    """A ``large_string`` array of numbers as a matrix of 18 bytes each."""
    return np.frombuffer(numbers.buffers()[2], dtype=np.uint8)[: len(numbers) * 18].reshape(-1, 18).copy()


def with_fitting_check(numbers: "Bytes") -> "Bytes":
    """The numbers with the check character that belongs to their 17 digits."""
    fitting = numbers.copy()
    fitting[:, 17] = _CHECK[((numbers[:, :17].astype(np.int64) - _ZERO) @ _WORTH) % 11]
    return fitting


def write_numbers(
    numbers: "Bytes", damaged_list: "Flags", rates: Rates, rng: np.random.Generator
) -> tuple["NDArray[np.bytes_]", "Flags", "NDArray[np.int8]"]:
    """What cells say of numbers that were right.

    Returns:
        Texts of up to 19 bytes, empty where missing; which cells hold a number and no text; and what happened to each.
    """
    count = len(numbers)
    wide = np.zeros((count, 20), dtype=np.uint8)
    wide[:, :18] = numbers
    what = np.zeros(count, dtype=np.int8)
    drawn = rng.random(count)
    start = 0.0
    for name in NUMBER_ERRORS[1:9]:
        share = getattr(rates, name)
        rows = np.flatnonzero((drawn >= start) & (drawn < start + share))
        start += share
        wide[rows] = _WRITERS[name](wide[rows], rng)
        what[rows] = CODE[name]
    is_damaged = (what == 0) & (damaged_list | (rng.random(count) < rates.damaged_number)) & (wide[:, 17] != ord("X"))
    rows = np.flatnonzero(is_damaged)
    wide[rows, 15:18] = _ZERO
    what[rows] = CODE["damaged"]
    as_text = rows[rng.random(len(rows)) < 0.2]
    wide[as_text] = _scientific(wide[as_text])
    is_number = is_damaged.copy()
    is_number[as_text] = False
    return wide.view("S20").ravel(), is_number, what


def _digits_changed(numbers: "Bytes", places: int, rng: np.random.Generator) -> "Bytes":
    changed = numbers.copy()
    rows = np.arange(len(numbers))
    at = np.argsort(rng.random((len(numbers), 17)), axis=1)[:, :places]
    for place in at.T:
        changed[rows, place] = _ZERO + (changed[rows, place] - _ZERO + rng.integers(1, 10, len(rows))) % 10
    return changed


def _one_digit(numbers: "Bytes", rng: np.random.Generator) -> "Bytes":
    return _digits_changed(numbers, 1, rng)


def _two_digits(numbers: "Bytes", rng: np.random.Generator) -> "Bytes":
    return _digits_changed(numbers, 2, rng)


def _transposed(numbers: "Bytes", rng: np.random.Generator) -> "Bytes":
    """Two neighbours the other way round, the first pair from a place on that differ."""
    changed, rows = numbers.copy(), np.arange(len(numbers))
    differs = numbers[:, :16] != numbers[:, 1:17]
    at = np.argmax(rng.random(differs.shape) * differs, axis=1)
    changed[rows, at], changed[rows, at + 1] = numbers[rows, at + 1], numbers[rows, at]
    return changed


def _fitted(numbers: "Bytes", rng: np.random.Generator) -> "Bytes":
    """One digit, or two neighbours, wrong in the order or the day, and the check character made to fit."""
    changed, rows = numbers.copy(), np.arange(len(numbers))
    at = rng.choice([5, 9, 13, 14, 15], size=len(rows))
    changed[rows, at] = np.where(
        at == 13,
        _ZERO + 1 + (changed[rows, at] - _ZERO) % 8,
        _ZERO + (changed[rows, at] - _ZERO + rng.integers(1, 10, len(rows))) % 10,
    )
    changed[:, :18] = with_fitting_check(changed[:, :18])
    return changed


def _fifteen(numbers: "Bytes", rng: np.random.Generator) -> "Bytes":
    del rng
    short = np.zeros_like(numbers)
    short[:, :6], short[:, 6:15] = numbers[:, :6], numbers[:, 8:17]
    return short


def _lost(numbers: "Bytes", rng: np.random.Generator) -> "Bytes":
    at = rng.integers(6, 18, len(numbers))[:, None]
    places = np.arange(20)[None, :]
    return np.take_along_axis(numbers, np.minimum(places + (places >= at), 19), axis=1)


def _doubled(numbers: "Bytes", rng: np.random.Generator) -> "Bytes":
    at = rng.integers(6, 18, len(numbers))[:, None]
    places = np.arange(20)[None, :]
    return np.take_along_axis(numbers, places - (places > at), axis=1)


def _nothing(numbers: "Bytes", rng: np.random.Generator) -> "Bytes":
    del rng
    return np.zeros_like(numbers)


def _scientific(numbers: "Bytes") -> "Bytes":
    """As a file saved from a spreadsheet shows a number of 18 digits: ``4.41421E+17``."""
    shown = np.zeros_like(numbers)
    shown[:, 0], shown[:, 1], shown[:, 2:7] = numbers[:, 0], ord("."), numbers[:, 1:6]
    shown[:, 7:11] = np.frombuffer(b"E+17", dtype=np.uint8)
    return shown


_WRITERS = {
    "one_digit": _one_digit, "two_digits": _two_digits, "transposed": _transposed, "fitted_by_clerk": _fitted,
    "fifteen_digits": _fifteen, "lost_digit": _lost, "doubled_digit": _doubled, "missing_number": _nothing,
}  # fmt: skip
