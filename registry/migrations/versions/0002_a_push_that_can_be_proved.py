"""The outbox remembers what was sent under which key and what became of it; plans, approvals, holds, and the platform's state."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_OPEN = sa.text("state IN ('pending', 'inflight', 'processing', 'unknown', 'held')")
_DUE = sa.text("is_released AND next_at IS NULL AND state IN ('pending', 'processing', 'unknown')")
_TOLD = sa.text("state IN ('sent', 'accepted') AND sent_as IS NOT NULL")


def _at(name: str, *, nullable: bool = True) -> "sa.Column[datetime]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    # What is there was told to the profile then in force; the first plan says which that is.
    op.add_column("outbox", sa.Column("profile", sa.Text(), nullable=False, server_default=""))
    op.alter_column("outbox", "profile", server_default=None)
    op.alter_column("outbox", "revision", type_=sa.BigInteger())
    op.drop_constraint("pk_outbox", "outbox", type_="primary")
    op.create_primary_key("pk_outbox", "outbox", ["profile", "person_id", "revision"])
    for column in (
        sa.Column("plan_run", sa.BigInteger()), sa.Column("payload", sa.Text()), sa.Column("sent_fields", sa.Text()),
        sa.Column("digest", sa.Text()), sa.Column("key", sa.Text()),
        sa.Column("is_released", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"), _at("next_at"),
        sa.Column("fence", sa.BigInteger()), _at("lease_until"), sa.Column("batch", sa.Text()),
        sa.Column("largest_batch", sa.Integer()), _at("first_sent_at"), _at("settled_at"), sa.Column("code", sa.Text()),
        sa.Column("words", sa.Text()), sa.Column("receipt", sa.Text()),
    ):  # fmt: skip
        op.add_column("outbox", column)
    op.create_unique_constraint("uq_outbox_key", "outbox", ["key"])
    op.drop_index("ix_outbox_pending", table_name="outbox")
    op.create_index("ix_outbox_open", "outbox", ["profile", "person_id"], postgresql_where=_OPEN)
    op.create_index(
        "ix_outbox_told", "outbox", ["profile", "person_id", sa.text("revision DESC")], postgresql_where=_TOLD
    )
    op.create_index("ix_outbox_due", "outbox", ["profile", "state", "person_id"], postgresql_where=_DUE)
    op.create_index(
        "ix_outbox_next_at", "outbox", ["profile", "next_at"], postgresql_where=sa.text("next_at IS NOT NULL")
    )
    op.create_index("ix_outbox_person_id", "outbox", ["person_id"], postgresql_using="hash")
    op.create_table(
        "platform",
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("fence", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("must_reconcile", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("first_push_run", sa.BigInteger()),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        _at("open_until"),
        _at("stopped_at"),
        sa.Column("stopped_by", sa.Text()),
        sa.Column("target", sa.Text()),
        sa.PrimaryKeyConstraint("profile", name="pk_platform"),
    )
    op.create_table(
        "plan",
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("brakes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        _at("planned_at", nullable=False),
        _at("released_at"),
        sa.PrimaryKeyConstraint("run_id", name="pk_plan"),
    )
    op.create_table(
        "approval",
        sa.Column("approval_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("approver", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        _at("at", nullable=False),
        sa.PrimaryKeyConstraint("approval_id", name="pk_approval"),
    )
    op.create_index("ix_approval_digest", "approval", ["subject", "digest"])
    op.create_table(
        "person_hold",
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        _at("held_at", nullable=False),
        sa.Column("held_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        _at("released_at"),
        sa.Column("released_by", sa.Text()),
        sa.Column("release_reason", sa.Text()),
        sa.PrimaryKeyConstraint("person_id", "held_at", name="pk_person_hold"),
    )


def downgrade() -> None:
    for table in ("person_hold", "approval", "plan", "platform"):
        op.drop_table(table)
    for index in ("ix_outbox_open", "ix_outbox_told", "ix_outbox_due", "ix_outbox_next_at", "ix_outbox_person_id"):
        op.drop_index(index, table_name="outbox")
    op.drop_constraint("uq_outbox_key", "outbox", type_="unique")
    op.drop_constraint("pk_outbox", "outbox", type_="primary")
    for column in (
        "profile", "plan_run", "payload", "sent_fields", "digest", "key", "is_released", "attempts", "next_at", "fence",
        "lease_until", "batch", "largest_batch", "first_sent_at", "settled_at", "code", "words", "receipt",
    ):  # fmt: skip
        op.drop_column("outbox", column)
    op.alter_column("outbox", "revision", type_=sa.Integer())
    op.create_primary_key("pk_outbox", "outbox", ["person_id", "revision"])
    op.create_index("ix_outbox_pending", "outbox", ["person_id"], postgresql_where=sa.text("state = 'pending'"))
