"""Who is who, as people decide it: cases, decisions and what follows from them; dated states; what an undo needs to know."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("run", sa.Column("kind", sa.Text(), nullable=False, server_default="night"))
    op.add_column("run", sa.Column("undoes", postgresql.ARRAY(sa.BigInteger())))
    op.add_column("run", sa.Column("undone_by", sa.BigInteger()))
    op.add_column("source_row", sa.Column("life_status", sa.Text()))
    op.add_column("source_row", sa.Column("life_status_date", sa.Date()))
    for table in ("elder", "elder_history"):
        op.add_column(table, sa.Column("carried", sa.Text()))
    op.add_column("category", sa.Column("end_reason", sa.Text()))
    op.add_column("finding", sa.Column("rule", sa.Text()))
    op.create_table(
        "elder_state",
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("from_run", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("to_run", sa.BigInteger()),
        sa.Column("from_date", sa.Date()),
        sa.Column("to_date", sa.Date()),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("row_id", sa.BigInteger()),
        sa.Column("decision_id", sa.BigInteger()),
        sa.Column("end_reason", sa.Text()),
        sa.PrimaryKeyConstraint("person_id", "state", "source", "from_run", name="pk_elder_state"),
    )
    op.create_table(
        "decision",
        sa.Column("decision_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("case_id", sa.BigInteger()),
        sa.Column("person_id", sa.BigInteger()),
        sa.Column("field", sa.Text()),
        sa.Column("value", sa.Text()),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("after_run", sa.BigInteger(), nullable=False),
        sa.Column("ended_after_run", sa.BigInteger()),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("ended_by", sa.Text()),
        sa.Column("end_reason", sa.Text()),
        sa.PrimaryKeyConstraint("decision_id", name="pk_decision"),
    )
    op.create_index("ix_decision_person_id", "decision", ["person_id"])
    op.create_table(
        "identity_link",
        sa.Column("link_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("decision_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id_key", sa.BigInteger()),
        sa.Column("other_key", sa.BigInteger()),
        sa.Column("source", sa.Text()),
        sa.Column("row_hash", sa.BigInteger()),
        sa.Column("name", sa.Text()),
        sa.Column("person_key", sa.BigInteger()),
        sa.Column("number", sa.Text()),
        sa.Column("evidence", sa.Text()),
        sa.Column("after_run", sa.BigInteger(), nullable=False),
        sa.Column("ended_after_run", sa.BigInteger()),
        sa.PrimaryKeyConstraint("link_id", name="pk_identity_link"),
    )
    op.create_index("ix_identity_link_decision_id", "identity_link", ["decision_id"])
    op.create_table(
        "identity_case",
        sa.Column("case_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("from_run", sa.BigInteger(), nullable=False),
        sa.Column("to_run", sa.BigInteger()),
        sa.Column("ended_as", sa.Text()),
        sa.Column("decision_id", sa.BigInteger()),
        sa.Column("earlier_decision_id", sa.BigInteger()),
        sa.PrimaryKeyConstraint("case_id", name="pk_identity_case"),
    )
    op.create_index(
        "ix_identity_case_subject",
        "identity_case",
        ["subject"],
        unique=True,
        postgresql_where=sa.text("to_run IS NULL"),
    )
    op.create_table(
        "case_side",
        sa.Column("case_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("side", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id_key", sa.BigInteger()),
        sa.Column("row_id", sa.BigInteger()),
        sa.Column("name", sa.Text()),
        sa.PrimaryKeyConstraint("case_id", "side", name="pk_case_side"),
    )
    op.create_index("ix_case_side_id_key", "case_side", ["id_key"])
    op.create_table(
        "row_before",
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("row_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("is_held", sa.Boolean(), nullable=False),
        sa.Column("id_key", sa.BigInteger()),
        sa.Column("recheck_on", sa.Date()),
        sa.PrimaryKeyConstraint("run_id", "row_id", name="pk_row_before"),
    )
    op.create_table(
        "delivery_before",
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_run", sa.BigInteger(), nullable=False),
        sa.Column("detail", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "delivery_id", name="pk_delivery_before"),
    )


def downgrade() -> None:
    for table in (
        "delivery_before",
        "row_before",
        "case_side",
        "identity_case",
        "identity_link",
        "decision",
        "elder_state",
    ):
        op.drop_table(table)
    op.drop_column("finding", "rule")
    op.drop_column("category", "end_reason")
    for table in ("elder_history", "elder"):
        op.drop_column(table, "carried")
    for column in ("life_status_date", "life_status"):
        op.drop_column("source_row", column)
    for column in ("undone_by", "undoes", "kind"):
        op.drop_column("run", column)
