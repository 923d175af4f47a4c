"""Texts in which lines differ in encoding, as when lists are pasted together by a program: which line, and what the rest is."""

from collections.abc import Iterator

import numpy as np

from connectors.reading.contents import DeliveryRefusedError
from connectors.reading.formats.raw import Raw
from connectors.reading.formats.refusal import refused
from schemas.findings import Finding

__all__ = ["contains_utf8_lines", "explain"]

_LEADS = ((0xC2, 0xE0, 1), (0xE0, 0xF0, 2), (0xF0, 0xF5, 3), (0x80, 0xC0, -1))


def _balance() -> bytes:
    """For each byte how many continuation bytes UTF-8 wants behind it, less itself if it is one; far too many if it is never used."""
    wanted = np.zeros(256, np.int8)
    wanted[0x80:] = 100
    for first, after, count in _LEADS:
        wanted[first:after] = count
    return wanted.tobytes()


_BALANCE = _balance()


def contains_utf8_lines(piece: bytes) -> bool:
    """Whether a line of a text that reads as GB18030 is surely UTF-8: Chinese characters of three bytes each, throughout.

    A line of one or two characters can be both. Lines are sorted out by a sum that is 0 for UTF-8; few others have it.
    """
    if piece.isascii():
        return False
    ends = np.flatnonzero(np.frombuffer(piece, np.uint8) == 0x0A) + 1
    starts = np.append(0, ends[ends < len(piece)])
    balance = np.frombuffer(piece.translate(_BALANCE), np.int8)
    after = np.append(starts[1:], len(piece))
    perhaps = np.add.reduceat(balance, starts, dtype=np.int8) == 0  # a sum that overflows is looked at once more
    return any(_is_surely_utf8(piece[starts[line] : after[line]]) for line in np.flatnonzero(perhaps))


def explain(raw: Raw, stated: str = "") -> DeliveryRefusedError:
    """The refusal of a text that is in no encoding throughout: the first line that is not in the encoding of most.

    Args:
        raw: the text.
        stated: the encoding that its mark, its own words or an agreement promise.
    """
    utf8, gb18030, both = 0, 0, 0
    first: dict[str, tuple[int, str]] = {}  # for each encoding the first line that is not in it
    for number, line in _lines(raw):
        if line.isascii():
            continue
        is_utf8, is_gb = _reads_as(line, "utf-8"), _reads_as(line, "gb18030")
        surely = is_utf8 and _is_surely_utf8(line)
        utf8 += surely
        gb18030 += is_gb and not is_utf8
        both += is_utf8 and is_gb and not surely
        if not is_utf8:
            first.setdefault("utf-8", (number, "该行是 GB18030 编码" if is_gb else "该行含有无法识别的字节"))
        if surely or not is_gb:
            first.setdefault("gb18030", (number, "该行是 UTF-8 编码" if surely else "该行含有无法识别的字节"))
    usual = stated or ("utf-8" if utf8 >= gb18030 else "gb18030")
    count, name = (utf8, "UTF-8") if usual == "utf-8" else (gb18030 + both, "GB18030")
    row_number, why = first.get(usual, (1, "编码前后不一致"))
    rest = f"，另有 {count} 行是 {name} 编码" if count else ""
    return refused(Finding.ENCODING_UNDECODABLE, f"{why}{rest}", row_number=row_number)


def _lines(raw: Raw) -> Iterator[tuple[int, bytes]]:
    with raw.open() as file:
        content = file.read()
    end = b"\n" if b"\n" in content else b"\r"
    return enumerate(content.split(end), 1)


def _reads_as(line: bytes, codec: str) -> bool:
    try:
        line.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _is_surely_utf8(line: bytes) -> bool:
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return False
    return any("\u2e80" <= character <= "\u9fff" or "\uff00" <= character <= "\uffef" for character in text)
