"""Where backups lie and what each says of itself.

```text
<folder>/20260130T191500Z/   manifest.json  manifest.sha256  database/TABLE.copy.gz  configuration/…
<folder>/originals/ab/SHA-256   kept originals of all backups here: they never change, so each is copied once
```

A name is the instant in UTC, so names sort by age. Whatever has a name without a dot before it is whole. Making one is
``flows.keeping.backup``'s, looking through it ``flows.keeping.backup_check``'s.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from registry.dump import TablePart
from schemas.configuration import load_operations
from schemas.durable import replace_file
from schemas.errors import AnotherRunIsActive, BackupFailed, ConfigurationInvalid
from schemas.file_locks import try_lock
from schemas.operations import Operations

__all__ = [
    "CONFIGURATION", "DATABASE", "MANIFEST", "FilePart", "Manifest", "assert_own", "assert_there", "backup_folder", "backups_in", "explaining_disk",
    "listed_backups", "newest_backup_at", "one_at_a_time", "original_path", "pool_of", "read_manifest", "sha256_of", "write_manifest",
]  # fmt: skip

MANIFEST, CHECKSUM = "manifest.json", "manifest.sha256"
DATABASE, CONFIGURATION, ORIGINALS = "database", "configuration", "originals"
_NAME = re.compile(r"\d{8}T\d{6}Z(-\d+)?")


class FilePart(BaseModel):
    """One file of a backup: its name there (of an original: its SHA-256), size and digest."""

    model_config = ConfigDict(frozen=True)

    name: str
    size: int
    sha256: str


class Manifest(BaseModel):
    """What a backup holds; ``missing`` and ``damaged`` name originals that could not be copied, ``secrets`` what to put in place."""

    model_config = ConfigDict(frozen=True)

    format: int = 1
    made_at: datetime
    program: str
    installation: str
    schema_version: str
    newest_run: dict[str, Any] | None
    tables: list[TablePart]
    files: list[FilePart]
    originals: list[FilePart]
    missing: list[str] = []
    damaged: list[str] = []
    secrets: list[str] = []

    def rows(self, table: str) -> int:
        """How many rows a table has in it."""
        return sum(part.rows for part in self.tables if part.name == table)

    @property
    def size(self) -> int:
        """Bytes of everything that restoring it needs."""
        return sum(part.size for part in (*self.files, *self.originals))


def backup_folder(home: Path, operations: Operations) -> Path:
    """Where an installation's backups go."""
    return (operations.backup.folder or home / "backups").expanduser().resolve()


def assert_own(home: Path) -> None:
    """What root wrote into another user's home, that user could neither add to nor prune.

    Raises:
        ConfigurationInvalid: the home is another user's.
    """
    if home.is_dir() and home.stat().st_uid != os.geteuid():
        raise ConfigurationInvalid(f"{home} belongs to another user; do this as the user whose home it is")


def assert_there(folder: Path, operations: Operations) -> None:
    """A folder that is configured is never made: where its disk is not mounted, the backup would land on the wrong one.

    Raises:
        BackupFailed: the configured folder is not there.
    """
    if operations.backup.folder is not None and not folder.is_dir():
        raise BackupFailed(f"{folder} is not there: mount its disk, or make it (operations.toml, [backup] folder)")


def pool_of(folder: Path) -> Path:
    """Where a folder's backups have their originals."""
    return folder / ORIGINALS


def original_path(pool: Path, sha256: str) -> Path:
    """A kept original, in a home's ``received/`` as in a backup's pool."""
    return pool / sha256[:2] / sha256


def backups_in(folder: Path) -> list[Path]:
    """The whole backups of a folder, oldest first."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name) and (path / MANIFEST).is_file())


def newest_backup_at(folder: Path) -> datetime | None:
    """When the newest backup of a folder was made, by its name; ``None`` where there is none, or the folder is away."""
    try:
        there = backups_in(folder)
    except OSError:
        return None
    return datetime.strptime(there[-1].name[:16], "%Y%m%dT%H%M%S%z") if there else None


def listed_backups(home: Path, config: Path, folder: Path | None) -> dict[str, Any]:
    """The backups of a folder, oldest first: ``folder``, and of each in ``backups`` its ``name made_at newest_run elders size``."""
    rooms = home.expanduser().resolve()
    there = folder.expanduser().resolve() if folder else backup_folder(rooms, load_operations(config))
    lines = []
    for backup in backups_in(there):
        manifest = read_manifest(backup)
        lines.append(
            {"name": backup.name, "made_at": manifest.made_at.isoformat(timespec="seconds"),
             "newest_run": manifest.newest_run, "elders": manifest.rows("elder"), "size": manifest.size}
        )  # fmt: skip
    return {"folder": str(there), "backups": lines}


def write_manifest(manifest: Manifest, backup: Path) -> None:
    """Writes what a backup holds, with a checksum that ``sha256sum -c`` understands."""
    text = manifest.model_dump_json(indent=1).encode()
    with replace_file(backup / MANIFEST) as path:
        path.write_bytes(text)
    with replace_file(backup / CHECKSUM) as path:
        path.write_text(f"{hashlib.sha256(text).hexdigest()}  {MANIFEST}\n", encoding="ascii")


def read_manifest(backup: Path) -> Manifest:
    """What a backup holds, by its own account.

    Raises:
        ConfigurationInvalid: the folder is no backup.
        BackupFailed: its manifest is not the one that was written.
    """
    if not (backup / MANIFEST).is_file():
        raise ConfigurationInvalid(f"{backup} is no backup: it has no {MANIFEST}")
    manifest = None
    try:
        text = (backup / MANIFEST).read_bytes()
        if (backup / CHECKSUM).read_text(encoding="ascii").split()[:1] == [hashlib.sha256(text).hexdigest()]:
            manifest = Manifest.model_validate_json(text)
    except (OSError, ValueError, ValidationError):
        manifest = None
    if manifest is None:
        raise BackupFailed(f"{backup / MANIFEST}: is damaged or was altered; take another backup")
    return manifest


def sha256_of(path: Path) -> str:
    """The digest of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Holds a folder's lock, which the kernel gives back when its holder dies.

    Raises:
        AnotherRunIsActive: a backup or a pruning is at work there.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not try_lock(lock):
            raise AnotherRunIsActive(f"a backup or a pruning is at work in {folder}")
        yield
    finally:
        os.close(lock)


@contextmanager
def explaining_disk(what: str, folder: Path) -> Iterator[None]:
    """Tells what the disk refused, in our words."""
    problem = None
    try:
        yield
    except OSError as error:
        problem = error.strerror or type(error).__name__
    if problem:
        raise BackupFailed(f"{what} {folder}: {problem}")
