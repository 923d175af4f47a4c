"""The secret store: passwords and keys by name, from the environment or from files only their owner can read.

A name such as ``federation_sftp`` is ``$ELDERSYNC_SECRET_FEDERATION_SFTP``, else the file ``<home>/secrets/federation_sftp``.
Secrets are never written into TOML, and no message quotes one.
"""

import os
import stat
from pathlib import Path

import sqlalchemy as sa

from schemas.database_address import DatabaseAddress
from schemas.errors import SecretMissing

__all__ = ["database_url", "read_secret", "secret_file", "secret_state"]

_PREFIX = "ELDERSYNC_SECRET_"


def read_secret(home: Path, name: str) -> str:
    """The secret of a name, without the line end of its file.

    Raises:
        SecretMissing: there is none, it is empty or no text, or others can read its file.
    """
    if secret := os.environ.get(_PREFIX + name.upper()):
        return secret
    path = secret_file(home, name)
    problem = "is empty; write the secret into it"
    try:
        if secret := path.read_text(encoding="utf-8").rstrip("\r\n"):
            return secret
    except UnicodeDecodeError:
        problem = "is not a text in UTF-8"
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    raise SecretMissing(f"{path} {problem}")


def secret_state(home: Path, name: str) -> str:
    """Whether a secret is there and from where, in words that say nothing of it.

    >>> secret_state(Path("/nonexistent"), "robot_url")
    'missing'
    """
    if os.environ.get(_PREFIX + name.upper()):
        return "set (environment)"
    path = home / "secrets" / name
    try:
        found = path.stat()
    except OSError:
        return "missing"
    mode = f"{found.st_mode & 0o777:04o}"
    if found.st_mode & 0o077:
        return f"can be read by others (file, {mode})"
    return f"set (file, {mode})" if found.st_size else "empty"


def secret_file(home: Path, name: str) -> Path:
    """The file of a secret, for keys that libraries read themselves.

    Raises:
        SecretMissing: there is none, or others can read it.
    """
    path = home / "secrets" / name
    try:
        mode = path.stat().st_mode
    except OSError:
        mode = 0
    if not stat.S_ISREG(mode):
        raise SecretMissing(f"there is no secret {name}: set ${_PREFIX}{name.upper()}, or write it into {path}")
    if mode & 0o077:
        raise SecretMissing(f"{path} can be read by others (mode {mode & 0o777:o}): chmod 600 {path}")
    return path


def database_url(home: Path, address: DatabaseAddress) -> str:
    """Where another body's database is, with the password in it.

    Raises:
        SecretMissing: the password, or the whole URL, is not in the store.
    """
    if address.url_secret is not None:
        return read_secret(home, address.url_secret)
    url = sa.make_url(address.url or "")
    if address.password_secret is not None:
        url = url.set(password=read_secret(home, address.password_secret))
    return url.render_as_string(hide_password=False)
