"""One run at a time, connections that come and go, and errors that tell without quoting, on a real PostgreSQL."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa

from registry.bulk import copy_in, copy_out
from registry.engine import connect_registry, transaction
from registry.lock import RunLock, assert_lock_held, run_lock
from schemas.errors import AnotherRunIsActive, ConfigurationInvalid, DatabaseUnavailable, StageFailed

HOLDER = """
import sys
from pathlib import Path
from registry.engine import connect_registry
from registry.lock import run_lock
from schemas.errors import AnotherRunIsActive
with connect_registry(Path("/nonexistent"), sys.argv[1]) as engine:
    try:
        with run_lock(engine, "run 17"):
            print("held", flush=True)
            sys.stdin.readline()
    except AnotherRunIsActive:
        print("taken", flush=True)
"""


@contextmanager
def other_process(url: str) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the run lock until its standard input ends."""
    with subprocess.Popen([sys.executable, "-c", HOLDER, url], stdin=-1, stdout=-1, text=True) as process:
        yield process
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.kill()


def wait_for_lock(engine: sa.Engine, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            with run_lock(engine):
                return
        except AnotherRunIsActive:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def end_session(engine: sa.Engine, backend_pid: int) -> None:
    with transaction(engine) as connection:
        assert connection.scalar(sa.text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": backend_pid})


def test_a_second_run_is_told_who_is_at_work_and_since_when(empty_engine: sa.Engine) -> None:
    with run_lock(empty_engine, "resume 3") as lock:
        lock.announce("run 18")
        expected = (
            rf"^eldersync run 18 pid {os.getpid()} host \S+ is at work since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d UTC$"
        )
        with pytest.raises(AnotherRunIsActive, match=expected), run_lock(empty_engine):
            pass
        assert lock.still_held()
    with run_lock(empty_engine) as lock:
        assert lock.still_held()


def test_of_many_simultaneous_starts_exactly_one_works(empty_engine: sa.Engine, empty_url: str) -> None:
    arguments = [sys.executable, "-c", HOLDER, empty_url]
    started = [subprocess.Popen(arguments, stdin=-1, stdout=-1, text=True) for _ in range(4)]
    said = sorted(process.stdout.readline().strip() for process in started if process.stdout)
    for process in started:
        process.communicate(timeout=20)
    assert said == ["held", "taken", "taken", "taken"]


def test_a_killed_holder_does_not_block_the_next_run(empty_engine: sa.Engine, empty_url: str) -> None:
    with other_process(empty_url) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(AnotherRunIsActive, match=f"run 17 pid {holder.pid} "), run_lock(empty_engine):
            pass
        holder.kill()
        wait_for_lock(empty_engine, seconds=5)


def test_a_sleeping_holder_keeps_the_lock_until_its_session_ends(empty_engine: sa.Engine, empty_url: str) -> None:
    with other_process(empty_url) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        holder.send_signal(signal.SIGSTOP)
        with pytest.raises(AnotherRunIsActive), run_lock(empty_engine):
            pass


def work_as(lock: RunLock, engine: sa.Engine, number: int) -> None:
    with transaction(engine) as connection:
        connection.execute(sa.text("INSERT INTO stage VALUES (:number)"), {"number": number})
        assert_lock_held(connection, lock)


def test_a_run_that_lost_its_lock_cannot_commit(empty_engine: sa.Engine) -> None:
    with transaction(empty_engine) as connection:
        connection.exec_driver_sql("CREATE TABLE stage (run integer)")
    with run_lock(empty_engine) as lost:
        work_as(lost, empty_engine, 1)
        end_session(empty_engine, lost.backend_pid)
        assert not lost.still_held()
        with run_lock(empty_engine) as successor:
            with pytest.raises(StageFailed, match="lost the registry's run lock"):
                work_as(lost, empty_engine, 2)
            work_as(successor, empty_engine, 3)
        with pytest.raises(StageFailed):
            work_as(successor, empty_engine, 4)
    with transaction(empty_engine) as connection:
        assert connection.scalars(sa.text("SELECT run FROM stage")).all() == [1, 3]


def test_the_next_run_waits_for_the_open_transaction_of_one_that_lost_its_lock(empty_engine: sa.Engine) -> None:
    with run_lock(empty_engine) as lost:
        with transaction(empty_engine) as connection:
            assert_lock_held(connection, lost)
            end_session(empty_engine, lost.backend_pid)
            with (
                pytest.raises(AnotherRunIsActive, match="has not ended its transaction"),
                run_lock(empty_engine, patience_seconds=0.2),
            ):
                pass
        with run_lock(empty_engine) as next_run:
            assert next_run.still_held()


def test_a_connection_cut_in_a_transaction_stops_cleanly_and_the_next_one_works(empty_engine: sa.Engine) -> None:
    def work_and_lose_the_connection(go_on: Callable[[sa.Connection], object]) -> None:
        with transaction(empty_engine) as connection:
            connection.exec_driver_sql("CREATE TABLE half_made (number integer)")
            end_session(empty_engine, connection.scalar(sa.text("SELECT pg_backend_pid()")) or 0)
            go_on(connection)

    rows, schema = pa.table({"number": [1]}), pa.schema({"number": pa.int64()})
    for go_on in (
        lambda connection: connection.exec_driver_sql("SELECT 1"),
        lambda connection: copy_in(connection, "half_made", rows),
        lambda connection: copy_out(connection, "SELECT 1", schema),
        sa.Connection.commit,
    ):
        with pytest.raises(DatabaseUnavailable, match=r"SQLSTATE 57P01|connection was lost") as lost:
            work_and_lose_the_connection(go_on)
        assert lost.value.__suppress_context__
        with transaction(empty_engine) as connection:
            assert connection.scalar(sa.text("SELECT to_regclass('half_made')")) is None


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql://canary:secret@127.0.0.1:1/canary", "nothing listens at that address"),
        ("postgresql://canary:secret@/canary?host=/nonexistent", "nothing listens at that address"),
    ],
    ids=["port", "socket"],
)
def test_an_absent_server_is_told_in_our_words(url: str, reason: str) -> None:
    with connect_registry(Path("/nonexistent"), url) as engine:
        with pytest.raises(DatabaseUnavailable, match=reason) as absent, transaction(engine):
            pass
        assert "canary" not in str(absent.value)
        with pytest.raises(DatabaseUnavailable, match=reason), run_lock(engine):
            pass


def test_an_absent_database_is_told_in_our_words(registry_url: str) -> None:
    url = sa.make_url(registry_url).set(database="absent").render_as_string(hide_password=False)
    with (
        connect_registry(Path("/nonexistent"), url) as engine,
        pytest.raises(DatabaseUnavailable, match="the database or the user does not exist"),
        transaction(engine),
    ):
        pass


@pytest.mark.parametrize("url", ["sqlite:///x", "secret", "postgresql+psycopg2://u:secret@h/d"])
def test_a_url_that_is_not_of_postgresql_is_refused_without_quoting_it(url: str) -> None:
    with pytest.raises(ConfigurationInvalid) as refused, connect_registry(Path("/nonexistent"), url):
        pass
    assert "secret" not in str(refused.value)


def test_a_bare_url_gets_our_driver(empty_url: str) -> None:
    with (
        connect_registry(Path("/nonexistent"), empty_url.replace("+psycopg", "")) as engine,
        transaction(engine) as connection,
    ):
        assert engine.driver == "psycopg"
        assert connection.scalar(sa.text("SHOW timezone")) == "UTC"


def test_a_database_that_may_forget_commits_is_refused(
    empty_engine: sa.Engine, server_engine: sa.Engine, empty_url: str
) -> None:
    with server_engine.connect() as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {empty_engine.url.database} SET synchronous_commit = off")
    with (
        connect_registry(Path("/nonexistent"), empty_url) as engine,
        pytest.raises(ConfigurationInvalid, match="synchronous_commit is off"),
        transaction(engine),
    ):
        pass


def test_the_embedded_server_is_used_where_no_other_is_configured(tmp_path: Path) -> None:
    with connect_registry(tmp_path / "home") as engine, transaction(engine) as connection:
        assert connection.scalar(sa.text("SHOW cluster_name")) == "eldersync"
    assert not (tmp_path / "home" / "postgres" / "postmaster.pid").exists()


def test_a_refused_statement_never_shows_its_values(empty_engine: sa.Engine) -> None:
    with pytest.raises(StageFailed, match="SQLSTATE 22P02") as refused, transaction(empty_engine) as connection:
        connection.execute(sa.text("SELECT CAST(CAST(:cell AS text) AS integer)"), {"cell": "canary"})
    assert "canary" not in f"{refused.value!r}"
