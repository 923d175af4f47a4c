"""What the platform says of a change, fit to be shown: it may quote any cell of it, in any spelling."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import NamedTuple

__all__ = ["masked_words"]

_LONGEST = 200
_STARS = "****"
_DATE = re.compile(r"\d{2,4}年\d{1,2}月(?:\d{1,2}[日号])?")
_LONG_NUMBER = re.compile(r"\d{5,}[a-z]?|\d{4,}x")
_DIGITS = re.compile(r"\d{4,}")
_PARTS = re.compile(r"[\W_]+")


class _Squeezed(NamedTuple):
    """The letters and digits of a text alone, in small letters, and the place of each in the text."""

    text: str
    places: list[int]


def masked_words(words: str, values: Iterable[str] | Mapping[str, str], names: Iterable[str] = ()) -> str:
    r"""The platform's words on one line without what they quote of a person.

    Each of ``values`` of two and more characters is hidden, and its parts, however it is spelt: wide or narrow, with blanks
    or signs in between; further runs of five and more digits, numbers that end in X, dates, and parts of the values'
    numbers from four digits on. Of ``names`` the given name alone is hidden too.

    >>> masked_words("第 5 行 张 三 的证件号４４１４２１19450312001X格式错误", ["张三", "44142119450312001X"])
    '第 5 行 **** 的证件号****格式错误'
    >>> masked_words("玉梅(1945年3月12日生)已登记", ["1945-03-12"], names=["张玉梅"])
    '****(****生)已登记'
    """
    text = _one_line(words)
    squeezed = _squeezed(text)
    hidden = _hidden(values.values() if isinstance(values, Mapping) else values, names)
    spans = [
        *_places_of(squeezed.text, hidden),
        *(match.span() for pattern in (_LONG_NUMBER, _DATE) for match in pattern.finditer(squeezed.text)),
        *_parts_of_numbers(squeezed.text, hidden),
    ]
    masked = _covered(text, [(squeezed.places[first], squeezed.places[last - 1] + 1) for first, last in spans])
    return masked if len(masked) <= _LONGEST else masked[: _LONGEST - 1] + "…"


def _one_line(words: str) -> str:
    """Without width, line breaks and characters nobody sees."""
    plain = unicodedata.normalize("NFKC", words)
    blanks = (" " if character.isspace() else character for character in plain)
    return "".join(character for character in blanks if character.isprintable()).strip()


def _squeezed(text: str) -> _Squeezed:
    places = [place for place, character in enumerate(text) if character.isalnum()]
    return _Squeezed(_small(text), places)


def _small(text: str) -> str:
    """Letters and digits alone, in small letters; as many as there are, since a few grow when they are made small."""
    kept = "".join(filter(str.isalnum, text))
    small = kept.lower()
    return small if len(small) == len(kept) else "".join(one.lower()[0] for one in kept)


def _hidden(values: Iterable[str], names: Iterable[str]) -> set[str]:
    """What may not be seen, squeezed."""
    whole = [unicodedata.normalize("NFKC", value) for value in (*values, *names)]
    parts = [part for value in whole for part in _PARTS.split(value)]
    plain = [unicodedata.normalize("NFKC", name) for name in names]
    given = [name[first:] for name in plain for first in range(1, len(name) - 1)]  # a surname may have two characters
    return {hidden for text in (*whole, *parts, *given) if len(hidden := _small(text)) > 1}


def _places_of(text: str, hidden: Iterable[str]) -> list[tuple[int, int]]:
    places = []
    for value in hidden:
        first = text.find(value)
        while first >= 0:
            places.append((first, first + len(value)))
            first = text.find(value, first + 1)
    return places


def _parts_of_numbers(text: str, hidden: Iterable[str]) -> list[tuple[int, int]]:
    runs = [match.span() for match in _DIGITS.finditer(text)]
    return [(first, last) for first, last in runs if any(text[first:last] in value for value in hidden)]


def _covered(text: str, spans: list[tuple[int, int]]) -> str:
    """The text with stars, always four, in the place of each run of touching or overlapping spans."""
    merged: list[list[int]] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], last)
        else:
            merged.append([first, last])
    pieces, after = [], 0
    for first, last in merged:
        pieces += [text[after:first], _STARS]
        after = last
    return "".join([*pieces, text[after:]])
