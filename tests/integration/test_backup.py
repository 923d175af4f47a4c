"""A backup holds one instant of registry, ledger, originals and configuration, whole or not at all, and never a secret."""

import gzip
import os
import resource
import shutil
import stat
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from copied_databases import database
from nights import DISABILITY, INCAPACITY, Bureau, disability_row, incapacity_row, people

from flows.keeping.backup import back_up_nightly, make_backup
from flows.keeping.backup_check import check_backup
from flows.keeping.backup_store import (
    backups_in,
    newest_backup_at,
    one_at_a_time,
    original_path,
    pool_of,
    read_manifest,
)
from registry.dump import digest_of
from registry.engine import connect_registry, transaction
from registry.tables import metadata
from schemas.errors import AnotherRunIsActive, BackupFailed, ConfigurationInvalid

HOLD = "INSERT INTO person_hold (person_id, held_at, held_by, reason) VALUES (1, now(), '王芳', '正在核实')"


@pytest.fixture(scope="module")
def after_a_night(tmp_path_factory, server_engine):
    """A bureau after a night with two lists, to be copied."""
    with database(server_engine, "backup_first_night") as url:
        bureau = Bureau(tmp_path_factory.mktemp("first") / "home", url)
        bureau.deliver(INCAPACITY, [incapacity_row(who) for who in people(8)])
        bureau.deliver(DISABILITY, [disability_row(who) for who in people(5)])
        bureau.night()
        yield bureau


@pytest.fixture
def bureau(after_a_night, tmp_path, server_engine):
    shutil.copytree(after_a_night.home, tmp_path / "home")
    with database(server_engine, like="backup_first_night") as url:
        yield Bureau(tmp_path / "home", url)


@pytest.fixture
def engine(bureau):
    with connect_registry(bureau.home, bureau.url) as engine:
        yield engine


def backed_up(bureau, to=None):
    with bureau.environment():
        return make_backup(bureau.home, bureau.config, to)


def everything_in(folder):
    return {path.relative_to(folder) for path in folder.rglob("*")}


def test_a_backup_counts_what_it_holds_and_is_found_whole(bureau):
    made = backed_up(bureau)
    assert made["rows"]["elder"] == len(bureau.elders()) == 8
    assert (made["originals"], made["copied"], made["missing"], made["damaged"]) == (2, 2, 0, 0)
    assert (made["is_whole"], made["problems"], made["newest_run"]["run_id"]) == (True, [], 1)
    assert check_backup(Path(made["backup"]))["rows"] == made["rows"]
    assert backups_in(bureau.home / "backups")[-1] == Path(made["backup"])
    assert newest_backup_at(bureau.home / "backups") == read_manifest(Path(made["backup"])).made_at.replace(
        microsecond=0
    )


def test_every_table_is_in_it_with_the_digest_of_its_rows(bureau, engine):
    parts = {part.name: part for part in read_manifest(Path(backed_up(bureau)["backup"])).tables}
    assert set(parts) == set(metadata.tables)
    with transaction(engine) as connection:
        assert {name: digest_of(connection, name) for name in parts} == parts


def test_the_same_registry_makes_the_same_bytes(bureau):
    first, second = (Path(backed_up(bureau)["backup"]) for _ in range(2))
    tables = sorted(path.name for path in (first / "database").iterdir())
    assert [(first / "database" / name).read_bytes() for name in tables] == [
        (second / "database" / name).read_bytes() for name in tables
    ]


def test_an_original_is_copied_once_for_all_backups_of_a_folder(bureau, tmp_path):
    backed_up(bureau)
    bureau.deliver(INCAPACITY, [incapacity_row(who) for who in people(9)])
    bureau.night()
    again = backed_up(bureau)
    assert (again["originals"], again["copied"]) == (3, 1)
    elsewhere = backed_up(bureau, tmp_path / "disk")
    assert (elsewhere["originals"], elsewhere["copied"]) == (3, 3)
    assert Path(elsewhere["backup"]).parent == tmp_path / "disk"


def test_originals_are_copies_not_links(bureau):
    made = backed_up(bureau)
    [name] = {part.name for part in read_manifest(Path(made["backup"])).originals[:1]}
    kept, copied = (
        original_path(f, name).stat() for f in (bureau.home / "received", bureau.home / "backups/originals")
    )
    assert kept.st_ino != copied.st_ino
    assert kept.st_nlink == copied.st_nlink == 1


def test_the_configuration_is_in_it_and_secrets_are_not(bureau):
    bureau.own_configuration()
    secrets = bureau.home / "secrets"
    secrets.mkdir(mode=0o700)
    (secrets / "platform_token").write_text("canary-of-a-secret")
    backup = Path(backed_up(bureau)["backup"])
    for path in bureau.config.rglob("*"):
        if path.is_file():
            assert (backup / "configuration" / path.relative_to(bureau.config)).read_bytes() == path.read_bytes()
    written = [path.read_bytes() for path in backup.parent.rglob("*") if path.is_file()]
    unpacked = [gzip.decompress(path.read_bytes()) for path in (backup / "database").iterdir()]
    assert not any(b"canary-of-a-secret" in content for content in (*written, *unpacked))
    assert read_manifest(backup).secrets == ["platform_token"]


def test_a_backup_is_open_to_its_owner_only(bureau):
    folder = Path(backed_up(bureau)["backup"]).parent
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*")) if path.is_dir()} == {0o700}


def test_a_configuration_that_is_not_valid_is_backed_up_all_the_same(bureau):
    bureau.own_configuration()
    (bureau.config / "rules.toml").write_text("no = toml = at = all")
    assert backed_up(bureau)["is_whole"]


def test_where_there_was_no_night_there_is_nothing_to_back_up(tmp_path, empty_url):
    with pytest.raises(ConfigurationInvalid, match="there is no registry yet"):
        backed_up(Bureau(tmp_path / "home", empty_url))
    assert backups_in(tmp_path / "home/backups") == []


def test_a_configured_folder_that_is_not_there_is_not_made_on_the_wrong_disk(bureau, tmp_path):
    bureau.own_configuration()
    disk = tmp_path / "mounted/backups"
    (bureau.config / "operations.toml").write_text(f'[backup]\nfolder = "{disk}"\n')
    with pytest.raises(BackupFailed, match="is not there: mount its disk"):
        backed_up(bureau)
    disk.mkdir(parents=True)
    assert Path(backed_up(bureau)["backup"]).parent == disk


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become someone else")
def test_root_does_not_leave_files_in_the_home_of_somebody_else(bureau):
    os.chown(bureau.home, 65534, 65534)
    with pytest.raises(ConfigurationInvalid, match="belongs to another user"):
        backed_up(bureau)
    assert not (bureau.home / "backups").exists()


# Beside a night


def test_what_a_stage_has_not_committed_is_not_in_it(bureau, engine):
    with transaction(engine) as at_work:
        at_work.execute(sa.text(HOLD))
        assert backed_up(bureau)["rows"]["person_hold"] == 0
    assert backed_up(bureau)["rows"]["person_hold"] == 1


def test_what_is_committed_while_it_is_written_is_not_in_it(bureau, engine):
    """The snapshot is taken before the first table is read, so that tables agree with one another."""

    def commit_meanwhile(_connection, _cursor, statement, *_):
        if "FROM delivery" in statement:
            with transaction(engine) as another:
                another.execute(sa.text(HOLD))

    sa.event.listen(sa.Engine, "after_cursor_execute", commit_meanwhile)
    try:
        assert backed_up(bureau)["rows"]["person_hold"] == 0
    finally:
        sa.event.remove(sa.Engine, "after_cursor_execute", commit_meanwhile)
    assert len(bureau.query("SELECT * FROM person_hold")) == 1


def test_a_stage_that_rebuilds_a_table_is_waited_for(bureau, engine):
    has_waited = []

    def let_go_when_somebody_waits(connection):
        """The backup gives up quickly and asks again, so it is seen waiting twice."""
        waiting = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'elder'::regclass")
        for is_there in (True, False, True):
            deadline = time.monotonic() + 20
            while bool(connection.execute(waiting).scalar_one()) != is_there and time.monotonic() < deadline:
                time.sleep(0.005)
            has_waited.append(time.monotonic() < deadline)
        connection.execute(sa.text(HOLD))
        connection.commit()

    with engine.connect() as connection:
        connection.execute(sa.text("LOCK TABLE elder IN ACCESS EXCLUSIVE MODE"))
        stage = threading.Thread(target=let_go_when_somebody_waits, args=(connection,))
        stage.start()
        made = backed_up(bureau)
        stage.join()
    assert has_waited == [True, True, True]
    assert made["rows"]["person_hold"] == 1


def test_one_backup_at_a_time_goes_into_a_folder(bureau):
    with one_at_a_time(bureau.home / "backups"), pytest.raises(AnotherRunIsActive, match="a backup or a pruning"):
        backed_up(bureau)


# What goes wrong


def test_an_original_that_is_gone_or_altered_is_counted_and_the_rest_is_backed_up(bureau):
    names = [row["sha256"] for row in bureau.query("SELECT sha256 FROM delivery ORDER BY sha256")]
    gone, altered = (original_path(bureau.home / "received", name) for name in names)
    gone.unlink()
    altered.write_bytes(b"something else")
    made = backed_up(bureau)
    assert (made["originals"], made["missing"], made["damaged"], made["is_whole"]) == (0, 1, 1, True)
    manifest = read_manifest(Path(made["backup"]))
    assert (manifest.missing, manifest.damaged) == (names[:1], names[1:])
    with bureau.environment():
        assert back_up_nightly(bureau.home, bureau.config)["pruned"] == {}


def spoil_table(backup):
    path = backup / "database/elder.copy.gz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    return "database/elder.copy.gz"


def lose_configuration(backup):
    (backup / "configuration/bureau.toml").unlink()
    return "configuration/bureau.toml"


def shorten_original(backup):
    part = read_manifest(backup).originals[0]
    path = original_path(pool_of(backup.parent), part.name)
    path.write_bytes(path.read_bytes()[:-1])
    return part.name


@pytest.mark.parametrize("spoil", [spoil_table, lose_configuration, shorten_original])
def test_a_part_that_is_not_what_was_written_is_named(bureau, spoil):
    backup = Path(backed_up(bureau)["backup"])
    spoiled = spoil(backup)
    checked = check_backup(backup)
    assert (checked["is_whole"], [problem["part"] for problem in checked["problems"]]) == (False, [spoiled])


def test_a_manifest_that_was_altered_is_not_believed(bureau):
    backup = Path(backed_up(bureau)["backup"])
    manifest = backup / "manifest.json"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace('"rows": 8', '"rows": 9'), encoding="utf-8")
    with pytest.raises(BackupFailed, match="damaged or was altered"):
        check_backup(backup)


def test_a_folder_that_is_no_backup_is_refused(tmp_path):
    with pytest.raises(ConfigurationInvalid, match=r"has no manifest\.json"):
        check_backup(tmp_path)


def test_an_original_that_has_gone_bad_among_the_backups_is_copied_again(bureau):
    backup = Path(backed_up(bureau)["backup"])
    spoiled = original_path(pool_of(backup.parent), shorten_original(backup))
    spoiled.write_bytes(spoiled.read_bytes()[:-1] + b"!!")  # as long as it was
    assert backed_up(bureau)["is_whole"]
    assert check_backup(backup)["is_whole"]


def test_what_a_killed_backup_left_is_cleared_by_the_next(bureau):
    folder = bureau.home / "backups"
    half = folder / ".20260101T000000Z.part" / "database"
    half.mkdir(parents=True)
    (half / "elder.copy.gz").write_bytes(b"half")
    backed_up(bureau)
    assert list(folder.glob(".*.part")) == []


@contextmanager
def no_file_may_grow_beyond(size):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("share", [0, 0.01, 0.3, 0.9])
def test_on_a_full_disk_nothing_is_left_of_it_and_earlier_backups_stand(bureau, share):
    earlier = Path(backed_up(bureau)["backup"])
    bureau.deliver(INCAPACITY, [incapacity_row(who) for who in people(300)])
    bureau.night()
    largest = (bureau.home / "received").rglob("*")
    size = int(share * max(path.stat().st_size for path in largest if path.is_file()))
    before = everything_in(earlier.parent)
    with no_file_may_grow_beyond(size), pytest.raises(BackupFailed, match="File too large"):
        backed_up(bureau)
    assert {path for path in everything_in(earlier.parent) - before if not path.is_relative_to("originals")} == set()
    assert list(earlier.parent.rglob("*.part")) == []
    assert check_backup(earlier)["is_whole"]
    assert backed_up(bureau)["is_whole"]
