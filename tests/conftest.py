"""What all tests share: the shipped configuration, but a file just dropped need not rest, and small plans pass the push brake.

Properties are untimed.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import settings

_SHIPPED = Path(__file__).resolve().parents[1] / "config"


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
