"""Processes are known by more than a number: a later one with the same number is not mistaken for them, nor signalled."""

import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from flows.schedule.server_processes import (
    ServerProcesses,
    forget_processes,
    process_of,
    read_processes,
    remember_processes,
)


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "600"]) as child:
        yield child
        child.kill()


def test_a_process_that_runs_lives_and_ends_by_its_signal(sleeper: subprocess.Popen[bytes]) -> None:
    process = process_of(sleeper.pid)
    assert process is not None
    assert process.is_alive()
    process.signal(signal.SIGTERM)
    assert sleeper.wait(timeout=10) == -signal.SIGTERM
    assert not process.is_alive()


def test_a_zombie_does_not_live() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert process_of(pid) is None
    os.waitpid(pid, 0)


@pytest.mark.parametrize(
    "changed", [{"started": 1}, {"boot": "another"}], ids=["started at another time", "another boot"]
)
def test_another_process_with_the_same_number_is_not_taken_for_it(
    sleeper: subprocess.Popen[bytes], changed: dict[str, object]
) -> None:
    process = process_of(sleeper.pid)
    assert process is not None
    earlier = replace(process, **changed)  # type: ignore[arg-type]
    assert not earlier.is_alive()
    earlier.signal(signal.SIGKILL)
    assert process.is_alive()


def test_what_is_noted_is_read_again_until_it_is_forgotten(tmp_path: Path) -> None:
    me = process_of(os.getpid())
    assert me is not None
    dead = replace(me, started=1)
    noted = ServerProcesses(4200, "ready", "2026-01-31T02:00:00+08:00", {"supervisor": me, "worker": dead}, 3)
    remember_processes(tmp_path, noted)
    assert read_processes(tmp_path) == noted
    assert noted.alive() == {"supervisor": me}
    forget_processes(tmp_path)
    forget_processes(tmp_path)
    assert read_processes(tmp_path) is None


def test_a_damaged_note_is_none(tmp_path: Path) -> None:
    (tmp_path / "prefect").mkdir()
    (tmp_path / "prefect" / "processes.json").write_text('{"port": 42')
    assert read_processes(tmp_path) is None
