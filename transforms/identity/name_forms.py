"""Names as they are compared: their characters in one form, and how they sound to people who speak here.

Everything is a table over characters, applied to all names at once; no name is looked at alone.
"""

import json
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.identity_rules import IdentityRules, Sounds
from transforms.identity.hashes import hashed_runs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from transforms.identity.hashes import Keys

    Points = NDArray[np.uint32]
    Offsets = NDArray[np.int64]
    _Compound = tuple[tuple[tuple[int, int], tuple[int, int]], ...]

__all__ = [
    "DIFFERENT", "EQUAL", "NEAR", "REARRANGED", "SOUNDS_ALIKE", "UNKNOWN", "VARIANT", "NameForms", "NameReader",
]  # fmt: skip

UNKNOWN, DIFFERENT, NEAR, REARRANGED, SOUNDS_ALIKE, VARIANT, EQUAL = range(-1, 6)
"""How like two names are, the likest last.

``NEAR``: of three or more characters one is another, as brothers' and twins' names are. ``REARRANGED``: one is missing, or
given characters changed places.
"""

_ALL = 0x110000
_LEFT_OUT = "·•‧・∙．.。･'’`-_ \t\n\r\u3000\u00a0\u200b\ufeff"
_WITH_TONES, _WITHOUT = "āáǎàōóǒòēéěèếềīíǐìūúǔùǖǘǚǜüńňǹḿ", "aaaaooooeeeeeeiiiiuuuuvvvvvnnnm"
_INITIALS = ("zh", "ch", "sh", *"bpmfdtnlgkhjqxrzcsyw")
_LONGEST = 24  # characters in which names are compared one by one; by key they are compared whole


@dataclass(frozen=True, slots=True, repr=False)
class NameForms:
    """Names in the forms in which they are compared, one entry a name; keys are 0 where nothing of a name is left.

    ``plain`` is a key of the characters as written (but for width, blanks, dots, case), ``standard`` of what they are
    variants of, ``sound`` of all syllables, ``given`` of all but the first.
    """

    points: "Points"  # standard characters of all names, one after the other
    syllables: "Points"
    offsets: "Offsets"
    plain: "Keys"
    standard: "Keys"
    sound: "Keys"
    given: "Keys"

    def texts(self, chosen: "Offsets") -> list[str]:
        """Some names in standard characters."""
        return ["".join(map(chr, self.points[self.offsets[name] : self.offsets[name + 1]])) for name in chosen.tolist()]

    def likeness(self, one: "Offsets", other: "Offsets") -> "NDArray[np.int8]":
        """How like each name of ``one`` is the one of ``other``, from ``UNKNOWN`` to ``EQUAL``; both are places here."""
        like = np.full(len(one), DIFFERENT, dtype=np.int8)
        self._compare_characters(one, other, like)
        like[self.sound[one] == self.sound[other]] = SOUNDS_ALIKE
        like[self.standard[one] == self.standard[other]] = VARIANT
        like[self.plain[one] == self.plain[other]] = EQUAL
        like[(self.plain[one] == 0) | (self.plain[other] == 0)] = UNKNOWN
        return like

    def _compare_characters(self, one: "Offsets", other: "Offsets", like: "NDArray[np.int8]") -> None:
        lengths = np.diff(self.offsets)
        pairs = np.flatnonzero(
            (np.abs(lengths[one] - lengths[other]) <= 1) & (np.maximum(lengths[one], lengths[other]) >= 3)
        )
        is_shorter = lengths[one[pairs]] < lengths[other[pairs]]
        long = np.where(is_shorter, other[pairs], one[pairs])
        short = np.where(is_shorter, one[pairs], other[pairs])
        size, short_size = lengths[long], lengths[short]
        width = min(int(size.max(initial=1)), _LONGEST)
        mine, theirs = self._matrix(self.syllables, long, width), self._matrix(self.syllables, short, width)
        places, rows = np.arange(width)[None, :], np.arange(len(long))
        is_same = mine == theirs
        differing = (~is_same & (places < size[:, None])).sum(axis=1)
        turned = (np.sort(mine[:, 1:], axis=1) == np.sort(theirs[:, 1:], axis=1)).all(axis=1)
        # What follows a missing character stands one place earlier; the surname is not left out.
        before = np.cumprod(is_same & (places < short_size[:, None]), axis=1).sum(axis=1)
        moved = (mine[:, 1:] == theirs[:, :-1]) | (places[:, :-1] >= short_size[:, None])
        behind = np.pad(np.cumprod(moved[:, ::-1], axis=1)[:, ::-1], ((0, 0), (0, 1)), constant_values=1)
        is_missing = (size == short_size + 1) & (behind[rows, np.minimum(before, width - 1)] == 1)
        like[pairs[(size == short_size) & (differing == 1)]] = NEAR
        like[pairs[is_same[:, 0] & (is_missing | ((size == short_size) & turned))]] = REARRANGED

    def _matrix(self, flat: "Points", names: "Offsets", width: int) -> "Points":
        start, length = self.offsets[names], self.offsets[names + 1] - self.offsets[names]
        at = start[:, None] + np.arange(width)[None, :]
        inside = np.arange(width)[None, :] < length[:, None]
        return np.where(inside, np.append(flat, 0)[np.minimum(at, len(flat))], 0).astype(np.uint32)


@dataclass(frozen=True, slots=True, repr=False)
class NameReader:
    """Tables over characters: what each is written as, which it is a variant of, and how it sounds."""

    written: "Points"
    standard: "Points"
    as_given: "Points"
    as_surname: "Points"
    compound: "_Compound"

    @classmethod
    def of(cls, rules: IdentityRules) -> Self:
        """The tables that the rules describe, over the dictionary of ``pypinyin``."""
        return cls(*_tables(rules.sounds.model_dump_json(), tuple(rules.variants.items())))

    def read(self, names: pa.Array) -> NameForms:
        """Forms of a ``large_string`` array of names; a missing one has none."""
        names = pc.fill_null(names, "")
        length = pc.utf8_length(names).to_numpy(zero_copy_only=False).astype(np.int64)
        points = np.frombuffer(_joined(names).encode("utf-32-le"), dtype="<u4")
        plain = self.written[points]
        kept = plain != 0
        owner = np.repeat(np.arange(len(length)), length)[kept]
        plain, points = plain[kept], self.standard[points[kept]]
        offsets = np.zeros(len(length) + 1, dtype=np.int64)
        np.cumsum(np.bincount(owner, minlength=len(length)), out=offsets[1:])
        first = offsets[:-1][np.diff(offsets) > 0]
        syllables = self.as_given[points]
        syllables[first] = self.as_surname[points[first]]
        for (one, other), codes in self.compound:
            at = first[np.append(points, [0, 0])[first] == one]
            at = at[np.append(points, [0, 0])[at + 1] == other]
            syllables[at], syllables[np.minimum(at + 1, max(len(points) - 1, 0))] = codes
        given = syllables.copy()
        given[first] = 0
        given_key = hashed_runs(given, offsets)
        given_key[np.diff(offsets) < 2] = 0
        return NameForms(
            points, syllables, offsets, hashed_runs(plain, offsets), hashed_runs(points, offsets),
            hashed_runs(syllables, offsets), given_key,
        )  # fmt: skip


def _joined(names: pa.Array) -> str:
    """All names as one text, straight from the array's buffer."""
    if not len(names):
        return ""
    _, ends, data = names.buffers()
    ends = np.frombuffer(ends, dtype=np.int64)[names.offset : names.offset + len(names) + 1]
    return data[int(ends[0]) : int(ends[-1])].to_pybytes().decode("utf-8") if data is not None else ""


class _Folding:
    """Syllables as numbers, the same for those that are not told apart."""

    def __init__(self, sounds: Sounds) -> None:
        self._syllables, self._initials, self._finals = (
            {sound: group[0] for group in groups for sound in group}
            for groups in (sounds.syllables, sounds.initials, sounds.finals)
        )

    def code(self, syllable: str) -> int:
        """At most six letters, as a number in base 27."""
        syllable = "".join(letter for letter in syllable if "a" <= letter <= "z")
        syllable = self._syllables.get(syllable, syllable)
        initial = next((letters for letters in _INITIALS if syllable.startswith(letters)), "")
        final = syllable[len(initial) :]
        folded = self._initials.get(initial, initial) + self._finals.get(final, final)
        code = 0
        for letter in folded[:6]:
            code = code * 27 + ord(letter) - ord("a") + 1
        return code


@lru_cache(maxsize=1)
def _tables(
    sounds_json: str, variants: tuple[tuple[str, str], ...]
) -> "tuple[Points, Points, Points, Points, _Compound]":
    """What a reader of names reads by; a night asks for the same several times, and nobody writes into it."""
    sounds, written = Sounds.model_validate_json(sounds_json), _written_as()
    meant = np.arange(_ALL, dtype=np.uint32)
    meant[[ord(variant) for variant, _ in variants]] = [ord(standard) for _, standard in variants]
    standard = meant[written]
    fold = _Folding(sounds)
    characters, known, which = _first_readings()
    # A character without a reading sounds like itself only.
    as_given = np.arange(_ALL, dtype=np.uint32) + np.uint32(27**6)
    as_given[characters] = np.array([*map(fold.code, known)], dtype=np.uint32)[which]
    for character, reading in sounds.given.items():
        as_given[ord(character)] = fold.code(reading)
    as_surname = as_given.copy()
    compound = []
    for surname, reading in sounds.surnames.items():
        codes = [fold.code(syllable) for syllable in reading.split(" ")]
        if len(surname) == 1:
            as_surname[ord(surname)] = codes[0]
        else:
            compound.append(((ord(surname[0]), ord(surname[1])), (codes[0], codes[-1])))
    return written, standard, as_given, as_surname, tuple(compound)


@lru_cache(maxsize=1)
def _first_readings() -> "tuple[Offsets, list[str], Offsets]":
    """Every character the dictionary knows; readings without tone, and which of these is each character's first."""
    # The file itself: importing the package would load its words of several characters as well, for a second.
    package = find_spec("pypinyin")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("pypinyin is not installed")
    table: dict[str, str] = json.loads(Path(package.origin).with_name("pinyin_dict.json").read_text(encoding="utf-8"))
    toneless = "\n".join(table.values()).translate(str.maketrans(_WITH_TONES, _WITHOUT)).split("\n")
    readings, first = np.unique([reading.partition(",")[0] for reading in toneless], return_inverse=True)
    return np.array([*map(int, table)], dtype=np.int64), readings.tolist(), first


@lru_cache(maxsize=1)
def _written_as() -> "Points":
    """Characters in half width, compatibility forms undone, in small letters; 0 for what is no part of a name."""
    written = np.arange(_ALL, dtype=np.uint32)
    for block in (
        range(0x41, 0x250),
        range(0x2E80, 0x2FE0),
        range(0xF900, 0xFB00),
        range(0xFF01, 0xFFEF),
        range(0x2F800, 0x2FA20),
    ):
        for point in block:
            form = unicodedata.normalize("NFKC", chr(point)).lower()
            if len(form) == 1:
                written[point] = ord(form)
    for character in _LEFT_OUT:
        written[written == ord(character)] = 0
    return written
