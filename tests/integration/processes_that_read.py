"""Finding the processes that read files: readers are forked from one process, which is a child of whoever has files read."""

import os
from pathlib import Path

__all__ = ["children", "forking"]


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def forking(of: int | None = None) -> int:
    """The process that readers of a process, by default of this one, are forked from."""
    [found] = [
        pid for pid in children(of or os.getpid())
        if b"connectors.reading.forking" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]  # fmt: skip
    return found
