"""Which secrets a configuration names, and under which keys: what has to be in the secret store."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from schemas.channel_rest import SECRET_IN_TEXT
from schemas.configuration import Configuration
from schemas.operations import Operations
from schemas.platform_profile import PlatformProfile

__all__ = ["named_secrets"]

_KEY = re.compile(r"(^|_)secret$")
_OF_SFTP = frozenset({"password", "private_key", "passphrase"})

SecretPlaces = list[tuple[Path, str]]


def named_secrets(
    configuration: Configuration, operations: Operations, profiles: Mapping[Path, PlatformProfile]
) -> dict[str, SecretPlaces]:
    """The names of secrets, each with the files and keys that name it, in the order of the names.

    Of a profile only the section counts by which changes leave.
    """
    found: dict[str, SecretPlaces] = {}

    def note(path: Path, prefix: str, model: BaseModel) -> None:
        for key, name in _names(model.model_dump(mode="json"), prefix):
            found.setdefault(name, []).append((path, key))

    for source in configuration.sources.values():
        note(configuration.folder / "sources" / f"{source.name}.toml", "", source)
    note(configuration.folder / "operations.toml", "", operations)
    for path, profile in profiles.items():
        if configuration.bureau.target == "api" and profile.api is not None and profile.api.signing.scheme != "none":
            note(path, "api.signing.", profile.api.signing)
        if configuration.bureau.target == "exchange" and profile.exchange is not None:
            note(path, "exchange.", profile.exchange)
    return dict(sorted(found.items()))


def _names(value: Any, key: str) -> Iterator[tuple[str, str]]:
    """The keys that name a secret, or refer to one by ``${name}``, with the name."""
    match value:
        case Mapping():
            for inner, part in value.items():
                is_name = _KEY.search(inner) or (value.get("kind") == "sftp" and inner in _OF_SFTP)
                if is_name and isinstance(part, str) and not SECRET_IN_TEXT.search(part):
                    yield f"{key}{inner}", part
                else:
                    yield from _names(part, f"{key}{inner}.")
        case list():
            for place, part in enumerate(value):
                yield from _names(part, f"{key}{place}.")
        case str():
            yield from ((key.rstrip("."), name) for name in SECRET_IN_TEXT.findall(value))
        case _:
            pass
