"""Where an installation speaks to: every host that its configuration, its secrets and its environment name, and by which key."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import sqlalchemy as sa

from flows.settings.secret_store import read_secret
from schemas.channels import Channel, DatabaseChannel, RestChannel, SftpChannel
from schemas.configuration import Configuration
from schemas.database_address import DatabaseAddress
from schemas.errors import SecretMissing
from schemas.operations import Operations
from schemas.platform_profile import PlatformProfile
from schemas.service_address import is_loopback

__all__ = ["DATABASE_VARIABLE", "Destination", "destinations", "platform_destinations"]

DATABASE_VARIABLE = "ELDERSYNC_DATABASE_URL"
_ENVIRONMENT = Path("environment")


class Destination(NamedTuple):
    """A host and where it is named.

    ``purpose``: ``platform``, ``source``, ``registry`` or ``messages``. ``section`` is that of a profile, ``api`` or ``exchange``.
    """

    file: Path
    key: str
    host: str
    purpose: str
    section: str = ""

    @property
    def is_here(self) -> bool:
        """Whether it is this machine."""
        return is_loopback(self.host)


def destinations(home: Path, configuration: Configuration, operations: Operations) -> Iterator[Destination]:
    """Where sources are fetched, messages go and the registry is; platforms are ``platform_destinations``."""
    for source in configuration.sources.values():
        path = configuration.folder / "sources" / f"{source.name}.toml"
        for key, host in _hosts_of_channel(home, source.channel):
            yield Destination(path, f"channel.{key}", host, "source")
    path = configuration.folder / "operations.toml"
    if operations.notify.kind == "email":
        yield Destination(path, "notify.smtp_host", operations.notify.smtp_host, "messages")
    elif operations.notify.url_secret:
        for host in _hosts_of_url(_secret(home, operations.notify.url_secret)):
            yield Destination(path, "notify.url_secret", host, "messages")
    for host in _hosts_of_database(os.environ.get(DATABASE_VARIABLE, "")):
        yield Destination(_ENVIRONMENT, DATABASE_VARIABLE, host, "registry")


def platform_destinations(home: Path, path: Path, profile: PlatformProfile) -> Iterator[Destination]:
    """Where a profile leads, by interface and by exchange table."""
    if profile.api is not None:
        for host in _hosts_of_url(profile.api.url):
            yield Destination(path, "api.url", host, "platform", "api")
    if profile.exchange is not None:
        for key, host in _hosts_of_address(home, profile.exchange):
            yield Destination(path, f"exchange.{key}", host, "platform", "exchange")


def _hosts_of_channel(home: Path, channel: Channel) -> Iterator[tuple[str, str]]:
    match channel:
        case SftpChannel():
            yield "host", channel.host
        case DatabaseChannel():
            yield from _hosts_of_address(home, channel)
        case RestChannel():
            yield from (("base_url", host) for host in _hosts_of_url(channel.base_url))
        case _:
            pass


def _hosts_of_address(home: Path, address: DatabaseAddress) -> Iterator[tuple[str, str]]:
    key = "url" if address.url_secret is None else "url_secret"
    url = address.url if address.url_secret is None else _secret(home, address.url_secret)
    yield from ((key, host) for host in _hosts_of_database(url or ""))


def _hosts_of_url(url: str) -> Iterator[str]:
    try:
        host = urlsplit(url).hostname
    except ValueError:
        host = None
    if host:
        yield host


def _hosts_of_database(url: str) -> Iterator[str]:
    """The hosts of a database's URL, those behind the question mark included; a path is a socket of this machine."""
    try:
        parts = sa.make_url(url)
    except sa.exc.ArgumentError:
        return
    named: list[str | Sequence[str] | None] = [parts.host, parts.query.get("host"), parts.query.get("hostaddr")]
    for value in named:
        texts = [value] if isinstance(value, str) else value or []
        for host in ",".join(texts).split(","):
            if host and not host.startswith("/"):
                yield host.rpartition(":")[0] if host.count(":") == 1 else host


def _secret(home: Path, name: str) -> str:
    """A secret that is an address; one that is not there leads nowhere, and whoever needs it says so."""
    try:
        return read_secret(home, name)
    except SecretMissing:
        return ""
