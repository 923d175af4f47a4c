"""What people decide of one person: that two were not one after all, what a field says, that somebody died; notes; taking back."""

from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from flows.people.at_rest import Decider
from flows.people.decision_desk import deciding, question, wanted_person
from flows.people.override_values import field_value, overridable_field
from registry.case_statements import case_statements
from registry.decision_links import Link
from registry.decisions import newest_same, read_decision, record, take_back
from registry.tables import decision, elder, identity_case
from schemas.codes import CODE_LISTS
from schemas.errors import ConfigurationInvalid
from schemas.fields import STATED_FIELDS
from schemas.identity_cases import CaseKind
from schemas.identity_decisions import DecisionKind, LinkKind
from schemas.override_evidence import override_evidence

__all__ = ["add_note", "decide_state", "override_field", "split_person", "take_back_decision"]


def split_person(home: Path, config: Path, person: str, decider: Decider) -> dict[str, Any]:
    """Takes back the newest decision that put a person together, and decides that it was wrong.

    The two are asked about again only when the evidence changes.

    Raises:
        ConfigurationInvalid: nothing was put together, or a later decision rests on it.
    """
    with deciding(home, config, decider) as desk:
        person_id, key = wanted_person(desk.connection, person, desk.configuration)
        merged = newest_same(desk.connection, key)
        if merged is None:
            raise ConfigurationInvalid(f"person {person_id} was not put together by any decision in force")
        case_id = int(merged["case_id"])
        asked = question(desk.connection, case_id)
        rows = len(case_statements(desk.connection, case_id))
        taken = take_back(desk.connection, merged["decision_id"], desk.deed)
        decision_id = record(
            desk.connection, DecisionKind.SPLIT, desk.deed, evidence=merged["evidence"], case_id=case_id,
            person_id=person_id, value=str(merged["decision_id"]), links=_separating(asked.record, key),
        )  # fmt: skip
        return {
            "decision_id": decision_id, "decision": "split", "person_id": person_id, "case_id": case_id,
            "taken_back": int(merged["decision_id"]),
            "next_night": {"links_ended": taken.links, "rows_looked_at": rows, "rows_judged_again": taken.rows},
        }  # fmt: skip


def _separating(case: sa.RowMapping, key: int) -> list[Link]:
    """That the sides of a question are not one: two people, or a row and the person."""
    kind, *parts = str(case["subject"]).split(":")
    if kind == "pair":
        one, other = sorted(map(int, parts))
        return [Link(LinkKind.SEPARATE, id_key=one, other_key=other, evidence=case["evidence"])]
    return [Link(LinkKind.NOT_ROW, source=parts[0], row_hash=int(parts[1]), id_key=key)]


def override_field(home: Path, config: Path, person: str, field: str, value: str, decider: Decider) -> dict[str, Any]:
    """Decides what a field of a person says, whatever sources say, until these say something else.

    Args:
        home: of the installation.
        config: the configuration folder.
        person: person_id or ID number.
        field: of the registry, by its name or its Chinese label.
        value: as the registry writes it: a code or its label, an ISO date, an amount in yuan; empty for nothing.
        decider: who and why.

    Raises:
        ConfigurationInvalid: nobody has this number, the field cannot be decided so, or it cannot hold the value.
    """
    with deciding(home, config, decider) as desk:
        name = overridable_field(field)
        said = field_value(name, value, desk.configuration, today=desk.deed.at.date())
        person_id, _ = wanted_person(desk.connection, person, desk.configuration)
        evidence = _stands_on(desk.connection, person_id, name)
        decision_id = record(
            desk.connection, DecisionKind.OVERRIDE, desk.deed, evidence=evidence, person_id=person_id, field=name,
            value=said,
        )  # fmt: skip
        return _of_person(decision_id, "override", person_id, field=name)


def _stands_on(connection: sa.Connection, person_id: int, field: str) -> str:
    """What stood without a decision: the record's value, or what an earlier decision rests on where that one stands in it."""
    earlier = connection.execute(
        sa.select(decision.c.evidence, decision.c.ended_after_run)
        .where(decision.c.kind == str(DecisionKind.OVERRIDE), decision.c.person_id == person_id, decision.c.field == field)
        .order_by(decision.c.decision_id.desc())
        .limit(1)
    ).first()  # fmt: skip
    query = sa.select(sa.cast(elder.c[field], sa.Text), elder.c.winners).where(elder.c.person_id == person_id)
    value, winners = connection.execute(query).one()
    if earlier is not None and (earlier.ended_after_run is None or winners[STATED_FIELDS.index(field)] == "!"):
        return str(earlier.evidence)
    return override_evidence(field, value)


def decide_state(home: Path, config: Path, person: str, state: str, on: date, decider: Decider) -> dict[str, Any]:
    """Decides what became of a person and since when; answers the open question whether they died, if there is one.

    Raises:
        ConfigurationInvalid: there is no such state or person, or the day is yet to come.
    """
    states = CODE_LISTS["life_status"]
    code = {label: name for name, label in states.items()}.get(state, state)
    if code not in states:
        raise ConfigurationInvalid(f"STATE: one of {', '.join(states)}")
    with deciding(home, config, decider) as desk:
        if on > desk.deed.at.date():
            raise ConfigurationInvalid("--on: the day is yet to come")
        person_id, key = wanted_person(desk.connection, person, desk.configuration)
        asked = desk.connection.execute(
            sa.select(identity_case.c.case_id, identity_case.c.evidence).where(
                identity_case.c.kind == str(CaseKind.DEATH_CONTRADICTED), identity_case.c.subject == f"death:{key}",
                identity_case.c.to_run.is_(None),
            )
        ).first()  # fmt: skip
        decision_id = record(
            desk.connection, DecisionKind.STATE, desk.deed, person_id=person_id, field=code, value=on.isoformat(),
            case_id=asked.case_id if asked else None, evidence=asked.evidence if asked else "",
        )  # fmt: skip
        return _of_person(decision_id, "state", person_id, state=code, questions_closed=int(asked is not None))


def add_note(home: Path, config: Path, person: str, case_id: int | None, decider: Decider) -> dict[str, Any]:
    """Writes something down about a person or a question; nothing follows from it."""
    if bool(person) == (case_id is not None):
        raise ConfigurationInvalid("a note is of a PERSON or of a --case, not of both")
    with deciding(home, config, decider) as desk:
        person_id = None
        evidence = ""
        if case_id is not None:
            evidence = str(question(desk.connection, case_id).record["evidence"])
        else:
            person_id, _ = wanted_person(desk.connection, person, desk.configuration)
        decision_id = record(
            desk.connection, DecisionKind.NOTE, desk.deed, evidence=evidence, case_id=case_id, person_id=person_id
        )
        return {
            "decision_id": decision_id, "decision": "note", "person_id": person_id, "case_id": case_id, "next_night": {},
        }  # fmt: skip


def take_back_decision(home: Path, config: Path, decision_id: int, decider: Decider) -> dict[str, Any]:
    """Takes any decision back; what held before it holds again from the next night on.

    Raises:
        ConfigurationInvalid: there is no such decision, it has ended, or a later one rests on it.
    """
    with deciding(home, config, decider) as desk:
        taken = take_back(desk.connection, decision_id, desk.deed)
        known = read_decision(desk.connection, decision_id)
        assert known is not None  # noqa: S101  it was taken back a moment ago
        return {
            "decision_id": decision_id, "decision": "undone", "undone": str(known["kind"]), "person_id": known["person_id"],
            "case_id": known["case_id"], "is_asked_again": taken.is_asked_again,
            "next_night": {"links_ended": taken.links, "rows_judged_again": taken.rows},
        }  # fmt: skip


def _of_person(decision_id: int, what: str, person_id: int, **besides: Any) -> dict[str, Any]:
    closed = besides.pop("questions_closed", 0)
    return {
        "decision_id": decision_id, "decision": what, "person_id": person_id, **besides,
        "next_night": {"people_looked_at": 1, "questions_closed": closed},
    }  # fmt: skip
