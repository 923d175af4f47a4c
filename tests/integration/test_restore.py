"""A backup comes back equal, into an empty place only, and what it tells afterwards is neither doubled nor older than what was told."""

import shutil
import stat
import subprocess
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from copied_databases import EMPTY, database
from nights import DISABILITY, INCAPACITY, TODAY, Bureau, disability_row, incapacity_row, people, person
from push_bureau import PushBureau, effects, stand_in

from flows.keeping.backup import make_backup
from flows.keeping.backup_store import read_manifest, write_manifest
from flows.keeping.restore import restore
from flows.memory.rebuild import check_registry
from flows.people.at_rest import Decider
from flows.telling.reconcile import reconcile
from registry import migrations
from registry.dump import digest_of
from registry.engine import connect_registry, transaction
from registry.tables import metadata
from schemas.errors import BackupFailed, ConfigurationInvalid, PushFailed
from simulator.province.reckoning import doubled, out_of_order

TWELVE = people(12)


@pytest.fixture(scope="module")
def backed_up(tmp_path_factory, server_engine):
    """A bureau of two nights and its backup."""
    with database(server_engine) as url:
        bureau = Bureau(tmp_path_factory.mktemp("restore") / "home", url)
        bureau.own_configuration()
        bureau.deliver(INCAPACITY, [incapacity_row(who) for who in people(8)])
        bureau.deliver(DISABILITY, [disability_row(who) for who in people(5)])
        bureau.night()
        bureau.deliver(INCAPACITY, [incapacity_row(who, 联系电话="13700000000") for who in people(8)])
        bureau.night(TODAY + timedelta(days=1))
        with bureau.environment():
            yield bureau, Path(make_backup(bureau.home, bureau.config)["backup"])


@pytest.fixture
def empty(tmp_path, server_engine):
    """An installation that is not there yet, with an empty database."""
    with database(server_engine, like=EMPTY) as url:
        yield Bureau(tmp_path / "new", url)


def restored(bureau, backup, *, write=True, **named):
    with bureau.environment():
        return restore(backup, bureau.home, write=write, **named)


def digests(bureau):
    with connect_registry(bureau.home, bureau.url) as engine, transaction(engine) as connection:
        return {name: digest_of(connection, name).sha256 for name in metadata.tables}


def kept(bureau):
    return {path.name: path.read_bytes() for path in (bureau.home / "received").rglob("*") if path.is_file()}


def test_a_restored_registry_has_the_same_digest_and_can_be_proved_from_its_originals(backed_up, empty):
    bureau, backup = backed_up
    found = restored(empty, backup)
    assert (found["is_done"], found["missing"]) == (True, 0)
    assert digests(empty) == digests(bureau)
    assert kept(empty) == kept(bureau) != {}
    with empty.environment():
        assert check_registry(empty.home, Path(found["config"]), None, is_check=True)["is_identical"]


def test_it_comes_back_into_an_embedded_database_and_nights_go_on(backed_up, tmp_path, monkeypatch):
    bureau, backup = backed_up
    home = tmp_path / "new"
    assert as_embedded(backup, home, monkeypatch) == digests(bureau)
    with connect_registry(home) as engine:
        url = engine.url.render_as_string(hide_password=False)
        here = Bureau(home, url, home / "config")
        here.deliver(INCAPACITY, [incapacity_row(who) for who in people(9)])
        assert here.night(TODAY + timedelta(days=2))["elders"]["new"] == 1


def test_the_configuration_comes_with_it_and_everything_is_open_to_its_owner_only(backed_up, empty):
    bureau, backup = backed_up
    restored(empty, backup)
    for path in bureau.config.rglob("*"):
        if path.is_file():
            assert (empty.home / "config" / path.relative_to(bureau.config)).read_bytes() == path.read_bytes()
    modes = {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in (empty.home, *empty.home.rglob("*"))}
    assert modes == {0}


def test_without_being_told_to_it_says_in_numbers_what_it_would_do_and_does_nothing(backed_up, empty):
    _, backup = backed_up
    found = restored(empty, backup, write=False)
    assert (found["is_done"], found["rows"]["elder"], found["rows"]["run"], found["originals"]) == (False, 8, 2, 3)
    assert not empty.home.exists()
    assert sa.inspect(sa.create_engine(empty.url, poolclass=sa.NullPool)).get_table_names() == []


def test_a_home_with_something_in_it_is_left_alone(backed_up, empty):
    _, backup = backed_up
    empty.home.mkdir()
    restored(empty, backup, write=False)
    (empty.home / "notes").touch()
    with pytest.raises(ConfigurationInvalid, match="is not empty"):
        restored(empty, backup)


def as_embedded(backup, home, monkeypatch):
    monkeypatch.delenv("ELDERSYNC_DATABASE_URL", raising=False)
    restore(backup, home, write=True)
    with connect_registry(home) as engine, transaction(engine) as connection:
        return {name: digest_of(connection, name).sha256 for name in metadata.tables}


@contextmanager
def disk(at, size):
    """A disk of its own."""
    at.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", at], check=False)
    if mounted.returncode:
        pytest.skip("this machine lets nobody mount a disk")
    try:
        yield at
    finally:
        subprocess.run(["umount", at], check=True)


def test_a_home_may_be_a_disk_of_its_own_on_which_a_killed_restore_left_something(backed_up, tmp_path, monkeypatch):
    bureau, backup = backed_up
    with disk(tmp_path / "new", "200m") as home:
        (home / ".restoring/received").mkdir(parents=True)
        (home / "lost+found").mkdir()
        assert as_embedded(backup, home, monkeypatch) == digests(bureau)
        assert not (home / ".restoring").exists()


def test_on_a_full_disk_a_restore_leaves_the_home_as_it_was_and_the_next_one_is_well(backed_up, empty):
    _, backup = backed_up
    with (
        disk(empty.home, "64k"),
        pytest.raises(BackupFailed, match=r"cannot be restored to .*: No space left on device"),
    ):
        restored(empty, backup)
    assert list(empty.home.iterdir()) == []
    restored(empty, backup)
    assert len(empty.elders()) == 8


def test_a_database_with_a_registry_is_left_alone(backed_up, tmp_path):
    bureau, backup = backed_up
    before = digests(bureau)
    with pytest.raises(ConfigurationInvalid, match="has a registry already"):
        restored(Bureau(tmp_path / "new", bureau.url), backup)
    assert digests(bureau) == before
    assert not (tmp_path / "new").exists()


@pytest.fixture
def altered(backed_up, tmp_path):
    """A copy of the backup whose manifest says something else, properly signed."""
    _, backup = backed_up

    def alter(**changes):
        copied = tmp_path / "backups" / backup.name
        copied.parent.mkdir(exist_ok=True)
        shutil.copytree(backup.parent, copied.parent, dirs_exist_ok=True)
        write_manifest(read_manifest(copied).model_copy(update=changes), copied)
        return copied

    return alter


def test_a_backup_of_a_newer_program_is_refused(altered, empty):
    with pytest.raises(ConfigurationInvalid, match="of version 9999, this program knows"):
        restored(empty, altered(schema_version="9999"))
    assert not empty.home.exists()


def test_a_backup_with_a_damaged_part_is_refused_before_anything_is_made(altered, empty):
    backup = altered()
    (backup / "database/elder.copy.gz").write_bytes(b"")
    with pytest.raises(BackupFailed, match="1 parts are missing or damaged"):
        restored(empty, backup)
    assert not empty.home.exists()


def test_a_table_that_does_not_come_back_equal_takes_everything_back(altered, backed_up, empty):
    tables = read_manifest(backed_up[1]).tables
    other = [
        part if part.name != "stage" else type(part)(part.name, part.columns, part.rows, part.size, "0" * 64)
        for part in tables
    ]
    with pytest.raises(BackupFailed, match="table stage: what is stored now"):
        restored(empty, altered(tables=other))
    assert not empty.home.exists()
    assert list(empty.home.parent.glob(".*")) == []
    assert sa.inspect(sa.create_engine(empty.url, poolclass=sa.NullPool)).get_table_names() == []


def test_a_backup_made_by_an_older_program_is_brought_up_to_date(tmp_path, server_engine, empty):
    with database(server_engine, like=EMPTY) as url:
        old = Bureau(tmp_path / "old", url)
        with connect_registry(old.home, url) as engine, transaction(engine) as connection:
            migrations.upgrade(connection, "0002")
            connection.execute(
                sa.text("INSERT INTO run VALUES (7, '2026-01-31', now(), now(), 'green', 'r', '{}', '{}', NULL)")
            )
        with old.environment():
            made = make_backup(old.home, old.config)
    assert (made["schema"], made["rows"]["run"], "decision" in made["rows"]) == ("0002", 1, False)
    restored(empty, Path(made["backup"]))
    assert [(row["run_id"], row["kind"]) for row in empty.query("SELECT run_id, kind FROM run")] == [(7, "night")]
    assert empty.query("SELECT version_num FROM alembic_version") == [{"version_num": migrations.HEAD}]


# Afterwards, the platform


def listed(them, **changes):
    return [incapacity_row(who, **changes) for who in them]


class RestoredBureau(PushBureau):
    """A bureau that goes on in a restored home, under the configuration that came with it."""

    def __init__(self, home, url):
        Bureau.__init__(self, home, url, home / "config")


def night_of(bureau, day, here, telephone, **expected):
    """A night whose list has these people, the first three under a telephone number."""
    bureau.deliver(INCAPACITY, [*listed(here[:3], 联系电话=telephone), *listed(here[3:])])
    return bureau.night(day, **expected)


def test_a_backup_three_nights_old_is_reconciled_first_and_nothing_is_doubled_or_older_than_what_was_told(
    tmp_path, fresh_url, empty
):
    bureau, days = PushBureau(tmp_path / "home", fresh_url), [TODAY + timedelta(days=n) for n in range(8)]
    with stand_in(tmp_path) as platform:
        bureau.tells(platform.url)
        bureau.first_night(INCAPACITY, listed(TWELVE), days[0])
        night_of(bureau, days[1], TWELVE, "13700000001", expect="green")
        backup = Path(bureau.ask(make_backup)["backup"])
        for n in (2, 3, 4):  # three change, one leaves, one comes and stays a night
            night_of(bureau, days[n], [*TWELVE[: 13 - n], person(100 + n)], f"1370000000{n}", expect="green")
        before = effects(platform)
        with platform.view() as view:
            told_before = view.effects()

        found = restored(empty, backup, decider=Decider("王芳", "磁盘损坏"))
        assert (found["must_reconcile"], found["told"], found["secrets"]) == (["example"], 12, ["platform_token"])
        old = RestoredBureau(empty.home, empty.url)
        old.tells(platform.url)  # puts the secret in place
        [approval] = old.query("SELECT subject, approver, reason FROM approval WHERE subject = 'restored'")
        assert approval == {"subject": "restored", "approver": "王芳", "reason": "磁盘损坏"}
        for refused in (old.push, lambda: old.night(days[5])):
            with pytest.raises(PushFailed, match="run `eldersync reconcile`"):
                refused()
        assert effects(platform) == before

        assert old.ask(reconcile, reassert=False, by="", reason="", write=False)["was_restored"]
        here = [*TWELVE[:9], person(104), person(105)]
        for n, telephone in ((5, 4), (6, 4), (7, 7)):
            night_of(old, days[n], here, f"1370000000{telephone}")
        with platform.view() as view:
            happened, held = view.effects(), view.state()
    since = happened[len(told_before) :]
    assert (doubled(happened), out_of_order(happened)) == ([], [])
    assert Counter(effect.operation for effect in since) == {"new": 1, "changed": 3}
    assert not {(one.person, one.digest) for one in since} & {(one.person, one.digest) for one in told_before}
    present = {one.fields["证件号码"]: one.fields["联系电话"] for one in held.values() if one.is_present}
    assert set(present) == old.active() == {who.number for who in here}
    assert {present[who.number] for who in here[:3]} == {"13700000007"}


def test_where_only_workbooks_are_handed_in_nothing_is_refused_and_it_is_said_what_to_leave_alone(backed_up, empty):
    _, backup = backed_up
    found = restored(empty, backup)
    assert (found["must_reconcile"], found["has_no_list"]) == ([], "example")
    empty.config = empty.home / "config"
    empty.deliver(INCAPACITY, [incapacity_row(who) for who in people(8)])
    empty.night(TODAY + timedelta(days=2))
