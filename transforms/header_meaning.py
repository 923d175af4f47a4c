"""What a header says by itself: the fields it may stand for, and how sure that is before the cells below are looked at."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

from schemas.column_guess import Confidence, Reason
from transforms.header_words import (
    USUAL_WORDS,
    bare_header,
    other_person,
    person_of_field,
    place_of_field,
    place_of_header,
)

__all__ = ["HeaderWords", "fields_said"]

_SIMILAR, _CLEARLY = 0.85, 0.05


@dataclass(frozen=True, slots=True)
class HeaderWords:
    """Reduced headers that mean something.

    Attributes:
        own: headers of the source the list is likely one of, and their fields.
        others: headers of any source, and the fields they stand for.
        labels: our fields' own labels.
    """

    own: Mapping[str, str]
    others: Mapping[str, frozenset[str]]
    labels: Mapping[str, str]

    def spellings(self) -> Iterable[tuple[str, str]]:
        """Every header with a field it may stand for."""
        yield from self.own.items()
        yield from self.labels.items()
        yield from ((word, field) for word, fields in self.others.items() for field in fields)
        yield from ((word, field) for field, words in USUAL_WORDS.items() for word in words)


def fields_said(normal: str, words: HeaderWords) -> tuple[tuple[str, ...], Confidence, Reason]:
    """The fields a header may stand for, how sure that is by the header alone, and why."""
    if fields := words.others.get(normal):
        return tuple(sorted(fields)), Confidence.HIGH, Reason.ALIAS_ELSEWHERE
    if field := words.labels.get(normal):
        return (field,), Confidence.HIGH, Reason.LABEL
    bare = bare_header(normal)
    exact = {field for word, field in words.spellings() if word in {normal, bare} and not _of_others(field, normal)}
    if exact:
        return tuple(sorted(exact)), Confidence.MEDIUM, Reason.USUAL_WORD
    return _similar(bare, normal, words), Confidence.MEDIUM, Reason.SIMILAR


def _similar(bare: str, normal: str, words: HeaderWords) -> tuple[str, ...]:
    """The field with the most similar header of the same person and place; several where they are equally similar."""
    best: dict[str, float] = defaultdict(float)
    for word, field in words.spellings():
        if _of_others(field, normal) or abs(len(word) - len(bare)) > len(bare):
            continue
        best[field] = max(best[field], SequenceMatcher(None, bare, word, autojunk=False).ratio())
    most = max(best.values(), default=0.0)
    if most < _SIMILAR:
        return ()
    return tuple(sorted(field for field, ratio in best.items() if ratio > most - _CLEARLY))


def _of_others(field: str, normal: str) -> bool:
    """Whether a field is of another person, or of another address, than a header speaks of."""
    place, wanted = place_of_header(normal), place_of_field(field)
    return other_person(normal) != person_of_field(field) or bool(place and place != wanted)
