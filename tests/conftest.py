"""What all tests share: the shipped configuration, but a file just dropped need not rest, and small plans pass the push brake.

Their folders lie in memory where it is large enough, and properties are untimed.
"""

import atexit
import gc
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

from schemas.file_locks import try_lock

_SHIPPED = Path(__file__).resolve().parents[1] / "config"
_IN_MEMORY = Path("/dev/shm")  # noqa: S108
_ENOUGH_BYTES = 8 << 30


def pytest_configure(config: pytest.Config) -> None:
    """Has pytest make its folders in memory unless told otherwise: thousands of databases come and go, all flushed as ever.

    What a flush is worth no test can show without cutting the power, and a disk takes its time for each.
    """
    is_large = (
        os.access(_IN_MEMORY, os.W_OK) and min(shutil.disk_usage(_IN_MEMORY).free, _free_memory()) >= _ENOUGH_BYTES
    )
    if config.option.basetemp is None and is_large:  # workers are told by the process that has started them
        config.option.basetemp = str(_folder_in_memory() / "t")


def _free_memory() -> int:
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    [available] = [line for line in lines if line.startswith("MemAvailable:")]
    return int(available.split()[1]) << 10


def _folder_in_memory() -> Path:
    for left_behind in _IN_MEMORY.glob("elder-tests-*"):  # by runs that were killed
        if _hold(left_behind):
            shutil.rmtree(left_behind, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix="elder-tests-", dir=_IN_MEMORY))
    assert _hold(folder)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _hold(folder: Path) -> bool:
    """Holds a folder as long as this process lives; whether nobody else does."""
    descriptor = os.open(folder, os.O_RDONLY)
    if not try_lock(descriptor):
        os.close(descriptor)
        return False
    return True


def _prompt_configuration() -> Path:
    """A copy of the shipped configuration for nights of a dozen people.

    A test's files are whole when a night begins, and two people of twelve are no mass change.
    """
    folder = Path(tempfile.mkdtemp(prefix="config-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    copied = shutil.copytree(_SHIPPED, folder / "config")
    for source in (copied / "sources").glob("*.toml"):
        with source.open("a", encoding="utf-8") as file:
            file.write('\n[channel]\nkind = "folder"\nsettle_seconds = 0\n')
    rules = copied / "rules.toml"
    before, _, after = rules.read_text(encoding="utf-8").partition("[push_brake]\n")
    assert after.startswith("people = 10\n")
    rules.write_text(f"{before}[push_brake]\npeople = 1000\n{after.partition(chr(10))[2]}", encoding="utf-8")
    return copied


os.environ["ELDERSYNC_CONFIG"] = str(_prompt_configuration())

# No example of a property is timed: other work on the machine would decide.
settings.register_profile("untimed", parent=settings(), deadline=None)
settings.load_profile("untimed")

# Begun first, so that none of them is what the others are waited for at the end.
_LONGEST = (
    "test_kill_and_resume.py", "test_nights_in_a_row.py", "test_push_planted_bugs.py", "test_push_kills.py", "test_canaries.py",
    "test_time_travel.py", "test_rebuild.py", "test_undo.py", "test_push_histories.py", "test_stand_in_province_faults.py",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    there = {path.name for path in Path(__file__).parent.rglob("test_*.py")}
    assert set(_LONGEST) <= there, "a file that takes long has another name now"
    place = {name: number for number, name in enumerate(_LONGEST)}
    items.sort(key=lambda item: place.get(item.path.name, len(place)))


def pytest_collection_finish() -> None:
    """What is there when the tests begin stays to their end, and need not be looked through for garbage again and again."""
    gc.collect()
    gc.freeze()
