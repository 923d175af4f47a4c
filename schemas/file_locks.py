"""Locks on files that the kernel gives back when their holder dies."""

import fcntl
from typing import IO, Any

__all__ = ["try_lock"]


def try_lock(file: int | IO[Any], *, shared: bool = False) -> bool:
    """Takes a file's lock, if nobody has it, for as long as the file is open in this process; whether it did.

    Args:
        file: open, or its descriptor.
        shared: beside others that share it, and against who wants it alone.
    """
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
