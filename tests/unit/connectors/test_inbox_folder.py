"""The folder inbox: what counts as a delivery, and that keeping one neither loses nor alters it."""

import hashlib
import os
import stat
import threading
from pathlib import Path

import pytest

from connectors.delivered_names import finished_name, shown_name
from connectors.folder.inbox import keep, list_inbox
from connectors.folder.open_files import is_open_for_writing
from schemas.errors import SourceUnavailable


def test_only_finished_regular_files_are_deliveries(tmp_path):
    for name in ["b.xlsx", "a.csv", ".hidden.csv", "~$b.xlsx", "c.csv.part", "d.TMP", "Thumbs.db", "desktop.ini"]:
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "link.csv").symlink_to(tmp_path / "a.csv")
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    assert [path.name for path in list_inbox(tmp_path)] == ["a.csv", "b.xlsx"]


@pytest.mark.parametrize(
    ("name", "finished"),
    [
        ("名单.xlsx.part", "名单.xlsx"),
        ("名单.XLSX.FilePart", "名单.XLSX"),
        ("名单.csv.crdownload", "名单.csv"),
        ("名单.csv.xltd", "名单.csv"),
        ("名单.part.csv", None),
        ("part", None),
    ],
)
def test_a_name_says_whether_its_transfer_is_over(name, finished):
    assert finished_name(name) == finished


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("失能老年人.csv".encode(), "失能老年人.csv"),
        ("失能老年人.csv".encode("gbk"), "失能老年人.csv"),
        ("单\u202exsv.csv".encode(), "单�xsv.csv"),
        (b"\x1b[2J.csv", "�[2J.csv"),
        (b"line\nbreak.csv", "line�break.csv"),
    ],
    ids=["utf-8", "gbk", "right to left", "escape", "line break"],
)
def test_a_name_is_shown_as_its_sender_reads_it_and_moves_no_text(name, shown):
    assert shown_name(name) == shown


def test_a_folder_that_is_not_there_is_an_empty_inbox(tmp_path):
    assert list_inbox(tmp_path / "none") == []


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


@pytest.mark.parametrize("kind", ["link", "second name", "pipe", "folder", "gone"])
def test_what_is_no_regular_file_is_not_kept_and_not_named(tmp_path, kind):
    path = tmp_path / "张三.csv"
    if kind == "link":
        path.symlink_to("/etc/hostname")
    elif kind == "second name":
        (tmp_path / "elsewhere").write_bytes(b"x")
        path.hardlink_to(tmp_path / "elsewhere")
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


def test_whether_somebody_writes_a_file_is_told_where_the_kernel_can(tmp_path):
    path = tmp_path / "list.csv"
    with path.open("wb"), path.open("rb") as reading:
        assert is_open_for_writing(reading.fileno())
    with path.open("rb") as reading, path.open("rb"):
        assert not is_open_for_writing(reading.fileno())
    with Path("/proc/self/status").open("rb") as reading:
        assert not is_open_for_writing(reading.fileno())
