"""Questions and decisions as people look at them: a list, and one question with its sides beside one another; masked."""

from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa

from flows.people.case_rows import case_rows, kind_label, masked_fields, reason_words, worded_fields
from flows.people.decision_desk import disclose, looking, question
from registry.case_statements import STATED
from registry.cases import case_counts, open_cases
from registry.decisions import all_decisions, read_decision
from schemas import masking
from schemas.field_masks import mask_kind
from schemas.fields import FIELDS

__all__ = ["list_questions", "show_question"]

_DECISION = (
    "decision_id", "kind", "case_id", "person_id", "field", "value", "decided_at", "decided_by", "reason", "after_run",
    "ended_after_run", "ended_at", "ended_by", "end_reason",
)  # fmt: skip


def list_questions(home: Path, config: Path, *, with_decisions: bool) -> dict[str, Any]:
    """The open questions, and the decisions ever made if they are asked for, the newest first.

    Returns:
        ``counts`` by kind; ``cases``, each ``case_id kind label reasons score since_run earlier_decision_id sides[]``, a side
        being ``side person_id name id_number`` (masked, several joined by 、); ``decisions``, each with who, when, why and
        ``state`` (``in force``, ``taken back``, ``retired``), its value masked.
    """
    with looking(home, config) as (_, connection):
        cases = open_cases(connection)
        sides = _sides(masked_fields(case_rows(connection).rows))
        decisions = [_told(record) for record in all_decisions(connection)] if with_decisions else []
        counts = case_counts(connection)
    listed = [
        {
            "case_id": int(case["case_id"]), "kind": case["kind"], "label": kind_label(case["kind"]),
            "reasons": reason_words(case["reasons"]), "score": float(case["score"]), "since_run": int(case["from_run"]),
            "earlier_decision_id": _plain(case["earlier_decision_id"]), "sides": sides.get(int(case["case_id"]), []),
        }
        for case in cases.to_dict("records")
    ]  # fmt: skip
    return {"counts": counts, "cases": listed, "decisions": decisions}


def show_question(home: Path, config: Path, case_id: int, *, unmasked: bool, reason: str) -> dict[str, Any]:
    """One question with every statement on its sides.

    Returns:
        ``case_id kind label reasons score evidence since_run is_open ended_as decision earlier_decision differing sides[]``; a
        side is ``side person_id status statements[]``, a statement ``source delivery sheet row_number outcome fields{}``.
        ``differing`` names the fields of which the sides know several values.

    Raises:
        ConfigurationInvalid: there is no such question, or unmasked data is asked for without a reason.
    """
    with looking(home, config) as (configuration, connection):
        asked = question(connection, case_id)
        found = case_rows(connection, case_id)
        disclose(connection, configuration, "case-unmasked", unmasked=unmasked, reason=reason, people=len(asked.sides))
        decision, earlier = (
            _decision(connection, asked.record[name]) for name in ("decision_id", "earlier_decision_id")
        )
    rows = worded_fields(found.rows if unmasked else masked_fields(found.rows))
    record = asked.record
    return {
        "case_id": case_id, "kind": record["kind"], "label": kind_label(record["kind"]),
        "reasons": reason_words(record["reasons"]), "score": record["score"], "evidence": record["evidence"][:16],
        "since_run": record["from_run"], "is_open": asked.is_open, "ended_as": record["ended_as"], "decision": decision,
        "earlier_decision": earlier, "differing": [str(name) for name in found.differs if found.differs[name].any()],
        "sides": [_side(of_side) for _, of_side in rows.groupby("side")],
        "unmasked": unmasked,
    }  # fmt: skip


def _side(rows: pd.DataFrame) -> dict[str, Any]:
    statements = [
        {
            **{name: _plain(row[name]) for name in ("source", "delivery", "sheet", "row_number", "outcome")},
            "fields": {field: row[field] for field in STATED if isinstance(row[field], str)},
        }
        for row in rows.to_dict("records")
        if isinstance(row["source"], str)
    ]
    first = rows.iloc[0]
    return {
        "side": int(first["side"]), "person_id": _plain(first["person_id"]), "status": _plain(first["status"]), "statements": statements,
    }  # fmt: skip


def _sides(rows: pd.DataFrame) -> dict[int, list[dict[str, Any]]]:
    """For each question its sides in a line each."""
    lines: dict[int, dict[int, dict[str, Any]]] = {}
    shown = rows[["case_id", "side", "person_id", "name", "id_number"]].drop_duplicates()
    for case_id, side, person_id, *said in shown.itertuples(index=False, name=None):
        empty = {"side": int(side), "person_id": _plain(person_id), "name": [], "id_number": []}
        line = lines.setdefault(int(case_id), {}).setdefault(int(side), empty)
        for field, value in zip(("name", "id_number"), said, strict=True):
            if isinstance(value, str) and value not in line[field]:
                line[field].append(value)
    return {
        case_id: [line | {field: "、".join(line[field]) for field in ("name", "id_number")} for line in sides.values()]
        for case_id, sides in lines.items()
    }


def _decision(connection: sa.Connection, decision_id: int | None) -> dict[str, Any] | None:
    record = None if decision_id is None else read_decision(connection, decision_id)
    return None if record is None else _told(record)


def _told(record: sa.RowMapping) -> dict[str, Any]:
    """A decision as it may be shown: what a field was decided to say is masked like the field."""
    told = {name: _plain(record[name]) for name in _DECISION}
    field, value = record["field"], record["value"]
    kind = mask_kind(field) if field in FIELDS else None
    if kind and value is not None:
        told["value"] = masking.mask_column(pd.Series([value], dtype="str"), kind).iloc[0]
    ended = record["ended_after_run"] is not None
    told["state"] = "in force" if not ended else "taken back" if record["ended_by"] else "retired"
    return told


def _plain(value: Any) -> Any:
    """A value that may be missing, for JSON."""
    return None if value is None or value is pd.NA or value != value else value  # noqa: PLR0124  not a number
