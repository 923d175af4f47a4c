"""An upgrade may be killed anywhere and goes on; an older program does not touch what a newer one has made."""

import os
import signal
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from copied_databases import EMPTY, database
from nights import INCAPACITY, Bureau, incapacity_row, people

from flows.keeping.backup_store import read_manifest
from flows.keeping.upgrade import upgrade_registry, upgrade_tables
from registry import migrations
from registry.engine import connect_registry, transaction
from registry.lock import run_lock
from registry.tables import metadata
from schemas.errors import AnotherRunIsActive, ConfigurationInvalid

POINTS = 20
RUN = "INSERT INTO run VALUES (7, '2026-01-31', now(), now(), 'green', 'rules', '{}', '{}', NULL)"


def silent(_line):
    pass


@pytest.fixture(scope="module")
def old(server_engine, registry_home):
    """A database as the first program has left it, with a run in it; its name."""
    with database(server_engine, "upgrade_old", like=EMPTY) as url:
        with connect_registry(registry_home, url) as engine, transaction(engine) as connection:
            migrations.upgrade(connection, "0001")
            connection.execute(sa.text(RUN))
        yield "upgrade_old"


@pytest.fixture
def old_url(server_engine, old):
    with database(server_engine, like=old) as url:
        yield url


def upgraded_until(home, url, statements):
    """Upgrades in a process of its own, which is killed before a statement; how many there were where it was not."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        seen = 0

        def die_in_time(*_):
            nonlocal seen
            seen += 1
            if seen == statements:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            sa.event.listen(sa.Engine, "before_cursor_execute", die_in_time)
            with connect_registry(home, url) as engine:
                upgrade_tables(engine, silent)
            os.write(write, str(seen).encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as answer:
        said = answer.read()
    os.waitpid(child, 0)
    return int(said) if said else 0


def test_killed_at_twenty_points_it_goes_on_and_ends_with_the_declared_tables_and_every_row(
    server_engine, registry_home, old
):
    with database(server_engine, like=old) as url:
        statements = upgraded_until(registry_home, url, -1)
    assert statements > POINTS
    versions = set()
    for point in range(POINTS):
        with database(server_engine, like=old) as url:
            assert upgraded_until(registry_home, url, 1 + point * (statements - 1) // (POINTS - 1)) == 0
            with connect_registry(registry_home, url) as engine:
                versions.add(version_of(engine))
                while_somebody_dies(engine)
                upgrade_tables(engine, silent)
                assert_up_to_date(engine)
    assert versions == {"0001", *migrations.pending("0001")}, "killed before, between and after versions"


def version_of(engine):
    with transaction(engine) as connection:
        return migrations.version_of(connection)


def while_somebody_dies(engine):
    """Until PostgreSQL has noticed that the killed process's session is gone, and given its lock back."""
    with transaction(engine) as connection:
        others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        while connection.execute(sa.text(others)).scalar_one():
            pass


def assert_up_to_date(engine):
    with transaction(engine) as connection:
        assert migrations.is_current(connection)
        assert connection.execute(sa.text("SELECT run_id, kind FROM run")).all() == [(7, "night")]
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_it_makes_a_backup_first_and_says_a_line_for_each_version(tmp_path, old_url):
    bureau, said = Bureau(tmp_path / "home", old_url), []
    with bureau.environment():
        found = upgrade_registry(bureau.home, bureau.config, back_up=True, say=said.append)
        again = upgrade_registry(bureau.home, bureau.config, back_up=True, say=said.append)
    assert (found["before"], found["after"], found["migrated"]) == ("0001", migrations.HEAD, migrations.pending("0001"))
    assert read_manifest(Path(found["backup"])).schema_version == "0001"
    assert len(said) == 2 + len(found["migrated"])
    assert (again["migrated"], again["backup"]) == ([], None)


def test_where_there_was_no_night_tables_are_made_and_no_backup(tmp_path, empty_url):
    bureau = Bureau(tmp_path / "home", empty_url)
    with bureau.environment():
        found = upgrade_registry(bureau.home, bureau.config, back_up=True, say=silent)
    assert (found["before"], found["backup"], found["migrated"][-1]) == (None, None, migrations.HEAD)


def test_it_does_not_begin_while_a_run_is_active(tmp_path, old_url):
    bureau = Bureau(tmp_path / "home", old_url)
    with connect_registry(bureau.home, old_url) as engine, run_lock(engine), bureau.environment():
        with pytest.raises(AnotherRunIsActive):
            upgrade_registry(bureau.home, bureau.config, back_up=False, say=silent)
        assert version_of(engine) == "0001"


def test_an_older_program_refuses_a_newer_registry_and_changes_nothing(tmp_path, fresh_url):
    bureau = Bureau(tmp_path / "home", fresh_url)
    with bureau.environment():
        upgrade_registry(bureau.home, bureau.config, back_up=False, say=silent)
    engine = sa.create_engine(fresh_url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    bureau.deliver(INCAPACITY, [incapacity_row(who) for who in people(2)])
    with pytest.raises(ConfigurationInvalid, match="of version 9999, which is newer than this program"):
        bureau.night()
    with bureau.environment(), pytest.raises(ConfigurationInvalid, match="start the program that was installed last"):
        upgrade_registry(bureau.home, bureau.config, back_up=True, say=silent)
    assert bureau.query("SELECT (SELECT count(*) FROM run) AS runs, version_num FROM alembic_version") == [
        {"runs": 0, "version_num": "9999"}
    ]


def test_versions_that_are_waited_for_are_those_alembic_knows():
    settings = Config()
    settings.set_main_option("script_location", migrations.__path__[0])
    known = [script.revision for script in ScriptDirectory.from_config(settings).walk_revisions()]
    assert migrations.pending(None) == known[::-1]
    assert migrations.pending(None)[-1] == migrations.HEAD
