"""Putting away files of an inbox that a night is done with, below the inbox, so that what waits is what is left there."""

import hashlib
import os
import stat
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import count
from pathlib import Path

from connectors.folder.inbox import READ_FLAGS, FileState, list_inbox
from schemas.errors import SourceUnavailable

__all__ = ["let_go_taken", "move_done", "refused_files"]

_TAKEN, _REFUSED = "已处理", "处理失败"
_MOST_BYTES = 255  # of a name (NAME_MAX)


def move_done(folder: Path, *, taken: Collection[str], refused: Collection[str]) -> int:
    """Moves files that a night is done with below the inbox: those it took to 已处理, those it refused to 处理失败.

    A file is known by its content: one that is not, or no longer, what was kept stays where it is. One that was refused before
    and is taken now leaves 处理失败. Nothing is overwritten, a file of the same name gets a number. Doing it again, or after it was cut short, moves what is left.

    Args:
        folder: ``<home>/inbox/<source>``.
        taken: SHA-256 of files that were taken.
        refused: SHA-256 of files that were refused.

    Returns:
        How many files were moved.

    Raises:
        SourceUnavailable: the folder cannot be listed, or files cannot be moved; the others have been.
    """
    places = {**dict.fromkeys(refused, _REFUSED), **dict.fromkeys(taken, _TAKEN)}
    moved, reasons = 0, []
    waiting = [*list_inbox(folder), *list_inbox(folder / _REFUSED)] if places else []
    for path in waiting:
        try:
            moved += _put_away(path, folder, places)
        except FileNotFoundError:  # somebody else took it
            continue
        except OSError as error:
            reasons.append(os.strerror(error.errno or 0))
    if reasons:
        raise SourceUnavailable(f"{len(reasons)} files cannot be moved out of an inbox: {reasons[0]}")
    return moved


def refused_files(folder: Path) -> list[str]:
    """SHA-256 of the files in 处理失败 below an inbox: until they are taken out of it, they are waited for.

    Raises:
        SourceUnavailable: the folder cannot be listed, or a file in it cannot be read.
    """
    found = []
    for path in list_inbox(folder / _REFUSED):
        try:
            found.append(_content(path))
        except FileNotFoundError:  # somebody took it out
            continue
        except OSError as error:
            reason = os.strerror(error.errno or 0)
        else:
            continue
        raise SourceUnavailable(f"a refused file cannot be read: {reason}")
    return found


def let_go_taken(folder: Path, *, before: datetime, known: Collection[str], write: bool) -> list[int]:
    """Deletes files that were moved to 已处理 before an instant, or says which it would; what somebody else put there stays.

    Args:
        folder: ``<home>/inbox/<source>``.
        before: files moved, or changed, later stay; with a time zone.
        known: SHA-256 of deliveries the ledger knows; other files stay.
        write: delete them.

    Returns:
        Their sizes in bytes.

    Raises:
        SourceUnavailable: the folder cannot be listed, or a file cannot be read or deleted; those before it have been.
    """
    sizes = []
    try:
        with _opened(folder) as inbox, _opened(_TAKEN, os.O_NOFOLLOW, within=inbox) as taken:
            for name, size in _files_before(taken, before):
                if _content(name, within=taken) in known:
                    if write:
                        os.unlink(name, dir_fd=taken)
                    sizes.append(size)
    except FileNotFoundError:  # nothing was ever moved there, or somebody tidies at the same time
        return sizes
    except OSError as error:
        reason = os.strerror(error.errno or 0)
    else:
        return sizes
    raise SourceUnavailable(f"files of an inbox cannot be let go: {reason}")


def _files_before(folder: int, before: datetime) -> Iterator[tuple[str, int]]:
    """Name and size of the regular files that have lain in a folder since before an instant."""
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries)
    for name in names:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if stat.S_ISREG(status.st_mode) and status.st_ctime < before.timestamp():
            yield name, status.st_size


def _content(path: Path | str, within: int | None = None) -> str:
    """SHA-256 of a file."""
    with os.fdopen(os.open(path, READ_FLAGS, dir_fd=within), "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _put_away(path: Path, folder: Path, places: Mapping[str, str]) -> bool:
    with os.fdopen(os.open(path, READ_FLAGS), "rb") as original:
        look = FileState.of(os.fstat(original.fileno()))
        place = places.get(hashlib.file_digest(original, "sha256").hexdigest())
        if place in {None, path.parent.name} or FileState.of(os.fstat(original.fileno())) != look:
            return False
    with _opened(path.parent) as origin, _opened(folder) as inbox, _below(inbox, str(place)) as target:
        name = _moved(path.name, origin, target)
        status = os.stat(name, dir_fd=target, follow_symlinks=False)
        if (status.st_dev, status.st_ino, status.st_size) != (look.device, look.inode, look.size):
            _moved(name, target, origin)  # it was replaced in this very moment: what came is put back
            return False
        os.fsync(target)
        os.fsync(origin)
    return True


@contextmanager
def _below(inbox: int, name: str) -> Iterator[int]:
    """A folder in the inbox, made if it is not there; never where a link in its place leads to."""
    with suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=inbox)
    with _opened(name, os.O_NOFOLLOW, within=inbox) as folder:
        yield folder


@contextmanager
def _opened(folder: Path | str, flags: int = 0, within: int | None = None) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | flags, dir_fd=within)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _moved(name: str, from_folder: int, to_folder: int) -> str:
    """Moves a file between folders, over an empty file of ours that holds its new name; returns that name."""
    reserved = _reserved(name, to_folder)
    try:
        os.replace(name, reserved, src_dir_fd=from_folder, dst_dir_fd=to_folder)
    except OSError:
        os.unlink(reserved, dir_fd=to_folder)
        raise
    return reserved


def _reserved(name: str, folder: int) -> str:
    stem, ending = Path(name).stem, Path(name).suffix
    for number in count(1):
        addition = ending if number == 1 else f"({number}){ending}"
        candidate = _shortened(stem, _MOST_BYTES - len(os.fsencode(addition))) + addition
        with suppress(FileExistsError):
            os.close(os.open(candidate, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600, dir_fd=folder))
            break
    return candidate


def _shortened(stem: str, most_bytes: int) -> str:
    while len(os.fsencode(stem)) > most_bytes:
        stem = stem[:-1]
    return stem
