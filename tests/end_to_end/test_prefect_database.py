"""Prefect's own data in a PostgreSQL: the extension it needs is made or asked for, and the server stands on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from debian_postgresql import debian_programs, running_postgresql
from installation import installed
from shared_server import Database, SharedServer

from flows.schedule.server_secrets import database_of
from schemas.errors import ConfigurationInvalid, SecretMissing
from schemas.operations import Server

PROGRAMS = debian_programs()
SERVER = Server(database_secret="prefect_database")


@pytest.fixture(scope="module")
def admin() -> Iterator[sa.Engine]:
    if PROGRAMS is None:
        pytest.skip("Debian's postgresql is not installed")
    with running_postgresql(PROGRAMS) as url:
        engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool)
        with engine.connect() as connection:
            connection.exec_driver_sql("CREATE ROLE prefect LOGIN PASSWORD 'prefect: @/'")
            connection.exec_driver_sql("CREATE DATABASE prefect OWNER prefect")
            connection.exec_driver_sql("CREATE DATABASE others OWNER admin")
        yield engine


def url_of(admin: sa.Engine, database: str) -> str:
    return sa.URL.create(
        "postgresql", "prefect", "prefect: @/", "127.0.0.1", admin.url.port, database
    ).render_as_string(hide_password=False)


def keep(home: Path, secret: str) -> Path:
    (home / "secrets").mkdir(mode=0o700, parents=True)
    (home / "secrets" / "prefect_database").write_text(secret)
    (home / "secrets" / "prefect_database").chmod(0o600)
    return home


def in_database(admin: sa.Engine, database: str) -> sa.Engine:
    url = admin.url.set(database=database)
    return sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool)


def extensions(admin: sa.Engine, database: str) -> set[str]:
    with in_database(admin, database).connect() as connection:
        return set(connection.execute(sa.text("SELECT extname FROM pg_extension")).scalars())


def test_where_no_database_is_named_prefect_keeps_a_file_of_its_own(tmp_path: Path) -> None:
    assert database_of(tmp_path, Server()) is None


def test_an_extension_we_may_not_make_is_asked_of_the_administrator(admin: sa.Engine, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationInvalid, match="CREATE EXTENSION IF NOT EXISTS pg_trgm"):
        database_of(keep(tmp_path, url_of(admin, "others")), SERVER)
    with in_database(admin, "others").connect() as connection:
        connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    assert database_of(tmp_path, SERVER) is not None


def test_a_server_without_the_extension_is_no_place_for_prefect(server: SharedServer, tmp_path: Path) -> None:
    embedded = server.new().url
    with pytest.raises(ConfigurationInvalid, match="pg_trgm is not in the database of the secret prefect_database"):
        database_of(keep(tmp_path, embedded), SERVER)


@pytest.mark.parametrize(
    ("secret", "words"),
    [
        ("mysql://a:secret@127.0.0.1/b", "must be postgresql://"),
        ("no address, secret", "must be postgresql://"),
        ("postgresql://a:secret@127.0.0.1:1/b", "does not let us in"),
    ],
    ids=["another kind", "no address", "nobody there"],
)
def test_an_address_that_is_of_no_use_is_named_without_being_told(tmp_path: Path, secret: str, words: str) -> None:
    with pytest.raises(ConfigurationInvalid, match=words) as refused:
        database_of(keep(tmp_path, secret), SERVER)
    assert "secret@" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_secret_that_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SecretMissing, match="prefect_database"):
        database_of(tmp_path, SERVER)


def test_the_server_stands_on_a_postgresql_and_makes_its_extension_there(
    admin: sa.Engine, server: SharedServer, migrated: Database, tmp_path: Path
) -> None:
    registry = server.new(like=migrated)
    with installed(tmp_path, registry.url, 'database_secret = "prefect_database"\n') as installation:
        keep(installation.home, url_of(admin, "prefect"))
        begun = installation.command("up", "--json")
        assert begun.code == 0, begun.err
        assert begun.answer["next_night"]
        assert not list((installation.home / "prefect").glob("prefect.db*"))
        assert "pg_trgm" in extensions(admin, "prefect")
        # Whoever performs flows has no business with that database.
        worker = Path(f"/proc/{installation.processes.processes['worker'].pid}/environ").read_bytes()
        assert b"PREFECT_API_DATABASE_CONNECTION_URL" not in worker
        assert installation.command("down").code == 0
