"""What follows from each answer to a question about who is who: links, and in numbers what the next night will do.

Nothing is written here; recording answers is ``flows.people.decide``'s.
"""

from collections.abc import Callable, Mapping
from datetime import date

import pandas as pd

from flows.people.answers import Answer, AnswerRefused, Consequence, Opinion, keys_of_sides, no_sides, one_side
from flows.people.answers_of_pairs import one_person, two_people
from flows.people.decision_desk import DecisionDesk, Question
from registry.decision_links import Link, number_keys, numbers_of, person_keys
from schemas.identity_cases import CaseKind
from schemas.identity_decisions import DecisionKind, LinkKind, key_of_number
from schemas.idnumber import birth_date
from schemas.idnumber_values import fault_of

__all__ = ["consequence_of"]


def consequence_of(desk: DecisionDesk, asked: Question, answer: Answer) -> Consequence:
    """What follows from an answer.

    Raises:
        AnswerRefused: the answer does not fit the question, or leaves something open.
    """
    kind = CaseKind(asked.record["kind"])
    follow = _CONSEQUENCES.get((kind, answer.opinion))
    if follow is None:
        raise AnswerRefused(
            asked,
            f"{kind} is not answered by {answer.opinion}{_INSTEAD[kind]}",
            "这类问题不能这样处理，请从该行的下拉列表中选",
        )
    if unknown := sorted(set(answer.sides) - set(asked.sides["side"].tolist())):
        raise AnswerRefused(asked, f"there is no side {unknown[0]}", "案件没有这一方")
    return follow(desk, asked, answer)


_INSTEAD: Mapping[CaseKind, str] = {
    CaseKind.SAME_NUMBER_DIFFERENT_PERSON: "; say same, or different with --holder",
    CaseKind.SAME_PERSON_DIFFERENT_NUMBER: "; say same or different",
    CaseKind.NUMBER_DAMAGED: "; say same, different or accept",
    CaseKind.DEATH_CONTRADICTED: "; say `eldersync decide state PERSON deceased --on DATE`, or living",
}


def _one_holder(desk: DecisionDesk, asked: Question, answer: Answer) -> Consequence:
    """All spellings are the holder's."""
    no_sides(asked, answer)
    links = [
        Link(LinkKind.NAME, id_key=key, name=name)
        for key in sorted(_keys_of_number(desk, asked))
        for name in sorted(asked.sides["name"].dropna().unique())
    ]
    return Consequence(DecisionKind.SAME, links, {"rows_admitted": len(asked.statements)})


def _other_people(desk: DecisionDesk, asked: Question, answer: Answer) -> Consequence:
    """The number is of some spellings; rows with the others are held."""
    sides = asked.sides.dropna(subset="name")
    is_holder = sides["side"].isin(answer.sides)
    if not is_holder.any():
        raise AnswerRefused(
            asked,
            "say whose number it is with --holder SIDE, or leave it open",
            "没有指明号码属哪一方，请选“不同人，号码属本行”",
        )
    if is_holder.all():
        raise AnswerRefused(
            asked,
            "not all sides can hold the number; else it is one person: same",
            "号码不能属于每一方；各方是同一人的，选“同一人”",
        )
    links = [
        Link(LinkKind.NAME if holds else LinkKind.EXCLUDED, id_key=key, name=name)
        for key in sorted(_keys_of_number(desk, asked))
        for name, holds in sorted(zip(sides["name"], is_holder, strict=True))
    ]
    held = ~asked.statements["side"].isin(answer.sides)
    counts = {"rows_held": int(held.sum()), "rows_admitted": int((~held).sum())}
    return Consequence(DecisionKind.DIFFERENT, links, counts)


def _row_is(desk: DecisionDesk, asked: Question, answer: Answer) -> Consequence:
    """A damaged row is a candidate's."""
    candidates = keys_of_sides(desk, asked)
    if not answer.sides and len(candidates) > 1:
        raise AnswerRefused(
            asked,
            f"there are {len(candidates)} candidates; say which with --with SIDE",
            "有几个候选，请在本人的那一行选“同一人”",
        )
    side = one_side(asked, answer) if answer.sides else next(iter(candidates))
    if side not in candidates:
        raise AnswerRefused(
            asked, f"side {side} is the damaged row itself, not a candidate", "所选的是号码缺损的行，不是候选"
        )
    row_and_person = asked.statements["side"].isin([side, *asked.sides.loc[asked.sides["row_id"].notna(), "side"]])
    names = asked.statements.loc[row_and_person, "name"].dropna().unique()
    found = _linked_row(desk, asked, DecisionKind.SAME, candidates[side])
    spelled = [Link(LinkKind.NAME, id_key=candidates[side], name=name) for name in sorted(names)]
    return found._replace(links=[*found.links, *spelled])


def _row_is_nobody(_desk: DecisionDesk, asked: Question, answer: Answer) -> Consequence:
    """A damaged row is none of the candidates'; it stays held until its sender corrects it."""
    no_sides(asked, answer)
    source, row_hash = _row_of(asked)
    links = [
        Link(LinkKind.NOT_ROW, source=source, row_hash=row_hash, id_key=int(key))
        for key in asked.sides["id_key"].dropna().unique()
    ]
    return Consequence(DecisionKind.DIFFERENT, links, {"rows_held": len(_damaged(asked))})


def _row_is_right(desk: DecisionDesk, asked: Question, answer: Answer) -> Consequence:
    """A number that looks damaged is right as it stands; it must be a valid one, of somebody old enough."""
    no_sides(asked, answer)
    today = desk.deed.at.date()
    stated = _damaged(asked)["id_number"].dropna().unique().tolist()
    if len(stated) != 1 or fault_of(stated[0], today=today) is not None:
        raise AnswerRefused(
            asked,
            "the row's number is no valid ID number; nobody can accept it",
            "该行号码不是有效的身份证号码，不能认定为无误",
        )
    if _age(birth_date(stated[0]), today) < desk.configuration.rules.minimum_age:
        raise AnswerRefused(asked, "by the row's number the person is not old enough yet", "按该行号码，年龄未到")
    key = key_of_number(stated[0])
    return _linked_row(desk, asked, DecisionKind.ACCEPT, person_keys(desk.connection, [key])[key])


def _linked_row(desk: DecisionDesk, asked: Question, kind: DecisionKind, person_key: int) -> Consequence:
    source, row_hash = _row_of(asked)
    number = numbers_of(desk.connection, [person_key])[person_key]
    link = Link(LinkKind.ROW, source=source, row_hash=row_hash, person_key=person_key, number=number)
    return Consequence(kind, [link], {"rows_admitted": len(_damaged(asked))})


def _state(desk: DecisionDesk, asked: Question, answer: Answer) -> Consequence:
    """Whether somebody has died, who has by one list and has not by another."""
    keys = set(keys_of_sides(desk, asked).values())
    people = asked.sides["person_id"].dropna().unique().tolist()
    if len(keys) != 1 or len(people) != 1:
        raise AnswerRefused(asked, "the person is not in the registry", "登记册中没有此人")
    since = desk.deed.at.date().isoformat()
    if answer.opinion is Opinion.DECEASED:
        days = asked.statements.loc[asked.statements["life_status"] == "deceased", "life_status_date"].dropna()
        if len(set(days)) != 1:
            raise AnswerRefused(
                asked, "lists do not say the day, or not one; `eldersync decide state PERSON deceased --on DATE`",
                "名单没有写明去世日期或不一致，请由操作员用 eldersync decide state 登记",
            )  # fmt: skip
        since = str(days.iloc[0])
    return Consequence(DecisionKind.STATE, [], {}, int(people[0]), str(answer.opinion), since)


def _keys_of_number(desk: DecisionDesk, asked: Question) -> set[int]:
    """The keys under which the spellings of one person stand."""
    return set().union(*(number_keys(desk.connection, key) for key in keys_of_sides(desk, asked).values()))


def _row_of(asked: Question) -> tuple[str, int]:
    _, source, row_hash = str(asked.record["subject"]).split(":")
    return source, int(row_hash)


def _damaged(asked: Question) -> pd.DataFrame:
    rows = asked.sides.loc[asked.sides["row_id"].notna(), "side"]
    return asked.statements[asked.statements["side"].isin(rows)]


def _age(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


_CONSEQUENCES: Mapping[tuple[CaseKind, Opinion], Callable[[DecisionDesk, Question, Answer], Consequence]] = {
    (CaseKind.SAME_PERSON_DIFFERENT_NUMBER, Opinion.SAME): one_person,
    (CaseKind.SAME_PERSON_DIFFERENT_NUMBER, Opinion.DIFFERENT): two_people,
    (CaseKind.SAME_NUMBER_DIFFERENT_PERSON, Opinion.SAME): _one_holder,
    (CaseKind.SAME_NUMBER_DIFFERENT_PERSON, Opinion.DIFFERENT): _other_people,
    (CaseKind.NUMBER_DAMAGED, Opinion.SAME): _row_is,
    (CaseKind.NUMBER_DAMAGED, Opinion.DIFFERENT): _row_is_nobody,
    (CaseKind.NUMBER_DAMAGED, Opinion.ACCEPT): _row_is_right,
    (CaseKind.DEATH_CONTRADICTED, Opinion.DECEASED): _state,
    (CaseKind.DEATH_CONTRADICTED, Opinion.LIVING): _state,
}
