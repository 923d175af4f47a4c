"""Keeping what was delivered: bytes from anywhere become one unchanged file under its own fingerprint.

Where the bytes come from is another module's: ``connectors.folder.inbox`` for folders, a module each for the other channels.
Names may name people: they are handed on to be stored with the registry, and never become names of ours or words of an error.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from schemas.durable import flush_folder

__all__ = ["Arriving", "Fetched", "KeptDelivery", "adopt", "arriving", "is_kept"]


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


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one look at a channel brought.

    ``position`` is where the next look goes on; it is recorded in the same transaction as the deliveries and given back the
    next time. Plain JSON, and nothing in it names a person. ``still_there`` holds the SHA-256 of files that were
    fetched before, lie there unchanged and were not fetched again. ``left_alone`` counts files that may still be arriving.
    ``problem`` says why nothing could be brought, where the night goes on without it.
    """

    deliveries: list[KeptDelivery]
    still_there: list[str] = field(default_factory=list)
    position: dict[str, object] = field(default_factory=dict)
    left_alone: int = 0
    problem: str = ""


class Arriving:
    """Bytes on their way into ``received/``; nothing is there under its fingerprint before ``keep``."""

    def __init__(self, path: Path, descriptor: int, received: Path) -> None:
        self._path = path
        self._file = os.fdopen(descriptor, "wb")
        self._received = received
        self._digest = hashlib.sha256()

    def write(self, chunk: bytes) -> None:
        """Takes the next bytes."""
        self._digest.update(chunk)
        self._file.write(chunk)

    @property
    def size(self) -> int:
        """Bytes taken so far."""
        return self._file.tell()

    def keep(self, *, name: str, modified_at: datetime) -> KeptDelivery:
        """Keeps the bytes as ``received/<first two>/<SHA-256>``; content that is kept already is not written again."""
        size, digest = self.size, self._digest.hexdigest()
        self._file.flush()
        os.fsync(self._file.fileno())
        kept = _placed(self._path, self._received, digest, size)
        return KeptDelivery(digest, size, kept, name, modified_at)

    def close(self) -> None:
        """Ends the arrival; what was not kept is gone."""
        self._file.close()
        self._path.unlink(missing_ok=True)


@contextmanager
def arriving(received: Path) -> Iterator[Arriving]:
    """A place for bytes to arrive in, readable by us alone (0600 in folders of 0700).

    Args:
        received: ``<home>/received``.
    """
    received.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=".arriving-", suffix=".part", dir=received)
    arrival = Arriving(Path(name), descriptor, received)
    try:
        yield arrival
    finally:
        arrival.close()


def adopt(path: Path, received: Path, *, name: str, modified_at: datetime) -> KeptDelivery:
    """Keeps a file of ours that lies whole in ``received/`` under another name, such as a download that took several nights."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = os.fstat(file.fileno()).st_size
        os.fsync(file.fileno())
    kept = _placed(path, received, digest, size)
    path.unlink(missing_ok=True)
    return KeptDelivery(digest, size, kept, name, modified_at)


def _placed(path: Path, received: Path, digest: str, size: int) -> Path:
    """Where flushed bytes are kept: ``received/<first two>/<SHA-256>``; content that is kept already is not written again."""
    kept = received / digest[:2] / digest
    if not (kept.is_file() and kept.stat().st_size == size):
        kept.parent.mkdir(mode=0o700, exist_ok=True)
        path.replace(kept)
        flush_folder(kept.parent)
        flush_folder(received)
    return kept


def is_kept(path: Path, sha256: str) -> bool:
    """Whether a kept copy is there and still has the content it is known by."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False
