"""Which hosts are the real ones: names, addresses and networks that an installation's ``production_hosts`` lists.

Hosts are compared as they are written; nobody is asked what a name resolves to. Where something real is known by a name and by an
address, both are listed.
"""

import ipaddress
import re
import socket
from collections.abc import Iterable

__all__ = ["checked_host", "is_among"]

_NAME = re.compile(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")


def checked_host(entry: str) -> str:
    """An entry of the list as it is compared.

    >>> checked_host("Gateway.Example.gov.cn.")
    'gateway.example.gov.cn'

    Raises:
        ValueError: it is neither a name, nor an address, nor a network such as 10.1.0.0/16.
    """
    if _network(entry) is None and not _NAME.fullmatch(_plain(entry)):
        raise ValueError("is a host name, an address or a network such as 10.1.0.0/16, without scheme, port and path")
    return _plain(entry)


def is_among(host: str, listed: Iterable[str]) -> bool:
    """Whether a host is listed: itself, a name it is below of, its address, or a network it is in.

    >>> is_among("api.example.gov.cn", ["example.gov.cn"]), is_among("myexample.gov.cn", ["example.gov.cn"])
    (True, False)
    >>> is_among("10.1.2.3", ["10.1.0.0/16"]), is_among("::ffff:10.1.2.3", ["10.1.2.3"]), is_among("10.66051", ["10.1.2.3"])
    (True, True, True)
    """
    name, address = _plain(host), _address(host)
    for entry in listed:
        network = _network(entry)
        if network is not None and address is not None:
            if address.version == network.version and address in network:
                return True
        elif name == _plain(entry) or name.endswith(f".{_plain(entry)}"):
            return True
    return False


def _plain(host: str) -> str:
    return host.strip("[]").rstrip(".").lower()


def _network(entry: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(_plain(entry), strict=False)
    except ValueError:
        return None


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address a host is written as, also in the older spellings that connecting understands (10.1, 0x0a010203)."""
    try:
        found = ipaddress.ip_address(_plain(host))
    except ValueError:
        return _older_spelling(_plain(host))
    mapped = getattr(found, "ipv4_mapped", None)
    return found if mapped is None else ipaddress.IPv4Address(mapped)


def _older_spelling(host: str) -> ipaddress.IPv4Address | None:
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host)) if re.fullmatch(r"[0-9a-fx.]+", host) else None
    except OSError:
        return None
