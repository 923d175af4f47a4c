"""How likeness of people is judged: sounds that are not told apart, characters that are one, and what each sign counts.

Read from ``config/identity/`` by ``schemas.configuration``; applied in ``transforms.identity``.
"""

import csv
from collections.abc import Iterable
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["IdentityRules", "ScoreTable", "Scores", "Sounds", "Weights", "read_variants"]

_Character = Annotated[str, Field(min_length=1, max_length=1)]
_Surname = Annotated[str, Field(min_length=1, max_length=2)]
_Sound = Annotated[str, Field(pattern=r"^[a-z]+( [a-z]+)?$")]
_Group = Annotated[tuple[Annotated[str, Field(pattern=r"^[a-z]*$")], ...], Field(min_length=2)]
_Bits = Annotated[float, Field(ge=-100, le=100)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Sounds(_Strict):
    """Readings of names in pinyin without tones (ü is ``v``), and sounds that speakers here do not tell apart.

    Of a group the first stands for all. Whole ``syllables`` are replaced first, then ``initials`` and ``finals``.
    """

    surnames: dict[_Surname, _Sound] = {}
    given: dict[_Character, _Sound] = {}
    syllables: tuple[_Group, ...] = ()
    initials: tuple[_Group, ...] = ()
    finals: tuple[_Group, ...] = ()


class Weights(_Strict):
    """What each sign counts, in bits: one more makes it twice as likely that two are one."""

    same_name: _Bits
    variant_name: _Bits
    same_sound: _Bits
    rearranged_name: _Bits
    near_name: _Bits
    other_name: _Bits
    no_name: _Bits
    same_birth_date: _Bits
    birth_date_transposed: _Bits
    near_birth_date: _Bits
    other_birth_date: _Bits
    first_15: _Bits
    number_off_1: _Bits
    number_transposed: _Bits
    number_off_2: _Bits
    issued_elsewhere: _Bits
    other_number: _Bits
    like_twins: _Bits
    certificate_number: _Bits
    same_village: _Bits
    same_town: _Bits
    other_place: _Bits
    same_phone: _Bits
    same_person_contact: _Bits
    other_sex: _Bits


class ScoreTable(_Strict):
    """Scores of one kind of question: ``start``, plus the weight of every sign; from ``review`` on it is asked.

    ``per_doubling`` is added for every doubling of the people whose name sounds so.
    """

    start: _Bits
    review: _Bits
    per_doubling: Annotated[float, Field(ge=-10, le=0)] = 0
    weights: Weights


class Scores(_Strict):
    """The tables of both questions, and the limits of looking for candidates."""

    different_number: ScoreTable
    damaged_number: ScoreTable
    largest_block: Annotated[int, Field(ge=2, le=5000)] = 200
    alone_among: Annotated[int, Field(ge=0, le=1000)] = 31
    phone_of_people: Annotated[int, Field(ge=1)] = 6
    most_candidates: Annotated[int, Field(ge=1, le=50)] = 5


class IdentityRules(_Strict):
    """Everything under ``config/identity/``."""

    sounds: Sounds
    variants: dict[_Character, _Character]
    scores: Scores


def read_variants(rows: Iterable[str]) -> dict[str, str]:
    """Reads ``variant,standard``: characters of names that are written for another, each once.

    Raises:
        ValueError: naming the line, where a column is missing, a character stands twice, or a standard is a variant.
    """
    table = csv.DictReader(rows)
    if table.fieldnames != ["variant", "standard"]:
        raise ValueError("line 1: the columns are variant,standard")
    variants: dict[str, str] = {}
    for line, row in enumerate(table, start=2):
        variant, standard = row["variant"], row["standard"]
        if len(variant or "") != 1 or len(standard or "") != 1 or variant == standard or None in row:
            raise ValueError(f"line {line}: two different characters are needed")
        if variant in variants:
            raise ValueError(f"line {line}: the variant stands twice")
        variants[variant] = standard
    if chained := set(variants) & set(variants.values()):
        line = min(list(variants).index(character) for character in chained) + 2
        raise ValueError(f"line {line}: the variant is another line's standard")
    return variants
