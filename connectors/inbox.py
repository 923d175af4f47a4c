"""The folder inbox: which files wait in it, and keeping each of them unchanged under its own fingerprint.

What a file says is not known here (``connectors.reading``), nor is what was received before (``registry``). File names
may name people: they are handed on to be stored with the registry, and never become names of ours or words of an error.
"""

import hashlib
import os
import stat
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from schemas.durable import flush_folder
from schemas.errors import SourceUnavailable

__all__ = ["KeptDelivery", "is_kept", "keep", "list_inbox"]

_UNFINISHED = (".part", ".tmp", ".partial", ".crdownload", ".filepart")
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class KeptDelivery:
    """One delivered file, kept: its content is known by ``sha256``, its name is the sender's and may name a person."""

    sha256: str
    size: int
    kept_path: Path
    original_name: str
    modified_at: datetime

    def __repr__(self) -> str:
        return f"KeptDelivery(sha256={self.sha256!r}, size={self.size})"


def list_inbox(folder: Path, *, settle_seconds: float = 0.0) -> list[Path]:
    """Files that wait in a source's inbox, sorted by name; a folder that is not there is empty.

    Only regular files count: links, pipes and devices are not opened, hidden, temporary and lock files (``~$``) belong to
    programs that still write.

    Args:
        folder: ``<home>/inbox/<source>``.
        settle_seconds: leave out files modified within this time, they may still be arriving.

    Raises:
        SourceUnavailable: the folder cannot be listed.
    """
    try:
        with os.scandir(folder) as entries:
            waiting = [Path(entry.path) for entry in entries if _is_delivery(entry, settle_seconds=settle_seconds)]
    except FileNotFoundError:
        if not folder.is_symlink():
            return []
        reason = "it leads to a place that is not there"
    except OSError as error:
        reason = os.strerror(error.errno or 0)
    else:
        return sorted(waiting)
    raise SourceUnavailable(f"an inbox cannot be listed: {reason}")


def _is_delivery(entry: os.DirEntry[str], *, settle_seconds: float) -> bool:
    if entry.name.startswith((".", "~$")) or entry.name.lower().endswith(_UNFINISHED):
        return False
    if not entry.is_file(follow_symlinks=False):
        return False
    return settle_seconds <= 0 or entry.stat(follow_symlinks=False).st_mtime <= time.time() - settle_seconds


def keep(path: Path, received: Path) -> KeptDelivery:
    """Copy a delivered file to ``received/<first two>/<SHA-256>`` and say what it is; the original stays where it is.

    The copy appears whole or not at all, readable by us alone (0600 in folders of 0700). Content that is kept already is
    not written again.

    Raises:
        SourceUnavailable: the file is no regular file, changes while it is copied, or cannot be copied.
    """
    try:
        received.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as original:
            before = os.fstat(descriptor)
            if not stat.S_ISREG(before.st_mode):
                raise SourceUnavailable("an inbox holds something that is not a regular file")
            kept_path, digest = _keep_content(original, before, received)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
    else:
        return KeptDelivery(
            sha256=digest,
            size=before.st_size,
            kept_path=kept_path,
            original_name=os.fsencode(path.name).decode("utf-8", "replace"),
            modified_at=datetime.fromtimestamp(before.st_mtime, UTC),
        )
    raise SourceUnavailable(f"a delivered file cannot be kept: {reason}")


def is_kept(path: Path, sha256: str) -> bool:
    """Whether a kept copy is there and still has the content it is known by."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False


def _keep_content(original: BinaryIO, before: os.stat_result, received: Path) -> tuple[Path, str]:
    copy_descriptor, name = tempfile.mkstemp(prefix=".arriving-", suffix=".part", dir=received)
    copy = Path(name)
    try:
        with os.fdopen(copy_descriptor, "wb") as target:
            digest = _copy(original, target)
            size = target.tell()
            target.flush()
            os.fsync(target.fileno())
        after = os.fstat(original.fileno())
        if (size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or size != before.st_size:
            raise SourceUnavailable("a delivered file changed while it was copied; it is still arriving")
        kept = received / digest[:2] / digest
        if not (kept.is_file() and kept.stat().st_size == size):
            kept.parent.mkdir(mode=0o700, exist_ok=True)
            copy.replace(kept)
            flush_folder(kept.parent)
            flush_folder(received)
    finally:
        copy.unlink(missing_ok=True)
    return kept, digest


def _copy(original: BinaryIO, target: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := original.read(_CHUNK):
        digest.update(chunk)
        target.write(chunk)
    return digest.hexdigest()
