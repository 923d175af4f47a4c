"""``eldersync restore``: a backup brought back into an empty home, proved, and marked as older than the platform.

Everything is made beside the home and moved there when it is whole, as one folder where that can be. With the rows, in one transaction, goes the mark that has
the registry reconciled before anybody is told anything (``flows.telling.push_restored``): there is no instant without it.
"""

import getpass
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from flows.context import Home
from flows.keeping.backup_check import check_backup
from flows.keeping.backup_store import (
    CONFIGURATION,
    DATABASE,
    Manifest,
    assert_own,
    explaining_disk,
    original_path,
    pool_of,
    read_manifest,
)
from flows.people.at_rest import Decider
from flows.telling.reconcile_lists import offers_list
from registry import migrations, outbox, platform_state
from registry.approvals import record_approval
from registry.dump import has_tables, load
from registry.engine import connect_registry, transaction
from registry.tables import platform
from schemas.configuration import load_configuration
from schemas.durable import flush_folder, replace_file
from schemas.errors import BackupFailed, ConfigurationInvalid, EldersyncError
from schemas.platform_profile import profile_in_force

__all__ = ["restore"]

log = logging.getLogger("eldersync")

_UNFINISHED = ".restoring"
_OF_A_NEW_DISK = frozenset({_UNFINISHED, "lost+found"})


class _Told(NamedTuple):
    """The platform that the restored configuration tells; ``has_list``: whether it can be asked whom it holds."""

    profile: str
    has_list: bool


def restore(backup: Path, home: Path, *, write: bool, decider: Decider | None = None) -> dict[str, Any]:
    """Brings a backup back, or says in numbers what that would be.

    Args:
        backup: its folder, beside which its originals lie.
        home: where to; it must not be there, or be empty.
        write: do it.
        decider: who restores it, and why.

    Returns:
        As ``flows.keeping.backup_check.check_backup``, and ``home``, ``is_done``, ``config`` (where the configuration is or will be),
        ``secrets`` to put in place, ``missing`` originals it never had, ``must_reconcile`` (platforms to be asked first), ``told``
        (people these platforms were told of), ``has_no_list`` (a platform that nobody can ask).

    Raises:
        ConfigurationInvalid: the home or database is in use, or a newer program made the backup.
        BackupFailed: a part of the backup is missing or damaged, or the disk is full; the home is as it was.
    """
    backup, home = backup.expanduser().resolve(), home.expanduser().resolve()
    manifest = read_manifest(backup)
    _assert_may_be_restored(backup, manifest, home)
    checked = check_backup(backup)
    if not checked["is_whole"]:
        raise BackupFailed(
            f"{backup}: {len(checked['problems'])} parts are missing or damaged; `eldersync backup check` names them"
        )
    told = _platform_of(backup / CONFIGURATION)
    found = {
        **checked,
        "home": str(home),
        "is_done": write,
        "config": str(home / "config"),
        "secrets": manifest.secrets,
        "missing": len(manifest.missing) + len(manifest.damaged),
        "must_reconcile": [told.profile] if told and told.has_list else [],
        "has_no_list": told.profile if told and not told.has_list else "",
        "told": 0,
    }
    if write:
        who = decider or Decider(getpass.getuser(), f"restored from {backup.name}")
        found |= _restored(backup, manifest, home, told, who)
        log.info("restored %s: %d tables, %d originals", backup.name, len(manifest.tables), len(manifest.originals))
    return found


def _assert_may_be_restored(backup: Path, manifest: Manifest, home: Path) -> None:
    if migrations.is_newer(manifest.schema_version):
        raise ConfigurationInvalid(
            f"{backup}: its tables are of version {manifest.schema_version}, this program knows {migrations.HEAD}: "
            "install the program that made it, or a newer one"
        )
    if home.exists():
        if not home.is_dir() or any(path.name not in _OF_A_NEW_DISK for path in home.iterdir()):
            raise ConfigurationInvalid(f"{home} is not empty; name a new folder with --home")
        assert_own(home)
    if os.environ.get("ELDERSYNC_DATABASE_URL"):  # else it is the home's own, which is not there yet
        with _database_of(home) as connection:
            if has_tables(connection):
                raise ConfigurationInvalid(
                    "ELDERSYNC_DATABASE_URL: that database has a registry already; name an empty one"
                )


def _platform_of(config: Path) -> _Told | None:
    """Whom the restored configuration tells; ``None`` where it is not valid and nobody can know."""
    try:
        bureau = load_configuration(config).bureau
        profile = profile_in_force(config, bureau.platform, datetime.now(UTC).date())
    except EldersyncError as invalid:
        log.warning("the backup's configuration is not valid: %s", invalid)
        return None
    return _Told(profile.name, offers_list(profile, bureau.target))


def _restored(backup: Path, manifest: Manifest, home: Path, told: _Told | None, who: Decider) -> dict[str, Any]:
    with explaining_disk("the backup cannot be restored to", home), _beside(home) as new:
        rooms = Home(new)
        rooms.prepare([])
        (new / "secrets").mkdir(mode=0o700)
        _copy_configuration(backup / CONFIGURATION, new / "config")
        for part in manifest.originals:
            _copy(original_path(pool_of(backup.parent), part.name), original_path(rooms.received, part.name))
        with _database_of(new) as connection:
            load(connection, backup / DATABASE, manifest.schema_version, manifest.tables)
            migrations.upgrade(connection)
            marked = _mark(connection, manifest, told, who)
            people = sum(outbox.told_count(connection, profile) for profile in marked)
    return {"must_reconcile": marked, "told": people}


@contextmanager
def _database_of(home: Path) -> Iterator[sa.Connection]:
    """One transaction on the database of a home."""
    url = os.environ.get("ELDERSYNC_DATABASE_URL") or None
    with connect_registry(home, url) as engine, transaction(engine) as connection:
        yield connection


@contextmanager
def _beside(home: Path) -> Iterator[Path]:
    """A folder that becomes the home when all is well, and is gone when it is not."""
    new = _place_for(home)
    shutil.rmtree(new, ignore_errors=True)  # of a restore that was killed
    new.mkdir(mode=0o700, parents=True)
    try:
        yield new
        if new.parent == home:
            for part in sorted(new.iterdir(), key=lambda part: part.name == "postgres"):  # the registry last
                part.rename(home / part.name)
            new.rmdir()
        else:
            new.rename(home)  # over an empty folder, or where there is none
        flush_folder(home.parent)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise


def _place_for(home: Path) -> Path:
    """Beside the home, so that it is there at once; in it where it is a disk of its own, or nothing may be put beside it."""
    is_alone = home.is_dir() and (home.is_mount() or not os.access(home.parent, os.W_OK))
    return home / _UNFINISHED if is_alone else home.with_name(f".{home.name}.{_UNFINISHED.removeprefix('.')}")


def _copy_configuration(config: Path, to: Path) -> None:
    for path in sorted(path for path in config.rglob("*") if path.is_file()):
        _copy(path, to / path.relative_to(config))


def _copy(path: Path, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with replace_file(target) as beside:
        shutil.copyfile(path, beside)


def _mark(connection: sa.Connection, manifest: Manifest, told: _Told | None, who: Decider) -> list[str]:
    """Has every platform that can be asked be asked first: its keys begin a new epoch; who restored it is remembered."""
    told_without_hands = (
        sa.select(platform.c.profile).where(platform.c.target.is_not(None)).order_by(platform.c.profile)
    )
    profiles = set(connection.execute(told_without_hands).scalars())
    if told is not None:
        profiles = profiles | {told.profile} if told.has_list else profiles - {told.profile}
    for profile in sorted(profiles):
        epoch = platform_state.begin_epoch(connection, profile)
        record_approval(
            connection, subject="restored", digest=f"{profile}/{epoch}", approver=who.by, account=getpass.getuser(),
            run_id=manifest.newest_run["run_id"] if manifest.newest_run else 0, reason=who.reason, at=datetime.now(UTC),
        )  # fmt: skip
    return sorted(profiles)
