"""One elder with everything behind the record: which row each field came from, by which rule, and what lost."""

from typing import Any

import sqlalchemy as sa

from registry.outbox import history
from registry.tables import category, delivery, elder, identifier, member_row, source_row
from schemas.configuration import Configuration
from schemas.fields import FIELDS, MEMBER_FIELDS, STATED_FIELDS

__all__ = ["explain_person", "find_person"]


def find_person(connection: sa.Connection, id_number: str) -> int | None:
    """The person an ID number is or was of; ``None`` where it is nobody's."""
    query = sa.select(identifier.c.person_id).where(identifier.c.kind == "id_number", identifier.c.value == id_number)
    found = connection.execute(query).scalars().first()
    return None if found is None else int(found)


def explain_person(connection: sa.Connection, person_id: int, configuration: Configuration) -> dict[str, Any] | None:
    """An elder's record field by field.

    Returns:
        ``person_id status revision fields household categories identifiers pushes``; each field has ``field label value rule winner losers``,
        and a winner or loser is ``source delivery sheet row_number stated_date value``. Values are unmasked.
    """
    record = connection.execute(sa.select(elder).where(elder.c.person_id == person_id)).mappings().first()
    if record is None:
        return None
    row_ids = [row_id for row_id in record["row_ids"] if row_id is not None]
    rows = _rows(connection, row_ids, record["id_key"])
    letters = [chr(ord("a") + place) for place in range(len(record["row_ids"]))]
    by_letter = {letter: rows.get(row_id) for letter, row_id in zip(letters, record["row_ids"], strict=True) if row_id}
    fields = []
    for place, field in enumerate(STATED_FIELDS):
        winner = by_letter.get(record["winners"][place])
        values = [row for row in rows.values() if row[field] is not None and row is not winner]
        if record[field] is None and not values:
            continue
        fields.append(
            {
                "field": field,
                "label": FIELDS[field].label,
                "value": _plain(record[field]),
                "rule": _rule(field, configuration),
                "winner": _place(winner, field) if winner is not None and field != "categories" else None,
                "losers": [] if field == "categories" else [_place(row, field) for row in values],
            }
        )
    return {
        "person_id": person_id,
        "status": record["status"],
        "revision": record["revision"],
        "fields": fields,
        "household": _household(connection, str(record["id_number"])),
        "categories": _listed(connection, category, person_id),
        "identifiers": _listed(connection, identifier, person_id),
        "pushes": [{name: _plain(value) for name, value in push.items()} for push in history(connection, person_id)],
    }


def _rows(connection: sa.Connection, row_ids: list[int], id_key: int) -> dict[int, sa.RowMapping]:
    """The rows the record was made of, and other rows in force of the same number (duplicates that lost)."""
    query = (
        sa.select(source_row, delivery.c.file_name)
        .join(delivery, delivery.c.delivery_id == source_row.c.delivery_id)
        .where(
            sa.or_(
                source_row.c.row_id.in_(row_ids),
                sa.and_(source_row.c.id_key == id_key, source_row.c.to_run.is_(None)),
            )
        )
        .order_by(source_row.c.row_id)
    )
    return {row["row_id"]: row for row in connection.execute(query).mappings()}


def _place(row: sa.RowMapping, field: str) -> dict[str, Any]:
    return {
        "source": row["source"], "delivery": row["file_name"], "delivery_id": row["delivery_id"], "sheet": row["sheet"],
        "row_number": row["row_number"], "stated_date": _plain(row["stated_date"]), "outcome": row["outcome"],
        "value": _plain(row[field]),
    }  # fmt: skip


def _rule(field: str, configuration: Configuration) -> str:
    if field in {"id_number", "birth_date", "sex"}:
        return "id-number"
    if field == "categories":
        return "union"
    return "source-order: " + " > ".join(configuration.survivorship.order(field))


def _household(connection: sa.Connection, id_number: str) -> list[dict[str, Any]]:
    """The household members now linked to the elder."""
    columns = [member_row.c[name] for name in (*MEMBER_FIELDS, "source", "delivery_id", "sheet", "row_number")]
    query = (
        sa.select(*columns)
        .where(
            member_row.c.elder_id_number == id_number, member_row.c.to_run.is_(None), member_row.c.outcome == "linked"
        )
        .order_by(member_row.c.row_id)
    )
    rows = connection.execute(query).mappings()
    return [{name: _plain(value) for name, value in row.items() if name != "elder_id_number"} for row in rows]


def _listed(connection: sa.Connection, table: sa.Table, person_id: int) -> list[dict[str, Any]]:
    rows = connection.execute(
        sa.select(table).where(table.c.person_id == person_id).order_by(table.c.from_run)
    ).mappings()
    return [{name: _plain(value) for name, value in row.items() if name != "person_id"} for row in rows]


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int | float) else str(value)
