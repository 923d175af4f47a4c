"""Writing a source's file: whole or not at all, and only what the configuration can be loaded with."""

import shutil
import stat
import tempfile
from pathlib import Path

from schemas.configuration import Configuration, load_configuration
from schemas.durable import replace_file
from schemas.errors import ConfigurationInvalid

__all__ = ["check_writable", "write_source"]

_SHIPPED = Path(__file__).resolve().parents[2] / "config"


def check_writable(config: Path, *, config_named: bool) -> None:
    """Lets a configuration be written to that is a bureau's own, or that was named on the command line.

    Raises:
        ConfigurationInvalid: it is the shipped one, and nobody named it.
    """
    if not config_named and config.resolve() == _SHIPPED:
        raise ConfigurationInvalid(
            f"{config} is the configuration shipped with the program, which the next version replaces: copy it, "
            "and name the copy in $ELDERSYNC_CONFIG or --config (or name this folder by --config to write here all the same)"
        )


def write_source(configuration: Configuration, name: str, text: str, *, new: bool) -> None:
    """Writes a source's file, if the configuration can be loaded with it.

    Raises:
        ConfigurationInvalid: naming what cannot be loaded.
    """
    folder = configuration.folder
    with tempfile.TemporaryDirectory() as scratch:
        trial = shutil.copytree(folder, Path(scratch) / "config")
        (trial / "sources" / f"{name}.toml").write_text(text, encoding="utf-8")
        load_configuration(trial)
    target = folder / "sources" / f"{name}.toml"
    like = folder / "bureau.toml" if new else target
    mode = stat.S_IMODE(like.stat().st_mode)
    problem = ""
    try:
        with replace_file(target) as temporary:
            temporary.write_text(text, encoding="utf-8")
        target.chmod(mode)
    except OSError as error:
        problem = error.strerror or type(error).__name__
    if problem:
        raise ConfigurationInvalid(f"{target} cannot be written: {problem}")
