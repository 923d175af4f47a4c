"""Debian's PostgreSQL with its contrib extensions, as a bureau has one for Prefect's own data; run by an account that is not root."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import sqlalchemy as sa

__all__ = ["debian_programs", "running_postgresql"]


def debian_programs() -> Path | None:
    """Folder of the newest Debian PostgreSQL's programs, where ``pg_trgm`` comes with it."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    trigrams = [
        path for path in found if Path(f"/usr/share/postgresql/{path.parts[-3]}/extension/pg_trgm.control").exists()
    ]
    return trigrams[-1].parent if trigrams else None


@contextmanager
def running_postgresql(programs: Path) -> Iterator[sa.URL]:
    """A server on loopback for as long as the block lasts; the URL is its superuser's."""
    account = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="prefect-postgresql-", dir="/tmp"))  # that account can go there
    if account is not None:
        shutil.chown(folder, account, account)

    def run(program: str, *arguments: str, check: bool = True) -> None:
        subprocess.run(
            [programs / program, "-D", folder / "data", *arguments], user=account, group=account, cwd=folder, check=check,
            capture_output=True, timeout=120, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        )  # fmt: skip

    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    password = folder / "password"
    password.write_text("test")
    password.chmod(0o644)
    run("initdb", "-U", "admin", "--auth=scram-sha-256", f"--pwfile={password}", "--encoding=UTF8", "--no-sync")
    settings = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    try:
        run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", settings, "start")
        yield sa.URL.create("postgresql+psycopg", "admin", "test", "127.0.0.1", port, "postgres")
    finally:
        run("pg_ctl", "-m", "immediate", "stop", check=False)
        shutil.rmtree(folder, ignore_errors=True)
