"""What follows from saying that two people are one, or that they are two."""

from collections.abc import Mapping

from flows.people.answers import Answer, AnswerRefused, Consequence, keys_of_sides, no_sides, one_side
from flows.people.decision_desk import DecisionDesk, Question
from registry.decision_links import Link, merging_links, number_keys, numbers_of
from registry.decisions import lowest_registered
from schemas.identity_decisions import DecisionKind, LinkKind, key_of_number
from schemas.idnumber import judge

__all__ = ["one_person", "two_people"]


def one_person(desk: DecisionDesk, asked: Question, answer: Answer) -> Consequence:
    """Two people become one, under the number that is said, or is the better validated."""
    keys = keys_of_sides(desk, asked)
    if len(keys) != 2:
        raise AnswerRefused(asked, f"{len(keys)} sides; only two people are made one at a time", "一次只能合并两方")
    people = set(keys.values())
    if len(people) == 1:
        return Consequence(DecisionKind.SAME, [], {})
    number = _present_number(desk, asked, keys, answer)
    registered = lowest_registered(desk.connection, people)
    survivor = registered if registered is not None else _owner(desk, people, number)
    [merged_away] = people - {survivor}
    names = asked.statements["name"].dropna().unique().tolist()
    links = merging_links(desk.connection, survivor, merged_away, number, names)
    away = [side for side, key in keys.items() if key == merged_away]
    moved = int(asked.statements["side"].isin(away).sum())
    both = lowest_registered(desk.connection, [merged_away]) is not None and registered is not None
    return Consequence(DecisionKind.SAME, links, {"people_merged": int(both), "rows_moved": moved})


def _present_number(desk: DecisionDesk, asked: Question, keys: Mapping[int, int], answer: Answer) -> str:
    if answer.number and answer.sides:
        raise AnswerRefused(
            asked, "the present number is said by --number or by --with, not both", "号码和方只能指明一项"
        )
    if answer.number:
        number = judge(answer.number, today=desk.deed.at.date()).id_number
        theirs = set().union(*(number_keys(desk.connection, key) for key in keys.values()))
        if number is None or key_of_number(number) not in theirs:
            raise AnswerRefused(asked, "--number: neither side has this number", "各方都没有这一号码")
        return number
    numbers = numbers_of(desk.connection, keys.values())
    side = (
        one_side(asked, answer)
        if answer.sides
        else _better_validated(asked, {s: numbers[key] for s, key in keys.items()})
    )
    return numbers[keys[side]]


def _better_validated(asked: Question, numbers: Mapping[int, str]) -> int:
    """The side whose number a disability certificate repeats, or more lists state; only if the other is ahead in neither."""
    weights: list[tuple[int, int]] = []
    for side, number in numbers.items():
        rows = asked.statements[asked.statements["side"] == side]
        repeated = rows["disability_certificate_number"].str.startswith(number).fillna(value=False).any()
        weights.append((int(repeated), int(rows["source"].nunique())))
    (one, other), (mine, theirs) = numbers, weights
    if mine != theirs and mine[0] >= theirs[0] and mine[1] >= theirs[1]:
        return one
    if mine != theirs and theirs[0] >= mine[0] and theirs[1] >= mine[1]:
        return other
    raise AnswerRefused(
        asked, "neither number is the better validated; say whose is the present one with --with SIDE",
        "两个号码分不出哪个更可靠，请选“同一人，采用本行号码”",
    )  # fmt: skip


def _owner(desk: DecisionDesk, people: set[int], number: str) -> int:
    """Of two people nobody has registered the one who has a number already."""
    key = key_of_number(number)
    return next(person for person in sorted(people) if key in number_keys(desk.connection, person))


def two_people(desk: DecisionDesk, asked: Question, answer: Answer) -> Consequence:
    """Two people stay two; they are asked about again when the evidence is another."""
    no_sides(asked, answer)
    one, other = sorted(asked.sides["id_key"].astype("int64").tolist())[:2]
    if len(set(keys_of_sides(desk, asked).values())) < 2:
        raise AnswerRefused(asked, "both sides were decided to be one person meanwhile", "双方已被核定为同一人")
    link = Link(LinkKind.SEPARATE, id_key=one, other_key=other, evidence=asked.record["evidence"])
    return Consequence(DecisionKind.DIFFERENT, [link], {})
