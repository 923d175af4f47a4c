"""The bytes of a file to be read, wherever they are: on disk as delivered, or in memory after unpacking or decrypting.

What was unpacked or decrypted is never written to a disk.
"""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

__all__ = ["Raw"]


@dataclass(frozen=True, slots=True, repr=False)
class Raw:
    """A delivered file (``path``), or what came out of one (``content``)."""

    size: int
    path: Path | None = None
    content: bytes | None = None

    @classmethod
    def on_disk(cls, path: Path) -> Self:
        """A file as it was delivered."""
        return cls(path.stat().st_size, path=path)

    @classmethod
    def in_memory(cls, content: bytes) -> Self:
        """Bytes that came out of a delivered file."""
        return cls(len(content), content=content)

    def open(self) -> BinaryIO:
        """The bytes as a file of its own, at its beginning."""
        if self.path is not None:
            return self.path.open("rb")
        return io.BytesIO(self.content or b"")

    def start(self, length: int = 4096) -> bytes:
        """The first bytes."""
        with self.open() as file:
            return file.read(length)

    def bytes(self) -> bytes:
        """All bytes at once."""
        if self.content is not None:
            return self.content
        with self.open() as file:
            return file.read()

    @contextmanager
    def as_path(self) -> Iterator[Path]:
        """A path for readers that want one. What is in memory stays there: its path is one of this process alone."""
        if self.path is not None:
            yield self.path
            return
        descriptor = os.memfd_create("delivery", os.MFD_CLOEXEC)
        try:
            with open(descriptor, "wb", closefd=False) as file:
                file.write(self.content or b"")
            yield Path(f"/proc/self/fd/{descriptor}")
        finally:
            os.close(descriptor)
