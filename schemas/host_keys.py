"""SSH host keys as a bureau writes them down: the type and the key, as ``ssh-keyscan`` and ``known_hosts`` print them.

What a server then shows is compared in ``connectors.sftp.connection``.
"""

import base64
import binascii

__all__ = ["HOST_KEY_TYPES", "host_key_bytes"]

HOST_KEY_TYPES = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa")
"""Types a server may prove itself with; an RSA key signs by SHA-2 (RFC 8332) and never by SHA-1."""

_SHORTEST_RSA = 256  # bytes of a key of 2048 bits


def host_key_bytes(line: str) -> bytes:
    r"""A host key as it goes over the wire (RFC 4253 §6.6).

    Args:
        line: ``ssh-ed25519 AAAA…``; what follows, a comment, does not matter.

    Raises:
        ValueError: it is no host key, of a type that is not accepted, or an RSA key below 2048 bits.

    >>> host_key_bytes("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f server")[-3:]
    b'\x1d\x1e\x1f'
    """
    kind, _, rest = line.strip().partition(" ")
    if kind not in HOST_KEY_TYPES:
        raise ValueError(f"a host key begins with one of {', '.join(HOST_KEY_TYPES)}")
    try:
        key = base64.b64decode(rest.split()[0], validate=True) if rest.strip() else b""
    except binascii.Error:
        key = b""
    if not key.startswith(len(kind).to_bytes(4, "big") + kind.encode()):
        raise ValueError(f"what follows {kind} is not such a key")
    if kind == "ssh-rsa" and len(key) < _SHORTEST_RSA:
        raise ValueError("an RSA host key has at least 2048 bits")
    return key
