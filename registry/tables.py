"""The registry's tables. Columns that hold people's data are made from ``schemas.fields``.

A row that is true now has ``to_run`` NULL; one that was true has the run that ended it. Nothing is overwritten, so any
past night can be read back. ``elder`` holds each person's current record, ``elder_history`` every record before it.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from schemas.fields import ELDER_FIELDS, FIELDS, MEMBER_FIELDS, STATED_FIELDS

__all__ = [
    "audit", "category", "delivery", "elder", "elder_history", "finding", "identifier", "member_row", "metadata", "outbox", "run",
    "source_row", "stage",
]  # fmt: skip

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)


def _column(field: str) -> sa.Column[Any]:
    kind = FIELDS[field].kind
    of: sa.types.TypeEngine[Any]
    of = sa.Date() if kind == "date" else sa.BigInteger() if kind in {"fen", "number"} else sa.Text()
    return sa.Column(field, of)


run = sa.Table(
    "run",
    metadata,
    sa.Column("run_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("business_date", sa.Date, nullable=False),
    sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("finished_at", sa.DateTime(timezone=True)),
    sa.Column("status", sa.Text, nullable=False),  # running, green, yellow, red
    sa.Column("rules_digest", sa.Text, nullable=False),
    sa.Column("requested", JSONB, nullable=False),  # sources asked for, whether to push
    sa.Column("summary", JSONB),
    sa.Column("stopped_by", sa.Text),  # text of the error that stopped it; never personal data
)

stage = sa.Table(
    "stage",
    metadata,
    sa.Column("run_id", sa.BigInteger, sa.ForeignKey("run.run_id"), primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("source", sa.Text, primary_key=True, server_default=""),
    sa.Column("status", sa.Text, nullable=False),  # done, failed
    sa.Column("seconds", sa.Double, nullable=False),
    sa.Column("input_digest", sa.Text, nullable=False, server_default=""),
    sa.Column("result", JSONB, nullable=False),
)

delivery = sa.Table(
    "delivery",
    metadata,
    sa.Column("delivery_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("file_name", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("received_run", sa.BigInteger, nullable=False),
    sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # received, accepted, held, refused, superseded, withdrawn
    sa.Column("state_run", sa.BigInteger, nullable=False),
    sa.Column("detail", JSONB, nullable=False),  # why it was set aside and under which rules; counts, no cells
    sa.UniqueConstraint("source", "sha256"),
)

source_row = sa.Table(
    "source_row",
    metadata,
    sa.Column("row_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("delivery_id", sa.BigInteger, nullable=False),
    sa.Column("sheet", sa.Text),
    sa.Column("row_number", sa.Integer, nullable=False),
    sa.Column("row_hash", sa.BigInteger, nullable=False),
    sa.Column("from_run", sa.BigInteger, nullable=False),
    sa.Column("to_run", sa.BigInteger),
    sa.Column("is_held", sa.Boolean, nullable=False),  # by its own findings
    sa.Column("outcome", sa.Text, nullable=False),  # admitted, held, duplicate
    sa.Column("id_key", sa.BigInteger),
    sa.Column("name_birth_key", sa.BigInteger),
    sa.Column("name_place_key", sa.BigInteger),
    sa.Column("stated_date", sa.Date),
    sa.Column("filled_count", sa.Integer, nullable=False),
    sa.Column("scope", sa.Text, nullable=False, server_default=""),
    sa.Column("recheck_on", sa.Date),
    *[_column(field) for field in STATED_FIELDS],
    _column("household_division_code"),
    _column("residence_division_code"),
    sa.Index("ix_source_row_id_key", "id_key"),
)

member_row = sa.Table(
    "member_row",
    metadata,
    sa.Column("row_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("delivery_id", sa.BigInteger, nullable=False),
    sa.Column("sheet", sa.Text),
    sa.Column("row_number", sa.Integer, nullable=False),
    sa.Column("row_hash", sa.BigInteger, nullable=False),
    sa.Column("from_run", sa.BigInteger, nullable=False),
    sa.Column("to_run", sa.BigInteger),
    sa.Column("scope", sa.Text, nullable=False, server_default=""),
    sa.Column("outcome", sa.Text, nullable=False),  # linked, held
    *[_column(field) for field in MEMBER_FIELDS],
    sa.Index("ix_member_row_elder_id_number", "elder_id_number"),
)


def _elder_columns() -> list[sa.Column[Any]]:
    return [
        *[_column(field) for field in ELDER_FIELDS if field != "person_id"],
        sa.Column("id_key", sa.BigInteger, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("content_hash", sa.BigInteger, nullable=False),
        # One row id per configured source in order, NULL where it says nothing; winners has one letter per stated
        # field: a for the first of them, b for the second, . where none has a value.
        sa.Column("row_ids", ARRAY(sa.BigInteger), nullable=False),
        sa.Column("winners", sa.Text, nullable=False),
        sa.Column("from_run", sa.BigInteger, nullable=False),
    ]


elder = sa.Table(
    "elder",
    metadata,
    sa.Column("person_id", sa.BigInteger, primary_key=True, autoincrement=False),
    *_elder_columns(),
    sa.Index("ix_elder_id_key", "id_key"),
)

elder_history = sa.Table(
    "elder_history",
    metadata,
    sa.Column("person_id", sa.BigInteger, primary_key=True, autoincrement=False),
    *_elder_columns(),
    sa.Column("to_run", sa.BigInteger, primary_key=True, autoincrement=False),
)

identifier = sa.Table(
    "identifier",
    metadata,
    sa.Column("person_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Text, primary_key=True),  # id_number, disability_certificate
    sa.Column("value", sa.Text, primary_key=True),
    sa.Column("from_run", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("to_run", sa.BigInteger),
    sa.Index("ix_identifier_value", "value"),
)

category = sa.Table(
    "category",
    metadata,
    sa.Column("person_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("category", sa.Text, primary_key=True),
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("from_run", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("to_run", sa.BigInteger),
    sa.Column("evidence", sa.Text, nullable=False),  # certificate, assessment, list, survey_tick
    sa.Column("row_id", sa.BigInteger, nullable=False),
    sa.Column("from_date", sa.Date),
    sa.Column("to_date", sa.Date),
)

finding = sa.Table(
    "finding",
    metadata,
    sa.Column("finding_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("from_run", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("to_run", sa.BigInteger),
    sa.Column("origin", sa.Text, nullable=False),  # file, row, member, merge
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("delivery_id", sa.BigInteger),
    sa.Column("sheet", sa.Text),
    sa.Column("row_number", sa.Integer),
    sa.Column("row_id", sa.BigInteger),
    sa.Column("header", sa.Text),
    sa.Column("field", sa.Text),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("severity", sa.Text, nullable=False),
    sa.Column("seen", sa.Text),  # masked
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("person_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("operation", sa.Text, nullable=False),  # new, changed, withdrawn
    sa.Column("run_id", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # pending, sent, superseded
    sa.Column("sent_run", sa.BigInteger),
    sa.Column("sent_as", sa.Text),  # what the platform was told: new, changed, withdrawn
    sa.Index("ix_outbox_pending", "person_id", postgresql_where=sa.text("state = 'pending'")),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("audit_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("actor", sa.Text, nullable=False),  # account of the operating system
    sa.Column("action", sa.Text, nullable=False),  # elders-unmasked, explain-unmasked
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("people", sa.BigInteger, nullable=False),
)
