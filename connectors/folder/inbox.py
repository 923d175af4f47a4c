"""The folder inbox: which files wait in it, and keeping each of them unchanged.

What a file says is not known here (``connectors.reading``), nor is what was received before (``registry``). Files a night is done
with are put away by ``connectors.folder.done``.
"""

import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from connectors.delivered_names import finished_name, is_passed_over, shown_name
from connectors.folder.open_files import is_open_for_writing
from connectors.keeping import Fetched, KeptDelivery, arriving
from schemas.channels import FolderChannel
from schemas.errors import SourceUnavailable

__all__ = ["READ_FLAGS", "FileState", "fetch_folder", "keep", "list_inbox"]

READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""No link is followed, and a pipe in the place of a file does not make us wait."""

_CHUNK = 1 << 20
_LAST_INSTANT = datetime(9999, 12, 31, tzinfo=UTC).timestamp()


class FileState(NamedTuple):
    """What tells one state of a file from another; ``changed_ns`` is the kernel's, no sender can set it."""

    device: int
    inode: int
    size: int
    modified_ns: int
    changed_ns: int
    links: int

    @classmethod
    def of(cls, status: os.stat_result) -> "FileState":
        """The state that ``stat`` tells."""
        return cls(
            status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_nlink
        )


def fetch_folder(
    folder: Path,
    channel: FolderChannel,
    received: Path,
    *,
    position: Mapping[str, object],
    now: Callable[[], float] = time.time,
    wait: Callable[[float], None] = time.sleep,
) -> Fetched:
    """Keeps the files of a source's inbox that have arrived whole.

    A file counts when nobody touched it for ``settle_seconds``. Where its times do not show that, because it is young or a
    clock is wrong, it is looked at again after at most that long. What changed in between, is open for writing, is
    replaced while it is copied, or has a second name elsewhere (a hard link) is left alone and counted, as are unfinished
    names.

    Args:
        folder: ``<home>/inbox/<source>``; one that is not there is empty.
        channel: how long a file must rest.
        received: ``<home>/received``.
        position: as it was; a folder needs none, every file is known by its content.
        now: seconds since 1970.
        wait: lets seconds pass.

    Raises:
        SourceUnavailable: the folder cannot be listed, or a file in it cannot be read or kept.
    """
    first, unfinished = _look_around(folder)
    second = first
    if seconds := _unsettled_seconds(first.values(), channel.settle_seconds, now()):
        wait(seconds)
        second, unfinished = _look_around(folder)
    settled = [path for path in sorted(second) if first.get(path) == second[path] and second[path].links <= 1]
    kept = [_keep_unchanged(path, second[path], received) for path in settled]
    deliveries = [delivery for delivery in kept if delivery is not None]
    return Fetched(deliveries, position=dict(position), left_alone=unfinished + len(second) - len(deliveries))


def list_inbox(folder: Path) -> list[Path]:
    """Files that wait in a source's inbox, sorted by name; a folder that is not there is empty.

    Only regular files count: links, pipes, devices and folders are not opened, hidden, temporary and lock files (``~$``)
    belong to programs that still write.

    Raises:
        SourceUnavailable: the folder cannot be listed.
    """
    return sorted(_look_around(folder)[0])


def _look_around(folder: Path) -> tuple[dict[Path, FileState], int]:
    """Every file that may be a delivery, and how many bear the name of one that is still written."""
    looks: dict[Path, FileState] = {}
    unfinished = 0
    for entry in _entries(folder):
        if is_passed_over(entry.name) or not entry.is_file(follow_symlinks=False):
            continue
        if finished_name(entry.name) is not None:
            unfinished += 1
        elif look := _look(entry):
            looks[Path(entry.path)] = look
    return looks, unfinished


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except FileNotFoundError:
        if not folder.is_symlink():
            return []
        reason = "it leads to a place that is not there"
    except OSError as error:
        reason = os.strerror(error.errno or 0)
    raise SourceUnavailable(f"an inbox cannot be listed: {reason}")


def _look(entry: os.DirEntry[str]) -> FileState | None:
    try:
        return FileState.of(entry.stat(follow_symlinks=False))
    except FileNotFoundError:  # renamed or taken back since it was listed
        return None


def _unsettled_seconds(looks: Iterable[FileState], settle_seconds: float, now: float) -> float:
    """How long to wait until every file has rested; a time in the future says nothing, so all of it."""
    ages = [now - max(look.modified_ns, look.changed_ns) / 1e9 for look in looks]
    return max((settle_seconds - max(age, 0.0) for age in ages if age < settle_seconds), default=0.0)


def keep(path: Path, received: Path) -> KeptDelivery:
    """Copies a delivered file to ``received/<first two>/<SHA-256>`` and says what it is; the original stays where it is.

    The copy appears whole or not at all, readable by us alone (0600 in folders of 0700). Content that is kept already is
    not written again.

    Raises:
        SourceUnavailable: the file is no regular file, changes while it is copied, or cannot be copied.
    """
    with _telling("a delivered file cannot be kept"):
        status = path.stat(follow_symlinks=False)
    if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
        raise SourceUnavailable("an inbox holds something that is not a regular file of its own")
    kept = _keep_unchanged(path, FileState.of(status), received)
    if kept is None:
        raise SourceUnavailable("a delivered file changed while it was copied; it is still arriving")
    return kept


def _keep_unchanged(path: Path, look: FileState, received: Path) -> KeptDelivery | None:
    """Keeps a file if it is, before and after it was copied and under the same name, what was looked at."""
    with _telling("a delivered file cannot be kept"):
        try:
            descriptor = os.open(path, READ_FLAGS)
        except FileNotFoundError:
            return None
        with os.fdopen(descriptor, "rb", buffering=0) as original, arriving(received) as arrival:
            if FileState.of(os.fstat(descriptor)) != look or is_open_for_writing(descriptor):
                return None
            while chunk := original.read(_CHUNK):
                arrival.write(chunk)
            if arrival.size != look.size or FileState.of(os.fstat(descriptor)) != look or _look_at(path) != look:
                return None
            instant = min(max(look.modified_ns / 1e9, 0.0), _LAST_INSTANT)
            return arrival.keep(
                name=shown_name(os.fsencode(path.name)), modified_at=datetime.fromtimestamp(instant, UTC)
            )


def _look_at(path: Path) -> FileState | None:
    try:
        return FileState.of(path.stat(follow_symlinks=False))
    except FileNotFoundError:
        return None


@contextmanager
def _telling(what: str) -> Iterator[None]:
    """Turns what the system says into words that name no file."""
    try:
        yield
    except OSError as error:
        raise SourceUnavailable(f"{what}: {os.strerror(error.errno or 0)}") from None
