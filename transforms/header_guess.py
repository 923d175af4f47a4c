"""Which field each column of a list is that nobody agreed on, by header and content, and how sure that is.

A field goes to one column at most. What header and content do not tell apart is left to a person: a wrong column would
be believed every night, an unmapped one is seen.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd

from schemas.codes import CODE_LISTS
from schemas.column_guess import ColumnGuess, Confidence, Reason
from schemas.fields import FIELDS
from schemas.idnumber import judge_column
from transforms.column_content import ColumnContent, agreement, content_of
from transforms.crosswalk import CodeWord, code_words, known_otherwise
from transforms.header_meaning import HeaderWords, fields_said
from transforms.header_words import other_person, place_of_header

__all__ = ["SampleColumn", "guess_columns", "looks_of_field"]

_AGREES, _DIFFERS, _SURE = 0.8, 0.2, 0.9
_FEW = 5

_TELLING = frozenset({"id_number", "certificate", "phone", "sex", "category", "disability_category", "birth_date"})
"""Looks that say by themselves which kind of field a column is; a date or a name may be anybody's."""

_BY_CONTENT: Mapping[str, str] = {
    "certificate": "disability_certificate_number", "id_number": "id_number", "sex": "sex", "birth_date": "birth_date",
    "category": "categories", "disability_category": "disability_category", "phone": "phone", "name": "name",
}  # fmt: skip
"""The field a column is whose header says nothing, in the order of asking."""


_OTHER_DOCUMENT = {
    "id_number": "disability_certificate_number",
    "disability_certificate_number": "id_number",
}
"""Headers such as 证件号 stand over either number; their content tells which."""


class SampleColumn(NamedTuple):
    """One column of a list: its letter, its header as written and reduced, its cells as delivered."""

    letter: str
    header: str
    normal: str
    cells: pd.Series


def guess_columns(
    columns: Sequence[SampleColumn], words: HeaderWords, places: Mapping[str, str], *, today: date,
    given: Mapping[str, str] | None = None,
) -> list[ColumnGuess]:  # fmt: skip
    """A guess for each column, in their order.

    Args:
        columns: the columns below one header.
        words: headers that mean something.
        places: names of divisions and their levels (``column_content.place_levels``).
        today: the business date; nobody is born after it.
        given: field for letters of columns, as a person decided.
    """
    given = given or {}
    contents = _with_comparisons(columns, [content_of(column.cells, places, today=today) for column in columns], today)
    guesses = [
        _given(column, given[column.letter]) if column.letter in given else _by_header(column, content, words)
        for column, content in zip(columns, contents, strict=True)
    ]
    return _by_content(columns, contents, _settled(_told_apart(columns, guesses), contents))


def looks_of_field(field: str) -> tuple[str, ...]:
    """The looks that cells of a field have; empty where cells may look like anything."""
    kind = FIELDS[field].kind
    if kind == "date":
        return ("date",)
    if kind == "code":
        return (FIELDS[field].codes or "", "small_code")
    if kind == "categories":
        return ("category", "small_code")
    if kind == "fen":
        return ("amount",)
    if kind in {"id_number", "certificate", "phone"}:
        return (kind,)
    return ("name",) if field.endswith("name") or field == "assistance_person" else ()


def _given(column: SampleColumn, field: str) -> ColumnGuess:
    return ColumnGuess(column.letter, column.header, field, Confidence.CERTAIN, (Reason.GIVEN,))


def _told_apart(columns: Sequence[SampleColumn], guesses: Sequence[ColumnGuess]) -> list[ColumnGuess]:
    """The guesses without those of columns with one header: a source tells its columns by their headers alone."""
    times = Counter(column.normal for column in columns if column.normal)
    return [
        _left(guess, Reason.SAME_HEADER, (guess.field,) if guess.field else guess.candidates)
        if times[column.normal] > 1
        else guess
        for column, guess in zip(columns, guesses, strict=True)
    ]


def _with_comparisons(
    columns: Sequence[SampleColumn], contents: list[ColumnContent], today: date
) -> list[ColumnContent]:
    """The contents with what only the persons' ID numbers tell: a date of birth, and a sex written in numbers."""
    numbers = [
        column.cells
        for column, content in zip(columns, contents, strict=True)
        if content.share(["id_number"]) >= _AGREES and not other_person(column.normal)
    ]
    if len(numbers) != 1:
        return contents
    born = judge_column(numbers[0], np.zeros(len(numbers[0]), dtype=bool), today=today).birth_date
    sexes = known_otherwise("sex", {"id_number": numbers[0]}, today=today)
    compared = []
    for column, content in zip(columns, contents, strict=True):
        shares = dict(content.shares)
        if content.share(["date"]) >= _AGREES:
            shares["birth_date"] = agreement(column.cells, born)
        if content.share(["small_code"]) >= _AGREES and _is_sex(code_words(column.cells, "sex", known=sexes)):
            shares["sex"] = content.shares["small_code"]
        compared.append(content._replace(shares=shares))
    return compared


def _is_sex(words: Sequence[CodeWord]) -> bool:
    """Whether the ID numbers prove that two of a few numbers stand for the two sexes."""
    return len(words) <= 4 and {word.proven for word in words} >= {"male", "female"}


def _by_header(column: SampleColumn, content: ColumnContent, words: HeaderWords) -> ColumnGuess:
    guess = ColumnGuess(column.letter, column.header)
    if not column.normal:
        return replace(guess, reasons=(Reason.NO_HEADER,))
    if field := words.own.get(column.normal):
        differs = (Reason.CONTENT_DIFFERS,) if _differs(field, content) else ()
        return replace(guess, field=field, confidence=Confidence.CERTAIN, reasons=(Reason.ALIAS, *differs))
    fields, confidence, reason = fields_said(column.normal, words)
    if not fields:
        return replace(guess, reasons=_why_nothing(column.normal))
    if len(fields) > 1:
        agreeing = [field for field in fields if content.share(looks_of_field(field)) >= _AGREES]
        if len(agreeing) != 1:
            return replace(guess, reasons=(Reason.SEVERAL_FIELDS,), candidates=fields)
        fields = (agreeing[0],)
        confidence = Confidence.MEDIUM
    return _weighed(replace(guess, field=fields[0], confidence=confidence, reasons=(reason,)), content)


def _why_nothing(normal: str) -> tuple[Reason, ...]:
    return (Reason.OTHER_PERSON,) if other_person(normal) else ()


def _weighed(guess: ColumnGuess, content: ColumnContent) -> ColumnGuess:
    """A guess by the header, once the content was asked: surer, the same, or left to a person."""
    field = guess.field or ""
    if _differs(field, content):
        other = _OTHER_DOCUMENT.get(field, "")
        if other and content.share(looks_of_field(other)) >= _SURE:
            return replace(guess, field=other, confidence=Confidence.MEDIUM, reasons=(Reason.CONTENT,))
        return _left(guess, Reason.CONTENT_DIFFERS, (field,))
    looks = ("birth_date",) if field == "birth_date" else looks_of_field(field)
    if content.looked_at < _FEW or content.share(looks) < _AGREES:
        return guess
    telling = content.share([look for look in looks if look in _TELLING]) >= _AGREES
    confidence = Confidence.HIGH if telling else guess.confidence
    return replace(guess, confidence=confidence, reasons=(*guess.reasons, Reason.CONTENT))


def _differs(field: str, content: ColumnContent) -> bool:
    """Whether the cells are none of a field's: hardly any is, or the words are those of another code list."""
    looks = looks_of_field(field)
    if not looks or content.looked_at < _FEW:
        return False
    others = [name for name in CODE_LISTS if name not in looks] if FIELDS[field].kind in {"code", "categories"} else []
    return content.share(looks) < (_AGREES if content.share(others) >= _SURE else _DIFFERS)


def _settled(guesses: list[ColumnGuess], contents: Sequence[ColumnContent]) -> list[ColumnGuess]:
    """The guesses with each field at one column at most: the surest, else the only one whose content agrees."""
    settled = list(guesses)
    for field in sorted({guess.field for guess in guesses if guess.field}):
        places = [place for place, guess in enumerate(guesses) if guess.field == field]
        most = max(guesses[place].confidence.rank for place in places)
        surest = [place for place in places if guesses[place].confidence.rank == most]
        if len(surest) > 1 and (looks := looks_of_field(field)):
            surest = [place for place in surest if contents[place].share(looks) >= _AGREES] or surest
        for place in places:
            if len(surest) > 1 or place != surest[0]:
                reason = Reason.SEVERAL_COLUMNS if place in surest else Reason.TAKEN
                settled[place] = _left(guesses[place], reason, (field,))
    return settled


def _left(guess: ColumnGuess, reason: Reason, candidates: tuple[str, ...]) -> ColumnGuess:
    reasons = (*guess.reasons, reason)
    return replace(guess, field=None, confidence=Confidence.NONE, reasons=reasons, candidates=candidates)


def _by_content(
    columns: Sequence[SampleColumn], contents: Sequence[ColumnContent], guesses: list[ColumnGuess]
) -> list[ColumnGuess]:
    """The guesses with columns whose headers say nothing told by their content, where only one column looks like it."""
    taken = {guess.field for guess in guesses if guess.field}
    told = {
        index: _told(columns[index].normal, contents[index], taken)
        for index, guess in enumerate(guesses)
        if columns[index].normal and not (guess.reasons or guess.candidates) and contents[index].looked_at >= _FEW
    }
    asked = Counter(fields for fields in told.values() if fields)
    for index, fields in told.items():
        if len(fields) == 1 and asked[fields] == 1:
            guesses[index] = replace(
                guesses[index], field=fields[0], confidence=Confidence.MEDIUM, reasons=(Reason.CONTENT,)
            )
        elif fields:
            reason = Reason.SEVERAL_COLUMNS if len(fields) == 1 else Reason.PLACE_UNCLEAR
            guesses[index] = _left(guesses[index], reason, fields)
    return guesses


def _told(normal: str, content: ColumnContent, taken: set[str]) -> tuple[str, ...]:
    """The field a column is by its content alone; of a division or an address both it may be, unless the header says whose."""
    for look, field in _BY_CONTENT.items():
        if content.share([look]) >= _SURE and (look != "name" or content.distinct >= _DIFFERS):
            return (field,) if field not in taken else ()
    for level in ("county", "town", "village", "address"):
        if content.share([level]) >= _AGREES:
            place = place_of_header(normal)
            fields = (f"{place}_{level}",) if place else (f"household_{level}", f"residence_{level}")
            return fields if taken.isdisjoint(fields) or len(fields) > 1 else ()
    return ()
