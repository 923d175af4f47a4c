"""The folder inbox: what counts as a delivery, and that keeping one neither loses nor alters it."""

import hashlib
import os
import stat
import threading
import time

import pytest

from connectors.inbox import keep, list_inbox
from schemas.errors import SourceUnavailable


def test_only_finished_regular_files_are_deliveries(tmp_path):
    for name in ["b.xlsx", "a.csv", ".hidden.csv", "~$b.xlsx", "c.csv.part", "d.TMP"]:
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "link.csv").symlink_to(tmp_path / "a.csv")
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    assert [path.name for path in list_inbox(tmp_path)] == ["a.csv", "b.xlsx"]


def test_a_folder_that_is_not_there_is_an_empty_inbox(tmp_path):
    assert list_inbox(tmp_path / "none") == []


def test_a_file_still_settling_is_left_for_later(tmp_path):
    (tmp_path / "fresh.csv").write_bytes(b"x")
    (tmp_path / "old.csv").write_bytes(b"x")
    os.utime(tmp_path / "old.csv", (time.time() - 60, time.time() - 60))
    assert [path.name for path in list_inbox(tmp_path, settle_seconds=30)] == ["old.csv"]


def test_a_kept_delivery_is_known_by_its_content_and_private(tmp_path):
    content = os.urandom(3_000_000)
    delivered = tmp_path / "张三.csv"
    delivered.write_bytes(content)
    kept = keep(delivered, tmp_path / "received")
    digest = hashlib.sha256(content).hexdigest()
    assert (kept.sha256, kept.size, kept.original_name) == (digest, len(content), "张三.csv")
    assert kept.kept_path == tmp_path / "received" / digest[:2] / digest
    assert kept.kept_path.read_bytes() == content
    assert stat.S_IMODE(kept.kept_path.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.kept_path.parent.stat().st_mode) == 0o700
    assert kept.modified_at.timestamp() == pytest.approx(delivered.stat().st_mtime)
    assert "张三" not in repr(kept)


def test_the_same_content_under_another_name_is_not_written_again(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"same")
    (tmp_path / "b.csv").write_bytes(b"same")
    first = keep(tmp_path / "a.csv", tmp_path / "received")
    before = first.kept_path.stat()
    second = keep(tmp_path / "b.csv", tmp_path / "received")
    after = second.kept_path.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert [path for path in (tmp_path / "received").rglob("*") if path.is_file()] == [first.kept_path]


@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "gone"])
def test_what_is_no_regular_file_is_not_kept_and_not_named(tmp_path, kind):
    path = tmp_path / "张三.csv"
    if kind == "link":
        path.symlink_to("/etc/hostname")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    with pytest.raises(SourceUnavailable) as caught:
        keep(path, tmp_path / "received")
    assert "张三" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert not [path for path in (tmp_path / "received").rglob("*") if path.is_file()]


def test_a_file_that_grows_while_it_is_copied_is_never_kept_half(tmp_path):
    path = tmp_path / "growing.csv"
    path.write_bytes(b"x" * 20_000_000)
    stop = threading.Event()

    def grow():
        with path.open("ab") as file:
            while not stop.is_set():
                file.write(b"x" * 1000)
                file.flush()

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        with pytest.raises(SourceUnavailable, match="changed while it was copied"):
            keep(path, tmp_path / "received")
    finally:
        stop.set()
        writer.join()
    assert not [path for path in (tmp_path / "received").rglob("*") if path.is_file()]
