"""Schema versions of the registry, applied by Alembic before a command works with it."""

from pathlib import Path

import sqlalchemy as sa

from schemas.errors import ConfigurationInvalid

__all__ = ["HEAD", "is_current", "is_newer", "pending", "upgrade", "version_of"]

HEAD = "0004"

_ONE_AT_A_TIME = {"number": 0x656C6465, "key": 3}  # beside the run lock's keys, see registry.lock


def version_of(connection: sa.Connection) -> str | None:
    """The version of the database's tables; ``None`` where there are none yet (asked without loading Alembic)."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return found


def is_current(connection: sa.Connection) -> bool:
    """Whether the database has exactly the tables this program was written for."""
    return version_of(connection) == HEAD


def is_newer(version: str | None) -> bool:
    """Whether tables of a version were made by a newer program than this one.

    >>> is_newer("9999"), is_newer(HEAD), is_newer(None)
    (True, False, False)
    """
    return version is not None and version > HEAD


def pending(version: str | None) -> list[str]:
    """The versions that follow one, oldest first.

    >>> pending("0002")[0], pending(HEAD)
    ('0003', [])
    """
    folder = Path(__file__).parent / "versions"
    return sorted(number for path in folder.glob("*_*.py") if (number := path.stem.split("_")[0]) > (version or ""))


def upgrade(connection: sa.Connection, to: str = "head") -> None:
    """Brings the database's tables to a version; does nothing when they are there already.

    One process at a time: another that finds the same tables missing waits until this transaction has ended.

    Raises:
        ConfigurationInvalid: a newer program has made the tables; this one would misread them.
    """
    connection.execute(sa.text("SELECT pg_catalog.pg_advisory_xact_lock(:number, :key)"), _ONE_AT_A_TIME)
    version = version_of(connection)
    if version == (HEAD if to == "head" else to):
        return
    if is_newer(version):
        raise ConfigurationInvalid(
            f"the registry's tables are of version {version}, which is newer than this program ({HEAD}): "
            "start the program that was installed last"
        )
    from alembic import command

    command.upgrade(_settings(connection), to)


def _settings(connection: sa.Connection):  # type: ignore[no-untyped-def]
    from alembic.config import Config

    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent))
    settings.attributes["connection"] = connection
    return settings
