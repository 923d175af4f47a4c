"""County, town and village from the line of an address, however its blanks were filled."""

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from connectors.reading.forms.cells import FormCell
from connectors.reading.grid import BLANKS

__all__ = ["Place", "is_same_place", "read_place"]

_UNIT = re.compile(
    r"(?P<county>[县市区]\s*\(\s*[县市区、,，/\s]+\))"
    r"|(?P<town>(?:乡镇|[乡镇]|街道)\s*\(\s*[乡镇街道、,，/\s]+\))"
    r"|(?P<village>(?:村|社区|居)\s*\(\s*[村居社区委会、,，/\s]+\)(?:委会)?)"
)
_LEVELS = ("county", "town", "village")
_ENDINGS = re.compile(
    r"(?:.{2,8}?省)?(?:.{2,8}?市(?!区))?(?P<county>.{1,8}?(?:区|县(?!区)|市))?"
    r"(?P<town>.{1,10}?(?:镇|乡|街道办事处|街道(?!办事处)|办事处))(?P<village>.+)"
)
_SAME = re.compile(r"同上|同左|(?:同|与)?户(?:籍|口)(?:所在)?(?:地)?(?:地址|住址)?(?:一致|相同)?|同(?:户籍|户口).*")
_LONGEST = 500
_FILLED = BLANKS + "_＿‗"


class Place(NamedTuple):
    """The three names as written; ``rest`` stands behind the last of them, ``whole`` is a line that cannot be divided."""

    county: str | None = None
    town: str | None = None
    village: str | None = None
    rest: str = ""
    whole: str | None = None


def is_same_place(cells: Sequence[FormCell]) -> bool:
    """Whether the line says that this address is the one above.

    >>> is_same_place([FormCell(0, 1, "同户籍地址")]), is_same_place([FormCell(0, 1, "三葵村")])
    (True, False)
    """
    words = _UNIT.sub("", _normal("".join(cell.text for cell in cells)))
    return _SAME.fullmatch("".join(words.split())) is not None


def read_place(cells: Sequence[FormCell]) -> Place:
    """The names before their units (县(市、区), 乡镇(街道), 村(居)), behind them, or in three cells or words without units."""
    texts = [_normal(cell.text) for cell in cells]
    if sum(map(len, texts)) > _LONGEST:
        return Place(whole=_plain(" ".join(texts)))
    units = [list(_UNIT.finditer(text)) for text in texts]
    named = [found.lastgroup for row in units for found in row]
    if sorted(filter(None, named)) == sorted(_LEVELS):
        return _behind(texts, units) if _stand_alone(texts, units) else _before(texts)
    if not named and len(texts) == 3:
        return Place(_plain(texts[0]), _plain(texts[1]), _plain(texts[2]))
    return _by_words(texts)


def _by_words(texts: Sequence[str]) -> Place:
    """Words in the order of the levels, or each before its unit, or one word that can be divided."""
    text = " ".join(texts)
    names: list[tuple[str, str | None]] = []
    end = 0
    for found in _UNIT.finditer(text):
        before = _words(text[end : found.start()])
        names += [(word, None) for word in before[:-1]] + [(word, found.lastgroup) for word in before[-1:]]
        end = found.end()
    names += [(word, None) for word in _words(text[end:])]
    if len(names) == 3:
        return Place(*(word for word, _ in names))
    levels = {level: word for word, level in names if level}
    if names and len(levels) == len(names):
        return Place(**levels)
    divided = _ENDINGS.fullmatch("".join(word for word, _ in names))
    if divided:
        return Place(*(divided[level] for level in _LEVELS))
    return Place(whole=" ".join(word for word, _ in names) or None)


def _words(text: str) -> list[str]:
    return [word for part in text.split() if (word := part.strip(_FILLED))]


def _before(texts: Sequence[str]) -> Place:
    text = " ".join(texts)
    names: dict[str, str | None] = {}
    end = 0
    for found in _UNIT.finditer(text):
        names[found.lastgroup or ""] = _plain(text[end : found.start()])
        end = found.end()
    return Place(**names, rest=_plain(text[end:]) or "")


def _behind(texts: Sequence[str], units: Sequence[Sequence[re.Match[str]]]) -> Place:
    names: dict[str, str] = {}
    level = ""
    for text, found in zip(texts, units, strict=True):
        if found:
            level = found[0].lastgroup or ""
        elif name := _plain(text):
            names[level] = f"{names[level]} {name}" if level in names else name
    return Place(**names)


def _stand_alone(texts: Sequence[str], units: Sequence[Sequence[re.Match[str]]]) -> bool:
    """Whether the units have cells of their own, the first of all being one: then names stand behind them."""
    alone = [bool(found) and not _plain(_UNIT.sub("", text)) for text, found in zip(texts, units, strict=True)]
    return alone[0] and len(texts) > 3 and all(alone[index] for index, found in enumerate(units) if found)


def _normal(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _plain(text: str) -> str | None:
    return text.strip(_FILLED) or None
