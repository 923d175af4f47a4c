"""Geometry of the page's small charts: numbers in, positions out. How they look is the template's business."""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = [
    "HEIGHT", "WIDTH", "Bars", "Lines", "Pyramid", "Series", "change_bars", "lines", "pyramid", "shares", "with_bars",
]  # fmt: skip

WIDTH, HEIGHT = 440, 170
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 8, 10, 22
_HALF_LABEL, _ARM, _STEP = 70, 114, 26  # of a pyramid: half its column of labels, its longest bar, from row to row


@dataclass(frozen=True, slots=True)
class Series:
    """One line: its label, the place of its colour in the page's palette, and where its points lie."""

    label: str
    colour: int
    points: tuple[tuple[float, float], ...]
    last: int

    @property
    def path(self) -> str:
        """The points as SVG writes them."""
        return " ".join(f"{x},{y}" for x, y in self.points)


@dataclass(frozen=True, slots=True)
class Lines:
    """A line chart: ticks as (y, value), names of the first and last night, and the lines."""

    title: str
    ticks: tuple[tuple[float, int], ...]
    first: str
    final: str
    series: tuple[Series, ...]


@dataclass(frozen=True, slots=True)
class Bars:
    """Stacked bars, one a night: rectangles as (x, y, width, height, colour, words)."""

    title: str
    ticks: tuple[tuple[float, int], ...]
    first: str
    final: str
    legend: tuple[tuple[str, int], ...]
    rectangles: tuple[tuple[float, float, float, float, int, str], ...]


@dataclass(frozen=True, slots=True)
class Pyramid:
    """Men to the left and women to the right of a column of labels, a row each: (y, label, men's x and width, women's width, men, women)."""

    title: str
    height: int
    rows: tuple[tuple[int, str, float, float, float, int, int], ...]


def pyramid(title: str, rows: Sequence[tuple[str, int, int]]) -> Pyramid:
    """Rows of a label, men and women, the first at the foot; both sides on one scale.

    >>> pyramid("年龄", [("60–64", 10, 5), ("65–69", 5, 20)]).rows[1]
    (30, '60–64', 93.0, 57.0, 28.5, 10, 5)
    """
    most = max((max(men, women) for _, men, women in rows), default=0) or 1
    drawn = []
    for place, (label, men, women) in enumerate(reversed(rows)):
        left, right = round(_ARM * men / most, 1), round(_ARM * women / most, 1)
        drawn.append((4 + place * _STEP, label, round(WIDTH / 2 - _HALF_LABEL - left, 1), left, right, men, women))
    return Pyramid(title, 8 + _STEP * len(rows), tuple(drawn))


def with_bars(rows: Sequence[tuple[str, float]]) -> list[tuple[str, float, float]]:
    """Label, number and its length in percent of the longest."""
    longest = max((number for _, number in rows), default=0) or 1
    return [(label, number, round(100 * number / longest, 1)) for label, number in rows]


def lines(title: str, nights: Sequence[str], values: dict[str, tuple[int, Sequence[int]]], *, from_zero: bool) -> Lines:
    """A line for each of `values` (label to colour and numbers), all on one scale."""
    every = [number for _, numbers in values.values() for number in numbers]
    low, high = _scale(0 if from_zero else min(every), max(every))
    step = (WIDTH - _LEFT - _RIGHT) / max(len(nights) - 1, 1)
    drawn = tuple(
        Series(
            label,
            colour,
            tuple((round(_LEFT + step * place, 1), _height(number, low, high)) for place, number in enumerate(numbers)),
            numbers[-1],
        )
        for label, (colour, numbers) in values.items()
    )
    return Lines(title, _ticks(low, high), nights[0], nights[-1], drawn)


def change_bars(title: str, nights: Sequence[str], values: dict[str, tuple[int, Sequence[int]]]) -> Bars:
    """Each night's numbers stacked on each other, from zero."""
    totals = [sum(numbers) for numbers in zip(*(numbers for _, numbers in values.values()), strict=True)]
    low, high = _scale(0, max(totals))
    step = (WIDTH - _LEFT - _RIGHT) / len(nights)
    width = round(min(step * 0.7, 28), 1)
    rectangles = []
    for place, night in enumerate(nights):
        base = 0
        for label, (colour, numbers) in values.items():
            number = numbers[place]
            top, foot = _height(base + number, low, high), _height(base, low, high)
            x = round(_LEFT + step * place + (step - width) / 2, 1)
            if number:
                rectangles.append((x, top, width, round(foot - top, 1), colour, f"{night} {label} {number:,}"))
            base += number
    legend = tuple((label, colour) for label, (colour, _) in values.items())
    return Bars(title, _ticks(low, high), nights[0], nights[-1], legend, tuple(rectangles))


def shares(parts: Sequence[int], *, width: float = 1000) -> tuple[tuple[float, float], ...]:
    """Where each part of a whole starts and how wide it is on a bar of the given width.

    >>> shares([3, 1, 0])
    ((0.0, 750.0), (750.0, 250.0), (1000.0, 0.0))
    """
    whole = sum(parts) or 1
    starts = [sum(parts[:place]) for place in range(len(parts))]
    return tuple(
        (round(width * start / whole, 2), round(width * part / whole, 2))
        for start, part in zip(starts, parts, strict=True)
    )


def _scale(low: int, high: int) -> tuple[int, int]:
    """Ends of the axis: round numbers around the values, never an empty range; a flat line runs in the middle."""
    if low == high:
        low = max(0, low - 2)
    span = max(high - low, 4)
    unit = 10 ** (len(str(span)) - 1)
    unit = next(step for step in (unit // 10, unit // 5, unit // 2, unit, unit * 2) if step and span / step <= 10)
    bottom = low // unit * unit
    top = -(-high // unit) * unit
    if top - bottom < 4:
        top = bottom + 4
    return bottom, top


def _ticks(low: int, high: int) -> tuple[tuple[float, int], ...]:
    middle = (low + high) // 2
    return tuple((_height(value, low, high), value) for value in (low, middle, high))


def _height(value: int, low: int, high: int) -> float:
    usable = HEIGHT - _TOP - _BOTTOM
    return round(_TOP + usable * (1 - (value - low) / (high - low)), 1)
