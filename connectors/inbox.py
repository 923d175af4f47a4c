"""The folder inbox: which files wait in it, and keeping each of them unchanged.

What a file says is not known here (``connectors.reading``), nor is what was received before (``registry``).
"""

import os
import stat
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from connectors.keeping import Arriving, KeptDelivery, arriving
from schemas.errors import SourceUnavailable

__all__ = ["keep", "list_inbox"]

_UNFINISHED = (".part", ".tmp", ".partial", ".crdownload", ".filepart")
_CHUNK = 1 << 20


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
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as original:
            before = os.fstat(descriptor)
            if not stat.S_ISREG(before.st_mode):
                raise SourceUnavailable("an inbox holds something that is not a regular file")
            with arriving(received) as arrival:
                _copy(original, before, arrival)
                return arrival.keep(
                    name=os.fsencode(path.name).decode("utf-8", "replace"),
                    modified_at=datetime.fromtimestamp(before.st_mtime, UTC),
                )
    except OSError as error:
        reason = os.strerror(error.errno or 0)
    raise SourceUnavailable(f"a delivered file cannot be kept: {reason}")


def _copy(original: BinaryIO, before: os.stat_result, arrival: Arriving) -> None:
    while chunk := original.read(_CHUNK):
        arrival.write(chunk)
    after = os.fstat(original.fileno())
    if (arrival.size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or arrival.size != before.st_size:
        raise SourceUnavailable("a delivered file changed while it was copied; it is still arriving")
