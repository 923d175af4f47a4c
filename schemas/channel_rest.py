"""A source that is asked over REST: where it is, what is sent, and how its parts (``schemas.channel_rest_parts``) go together.

Only what a bureau writes under ``[channel]``; ``connectors.rest.pull`` speaks it. ``${name}`` in headers, query and body stands for
the secret of that name and is never written out here.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from schemas.channel_rest_parts import (
    Auth,
    Envelope,
    HeaderName,
    Increment,
    Keys,
    NoAuth,
    NoPaging,
    Paging,
    RestLimits,
    Strict,
    UrlPath,
)
from schemas.service_address import bracketed, ip_address_of, is_loopback

__all__ = ["SECRET_IN_TEXT", "RestChannel"]

SECRET_IN_TEXT = re.compile(r"\$\{([a-z][a-z0-9_]*)\}")

_OUR_HEADERS = {"accept-encoding", "connection", "content-length", "content-type", "host", "transfer-encoding"}
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")


class RestChannel(Strict):
    """Records of an interface that answers page by page."""

    kind: Literal["rest"]
    base_url: str
    path: UrlPath
    allow_plain_http_on_loopback: bool = False
    ca_file: Path | None = None
    method: Literal["GET", "POST"] = "GET"
    headers: dict[HeaderName, str] = Field(default_factory=dict)
    query: dict[str, str] = Field(default_factory=dict)
    body: dict[str, Any] | None = None
    body_as: Literal["json", "form"] = "json"
    parameters_in: Literal["query", "body"] | None = None
    auth: Auth = NoAuth()
    paging: Paging = NoPaging()
    envelope: Envelope
    increment: Increment | None = None
    key: Keys | None = None
    repeated_share: Annotated[float, Field(ge=0, lt=1)] = 0.0
    limits: RestLimits = RestLimits()

    @property
    def secret_names(self) -> frozenset[str]:
        """Every secret this channel names."""
        named = {value for key, value in self.auth if key.endswith("_secret")}
        return frozenset(named | set(SECRET_IN_TEXT.findall(self.model_dump_json())))

    @property
    def puts_parameters_in(self) -> Literal["query", "body"]:
        """Where page numbers and the like go: as said, else into the body of a call that has one."""
        return self.parameters_in or ("query" if self.body is None else "body")

    @field_validator("base_url")
    @classmethod
    def _plain_address(cls, url: str) -> str:
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            port = 0
        host = parts.hostname or ""
        whole = f"{parts.scheme}://{bracketed(host)}" + (f":{port}" if port else "") + parts.path
        # Rebuilt from its parts: user names, queries, fragments and whatever another reader may read otherwise are out.
        if port == 0 or parts.scheme not in {"http", "https"} or not _is_host(host) or whole.lower() != url.lower():
            raise ValueError("base_url is https://host[:port][/path], without user name, query or fragment")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _safe(self) -> Self:
        parts = urlsplit(self.base_url)
        if parts.scheme == "http" and not (self.allow_plain_http_on_loopback and is_loopback(parts.hostname or "")):
            raise ValueError("base_url is plain http; only this machine may be asked so (allow_plain_http_on_loopback)")
        if re.search(r"[\s\\{}]|(^|/)\.\.(/|$)", parts.path + self.path):
            raise ValueError("the path of base_url and path must be plain, and must not lead upwards")
        if self.ca_file is not None and not self.ca_file.is_absolute():
            raise ValueError("ca_file is not an absolute path")
        return self

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.method == "GET" and (self.body is not None or self.parameters_in == "body"):
            raise ValueError("a GET has no body; its parameters go into query")
        if self.method == "POST" and self.paging.kind == "next_link":
            raise ValueError("paging.kind: next_link is followed by GET")
        if ours := [name for name in self.headers if name.lower() in _OUR_HEADERS]:
            raise ValueError(f"headers.{ours[0]} is not for the configuration to set")
        text = self.model_dump_json()
        if text.count("${") != len(SECRET_IN_TEXT.findall(text)):
            raise ValueError("a ${...} does not hold the name of a secret: lower-case letters, digits and _")
        return self


def _is_host(host: str) -> bool:
    if ":" in host:
        return "%" not in host and ip_address_of(host) is not None
    return len(host) <= 253 and bool(_HOST.fullmatch(host))
