"""The embedded PostgreSQL with real processes: shared, killed, deep in the file system, closed to others."""

import contextlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from registry.embedded import running_server
from schemas.errors import ConfigurationInvalid

USER = """
import sys
from pathlib import Path
from registry.embedded import running_server
with running_server(Path(sys.argv[1])) as url:
    print(url, flush=True)
    sys.stdin.readline()
"""
CLEARED = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/nonexistent"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    made = tmp_path / "home"
    made.mkdir(mode=0o700)
    return made


@pytest.fixture(scope="session")
def used_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose cluster exists already, to be copied where a test needs one at rest."""
    home = tmp_path_factory.mktemp("used") / "home"
    with running_server(home) as url:
        ask(url, "CREATE TABLE survivor AS SELECT 1 AS number")
    return home


def ask(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        cursor = connection.execute(statement)  # type: ignore[call-overload]
        return cursor.fetchall() if cursor.description else []


@contextmanager
def other_user(home: Path, **options: object) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Another process that uses the home's server until its standard input ends."""
    arguments = [sys.executable, "-c", USER, str(home)]
    process = subprocess.Popen(arguments, stdin=-1, stdout=-1, text=True, env=CLEARED, **options)  # type: ignore[call-overload]
    with process:
        yield process, process.stdout.readline().strip()
        if process.poll() is None:
            process.stdin.close()


def postmaster(home: Path) -> int:
    return int((home / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def is_running(home: Path) -> bool:
    return (home / "postgres" / "postmaster.pid").exists()


def wait_for_end(pid: int) -> None:
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}/exe").exists() and time.monotonic() < deadline:
        time.sleep(0.01)


def test_a_server_starts_in_a_new_home_and_keeps_what_was_committed(home: Path) -> None:
    with running_server(home) as url:
        ask(url, "CREATE TABLE kept AS SELECT 7 AS number")
    assert not is_running(home)
    with running_server(home) as url:
        assert ask(url, "SELECT number FROM kept") == [(7,)]


def test_starting_and_stopping_an_existing_cluster_takes_a_moment(used_home: Path) -> None:
    starts, stops = [], []
    for _ in range(3):
        began = time.monotonic()
        with running_server(used_home):
            started = time.monotonic()
        starts.append(started - began)
        stops.append(time.monotonic() - started)
    assert min(starts) < 0.7
    assert min(stops) < 0.3


def test_commits_are_durable_errors_are_not_logged_and_nothing_listens_on_the_network(used_home: Path) -> None:
    expected = {
        "fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "listen_addresses": "", "TimeZone": "UTC",
        "log_error_verbosity": "terse", "log_min_error_statement": "panic", "log_parameter_max_length_on_error": "0",
        "server_encoding": "UTF8", "data_checksums": "on",
    }  # fmt: skip
    with running_server(used_home) as url:
        assert {name: ask(url, f"SHOW {name}")[0][0] for name in expected} == expected
        with pytest.raises(psycopg.errors.InvalidTextRepresentation):
            ask(url, "SELECT '张三丰canary'::integer")
    assert "canary" not in (used_home / "logs" / "postgres.log").read_text()


def test_the_home_stays_closed_to_others(home: Path) -> None:
    with running_server(home):
        folders = [home, home / "postgres", home / "logs"]
        files = [home / "postgres.lock", home / "postgres.users", home / "logs" / "postgres.log"]
        assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
        inside = [path for path in (home / "postgres").rglob("*") if not path.is_socket()]
        assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in inside} == {0}


@pytest.mark.parametrize("name", ["深" * 40, "县,区 '引号' %20"], ids=["deep", "odd"])
def test_a_home_may_lie_deep_and_have_any_name(used_home: Path, tmp_path: Path, name: str) -> None:
    home = tmp_path / name
    shutil.copytree(used_home, home, copy_function=copy_with_owner)
    give_owner(used_home, home)
    with running_server(home) as url:
        assert ask(url, "SELECT number FROM survivor") == [(1,)]
        with other_user(home) as (_, other_url):
            assert ask(other_url, "SELECT number FROM survivor") == [(1,)]
        socket_link = Path(url.split("host=")[1].replace("%2F", "/"))
        assert stat.S_IMODE(socket_link.parent.stat().st_mode) == 0o700
    assert not socket_link.parent.exists()


def copy_with_owner(source: str, target: str) -> str:
    shutil.copy2(source, target)
    os.chown(target, os.stat(source).st_uid, os.stat(source).st_gid)  # noqa: PTH116
    return target


def give_owner(source: Path, target: Path) -> None:
    for folder in (path for path in (source, *source.rglob("*")) if path.is_dir()):
        os.chown(target / folder.relative_to(source), folder.stat().st_uid, folder.stat().st_gid)


def test_two_processes_share_one_server_and_the_last_one_stops_it(used_home: Path) -> None:
    with other_user(used_home) as (_, url):
        with running_server(used_home) as same_url:
            assert same_url == url
            shared = postmaster(used_home)
        assert is_running(used_home)
        assert ask(url, "SELECT number FROM survivor") == [(1,)]
        assert postmaster(used_home) == shared
    assert not is_running(used_home)


def test_a_server_outlives_the_process_that_started_it_while_another_uses_it(used_home: Path) -> None:
    with other_user(used_home) as (starter, url):
        with running_server(used_home):
            starter.stdin.close()
            starter.wait(10)
            assert ask(url, "SELECT number FROM survivor") == [(1,)]
        assert not is_running(used_home)


def test_many_processes_may_start_at_the_same_instant_in_a_new_home(home: Path) -> None:
    arguments = [sys.executable, "-c", USER, str(home)]
    processes = [
        subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env=CLEARED)
        for _ in range(6)
    ]
    answers = {process.communicate(timeout=60)[0] for process in processes}
    assert [process.returncode for process in processes] == [0] * 6
    assert len(answers) == 1
    assert not is_running(home)


def test_a_server_left_behind_by_a_killed_process_is_used_again(used_home: Path) -> None:
    with other_user(used_home) as (user, _):
        left_behind = postmaster(used_home)
        user.kill()
        user.wait(10)
    with running_server(used_home) as url:
        assert postmaster(used_home) == left_behind
        assert ask(url, "SELECT number FROM survivor") == [(1,)]
    assert not is_running(used_home)


def test_a_killed_server_is_started_again_with_what_was_committed(home: Path) -> None:
    with running_server(home) as url:
        ask(url, "CREATE TABLE kept AS SELECT 7 AS number")
        killed = postmaster(home)
        os.kill(killed, signal.SIGKILL)
        wait_for_end(killed)
    assert is_running(home), "a stale pid file is what the next start has to cope with"
    with running_server(home) as url:
        assert ask(url, "SELECT number FROM kept") == [(7,)]
        assert postmaster(home) != killed


def test_a_server_killed_under_a_busy_session_is_started_again(home: Path) -> None:
    with running_server(home) as url, contextlib.closing(psycopg.connect(url.replace("+psycopg", ""))) as busy:
        busy.execute("CREATE TABLE lost (number integer)")
        busy.pgconn.send_query(b"SELECT pg_sleep(1), sum(n) FROM generate_series(1, 3000000) AS n")
        os.kill(postmaster(home), signal.SIGKILL)
        with running_server(home) as again:
            assert ask(again, "SELECT to_regclass('lost')") == [(None,)]


def test_a_stale_pid_file_whose_number_another_process_has_now_does_not_block(used_home: Path) -> None:
    pid_file = used_home / "postgres" / "postmaster.pid"
    owner = (used_home / "postgres").stat()
    as_owner = {"user": owner.st_uid, "group": owner.st_gid} if os.geteuid() == 0 else {}
    with subprocess.Popen(["/bin/sleep", "60"], **as_owner) as unrelated:  # type: ignore[call-overload]
        pid_file.write_text(f"{unrelated.pid}\n/proc/self/cwd\n1\n5432\n.\n\n\nready   \n")
        os.chown(pid_file, owner.st_uid, owner.st_gid)
        with running_server(used_home) as url:
            assert ask(url, "SELECT number FROM survivor") == [(1,)]
        assert unrelated.poll() is None, "a process that is not ours is left alone"
        unrelated.kill()


def test_what_a_killed_initdb_left_is_cleared_away(home: Path) -> None:
    half_made = home / "postgres.new-killed"
    half_made.mkdir()
    (half_made / "PG_VERSION").write_text("18\n")
    with running_server(home) as url:
        assert ask(url, "SELECT 1") == [(1,)]
    assert not half_made.exists()


def test_a_process_killed_while_it_creates_the_cluster_does_not_spoil_the_home(home: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", USER, str(home)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    ) as user:
        while not list(home.glob("postgres.new-*/PG_VERSION")):
            time.sleep(0.005)
        user.kill()
    with running_server(home) as url:
        assert ask(url, "SELECT 1") == [(1,)]


def test_a_parent_waiting_for_output_is_not_kept_waiting_by_the_server(used_home: Path) -> None:
    program = USER.replace("sys.stdin.readline()", "import os; os.kill(os.getpid(), 9)")
    began = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-c", program, str(used_home)], capture_output=True, timeout=20, check=False
    )
    assert ended.returncode == -signal.SIGKILL
    assert time.monotonic() - began < 10
    assert is_running(used_home), "the server itself goes on"
    inherited = {os.readlink(entry) for entry in Path(f"/proc/{postmaster(used_home)}/fd").iterdir() if entry.exists()}  # noqa: PTH115
    assert not any("postgres.users" in target or "postgres.lock" in target for target in inherited)
    with running_server(used_home):
        pass
    assert not is_running(used_home)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become someone else")
def test_an_ordinary_user_runs_the_server_as_itself_and_root_may_look_in_between() -> None:
    nobody = pwd.getpwnam("nobody")
    with tempfile.TemporaryDirectory() as private:
        Path(private).chmod(0o711)
        home = Path(private, "home")
        home.mkdir(mode=0o700)
        os.chown(home, nobody.pw_uid, nobody.pw_gid)
        for _ in range(2):
            assert as_user(nobody, lambda: server_runs_as(home, nobody.pw_uid)) == 0
            assert not is_running(home)
            assert server_runs_as(home, nobody.pw_uid)
        assert {path.stat().st_uid for path in home.rglob("*")} == {nobody.pw_uid}


def server_runs_as(home: Path, uid: int) -> bool:
    with running_server(home) as url:
        return ask(url, "SELECT 1") == [(1,)] and Path(f"/proc/{postmaster(home)}").stat().st_uid == uid


def as_user(user: pwd.struct_passwd, check: Callable[[], bool]) -> int:
    """Exit code 0 where the check holds in a process of that user (a fork: the user may be unable to read our Python)."""
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
            os._exit(0 if check() else 1)
        finally:
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_cluster_of_another_postgresql_is_refused_with_a_reason(used_home: Path, tmp_path: Path) -> None:
    home = tmp_path / "older"
    (home / "postgres").mkdir(parents=True)
    (home / "postgres" / "PG_VERSION").write_text("16\n")
    with pytest.raises(ConfigurationInvalid, match="made by PostgreSQL 16, but 18 is installed"), running_server(home):
        pass
