"""Which databases can be read, what their URLs may say, and what is said where a driver is missing."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.database.deadline import Deadline
from connectors.database.privileges import WRITE_PRIVILEGES
from connectors.database.servers import SERVERS, open_engine
from connectors.database.view import fetch_view
from schemas.channels import DatabaseChannel
from schemas.errors import SourceRefusesUs, SourceUnavailable


def opened(url: str) -> str:
    with Deadline(5, "other_body") as deadline:
        server, engine = open_engine(url, "other_body", deadline)
        engine.dispose()
    return f"{server.label}: {engine.url.drivername}"


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("postgresql://reader@h/db?sslmode=verify-full&sslrootcert=/ca.pem", "PostgreSQL: postgresql+psycopg"),
        ("mysql://reader@h/db", "MySQL or MariaDB: mysql+pymysql"),
        ("mariadb+mysqldb://reader@h/db", "MySQL or MariaDB: mysql+pymysql"),
    ],
)
def test_a_database_is_read_with_our_driver_whatever_the_url_names(url: str, found: str) -> None:
    assert opened(url) == found


@pytest.mark.parametrize(
    ("url", "said"),
    [
        pytest.param("oracle://reader:secret@h:1521/?service_name=x", "no driver for Oracle is installed here; install oracledb", id="oracle"),
        pytest.param("dm://reader:secret@h:5236", "no driver for Dameng 达梦 is installed here; install dmPython and dmSQLAlchemy", id="dameng"),
        pytest.param("mssql+pymssql://reader:secret@h/db", "is known of postgresql, mysql, mariadb, oracle, dm; not of this database", id="unknown"),
        pytest.param("sqlite:////etc/passwd", "not of this database", id="file"),
        pytest.param("reader:secret@h", "URL cannot be read", id="no-url"),
        pytest.param("mysql://reader:secret@h:port/db", "URL cannot be read", id="no-port"),
        pytest.param("mysql://reader:secret@h/db?local_infile=1", "sets local_infile, which is neither", id="local-files"),
        pytest.param("mysql://reader:secret@h/db?init_command=x", "sets init_command", id="statements"),
        pytest.param("postgresql://reader:secret@h/db?options=-c%20x", "sets options", id="options"),
        pytest.param("postgresql://h/db?password=secret", "sets password", id="password"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_before_anything_is_connected(url: str, said: str) -> None:
    with pytest.raises(SourceRefusesUs) as caught:
        opened(url)
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_every_database_says_how_it_is_only_read_and_in_one_state() -> None:
    for server in SERVERS.values():
        assert server.snapshot
        assert any("READ" in statement.upper() for statement in (*server.session, *server.snapshot))
        for statement in server.session:
            assert "{" not in statement.format(seconds=5)


def test_privileges_can_be_asked_of_all_but_dameng() -> None:
    assert set(SERVERS) - set(WRITE_PRIVILEGES) == {"dm"}


def test_time_that_is_over_is_said() -> None:
    with Deadline(0, "other_body") as deadline, pytest.raises(SourceUnavailable, match="deadline_seconds = 0"):
        deadline.check()


def test_a_missing_driver_leaves_nothing_behind(tmp_path: Path) -> None:
    channel = DatabaseChannel(kind="database", url_secret="other_body", view="share.v_elders", key_columns=("id",))
    now = datetime(2026, 1, 31, 18, tzinfo=UTC)
    with pytest.raises(SourceRefusesUs, match="install oracledb"):
        fetch_view(channel, tmp_path / "received", url="oracle://r@h", name="other_body", position={}, now=now)
    assert list(tmp_path.iterdir()) == []
