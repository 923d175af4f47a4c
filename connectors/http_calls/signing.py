"""Signatures of the gateways we call: the provincial one (TIF and RIO) and the national data sharing platform.

Pure functions of a secret and an instant; who calls, and what for, is not known here. Neither scheme signs the body or the
address: TLS must.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Literal

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

__all__ = [
    "SKEW_REFUSED", "SKEW_SAID", "clock_skew", "forwarded_signature", "gateway_headers", "gateway_signature", "http_date", "national_headers",
    "national_signature", "new_nonce", "opened_secret",
]  # fmt: skip

SKEW_SAID = timedelta(seconds=120)
SKEW_REFUSED = timedelta(seconds=170)
"""The gateway refuses what is signed more than 180 seconds beside its own clock, with HTTP 500 and no word of the clock."""

_AES_BLOCK = 128


def gateway_signature(token: str, *, timestamp: str, nonce: str) -> str:
    """What signs a call of ours: upper-case SHA-256 of timestamp, token, nonce and timestamp.

    Args:
        token: the secret of the application.
        timestamp: Unix seconds.
        nonce: must not come again within ten minutes.

    >>> gateway_signature("TESTTOKEN", timestamp="1700000000", nonce="abc123")
    '5D26B25D52E76B7CE922010EBE3779B36ED0154016F416EB5BA62695C0354354'
    """
    return _upper_sha256(timestamp + token + nonce + timestamp)


def forwarded_signature(token: str, *, timestamp: str, nonce: str, uid: str, uinfo: str, ext: str) -> str:
    """What signs a call that the gateway forwards to a server behind it, for a user it knows."""
    return _upper_sha256(f"{timestamp}{token}{nonce},{uid},{uinfo},{ext}{timestamp}")


def _upper_sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest().upper()


def gateway_headers(
    family: Literal["tif", "rio"], *, paas_id: str, token: str, at: datetime, nonce: str
) -> dict[str, str]:
    """The four headers of a signed call to the provincial gateway."""
    timestamp = str(int(at.timestamp()))
    return {
        f"x-{family}-paasid": paas_id,
        f"x-{family}-timestamp": timestamp,
        f"x-{family}-nonce": nonce,
        f"x-{family}-signature": gateway_signature(token, timestamp=timestamp, nonce=nonce),
    }


def new_nonce() -> str:
    """128 random bits: no two are ever the same."""
    return secrets.token_hex(16)


def national_signature(secret: str, *, sid: str, rid: str, rtime: str) -> str:
    """What signs a call to the national platform: Base64 of HMAC-SHA256 over service, requester and Unix milliseconds.

    >>> national_signature("SECRET", sid="SID", rid="RID", rtime="1700000000000")
    'zwmpUiZaJrQlqzQbuN+6IJ3I8hn8olcz5Kj23rZfZTQ='
    """
    digest = hmac.digest(secret.encode(), f"{sid}{rid}{rtime}".encode(), "sha256")
    return base64.b64encode(digest).decode()


def national_headers(*, rid: str, sid: str, secret: str, at: datetime) -> dict[str, str]:
    """The four headers of a signed call to the national platform."""
    rtime = str(int(at.timestamp() * 1000))
    return {
        "gjgxjhpt_rid": rid,
        "gjgxjhpt_sid": sid,
        "gjgxjhpt_rtime": rtime,
        "gjgxjhpt_sign": national_signature(secret, sid=sid, rid=rid, rtime=rtime),
    }


def opened_secret(app_key: str, sealed: str) -> str | None:
    """The service secret that the national platform's refresh call gives, None if this app key does not open it.

    AES-128 in ECB with PKCS 7 padding, in Base64; the key is what Java's ``SHA1PRNG`` makes of the app key. Neither is
    our choice.
    """
    seed = hashlib.sha1(app_key.encode(), usedforsecurity=False).digest()
    key = hashlib.sha1(seed, usedforsecurity=False).digest()[:16]
    decryptor = Cipher(algorithms.AES128(key), modes.ECB()).decryptor()  # noqa: S305 - the platform's choice
    unpadder = PKCS7(_AES_BLOCK).unpadder()
    try:
        padded = decryptor.update(base64.b64decode(sealed)) + decryptor.finalize()
        return (unpadder.update(padded) + unpadder.finalize()).decode()
    except (ValueError, binascii.Error):
        return None


def http_date(text: str | None) -> datetime | None:
    """The instant an HTTP header names, None where it names none.

    >>> http_date("Sun, 06 Nov 1994 08:49:37 GMT")
    datetime.datetime(1994, 11, 6, 8, 49, 37, tzinfo=datetime.timezone.utc)
    """
    try:
        instant = parsedate_to_datetime(text or "")
        return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def clock_skew(date_header: str | None, *, began: datetime, ended: datetime) -> timedelta:
    """How far a server's clock and ours are apart at least, by the ``Date`` of its answer; nothing where it says none.

    Args:
        date_header: of the answer.
        began: our clock when the call was begun.
        ended: our clock when the answer was whole; the server may have dated it at any time between.
    """
    theirs = http_date(date_header)
    return timedelta() if theirs is None else max(began - theirs, theirs - ended, timedelta())
