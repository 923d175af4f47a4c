"""``eldersync config show``: every value in force and where it comes from; of secrets only whether they are there."""

import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from pydantic import BaseModel

from flows.settings.destinations import DATABASE_VARIABLE
from flows.settings.named_secrets import named_secrets
from flows.settings.secret_store import secret_state
from schemas.configuration import Configuration, load_configuration, load_operations
from schemas.platform_profile import PlatformProfile, profile_in_force
from schemas.return_letters import load_return_letters
from schemas.toml_lines import KeyPath, key_lines, line_of

__all__ = ["shown_configuration"]

DEFAULT = "default"
_VARIABLES = ("ELDERSYNC_HOME", "ELDERSYNC_CONFIG", DATABASE_VARIABLE, "PREFECT_API_URL")


class _Shown(NamedTuple):
    key: str
    value: str
    origin: str


def shown_configuration(home: Path, config: Path, part: str = "") -> dict[str, Any]:
    """Every value, named by file and key, with its origin: file and line, ``default`` or ``environment``.

    Args:
        home: of the installation.
        config: the configuration folder.
        part: only what begins so, as ``rules`` or ``sources.village_survey.channel``.

    Raises:
        ConfigurationInvalid: naming file and key.
    """
    configuration = load_configuration(config)
    today = datetime.now(ZoneInfo(configuration.bureau.timezone)).date()
    profile = profile_in_force(configuration.folder, configuration.bureau.platform, today)
    values = [*_values(configuration, profile), *_secrets(home.expanduser().resolve(), configuration, profile)]
    inside = [shown for shown in values if not part or shown.key == part or shown.key.startswith(f"{part}.")]
    return {"folder": str(config), "digest": configuration.digest, "values": [shown._asdict() for shown in inside]}


def _values(configuration: Configuration, profile: PlatformProfile) -> Iterator[_Shown]:
    folder = configuration.folder
    for variable in _VARIABLES:
        value = os.environ.get(variable)
        yield _Shown(f"environment.{variable}", _without_password(value or ""), "environment" if value else DEFAULT)
    yield from _model_values(folder, "operations.toml", "operations", load_operations(folder))
    yield from _model_values(folder, "bureau.toml", "bureau", configuration.bureau)
    for name, source in configuration.sources.items():
        yield from _model_values(folder, f"sources/{name}.toml", f"sources.{name}", source)
    yield from _model_values(folder, "survivorship.toml", "survivorship", configuration.survivorship)
    yield from _model_values(folder, "rules.toml", "rules", configuration.rules)
    yield from _model_values(folder, "identity/scores.toml", "identity.scores", configuration.identity.scores)
    yield from _model_values(folder, "identity/sounds.toml", "identity.sounds", configuration.identity.sounds)
    yield _Shown("identity.variants", f"{len(configuration.identity.variants)} characters", "identity/variants.csv")
    yield _Shown("divisions", f"{len(configuration.divisions)} divisions", "divisions.csv")
    yield from _model_values(folder, "returns.toml", "returns", load_return_letters(folder))
    file = _file_of(folder, profile)
    yield from _model_values(folder, f"platform/{file}", f"platform.{profile.name}", profile)


def _secrets(home: Path, configuration: Configuration, profile: PlatformProfile) -> Iterator[_Shown]:
    path = configuration.folder / "platform" / _file_of(configuration.folder, profile)
    named = named_secrets(configuration, load_operations(configuration.folder), {path: profile})
    for name, places in named.items():
        keys = ", ".join(f"{file.relative_to(configuration.folder)}: {key}" for file, key in places)
        yield _Shown(f"secrets.{name}", secret_state(home, name), keys)


def _file_of(folder: Path, profile: PlatformProfile) -> str:
    """The file of the version in force; versions are told apart by the day they begin."""
    for path in sorted((folder / "platform").glob(f"{profile.name}@*.toml")):
        if tomllib.loads(path.read_text(encoding="utf-8")).get("effective_from") == profile.effective_from:
            return path.name
    return f"{profile.name}.toml"


def _model_values(folder: Path, file: str, prefix: str, model: BaseModel) -> Iterator[_Shown]:
    path = folder / file
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    written, lines = tomllib.loads(text), key_lines(text)
    for key, value in _leaves(model.model_dump(mode="json"), ()):
        is_written = _is_written(written, key)
        line = line_of(lines, key)
        origin = (f"{file}:{line}" if line else file) if is_written else DEFAULT
        yield _Shown(".".join([prefix, *map(str, key)]), _as_text(value), origin)


def _leaves(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    """The single values of a dumped model; lists are one value unless they hold tables."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    elif isinstance(value, list) and value and all(isinstance(inner, Mapping) for inner in value):
        for place, inner in enumerate(value):
            yield from _leaves(inner, (*path, place))
    else:
        yield path, value


def _is_written(data: Any, path: KeyPath) -> bool:
    """Whether a file says a value; a shorter way of writing a table says all of it."""
    for part in path:
        if isinstance(data, Mapping):
            if part not in data:
                return False
            data = data[part]
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        else:
            return True
    return True


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _without_password(url: str) -> str:
    """A URL as it may be shown; what is none that we understand is not shown."""
    if "@" not in url and "?" not in url:
        return url
    try:
        parts = sa.make_url(url)
    except sa.exc.ArgumentError:
        return "***"
    return parts.set(query=dict.fromkeys(parts.query, "***")).render_as_string(hide_password=True)
