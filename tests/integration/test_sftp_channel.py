"""The SFTP channel against a real server: who is let in, what counts as a delivery, and what breaks off, grows, stalls or lies."""

import hashlib
import json
import logging
import os
import socket
import stat
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import paramiko
import pytest
from paramiko.sftp import SFTPError
from sftp_server import PASSWORD, USER, SftpHouse, key_pair, key_text, public_line, sftp_house

from connectors.keeping import Fetched
from connectors.sftp.after import move_fetched
from connectors.sftp.connection import Login
from connectors.sftp.fetch import fetch_sftp
from connectors.sftp.remote_files import _entries, _state
from schemas.channels import SftpChannel
from schemas.errors import RunStopped, SourceNotBelieved, SourceRefusesUs, SourceUnavailable

NAME = "张三名单.csv"
WRONG = "Geheim-9c1e"


def at_once(_seconds: float) -> None:
    """Lets no time pass between two looks."""


def fetch(
    channel: SftpChannel,
    home: Path,
    position: dict[str, object] | None = None,
    *,
    login: Login | None = None,
    wait: Callable[[float], None] = at_once,
) -> Fetched:
    login = login or Login(PASSWORD)
    return fetch_sftp(
        channel,
        home / "received",
        password=login.password,
        private_key=login.private_key,
        passphrase=login.passphrase,
        position=position or {},
        wait=wait,
    )


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def left_here(home: Path) -> list[Path]:
    """Files in ``received/`` that are not kept deliveries."""
    return [path for path in (home / "received").iterdir() if path.is_file()]


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    """The folder on the server."""
    folder = tmp_path / "server" / "lists"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def house(lists: Path) -> Iterator[SftpHouse]:
    with sftp_house(lists.parent) as house:
        yield house


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


# What a night gets


def test_files_are_kept_unchanged_and_nothing_on_the_server_is(lists: Path, house: SftpHouse, home: Path) -> None:
    contents = {NAME: os.urandom(700_001), "空.csv": b"", "小.csv": b"x"}
    for name, content in contents.items():
        (lists / name).write_bytes(content)
        os.utime(lists / name, (1_700_000_000, 1_700_000_000))
    fetched = fetch(house.channel(), home)
    assert {file.original_name: file.sha256 for file in fetched.deliveries} == {
        name: sha256(content) for name, content in contents.items()
    }
    for file in fetched.deliveries:
        assert sha256(file.kept_path.read_bytes()) == file.sha256
        assert stat.S_IMODE(file.kept_path.stat().st_mode) == 0o600
        assert file.modified_at == datetime.fromtimestamp(1_700_000_000, UTC)
    assert (fetched.left_alone, house.changes, left_here(home)) == (0, [], [])


def test_the_second_fetch_transfers_nothing_and_says_what_is_still_there(
    lists: Path, house: SftpHouse, home: Path
) -> None:
    (lists / NAME).write_bytes(b"one")
    first = fetch(house.channel(), home)
    sent = house.bytes_sent
    waited: list[float] = []
    position = json.loads(json.dumps(first.position))
    second = fetch(house.channel(), home, position, wait=waited.append)
    assert (second.deliveries, second.still_there, second.position) == ([], [sha256(b"one")], position)
    assert (house.bytes_sent, waited) == (sent, [])
    assert "张三" not in json.dumps(first.position, ensure_ascii=False)


def test_other_content_under_the_same_name_is_fetched(lists: Path, house: SftpHouse, home: Path) -> None:
    (lists / NAME).write_bytes(b"one")
    first = fetch(house.channel(), home)
    (lists / NAME).write_bytes(b"two")
    os.utime(lists / NAME, (time.time() + 5, time.time() + 5))
    second = fetch(house.channel(), home, first.position)
    assert [file.sha256 for file in second.deliveries] == [sha256(b"two")]
    assert second.still_there == []


def test_a_file_whose_kept_copy_is_gone_is_fetched_again(lists: Path, house: SftpHouse, home: Path) -> None:
    (lists / NAME).write_bytes(b"one")
    first = fetch(house.channel(), home)
    first.deliveries[0].kept_path.unlink()
    assert [file.sha256 for file in fetch(house.channel(), home, first.position).deliveries] == [sha256(b"one")]


def test_what_is_remembered_shrinks_with_the_folder(lists: Path, house: SftpHouse, home: Path) -> None:
    for number in range(5):
        (lists / f"{number}.csv").write_bytes(b"%d" % number)
    first = fetch(house.channel(), home)
    for number in range(4):
        (lists / f"{number}.csv").unlink()
    second = fetch(house.channel(), home, first.position)
    assert [len(position["files"]) for position in (first.position, second.position)] == [5, 1]  # type: ignore[arg-type]


def test_only_names_of_the_pattern_count_and_case_does_not_matter(lists: Path, house: SftpHouse, home: Path) -> None:
    for name in ["名单1.XLSX", "名单2.xlsx", "说明.pdf"]:
        (lists / name).write_bytes(name.encode())
    (lists / "folder.xlsx").mkdir()
    (lists / "link.xlsx").symlink_to("/etc/hostname")
    fetched = fetch(house.channel(pattern="*.xlsx"), home)
    assert sorted(file.original_name for file in fetched.deliveries) == ["名单1.XLSX", "名单2.xlsx"]
    assert fetched.left_alone == 0


def test_a_name_in_gbk_is_fetched_and_readable(lists: Path, house: SftpHouse, home: Path) -> None:
    (lists / os.fsdecode("失能名单.csv".encode("gbk"))).write_bytes(b"x")
    assert [file.original_name for file in fetch(house.channel(), home).deliveries] == ["失能名单.csv"]


# Who is let in, and whom we believe


@pytest.mark.parametrize(
    "settings",
    [
        {"host_keys": ()},
        {"host_keys": ("ssh-dss AAAAB3NzaC1kc3MAAACBAP",)},
        {"host_keys": ("ssh-ed25519 AAAAB3NzaC1yc2E",)},
        {"host_keys": ("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC7",)},
        {"host_keys": ("ssh-ed25519",)},
        {"verify": False},
        {"host": "bureau@127.0.0.1"},
        {"passphrase": "of_no_key"},
        {"password": "not a name"},
        {"done_suffix": "ok"},
        {"after": "delete"},
        {"deadline_seconds": float("inf")},
    ],
    ids="-".join,
)
def test_a_channel_that_would_not_know_its_server_or_itself_is_no_configuration(settings: dict[str, object]) -> None:
    house = SftpHouse(Path(), 22, public_line(key_pair()))
    assert house.channel()
    with pytest.raises(ValueError, match="1 validation error"):
        house.channel(**settings)


@pytest.mark.parametrize(
    ("kind", "form", "passphrase"),
    [
        ("ssh-ed25519", "openssh", None),
        ("ssh-ed25519", "openssh", "Satz 42"),
        ("ecdsa-sha2-nistp256", "openssh", None),
        ("ecdsa-sha2-nistp256", "pkcs8-pem", None),
        ("ssh-rsa", "openssh", None),
        ("ssh-rsa", "pkcs8-pem", "Satz 42"),
    ],
    ids=["ed25519", "ed25519 encrypted", "ecdsa", "ecdsa in pem", "rsa", "rsa in pem encrypted"],
)
def test_a_private_key_lets_us_in(lists: Path, home: Path, kind: str, form: str, passphrase: str | None) -> None:
    key = key_pair(kind, 1)
    text = key_text(key, passphrase, form)
    (lists / NAME).write_bytes(b"x")
    with sftp_house(lists.parent, client_key=key) as house:
        login = Login(private_key=text, passphrase=passphrase)
        assert len(fetch(house.channel(private_key="sftp_key"), home, login=login).deliveries) == 1
        assert set(house.logins) == {"key"}


@pytest.mark.parametrize(
    ("login", "words"),
    [
        (Login("wrong"), "does not accept"),
        (Login(private_key=key_text(key_pair(number=2))), "does not accept"),
        (Login(private_key=key_text(key_pair(), "right"), passphrase="wrong"), "passphrase"),
        (Login(private_key=key_text(key_pair(), "right")), "passphrase"),
        (Login(private_key="no key at all"), "passphrase"),
    ],
    ids=["password", "another key", "wrong passphrase", "no passphrase", "no key"],
)
def test_wrong_credentials_are_refused_once(house: SftpHouse, home: Path, login: Login, words: str) -> None:
    with pytest.raises(SourceRefusesUs, match=words):
        fetch(house.channel(), home, login=login)
    assert len(house.logins) <= 1


def test_a_server_with_another_host_key_is_not_told_the_password(lists: Path, home: Path) -> None:
    pinned = public_line(key_pair())
    with sftp_house(lists.parent, host_keys=[key_pair("ssh-ed25519", 3)]) as changed:
        with pytest.raises(SourceRefusesUs, match=r"not pinned \(SHA256:"):
            fetch(changed.channel(host_keys=(pinned,)), home)
        assert changed.logins == []


def test_a_server_that_has_no_key_of_a_pinned_type_is_refused(lists: Path, home: Path) -> None:
    with sftp_house(lists.parent, host_keys=[key_pair("ecdsa-sha2-nistp256")]) as other:
        with pytest.raises(SourceRefusesUs, match="no host key of a pinned type"):
            fetch(other.channel(host_keys=(public_line(key_pair()),)), home)
        assert other.logins == []


def test_of_several_host_keys_the_pinned_one_is_asked_for(lists: Path, home: Path) -> None:
    keys = [key_pair(), key_pair("ecdsa-sha2-nistp256"), key_pair("ssh-rsa")]
    with sftp_house(lists.parent, host_keys=keys) as house:
        for key in keys:
            assert fetch(house.channel(host_keys=(public_line(key),)), home).deliveries == []


def test_an_old_and_a_new_host_key_of_one_type_can_both_be_pinned(lists: Path, house: SftpHouse, home: Path) -> None:
    both = (public_line(key_pair("ssh-ed25519", 3)), house.host_key)
    assert fetch(house.channel(host_keys=both), home).deliveries == []


def test_nothing_of_the_accounts_own_ssh_settings_is_used(
    lists: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = key_pair("ssh-ed25519", 1)
    with sftp_house(lists.parent, client_key=key, host_keys=[key_pair("ssh-ed25519", 3)]) as house:
        (tmp_path / ".ssh").mkdir()
        (tmp_path / ".ssh" / "id_ed25519").write_bytes(key_text(key).encode())
        (tmp_path / ".ssh" / "known_hosts").write_text(f"[127.0.0.1]:{house.port} {house.host_key}\n")
        monkeypatch.setenv("HOME", str(tmp_path))
        with pytest.raises(SourceRefusesUs, match="not pinned"):
            fetch(house.channel(host_keys=(public_line(key_pair()),)), home)
        with pytest.raises(SourceRefusesUs, match="does not accept"):
            fetch(house.channel(), home, login=Login("wrong"))
        assert house.logins == ["password"]


def test_a_folder_that_is_not_there_is_refused(house: SftpHouse, home: Path) -> None:
    with pytest.raises(SourceRefusesUs, match="no such folder"):
        fetch(house.channel(folder="/张三"), home)


def test_a_server_that_is_not_there_may_come_back(home: Path, house: SftpHouse) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(SourceUnavailable, match="cannot be reached"):
        fetch(house.channel(port=port), home)


def test_an_account_without_sftp_is_told_apart(lists: Path, home: Path) -> None:
    with sftp_house(lists.parent, serves_files=False) as house, pytest.raises(SourceUnavailable):
        fetch(house.channel(), home)


@pytest.mark.parametrize(
    "greeting",
    [
        b"",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"SSH-2.0-x\r\n" + b"\xff" * 5000,
        b"SSH-2.0-x\r\n\0\0\0\x0c\x0a\x14" + bytes(99),
    ],
    ids=["silence", "http", "garbage", "empty key exchange"],
)
def test_a_server_that_does_not_speak_ssh_ends_the_fetch_soon(home: Path, house: SftpHouse, greeting: bytes) -> None:
    def answer() -> None:
        with server.accept()[0] as client:
            client.sendall(greeting)
            over.wait(timeout=10)

    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        answering = threading.Thread(target=answer)
        answering.start()
        began = time.monotonic()
        with pytest.raises(RunStopped):
            fetch(house.channel(port=server.getsockname()[1], stall_seconds=0.5), home)
        assert time.monotonic() - began < 2
        over.set()
        answering.join()


# What is still arriving


@pytest.mark.parametrize(
    "name", ["名单.csv.part", "名单.csv.FILEPART", "名单.csv.tmp", "名单.csv.crdownload", "名单.csv.xltd"]
)
def test_unfinished_names_are_left_alone_and_counted(lists: Path, house: SftpHouse, home: Path, name: str) -> None:
    for other in [name, "~$名单.csv", ".名单.csv", "说明.pdf.part"]:
        (lists / other).write_bytes(b"half")
    fetched = fetch(house.channel(pattern="*.csv"), home)
    assert (fetched.deliveries, fetched.left_alone) == ([], 1)


def test_a_file_that_changes_between_two_looks_waits_for_the_next_night(
    lists: Path, house: SftpHouse, home: Path
) -> None:
    (lists / NAME).write_bytes(b"half")
    (lists / "whole.csv").write_bytes(b"whole")

    def write_on(seconds: float) -> None:
        assert seconds == 10
        with (lists / NAME).open("ab") as file:
            file.write(b", more")

    first = fetch(house.channel(), home, wait=write_on)
    assert ([file.original_name for file in first.deliveries], first.left_alone) == (["whole.csv"], 1)
    assert house.bytes_sent == len(b"whole")
    second = fetch(house.channel(), home, first.position)
    assert ([file.sha256 for file in second.deliveries], second.left_alone) == ([sha256(b"half, more")], 0)


def test_a_file_taken_away_between_two_looks_does_not_disturb_the_others(
    lists: Path, house: SftpHouse, home: Path
) -> None:
    (lists / NAME).write_bytes(b"gone")
    (lists / "whole.csv").write_bytes(b"whole")
    fetched = fetch(house.channel(), home, wait=lambda _: (lists / NAME).unlink())
    assert ([file.original_name for file in fetched.deliveries], fetched.left_alone) == (["whole.csv"], 1)


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def touch(path: Path) -> None:
    os.utime(path, (1, 1))


def shrink(path: Path) -> None:
    os.truncate(path, 40_000)


def replace(path: Path) -> None:
    other = path.with_name(".other")
    other.write_bytes(os.urandom(path.stat().st_size))
    os.utime(other, (1, 1))
    other.replace(path)


@pytest.mark.parametrize("change", [grow, touch, shrink, replace, Path.unlink])
def test_a_file_that_changes_while_it_is_read_is_left_alone(
    lists: Path, house: SftpHouse, home: Path, change: Callable[[Path], None]
) -> None:
    (lists / NAME).write_bytes(os.urandom(3_000_000))
    changed: list[int] = []

    def in_the_middle(offset: int) -> None:
        if offset > 1_500_000 and not changed:
            changed.append(offset)
            change(lists / NAME)

    house.faults.on_read = in_the_middle
    fetched = fetch(house.channel(), home)
    assert changed
    assert (fetched.deliveries, fetched.position, fetched.left_alone) == ([], {"files": {}}, 1)
    assert left_here(home) == []


@pytest.mark.parametrize("told_size", [0, 5, 500], ids=["nothing", "less", "more"])
def test_a_file_of_another_size_than_its_server_tells_is_left_alone(
    lists: Path, house: SftpHouse, home: Path, told_size: int
) -> None:
    (lists / NAME).write_bytes(b"0123456789")
    house.faults.told_size = told_size
    fetched = fetch(house.channel(), home)
    assert (fetched.deliveries, fetched.left_alone, left_here(home)) == ([], 1, [])


def test_a_file_counts_only_with_the_mark_that_it_is_done(lists: Path, house: SftpHouse, home: Path) -> None:
    (lists / NAME).write_bytes(b"x")
    channel = house.channel(done_suffix=".ok")
    before = fetch(channel, home)
    assert (before.deliveries, before.left_alone) == ([], 1)
    (lists / f"{NAME}.ok").touch()
    after = fetch(channel, home)
    assert ([file.original_name for file in after.deliveries], after.left_alone) == ([NAME], 0)


CONTENT = b"name,number\n"


@pytest.mark.parametrize(
    ("stated", "counts"),
    [
        (f"{sha256(CONTENT)}  {NAME}\n", True),
        (sha256(CONTENT).upper(), True),
        (f"SHA256 ({NAME}) = {sha256(CONTENT)}", True),
        (f"{sha256(b'other')}  {NAME}\n", False),
        (sha256(CONTENT)[:-1], False),
        (f"{sha256(CONTENT)}\n{sha256(b'other')}\n", False),
        ("", False),
        (None, False),
    ],
    ids=["sha256sum", "bare capitals", "bsd", "of another file", "cut", "two", "empty", "not there"],
)
def test_a_file_counts_only_when_its_checksum_agrees(
    lists: Path, house: SftpHouse, home: Path, stated: str | None, *, counts: bool
) -> None:
    (lists / NAME).write_bytes(CONTENT)
    if stated is not None:
        (lists / f"{NAME}.sha256").write_text(stated)
    fetched = fetch(house.channel(checksum_suffix=".sha256"), home)
    assert (len(fetched.deliveries), fetched.left_alone) == ((1, 0) if counts else (0, 1))
    assert left_here(home) == []


# What breaks off, stalls and takes too long


def test_a_download_that_broke_off_is_gone_on_with(lists: Path, house: SftpHouse, home: Path) -> None:
    first, second = os.urandom(1_000_000), os.urandom(2_000_000)
    (lists / "1.csv").write_bytes(first)
    (lists / "2.csv").write_bytes(second)
    house.faults.drop_from = 1_500_000
    with pytest.raises(SourceUnavailable):
        fetch(house.channel(), home)
    here = {path.stat().st_size for path in left_here(home)}
    assert len(here) == 2
    assert 1_000_000 in here
    house.faults.drop_from, sent = None, house.bytes_sent
    fetched = fetch(house.channel(), home)
    assert [file.sha256 for file in fetched.deliveries] == [sha256(first), sha256(second)]
    missing = 3_000_000 - sum(here)
    assert house.bytes_sent - sent == missing + 2 * 65_536  # the last bytes that are here are compared
    assert left_here(home) == []


@pytest.mark.parametrize("harm", ["changed on the server", "begun otherwise on the server", "torn here"])
def test_a_broken_download_is_never_gone_on_with_from_other_content(
    lists: Path, house: SftpHouse, home: Path, harm: str
) -> None:
    (lists / NAME).write_bytes(os.urandom(1_000_000))
    house.faults.drop_from = 500_000
    with pytest.raises(SourceUnavailable):
        fetch(house.channel(), home)
    house.faults.drop_from = None
    (here,) = left_here(home)
    if harm == "torn here":
        with here.open("r+b") as file:
            file.seek(-100, os.SEEK_END)
            file.write(bytes(100))
    elif harm == "begun otherwise on the server":
        with (lists / NAME).open("r+b") as file:
            file.write(bytes(100))
        os.utime(lists / NAME, (1, 1))
    else:
        (lists / NAME).write_bytes(os.urandom(1_000_000))
        os.utime(lists / NAME, (1, 1))
    fetched = fetch(house.channel(), home)
    assert [file.sha256 for file in fetched.deliveries] == [sha256((lists / NAME).read_bytes())]


def test_what_broke_off_long_ago_is_removed(house: SftpHouse, home: Path) -> None:
    (home / "received").mkdir(parents=True)
    for age in (6, 8):
        place = home / "received" / f".resuming-{age}"
        place.touch()
        os.utime(place, (time.time() - age * 86_400,) * 2)
    fetch(house.channel(), home)
    assert [path.name for path in left_here(home)] == [".resuming-6"]


def test_a_server_that_falls_silent_in_a_file_is_left_after_stall_seconds(
    lists: Path, house: SftpHouse, home: Path
) -> None:
    (lists / NAME).write_bytes(os.urandom(2_000_000))
    house.faults.stall_from = 1_000_000
    began = time.monotonic()
    with pytest.raises(SourceUnavailable, match="silent for too long"):
        fetch(house.channel(stall_seconds=0.5), home)
    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize("slow", ["silent", "trickling"])
def test_no_fetch_outlives_its_deadline_by_a_second(lists: Path, house: SftpHouse, home: Path, slow: str) -> None:
    (lists / NAME).write_bytes(os.urandom(2_000_000))
    house.faults.stall_from = 0 if slow == "silent" else None
    house.faults.one_byte_each = slow == "trickling"
    began = time.monotonic()
    with pytest.raises(SourceUnavailable, match="not done within 1 seconds"):
        fetch(house.channel(deadline_seconds=1), home)
    assert time.monotonic() - began < 2


def test_a_server_that_gives_less_than_asked_for_gives_all_in_the_end(
    lists: Path, house: SftpHouse, home: Path
) -> None:
    (lists / NAME).write_bytes(b"0123456789")
    house.faults.one_byte_each = True
    assert [file.sha256 for file in fetch(house.channel(), home).deliveries] == [sha256(b"0123456789")]


def test_an_endless_listing_ends_at_the_deadline(house: SftpHouse, home: Path) -> None:
    house.faults.endless_names = True
    with pytest.raises(SourceUnavailable, match="not done within"):
        fetch(house.channel(deadline_seconds=1), home)


# How much there may be


def test_a_hundred_thousand_other_names_do_not_matter(lists: Path, house: SftpHouse, home: Path) -> None:
    house.faults.names = [f"照片{number:06}.jpg".encode() for number in range(100_000)]
    assert fetch(house.channel(pattern="*.csv"), home).left_alone == 0


def test_more_files_than_the_channel_allows_are_not_believed(house: SftpHouse, home: Path) -> None:
    house.faults.names = (f"{number}.csv".encode() for number in range(100_000))
    with pytest.raises(SourceNotBelieved, match="more than 1000 files"):
        fetch(house.channel(), home)
    assert next(iter(house.faults.names), None) is not None  # the rest was not even listed


@pytest.mark.parametrize(
    ("settings", "words"), [({"file_megabytes": 1}, "1 files"), ({"total_megabytes": 2}, "together")]
)
def test_more_bytes_than_the_channel_allows_are_not_fetched(
    lists: Path, house: SftpHouse, home: Path, settings: dict[str, int], words: str
) -> None:
    for name, megabytes in [("a.csv", 1), ("b.csv", 2)]:
        with (lists / name).open("wb") as file:
            file.truncate(megabytes * 1_000_000)
    with pytest.raises(SourceNotBelieved, match=words):
        fetch(house.channel(**settings), home)
    assert house.bytes_sent == 0


@pytest.mark.parametrize("about", ["size", "time"])
def test_a_file_of_which_too_little_is_told_is_left_alone(
    lists: Path, house: SftpHouse, home: Path, about: str
) -> None:
    (lists / NAME).write_bytes(b"x")
    house.faults.silent_about = about
    fetched = fetch(house.channel(), home)
    assert (fetched.deliveries, fetched.left_alone) == ([], 1)


# Hostile names and packets

HOSTILE = [
    b"../../../etc/passwd", b"/etc/passwd", b"a/../../b.csv", b"..\\..\\b.csv", b"nul\0.csv", b"x" * 300, b"",
    b"-rf.csv", b"$(reboot).csv", b"'; drop table elder; --.csv", b"%n%s.csv", b"line\nbreak.csv", b"\x1b[2J.csv",
    b"\xff\xfe.csv", "单\u202exsv.csv".encode(), "caf\u00e9.csv".encode(), "cafe\u0301.csv".encode(), b"con.csv", b"...",
]  # fmt: skip


def test_names_of_a_server_never_become_paths_here(house: SftpHouse, home: Path) -> None:
    house.faults.names = HOSTILE
    fetched = fetch(house.channel(), home)
    assert fetched.deliveries == []  # none of them can be opened
    assert list(home.rglob("*")) == [home / "received"]


def test_files_with_strange_names_are_fetched_and_their_names_shown_harmlessly(
    lists: Path, house: SftpHouse, home: Path
) -> None:
    possible = [
        name for name in HOSTILE if name and len(name) < 256 and not set(name) & set(b"/\\\0") and name[:1] != b"."
    ]
    for number, name in enumerate(possible):
        Path(os.fsdecode(os.fsencode(lists) + b"/" + name)).write_bytes(b"%d" % number)
    fetched = fetch(house.channel(), home)
    assert len(fetched.deliveries) == len(possible) == 11
    assert all(file.original_name.isprintable() for file in fetched.deliveries)


def test_packets_that_announce_more_than_they_hold_are_no_sftp() -> None:
    names = paramiko.Message()
    names.add_int(0xFFFF_FFFF)
    attributes = paramiko.Message()
    attributes.add_int(0x8000_0000)
    attributes.add_int(0xFFFF_FFFF)
    with pytest.raises(SFTPError):
        list(_entries(paramiko.Message(names.asbytes())))
    with pytest.raises(SFTPError):
        _state(paramiko.Message(attributes.asbytes()))


# Nothing is told that names anybody


def failures(house: SftpHouse, lists: Path, home: Path) -> Iterator[Callable[[], object]]:
    """Ways a fetch ends badly while a name or a secret is on the wire."""
    faults = house.faults
    yield lambda: fetch(house.channel(), home, login=Login(WRONG))
    yield lambda: fetch(house.channel(), home, login=Login(private_key=WRONG, passphrase=WRONG))
    yield lambda: fetch(house.channel(folder=f"/{NAME}"), home)
    faults.drop_from = 0
    yield lambda: fetch(house.channel(), home)
    faults.drop_from, faults.stall_from = None, 0
    yield lambda: fetch(house.channel(stall_seconds=0.2), home)
    faults.stall_from = None
    yield lambda: fetch(house.channel(file_megabytes=1), home)
    fetched = fetch(house.channel(), home)
    faults.refuse_moves = True
    (lists / "done").mkdir()
    yield lambda: move(house.channel(after="move:done"), fetched)


def test_no_failure_tells_a_name_or_a_password(
    lists: Path, house: SftpHouse, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for logger in ["", "paramiko", "paramiko.transport", "paramiko.transport.sftp"]:
        caplog.set_level(logging.DEBUG, logger)
    (lists / NAME).write_bytes(bytes(1_500_000))
    told = []
    for attempt in failures(house, lists, home):
        with pytest.raises(RunStopped) as caught:
            attempt()
        told += traceback.format_exception(caught.value)
        assert caught.value.__cause__ is None
    told += [record.getMessage() for record in caplog.records if not record.name.startswith("asyncssh")]
    assert not [line for line in told for secret in (NAME[:2], PASSWORD, WRONG, USER) if secret in line]
    assert not [record for record in caplog.records if record.name.startswith("paramiko")]


# Afterwards


def move(channel: SftpChannel, fetched: Fetched, done: list[str] | None = None) -> int:
    done = [file.sha256 for file in fetched.deliveries] if done is None else done
    return move_fetched(
        channel, password=PASSWORD, private_key=None, passphrase=None, position=fetched.position, done=done
    )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_fetched_files_are_moved_once_with_their_companions_and_overwrite_nothing(
    lists: Path, house: SftpHouse, home: Path
) -> None:
    (lists / "done").mkdir()
    (lists / "done" / "1.csv").write_bytes(b"of last month")
    for name in ["1.csv", "1.csv.ok", "2.csv", "2.csv.ok", "3.csv", "3.csv.ok"]:
        (lists / name).write_bytes(name.encode())
    channel = house.channel(after="move:done", done_suffix=".ok")
    fetched = fetch(channel, home)
    assert house.changes == []
    done = [sha256(b"1.csv"), sha256(b"2.csv")]
    assert [move(channel, fetched, done), move(channel, fetched, done)] == [2, 0]
    assert names(lists / "done") == ["1(2).csv", "1(2).csv.ok", "1.csv", "2.csv", "2.csv.ok"]
    assert (lists / "done" / "1.csv").read_bytes() == b"of last month"
    assert names(lists) == ["3.csv", "3.csv.ok", "done"]


def test_a_move_cut_short_after_the_mark_is_completed_the_next_night(lists: Path, house: SftpHouse, home: Path) -> None:
    (lists / "done").mkdir()
    for name in ["1.csv", "1.csv.ok"]:
        (lists / name).write_bytes(name.encode())
    channel = house.channel(after="move:/lists/done", done_suffix=".ok")
    fetched = fetch(channel, home)
    (lists / "1.csv.ok").rename(lists / "done" / "1.csv.ok")
    again = fetch(channel, home, fetched.position)
    assert (again.still_there, again.left_alone) == ([sha256(b"1.csv")], 0)
    assert move(channel, again, again.still_there) == 1
    assert names(lists / "done") == ["1.csv", "1.csv.ok"]


def test_a_file_replaced_since_it_was_fetched_is_not_moved(lists: Path, house: SftpHouse, home: Path) -> None:
    (lists / "done").mkdir()
    (lists / NAME).write_bytes(b"one")
    channel = house.channel(after="move:done")
    fetched = fetch(channel, home)
    (lists / NAME).write_bytes(b"newer")
    assert move(channel, fetched) == 0
    assert names(lists) == ["done", NAME]


def test_where_nothing_is_said_nothing_is_moved(lists: Path, house: SftpHouse, home: Path) -> None:
    (lists / NAME).write_bytes(b"one")
    fetched = fetch(house.channel(), home)
    assert move(house.channel(), fetched) == 0
    assert house.logins == ["password"]


def test_a_folder_to_move_to_that_is_not_there_is_told(lists: Path, house: SftpHouse, home: Path) -> None:
    (lists / NAME).write_bytes(b"one")
    fetched = fetch(house.channel(), home)
    with pytest.raises(SourceRefusesUs, match="no such folder"):
        move(house.channel(after="move:done"), fetched)
    assert names(lists) == [NAME]
