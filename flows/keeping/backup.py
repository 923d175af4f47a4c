"""``eldersync backup``: registry, ledger, kept originals and configuration, as they were at one instant.

The database is written whole each time, an original once for all backups of a folder. Secrets stay where they are.
"""

import hashlib
import logging
import os
import shutil
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from flows.context import Home
from flows.keeping.backup_check import check_backup
from flows.keeping.backup_store import (
    CONFIGURATION,
    DATABASE,
    FilePart,
    Manifest,
    assert_own,
    assert_there,
    backup_folder,
    explaining_disk,
    one_at_a_time,
    original_path,
    pool_of,
    sha256_of,
    write_manifest,
)
from flows.keeping.prune import prune
from registry.dump import Dumped, dump
from registry.engine import connect_registry
from schemas.configuration import load_operations
from schemas.durable import flush_folder, replace_file
from schemas.errors import AnotherRunIsActive
from schemas.operations import Operations

__all__ = ["back_up_nightly", "make_backup"]

log = logging.getLogger("eldersync")

_AT_A_TIME = 1 << 20


def make_backup(home: Path, config: Path, to: Path | None = None) -> dict[str, Any]:
    """Makes a backup and looks through it; a night may be at work meanwhile, of which it holds what was committed.

    Args:
        home: of the installation.
        config: its configuration, copied too, even where it is not valid.
        to: folder for it [of ``operations.toml``].

    Returns:
        ``backup`` (its folder), ``made_at schema newest_run rows`` (by table), ``originals copied missing damaged`` in files,
        ``bytes``, ``is_whole``, ``problems``, ``is_same_disk``. ``missing`` originals are gone from the home, ``damaged`` ones
        altered there: the backup is whole without them, and somebody has to look.

    Raises:
        ConfigurationInvalid: there is no registry yet, ``operations.toml`` is not valid, or the home is another user's.
        AnotherRunIsActive: another backup is being made.
        BackupFailed: the disk is full or away, or tables were being rebuilt all the time; nothing is left of it.
    """
    rooms, operations = Home(home.expanduser().resolve()), load_operations(config)
    assert_own(rooms.path)
    if to is not None:
        folder = to.expanduser().resolve()
    else:
        assert_there(folder := backup_folder(rooms.path, operations), operations)
    rooms.prepare([])
    with explaining_disk("a backup cannot be written to", folder), one_at_a_time(folder):
        _clear_leftovers(folder)
        manifest, copied, backup = _written(rooms, config, operations, folder)
        checked = check_backup(backup)
        if not checked["is_whole"] and _mend(checked, rooms.received, pool_of(folder)):
            checked = check_backup(backup)
    log.info(
        "backup: %d tables, %d originals, %d of them copied", len(manifest.tables), len(manifest.originals), copied
    )
    return {
        **checked,
        "copied": copied,
        "missing": len(manifest.missing),
        "damaged": len(manifest.damaged),
        "is_same_disk": folder.stat().st_dev == rooms.path.stat().st_dev,
    }


def back_up_nightly(home: Path, config: Path) -> dict[str, Any]:
    """A backup, and after a good one what the retention lets go.

    Returns:
        As ``make_backup``, and ``is_good`` (whole, and nothing was lacking) and ``pruned`` (as of ``flows.keeping.prune.prune``; empty
        where the backup is not good, or a run is going on: then it is let go the next time).

    Raises:
        ConfigurationInvalid, AnotherRunIsActive, BackupFailed: as of ``make_backup`` and ``flows.keeping.prune.prune``.
    """
    made = make_backup(home, config)
    is_good = made["is_whole"] and not made["missing"] and not made["damaged"]
    return {**made, "is_good": is_good, "pruned": _pruned(home, config) if is_good else {}}


def _pruned(home: Path, config: Path) -> dict[str, Any]:
    try:
        return prune(home, config, write=True)
    except AnotherRunIsActive:
        log.info("backup: a run is going on, so what is old is let go the next time")
        return {}


def _written(rooms: Home, config: Path, operations: Operations, folder: Path) -> tuple[Manifest, int, Path]:
    """Writes a backup beside its place and moves it there when it is whole."""
    began = datetime.now(UTC)
    backup = _free_name(folder, began)
    beside = folder / f".{backup.name}.part"
    for part in (beside, beside / DATABASE, beside / CONFIGURATION):
        part.mkdir(mode=0o700)
    try:
        with connect_registry(rooms.path, os.environ.get("ELDERSYNC_DATABASE_URL") or None) as engine:
            dumped = dump(engine, beside / DATABASE)
        _copy_configuration(config.resolve(), beside / CONFIGURATION)
        kept, copied, lacking = _copy_originals(rooms.received, pool_of(folder), dumped)
        manifest = Manifest(
            made_at=began, program=version("eldersync"), installation=operations.installation, schema_version=dumped.schema,
            newest_run=dumped.newest_run, tables=dumped.tables, files=_files_of(beside), originals=kept,
            secrets=_secret_names(rooms), **lacking,
        )  # fmt: skip
        write_manifest(manifest, beside)
        beside.rename(backup)
        flush_folder(folder)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return manifest, copied, backup


def _free_name(folder: Path, at: datetime) -> Path:
    """The instant; with a number behind it where another backup is of the same second."""
    name = at.strftime("%Y%m%dT%H%M%SZ")
    taken = sum(1 for _ in folder.glob(f"{name}*"))
    return folder / (f"{name}-{taken + 1}" if taken else name)


def _clear_leftovers(folder: Path) -> None:
    """Removes what a killed backup left half written; the folder's lock is held."""
    for half_written in folder.glob(".*.part"):
        shutil.rmtree(half_written, ignore_errors=True)
    for half_written in pool_of(folder).glob("*/.*.part"):
        half_written.unlink()


def _copy_configuration(config: Path, to: Path) -> None:
    for path in sorted(path for path in config.rglob("*") if path.is_file() and not path.name.startswith(".")):
        target = to / path.relative_to(config)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with replace_file(target) as beside:
            shutil.copyfile(path, beside)


def _copy_originals(received: Path, pool: Path, dumped: Dumped) -> tuple[list[FilePart], int, dict[str, list[str]]]:
    """Copies originals that the pool lacks; which are in it now, how many are new, and which could not be had."""
    kept, copied = [], 0
    missing: list[str] = []
    damaged: list[str] = []
    for sha256, size, is_pruned in dumped.originals:
        source, target = original_path(received, sha256), original_path(pool, sha256)
        if not (target.is_file() and target.stat().st_size == size):
            if not source.is_file():
                missing += [] if is_pruned else [sha256]
                continue
            if not _copy_proved(source, target, sha256):
                damaged.append(sha256)
                continue
            copied += 1
        elif is_pruned and not source.is_file():
            continue  # gone from the home on purpose: only older backups still name it
        kept.append(FilePart(name=sha256, size=size, sha256=sha256))
    return kept, copied, {"missing": missing, "damaged": damaged}


class _Altered(Exception):
    """An original is not what it is named by."""


def _copy_proved(source: Path, target: Path, sha256: str) -> bool:
    """Copies an original whose bytes are those it is named by; whether they were."""
    digest = hashlib.sha256()
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(_Altered), replace_file(target) as beside:
        with source.open("rb") as read, beside.open("wb") as written:
            while block := read.read(_AT_A_TIME):
                digest.update(block)
                written.write(block)
        if digest.hexdigest() != sha256:
            raise _Altered  # and what was written beside it goes
        return True
    return False


def _mend(checked: dict[str, Any], received: Path, pool: Path) -> int:
    """Copies again what has gone bad in the pool since an earlier backup copied it; how many originals."""
    bad = [problem["part"] for problem in checked["problems"] if "/" not in problem["part"]]
    at_home = [sha256 for sha256 in bad if original_path(received, sha256).is_file()]
    return sum(_copy_proved(original_path(received, sha256), original_path(pool, sha256), sha256) for sha256 in at_home)


def _files_of(backup: Path) -> list[FilePart]:
    files = sorted(path for path in backup.rglob("*") if path.is_file())
    return [
        FilePart(name=path.relative_to(backup).as_posix(), size=path.stat().st_size, sha256=sha256_of(path))
        for path in files
    ]


def _secret_names(rooms: Home) -> list[str]:
    """Names of the secrets that whoever restores has to put in place again."""
    folder = rooms.path / "secrets"
    return sorted(path.name for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
