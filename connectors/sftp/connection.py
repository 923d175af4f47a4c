"""An SSH connection to a server that proves itself with a pinned key, cut off when its time is over.

What is asked over it is in ``connectors.sftp.remote_files``. Nothing of ``~/.ssh`` and no agent is used, and no setting lets an unknown
server in.
"""

import base64
import hashlib
import io
import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    load_ssh_private_key,
)
from paramiko.sftp import SFTP_NO_SUCH_FILE, SFTP_OP_UNSUPPORTED, SFTP_PERMISSION_DENIED, SFTPError
from paramiko.ssh_exception import IncompatiblePeer

from connectors.sftp.remote_files import RemoteFiles, ServerRefuses
from schemas.channels import SftpChannel
from schemas.errors import RunStopped, SourceNotBelieved, SourceRefusesUs, SourceUnavailable
from schemas.host_keys import host_key_bytes

__all__ = ["Login", "connected"]

# Its lines repeat what servers say; they reach no log, whoever asks for them.
logging.getLogger("paramiko.transport").addFilter(lambda _: False)

_KEEPALIVE_SECONDS = 15
_CIPHERS = (
    "aes256-gcm@openssh.com",
    "aes128-gcm@openssh.com",
    "aes256-ctr",
    "aes192-ctr",
    "aes128-ctr",
)
_MACS = ("hmac-sha2-512-etm@openssh.com", "hmac-sha2-256-etm@openssh.com", "hmac-sha2-512", "hmac-sha2-256")
_RSA_SIGNATURES = ("rsa-sha2-512", "rsa-sha2-256")
_FINAL = {
    SFTP_NO_SUCH_FILE: "has no such folder",
    SFTP_PERMISSION_DENIED: "does not let us into the folder",
    SFTP_OP_UNSUPPORTED: "cannot do what we ask",
}


@dataclass(frozen=True, slots=True)
class Login:
    """What lets us in: a password, a private key (its text, in OpenSSH or PEM format) with its passphrase, or both."""

    password: str | None = field(default=None, repr=False)
    private_key: str | None = field(default=None, repr=False)
    passphrase: str | None = field(default=None, repr=False)


@contextmanager
def connected(channel: SftpChannel, login: Login) -> Iterator[RemoteFiles]:
    """A session with the server of a channel; it is over ``deadline_seconds`` after the connection at the latest.

    Raises:
        SourceRefusesUs: the server shows another key than the pinned ones, does not let us in, or has no such folder.
        SourceUnavailable: the server cannot be reached, falls silent, ends the connection, or takes longer than its time.
        SourceNotBelieved: what the server sends is no SFTP.
    """
    key = _private_key(login)
    cut_off = threading.Event()
    problem: RunStopped
    try:
        with ExitStack() as ends:
            transport = _transport(channel, ends)
            _end_in_time(transport, channel.deadline_seconds, cut_off, ends)
            _greet(transport, channel)
            _log_in(transport, channel, login, key)
            yield _session(transport, channel)
    except (paramiko.SSHException, SFTPError, EOFError, OSError) as error:
        problem = _told(error)
    else:
        return
    if cut_off.is_set():
        problem = SourceUnavailable(f"the SFTP server was not done within {channel.deadline_seconds:g} seconds")
    raise problem from None


def _transport(channel: SftpChannel, ends: ExitStack) -> paramiko.Transport:
    wire = socket.create_connection((channel.host, channel.port), timeout=channel.stall_seconds)
    ends.callback(wire.close)
    transport = paramiko.Transport(wire)
    ends.callback(transport.close)
    transport.banner_timeout = transport.handshake_timeout = transport.auth_timeout = channel.stall_seconds
    accepted = transport.get_security_options()
    accepted.ciphers, accepted.digests = _CIPHERS, _MACS
    # The server proves itself with a key of a pinned type or not at all, whatever other keys it has.
    types = dict.fromkeys(line.split()[0] for line in channel.host_keys)
    accepted.key_types = tuple(name for kind in types for name in (_RSA_SIGNATURES if kind == "ssh-rsa" else (kind,)))
    return transport


def _end_in_time(transport: paramiko.Transport, seconds: float, cut_off: threading.Event, ends: ExitStack) -> None:
    def cut() -> None:
        cut_off.set()
        transport.close()

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    ends.callback(timer.cancel)


def _greet(transport: paramiko.Transport, channel: SftpChannel) -> None:
    """Agrees on keys with the server and checks who it is."""
    try:
        transport.start_client(timeout=channel.stall_seconds)
    except IncompatiblePeer:
        problem: RunStopped = SourceRefusesUs(
            "the SFTP server has no host key of a pinned type, or none of the ciphers we accept"
        )
    except (paramiko.SSHException, EOFError, OSError):
        raise
    except Exception as error:  # its thread hands on whatever the bytes of a server did to it
        problem = SourceNotBelieved(f"the SFTP server does not speak SSH ({type(error).__name__})")
    else:
        _check_host_key(transport.get_remote_server_key().asbytes(), channel)
        transport.set_keepalive(_KEEPALIVE_SECONDS)
        return
    raise problem from None


def _check_host_key(shown: bytes, channel: SftpChannel) -> None:
    if shown not in {host_key_bytes(line) for line in channel.host_keys}:
        fingerprint = base64.b64encode(hashlib.sha256(shown).digest()).decode().rstrip("=")
        raise SourceRefusesUs(
            f"the SFTP server shows a host key that is not pinned (SHA256:{fingerprint}); "
            "ask the office that runs it before changing host_keys"
        )


def _log_in(transport: paramiko.Transport, channel: SftpChannel, login: Login, key: paramiko.PKey | None) -> None:
    began = time.monotonic()
    try:
        left = ["password"] if key is None else transport.auth_publickey(channel.username, key)
        if left and login.password is not None:
            transport.auth_password(channel.username, login.password)
    except paramiko.AuthenticationException:
        refused = transport.is_active() and time.monotonic() - began < channel.stall_seconds
    else:
        if transport.is_authenticated():
            return
        refused = True
    if refused:
        raise SourceRefusesUs("the SFTP server does not accept the user name, password or key")
    raise SourceUnavailable("the SFTP server ended the connection while we logged in")


def _private_key(login: Login) -> paramiko.PKey | None:
    if login.private_key is None:
        return None
    passphrase = login.passphrase.encode() if login.passphrase is not None else None
    try:
        return _signing_key(_loaded_key(login.private_key.encode(), passphrase))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        pass
    raise SourceRefusesUs("the private key for SFTP is none that ssh-keygen writes, or its passphrase is another")


def _loaded_key(text: bytes, passphrase: bytes | None) -> object:
    try:
        return load_ssh_private_key(text, passphrase)
    except ValueError:
        return load_pem_private_key(text, passphrase)


def _signing_key(key: object) -> paramiko.PKey:
    # paramiko's own reader takes the end of some keys for padding (no comment, or one that is not ASCII).
    if isinstance(key, RSAPrivateKey):
        return paramiko.RSAKey(key=key)
    if isinstance(key, EllipticCurvePrivateKey):
        return paramiko.ECDSAKey(vals=(key, key.public_key()))
    if isinstance(key, Ed25519PrivateKey):
        text = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
        return paramiko.Ed25519Key(file_obj=io.StringIO(text))
    raise TypeError("no key to sign with")


def _session(transport: paramiko.Transport, channel: SftpChannel) -> RemoteFiles:
    requests = transport.open_session(timeout=channel.stall_seconds)
    requests.settimeout(channel.stall_seconds)
    requests.invoke_subsystem("sftp")
    return RemoteFiles(requests)


def _told(error: Exception) -> RunStopped:
    """What stopped us, in words that repeat nothing of the server."""
    if isinstance(error, SFTPError):
        return SourceNotBelieved("what the SFTP server sends is not SFTP")
    if isinstance(error, ServerRefuses) and error.code in _FINAL:
        return SourceRefusesUs(f"the SFTP server {_FINAL[error.code]}")
    return SourceUnavailable(f"the SFTP server {_trouble(error)}")


def _trouble(error: Exception) -> str:
    if isinstance(error, ServerRefuses):
        return f"answered a request with status {error.code}"
    if isinstance(error, TimeoutError):
        return "was silent for too long"
    if isinstance(error, socket.gaierror):
        return "is not known to the name service"
    if isinstance(error, OSError) and error.errno:
        return f"cannot be reached: {os.strerror(error.errno)}"
    return f"ended the connection ({type(error).__name__})"
