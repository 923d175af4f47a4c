"""The address of a service that is called: https, or plain http on this machine, and nothing that two readers may read differently."""

import ipaddress
import re
from urllib.parse import urlsplit

__all__ = ["bracketed", "ip_address_of", "is_loopback", "plain_address"]

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")
_UNSAFE_PATH = re.compile(r"[\s\\{}%]|//|(^|/)\.\.?(/|$)")


def plain_address(url: str) -> str:
    """The address without a slash at its end.

    Raises:
        ValueError: it is not ``https://host[:port][/path]``, or is plain http to another machine.

    >>> plain_address("https://gateway.example/ebus/")
    'https://gateway.example/ebus'
    """
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = 0
    host = parts.hostname or ""
    # Rebuilt from its parts: user names, queries, fragments and whatever another reader may read otherwise are out.
    whole = f"{parts.scheme}://{bracketed(host)}" + (f":{port}" if port else "") + parts.path
    if port == 0 or parts.scheme not in {"http", "https"} or not _is_host(host) or whole.lower() != url.lower():
        raise ValueError("is not https://host[:port][/path], without user name, query or fragment")
    if _UNSAFE_PATH.search(parts.path):
        raise ValueError("has a path that is not plain")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("is plain http; only this machine may be called so")
    return url.rstrip("/")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by its name.

    >>> is_loopback("127.0.0.1"), is_loopback("10.0.0.1")
    (True, False)
    """
    address = ip_address_of(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def bracketed(host: str) -> str:
    """A host as it stands in an address."""
    return f"[{host}]" if ":" in host else host


def _is_host(host: str) -> bool:
    if ":" in host:
        return "%" not in host and ip_address_of(host) is not None
    # A last label of digits would be an address in one of its odder spellings: 127.1, 0x7f000001, 2130706433.
    is_number = re.fullmatch(r"[0-9]+|0[xX][0-9a-fA-F]*", host.rpartition(".")[2]) is not None
    return len(host) <= 253 and bool(_HOST.fullmatch(host)) and (not is_number or ip_address_of(host) is not None)


def ip_address_of(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address a host is written as; ``None`` where it is a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
