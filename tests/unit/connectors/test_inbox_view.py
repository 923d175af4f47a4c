"""Looking into an inbox without taking: a file has come when it lies there whole, and is read once for each state it is seen in."""

import hashlib
from pathlib import Path

import pytest

from connectors.folder.arrived import InboxView
from schemas.channels import FolderChannel
from schemas.errors import SourceUnavailable

LIST = b"made up"
FINGERPRINT = hashlib.sha256(LIST).hexdigest()


class Clocks:
    """Two clocks that a test moves; the one on the wall may be wrong."""

    def __init__(self, file: Path) -> None:
        self.wall, self.running = file.stat().st_ctime, 1000.0

    def view(self, folder: Path, settle_seconds: float = 5) -> InboxView:
        channel = FolderChannel(settle_seconds=settle_seconds)
        return InboxView(folder, channel, now=lambda: self.wall, monotonic=lambda: self.running)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "名单.csv"
    made.write_bytes(LIST)
    return made


def test_a_file_has_come_when_it_has_rested(file: Path) -> None:
    clocks = Clocks(file)
    view = clocks.view(file.parent)
    assert view.fingerprints() == set()
    clocks.wall += 5.1
    assert view.fingerprints() == {FINGERPRINT}
    assert sorted(file.parent.iterdir()) == [file]


def test_a_file_from_the_future_has_come_when_it_was_seen_unchanged_for_long_enough(file: Path) -> None:
    clocks = Clocks(file)
    clocks.wall -= 3600
    view = clocks.view(file.parent)
    assert view.fingerprints() == set()
    clocks.running += 5
    assert view.fingerprints() == {FINGERPRINT}


def test_a_file_that_grows_has_not_come(file: Path) -> None:
    clocks = Clocks(file)
    clocks.wall -= 3600
    view = clocks.view(file.parent)
    for _ in range(3):
        clocks.running += 5
        with file.open("ab") as still_written:
            still_written.write(b"more")
        assert view.fingerprints() == set()


def test_a_file_somebody_writes_to_has_not_come(file: Path) -> None:
    view = Clocks(file).view(file.parent, settle_seconds=0)
    with file.open("ab"):
        assert view.fingerprints() == set()
    assert view.fingerprints() == {FINGERPRINT}


def test_changed_content_is_another_fingerprint(file: Path) -> None:
    view = Clocks(file).view(file.parent, settle_seconds=0)
    before = view.fingerprints()
    file.write_bytes(b"other")
    assert view.fingerprints() == {hashlib.sha256(b"other").hexdigest()} != before


def test_an_inbox_that_is_not_there_is_empty_and_one_that_is_no_folder_is_said(tmp_path: Path, file: Path) -> None:
    assert InboxView(tmp_path / "nothing", FolderChannel()).fingerprints() == set()
    with pytest.raises(SourceUnavailable):
        InboxView(file, FolderChannel()).fingerprints()
