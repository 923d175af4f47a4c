"""Whether two written names can be one person's."""

import re

__all__ = ["are_reconcilable", "number_distance"]

_NOT_A_LETTER = re.compile(r"[\s·.'\-]")


def are_reconcilable(one: str, other: str) -> bool:
    """Whether two names may be the same name: equal, sounding alike, or one wrong character in three or more.

    Two-character names with one character different are too often two people to be called one.

    >>> are_reconcilable("张玉梅", "张玉媒"), are_reconcilable("李伟", "李玮"), are_reconcilable("李伟", "李强")
    (True, True, False)
    """
    one, other = (_NOT_A_LETTER.sub("", name).casefold() for name in (one, other))
    if one == other:
        return True
    if len(one) == len(other) >= 3 and sum(a != b for a, b in zip(one, other, strict=True)) == 1:
        return True
    return len(one) == len(other) and _syllables(one) == _syllables(other)


def _syllables(name: str) -> list[str]:
    from pypinyin import lazy_pinyin  # loads its dictionary only on nights with differing names

    return list(lazy_pinyin(name))


def number_distance(one: str, other: str) -> int:
    """In how many of their 18 places two ID numbers differ.

    >>> number_distance("441421194503120018", "441421194503120026")
    2
    """
    return sum(a != b for a, b in zip(one, other, strict=True))
