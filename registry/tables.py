"""The registry's tables. Columns that hold people's data are made from ``schemas.fields``.

A row that is true now has ``to_run`` NULL; one that was true has the run that ended it. Nothing is overwritten, so any
past night can be read back. ``elder`` holds each person's current record, ``elder_history`` every record before it.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from schemas.fields import ELDER_FIELDS, FIELDS, LIFE_FIELDS, MEMBER_FIELDS, STATED_FIELDS

__all__ = [
    "approval", "audit", "case_side", "category", "decision", "delivery", "delivery_before", "dispatch", "elder", "elder_history", "elder_state",
    "finding", "finding_closure", "finding_dispatch", "identifier", "identity_case", "identity_link", "member_row", "metadata", "outbox",
    "person_hold", "plan", "platform", "row_before", "run", "source_row", "stage",
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
    sa.Column("kind", sa.Text, nullable=False, server_default="night"),  # night, undo
    sa.Column("undoes", ARRAY(sa.BigInteger)),  # of an undo: the runs it took back
    sa.Column("undone_by", sa.BigInteger),  # the undo that took this run back
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
    sa.Column("state", sa.Text, nullable=False),  # received, accepted, held, refused, superseded, withdrawn, undone
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
    *[_column(field) for field in LIFE_FIELDS],
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
        # field: a for the first of them, b for the second, . where none has a value, ! where a person has decided it.
        sa.Column("row_ids", ARRAY(sa.BigInteger), nullable=False),
        sa.Column("winners", sa.Text, nullable=False),
        # JSON: a source's letter and a field to the earlier row of that source the value was kept from: {"a.phone": 17}.
        sa.Column("carried", sa.Text),
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
    sa.Column("end_reason", sa.Text),  # why it holds no longer, of schemas.categories
)

elder_state = sa.Table(
    "elder_state",
    metadata,
    sa.Column("person_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("state", sa.Text, primary_key=True),  # deceased, moved_away, in_institution, refused
    sa.Column("source", sa.Text, primary_key=True),  # who says so; decision where a person does
    sa.Column("from_run", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("to_run", sa.BigInteger),
    sa.Column("from_date", sa.Date),
    sa.Column("to_date", sa.Date),
    sa.Column("evidence", sa.Text, nullable=False),  # list, decision
    sa.Column("row_id", sa.BigInteger),
    sa.Column("decision_id", sa.BigInteger),
    sa.Column("end_reason", sa.Text),
)

decision = sa.Table(
    "decision",
    metadata,
    sa.Column("decision_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Text, nullable=False),  # same, different, accept, split, override, state, note
    sa.Column("case_id", sa.BigInteger),
    sa.Column("person_id", sa.BigInteger),
    sa.Column("field", sa.Text),
    sa.Column("value", sa.Text),
    sa.Column("evidence", sa.Text, nullable=False),  # digest of what was decided on
    sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("decided_by", sa.Text, nullable=False),  # as the person names himself
    sa.Column("account", sa.Text, nullable=False),  # of the operating system
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("after_run", sa.BigInteger, nullable=False),  # the newest run then: the next one follows it
    sa.Column("ended_after_run", sa.BigInteger),  # taken back, or retired because its source changed
    sa.Column("ended_at", sa.DateTime(timezone=True)),
    sa.Column("ended_by", sa.Text),
    sa.Column("end_reason", sa.Text),
    sa.Index("ix_decision_person_id", "person_id"),
)

identity_link = sa.Table(
    "identity_link",
    metadata,
    sa.Column("link_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("decision_id", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),  # number, row, name, excluded, separate, not_row
    sa.Column("id_key", sa.BigInteger),
    sa.Column("other_key", sa.BigInteger),
    sa.Column("source", sa.Text),
    sa.Column("row_hash", sa.BigInteger),
    sa.Column("name", sa.Text),
    sa.Column("person_key", sa.BigInteger),  # elder.id_key of whom they are
    sa.Column("number", sa.Text),  # the person's present ID number
    sa.Column("evidence", sa.Text),
    sa.Column("after_run", sa.BigInteger, nullable=False),
    sa.Column("ended_after_run", sa.BigInteger),
    sa.Index("ix_identity_link_decision_id", "decision_id"),
)

identity_case = sa.Table(
    "identity_case",
    metadata,
    sa.Column("case_id", sa.BigInteger, primary_key=True, autoincrement=False),
    # same-number-different-person, same-person-different-number, number-damaged, death-contradicted
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),  # number:K, pair:K1:K2, row:SOURCE:ROW_HASH, death:K
    sa.Column("evidence", sa.Text, nullable=False),  # digest of what the question rests on
    sa.Column("reasons", sa.Text, nullable=False),  # codes joined by |
    sa.Column("score", sa.Double, nullable=False),
    sa.Column("from_run", sa.BigInteger, nullable=False),
    sa.Column("to_run", sa.BigInteger),
    sa.Column("ended_as", sa.Text),  # decided, gone, changed
    sa.Column("decision_id", sa.BigInteger),
    sa.Column("earlier_decision_id", sa.BigInteger),  # decided before, on other evidence
    sa.Index("ix_identity_case_subject", "subject", unique=True, postgresql_where=sa.text("to_run IS NULL")),
)

case_side = sa.Table(
    "case_side",
    metadata,
    sa.Column("case_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("side", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("id_key", sa.BigInteger),  # the person whose statements stand on this side
    sa.Column("row_id", sa.BigInteger),  # or the row
    sa.Column("name", sa.Text),  # or, under one number, the spelling
    sa.Index("ix_case_side_id_key", "id_key"),
)

row_before = sa.Table(
    "row_before",
    metadata,
    sa.Column("run_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("row_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("is_held", sa.Boolean, nullable=False),
    sa.Column("id_key", sa.BigInteger),
    sa.Column("recheck_on", sa.Date),
)

delivery_before = sa.Table(
    "delivery_before",
    metadata,
    sa.Column("run_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("delivery_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("state_run", sa.BigInteger, nullable=False),
    sa.Column("detail", JSONB, nullable=False),
)

finding = sa.Table(
    "finding",
    metadata,
    sa.Column("finding_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("from_run", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("to_run", sa.BigInteger),
    sa.Column("origin", sa.Text, nullable=False),  # file, row, member, merge, push
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
    sa.Column("rule", sa.Text),  # version of its rule, of schemas.rules_catalogue
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("profile", sa.Text, primary_key=True),  # the platform that must hear it
    sa.Column("person_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("revision", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("operation", sa.Text, nullable=False),  # new, changed, withdrawn; resent, observed
    sa.Column("run_id", sa.BigInteger, nullable=False),
    # pending, inflight, processing, unknown, held; sent, accepted, rejected, superseded
    sa.Column("state", sa.Text, nullable=False),
    # Decided when it is planned; from then on the same bytes are sent under the same key.
    sa.Column("plan_run", sa.BigInteger),
    sa.Column("sent_as", sa.Text),  # what the platform is told: new, changed, withdrawn
    sa.Column("payload", sa.Text),  # JSON of the platform's columns; dropped when something newer is accepted
    sa.Column("sent_fields", sa.Text),  # JSON of those that are sent, where they are not all
    sa.Column("digest", sa.Text),
    sa.Column("key", sa.Text, unique=True),
    sa.Column("is_released", sa.Boolean, nullable=False, server_default=sa.false()),  # by approvals or because no brake held it
    # While it is delivered.
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("next_at", sa.DateTime(timezone=True)),
    sa.Column("fence", sa.BigInteger),
    sa.Column("lease_until", sa.DateTime(timezone=True)),
    sa.Column("batch", sa.Text),
    sa.Column("largest_batch", sa.Integer),  # a batch it was in was refused whole: it may travel in one of half the size
    sa.Column("first_sent_at", sa.DateTime(timezone=True)),
    sa.Column("sent_run", sa.BigInteger),
    sa.Column("settled_at", sa.DateTime(timezone=True)),
    sa.Column("code", sa.Text),  # the platform's, or ours for why it waits
    sa.Column("words", sa.Text),  # the platform's own; may quote a cell, so only shown masked
    sa.Column("receipt", sa.Text),
    sa.Index("ix_outbox_open", "profile", "person_id", postgresql_where=sa.text(
        "state IN ('pending', 'inflight', 'processing', 'unknown', 'held')")),
    sa.Index("ix_outbox_told", "profile", "person_id", sa.text("revision DESC"), postgresql_where=sa.text(
        "state IN ('sent', 'accepted') AND sent_as IS NOT NULL")),
    sa.Index("ix_outbox_due", "profile", "state", "person_id", postgresql_where=sa.text(
        "is_released AND next_at IS NULL AND state IN ('pending', 'processing', 'unknown')")),
    sa.Index("ix_outbox_next_at", "profile", "next_at", postgresql_where=sa.text("next_at IS NOT NULL")),
    # Nothing is walked along by it: in the order of person_id everybody who was told already would come first.
    sa.Index("ix_outbox_person_id", "person_id", postgresql_using="hash"),
)  # fmt: skip

platform = sa.Table(
    "platform",
    metadata,
    sa.Column("profile", sa.Text, primary_key=True),
    sa.Column("secret", sa.Text, nullable=False),  # of the idempotency keys; 32 random bytes in hexadecimal
    sa.Column("epoch", sa.Integer, nullable=False, server_default="1"),  # one more after every restore
    sa.Column("fence", sa.BigInteger, nullable=False, server_default="0"),  # one more for every sender
    sa.Column("must_reconcile", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("first_push_run", sa.BigInteger),  # the run whose plan was the first to be released
    sa.Column(
        "failures", sa.Integer, nullable=False, server_default="0"
    ),  # calls without an answer one after the other
    sa.Column("open_until", sa.DateTime(timezone=True)),  # the circuit breaker
    sa.Column("stopped_at", sa.DateTime(timezone=True)),
    sa.Column("stopped_by", sa.Text),  # why nothing more is sent until a person has looked; never personal data
    sa.Column("target", sa.Text),  # api, exchange: how it was told last without hands, and where outcomes are asked for
)

plan = sa.Table(
    "plan",
    metadata,
    sa.Column("run_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("profile", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("counts", JSONB, nullable=False),
    sa.Column("brakes", JSONB, nullable=False),  # why it is held; empty where it is not
    sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("released_at", sa.DateTime(timezone=True)),
)

approval = sa.Table(
    "approval",
    metadata,
    sa.Column("approval_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("subject", sa.Text, nullable=False),  # plan, delivery
    sa.Column("digest", sa.Text, nullable=False),  # of exactly what is approved
    sa.Column("run_id", sa.BigInteger, nullable=False),
    sa.Column("approver", sa.Text, nullable=False),  # as the person names himself
    sa.Column("account", sa.Text, nullable=False),  # of the operating system
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Index("ix_approval_digest", "subject", "digest"),
)

person_hold = sa.Table(
    "person_hold",
    metadata,
    sa.Column("person_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("held_at", sa.DateTime(timezone=True), primary_key=True),
    sa.Column("held_by", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("released_at", sa.DateTime(timezone=True)),
    sa.Column("released_by", sa.Text),
    sa.Column("release_reason", sa.Text),
)

dispatch = sa.Table(
    "dispatch",
    metadata,
    sa.Column("dispatch_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("reference", sa.Text, nullable=False),  # as the letter has it: 梅县民数退〔2026〕第1号
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("run_id", sa.BigInteger, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("delivery_ids", ARRAY(sa.BigInteger), nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("findings", sa.Integer, nullable=False),
    sa.Column(
        "digest", sa.Text, nullable=False
    ),  # of the findings: the same returned again in a run is the same letter
    sa.Column("due_on", sa.Date, nullable=False),
    sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("made_by", sa.Text, nullable=False),  # account of the operating system
    sa.UniqueConstraint("year", "number"),
    sa.UniqueConstraint("run_id", "source", "digest"),
)

finding_dispatch = sa.Table(
    "finding_dispatch",
    metadata,
    sa.Column("dispatch_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("finding_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("evidence", sa.Text, nullable=False),  # digest of exactly what was found
    sa.Column("problem", sa.Text, nullable=False),  # digest of whom and what it is about, whatever the cell says
    sa.Index("ix_finding_dispatch_evidence", "evidence"),
    sa.Index("ix_finding_dispatch_problem", "problem"),
)

finding_closure = sa.Table(
    "finding_closure",
    metadata,
    sa.Column("closure_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Text, nullable=False),  # confirmed, waived
    sa.Column("evidence", sa.Text, nullable=False),  # digest of exactly what was found; anything else is found anew
    sa.Column("finding_id", sa.BigInteger, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("closed_by", sa.Text, nullable=False),  # as the person names himself
    sa.Column("account", sa.Text, nullable=False),  # of the operating system
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("reopened_at", sa.DateTime(timezone=True)),
    sa.Column("reopened_by", sa.Text),
    sa.Column("reopen_reason", sa.Text),
    sa.Index("ix_finding_closure_evidence", "evidence", unique=True, postgresql_where=sa.text("reopened_at IS NULL")),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("audit_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("actor", sa.Text, nullable=False),  # account of the operating system
    sa.Column("action", sa.Text, nullable=False),  # elders-, explain-, returns-, cases-, case-unmasked
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("people", sa.BigInteger, nullable=False),
)
