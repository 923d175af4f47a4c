"""The folder channel: no uploader, whenever it stops, and no name, whatever it is, gets half a file or another file in."""

import hashlib
import os
import socket
import sys
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from connectors.folder.done import let_go_taken, move_done
from connectors.folder.inbox import fetch_folder
from connectors.keeping import Fetched
from schemas.channels import FolderChannel
from schemas.errors import SourceUnavailable

CONTENT = "".join(f"{number},张三,{'x' * 60}\n" for number in range(300)).encode()
OFFSETS = [len(CONTENT) * number // 200 for number in range(200)]


def at_once(_seconds: float) -> None:
    """Lets no time pass between two looks."""


def long_after() -> float:
    return time.time() + 600


def fetch(
    inbox: Path,
    *,
    wait: Callable[[float], object] = at_once,
    now: Callable[[], float] = time.time,
    settle_seconds: float = 5,
) -> Fetched:
    channel = FolderChannel(settle_seconds=settle_seconds)
    return fetch_folder(
        inbox, channel, inbox.parent / "received", position={}, now=now, wait=lambda s: wait(s) and None
    )


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def contents(fetched: Fetched) -> list[bytes]:
    return [file.kept_path.read_bytes() for file in fetched.deliveries]


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


_watching: list[Callable[[str, tuple[Any, ...]], None]] = []


def _tell(event: str, arguments: tuple[Any, ...]) -> None:
    for watch in _watching[:]:
        watch(event, arguments)


sys.addaudithook(_tell)


@contextmanager
def once(event: str, word: str, act: Callable[[], object]) -> Iterator[None]:
    """Does something in the moment of the first system call of a kind whose arguments hold a word."""

    def watch(told: str, arguments: tuple[Any, ...]) -> None:
        if told == event and word in str(arguments) and watch in _watching:
            _watching.remove(watch)
            act()

    _watching.append(watch)
    yield
    assert watch not in _watching, f"{event} did not happen"


# Uploaders


def test_an_upload_under_a_temporary_name_counts_once_it_is_renamed(inbox: Path) -> None:
    partial = inbox / "名单.csv.part"
    for offset in OFFSETS:
        partial.write_bytes(CONTENT[:offset])
        killed_here = fetch(inbox, now=long_after)
        assert (killed_here.deliveries, killed_here.left_alone) == ([], 1)
    partial.write_bytes(CONTENT)
    partial.rename(inbox / "名单.csv")
    assert contents(fetch(inbox)) == [CONTENT]


def test_an_upload_under_its_own_name_counts_once_it_rests(inbox: Path) -> None:
    upload = inbox / "名单.csv"
    for here, there in zip(OFFSETS, [*OFFSETS[1:], len(CONTENT)], strict=True):
        upload.write_bytes(CONTENT[:here])
        fetched = fetch(inbox, wait=lambda _, there=there: upload.write_bytes(CONTENT[:there]))
        assert (fetched.deliveries, fetched.left_alone) == ([], 1)
    assert contents(fetch(inbox)) == [CONTENT]


def test_an_upload_that_stalls_for_ten_minutes_is_still_one(inbox: Path) -> None:
    with (inbox / "名单.csv").open("wb") as upload:
        for here, there in pairwise(OFFSETS):
            upload.write(CONTENT[here:there])
            upload.flush()
            fetched = fetch(inbox, now=long_after)
            assert (fetched.deliveries, fetched.left_alone) == ([], 1)
        upload.write(CONTENT[OFFSETS[-1] :])
    assert contents(fetch(inbox, now=long_after)) == [CONTENT]


def test_a_file_renamed_between_two_looks_is_taken_the_next_time(inbox: Path) -> None:
    (inbox / "名单.csv.part").write_bytes(CONTENT)
    (inbox / "old.csv").write_bytes(b"x")
    first = fetch(inbox, wait=lambda _: (inbox / "名单.csv.part").rename(inbox / "名单.csv"))
    assert (contents(first), first.left_alone) == ([b"x"], 1)
    assert contents(fetch(inbox)) == [b"x", CONTENT]


@pytest.mark.parametrize("how", ["renamed over", "written again", "grown", "taken away"])
def test_a_file_replaced_while_it_is_copied_is_left_alone(inbox: Path, how: str) -> None:
    (inbox / "名单.csv").write_bytes(CONTENT)
    (inbox / "zz.csv").write_bytes(b"x")
    other = inbox.parent / "other"
    other.write_bytes(CONTENT[::-1])
    act = {
        "renamed over": lambda: other.rename(inbox / "名单.csv"),
        "written again": lambda: (inbox / "名单.csv").write_bytes(CONTENT[::-1]),
        "grown": lambda: (inbox / "名单.csv").write_bytes(CONTENT * 2),
        "taken away": (inbox / "名单.csv").unlink,
    }[how]
    with once("open", ".arriving-", act):
        fetched = fetch(inbox)
    assert (contents(fetched), fetched.left_alone) == ([b"x"], 1)


def test_the_same_name_with_other_content_is_another_delivery(inbox: Path) -> None:
    for content in (b"one", b"two"):
        (inbox / "名单.csv").write_bytes(content)
        assert contents(fetch(inbox)) == [content]


# Clocks


@pytest.mark.parametrize("modified", [1, 4_000_000_000, 300_000_000_000], ids=["long ago", "2096", "after 9999"])
def test_a_wrong_time_of_the_sender_decides_nothing(inbox: Path, modified: int) -> None:
    (inbox / "名单.csv").write_bytes(b"whole")
    os.utime(inbox / "名单.csv", (modified, modified))
    assert contents(fetch(inbox)) == [b"whole"]

    def write_on(_: float) -> None:
        (inbox / "名单.csv").write_bytes(b"wh...")
        os.utime(inbox / "名单.csv", (modified, modified))

    changing = fetch(inbox, wait=write_on)
    assert (changing.deliveries, changing.left_alone) == ([], 1)


def test_a_file_that_has_rested_is_not_waited_for(inbox: Path) -> None:
    waited: list[float] = []
    (inbox / "名单.csv").write_bytes(b"x")
    assert contents(fetch(inbox, wait=waited.append, now=long_after)) == [b"x"]
    assert waited == []


def test_a_young_file_is_waited_for_no_longer_than_it_takes(inbox: Path) -> None:
    waited: list[float] = []
    (inbox / "名单.csv").write_bytes(b"x")
    fetch(inbox, wait=waited.append, now=lambda: time.time() + 3, settle_seconds=5)
    fetch(inbox, wait=waited.append, now=lambda: 0, settle_seconds=5)
    assert waited == [pytest.approx(2, abs=1), 5]


# Names and things that are no files

NAMES = [
    b"x" * 255, "长".encode() * 85, b"-rf.csv", b"--help", b"$(reboot).csv", b"`id`.csv", b"a;b&c|d.csv", b">out.csv", b"'q'.csv",
    b"'; drop table elder; --.csv", b'"; --.csv', b"a\\..\\..\\b.csv", b"C:\\Windows\\x.csv", b"\\\\host\\share.csv", b"%n%s%x.csv",
    b"%2e%2e%2fb.csv", b"line\nbreak.csv", b"cr\r.csv", b"tab\t.csv", b"\x1b[2J.csv", b"\x1b]0;t\x07.csv", b"\x07.csv", b"\x7f.csv", b"\x01",
    b"\xff\xfe.csv", b"\xc0\xaf.csv", b"\xed\xa0\x80.csv", "失能.csv".encode("gbk"), "失能.csv".encode("big5"), "\u202exsv.csv".encode(),
    "\u2066x\u2069.csv".encode(), "零\u200b宽.csv".encode(), "\ufeff.csv".encode(), "\u2028.csv".encode(), "\ue000.csv".encode(),
    "caf\u00e9.csv".encode(), "cafe\u0301.csv".encode(), "\u212b.csv".encode(), "\u00c5.csv".encode(), "Ｌ.csv".encode(), "👵.csv".encode(),
    b"con", b"CON.csv", b"nul.csv", b"com1.csv", b"lpt1", b"a:b.csv", b"a*?.csv", b"[a-z].csv", b"<img src=x onerror=alert(1)>.csv",
    b"=cmd|'calc'!A0.csv", b"@sum.csv", b"+1.csv", b"{{7*7}}.csv", b"${jndi:ldap:x}.csv", b"received", "已处理.csv".encode(), b" leading.csv",
    b"trailing.csv ", b"trailing.", b"a.csv.exe", b"a.b.c.d.csv", b"0", b"441421194001010012.csv",
]  # fmt: skip


def test_strange_names_are_files_like_others_and_shown_harmlessly(inbox: Path) -> None:
    assert len(set(NAMES)) >= 60
    for number, name in enumerate(NAMES):
        Path(os.fsdecode(os.fsencode(inbox) + b"/" + name)).write_bytes(b"%d" % number)
    fetched = fetch(inbox)
    assert sorted(contents(fetched)) == sorted(b"%d" % number for number in range(len(NAMES)))
    assert all(file.original_name.isprintable() for file in fetched.deliveries)
    received = inbox.parent / "received"
    kept = {path.relative_to(received) for path in received.rglob("*") if path.is_file()}
    assert kept == {Path(file.sha256[:2], file.sha256) for file in fetched.deliveries}


def test_what_is_no_file_of_its_own_is_neither_opened_nor_waited_for(inbox: Path) -> None:
    secret = inbox.parent / "secret"
    secret.write_bytes(b"of another account")
    (inbox / "link.csv").symlink_to(secret)
    (inbox / "dangling.csv").symlink_to("/nowhere")
    (inbox / "loop.csv").symlink_to(inbox / "loop.csv")
    (inbox / "folder.csv").symlink_to("/etc")
    os.mkfifo(inbox / "pipe.csv")
    (inbox / "已处理").mkdir()
    (inbox / "已处理" / "old.csv").write_bytes(b"x")
    (inbox / "hard.csv").hardlink_to(secret)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(inbox / "socket.csv"))
        fetched = fetch(inbox)
    assert (fetched.deliveries, fetched.left_alone) == ([], 1)


def test_a_file_that_becomes_a_pipe_or_a_link_is_not_followed(inbox: Path) -> None:
    def swap(_: float) -> None:
        for name in ("1.csv", "2.csv"):
            (inbox / name).unlink()
        os.mkfifo(inbox / "1.csv")
        (inbox / "2.csv").symlink_to("/etc/hostname")

    for name in ("1.csv", "2.csv"):
        (inbox / name).write_bytes(b"x")
    assert fetch(inbox, wait=swap).deliveries == []


def test_a_folder_that_cannot_be_listed_stops_its_source_only(inbox: Path) -> None:
    (inbox / "file").touch()
    with pytest.raises(SourceUnavailable, match="cannot be listed"):
        fetch(inbox / "file")
    assert fetch(inbox / "none").deliveries == []


# What a night is done with


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def put(inbox: Path, **files: bytes) -> None:
    for stem, content in files.items():
        (inbox / f"{stem}.csv").write_bytes(content)


def test_files_a_night_is_done_with_are_put_below_the_inbox_once(inbox: Path) -> None:
    put(inbox, taken=b"1", refused=b"2", held=b"3")
    for moved in (2, 0):
        assert move_done(inbox, taken=[sha256(b"1")], refused={sha256(b"2")}) == moved
        assert names(inbox / "已处理") == ["taken.csv"]
        assert names(inbox / "处理失败") == ["refused.csv"]
        assert names(inbox) == ["held.csv", "处理失败", "已处理"]
    assert contents(fetch(inbox)) == [b"3"]


def test_nothing_is_overwritten_by_a_file_of_the_same_name(inbox: Path) -> None:
    for content in (b"1", b"2", b"3"):
        put(inbox, list=content)
        assert move_done(inbox, taken=[sha256(content)], refused=[]) == 1
    kept = {path.name: path.read_bytes() for path in (inbox / "已处理").iterdir()}
    assert kept == {"list.csv": b"1", "list(2).csv": b"2", "list(3).csv": b"3"}


@pytest.mark.parametrize("name", ["长" * 85, "长" * 83 + ".csv", "x" * 251 + ".csv"])
def test_a_name_as_long_as_can_be_is_shortened_for_its_number(inbox: Path, name: str) -> None:
    for content in (b"1", b"2"):
        (inbox / name).write_bytes(content)
        assert move_done(inbox, taken=[sha256(content)], refused=[]) == 1
    assert len(names(inbox / "已处理")) == 2


def test_a_file_that_is_no_longer_what_was_kept_stays(inbox: Path) -> None:
    put(inbox, list=b"newer")
    assert move_done(inbox, taken=[sha256(b"older")], refused=[]) == 0
    assert names(inbox) == ["list.csv"]


def test_a_file_replaced_in_the_moment_it_is_moved_is_put_back(inbox: Path) -> None:
    put(inbox, list=b"older")
    newer = inbox.parent / "newer"
    newer.write_bytes(b"newer")
    with once("os.rename", "list.csv", lambda: newer.replace(inbox / "list.csv")):
        assert move_done(inbox, taken=[sha256(b"older")], refused=[]) == 0
    assert contents(fetch(inbox)) == [b"newer"]
    assert names(inbox / "已处理") == []


def test_a_move_that_was_cut_short_is_made_good(inbox: Path) -> None:
    put(inbox, list=b"1")
    (inbox / "已处理").mkdir()
    (inbox / "已处理" / "list.csv").touch()  # the name was reserved, and then the power failed
    assert move_done(inbox, taken=[sha256(b"1")], refused=[]) == 1
    assert (inbox / "已处理" / "list(2).csv").read_bytes() == b"1"


@pytest.mark.parametrize("trap", ["link", "file"])
def test_files_are_not_moved_to_where_something_else_stands_for_the_folder(inbox: Path, trap: str) -> None:
    elsewhere = inbox.parent / "elsewhere"
    elsewhere.mkdir()
    put(inbox, list=b"1")
    (inbox / "已处理").symlink_to(elsewhere) if trap == "link" else (inbox / "已处理").write_bytes(b"2")
    with pytest.raises(SourceUnavailable, match="1 files cannot be moved"):
        move_done(inbox, taken=[sha256(b"1")], refused=[])
    assert (names(elsewhere), (inbox / "list.csv").read_bytes()) == ([], b"1")


def let_go(inbox: Path, *, days: int, known: Collection[str], write: bool = True) -> list[int]:
    return let_go_taken(inbox, before=datetime.now(UTC) + timedelta(days=days), known=known, write=write)


def test_files_put_away_are_let_go_once_their_time_is_over(inbox: Path) -> None:
    put(inbox, taken=b"1", refused=b"22")
    move_done(inbox, taken=[sha256(b"1")], refused=[sha256(b"22")])
    (inbox / "已处理" / "notes.csv").write_bytes(b"of somebody else")
    known = {sha256(b"1"), sha256(b"22")}
    os.utime(inbox / "已处理" / "taken.csv", (0, 0))  # how old a list is does not count, but since when it lies there
    assert let_go(inbox, days=-1, known=known) == []
    assert let_go(inbox, days=1, known=known, write=False) == [1]
    assert names(inbox / "已处理") == ["notes.csv", "taken.csv"]
    assert let_go(inbox, days=1, known=known) == [1]
    assert names(inbox / "已处理") == ["notes.csv"]
    assert names(inbox / "处理失败") == ["refused.csv"]


def test_what_no_night_put_away_is_not_let_go(inbox: Path) -> None:
    elsewhere = inbox.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "list.csv").write_bytes(b"1")
    assert let_go(inbox, days=1, known={sha256(b"1")}) == []
    (inbox / "已处理").mkdir()
    (inbox / "已处理" / "link.csv").symlink_to(elsewhere / "list.csv")
    assert let_go(inbox, days=1, known={sha256(b"1")}) == []
    (inbox / "已处理" / "link.csv").unlink()
    (inbox / "已处理").rmdir()
    (inbox / "已处理").symlink_to(elsewhere)
    with pytest.raises(SourceUnavailable, match="cannot be let go"):
        let_go(inbox, days=1, known={sha256(b"1")})
    assert names(elsewhere) == ["list.csv"]


def test_an_inbox_that_is_a_link_to_a_share_is_tidied_there(inbox: Path) -> None:
    put(inbox, list=b"1")
    link = inbox.parent / "link"
    link.symlink_to(inbox)
    assert move_done(link, taken=[sha256(b"1")], refused=[]) == 1
    assert names(inbox / "已处理") == ["list.csv"]
