"""Whether two written names can be one person's."""

import re

__all__ = ["are_reconcilable", "are_spelled_alike"]

_NOT_A_LETTER = re.compile(r"[\s·.'\-]")


def are_reconcilable(one: str, other: str) -> bool:
    """Whether two names under one ID number may be one name: equal, or written otherwise and sounding alike.

    One wrong character is not: brothers' and twins' names differ in no more, and theirs are the numbers that are mixed up.

    >>> are_reconcilable("张玉梅", "张玉媒"), are_reconcilable("李伟", "李玮"), are_reconcilable("张玉梅", "张玉兰")
    (True, True, False)
    """
    one, other = _letters(one), _letters(other)
    return one == other or (len(one) == len(other) and _syllables(one) == _syllables(other))


def are_spelled_alike(one: str, other: str) -> bool:
    """Whether two names are written with the same characters, whatever stands between these."""
    return _letters(one) == _letters(other)


def _letters(name: str) -> str:
    return _NOT_A_LETTER.sub("", name).casefold()


def _syllables(name: str) -> list[str]:
    from pypinyin import lazy_pinyin  # loads its dictionary only on nights with differing names

    return list(lazy_pinyin(name))
