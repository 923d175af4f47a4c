"""Answers to questions about who is who: worked out, then recorded as decisions with their links, never during a run."""

from pathlib import Path
from typing import Any

from flows.people.answers import Answer
from flows.people.at_rest import Decider
from flows.people.consequences import consequence_of
from flows.people.decision_desk import DecisionDesk, Question, deciding, open_question
from registry.decisions import record

__all__ = ["answer_case", "decide_case"]


def decide_case(home: Path, config: Path, case_id: int, answer: Answer, decider: Decider) -> dict[str, Any]:
    """Answers a question.

    Returns:
        ``decision_id decision case_id kind next_night``; the last in numbers: ``people_merged rows_moved rows_admitted rows_held
        questions_closed``.

    Raises:
        ConfigurationInvalid: the question is closed, or the answer does not fit it or leaves something open.
        AnotherRunIsActive: a run is going on.
    """
    with deciding(home, config, decider) as desk:
        return answer_case(desk, open_question(desk.connection, case_id), answer)


def answer_case(desk: DecisionDesk, asked: Question, answer: Answer) -> dict[str, Any]:
    """Records an answer in the transaction of a desk; as :func:`decide_case`."""
    found = consequence_of(desk, asked, answer)
    decision_id = record(
        desk.connection, found.kind, desk.deed, evidence=asked.record["evidence"], case_id=asked.case_id,
        person_id=found.person_id, field=found.field, value=found.value, links=found.links,
    )  # fmt: skip
    counted = dict.fromkeys(("people_merged", "rows_moved", "rows_admitted", "rows_held"), 0)
    return {
        "decision_id": decision_id,
        "decision": str(found.kind),
        "case_id": asked.case_id,
        "kind": str(asked.record["kind"]),
        "next_night": {**counted, **found.next_night, "questions_closed": 1},
    }
