"""Files that are either the old one or the new one, whole, whatever happens in between.

How bytes reach the disk belongs here; what they say belongs to whoever writes them.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["flush_folder", "replace_file"]


@contextmanager
def replace_file(path: Path) -> Iterator[Path]:
    """Lend a temporary path (mode 0600) beside `path`; what was written there becomes `path` when the block ends well.

    Leaving the block flushes the file, renames it over `path` and flushes the folder, in this order (POSIX ``rename``
    is atomic inside one file system, hence the same folder). An exception removes the temporary file and leaves
    `path` as it was. A process killed in between leaves ``.<name>.<random>.part``, which may be deleted.

    Raises:
        OSError: The folder is missing, full or not writable.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", suffix=".part", dir=path.parent)
    os.close(descriptor)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o600)  # a writer may have put a new file of its own there
        _flush(temporary, os.O_RDONLY)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """Makes sure that names put into or taken out of a folder stay so after a loss of power."""
    _flush(folder, os.O_RDONLY | os.O_DIRECTORY)


def _flush(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
