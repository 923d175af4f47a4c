"""Schema versions of the registry, applied by Alembic before a command works with it."""

from pathlib import Path

import sqlalchemy as sa

__all__ = ["HEAD", "is_current", "upgrade"]

HEAD = "0004"

_ONE_AT_A_TIME = {"number": 0x656C6465, "key": 3}  # beside the run lock's keys, see registry.lock


def is_current(connection: sa.Connection) -> bool:
    """Whether the database has exactly the tables this program was written for (asked without loading Alembic)."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return False
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar() == HEAD


def upgrade(connection: sa.Connection, to: str = "head") -> None:
    """Brings the database's tables to a version; does nothing when they are there already.

    One process at a time: another that finds the same tables missing waits until this transaction has ended.
    """
    connection.execute(sa.text("SELECT pg_catalog.pg_advisory_xact_lock(:number, :key)"), _ONE_AT_A_TIME)
    if to == "head" and is_current(connection):
        return
    from alembic import command

    command.upgrade(_settings(connection), to)


def _settings(connection: sa.Connection):  # type: ignore[no-untyped-def]
    from alembic.config import Config

    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent))
    settings.attributes["connection"] = connection
    return settings
