"""What all tests share: the shipped configuration, in which a file just dropped need not rest before it counts; properties untimed."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import settings

_SHIPPED = Path(__file__).resolve().parents[1] / "config"


def _prompt_configuration() -> Path:
    """A copy of the shipped configuration whose inboxes are looked at once: a test's files are whole when a night begins."""
    folder = Path(tempfile.mkdtemp(prefix="config-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    copied = shutil.copytree(_SHIPPED, folder / "config")
    for source in (copied / "sources").glob("*.toml"):
        with source.open("a", encoding="utf-8") as file:
            file.write('\n[channel]\nkind = "folder"\nsettle_seconds = 0\n')
    return copied


os.environ["ELDERSYNC_CONFIG"] = str(_prompt_configuration())

# No example of a property is timed: other work on the machine would decide.
settings.register_profile("untimed", parent=settings(), deadline=None)
settings.load_profile("untimed")
