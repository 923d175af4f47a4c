"""Passwords and keys that were written into a configuration file, where only their names belong.

Configuration is copied, shown and sent to colleagues. Secrets are in the secret store (``flows.settings.secret_store``).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from schemas.toml_lines import KeyPath

__all__ = ["written_secrets"]

_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])|[\u4e00-\u9fff]+")
_SECRET_WORDS = frozenset({
    "password", "passwd", "passphrase", "pwd", "secret", "token", "authorization", "credential", "credentials", "cookie", "密码", "口令",
    "令牌", "密钥",
})  # fmt: skip
_KEYS_OF = frozenset({"access", "api", "app", "private", "secret", "sign", "signing"})

_SENT = frozenset({"also", "body", "headers", "query"})
"""Tables of what is sent as it stands; everywhere else the models say which keys take the name of a secret."""

_NAMES_A_SECRET = frozenset({"password", "private_key", "passphrase"})
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_REFERENCE = re.compile(r"\$\{[a-z][a-z0-9_]*\}")
_IN_AN_ADDRESS = re.compile(r"://[^/?#@\s:]*:[^/?#@\s]+@|[?&;][^=&;#]*(?i:passw(?:or)?d|pwd|token|secret)[^=&;#]*=")


def written_secrets(data: Mapping[str, Any]) -> Iterator[KeyPath]:
    """The keys under which a secret itself seems to be written, never what it is.

    >>> list(written_secrets({"channel": {"headers": {"X-Api-Key": "k3y", "X-Token": "Bearer ${token}"}}}))
    [('channel', 'headers', 'X-Api-Key')]
    >>> list(written_secrets({"password_secret": "federation", "password": "hunter-2"}))
    [('password',)]
    """
    for path, text in _texts(data, ()):
        if _IN_AN_ADDRESS.search(text) or (_sounds_secret(path) and not _is_named(path, text)):
            yield path


def _texts(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    match value:
        case str():
            yield path, value
        case Mapping():
            for key, inner in value.items():
                yield from _texts(inner, (*path, key))
        case list():
            for place, inner in enumerate(value):
                yield from _texts(inner, (*path, place))
        case _:
            pass


def _sounds_secret(path: KeyPath) -> bool:
    words = [
        word.lower() for word in _WORD.findall(str(next(part for part in reversed(path) if isinstance(part, str))))
    ]
    if not words:
        return False
    return words[-1] in _SECRET_WORDS or "".join(words) in {"apikey", "appkey"} or (
        words[-1] == "key" and len(words) > 1 and words[-2] in _KEYS_OF
    )  # fmt: skip


def _is_named(path: KeyPath, text: str) -> bool:
    """Whether a text refers to a secret by its name, or says nothing."""
    if not text or _REFERENCE.search(text):
        return True
    key = str(path[-1])
    takes_a_name = key.endswith("_secret") or key in _NAMES_A_SECRET
    return takes_a_name and not _SENT.intersection(path) and _NAME.fullmatch(text) is not None
