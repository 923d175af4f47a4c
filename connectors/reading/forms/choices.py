"""Boxes and ticks: which of the words printed on a form were chosen. What cannot be told for certain is said to be unclear.

Ticks stand before or after their words, inside a box, beside one or alone. A circle drawn around a word cannot be seen.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from connectors.reading.forms.tick_marks import in_plain_characters
from connectors.reading.grid import BLANKS

__all__ = ["CELL_END", "Choices", "Option", "has_marks", "read_choices", "without_marks"]

CELL_END = "\x1f"
"""Between the texts of two cells: farther apart than any blank."""

_Kind = Literal["box", "ticked box", "crossed box", "tick", "cross", "unclear"]

_EMPTY, _TICKED, _CROSSED = "□☐▢◻◽⬜▫○◯❏❐❑❒🞎", "☑✅■▣◼◾⬛▪●◉⦿🗹", "☒⊠⮽🗵⌧"
_TICKS, _CROSSES = "√✓✔∨🗸", "×✗✘✕✖╳🗴"
# Symbols whose font got lost (others in the private-use area are rare Han); controls whose state is stored elsewhere.
_STRANGE = "\uf000-\uf0ff\ufffc\ufffd"
_MARK = re.compile(
    rf"""(?P<box>[{_EMPTY}]|[\[(【]\s*[\])】])|(?P<ticked>[{_TICKED}]|[\[(【]\s*[{_TICKS}]\s*[\])】])
        |(?P<crossed>[{_CROSSED}]|[\[(【]\s*[xX]\s*[\])】])|(?P<tick>[{_TICKS}])
        |(?P<cross>[{_CROSSES}]|[\[(【]\s*[{_CROSSES}]\s*[\])】])|(?P<strange>[{_STRANGE}])""",
    re.VERBOSE,
)
_KINDS: dict[str, _Kind] = {
    "box": "box", "ticked": "ticked box", "crossed": "crossed box", "tick": "tick", "cross": "cross", "strange": "unclear",
}  # fmt: skip
_HAN_BOXES = "口囗ロ"  # a box typed as the character for mouth; read as one only right before a word of the form
_WORD_LIKE = re.compile(r"[^\W_]")
_BETWEEN = BLANKS + CELL_END
_FAR = 9
_LONGEST = 4000  # the boxes of a form are a few hundred characters; looking for their words takes the square of it


@dataclass(frozen=True, slots=True, repr=False)
class Option:
    """A word of the form: its key, how it is written, what is written behind it, and whether it is ticked.

    ``is_ticked`` is ``None`` where nothing shows it: the text has no boxes and no ticks. ``key`` is ``None`` for a word
    that has a box and is not one of the form's.
    """

    key: str | None
    text: str
    tail: str
    is_ticked: bool | None


@dataclass(frozen=True, slots=True, repr=False)
class Choices:
    """The options of a text in their order, and what stands before the first of them or its box.

    Where ``is_clear`` is false, no tick may be believed.
    """

    options: list[Option] = field(default_factory=list)
    is_clear: bool = True
    has_marks: bool = False
    has_boxes: bool = False
    before: str = ""

    @property
    def ticked(self) -> list[Option]:
        """The options that are ticked."""
        return [option for option in self.options if option.is_ticked]


@dataclass(slots=True, repr=False)
class _Token:
    """A word or a mark, where it is; a word's ``end`` takes in what is written behind it."""

    start: int
    end: int
    text: str
    kind: _Kind | None = None  # None: a word
    key: str | None = None
    tail: str = ""
    marks: list[_Kind] = field(default_factory=list)

    @property
    def is_box(self) -> bool:
        return self.kind in {"box", "ticked box", "crossed box"}


def has_marks(text: str) -> bool:
    """Whether a text has boxes or ticks.

    >>> has_marks("□是"), has_marks("安全")
    (True, False)
    """
    return _MARK.search(_normal(text)) is not None


def without_marks(text: str) -> str:
    """A text without its boxes and ticks.

    >>> without_marks("□每月送餐√")
    '每月送餐'
    """
    return _MARK.sub("", _normal(text))


def read_choices(text: str, words: re.Pattern[str]) -> Choices:
    """The options of a text; ``words`` has a named group for each option, or none where the words are their own keys.

    >>> words = re.compile("(?P<yes>是)|(?P<no>否)")
    >>> [option.key for option in read_choices("□是 ☑否", words).ticked]
    ['no']
    >>> read_choices("□是√□否", words).is_clear
    False
    """
    text = _normal(text)
    if len(text) > _LONGEST:
        return Choices(is_clear=False, has_marks=True)
    tokens = list(_tokens(text, words))
    marks = [token for token in tokens if token.kind]
    is_clear = _give_marks(text, tokens) if marks else True
    ticks = {kind for mark in marks if (kind := mark.kind) in {"tick", "ticked box"}}
    options = []
    for token in tokens:
        if token.kind is None:
            is_ticked, is_certain = _ticked(token.marks, has_other_ticks=bool(ticks))
            is_clear &= is_certain
            options.append(Option(token.key, token.text, token.tail, is_ticked if marks else None))
    before = text[: tokens[0].start].strip(_BETWEEN) if tokens else ""
    return Choices(options, is_clear, bool(marks), any(mark.is_box for mark in marks), before)


def _normal(text: str) -> str:
    return unicodedata.normalize("NFKC", in_plain_characters(text))


def _ticked(marks: Sequence[_Kind], *, has_other_ticks: bool) -> tuple[bool, bool]:
    """Whether a word with these marks is ticked, and whether that is certain.

    Word's own box shows a cross where it is ticked; beside ticks, a cross may as well mean no.
    """
    kinds = set(marks)
    if "unclear" in kinds or ("cross" in kinds and not has_other_ticks) or ("crossed box" in kinds and has_other_ticks):
        return False, False
    is_ticked = bool(kinds & {"tick", "ticked box", "crossed box"})
    return is_ticked and "cross" not in kinds, not (is_ticked and "cross" in kinds)


def _tokens(text: str, words: re.Pattern[str]) -> Iterator[_Token]:
    """Words and marks in their order; words nobody knows too, where a mark is theirs."""
    found = sorted([*_marks(text, words), *_words(text, words)], key=lambda token: token.start)
    for place, token in enumerate(found):
        after = found[place + 1] if place + 1 < len(found) else None
        gap = text[token.end : after.start if after else len(text)]
        begin = token.end + len(gap) - len(gap.lstrip(_BETWEEN))
        end = token.end + len(gap.rstrip(_BETWEEN))
        yield token
        if not _WORD_LIKE.search(gap):
            continue
        if token.kind is None:
            token.tail, token.end = text[begin:end], end
        elif found[0].kind is not None or (after is not None and after.kind is not None):
            yield _Token(begin, end, text[begin:end])


def _marks(text: str, words: re.Pattern[str]) -> Iterator[_Token]:
    for found in _MARK.finditer(text):
        yield _Token(found.start(), found.end(), found[0], _KINDS[found.lastgroup or ""])
    for found in re.finditer(f"[{_HAN_BOXES}]", text):
        rest = text[found.end() :].lstrip(_BETWEEN)
        if words.match(rest):
            yield _Token(found.start(), found.end(), found[0], "box")


def _words(text: str, words: re.Pattern[str]) -> Iterator[_Token]:
    for found in words.finditer(text):
        yield _Token(found.start(), found.end(), found[0], None, found.lastgroup or found[0])


def _give_marks(text: str, tokens: Sequence[_Token]) -> bool:
    """Gives each mark to its word; whether all that matter found one.

    Where words and marks take turns, the first of all says on which side the marks stand. Where only words and boxes do,
    ticks beside them go to the nearest. Otherwise every mark goes to the nearest word.
    """
    if _take_turns(tokens):
        return True
    boxes = [token for token in tokens if token.kind is None or token.is_box]
    loose = [token for token in tokens if token.kind is not None]
    if len(boxes) < len(tokens) and _take_turns(boxes):
        loose = [token for token in loose if not token.is_box]
    place_of = {id(token): place for place, token in enumerate(tokens)}
    owned = [_give_to_nearest(text, tokens, place_of[id(mark)]) or mark.kind == "box" for mark in loose]
    return all(owned)


def _take_turns(tokens: Sequence[_Token]) -> bool:
    """Gives marks to words where the two take turns, as many of the one as of the other."""
    first, second = tokens[::2], tokens[1::2]
    if len(first) != len(second) or len({token.kind is None for token in first}) != 1:
        return False
    if any((token.kind is None) == (first[0].kind is None) for token in second):
        return False
    for one, other in zip(first, second, strict=True):
        word, mark = (one, other) if one.kind is None else (other, one)
        word.marks.append(mark.kind or "unclear")
    return True


def _give_to_nearest(text: str, tokens: Sequence[_Token], place: int) -> bool:
    left, left_gap = _next_word(text, tokens, place, -1)
    right, right_gap = _next_word(text, tokens, place, 1)
    if left_gap == right_gap and left is not right:
        return False
    owner = left if left_gap < right_gap else right
    if owner is not None:
        owner.marks.append(tokens[place].kind or "unclear")
    return owner is not None


def _next_word(text: str, tokens: Sequence[_Token], place: int, step: int) -> tuple[_Token | None, int]:
    """The next word on one side of a mark, over other marks; and how far it is at the widest."""
    here, far = tokens[place], 0
    while 0 <= (place := place + step) < len(tokens):
        there = tokens[place]
        first, second = (here, there) if step > 0 else (there, here)
        far = max(far, _distance(text[first.end : second.start]))
        if there.kind is None:
            return there, far
        here = there
    return None, _FAR


def _distance(gap: str) -> int:
    if not gap:
        return 0
    return 2 if "\n" in gap or CELL_END in gap else 1
