"""Who may write the configuration and read the secrets: files that others can change or read stop the start, with the remedy.

A changed address would send people's data elsewhere, so the configuration is nobody's to write but its owner's. It holds no secrets and
may be read. What the home holds otherwise is closed by the program itself (``flows.context.Home``).
"""

import os
from collections.abc import Iterator
from pathlib import Path

from schemas.configuration_faults import Fault

__all__ = ["permission_faults"]

_EVERYBODY, _GROUP, _OTHERS = 0o002, 0o020, 0o077


def permission_faults(home: Path, config: Path, *, is_production: bool) -> Iterator[Fault]:
    """Every file and folder that is open to others.

    Args:
        home: of the installation; its ``secrets`` are looked at.
        config: the configuration folder.
        is_production: then a group may not write the configuration either.
    """
    forbidden = _EVERYBODY | (_GROUP if is_production else 0)
    for path in [config, *_below(config)]:
        if open_to := _mode(path) & forbidden:
            whom = "everybody" if open_to & _EVERYBODY else "its group"
            yield Fault(path, f"can be written by {whom} (mode {_mode(path):o}): chmod go-w {path}")
    yield from _open_secrets(home / "secrets")


def _open_secrets(folder: Path) -> Iterator[Fault]:
    if _mode(folder) & (_EVERYBODY | _GROUP):
        yield Fault(folder, f"can be written by others (mode {_mode(folder):o}): chmod 700 {folder}")
    for path in _below(folder):
        if _mode(path) & _OTHERS:
            mode = 700 if path.is_dir() else 600
            yield Fault(path, f"can be read or written by others (mode {_mode(path):o}): chmod {mode} {path}")


def _below(folder: Path) -> list[Path]:
    return sorted(Path(place) / name for place, folders, files in os.walk(folder) for name in [*folders, *files])


def _mode(path: Path) -> int:
    """The permissions of a file; none of one that is not there, or in a folder closed to us: who needs it says so."""
    try:
        return path.stat().st_mode & 0o777
    except OSError:
        return 0
