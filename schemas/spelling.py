"""What hands and spreadsheets do to an identifier on its way here, and what of it can be undone with certainty.

This module knows characters, not identifiers: whether a look-alike may be replaced is decided by whoever can check the result.
"""

import re
import unicodedata

__all__ = ["PLAIN_BLANKS", "clean", "is_damaged_by_spreadsheet", "without_look_alikes"]

PLAIN_BLANKS = " \u3000"
"""Blanks around a value that are trimmed without a word: ASCII and ideographic."""

_APOSTROPHES = "'`´‘’"
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff"
_HYPHENS = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_REMOVED = str.maketrans("", "", _INVISIBLE + _HYPHENS)

# Seen in the place of X: Cyrillic, Greek, multiplication and cross signs, the asterisk. Full-width and Roman-numeral
# forms are not listed because NFKC already makes them an X.
_LIKE_X = str.maketrans(dict.fromkeys("ХхΧχ×✕✗╳*x", "X"))
_LIKE_DIGITS = str.maketrans({"O": "0", "o": "0", "〇": "0", "零": "0", "l": "1", "I": "1"})

_SCIENTIFIC = re.compile(r"[0-9]+(?:\.[0-9]*)?[eE]\+?[0-9]{1,2}")
_DECIMAL = re.compile(r"[0-9]{15,22}\.0*")


def clean(text: str) -> str:
    r"""The text in ordinary characters (NFKC), without blanks, invisible characters, hyphens and enclosing apostrophes.

    >>> clean("'４４１４２１ 19450312-0018\u200b")
    '441421194503120018'
    """
    return "".join(unicodedata.normalize("NFKC", text).translate(_REMOVED).split()).strip(_APOSTROPHES)


def without_look_alikes(text: str) -> str:
    """The text with letters read as the digits they resemble and, in the last place only, signs read as X.

    It is a reading, not a repair: take it only where a check character then holds.

    >>> without_look_alikes("11O1O519491231OO2×")
    '11010519491231002X'
    """
    return (text[:-1] + text[-1:].translate(_LIKE_X)).translate(_LIKE_DIGITS)


def is_damaged_by_spreadsheet(text: str) -> bool:
    """Whether a cleaned long number bears the marks of a numeric cell: an exponent, a decimal tail, or 18 digits ending 000.

    A double holds 15 to 17 significant digits, and a spreadsheet shows 15, so the rest is gone even where it looks whole.

    >>> [is_damaged_by_spreadsheet(text) for text in ("4.41421E+17", "441421194503120018.0", "441421194503120000")]
    [True, True, True]
    """
    if len(text) == 18 and text.endswith("000"):
        return text.isascii() and text.isdigit()
    return bool(_SCIENTIFIC.fullmatch(text) or _DECIMAL.fullmatch(text))
