"""What an answer to a question about who is who is, and what its consequences have in common."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from flows.people.decision_desk import DecisionDesk, Question
from registry.decision_links import Link, person_keys
from schemas.errors import ConfigurationInvalid
from schemas.identity_decisions import DecisionKind

__all__ = ["Answer", "AnswerRefused", "Consequence", "Opinion", "keys_of_sides", "no_sides", "one_side"]


class AnswerRefused(ConfigurationInvalid):
    """An answer does not fit its question, or leaves something open; ``words`` say it to an officer."""

    def __init__(self, asked: Question, message: str, words: str) -> None:
        super().__init__(f"case {asked.case_id}: {message}")
        self.words = words


class Opinion(StrEnum):
    """What somebody says to a question."""

    SAME = "same"
    DIFFERENT = "different"
    ACCEPT = "accept"
    DECEASED = "deceased"
    LIVING = "living"


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """An opinion on a question.

    Attributes:
        opinion: what is said.
        sides: which side is meant: whose number is the present one, whose the damaged row is, who holds a number.
        number: the person's present number, instead of a side.
    """

    opinion: Opinion
    sides: tuple[int, ...] = ()
    number: str = ""


class Consequence(NamedTuple):
    """What follows from an answer: the decision with its links, and in numbers what the next night will do."""

    kind: DecisionKind
    links: list[Link]
    next_night: dict[str, int]
    person_id: int | None = None
    field: str | None = None
    value: str | None = None


def keys_of_sides(desk: DecisionDesk, asked: Question) -> dict[int, int]:
    """For each side that is a person the person's key, after what was decided meanwhile."""
    people = asked.sides.dropna(subset="id_key")
    keys = people["id_key"].astype("int64").tolist()
    now = person_keys(desk.connection, keys)
    return {int(side): now[key] for side, key in zip(people["side"], keys, strict=True)}


def no_sides(asked: Question, answer: Answer) -> None:
    """Raises where an answer that means all sides names one."""
    if answer.sides or answer.number:
        raise AnswerRefused(
            asked,
            "this answer means all sides; leave --with, --holder and --number out",
            "该意见对各方而言，不能指明某一方",
        )


def one_side(asked: Question, answer: Answer) -> int:
    """The one side that is meant; raises where there are several."""
    if len(answer.sides) != 1:
        raise AnswerRefused(asked, "--with: only one side can be meant", "只能指明一方")
    return answer.sides[0]
