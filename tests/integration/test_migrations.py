"""Migrations make exactly the tables the program is written for, once, whoever asks and however often."""

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from registry import migrations
from registry.engine import transaction
from registry.tables import metadata


def test_migrations_make_exactly_the_tables_that_are_declared(empty_engine: sa.Engine) -> None:
    with transaction(empty_engine) as connection:
        migrations.upgrade(connection)
    with transaction(empty_engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_keys_and_not_null_are_as_declared(empty_engine: sa.Engine) -> None:
    with transaction(empty_engine) as connection:
        migrations.upgrade(connection)
    with transaction(empty_engine) as connection:
        made = sa.inspect(connection)
        for table in metadata.sorted_tables:
            assert made.get_pk_constraint(table.name)["constrained_columns"] == table.primary_key.columns.keys()
            required = {column["name"] for column in made.get_columns(table.name) if not column["nullable"]}
            assert required == {column.name for column in table.columns if not column.nullable}


def test_the_newest_migration_is_the_one_the_program_asks_for() -> None:
    settings = Config()
    settings.set_main_option("script_location", migrations.__path__[0])
    assert ScriptDirectory.from_config(settings).get_heads() == [migrations.HEAD]


def test_migrating_again_changes_nothing(empty_engine: sa.Engine) -> None:
    for _ in range(2):
        with transaction(empty_engine) as connection:
            migrations.upgrade(connection)
            assert migrations.is_current(connection)


def test_a_database_of_another_version_is_not_current(empty_engine: sa.Engine) -> None:
    with transaction(empty_engine) as connection:
        assert not migrations.is_current(connection)
        migrations.upgrade(connection)
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0000'"))
        assert not migrations.is_current(connection)
