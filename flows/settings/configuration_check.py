"""``eldersync config check``: everything that is wrong with a configuration, all files at once, without starting anything.

What a start refuses is in ``schemas.configuration`` and ``flows.settings.installation``; here it is all told together, with files that nobody
reads and secrets that are named and not there.
"""

from collections.abc import Iterator
from datetime import date, datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from flows.settings.file_permissions import permission_faults
from flows.settings.installation import confusions
from flows.settings.named_secrets import named_secrets
from flows.settings.secret_store import secret_state
from schemas.configuration import Configuration, read_configuration
from schemas.configuration_faults import Fault, FileFaults, nearest, read_model
from schemas.errors import ConfigurationInvalid
from schemas.operations import Operations
from schemas.platform_profile import PlatformProfile, profile_in_force
from schemas.return_letters import ReturnLetters
from schemas.toml_lines import key_lines, line_of
from schemas.working_days import read_holidays

__all__ = ["FILES", "check_configuration", "configuration_faults"]

Model = TypeVar("Model", bound=BaseModel)

FILES = (
    "bureau.toml", "operations.toml", "rules.toml", "survivorship.toml", "returns.toml", "divisions.csv", "holidays.csv",
    "sources/*.toml", "platform/*.toml", "identity/scores.toml", "identity/sounds.toml", "identity/variants.csv",
)  # fmt: skip
"""What is read of a configuration folder."""


def check_configuration(home: Path, config: Path) -> dict[str, Any]:
    """Every fault, as ``config check`` tells it; ``files`` is how many were looked at."""
    faults = configuration_faults(home, config)
    problems = [
        {"file": str(fault.file), "line": fault.line, "key": fault.key, "words": fault.words} for fault in faults
    ]
    files = [path for path in _files(config) if _is_read(_name(config, path))]
    return {"folder": str(config), "files": len(files), "problems": problems}


def configuration_faults(home: Path, config: Path) -> list[Fault]:
    """Every fault of a configuration folder and of what goes with it in the home, in the order of the files."""
    home = home.expanduser().resolve()
    parts, faults = read_configuration(config)
    if not config.is_dir():
        return faults
    operations = _read(config / "operations.toml", Operations, faults) or Operations()
    _read(config / "returns.toml", ReturnLetters, faults)
    faults += _faults_of_holidays(config / "holidays.csv")
    profiles = {path: _read(path, PlatformProfile, faults) for path in sorted((config / "platform").glob("*.toml"))}
    faults += _files_nobody_reads(config)
    faults += permission_faults(home, config, is_production=operations.is_production)
    if Configuration.model_fields.keys() - {"folder"} <= parts.keys():
        faults += _faults_together(home, Configuration(folder=config, **parts), operations, profiles)
    return sorted(map(_with_line, faults), key=lambda fault: (str(fault.file), fault.line or 0))


def _with_line(fault: Fault) -> Fault:
    """A fault that was seen in what a file says, with the line that says so."""
    if fault.line is not None or not fault.key or fault.file.suffix != ".toml" or not fault.file.is_file():
        return fault
    lines = key_lines(fault.file.read_text(encoding="utf-8"))
    return fault._replace(line=line_of(lines, tuple(fault.key.split("."))))


def _faults_together(
    home: Path, configuration: Configuration, operations: Operations, profiles: dict[Path, PlatformProfile | None]
) -> Iterator[Fault]:
    """What shows only when files are seen together: test and production mixed up, secrets that are not there."""
    name = configuration.bureau.platform
    versions = {path: profile for path, profile in profiles.items() if path.stem.partition("@")[0] == name}
    in_force = {path: profile for path, profile in versions.items() if profile is not None}
    if len(in_force) == len(versions):
        yield from _faults_of_versions(configuration)
    yield from confusions(home, configuration, operations, in_force)
    for secret, keys in named_secrets(configuration, operations, in_force).items():
        state = secret_state(home, secret)
        if not state.startswith("set") and secret != operations.server.password_secret:
            for path, key in keys:
                yield Fault(
                    path, f"names the secret {secret}, which is {state}: {home}/secrets/{secret}, mode 600", key
                )


def _read(path: Path, model: type[Model], faults: list[Fault]) -> Model | None:
    """An optional file; what is wrong with it joins the faults."""
    try:
        return read_model(path, model) if path.is_file() else None
    except FileFaults as found:
        faults.extend(fault for fault in found.faults if fault not in faults)
        return None


def _faults_of_holidays(path: Path) -> list[Fault]:
    try:
        _ = read_holidays(path) if path.is_file() else []
    except ConfigurationInvalid as error:
        return [Fault(path, str(error).removeprefix(f"{path}: "))]
    return []


def _faults_of_versions(configuration: Configuration) -> Iterator[Fault]:
    """Versions of the platform's profile that contradict each other, or none that has begun."""
    bureau = configuration.bureau
    try:
        profile_in_force(configuration.folder, bureau.platform, _today(bureau.timezone))
    except ConfigurationInvalid as error:
        path, _, words = str(error).partition(": ")
        yield Fault(Path(path), words)


def _today(timezone: str) -> date:
    return datetime.now(ZoneInfo(timezone)).date()


def _files_nobody_reads(folder: Path) -> Iterator[Fault]:
    """Tables and TOML files under another name than one that is read; what they say has no effect."""
    for path in _files(folder):
        name = _name(folder, path)
        if path.suffix in {".toml", ".csv"} and not _is_read(name):
            yield Fault(path, f"nobody reads a file of this name{nearest(name, FILES)}")


def _is_read(name: str) -> bool:
    return any(fnmatch(name, known) and name.count("/") == known.count("/") for known in FILES)


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and "/." not in f"/{_name(folder, path)}"]


def _name(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()
