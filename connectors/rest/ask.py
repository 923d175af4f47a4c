"""What one call asks for, and how it is written for the wire."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import quote, urlencode

from connectors.http_calls.call import HttpRequest
from schemas.channel_rest import SECRET_IN_TEXT, RestChannel
from schemas.channel_rest_parts import TokenCall

__all__ = ["Ask", "ask_of"]


@dataclass(frozen=True, slots=True, repr=False)
class Ask:
    """One call. ``path`` begins at the server's root; where ``query`` is empty it may bring a query of its own."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    body_as: Literal["json", "form"] = "json"

    def having(self, where: Literal["query", "body"], keys: str, value: str | int) -> "Ask":
        """The same with one parameter more; ``page.number`` names a member of a member of the body."""
        if where == "query":
            return replace(self, query={**self.query, keys: str(value)})
        return replace(self, body=_having(self.body or {}, keys.split("."), value))

    def written(self, more_headers: Mapping[str, str]) -> HttpRequest:
        """The call as it is sent."""
        body, content_type = None, {}
        if self.body is not None and self.body_as == "form":
            body = urlencode(self.body).encode()
            content_type = {"Content-Type": "application/x-www-form-urlencoded"}
        elif self.body is not None:
            body = json.dumps(self.body, ensure_ascii=False).encode()
            content_type = {"Content-Type": "application/json;charset=UTF-8"}
        query = urlencode(self.query, quote_via=quote)
        target = f"{self.path}?{query}" if query else self.path
        return HttpRequest(self.method, target, {**self.headers, **content_type, **more_headers}, body)


def ask_of(call: RestChannel | TokenCall, root: str, secrets: Mapping[str, str]) -> Ask:
    """The call that is declared, with its secrets, without what paging adds.

    Secrets are filled in here and never later: what a server answers must not be able to name one.

    Args:
        call: as declared.
        root: the path of the base address, which all paths of a channel follow.
        secrets: by name.
    """
    headers, query, body = (_filled(part, secrets) for part in (call.headers, call.query, call.body))
    return Ask(call.method, root + call.path, headers, query, body, call.body_as)


def _having(body: Mapping[str, Any], keys: list[str], value: str | int) -> dict[str, Any]:
    first, *others = keys
    if not others:
        return {**body, first: value}
    inner = body.get(first)
    return {**body, first: _having(inner if isinstance(inner, dict) else {}, others, value)}


def _filled(value: Any, secrets: Mapping[str, str]) -> Any:
    """A value with its secrets in place of their names."""
    if isinstance(value, str):
        return SECRET_IN_TEXT.sub(lambda found: secrets[found[1]], value)
    if isinstance(value, Mapping):
        return {key: _filled(inner, secrets) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_filled(inner, secrets) for inner in value]
    return value
