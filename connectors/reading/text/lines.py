"""Physical lines of delimited text, judged all at once on their bytes: which are empty, which are plain, how many fields."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from connectors.reading.grid import BLANKS, is_blank

__all__ = ["Lines", "count_filled", "look_at_lines"]

_Positions = npt.NDArray[np.int64]
_Flags = npt.NDArray[np.bool_]

_NEWLINE, _QUOTE = 0x0A, 0x22
_EMPTY, _PERHAPS, _CONTENT = 0, 1, 2
_WIDE_BLANKS = [blank for blank in BLANKS if not blank.isascii()]
_WIDE_LEADS = np.array(sorted({blank.encode()[0] for blank in _WIDE_BLANKS}), np.uint8)


@dataclass(frozen=True, slots=True, repr=False)
class Lines:
    r"""Lines of UTF-8 text that end in ``\n``.

    Attributes:
        text: the bytes.
        starts, ends: where each line begins, and where its line end (or the end of the text) is.
        filled: whether a line holds anything besides blanks, delimiters and quotes.
        plain: whether its quotes, if any, are where RFC 4180 wants them and close in the same line.
        fields: how many fields it has; meaningless where it is not plain.
    """

    text: bytes
    starts: _Positions
    ends: _Positions
    filled: _Flags
    plain: _Flags
    fields: _Positions

    def __getitem__(self, index: int) -> str:
        return self.text[self.starts[index] : self.ends[index]].decode()

    def until(self, end: int) -> "Lines":
        """The lines before the given one."""
        if end >= len(self.starts):
            return self
        kept = slice(0, end)
        text = self.text[: self.starts[end]]
        return Lines(text, self.starts[kept], self.ends[kept], self.filled[kept], self.plain[kept], self.fields[kept])

    def only(self, wanted: _Flags) -> bytes:
        """The text of the wanted lines alone."""
        if wanted.all():
            return self.text
        lengths = np.diff(np.append(self.starts, len(self.text)))
        return np.frombuffer(self.text, np.uint8)[np.repeat(wanted, lengths)].tobytes()


def look_at_lines(text: bytes, delimiter: str) -> Lines:
    r"""Find the lines of a text and judge each.

    Args:
        text: UTF-8, lines ending in ``\n`` (the last may lack it).
        delimiter: one ASCII character.
    """
    codes = np.frombuffer(text, np.uint8)
    line_ends = np.flatnonzero(codes == _NEWLINE)
    starts, ends = np.append(0, line_ends + 1), np.append(line_ends, len(text))
    if starts[-1] == len(text):
        starts, ends = starts[:-1], ends[:-1]
    quotes = np.flatnonzero(codes == _QUOTE)
    is_delimiter = codes == ord(delimiter)
    if len(quotes):
        plain = _plain(codes, quotes, starts, line_ends, ord(delimiter))
        delimiters = np.flatnonzero(is_delimiter)
        delimiters = delimiters[~_inside_quotes(codes, delimiters, starts)]
        fields = np.searchsorted(delimiters, ends) - np.searchsorted(delimiters, starts) + 1
    else:
        plain = np.ones(len(starts), dtype=bool)
        fields = _sums(is_delimiter, starts, ends) + 1
    return Lines(text, starts, ends, _filled(text, codes, starts, ends, delimiter), plain, fields)


def _sums(flags: _Flags, starts: _Positions, ends: _Positions) -> _Positions:
    """How many flags are set in each line; two bytes hold the sum of all but enormous ones, and are four times as fast."""
    if not len(starts):
        return starts
    kind = np.uint16 if int((ends - starts).max()) < 1 << 16 else np.uint32
    return np.add.reduceat(flags.view(np.uint8), starts, dtype=kind).astype(np.int64)


def _plain(
    codes: npt.NDArray[np.uint8], quotes: _Positions, starts: _Positions, line_ends: _Positions, delimiter: int
) -> _Flags:
    """Lines in which every odd quote opens a field (or doubles the one before it) and every even one closes it."""
    line_of = np.searchsorted(line_ends, quotes)
    per_line = np.bincount(line_of, minlength=len(starts))
    first = np.cumsum(per_line) - per_line
    opens = (np.arange(len(quotes)) - first[line_of]) % 2 == 0
    around = np.frombuffer(b"\n" + codes.tobytes() + b"\n", np.uint8)  # around[p + 1] is the byte at p
    neighbour = np.where(opens, around[quotes], around[quotes + 2])
    in_place = (neighbour == delimiter) | (neighbour == _NEWLINE) | (neighbour == _QUOTE)
    plain: _Flags = per_line % 2 == 0
    plain[line_of[~in_place]] = False
    return plain


def _inside_quotes(codes: npt.NDArray[np.uint8], positions: _Positions, starts: _Positions) -> _Flags:
    """Which positions have an odd number of quotes before them in their line."""
    odd = np.cumsum(codes == _QUOTE, dtype=np.uint8) & 1  # overflow keeps what is odd
    at_start = np.where(starts > 0, odd[starts - 1], 0)
    line_of = np.searchsorted(starts, positions, side="right") - 1
    inside: _Flags = odd[positions] != at_start[line_of]
    return inside


def _filled(text: bytes, codes: npt.NDArray[np.uint8], starts: _Positions, ends: _Positions, delimiter: str) -> _Flags:
    """Lines with any content; nearly all show it by their first byte.

    Those made of nothing but bytes that wide blanks have too are read to be sure.
    """
    weights = np.full(256, _CONTENT, np.uint8)
    weights[np.frombuffer("".join(_WIDE_BLANKS).encode(), np.uint8)] = _PERHAPS
    weights[np.frombuffer(f' \t\n\r\x0b\x0c"{delimiter}'.encode(), np.uint8)] = _EMPTY
    if not len(starts):
        return np.zeros(0, dtype=bool)
    filled: _Flags = weights[codes[starts]] >= _CONTENT
    if filled.all():
        return filled
    weight = np.bitwise_or.reduceat(np.frombuffer(text.translate(weights.tobytes()), np.uint8), starts)
    filled = weight >= _CONTENT
    for index in np.flatnonzero(weight == _PERHAPS):
        line = text[starts[index] : ends[index]].decode()
        filled[index] = not is_blank(line.replace('"', "").replace(delimiter, ""))
    return filled


def count_filled(text: bytes, delimiter: str) -> int:
    """Lines with anything on them, counted by other means than `look_at_lines`, so that a row lost elsewhere is noticed."""
    rest = text.translate(None, b' \t\r\x0b\x0c"' + delimiter.encode())
    codes = np.frombuffer(rest, np.uint8)
    ends = np.append(np.flatnonzero(codes == _NEWLINE), len(rest))
    starts = np.append(0, ends[:-1] + 1)
    starts, ends = starts[ends > starts], ends[ends > starts]
    doubtful = np.flatnonzero(np.isin(codes[starts], _WIDE_LEADS))
    return len(starts) - sum(is_blank(rest[starts[line] : ends[line]].decode()) for line in doubtful)
