"""A real MariaDB for tests: made in a folder of its own, listening on a socket there and a port of the loopback, gone after.

Debian's ``mariadb-server-core`` holds no program that makes a data directory without the client package; the server's own
``--bootstrap`` reads the same SQL that program would feed it.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_SYSTEM_TABLES = [Path("/usr/share/mysql") / f"mysql_system_tables{part}.sql" for part in ("", "_data")]


@dataclass(frozen=True, slots=True)
class Mariadb:
    """A running server; ``root`` may do everything and commits each statement. ``certificate`` vouches for 127.0.0.1."""

    socket: Path
    port: int
    certificate: Path
    process: subprocess.Popen[bytes]
    root: sa.Engine

    def url(self, user: str, password: str = "", database: str = "", **query: str) -> str:
        """An address over the server's socket."""
        return _url(user, password, database, unix_socket=str(self.socket), **query)

    def network_url(self, user: str, password: str, **query: str) -> str:
        """An address over the loopback."""
        url = sa.make_url(_url(user, password, "", **query))
        return url.set(host="127.0.0.1", port=self.port).render_as_string(hide_password=False)


def _url(user: str, password: str, database: str, **query: str) -> str:
    url = sa.URL.create("mysql+pymysql", user, password or None, database=database or None, query=query)
    return url.render_as_string(hide_password=False)


@contextmanager
def running_mariadb() -> Iterator[Mariadb]:
    """A server with nothing in it but its own tables."""
    program = shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        raise FileNotFoundError("mariadbd is missing; run scripts/install_test_services")
    folder = Path(tempfile.mkdtemp(prefix="mariadb-"))  # a short path: sockets allow 107 bytes
    try:
        arguments = [
            program, "--no-defaults", f"--datadir={folder}/data", f"--tmpdir={folder}",
            f"--user={pwd.getpwuid(os.geteuid()).pw_name}", "--skip-log-bin", "--character-set-server=utf8mb4", "--innodb-buffer-pool-size=64M",
            "--innodb-log-file-size=8M", "--innodb-flush-log-at-trx-commit=0",
        ]  # fmt: skip
        _make_data(arguments, folder)
        _make_certificate(folder)
        with _served(arguments, folder) as server:
            yield server
    finally:
        shutil.rmtree(folder)


def _make_data(arguments: list[str], folder: Path) -> None:
    (folder / "data").mkdir()
    tables = "".join(path.read_text(encoding="utf-8") for path in _SYSTEM_TABLES)
    made = subprocess.run(
        [*arguments, "--bootstrap"],
        input=f"create database mysql;\nuse mysql;\n{tables}".encode(),
        capture_output=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr.decode()


def _make_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mariadb of the tests")])
    began = datetime.now(UTC) - timedelta(days=1)
    made = (
        x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number(), began, began + timedelta(days=9)
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(secret)
    (folder / "certificate.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))


@contextmanager
def _served(arguments: list[str], folder: Path) -> Iterator[Mariadb]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    here = folder / "socket"
    log = folder / "log"
    command = [
        *arguments, f"--socket={here}", f"--port={port}", "--bind-address=127.0.0.1", f"--log-error={log}",
        "--skip-name-resolve", f"--ssl-cert={folder}/certificate.pem", f"--ssl-key={folder}/key.pem",
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        root = sa.create_engine(_url("root", "", "", unix_socket=str(here)), isolation_level="AUTOCOMMIT")
        try:
            _wait(here, process, log)
            yield Mariadb(here, port, folder / "certificate.pem", process, root)
        finally:
            root.dispose()
            process.kill()


def _wait(here: Path, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while not here.is_socket():
        assert process.poll() is None, log.read_text(encoding="utf-8")
        assert time.monotonic() < deadline, "MariaDB does not answer"
        time.sleep(0.02)
