"""Processes that read: forked from one that is kept, each alone with its file, ended with whoever waits for it."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from processes_that_read import children, forking
from test_reading_files import HEADER, LAYOUT, ZHANG, codes, lines, main

from connectors.reading import ReadingLimits, read_delivery, start_reading
from schemas.errors import SourceUnavailable

ROOT = Path(__file__).parents[2]
MANY_SECONDS = 60.0


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "delivery"
    path.write_text(lines(HEADER, ZHANG), encoding="utf-8")
    return path


@pytest.fixture
def waits(tmp_path):
    """A file whose readers wait: they may open it when its lease, which nobody gives back, runs out after 45 seconds."""
    path = tmp_path / "waits"
    path.write_text(lines(HEADER, ZHANG), encoding="utf-8")
    with path.open("r+b") as leased:
        fcntl.fcntl(leased, fcntl.F_SETSIG, signal.SIGURG)  # a signal that means nothing
        fcntl.fcntl(leased, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        yield path


def start(path):
    return start_reading(path, LAYOUT, limits=ReadingLimits(), workspace=path.parent)


def read(path):
    return read_delivery(path, LAYOUT, limits=ReadingLimits(), workspace=path.parent)


def until(is_so):
    deadline = time.monotonic() + MANY_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def exists(pid):
    """Whether a process runs: neither gone nor waiting to be collected."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_files_are_read_by_processes_of_one_that_is_kept(file):
    read(file)
    kept = forking()
    assert [main(read(file)).received for _ in range(3)] == [1, 1, 1]
    assert forking() == kept
    assert children(kept) == []


def test_many_threads_have_files_read_at_the_same_time(file):
    with ThreadPoolExecutor(8) as pool:
        assert [main(contents).received for contents in pool.map(read, [file] * 40)] == [1] * 40
    assert children(forking()) == []


def test_a_reader_that_was_killed_is_not_the_fault_of_its_file(waits, file):
    pending = start(waits)
    [reader] = children(forking())
    os.kill(reader, signal.SIGKILL)
    with pytest.raises(SourceUnavailable, match="ended from outside"):
        pending.result()
    assert main(read(file)).received == 1


def test_a_reader_whose_library_fails_says_so_of_its_file(waits):
    pending = start(waits)
    [reader] = children(forking())
    os.kill(reader, signal.SIGSEGV)
    assert codes(pending.result()) == ["file-hostile"]


def test_where_the_kept_process_has_died_readers_end_and_the_next_file_starts_another(waits, file):
    pending = start(waits)
    kept = forking()
    [reader] = children(kept)
    os.kill(kept, signal.SIGKILL)
    with pytest.raises(SourceUnavailable, match="ended from outside"):
        pending.result()
    until(lambda: not exists(reader))
    assert main(read(file)).received == 1
    assert forking() != kept


def test_a_reading_that_is_cancelled_has_ended(waits):
    pending = start(waits)
    [reader] = children(forking())
    pending.cancel()
    pending.cancel()
    assert not exists(reader)


def test_readers_end_with_the_process_that_waits_for_them_however_it_ends(waits, file):
    script = """
import json, sys, time
from pathlib import Path
from connectors.reading import DeliveryLayout, ReadingLimits, read_delivery, start_reading
layout, paths = json.loads(sys.argv[1]), [Path(path) for path in sys.argv[2:]]
start_reading(paths[0], DeliveryLayout.from_json(layout), limits=ReadingLimits(), workspace=paths[0].parent)
print("started", flush=True)
time.sleep(600)
"""
    command = [sys.executable, "-c", script, json.dumps(LAYOUT.to_json()), str(waits)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"started\n"
        kept = forking(process.pid)
        [reader] = children(kept)
        process.kill()
    until(lambda: not exists(reader) and not exists(kept))


def test_a_process_that_was_forked_has_readers_of_its_own(file):
    read(file)
    kept = forking()
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            received = main(read(file)).received
            os.write(tell, f"{received} {forking()}".encode())
        finally:
            os._exit(0)
    os.close(tell)
    with os.fdopen(told) as answer:
        received, theirs = answer.read().split()
    os.waitpid(pid, 0)
    assert (received, int(theirs) == kept) == ("1", False)
    until(lambda: not exists(int(theirs)))
    assert main(read(file)).received == 1
    assert forking() == kept


def test_a_reader_has_nothing_in_hand_but_its_request_and_its_end(waits):
    readings = [start(waits), start(waits)]
    for reader in children(forking()):
        until(lambda reader=reader: descriptors(reader) == {0, 1, 2, 3})
        assert all("socket" not in str(Path(f"/proc/{reader}/fd/{number}").readlink()) for number in range(4))
    for reading in readings:
        reading.cancel()


def descriptors(pid):
    return {int(path.name) for path in Path(f"/proc/{pid}/fd").iterdir()}


def test_a_password_is_in_no_command_line_and_no_environment(waits):
    layout = replace(LAYOUT, password="open-sesame")
    pending = start_reading(waits, layout, limits=ReadingLimits(), workspace=waits.parent)
    for pid in (forking(), *children(forking())):
        for name in ("cmdline", "environ"):
            assert b"open-sesame" not in Path(f"/proc/{pid}/{name}").read_bytes()
    pending.cancel()


def test_where_nothing_can_be_started_a_source_is_not_available(file, monkeypatch):
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    in_use = max(int(path.name) for path in Path("/proc/self/fd").iterdir())
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(in_use, 3), hard))
    try:
        with pytest.raises(SourceUnavailable, match="cannot start reading a delivery: Too many open files"):
            read(file)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert main(read(file)).received == 1
