"""One elder with everything behind the record: which row each field came from, by which rule, and what lost.

What is dated (numbers, categories, states, questions, decisions) is ``registry.explain_dated``'s; the same in the order of
time ``registry.explain_history``'s.
"""

import json
from typing import Any

import sqlalchemy as sa

from registry.decision_links import number_keys
from registry.elders_then import record_then
from registry.explain_dated import cases_of, decisions_of, in_force, plain, statements_of
from registry.explain_history import history_of
from registry.outbox import history
from registry.tables import category, decision, delivery, elder_state, identifier, member_row, source_row
from schemas.configuration import Configuration
from schemas.fields import FIELDS, MEMBER_FIELDS, STATED_FIELDS

__all__ = ["explain_person", "find_person"]

DECIDED = "!"


def find_person(connection: sa.Connection, id_number: str) -> int | None:
    """The person an ID number is or was of; ``None`` where it is nobody's. Whoever has it now comes before who had it."""
    query = (
        sa.select(identifier.c.person_id)
        .where(identifier.c.kind == "id_number", identifier.c.value == id_number)
        .order_by(identifier.c.to_run.is_not(None), identifier.c.from_run.desc(), identifier.c.person_id)
    )
    found = connection.execute(query).scalars().first()
    return None if found is None else int(found)


def explain_person(
    connection: sa.Connection, person_id: int, configuration: Configuration, run_id: int | None = None
) -> dict[str, Any] | None:
    """An elder's record field by field, as it is or as it stood after a run.

    Returns:
        ``person_id status revision after_run fields household categories states identifiers decisions cases pushes history``;
        each field has ``field label value rule winner losers`` and, where a person has decided it, ``decision``. A winner or
        loser is ``source delivery sheet row_number stated_date outcome value``, and says whether it ``is_kept`` (the value of
        an earlier row, since the present one has none) or ``is_stand_in`` (the row stands for a later one that is held).
        ``history`` has all of it in the order of time. Values are unmasked. ``None``: there was nobody.
    """
    record = record_then(connection, person_id, run_id)
    if record is None:
        return None
    kept = {name: int(row) for name, row in json.loads(record["carried"] or "{}").items()}
    row_ids = [row_id for row_id in record["row_ids"] if row_id is not None]
    rows = _rows(connection, {*row_ids, *kept.values()}, number_keys(connection, record["id_key"]), run_id)
    decided = decisions_of(connection, person_id, record["id_key"], run_id)
    explained = {
        "person_id": person_id,
        "status": record["status"],
        "revision": record["revision"],
        "after_run": run_id,
        "fields": _fields(connection, record, rows, kept, configuration),
        "household": _household(connection, str(record["id_number"]), run_id),
        "categories": statements_of(connection, category, person_id, run_id),
        "states": statements_of(connection, elder_state, person_id, run_id),
        "identifiers": statements_of(connection, identifier, person_id, run_id),
        "decisions": decided,
        "cases": cases_of(connection, record["id_key"], run_id),
        "pushes": [
            {name: plain(value) for name, value in push.items()}
            for push in history(connection, person_id)
            if run_id is None or push["run_id"] <= run_id
        ],
    }
    return {**explained, "history": history_of(connection, explained, run_id)}


def _fields(
    connection: sa.Connection, record: sa.RowMapping, rows: dict[int, sa.RowMapping], kept: dict[str, int],
    configuration: Configuration,
) -> list[dict[str, Any]]:  # fmt: skip
    letters = [chr(ord("a") + place) for place in range(len(record["row_ids"]))]
    rests_on = {letter: row_id for letter, row_id in zip(letters, record["row_ids"], strict=True) if row_id}
    now = [row for row in rows.values() if row["row_id"] in set(rests_on.values()) or not row["is_over"]]
    fields = []
    for place, field in enumerate(STATED_FIELDS):
        letter = record["winners"][place]
        from_earlier = kept.get(f"{letter}.{field}")
        winner = rows.get(from_earlier if from_earlier is not None else rests_on.get(letter, 0))
        values = [row for row in now if row[field] is not None and row is not winner]
        if record[field] is None and not values and letter != DECIDED:
            continue
        is_shown = winner is not None and field != "categories"
        told: dict[str, Any] = {
            "field": field,
            "label": FIELDS[field].label,
            "value": plain(record[field]),
            "rule": "decision" if letter == DECIDED else _rule(field, configuration),
            "winner": _place(winner, field, is_kept=from_earlier is not None) if is_shown and winner else None,
            "losers": [] if field == "categories" else [_place(row, field, is_kept=False) for row in values],
        }
        if letter == DECIDED:
            told["decision"] = _override(connection, record["person_id"], field)
        fields.append(told)
    return fields


def _rows(
    connection: sa.Connection, row_ids: set[int], id_keys: set[int], run_id: int | None
) -> dict[int, sa.RowMapping]:
    """The rows the record was made of, and other rows in force of the same numbers (duplicates that lost)."""
    is_over = sa.not_(in_force(source_row, run_id)).label("is_over")
    query = (
        sa.select(source_row, delivery.c.file_name, is_over)
        .join(delivery, delivery.c.delivery_id == source_row.c.delivery_id)
        .where(
            sa.or_(
                source_row.c.row_id.in_(row_ids),
                sa.and_(source_row.c.id_key.in_(id_keys), in_force(source_row, run_id)),
            )
        )
        .order_by(source_row.c.row_id)
    )
    return {row["row_id"]: row for row in connection.execute(query).mappings()}


def _place(row: sa.RowMapping, field: str, *, is_kept: bool) -> dict[str, Any]:
    return {
        "source": row["source"], "delivery": row["file_name"], "delivery_id": row["delivery_id"], "sheet": row["sheet"],
        "row_number": row["row_number"], "stated_date": plain(row["stated_date"]), "outcome": row["outcome"],
        "value": plain(row[field]), "is_kept": is_kept, "is_stand_in": bool(row["is_over"]) and not is_kept,
    }  # fmt: skip


def _override(connection: sa.Connection, person_id: int, field: str) -> dict[str, Any] | None:
    """The decision that set a field last."""
    columns = [decision.c[name] for name in ("decision_id", "decided_by", "decided_at", "reason")]
    query = (
        sa.select(*columns)
        .where(decision.c.person_id == person_id, decision.c.field == field, decision.c.kind == "override")
        .order_by(decision.c.decision_id.desc())
    )
    found = connection.execute(query.limit(1)).mappings().first()
    return None if found is None else {name: plain(value) for name, value in found.items()}


def _rule(field: str, configuration: Configuration) -> str:
    if field in {"id_number", "birth_date", "sex"}:
        return "id-number"
    if field == "categories":
        return "union"
    belief = configuration.survivorship.belief(field)
    name = "source-order" if belief.strategy == "order" else belief.strategy.replace("_", "-")
    return f"{name}: " + " > ".join(belief.sources or ())


def _household(connection: sa.Connection, id_number: str, run_id: int | None) -> list[dict[str, Any]]:
    """The household members linked to the elder."""
    columns = [member_row.c[name] for name in (*MEMBER_FIELDS, "source", "delivery_id", "sheet", "row_number")]
    linked = (member_row.c.elder_id_number == id_number) & (member_row.c.outcome == "linked")
    query = sa.select(*columns).where(linked, in_force(member_row, run_id)).order_by(member_row.c.row_id)
    rows = connection.execute(query).mappings()
    return [{name: plain(value) for name, value in row.items() if name != "elder_id_number"} for row in rows]
