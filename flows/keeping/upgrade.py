"""``eldersync upgrade``: the registry's tables brought to this program's version, one version after another.

Each version is one transaction: a killed upgrade leaves the tables as they were before or after it, and the next goes on.
"""

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from flows.context import Home
from flows.keeping.backup import make_backup
from registry import migrations
from registry.engine import connect_registry, transaction
from registry.lock import assert_lock_held, run_lock
from schemas.errors import BackupFailed, ConfigurationInvalid

__all__ = ["upgrade_registry", "upgrade_tables"]

log = logging.getLogger("eldersync")

Say = Callable[[str], None]


def upgrade_registry(home: Path, config: Path, *, back_up: bool, say: Say) -> dict[str, Any]:
    """Backs the registry up and migrates it; does nothing where it is of this version already.

    Args:
        home: of the installation.
        config: its configuration.
        back_up: make a backup before.
        say: is told a line at each step.

    Returns:
        ``before after`` (versions; nothing where there were no tables), ``migrated`` (versions), ``backup`` (its folder, if any).

    Raises:
        ConfigurationInvalid: a newer program has made the tables.
        AnotherRunIsActive: a run is going on.
        BackupFailed: the backup could not be made, or is not whole; nothing is migrated then.
    """
    rooms = Home(home.expanduser().resolve())
    rooms.prepare([])
    with connect_registry(rooms.path, os.environ.get("ELDERSYNC_DATABASE_URL") or None) as engine:
        with transaction(engine) as connection:
            before = migrations.version_of(connection)
        if migrations.is_newer(before):
            raise ConfigurationInvalid(
                f"the registry's tables are of version {before}, which is newer than this program ({migrations.HEAD}): "
                "start the program that was installed last"
            )
        made = None
        if back_up and before is not None and migrations.pending(before):
            say("升级前先备份 …")
            made = _backed_up(rooms.path, config)
            say(f"已备份：{made}")
        migrated = upgrade_tables(engine, say)
    return {"before": before, "after": migrations.HEAD, "migrated": migrated, "backup": made}


def _backed_up(home: Path, config: Path) -> str:
    made = make_backup(home, config)
    if not made["is_whole"]:
        raise BackupFailed(f"{made['backup']} is not whole, so nothing was migrated; `eldersync backup check` says why")
    return str(made["backup"])


def upgrade_tables(engine: sa.Engine, say: Say) -> list[str]:
    """Migrates under the run lock, a transaction each version; the versions that were reached."""
    migrated: list[str] = []
    with run_lock(engine, "upgrade") as lock:
        with transaction(engine) as connection:
            waiting = migrations.pending(migrations.version_of(connection))
        for number, version in enumerate(waiting, start=1):
            began = time.monotonic()
            with transaction(engine) as connection:
                assert_lock_held(connection, lock)
                migrations.upgrade(connection, version)
            migrated.append(version)
            say(f"数据库结构 {number}/{len(waiting)}：已升级到 {version}，用时 {time.monotonic() - began:.1f} 秒")
            log.info("upgrade: tables are of version %s now", version)
    return migrated
