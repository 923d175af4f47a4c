"""Boxes and ticks of the symbol fonts office programs bring: the characters they stand for, by their place in the font.

Checked against the fonts' tables in Unicode 7 (L2/11-052): Wingdings has its boxes at A8 and 6F, ticked at FE; Wingdings 2
at A3, ticked at 52.
"""

__all__ = ["SYMBOL_FONTS", "in_plain_characters", "symbol"]

SYMBOL_FONTS = frozenset({"wingdings", "wingdings2"})

_WINGDINGS = {
    0x6E: "■", 0x6F: "□", 0x71: "□", 0x72: "□", 0xA8: "□", 0xFB: "✗", 0xFC: "✓", 0xFD: "☒", 0xFE: "☑",
}  # fmt: skip
_WINGDINGS_2 = {
    0x4F: "✗", 0x50: "✓", 0x51: "☒", 0x52: "☑", 0x53: "☒", 0x54: "☒", 0xA1: "■", 0xA2: "■", 0xA3: "□", 0xA4: "□", 0xA8: "▣",
}  # fmt: skip
# Where the font is not known, Wingdings; of the other font what nobody would take for a picture.
_EITHER = {**_WINGDINGS_2, **_WINGDINGS}
_PRIVATE = {0xF000 + code: character for code, character in _EITHER.items()}


def symbol(font: str, code: int) -> str:
    """The character at a place of a symbol font; one for private use where it is neither box nor tick.

    >>> symbol("Wingdings", 0xF0FE), symbol("Wingdings 2", 0xA3)
    ('☑', '□')
    """
    place = code & 0xFF if 0xF000 <= code <= 0xF0FF else code
    is_second = font.replace(" ", "").casefold() == "wingdings2"
    return (_WINGDINGS_2 if is_second else _EITHER).get(place, chr(0xF000 + (place & 0xFF)))


def in_plain_characters(text: str) -> str:
    r"""A text whose symbols lost their font: boxes and ticks in the private-use area as what they stand for.

    >>> in_plain_characters("\uf0fe独居")
    '☑独居'
    """
    return text.translate(_PRIVATE)
