"""Alembic's entry: migrates the connection it is handed (``registry.migrations.upgrade``)."""

from alembic import context

from registry.tables import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, transaction_per_migration=True
)
with context.begin_transaction():
    context.run_migrations()
