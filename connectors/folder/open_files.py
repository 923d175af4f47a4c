"""Whether another process holds a file open for writing, where the kernel can tell: an upload that stalls looks like one that is done."""

import ctypes
import fcntl
import signal

__all__ = ["is_open_for_writing"]

_LOCAL = {
    0xEF53: "ext4",
    0x58465342: "xfs",
    0x9123683E: "btrfs",
    0xF2F52010: "f2fs",
    0x01021994: "tmpfs",
    0x794C7630: "overlay",
}
"""File systems whose leases the kernel grants itself (statfs(2)); on a share the server is asked, and says no for its own reasons."""


def is_open_for_writing(descriptor: int) -> bool:
    """Whether anybody has a file open for writing; False where it cannot be told.

    The kernel grants a read lease only on a file that nobody writes, and only to the file's owner (fcntl(2)).

    Args:
        descriptor: the file, open for reading only.
    """
    if _file_system(descriptor) not in _LOCAL:
        return False
    try:
        # Whoever opens it for writing in this moment is announced to us; by a signal that is ignored, not by one that kills.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False


def _file_system(descriptor: int) -> int:
    """The first word of ``struct statfs``, which Python's ``statvfs`` leaves out."""
    words = (ctypes.c_long * 32)()
    ctypes.CDLL(None).fstatfs(descriptor, words)
    return words[0]
