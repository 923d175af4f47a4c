"""Saying that a file is not taken, and turning whatever a damaged one makes a library raise into that."""

import errno
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connectors.reading.contents import DeliveryRefusedError, FileFinding
from schemas.findings import Finding

__all__ = ["damage_is", "hostile", "is_out_of_memory", "refused", "unreadable"]

_AT_ONCE = 32 << 20  # a thread's stack, an allocator's piece: who lacks less than this for its limit has come to it


def refused(code: Finding, seen: str = "", *, sheet: str = "", row_number: int | None = None) -> DeliveryRefusedError:
    """The refusal of a file; ``seen`` is a format, a count or a place, never a cell."""
    return DeliveryRefusedError(FileFinding(code, sheet, row_number, seen=seen))


def hostile(seen: str, *, sheet: str = "") -> DeliveryRefusedError:
    """The refusal of a file that would harm its reader, or holds what no list needs."""
    return refused(Finding.FILE_HOSTILE, seen, sheet=sheet)


def unreadable(seen: str) -> DeliveryRefusedError:
    """The refusal of a file that is damaged or of a format that is not read."""
    return refused(Finding.FILE_UNREADABLE, seen)


@contextmanager
def damage_is(seen: str) -> Iterator[None]:
    """Make a refusal of any error that a library raises over a damaged file; there are dozens of kinds, some undocumented.

    What is no fault of the file passes: a machine without memory, and errors of the operating system.
    """
    damaged = False
    try:
        yield
    except (DeliveryRefusedError, MemoryError):
        raise
    except OSError as error:
        if error.errno not in {None, errno.EINVAL}:  # EINVAL: the file sends its reader before its beginning
            raise
        damaged = True
    except Exception:
        damaged = True
    if damaged and is_out_of_memory():
        raise MemoryError
    if damaged:  # raised here, so that the library's words, which may quote a cell, do not come along
        raise unreadable(seen)


def is_out_of_memory() -> bool:
    """Whether this process has come to its limit; libraries that have say so in many ways, or call the file damaged."""
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return False
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    [peak] = [int(line.split()[1]) << 10 for line in lines if line.startswith("VmPeak:")]
    return peak > limit - _AT_ONCE
