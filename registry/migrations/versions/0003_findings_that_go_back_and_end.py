"""The register of what was returned to senders under which number, and what a person decided of a finding."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dispatch",
        sa.Column("dispatch_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("delivery_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("findings", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("dispatch_id", name="pk_dispatch"),
        sa.UniqueConstraint("year", "number", name="uq_dispatch_year_number"),
        sa.UniqueConstraint("run_id", "source", "digest", name="uq_dispatch_run_id_source_digest"),
    )
    op.create_table(
        "finding_dispatch",
        sa.Column("dispatch_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("finding_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("dispatch_id", "finding_id", name="pk_finding_dispatch"),
    )
    op.create_index("ix_finding_dispatch_evidence", "finding_dispatch", ["evidence"])
    op.create_index("ix_finding_dispatch_problem", "finding_dispatch", ["problem"])
    op.create_table(
        "finding_closure",
        sa.Column("closure_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("finding_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reopened_at", sa.DateTime(timezone=True)),
        sa.Column("reopened_by", sa.Text()),
        sa.Column("reopen_reason", sa.Text()),
        sa.PrimaryKeyConstraint("closure_id", name="pk_finding_closure"),
    )
    op.create_index(
        "ix_finding_closure_evidence", "finding_closure", ["evidence"], unique=True,
        postgresql_where=sa.text("reopened_at IS NULL"),
    )  # fmt: skip


def downgrade() -> None:
    for table in ("finding_closure", "finding_dispatch", "dispatch"):
        op.drop_table(table)
